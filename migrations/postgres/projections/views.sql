-- The SQL interface: the public names, as docs/sql.md describes them. {g} stands for the generation that serves.
-- Run again with another generation, it moves the views there; what others built on them stays.

CREATE OR REPLACE VIEW organisation_settings AS
SELECT
    organisation, name, profile, product, policy, from_position, from_time, until_position, until_time
FROM {g}organisation_settings;

CREATE OR REPLACE VIEW current_organisation_settings AS
SELECT
    organisation, name, profile, product, policy, from_position, from_time
FROM {g}organisation_settings
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW permissions AS
SELECT
    organisation, permission, number, category, category_label, label, description, kind, sensitive,
    administration, from_position, from_time, until_position, until_time
FROM {g}permissions;

CREATE OR REPLACE VIEW current_permissions AS
SELECT
    organisation, permission, number, category, category_label, label, description, kind, sensitive,
    administration, from_position, from_time
FROM {g}permissions
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW permission_restrictions AS
SELECT
    organisation, permission, restriction, from_position, from_time, until_position, until_time
FROM {g}permission_restrictions;

CREATE OR REPLACE VIEW current_permission_restrictions AS
SELECT
    organisation, permission, restriction, from_position, from_time
FROM {g}permission_restrictions
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW account_types AS
SELECT
    organisation, account_type, label, verified_email, sees_own_access, default_role, from_position,
    from_time, until_position, until_time
FROM {g}account_types;

CREATE OR REPLACE VIEW current_account_types AS
SELECT
    organisation, account_type, label, verified_email, sees_own_access, default_role, from_position, from_time
FROM {g}account_types
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW account_type_documents AS
SELECT
    organisation, account_type, document, from_position, from_time, until_position, until_time
FROM {g}account_type_documents;

CREATE OR REPLACE VIEW current_account_type_documents AS
SELECT
    organisation, account_type, document, from_position, from_time
FROM {g}account_type_documents
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW account_type_permissions AS
SELECT
    organisation, account_type, permission, from_position, from_time, until_position, until_time
FROM {g}account_type_permissions;

CREATE OR REPLACE VIEW current_account_type_permissions AS
SELECT
    organisation, account_type, permission, from_position, from_time
FROM {g}account_type_permissions
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW roles AS
SELECT
    organisation, role, name, description, colour, level, built_in, locked, everywhere, assigned,
    from_position, from_time, until_position, until_time
FROM {g}roles;

CREATE OR REPLACE VIEW current_roles AS
SELECT
    organisation, role, name, description, colour, level, built_in, locked, everywhere, assigned,
    from_position, from_time
FROM {g}roles
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW role_account_types AS
SELECT
    organisation, role, account_type, from_position, from_time, until_position, until_time
FROM {g}role_account_types;

CREATE OR REPLACE VIEW current_role_account_types AS
SELECT
    organisation, role, account_type, from_position, from_time
FROM {g}role_account_types
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW role_assigners AS
SELECT
    organisation, role, assigner, from_position, from_time, until_position, until_time
FROM {g}role_assigners;

CREATE OR REPLACE VIEW current_role_assigners AS
SELECT
    organisation, role, assigner, from_position, from_time
FROM {g}role_assigners
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW role_parents AS
SELECT
    organisation, role, parent, from_position, from_time, until_position, until_time
FROM {g}role_parents;

CREATE OR REPLACE VIEW current_role_parents AS
SELECT
    organisation, role, parent, from_position, from_time
FROM {g}role_parents
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW role_permissions AS
SELECT
    organisation, role, permission, own, inherited, from_position, from_time, until_position, until_time
FROM {g}role_permissions;

CREATE OR REPLACE VIEW current_role_permissions AS
SELECT
    organisation, role, permission, own, inherited, from_position, from_time
FROM {g}role_permissions
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW scopes AS
SELECT
    organisation, scope, name, kind, parent, archived, from_position, from_time, until_position, until_time
FROM {g}scopes;

