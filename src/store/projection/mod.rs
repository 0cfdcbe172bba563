//! Tables kept beside the log: what a projector needs of a store.
//!
//! Tables live in generations: `g3_roles` is the third making of the table `roles`. One generation
//! is live, and the public views show it; a rebuild fills another one, and then the views move over
//! in one transaction. A generation's checkpoint moves in the transaction that writes its rows, and
//! only from where the writer believes it to be, so each event has its effect once, whoever runs
//! and whoever is killed.

mod sql;

use async_trait::async_trait;
use chancery_projections::tables::{Shape, Table, Value};
pub(super) use sql::{columns, comparison_sql, difference, format_of, identity, name, script, statements};

use super::StoreError;

/// A point of an organisation's history at which a row begins or ceases to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Position in the organisation's log.
    pub position: u64,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
}

/// A row to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// One value per column of the table.
    pub values: Vec<Value>,
    /// Since when it holds. Tables of additions do not keep it.
    pub from: Mark,
    /// When it ceased to hold, if it did.
    pub until: Option<Mark>,
}

/// An open row that ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Values of the key's columns.
    pub key: Vec<Value>,
    /// When it ceased to hold.
    pub until: Mark,
}

/// What is to be written to one table: endings first, then what ends with its organisation, then rows.
#[derive(Debug, Clone)]
pub struct TableRows {
    /// Which table.
    pub table: &'static Table,
    /// Rows in the database that end; each must be there and open.
    pub endings: Vec<Ending>,
    /// Organisations all of whose open rows end.
    pub cut: Vec<(Value, Mark)>,
    /// New rows.
    pub rows: Vec<Row>,
}

impl TableRows {
    /// Brings rows and endings into the order of their keys: neighbours in a table share pages.
    pub(super) fn sort(&mut self) {
        let key = self.table.key;
        if self.table.shape == Shape::Interval {
            self.endings.sort_unstable_by(|one, other| one.key.cmp(&other.key));
            self.rows.sort_unstable_by(|one, other| {
                let keys = one.values.iter().take(key).cmp(other.values.iter().take(key));
                keys.then(one.from.position.cmp(&other.from.position))
            });
        }
    }
}

/// A making of the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// Its number, from 1.
    pub number: u64,
    /// Which tables, columns and rules it was made by.
    pub format: String,
    /// Global position of the last event that is in its tables.
    pub checkpoint: u64,
    /// Whether the public views show it.
    pub live: bool,
}

/// An event that could not be projected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {position} of organisation `{organisation}` ({event_type}) cannot be projected: {reason}")]
pub struct Failure {
    /// Position in the store.
    pub global_position: u64,
    /// Whose event.
    pub organisation: String,
    /// Position in the organisation's log.
    pub position: u64,
    /// `RoleCreated`, …
    pub event_type: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A failure as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFailure {
    /// The event.
    pub failure: Failure,
    /// Version of the program that stopped.
    pub program: String,
    /// When, in microseconds since 1970.
    pub time: i64,
}

/// An organisation that a generation leaves out from an event on, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Omission {
    /// The generation.
    pub generation: u64,
    /// The event that could not be projected.
    pub failure: Failure,
    /// Why the operator left the organisation out.
    pub reason: String,
    /// When, in microseconds since 1970.
    pub time: i64,
}

/// What the store knows of its projections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Control {
    /// Global position of the log's last event.
    pub head: u64,
    /// All makings of the tables that there are.
    pub generations: Vec<Generation>,
    /// Where the projector stopped, if it did.
    pub failure: Option<RecordedFailure>,
    /// All that was ever left out, oldest first.
    pub omissions: Vec<Omission>,
}

impl Control {
    /// The generation that the public views show.
    pub fn live(&self) -> Option<&Generation> {
        self.generations.iter().find(|generation| generation.live)
    }
}

/// What somebody does who may do it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Following the log.
    Follow,
    /// Making a generation, to go live or to compare.
    Build,
}

/// A step of a generation's checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which generation.
    pub generation: u64,
    /// Whether it must be the live one, or must not.
    pub live: bool,
    /// Where the checkpoint must stand.
    pub after: u64,
    /// Where it moves.
    pub until: u64,
    /// Organisations that are left out from within this step on.
    pub omissions: Vec<Omission>,
}

