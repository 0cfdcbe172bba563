//! What a table is, and the list of all.

use super::{audit, member, organisation, role, scope};

/// What kind of value a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Yes or no: `boolean`; on SQLite 0 or 1.
    Boolean,
    /// A 64-bit number.
    Integer,
    /// Microseconds since 1970-01-01T00:00:00Z on SQLite, `timestamptz` on PostgreSQL.
    Time,
    /// UTF-8 text, compared byte by byte.
    Text,
}

/// A column of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it may hold no value. Columns of a key always have one.
    pub nullable: bool,
}

impl Column {
    pub(super) const fn new(name: &'static str, kind: ColumnKind) -> Self {
        Self { name, kind, nullable: false }
    }

    pub(super) const fn text(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Text)
    }

    pub(super) const fn boolean(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Boolean)
    }

    pub(super) const fn integer(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Integer)
    }

    pub(super) const fn time(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Time)
    }

    pub(super) const fn or_null(self) -> Self {
        Self { nullable: true, ..self }
    }
}

/// How the rows of a table come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Each row holds from one event until another. After its own columns the table has
    /// `from_position`, `from_time`, `until_position` and `until_time`, the last two without a value
    /// while the row holds. Positions are the organisation's. At most one row per key is open.
    Interval,
    /// Rows are only added, one or more per event.
    Log,
}

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name, as `docs/sql.md` has it.
    pub name: &'static str,
    /// Its own columns. The first is always `organisation`.
    pub columns: &'static [Column],
    /// How many of the first columns identify a row (an open one, for [`Shape::Interval`]).
    pub key: usize,
    /// How its rows come and go.
    pub shape: Shape,
}

impl Table {
    pub(super) const fn interval(name: &'static str, key: usize, columns: &'static [Column]) -> Self {
        Self { name, columns, key, shape: Shape::Interval }
    }
}

/// All tables, in the order in which they are created.
pub static TABLES: &[&Table] = &[
    &organisation::ORGANISATION_SETTINGS,
    &organisation::PERMISSIONS,
    &organisation::PERMISSION_RESTRICTIONS,
    &organisation::ACCOUNT_TYPES,
    &organisation::ACCOUNT_TYPE_DOCUMENTS,
    &organisation::ACCOUNT_TYPE_PERMISSIONS,
    &role::ROLES,
    &role::ROLE_ACCOUNT_TYPES,
    &role::ROLE_ASSIGNERS,
    &role::ROLE_PARENTS,
    &role::ROLE_PERMISSIONS,
    &scope::SCOPES,
    &scope::SCOPE_SHARING,
    &scope::SCOPE_COVERAGE,
    &member::MEMBERS,
    &member::MEMBER_DOCUMENTS,
    &member::MEMBER_SCOPES,
    &member::MEMBER_ROLES,
    &member::MEMBER_ROLE_PLACES,
    &member::MEMBER_PERMISSIONS,
    &audit::AUDIT_LOG,
];
