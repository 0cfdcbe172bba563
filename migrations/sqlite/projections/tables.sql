-- The tables behind the SQL interface (docs/sql.md), of one generation: {g} stands for a prefix such as `g1_`.
-- Nobody but the projector writes or reads them by these names; the views of views.sql have the public names.
-- The same tables are described in projections/src/tables; a test compares the two.
-- Times are microseconds since 1970-01-01T00:00:00Z.

-- What holds of the organisation as a whole.
CREATE TABLE {g}organisation_settings (
    organisation   TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    profile        TEXT    NOT NULL,
    product        TEXT    NOT NULL,
    policy         TEXT    NOT NULL,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}organisation_settings_open ON {g}organisation_settings
    (organisation) WHERE until_position IS NULL;

-- The catalogue: what can be permitted (grant), and what narrows other permissions (restriction).
CREATE TABLE {g}permissions (
    organisation   TEXT    NOT NULL,
    permission     TEXT    NOT NULL,
    number         INTEGER NOT NULL,
    category       TEXT    NOT NULL,
    category_label TEXT    NOT NULL,
    label          TEXT    NOT NULL,
    description    TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    sensitive      INTEGER NOT NULL CHECK (sensitive IN (0, 1)),
    administration INTEGER NOT NULL CHECK (administration IN (0, 1)),
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, permission, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}permissions_open ON {g}permissions
    (organisation, permission) WHERE until_position IS NULL;

-- Which permissions a restriction narrows to what is the member's own.
CREATE TABLE {g}permission_restrictions (
    organisation   TEXT    NOT NULL,
    permission     TEXT    NOT NULL,
    restriction    TEXT    NOT NULL,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, permission, restriction, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}permission_restrictions_open ON {g}permission_restrictions
    (organisation, permission, restriction) WHERE until_position IS NULL;

