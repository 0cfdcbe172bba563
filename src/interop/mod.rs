//! For services written with `cqrs-es`, and `postgres-es`: our aggregates as theirs.
//!
//! [`Organisation`], [`Role`], [`Member`] and [`Scope`] are `cqrs-es` aggregates, and the rows of a
//! store are what `postgres-es` keeps of an event, and more. So a service that is written with these
//! crates can
//!
//! - **load** an aggregate, or list its events: a [`LogRepository`] is a `PersistedEventRepository`
//!   over any [`Store`](crate::store::Store), which `PersistedEventStore` and `QueryReplay` take;
//! - **follow** what happens: a [`Follower`] hands the events to the service's own `Query`
//!   implementations, in order, from a position that the service keeps;
//! - do without a store of ours and read the tables by itself, on PostgreSQL: `PostgresEventRepository`
//!   with the names in [`PostgresTables`]. With the cargo feature `interop-postgres-es`,
//!   `interop::postgres::repository` makes one.
//!
//! ```
//! # async fn example(store: std::sync::Arc<dyn chancery::store::Store>) -> Result<(), Box<dyn std::error::Error>> {
//! use chancery::interop::{LogRepository, Role, aggregate_id};
//! use cqrs_es::persist::PersistedEventStore;
//! use cqrs_es::{AggregateContext as _, EventStore as _};
//!
//! let roles = PersistedEventStore::<_, Role>::new_event_store(LogRepository::new(store));
//! let mut auditor = roles.load_aggregate(&aggregate_id("acme", "auditor")).await?;
//! println!("{:?}", auditor.aggregate());
//! # Ok(())
//! # }
//! ```
//!
//! All of it only reads. Commands go through [`Engine`](crate::engine::Engine), which knows what a
//! decision depends on besides one aggregate; `persist` refuses, and the tables refuse INSERTs that
//! lack our columns.
//!
//! What to know of the crates, in version 0.5: `PersistedEventStore::new_event_store` is the one to
//! use, because the snapshot and aggregate stores apply events twice; `PostgresEventRepository`'s
//! streams end without a word when the connection is lost, those of a [`LogRepository`] end with the
//! error.

mod follower;
#[cfg(feature = "interop-postgres-es")]
pub mod postgres;
mod reading;
mod repository;

pub use chancery_aggregates::member::Member;
pub use chancery_aggregates::organisation::Organisation;
pub use chancery_aggregates::role::Role;
pub use chancery_aggregates::scope::Scope;
pub use follower::{Followed, Follower};
pub use repository::LogRepository;

use chancery_aggregates::event::EventError;

use crate::store::StoreError;

/// Why a service could not read the log, or may not write it.
#[derive(Debug, thiserror::Error)]
pub enum InteropError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event is of a contract that this program does not know. Nothing after it was handed out.
    #[error("event {global_position} of the log cannot be read: {source}")]
    Event {
        /// Which event.
        global_position: u64,
        /// What is wrong with it.
        source: EventError,
    },
    /// Metadata that is not a flat object of strings.
    #[error("metadata of event {global_position} of the log cannot be read: {source}")]
    Metadata {
        /// Which event.
        global_position: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// `persist` was called.
    #[error("the log is written by the engine only")]
    ReadOnly,
}

/// The id under which the whole store, and so `cqrs-es`, knows an aggregate: `{organisation}/{id}`.
/// The organisation's own aggregate has an empty id within it.
#[must_use]
pub fn aggregate_id(organisation: &str, id: &str) -> String {
    format!("{organisation}/{id}")
}

/// The names of our tables on PostgreSQL, for `PostgresEventRepository::with_tables`.
///
/// ```
/// let tables = chancery::interop::PostgresTables::in_schema("chancery");
/// assert_eq!(tables.events, "\"chancery\".events");
/// // PostgresEventRepository::new(pool).with_tables(&tables.events, &tables.snapshots)
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresTables {
    /// The log.
    pub events: String,
    /// There is none. `postgres-es` asks for a name, and an event store never uses it.
    pub snapshots: String,
}

impl PostgresTables {
    /// The tables of the store in a schema: `chancery`, unless its URL names another one.
    #[must_use]
    pub fn in_schema(schema: &str) -> Self {
        let schema = schema.replace('"', "\"\"");
        Self { events: format!("\"{schema}\".events"), snapshots: format!("\"{schema}\".snapshots") }
    }
}
