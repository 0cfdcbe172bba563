//! Rows, and what happens to them.

use compact_str::CompactString;

use super::schema::Table;

/// One value of a row, in a column of the kind of the same name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// No value.
    Null,
    /// Yes or no.
    Boolean(bool),
    /// A number.
    Integer(i64),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Time(i64),
    /// A text.
    Text(CompactString),
}

/// What happens to one row of a table at one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A row of an interval table begins to hold: all of the table's own columns, in order. No row
    /// with the same key is open.
    Open {
        /// Which table.
        table: &'static Table,
        /// One value per column.
        values: Vec<Value>,
    },
    /// The open row of an interval table with this key ends.
    Close {
        /// Which table.
        table: &'static Table,
        /// Values of the key's columns, in order.
        key: Vec<Value>,
    },
    /// A row is added to a log table, for good.
    Add {
        /// Which table.
        table: &'static Table,
        /// One value per column.
        values: Vec<Value>,
    },
}
