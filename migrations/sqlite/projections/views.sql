-- The SQL interface: the public names, as docs/sql.md describes them. {g} stands for the generation that serves.
-- Run again with another generation, it moves the views there. SQLite looks names up when a query runs, so what
-- others built on them stays.

DROP VIEW IF EXISTS organisation_settings;
CREATE VIEW organisation_settings AS
SELECT
    organisation, name, profile, product, policy, from_position, from_time, until_position, until_time
FROM {g}organisation_settings;

DROP VIEW IF EXISTS current_organisation_settings;
CREATE VIEW current_organisation_settings AS
SELECT
    organisation, name, profile, product, policy, from_position, from_time
FROM {g}organisation_settings
WHERE until_position IS NULL;

DROP VIEW IF EXISTS permissions;
CREATE VIEW permissions AS
SELECT
    organisation, permission, number, category, category_label, label, description, kind, sensitive,
    administration, from_position, from_time, until_position, until_time
FROM {g}permissions;

DROP VIEW IF EXISTS current_permissions;
CREATE VIEW current_permissions AS
SELECT
    organisation, permission, number, category, category_label, label, description, kind, sensitive,
    administration, from_position, from_time
FROM {g}permissions
WHERE until_position IS NULL;

DROP VIEW IF EXISTS permission_restrictions;
CREATE VIEW permission_restrictions AS
SELECT
    organisation, permission, restriction, from_position, from_time, until_position, until_time
FROM {g}permission_restrictions;

DROP VIEW IF EXISTS current_permission_restrictions;
CREATE VIEW current_permission_restrictions AS
SELECT
    organisation, permission, restriction, from_position, from_time
FROM {g}permission_restrictions
WHERE until_position IS NULL;

DROP VIEW IF EXISTS account_types;
CREATE VIEW account_types AS
SELECT
    organisation, account_type, label, verified_email, sees_own_access, default_role, from_position,
    from_time, until_position, until_time
FROM {g}account_types;

DROP VIEW IF EXISTS current_account_types;
CREATE VIEW current_account_types AS
SELECT
    organisation, account_type, label, verified_email, sees_own_access, default_role, from_position, from_time
FROM {g}account_types
WHERE until_position IS NULL;

DROP VIEW IF EXISTS account_type_documents;
CREATE VIEW account_type_documents AS
SELECT
    organisation, account_type, document, from_position, from_time, until_position, until_time
FROM {g}account_type_documents;

DROP VIEW IF EXISTS current_account_type_documents;
CREATE VIEW current_account_type_documents AS
SELECT
    organisation, account_type, document, from_position, from_time
FROM {g}account_type_documents
WHERE until_position IS NULL;

DROP VIEW IF EXISTS account_type_permissions;
CREATE VIEW account_type_permissions AS
SELECT
    organisation, account_type, permission, from_position, from_time, until_position, until_time
FROM {g}account_type_permissions;

DROP VIEW IF EXISTS current_account_type_permissions;
CREATE VIEW current_account_type_permissions AS
SELECT
    organisation, account_type, permission, from_position, from_time
FROM {g}account_type_permissions
WHERE until_position IS NULL;

DROP VIEW IF EXISTS roles;
CREATE VIEW roles AS
SELECT
    organisation, role, name, description, colour, level, built_in, locked, everywhere, assigned,
    from_position, from_time, until_position, until_time
FROM {g}roles;

DROP VIEW IF EXISTS current_roles;
CREATE VIEW current_roles AS
SELECT
    organisation, role, name, description, colour, level, built_in, locked, everywhere, assigned,
    from_position, from_time
FROM {g}roles
WHERE until_position IS NULL;

DROP VIEW IF EXISTS role_account_types;
CREATE VIEW role_account_types AS
SELECT
    organisation, role, account_type, from_position, from_time, until_position, until_time
FROM {g}role_account_types;

DROP VIEW IF EXISTS current_role_account_types;
CREATE VIEW current_role_account_types AS
SELECT
    organisation, role, account_type, from_position, from_time
FROM {g}role_account_types
WHERE until_position IS NULL;

DROP VIEW IF EXISTS role_assigners;
CREATE VIEW role_assigners AS
SELECT
    organisation, role, assigner, from_position, from_time, until_position, until_time
FROM {g}role_assigners;

DROP VIEW IF EXISTS current_role_assigners;
CREATE VIEW current_role_assigners AS
SELECT
    organisation, role, assigner, from_position, from_time
FROM {g}role_assigners
WHERE until_position IS NULL;

DROP VIEW IF EXISTS role_parents;
CREATE VIEW role_parents AS
SELECT
    organisation, role, parent, from_position, from_time, until_position, until_time
FROM {g}role_parents;

DROP VIEW IF EXISTS current_role_parents;
CREATE VIEW current_role_parents AS
SELECT
    organisation, role, parent, from_position, from_time
FROM {g}role_parents
WHERE until_position IS NULL;

DROP VIEW IF EXISTS role_permissions;
CREATE VIEW role_permissions AS
SELECT
    organisation, role, permission, own, inherited, from_position, from_time, until_position, until_time
FROM {g}role_permissions;

DROP VIEW IF EXISTS current_role_permissions;
CREATE VIEW current_role_permissions AS
SELECT
    organisation, role, permission, own, inherited, from_position, from_time
FROM {g}role_permissions
WHERE until_position IS NULL;

DROP VIEW IF EXISTS scopes;
CREATE VIEW scopes AS
SELECT
    organisation, scope, name, kind, parent, archived, from_position, from_time, until_position, until_time
FROM {g}scopes;

