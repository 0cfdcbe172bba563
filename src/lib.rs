//! Chancery: an event-sourced RBAC engine with an audit log that can be trusted.
//!
//! [`engine::Engine`] is the only way to write: it takes commands, decides them on the
//! organisation's access state, and appends the events to a [`store`]. Reading is the fold of the
//! same events, at the head or at any past instant. [`embed`] answers checks in process.

pub mod api;
pub mod audit;
pub mod cli;
pub mod client;
pub mod config;
mod console;
pub mod copy;
pub mod embed;
pub mod engine;
pub mod gdpr;
mod history;
pub mod import;
pub mod interop;
pub mod keys;
pub mod log;
mod naming;
mod printed;
pub mod projector;
pub mod reports;
pub mod review;
pub mod sheet;
pub mod store;
pub mod traces;
pub mod vault;
mod views;

pub use chancery_aggregates as aggregates;
pub use chancery_projections as projections;
