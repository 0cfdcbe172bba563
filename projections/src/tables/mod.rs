//! The tables that services and auditors read by SQL, as pure functions of the log.
//!
//! A [`Table`] is described here once; both stores create, fill, compare and rebuild it from this
//! description. What an event changes in the tables is [`changes`]: a function of the event and of
//! the access state before and after it. No I/O, and no SQL either.

mod row;
mod schema;

use chancery_aggregates::AccessState;
use chancery_aggregates::event::Recorded;
pub use row::{Change, Value};
pub use schema::{Column, ColumnKind, Shape, TABLES, Table};

/// What one event changes, in the order in which it is to be applied. An event closes a row before
/// it opens another one with the same key, and does neither twice for one key.
pub fn changes(_before: &AccessState, _recorded: &Recorded, _after: &AccessState, _out: &mut Vec<Change>) {}