CREATE OR REPLACE VIEW current_scopes AS
SELECT
    organisation, scope, name, kind, parent, archived, from_position, from_time
FROM {g}scopes
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW scope_sharing AS
SELECT
    organisation, scope, shared_with, from_position, from_time, until_position, until_time
FROM {g}scope_sharing;

CREATE OR REPLACE VIEW current_scope_sharing AS
SELECT
    organisation, scope, shared_with, from_position, from_time
FROM {g}scope_sharing
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW scope_coverage AS
SELECT
    organisation, node, scope, shared, from_position, from_time, until_position, until_time
FROM {g}scope_coverage;

CREATE OR REPLACE VIEW current_scope_coverage AS
SELECT
    organisation, node, scope, shared, from_position, from_time
FROM {g}scope_coverage
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW members AS
SELECT
    organisation, member, kind, account_type, status, email_verified, scope_mode, admitted, admitted_until,
    from_position, from_time, until_position, until_time
FROM {g}members;

CREATE OR REPLACE VIEW current_members AS
SELECT
    organisation, member, kind, account_type, status, email_verified, scope_mode, admitted, admitted_until,
    from_position, from_time
FROM {g}members
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW member_documents AS
SELECT
    organisation, member, document, status, expires, from_position, from_time, until_position, until_time
FROM {g}member_documents;

CREATE OR REPLACE VIEW current_member_documents AS
SELECT
    organisation, member, document, status, expires, from_position, from_time
FROM {g}member_documents
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW member_scopes AS
SELECT
    organisation, member, node, from_position, from_time, until_position, until_time
FROM {g}member_scopes;

CREATE OR REPLACE VIEW current_member_scopes AS
SELECT
    organisation, member, node, from_position, from_time
FROM {g}member_scopes
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW member_roles AS
SELECT
    organisation, member, role, scope, assigned_from, assigned_until, suitable, from_position, from_time,
    until_position, until_time
FROM {g}member_roles;

CREATE OR REPLACE VIEW current_member_roles AS
SELECT
    organisation, member, role, scope, assigned_from, assigned_until, suitable, from_position, from_time
FROM {g}member_roles
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW member_role_places AS
SELECT
    organisation, member, role, scope, node, assigned_from, assigned_until, from_position, from_time,
    until_position, until_time
FROM {g}member_role_places;

CREATE OR REPLACE VIEW current_member_role_places AS
SELECT
    organisation, member, role, scope, node, assigned_from, assigned_until, from_position, from_time
FROM {g}member_role_places
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW member_permissions AS
SELECT
    organisation, member, permission, allowed, from_position, from_time, until_position, until_time
FROM {g}member_permissions;

CREATE OR REPLACE VIEW current_member_permissions AS
SELECT
    organisation, member, permission, allowed, from_position, from_time
FROM {g}member_permissions
WHERE until_position IS NULL;

CREATE OR REPLACE VIEW audit_log AS
SELECT
    organisation, position, global_position, time, type, outcome, actor, on_behalf_of, command, member, role,
    role_name, permission, permission_label, scope, scope_name, before, after, rule, occurrence, reason,
    source, agent, correlation, causation, sentence
FROM {g}audit_log;

-- The same log for people.
CREATE OR REPLACE VIEW activity AS
SELECT
    organisation, position, time, type, outcome, actor, on_behalf_of, member, role, permission, scope, reason,
    sentence
FROM audit_log;

-- Derived from the views above: these name no generation.