-- Kinds of account, with their guards.
CREATE TABLE {g}account_types (
    organisation    TEXT    NOT NULL,
    account_type    TEXT    NOT NULL,
    label           TEXT    NOT NULL,
    verified_email  INTEGER NOT NULL CHECK (verified_email IN (0, 1)),
    sees_own_access INTEGER NOT NULL CHECK (sees_own_access IN (0, 1)),
    default_role    TEXT,
    from_position   INTEGER NOT NULL,
    from_time       INTEGER NOT NULL,
    until_position  INTEGER,
    until_time      INTEGER,
    PRIMARY KEY (organisation, account_type, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}account_types_open ON {g}account_types
    (organisation, account_type) WHERE until_position IS NULL;

-- The guard: documents that must be approved before any access.
CREATE TABLE {g}account_type_documents (
    organisation   TEXT    NOT NULL,
    account_type   TEXT    NOT NULL,
    document       TEXT    NOT NULL,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, account_type, document, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}account_type_documents_open ON {g}account_type_documents
    (organisation, account_type, document) WHERE until_position IS NULL;

-- The bound: what members of an account type can hold at all.
CREATE TABLE {g}account_type_permissions (
    organisation   TEXT    NOT NULL,
    account_type   TEXT    NOT NULL,
    permission     TEXT    NOT NULL,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, account_type, permission, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}account_type_permissions_open ON {g}account_type_permissions
    (organisation, account_type, permission) WHERE until_position IS NULL;

-- Roles, from creation to deletion.
CREATE TABLE {g}roles (
    organisation   TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    description    TEXT    NOT NULL,
    colour         TEXT,
    level          INTEGER,
    built_in       INTEGER NOT NULL CHECK (built_in IN (0, 1)),
    locked         INTEGER NOT NULL CHECK (locked IN (0, 1)),
    everywhere     INTEGER NOT NULL CHECK (everywhere IN (0, 1)),
    assigned       TEXT    NOT NULL,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, role, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}roles_open ON {g}roles
    (organisation, role) WHERE until_position IS NULL;

-- Only members of these account types may hold the role; no row: any.
CREATE TABLE {g}role_account_types (
    organisation   TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    account_type   TEXT    NOT NULL,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, role, account_type, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}role_account_types_open ON {g}role_account_types
    (organisation, role, account_type) WHERE until_position IS NULL;

-- Only holders of these roles assign the role; no row: whoever may assign roles.
CREATE TABLE {g}role_assigners (
    organisation   TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    assigner       TEXT    NOT NULL,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, role, assigner, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}role_assigners_open ON {g}role_assigners
    (organisation, role, assigner) WHERE until_position IS NULL;

-- What a role inherits from, directly.
CREATE TABLE {g}role_parents (
    organisation   TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    parent         TEXT    NOT NULL,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, role, parent, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}role_parents_open ON {g}role_parents
    (organisation, role, parent) WHERE until_position IS NULL;
CREATE INDEX {g}role_parents_parent ON {g}role_parents
    (organisation, parent) WHERE until_position IS NULL;

-- What a role permits, own permissions and inherited ones.
CREATE TABLE {g}role_permissions (
    organisation   TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    permission     TEXT    NOT NULL,
    own            INTEGER NOT NULL CHECK (own IN (0, 1)),
    inherited      INTEGER NOT NULL CHECK (inherited IN (0, 1)),
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, role, permission, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}role_permissions_open ON {g}role_permissions
    (organisation, role, permission) WHERE until_position IS NULL;
CREATE INDEX {g}role_permissions_permission ON {g}role_permissions
    (organisation, permission, role) WHERE until_position IS NULL;

-- The nodes of the resource tree.
CREATE TABLE {g}scopes (
    organisation   TEXT    NOT NULL,
    scope          TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    parent         TEXT,
    archived       INTEGER NOT NULL CHECK (archived IN (0, 1)),
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, scope, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}scopes_open ON {g}scopes
    (organisation, scope) WHERE until_position IS NULL;

-- Which node is opened to which other.
CREATE TABLE {g}scope_sharing (
    organisation   TEXT    NOT NULL,
    scope          TEXT    NOT NULL,
    shared_with    TEXT    NOT NULL,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, scope, shared_with, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}scope_sharing_open ON {g}scope_sharing
    (organisation, scope, shared_with) WHERE until_position IS NULL;

-- Derived: who works on `node` works on `scope`, because it is below or shared. Scopes out of use are not covered.
-- `node` '' is the whole organisation, `scope` '' the organisation as a whole.
CREATE TABLE {g}scope_coverage (
    organisation   TEXT    NOT NULL,
    node           TEXT    NOT NULL,
    scope          TEXT    NOT NULL,
    shared         INTEGER NOT NULL CHECK (shared IN (0, 1)),
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, node, scope, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}scope_coverage_open ON {g}scope_coverage
    (organisation, node, scope) WHERE until_position IS NULL;
CREATE INDEX {g}scope_coverage_scope ON {g}scope_coverage
    (organisation, scope) WHERE until_position IS NULL;

-- People and programs. No personal data.
CREATE TABLE {g}members (
    organisation   TEXT    NOT NULL,
    member         TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    account_type   TEXT,
    status         TEXT    NOT NULL,
    email_verified INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
    scope_mode     TEXT    NOT NULL,
    admitted       INTEGER NOT NULL CHECK (admitted IN (0, 1)),
    admitted_until INTEGER,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, member, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}members_open ON {g}members
    (organisation, member) WHERE until_position IS NULL;

-- Documents of the guard.
CREATE TABLE {g}member_documents (
    organisation   TEXT    NOT NULL,
    member         TEXT    NOT NULL,
    document       TEXT    NOT NULL,
    status         TEXT    NOT NULL,
    expires        INTEGER,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, member, document, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}member_documents_open ON {g}member_documents
    (organisation, member, document) WHERE until_position IS NULL;

-- Where a member's roles work that have no scope of their own. `node` '' is the whole organisation.
CREATE TABLE {g}member_scopes (
    organisation   TEXT    NOT NULL,
    member         TEXT    NOT NULL,
    node           TEXT    NOT NULL,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, member, node, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}member_scopes_open ON {g}member_scopes
    (organisation, member, node) WHERE until_position IS NULL;

-- Assignments. `scope` '' means that the member's own scope counts.
CREATE TABLE {g}member_roles (
    organisation   TEXT    NOT NULL,
    member         TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    scope          TEXT    NOT NULL,
    assigned_from  INTEGER,
    assigned_until INTEGER,
    suitable       INTEGER NOT NULL CHECK (suitable IN (0, 1)),
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, member, role, scope, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}member_roles_open ON {g}member_roles
    (organisation, member, role, scope) WHERE until_position IS NULL;

-- Derived: the nodes on which each assignment works, as far as the account type may hold the role.
CREATE TABLE {g}member_role_places (
    organisation   TEXT    NOT NULL,
    member         TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    scope          TEXT    NOT NULL,
    node           TEXT    NOT NULL,
    assigned_from  INTEGER,
    assigned_until INTEGER,
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, member, role, scope, node, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}member_role_places_open ON {g}member_role_places
    (organisation, member, role, scope, node) WHERE until_position IS NULL;
CREATE INDEX {g}member_role_places_role ON {g}member_role_places
    (organisation, role) WHERE until_position IS NULL;

-- Permissions allowed to or withheld from one member directly.
CREATE TABLE {g}member_permissions (
    organisation   TEXT    NOT NULL,
    member         TEXT    NOT NULL,
    permission     TEXT    NOT NULL,
    allowed        INTEGER NOT NULL CHECK (allowed IN (0, 1)),
    from_position  INTEGER NOT NULL,
    from_time      INTEGER NOT NULL,
    until_position INTEGER,
    until_time     INTEGER,
    PRIMARY KEY (organisation, member, permission, from_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX {g}member_permissions_open ON {g}member_permissions
    (organisation, member, permission) WHERE until_position IS NULL;

-- One row per event, refusals included.
CREATE TABLE {g}audit_log (
    organisation     TEXT    NOT NULL,
    position         INTEGER NOT NULL,
    global_position  INTEGER NOT NULL,
    time             INTEGER NOT NULL,
    type             TEXT    NOT NULL,
    outcome          TEXT    NOT NULL,
    actor            TEXT    NOT NULL,
    on_behalf_of     TEXT,
    command          TEXT,
    member           TEXT,
    role             TEXT,
    role_name        TEXT,
    permission       TEXT,
    permission_label TEXT,
    scope            TEXT,
    scope_name       TEXT,
    before           TEXT,
    after            TEXT,
    rule             TEXT,
    occurrence       INTEGER,
    reason           TEXT,
    source           TEXT,
    agent            TEXT,
    correlation      TEXT,
    causation        TEXT,
    sentence         TEXT    NOT NULL,
    PRIMARY KEY (organisation, position)
) STRICT;
CREATE INDEX {g}audit_log_time ON {g}audit_log (organisation, time);
CREATE INDEX {g}audit_log_member ON {g}audit_log
    (organisation, member, position) WHERE member IS NOT NULL;
CREATE INDEX {g}audit_log_refused ON {g}audit_log
    (organisation, position) WHERE outcome = 'refused';
