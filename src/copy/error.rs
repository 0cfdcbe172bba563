//! Why a copy was not made, or not finished.

use crate::store::StoreError;

/// Why a copy was not made, or not finished. What was copied before stays.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The source does not have it.
    #[error("the source has no organisation `{organisation}`")]
    Unknown {
        /// The one that was asked for.
        organisation: String,
    },
    /// The target has something else under the same name.
    #[error("organisation `{organisation}` differs between source and target, first at position {position}")]
    Differs {
        /// Whose log.
        organisation: String,
        /// The first position with another event.
        position: u64,
    },
    /// What was copied with its global positions is not what is there.
    #[error("source and target differ, first at global position {position}")]
    DiffersGlobally {
        /// The first global position with another event.
        position: u64,
    },
    /// The events of the source are not those that its checkpoint was made of.
    #[error("organisation `{organisation}` is not what its checkpoint at #{size} says: run `chancery audit verify`")]
    NotAsSigned {
        /// Whose log.
        organisation: String,
        /// Events in the checkpoint.
        size: u64,
    },
    /// The target went on by itself.
    #[error("organisation `{organisation}` has {there} events in the target and only {here} in the source")]
    Ahead {
        /// Whose log.
        organisation: String,
        /// Events in the target.
        there: u64,
        /// Events in the source.
        here: u64,
    },
    /// Somebody else wrote to the target meanwhile.
    #[error(
        "somebody else writes to organisation `{organisation}` in the target: it is at position {head}, not at {expected}"
    )]
    Contended {
        /// Whose log.
        organisation: String,
        /// Where the copy was.
        expected: u64,
        /// Where the target is.
        head: u64,
    },
    /// Somebody else wrote to the target, whose global positions were to be the source's.
    #[error("somebody else writes to the target: its last event has global position {head}, not {expected}")]
    Moved {
        /// Where the copy was.
        expected: u64,
        /// Where the target is.
        head: u64,
    },
    /// The source failed.
    #[error("reading the source: {0}")]
    Source(#[source] StoreError),
    /// The target failed.
    #[error("writing the target: {0}")]
    Target(#[source] StoreError),
}

pub(super) fn from_source(error: StoreError) -> CopyError {
    CopyError::Source(error)
}

pub(super) fn from_target(error: StoreError) -> CopyError {
    match error {
        StoreError::Conflict { organisation, expected, head } => CopyError::Contended { organisation, expected, head },
        StoreError::Moved { expected, head } => CopyError::Moved { expected, head },
        other => CopyError::Target(other),
    }
}
