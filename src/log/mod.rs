//! The log of an organisation as a Merkle tree, so that others can verify it.
//!
//! Every event is a leaf: the bytes of its [line](mod@line) in an export. Hashes are those of RFC 6962,
//! section 2.1; they are written in the transaction of the event. A [checkpoint] is a signed
//! statement of how many events there are and what their root is; whoever keeps one can tell later
//! whether the log is still the same. Formats are those of other transparency logs (C2SP `signed-note`,
//! `tlog-checkpoint`, `tlog-proof`), so other people's tools read them.

pub mod checkpoint;
pub mod examine;
pub mod key;
pub mod line;
pub mod note;
pub mod pack;
pub mod proof;
pub mod prove;
pub mod sign;
pub(crate) mod tile;
pub mod tree;
pub mod verify;

pub use checkpoint::Checkpoint;
pub use note::{Signer, Verifier};
pub use proof::{Hashes, Node, Proof};
pub use prove::{ProveError, Prover};
pub use tree::{Frontier, Hash};
