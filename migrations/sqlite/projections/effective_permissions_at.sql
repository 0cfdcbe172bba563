-- Who could do what, where, at an instant: the view `effective_permissions` with `:organisation` and `:at`
-- (microseconds since 1970-01-01T00:00:00Z). Add conditions at the end, such as `WHERE member = 'tom'`.
WITH
    at_permission_restrictions AS NOT MATERIALIZED (
        SELECT * FROM permission_restrictions
        WHERE organisation = :organisation AND from_time <= :at AND (until_time IS NULL OR until_time > :at)
    ),
    at_member_permissions AS NOT MATERIALIZED (
        SELECT * FROM member_permissions
        WHERE organisation = :organisation AND from_time <= :at AND (until_time IS NULL OR until_time > :at)
    ),
    at_role_permissions AS NOT MATERIALIZED (
        SELECT * FROM role_permissions
        WHERE organisation = :organisation AND from_time <= :at AND (until_time IS NULL OR until_time > :at)
    ),
    at_members AS NOT MATERIALIZED (
        SELECT * FROM members
        WHERE organisation = :organisation AND from_time <= :at AND (until_time IS NULL OR until_time > :at)
    ),
    at_member_role_places AS NOT MATERIALIZED (
        SELECT * FROM member_role_places
        WHERE organisation = :organisation AND from_time <= :at AND (until_time IS NULL OR until_time > :at)
    ),
    at_account_type_permissions AS NOT MATERIALIZED (
        SELECT * FROM account_type_permissions
        WHERE organisation = :organisation AND from_time <= :at AND (until_time IS NULL OR until_time > :at)
    ),
    at_scope_coverage AS NOT MATERIALIZED (
        SELECT * FROM scope_coverage
        WHERE organisation = :organisation AND from_time <= :at AND (until_time IS NULL OR until_time > :at)
    ),
    at_member_scopes AS NOT MATERIALIZED (
        SELECT * FROM member_scopes
        WHERE organisation = :organisation AND from_time <= :at AND (until_time IS NULL OR until_time > :at)
    )
SELECT member, permission, scope, only_own
FROM (
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
        WHERE m.admitted AND (m.admitted_until IS NULL OR m.admitted_until > :at)
            AND (p.assigned_from IS NULL OR p.assigned_from <= :at)
            AND (p.assigned_until IS NULL OR p.assigned_until > :at)
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
        WHERE m.admitted AND (m.admitted_until IS NULL OR m.admitted_until > :at)
            AND d.allowed
    ) AS path
) AS effective