DROP VIEW IF EXISTS current_scopes;
CREATE VIEW current_scopes AS
SELECT
    organisation, scope, name, kind, parent, archived, from_position, from_time
FROM {g}scopes
WHERE until_position IS NULL;

DROP VIEW IF EXISTS scope_sharing;
CREATE VIEW scope_sharing AS
SELECT
    organisation, scope, shared_with, from_position, from_time, until_position, until_time
FROM {g}scope_sharing;

DROP VIEW IF EXISTS current_scope_sharing;
CREATE VIEW current_scope_sharing AS
SELECT
    organisation, scope, shared_with, from_position, from_time
FROM {g}scope_sharing
WHERE until_position IS NULL;

DROP VIEW IF EXISTS scope_coverage;
CREATE VIEW scope_coverage AS
SELECT
    organisation, node, scope, shared, from_position, from_time, until_position, until_time
FROM {g}scope_coverage;

DROP VIEW IF EXISTS current_scope_coverage;
CREATE VIEW current_scope_coverage AS
SELECT
    organisation, node, scope, shared, from_position, from_time
FROM {g}scope_coverage
WHERE until_position IS NULL;

DROP VIEW IF EXISTS members;
CREATE VIEW members AS
SELECT
    organisation, member, kind, account_type, status, email_verified, scope_mode, admitted, admitted_until,
    from_position, from_time, until_position, until_time
FROM {g}members;

DROP VIEW IF EXISTS current_members;
CREATE VIEW current_members AS
SELECT
    organisation, member, kind, account_type, status, email_verified, scope_mode, admitted, admitted_until,
    from_position, from_time
FROM {g}members
WHERE until_position IS NULL;

DROP VIEW IF EXISTS member_documents;
CREATE VIEW member_documents AS
SELECT
    organisation, member, document, status, expires, from_position, from_time, until_position, until_time
FROM {g}member_documents;

DROP VIEW IF EXISTS current_member_documents;
CREATE VIEW current_member_documents AS
SELECT
    organisation, member, document, status, expires, from_position, from_time
FROM {g}member_documents
WHERE until_position IS NULL;

DROP VIEW IF EXISTS member_scopes;
CREATE VIEW member_scopes AS
SELECT
    organisation, member, node, from_position, from_time, until_position, until_time
FROM {g}member_scopes;

DROP VIEW IF EXISTS current_member_scopes;
CREATE VIEW current_member_scopes AS
SELECT
    organisation, member, node, from_position, from_time
FROM {g}member_scopes
WHERE until_position IS NULL;

DROP VIEW IF EXISTS member_roles;
CREATE VIEW member_roles AS
SELECT
    organisation, member, role, scope, assigned_from, assigned_until, suitable, from_position, from_time,
    until_position, until_time
FROM {g}member_roles;

DROP VIEW IF EXISTS current_member_roles;
CREATE VIEW current_member_roles AS
SELECT
    organisation, member, role, scope, assigned_from, assigned_until, suitable, from_position, from_time
FROM {g}member_roles
WHERE until_position IS NULL;

DROP VIEW IF EXISTS member_role_places;
CREATE VIEW member_role_places AS
SELECT
    organisation, member, role, scope, node, assigned_from, assigned_until, from_position, from_time,
    until_position, until_time
FROM {g}member_role_places;

DROP VIEW IF EXISTS current_member_role_places;
CREATE VIEW current_member_role_places AS
SELECT
    organisation, member, role, scope, node, assigned_from, assigned_until, from_position, from_time
FROM {g}member_role_places
WHERE until_position IS NULL;

DROP VIEW IF EXISTS member_permissions;
CREATE VIEW member_permissions AS
SELECT
    organisation, member, permission, allowed, from_position, from_time, until_position, until_time
FROM {g}member_permissions;

DROP VIEW IF EXISTS current_member_permissions;
CREATE VIEW current_member_permissions AS
SELECT
    organisation, member, permission, allowed, from_position, from_time
FROM {g}member_permissions
WHERE until_position IS NULL;

DROP VIEW IF EXISTS audit_log;
CREATE VIEW audit_log AS
SELECT
    organisation, position, global_position, time, type, outcome, actor, on_behalf_of, command, member, role,
    role_name, permission, permission_label, scope, scope_name, before, after, rule, occurrence, reason,
    source, agent, correlation, causation, sentence
FROM {g}audit_log;

-- The same log for people.
DROP VIEW IF EXISTS activity;
CREATE VIEW activity AS
SELECT
    organisation, position, time, type, outcome, actor, on_behalf_of, member, role, permission, scope, reason,
    sentence
FROM audit_log;

-- Derived from the views above: these name no generation.

-- Who may do what, where, at this moment: what Chancery's own check answers. `scope` '' is the organisation as a
-- whole. Ask with the organisation and one of member or permission, the more the better.
-- A window and not GROUP BY: SQLite moves what a query asks for through it, down to the tables.
DROP VIEW IF EXISTS effective_permissions;
CREATE VIEW effective_permissions AS
SELECT DISTINCT
    organisation, member, permission, scope,
    min(narrowed) OVER (PARTITION BY organisation, member, permission, scope) AS only_own
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
    WHERE m.admitted AND (m.admitted_until IS NULL OR m.admitted_until > (SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)))
        AND (p.assigned_from IS NULL OR p.assigned_from <= (SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)))
        AND (p.assigned_until IS NULL OR p.assigned_until > (SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)))
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
    WHERE m.admitted AND (m.admitted_until IS NULL OR m.admitted_until > (SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)))
        AND d.allowed
) AS path;
