//! The integration tests: one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod api;
mod audit;
mod cli;
mod copy;
mod crash;
mod embed;
mod engine;
mod findings;
mod follow;
mod hammer;
mod import;
mod interop;
mod keys;
mod log;
mod matrix;
// The random histories of the rules, and the naive reading of them, serve here as well.
#[allow(dead_code, reason = "made for another suite")]
#[path = "../aggregates/tests/properties/oracle/mod.rs"]
mod oracle;
mod over_http;
mod preview;
mod projector;
mod replay_cli;
mod reports;
mod requirements;
mod reviews;
mod sealing;
mod snapshots;
mod store_contract;
#[allow(dead_code, reason = "made for another suite")]
#[path = "../aggregates/tests/properties/world/mod.rs"]
mod world;