/// Why rows were not written; nothing was then.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The checkpoint is elsewhere, or the generation is gone: somebody else was here.
    #[error("another projector was here")]
    Overtaken,
    /// The rows do not fit those that are there.
    #[error("the rows of `{table}` do not fit those that are there: {reason}")]
    Misfit {
        /// Which table.
        table: &'static str,
        /// What the database says.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The first row in which two generations differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which table.
    pub table: &'static str,
    /// Names and values of the columns that identify the row.
    pub key: Vec<(&'static str, String)>,
    /// The row in the live tables, if it is there: names and values of the columns that differ.
    pub live: Option<Vec<(&'static str, String)>>,
    /// The row as the log makes it, if it makes it.
    pub rebuilt: Option<Vec<(&'static str, String)>>,
}

/// What a comparison came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// The two do not stand at the same position.
    Apart,
    /// Row for row the same, so many rows.
    Same {
        /// How many rows were compared.
        rows: u64,
    },
    /// Not the same.
    Different(Box<Difference>),
}

/// The part of a store that keeps tables beside the log.
#[async_trait]
pub trait ProjectionStore: Send + Sync + std::fmt::Debug {
    /// Which tables, columns and rules this program keeps there: a generation of another format is
    /// not touched.
    fn format(&self) -> String;

    /// What is known of the projections; nothing but the head where there never were any.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn control(&self) -> Result<Control, StoreError>;

    /// Whether somebody, in whatever process, does this now.
    ///
    /// # Errors
    /// When that cannot be found out.
    async fn is_taken(&self, duty: Duty) -> Result<bool, StoreError>;

    /// Takes a duty, unless somebody else has it. It is given back when the writer is dropped or its
    /// process dies.
    ///
    /// # Errors
    /// When the store may not be written, or fails.
    async fn take(&self, duty: Duty) -> Result<Option<Box<dyn ProjectionWriter>>, StoreError>;
}

/// Writes tables, for whoever has the duty.
#[async_trait]
pub trait ProjectionWriter: Send + std::fmt::Debug {
    /// How many rows make a transaction large enough while there are more to come: the more, the cheaper is each
    /// of them, and the longer do others wait where they have to.
    fn rows_at_once(&self) -> usize;

    /// Makes the tables of a new generation, without rows and indexes.
    ///
    /// # Errors
    /// When the store fails.
    async fn create(&mut self) -> Result<Generation, StoreError>;

    /// Drops a generation that is not live.
    ///
    /// # Errors
    /// When the store fails.
    async fn drop_generation(&mut self, generation: u64) -> Result<(), StoreError>;

    /// Adds rows to a generation without indexes, and leaves its checkpoint where it is. Not in one
    /// transaction: what a death leaves is good for nothing.
    ///
    /// # Errors
    /// When the store fails.
    async fn load(&mut self, generation: u64, rows: Vec<TableRows>) -> Result<(), ApplyError>;

    /// Ends the loading: builds the indexes and sets the checkpoint.
    ///
    /// # Errors
    /// When rows contradict each other, or the store fails.
    async fn finish(&mut self, step: Step) -> Result<(), ApplyError>;

    /// Writes rows and moves the checkpoint, in one transaction.
    ///
    /// # Errors
    /// See [`ApplyError`]; nothing was written then.
    async fn apply(&mut self, step: Step, rows: Vec<TableRows>) -> Result<(), ApplyError>;

    /// Points the public views to a generation, in one transaction; false when it is behind the live
    /// one, and nothing was done. The one that was live stays until it is dropped.
    ///
    /// # Errors
    /// When the store fails.
    async fn publish(&mut self, generation: u64) -> Result<bool, StoreError>;

    /// Records where the projector stopped, or that it goes on.
    ///
    /// # Errors
    /// When the store fails.
    async fn record(&mut self, failure: Option<RecordedFailure>) -> Result<(), StoreError>;

    /// Compares a generation with the live one, both as they are at one instant.
    ///
    /// # Errors
    /// When the store fails.
    async fn compare(&mut self, generation: u64) -> Result<Comparison, StoreError>;
}