-- Who may do what, where, at this moment: what Chancery's own check answers. `scope` '' is the organisation as a
-- whole. Ask with the organisation and one of member or permission, the more the better.
CREATE OR REPLACE VIEW effective_permissions AS
SELECT organisation, member, permission, scope, bool_and(narrowed) AS only_own
FROM (
    -- By roles.
    SELECT
        m.organisation, m.member, r.permission, c.scope,
        -- A restriction of the role counts, unless a direct toggle on the restriction says otherwise.
        EXISTS (
            SELECT 1
            FROM current_permission_restrictions AS x
            LEFT JOIN current_member_permissions AS t
                ON t.organisation = x.organisation AND t.member = m.member AND t.permission = x.restriction
            LEFT JOIN current_role_permissions AS n
                ON n.organisation = x.organisation AND n.role = r.role AND n.permission = x.restriction
            WHERE x.organisation = r.organisation AND x.permission = r.permission
                AND coalesce(t.allowed, n.role IS NOT NULL)
        ) AS narrowed
    FROM current_members AS m
    JOIN current_member_role_places AS p ON p.organisation = m.organisation AND p.member = m.member
    JOIN current_role_permissions AS r ON r.organisation = p.organisation AND r.role = p.role
    JOIN current_account_type_permissions AS b
        ON b.organisation = m.organisation AND b.account_type = m.account_type AND b.permission = r.permission
    JOIN current_scope_coverage AS c ON c.organisation = p.organisation AND c.node = p.node
    WHERE m.admitted AND (m.admitted_until IS NULL OR m.admitted_until > now())
        AND (p.assigned_from IS NULL OR p.assigned_from <= now())
        AND (p.assigned_until IS NULL OR p.assigned_until > now())
        AND NOT EXISTS (
            SELECT 1 FROM current_member_permissions AS w
            WHERE w.organisation = m.organisation AND w.member = m.member AND w.permission = r.permission
                AND NOT w.allowed
        )
    UNION ALL
    -- Directly.
    SELECT
        m.organisation, m.member, d.permission, c.scope,
        EXISTS (
            SELECT 1
            FROM current_permission_restrictions AS x
            JOIN current_member_permissions AS t
                ON t.organisation = x.organisation AND t.member = m.member AND t.permission = x.restriction
            WHERE x.organisation = d.organisation AND x.permission = d.permission AND t.allowed
        ) AS narrowed
    FROM current_members AS m
    JOIN current_member_permissions AS d ON d.organisation = m.organisation AND d.member = m.member
    JOIN current_account_type_permissions AS b
        ON b.organisation = m.organisation AND b.account_type = m.account_type AND b.permission = d.permission
    JOIN current_member_scopes AS s ON s.organisation = m.organisation AND s.member = m.member
    JOIN current_scope_coverage AS c ON c.organisation = s.organisation AND c.node = s.node
    WHERE m.admitted AND (m.admitted_until IS NULL OR m.admitted_until > now())
        AND d.allowed
) AS path
GROUP BY organisation, member, permission, scope;

