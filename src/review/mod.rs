//! Access reviews, as every interface works on them: opened, read, carried out, and handed over as evidence.
//!
//! The rules are those of the [aggregate](chancery_aggregates::review); here is what needs the log: access as it was,
//! who gave it, and what became of it.

mod evidence;
mod file;
mod html;
mod open;
mod read;
mod table;

pub use evidence::Evidence;
pub(crate) use file::attempt;
pub(crate) use html::content as evidence_content;
pub(crate) use open::{About, Chosen, Opening, about};
pub(crate) use read::{given, lines, then};

/// What made somebody act who carries out a review: recorded with every event.
pub(crate) fn causation(review: &str) -> String {
    format!("review/{review}")
}
