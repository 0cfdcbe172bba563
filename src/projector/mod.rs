//! The projector: keeps the tables that services read by SQL in step with the log.
//!
//! It reads the log in the store's order, applies many events in one transaction, and stores in the
//! same transaction how far it is, so each event has its effect once. One projector of a database is
//! at work ([`follow`]); others stand by. An event that cannot be projected stops it, with the
//! event's position on record: no table ever shows a history with a piece missing.
//!
//! [`rebuild`] fills a second generation of the tables while the first goes on serving, and
//! [`verify`] compares the two row for row.

mod batch;
mod build;
mod follow;
mod page;
mod run;
mod states;
mod status;
mod work;

use std::sync::Arc;

pub use build::{rebuild, verify};
pub use follow::{Ended, FollowOptions, Wake, follow};
pub use status::{Activity, Lag, Status, status};

use crate::store::projection::{ApplyError, Failure, ProjectionStore};
use crate::store::{Store, StoreError};

/// Why a projector ended.
#[derive(Debug, thiserror::Error)]
pub enum ProjectorError {
    /// An event cannot be projected. It is on record; nothing from it on was projected.
    #[error(transparent)]
    Poison(Box<Failure>),
    /// The tables were made by a program with other tables.
    #[error("the tables were made by another version of the program")]
    OtherFormat,
    /// Another process makes or compares tables.
    #[error("another process is rebuilding or verifying the tables")]
    AlreadyBuilding,
    /// There is nothing to compare.
    #[error("there are no tables yet")]
    NoTables,
    /// The live tables never stood still long enough.
    #[error("the tables change too fast to be compared: stop the projector, or try again when less is written")]
    TooFast,
    /// The store keeps no tables.
    #[error("this kind of store keeps no tables")]
    Unsupported,
    /// Somebody asked to stop before it was done.
    #[error("stopped before it was done")]
    Stopped,
    /// Somebody else moved the checkpoint. Reading it again is all it takes.
    #[error("another projector was here")]
    Overtaken,
    /// Rows do not fit those that are there.
    #[error("{0}")]
    Misfit(ApplyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ApplyError> for ProjectorError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Overtaken => Self::Overtaken,
            ApplyError::Store(error) => Self::Store(error),
            ApplyError::Misfit { .. } => Self::Misfit(error),
        }
    }
}

/// Organisations that may be left out from their first event on that cannot be projected, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaveOut {
    /// Their ids.
    pub organisations: Vec<String>,
    /// Why, in the operator's words.
    pub reason: String,
}

/// What a long piece of work is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Somebody else projects; this one waits.
    StandingBy,
    /// This one projects.
    Leading,
    /// A generation is being filled with events up to this global position.
    Filling {
        /// The last event, as far as is known.
        until: u64,
    },
    /// Its indexes are being built.
    Indexing,
    /// Two generations are being compared.
    Comparing,
    /// The store failed, and is tried again.
    Retrying {
        /// What it said.
        error: String,
    },
}

/// Is told how work comes along.
pub trait Watch: Send + Sync {
    /// Something else is being done.
    fn stage(&self, stage: Stage);

    /// All up to this global position is written.
    fn at(&self, position: u64);
}

impl Watch for () {
    fn stage(&self, _: Stage) {}

    fn at(&self, _: u64) {}
}

fn projections(store: &Arc<dyn Store>) -> Result<Arc<dyn ProjectionStore>, ProjectorError> {
    store.projections().ok_or(ProjectorError::Unsupported)
}
