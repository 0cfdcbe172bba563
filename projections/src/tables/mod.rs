//! The tables that services and auditors read by SQL, as pure functions of the log.
//!
//! A [`Table`] is described here once; both stores create, fill, compare and rebuild it from this
//! description. What an event changes in the tables is [`changes`]: a function of the event and of
//! the access state before and after it. No I/O, and no SQL either.

mod audit;
mod member;
mod organisation;
mod part;
mod role;
mod row;
mod schema;
mod scope;

use chancery_aggregates::AccessState;
use chancery_aggregates::event::Recorded;
pub use row::{Change, Row, Value};
pub use schema::{Column, ColumnKind, Shape, TABLES, Table};

use self::part::{Part, Touched};
use self::row::Rows;

/// What one event changes, in the order in which it is to be applied. An event closes a row before
/// it opens another one with the same key, and does neither twice for one key.
pub fn changes(before: &AccessState, recorded: &Recorded, after: &AccessState, out: &mut Vec<Change>) {
    let parts = Touched::by(&recorded.event, before, after);
    if !parts.is_empty() {
        row::compare(rows_of(before, &parts), rows_of(after, &parts), out);
    }
    out.push(Change::Add { table: &audit::AUDIT_LOG, values: audit::values(recorded, after) });
}

/// All rows of the interval tables that hold in a state, in order of tables' names and keys. What
/// the changes of all events up to it leave open, found without them.
pub fn rows(state: &AccessState) -> Vec<Row> {
    rows_of(state, &part::all(state))
}

fn rows_of(state: &AccessState, parts: &[Part]) -> Vec<Row> {
    let mut rows = Rows::of(state);
    for part in parts {
        rows.part(*part);
    }
    rows.sorted()
}

#[cfg(test)]
mod tests;
