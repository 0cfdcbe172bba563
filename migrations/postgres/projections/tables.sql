-- The tables behind the SQL interface (docs/sql.md), of one generation: {g} stands for a prefix such as `g1_`.
-- Nobody but the projector writes or reads them by these names; the views of views.sql have the public names.
-- The same tables are described in projections/src/tables; a test compares the two.

-- What holds of the organisation as a whole.
CREATE TABLE {g}organisation_settings (
    organisation   text COLLATE "C" NOT NULL,
    name           text COLLATE "C" NOT NULL,
    profile        text COLLATE "C" NOT NULL,
    product        text COLLATE "C" NOT NULL,
    policy         text COLLATE "C" NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, from_position)
);
CREATE UNIQUE INDEX {g}organisation_settings_open ON {g}organisation_settings
    (organisation) WHERE until_position IS NULL;

-- The catalogue: what can be permitted (grant), and what narrows other permissions (restriction).
CREATE TABLE {g}permissions (
    organisation   text COLLATE "C" NOT NULL,
    permission     text COLLATE "C" NOT NULL,
    number         bigint           NOT NULL,
    category       text COLLATE "C" NOT NULL,
    category_label text COLLATE "C" NOT NULL,
    label          text COLLATE "C" NOT NULL,
    description    text COLLATE "C" NOT NULL,
    kind           text COLLATE "C" NOT NULL,
    sensitive      boolean          NOT NULL,
    administration boolean          NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, permission, from_position)
);
CREATE UNIQUE INDEX {g}permissions_open ON {g}permissions
    (organisation, permission) WHERE until_position IS NULL;

-- Which permissions a restriction narrows to what is the member's own.
CREATE TABLE {g}permission_restrictions (
    organisation   text COLLATE "C" NOT NULL,
    permission     text COLLATE "C" NOT NULL,
    restriction    text COLLATE "C" NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, permission, restriction, from_position)
);
CREATE UNIQUE INDEX {g}permission_restrictions_open ON {g}permission_restrictions
    (organisation, permission, restriction) WHERE until_position IS NULL;

-- Kinds of account, with their guards.
CREATE TABLE {g}account_types (
    organisation    text COLLATE "C" NOT NULL,
    account_type    text COLLATE "C" NOT NULL,
    label           text COLLATE "C" NOT NULL,
    verified_email  boolean          NOT NULL,
    sees_own_access boolean          NOT NULL,
    default_role    text COLLATE "C",
    from_position   bigint           NOT NULL,
    from_time       timestamptz      NOT NULL,
    until_position  bigint,
    until_time      timestamptz,
    PRIMARY KEY (organisation, account_type, from_position)
);
CREATE UNIQUE INDEX {g}account_types_open ON {g}account_types
    (organisation, account_type) WHERE until_position IS NULL;

-- The guard: documents that must be approved before any access.
CREATE TABLE {g}account_type_documents (
    organisation   text COLLATE "C" NOT NULL,
    account_type   text COLLATE "C" NOT NULL,
    document       text COLLATE "C" NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, account_type, document, from_position)
);
CREATE UNIQUE INDEX {g}account_type_documents_open ON {g}account_type_documents
    (organisation, account_type, document) WHERE until_position IS NULL;

-- The bound: what members of an account type can hold at all.
CREATE TABLE {g}account_type_permissions (
    organisation   text COLLATE "C" NOT NULL,
    account_type   text COLLATE "C" NOT NULL,
    permission     text COLLATE "C" NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, account_type, permission, from_position)
);
CREATE UNIQUE INDEX {g}account_type_permissions_open ON {g}account_type_permissions
    (organisation, account_type, permission) WHERE until_position IS NULL;

-- Roles, from creation to deletion.
CREATE TABLE {g}roles (
    organisation   text COLLATE "C" NOT NULL,
    role           text COLLATE "C" NOT NULL,
    name           text COLLATE "C" NOT NULL,
    description    text COLLATE "C" NOT NULL,
    colour         text COLLATE "C",
    level          bigint,
    built_in       boolean          NOT NULL,
    locked         boolean          NOT NULL,
    everywhere     boolean          NOT NULL,
    assigned       text COLLATE "C" NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, role, from_position)
);
CREATE UNIQUE INDEX {g}roles_open ON {g}roles
    (organisation, role) WHERE until_position IS NULL;

