//! What people read of a Chancery log. Pure functions of events and states: no I/O, no clock.
//!
//! - [`activity`]: one readable sentence per event.
//! - [`access`]: who holds what, where; who can do something.
//! - [`audit`]: one complete entry per event, for auditors.
//! - [`diff`]: what changed between two instants, and which events changed it.
//! - [`findings`]: what a reviewer wants to know, with the evidence.
//! - [`preview`]: what a rehearsed change would do to whom.
//! - [`reports`]: tables for auditors, each a pure function of the log.
//! - [`review`]: what was decided in an access review, and what came of it.
//! - [`tables`]: the rows that services and auditors read by SQL.
//! - [`threads`]: the streams of the log that such an answer depends on.
//! - [`timeline`]: since when one member may do one thing, and until when.
//! - [`turning`]: what comes or runs out by the passing of time.
//! - [`matrix`]: role × permission as text, to be reviewed as a difference.
//! - [`places`] and [`words`]: names, places, dates and lists as people write them.
//!
//! Access is judged by `evaluate` and `holdings` of `chancery-aggregates`, never by a rule of this crate.

pub mod access;
pub mod activity;
pub mod audit;
pub mod diff;
pub mod findings;
pub mod matrix;
pub mod places;
pub mod preview;
pub mod reports;
pub mod review;
#[cfg(test)]
mod sample;
pub mod tables;
pub mod threads;
pub mod timeline;
pub mod turning;
pub mod words;
