//! The integration tests: one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod api;
mod cli;
mod copy;
mod crash;
mod engine;
mod follow;
mod hammer;
mod import;
mod keys;
mod matrix;
mod replay_cli;
mod requirements;
mod store_contract;