-- The same as it was at an instant. PostgreSQL expands these functions in the query that calls them, so that its
-- conditions reach the tables; their bodies have semicolons in them: run this file as a whole.
CREATE OR REPLACE FUNCTION effective_permissions_at(of_organisation text, at_time timestamptz)
RETURNS TABLE (member text, permission text, scope text, only_own boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
WITH
    at_permission_restrictions AS NOT MATERIALIZED (
        SELECT * FROM permission_restrictions
        WHERE organisation = of_organisation AND from_time <= at_time AND (until_time IS NULL OR until_time > at_time)
    ),
    at_member_permissions AS NOT MATERIALIZED (
        SELECT * FROM member_permissions
        WHERE organisation = of_organisation AND from_time <= at_time AND (until_time IS NULL OR until_time > at_time)
    ),
    at_role_permissions AS NOT MATERIALIZED (
        SELECT * FROM role_permissions
        WHERE organisation = of_organisation AND from_time <= at_time AND (until_time IS NULL OR until_time > at_time)
    ),
    at_members AS NOT MATERIALIZED (
        SELECT * FROM members
        WHERE organisation = of_organisation AND from_time <= at_time AND (until_time IS NULL OR until_time > at_time)
    ),
    at_member_role_places AS NOT MATERIALIZED (
        SELECT * FROM member_role_places
        WHERE organisation = of_organisation AND from_time <= at_time AND (until_time IS NULL OR until_time > at_time)
    ),
    at_account_type_permissions AS NOT MATERIALIZED (
        SELECT * FROM account_type_permissions
        WHERE organisation = of_organisation AND from_time <= at_time AND (until_time IS NULL OR until_time > at_time)
    ),
    at_scope_coverage AS NOT MATERIALIZED (
        SELECT * FROM scope_coverage
        WHERE organisation = of_organisation AND from_time <= at_time AND (until_time IS NULL OR until_time > at_time)
    ),
    at_member_scopes AS NOT MATERIALIZED (
        SELECT * FROM member_scopes
        WHERE organisation = of_organisation AND from_time <= at_time AND (until_time IS NULL OR until_time > at_time)
    )
SELECT path.member, path.permission, path.scope, bool_and(path.narrowed) AS only_own
FROM (
    -- By roles.
    SELECT
        m.organisation, m.member, r.permission, c.scope,
        -- A restriction of the role counts, unless a direct toggle on the restriction says otherwise.
        EXISTS (
            SELECT 1
            FROM at_permission_restrictions AS x
            LEFT JOIN at_member_permissions AS t
                ON t.organisation = x.organisation AND t.member = m.member AND t.permission = x.restriction
            LEFT JOIN at_role_permissions AS n
                ON n.organisation = x.organisation AND n.role = r.role AND n.permission = x.restriction
            WHERE x.organisation = r.organisation AND x.permission = r.permission
                AND coalesce(t.allowed, n.role IS NOT NULL)
        ) AS narrowed
    FROM at_members AS m
    JOIN at_member_role_places AS p ON p.organisation = m.organisation AND p.member = m.member
    JOIN at_role_permissions AS r ON r.organisation = p.organisation AND r.role = p.role
    JOIN at_account_type_permissions AS b
        ON b.organisation = m.organisation AND b.account_type = m.account_type AND b.permission = r.permission
    JOIN at_scope_coverage AS c ON c.organisation = p.organisation AND c.node = p.node
    WHERE m.admitted AND (m.admitted_until IS NULL OR m.admitted_until > at_time)
        AND (p.assigned_from IS NULL OR p.assigned_from <= at_time)
        AND (p.assigned_until IS NULL OR p.assigned_until > at_time)
        AND NOT EXISTS (
            SELECT 1 FROM at_member_permissions AS w
            WHERE w.organisation = m.organisation AND w.member = m.member AND w.permission = r.permission
                AND NOT w.allowed
        )
    UNION ALL
    -- Directly.
    SELECT
        m.organisation, m.member, d.permission, c.scope,
        EXISTS (
            SELECT 1
            FROM at_permission_restrictions AS x
            JOIN at_member_permissions AS t
                ON t.organisation = x.organisation AND t.member = m.member AND t.permission = x.restriction
            WHERE x.organisation = d.organisation AND x.permission = d.permission AND t.allowed
        ) AS narrowed
    FROM at_members AS m
    JOIN at_member_permissions AS d ON d.organisation = m.organisation AND d.member = m.member
    JOIN at_account_type_permissions AS b
        ON b.organisation = m.organisation AND b.account_type = m.account_type AND b.permission = d.permission
    JOIN at_member_scopes AS s ON s.organisation = m.organisation AND s.member = m.member
    JOIN at_scope_coverage AS c ON c.organisation = s.organisation AND c.node = s.node
    WHERE m.admitted AND (m.admitted_until IS NULL OR m.admitted_until > at_time)
        AND d.allowed
) AS path
GROUP BY path.member, path.permission, path.scope;
END;

-- Where a member may do something now; '' is the organisation as a whole.
CREATE OR REPLACE FUNCTION permitted_scopes(of_organisation text, of_member text, of_permission text)
RETURNS TABLE (scope text, only_own boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
SELECT e.scope, e.only_own
FROM effective_permissions AS e
WHERE e.organisation = of_organisation AND e.member = of_member AND e.permission = of_permission;
END;
