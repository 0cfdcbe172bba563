//! The rules of Chancery.
//!
//! Everything here is a pure function of its arguments: no I/O, no clock, no randomness. Time,
//! identifiers and facts about other aggregates come in from outside.
//!
//! - [`vocabulary`] and [`event`]: the words and the wire contracts.
//! - [`profile`]: the rules of a product as data.
//! - [`state`]: the fold of an organisation's events.
//! - [`key`]: what is kept of the keys with which programs act as a member.
//! - [`access`]: `evaluate`, the one answer to who may do what, and why.
//! - [`authority`]: what every command has to pass.
//! - [`organisation`], [`role`], [`member`], [`scope`], [`review`]: the aggregates, with their commands' rules.

pub mod access;
pub mod authority;
pub mod command;
pub mod event;
pub mod founding;
pub mod key;
pub mod member;
pub mod organisation;
pub mod profile;
pub mod refusal;
pub mod refused;
pub mod review;
pub mod role;
pub mod scope;
pub mod state;
pub mod vocabulary;

pub use authority::Facts;
pub use command::Command;
pub use event::{Event, Stamp};
pub use refusal::Refusal;
pub use state::AccessState;