-- Only members of these account types may hold the role; no row: any.
CREATE TABLE {g}role_account_types (
    organisation   text COLLATE "C" NOT NULL,
    role           text COLLATE "C" NOT NULL,
    account_type   text COLLATE "C" NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, role, account_type, from_position)
);
CREATE UNIQUE INDEX {g}role_account_types_open ON {g}role_account_types
    (organisation, role, account_type) WHERE until_position IS NULL;

-- Only holders of these roles assign the role; no row: whoever may assign roles.
CREATE TABLE {g}role_assigners (
    organisation   text COLLATE "C" NOT NULL,
    role           text COLLATE "C" NOT NULL,
    assigner       text COLLATE "C" NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, role, assigner, from_position)
);
CREATE UNIQUE INDEX {g}role_assigners_open ON {g}role_assigners
    (organisation, role, assigner) WHERE until_position IS NULL;

-- What a role inherits from, directly.
CREATE TABLE {g}role_parents (
    organisation   text COLLATE "C" NOT NULL,
    role           text COLLATE "C" NOT NULL,
    parent         text COLLATE "C" NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, role, parent, from_position)
);
CREATE UNIQUE INDEX {g}role_parents_open ON {g}role_parents
    (organisation, role, parent) WHERE until_position IS NULL;
CREATE INDEX {g}role_parents_parent ON {g}role_parents
    (organisation, parent) WHERE until_position IS NULL;

-- What a role permits, own permissions and inherited ones.
CREATE TABLE {g}role_permissions (
    organisation   text COLLATE "C" NOT NULL,
    role           text COLLATE "C" NOT NULL,
    permission     text COLLATE "C" NOT NULL,
    own            boolean          NOT NULL,
    inherited      boolean          NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, role, permission, from_position)
);
CREATE UNIQUE INDEX {g}role_permissions_open ON {g}role_permissions
    (organisation, role, permission) WHERE until_position IS NULL;
CREATE INDEX {g}role_permissions_permission ON {g}role_permissions
    (organisation, permission, role) WHERE until_position IS NULL;

-- The nodes of the resource tree.
CREATE TABLE {g}scopes (
    organisation   text COLLATE "C" NOT NULL,
    scope          text COLLATE "C" NOT NULL,
    name           text COLLATE "C" NOT NULL,
    kind           text COLLATE "C" NOT NULL,
    parent         text COLLATE "C",
    archived       boolean          NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, scope, from_position)
);
CREATE UNIQUE INDEX {g}scopes_open ON {g}scopes
    (organisation, scope) WHERE until_position IS NULL;

-- Which node is opened to which other.
CREATE TABLE {g}scope_sharing (
    organisation   text COLLATE "C" NOT NULL,
    scope          text COLLATE "C" NOT NULL,
    shared_with    text COLLATE "C" NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, scope, shared_with, from_position)
);
CREATE UNIQUE INDEX {g}scope_sharing_open ON {g}scope_sharing
    (organisation, scope, shared_with) WHERE until_position IS NULL;

-- Derived: who works on `node` works on `scope`, because it is below or shared. Scopes out of use are not covered.
-- `node` '' is the whole organisation, `scope` '' the organisation as a whole.
CREATE TABLE {g}scope_coverage (
    organisation   text COLLATE "C" NOT NULL,
    node           text COLLATE "C" NOT NULL,
    scope          text COLLATE "C" NOT NULL,
    shared         boolean          NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, node, scope, from_position)
);
CREATE UNIQUE INDEX {g}scope_coverage_open ON {g}scope_coverage
    (organisation, node, scope) WHERE until_position IS NULL;
CREATE INDEX {g}scope_coverage_scope ON {g}scope_coverage
    (organisation, scope) WHERE until_position IS NULL;

-- People and programs. No personal data.
CREATE TABLE {g}members (
    organisation   text COLLATE "C" NOT NULL,
    member         text COLLATE "C" NOT NULL,
    kind           text COLLATE "C" NOT NULL,
    account_type   text COLLATE "C",
    status         text COLLATE "C" NOT NULL,
    email_verified boolean          NOT NULL,
    scope_mode     text COLLATE "C" NOT NULL,
    admitted       boolean          NOT NULL,
    admitted_until timestamptz,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, member, from_position)
);
CREATE UNIQUE INDEX {g}members_open ON {g}members
    (organisation, member) WHERE until_position IS NULL;

