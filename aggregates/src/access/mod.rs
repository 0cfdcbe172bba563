//! Access: who may do what, where, and why.
//!
//! [`evaluate`] is the one answer to every question. [`holdings`] is the same rule for all
//! permissions at once, which grant-what-you-hold compares; a property test keeps the two equal.

mod coverage;
mod evaluate;
mod explain;
mod ground;
mod holdings;
pub mod index;
mod separation;

pub use coverage::{Place, covers, in_use};
pub use evaluate::{Decision, Denial, DenialKind, Ownership, Question, Request, evaluate, evaluate_question};
pub(crate) use evaluate::{check_active, in_force, suits};
pub use explain::{Cause, Explanation, Fact, explain};
pub use holdings::{Holdings, Reading, holdings, holds_somewhere, turning_points};
pub use separation::{conflicts, could_conflict, could_join};
