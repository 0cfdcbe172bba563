//! Export packs: events of a log with all that it takes to verify them elsewhere, offline.
//!
//! A pack is a directory, or the same as a compressed tar archive. `entries.jsonl` has the events, one
//! line each; `manifest.json` says which they are; the rest proves that they are the log's.

mod archive;
mod manifest;
mod read;
mod write;

pub use archive::{compress, unpack};
pub use manifest::Manifest;
pub use read::verify;
pub use write::{Wanted, write};

/// Why a pack was not written.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// A file cannot be written.
    #[error("`{path}`: {source}")]
    File {
        /// Which one.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The log is not whole: it is to be verified, not exported.
    #[error("the log of organisation `{organisation}` is not whole: run `chancery audit verify`")]
    Damaged {
        /// Whose log.
        organisation: String,
    },
}