-- Documents of the guard.
CREATE TABLE {g}member_documents (
    organisation   text COLLATE "C" NOT NULL,
    member         text COLLATE "C" NOT NULL,
    document       text COLLATE "C" NOT NULL,
    status         text COLLATE "C" NOT NULL,
    expires        timestamptz,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, member, document, from_position)
);
CREATE UNIQUE INDEX {g}member_documents_open ON {g}member_documents
    (organisation, member, document) WHERE until_position IS NULL;

-- Where a member's roles work that have no scope of their own. `node` '' is the whole organisation.
CREATE TABLE {g}member_scopes (
    organisation   text COLLATE "C" NOT NULL,
    member         text COLLATE "C" NOT NULL,
    node           text COLLATE "C" NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, member, node, from_position)
);
CREATE UNIQUE INDEX {g}member_scopes_open ON {g}member_scopes
    (organisation, member, node) WHERE until_position IS NULL;

-- Assignments. `scope` '' means that the member's own scope counts.
CREATE TABLE {g}member_roles (
    organisation   text COLLATE "C" NOT NULL,
    member         text COLLATE "C" NOT NULL,
    role           text COLLATE "C" NOT NULL,
    scope          text COLLATE "C" NOT NULL,
    assigned_from  timestamptz,
    assigned_until timestamptz,
    suitable       boolean          NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, member, role, scope, from_position)
);
CREATE UNIQUE INDEX {g}member_roles_open ON {g}member_roles
    (organisation, member, role, scope) WHERE until_position IS NULL;

-- Derived: the nodes on which each assignment works, as far as the account type may hold the role.
CREATE TABLE {g}member_role_places (
    organisation   text COLLATE "C" NOT NULL,
    member         text COLLATE "C" NOT NULL,
    role           text COLLATE "C" NOT NULL,
    scope          text COLLATE "C" NOT NULL,
    node           text COLLATE "C" NOT NULL,
    assigned_from  timestamptz,
    assigned_until timestamptz,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, member, role, scope, node, from_position)
);
CREATE UNIQUE INDEX {g}member_role_places_open ON {g}member_role_places
    (organisation, member, role, scope, node) WHERE until_position IS NULL;
CREATE INDEX {g}member_role_places_role ON {g}member_role_places
    (organisation, role) WHERE until_position IS NULL;

-- Permissions allowed to or withheld from one member directly.
CREATE TABLE {g}member_permissions (
    organisation   text COLLATE "C" NOT NULL,
    member         text COLLATE "C" NOT NULL,
    permission     text COLLATE "C" NOT NULL,
    allowed        boolean          NOT NULL,
    from_position  bigint           NOT NULL,
    from_time      timestamptz      NOT NULL,
    until_position bigint,
    until_time     timestamptz,
    PRIMARY KEY (organisation, member, permission, from_position)
);
CREATE UNIQUE INDEX {g}member_permissions_open ON {g}member_permissions
    (organisation, member, permission) WHERE until_position IS NULL;

-- One row per event, refusals included.
CREATE TABLE {g}audit_log (
    organisation     text COLLATE "C" NOT NULL,
    position         bigint           NOT NULL,
    global_position  bigint           NOT NULL,
    time             timestamptz      NOT NULL,
    type             text COLLATE "C" NOT NULL,
    outcome          text COLLATE "C" NOT NULL,
    actor            text COLLATE "C" NOT NULL,
    on_behalf_of     text COLLATE "C",
    command          text COLLATE "C",
    member           text COLLATE "C",
    role             text COLLATE "C",
    role_name        text COLLATE "C",
    permission       text COLLATE "C",
    permission_label text COLLATE "C",
    scope            text COLLATE "C",
    scope_name       text COLLATE "C",
    before           text COLLATE "C",
    after            text COLLATE "C",
    rule             text COLLATE "C",
    occurrence       bigint,
    reason           text COLLATE "C",
    source           text COLLATE "C",
    agent            text COLLATE "C",
    correlation      text COLLATE "C",
    causation        text COLLATE "C",
    sentence         text COLLATE "C" NOT NULL,
    PRIMARY KEY (organisation, position)
);
CREATE INDEX {g}audit_log_time ON {g}audit_log (organisation, time);
CREATE INDEX {g}audit_log_member ON {g}audit_log
    (organisation, member, position) WHERE member IS NOT NULL;
CREATE INDEX {g}audit_log_refused ON {g}audit_log
    (organisation, position) WHERE outcome = 'refused';
