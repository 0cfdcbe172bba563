//! Rows, and what happens to them.

use chancery_aggregates::AccessState;
use chancery_aggregates::vocabulary::Time;
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

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Boolean(yes)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<Time> for Value {
    fn from(time: Time) -> Self {
        Self::Time(time.timestamp_micros())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
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

/// A row of an interval table that holds in some state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which table.
    pub table: &'static Table,
    /// One value per column.
    pub values: Vec<Value>,
}

impl Row {
    pub(super) fn key(&self) -> &[Value] {
        self.values.get(..self.table.key).unwrap_or(&self.values)
    }
}

/// Rows of one state in the making.
pub(super) struct Rows<'a> {
    pub(super) state: &'a AccessState,
    pub(super) found: Vec<Row>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(state: &'a AccessState) -> Self {
        Self { state, found: Vec::new() }
    }

    /// Adds a row; the first column is always the organisation.
    pub(super) fn add<const N: usize>(&mut self, table: &'static Table, values: [Value; N]) {
        let mut row = Vec::with_capacity(N + 1);
        row.push(self.state.organisation().as_str().into());
        row.extend(values);
        self.found.push(Row { table, values: row });
    }

    /// In order of tables and keys, each key once.
    pub(super) fn sorted(mut self) -> Vec<Row> {
        if self.found.len() > 1 {
            self.found.sort_by(|a, b| (a.table.name, &a.values).cmp(&(b.table.name, &b.values)));
            self.found.dedup_by(|a, b| a.table.name == b.table.name && a.key() == b.key());
        }
        self.found
    }
}

/// What turns the rows of one state into those of another. Both are sorted.
pub(super) fn compare(before: Vec<Row>, after: Vec<Row>, out: &mut Vec<Change>) {
    let (mut before, mut after) = (before.into_iter().peekable(), after.into_iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(new)) => (old.table.name, old.key()).cmp(&(new.table.name, new.key())),
        };
        let old = if order.is_le() { before.next() } else { None };
        let new = if order.is_ge() { after.next() } else { None };
        if old == new {
            continue;
        }
        if let Some(mut old) = old {
            old.values.truncate(old.table.key);
            out.push(Change::Close { table: old.table, key: old.values });
        }
        if let Some(new) = new {
            out.push(Change::Open { table: new.table, values: new.values });
        }
    }
}
