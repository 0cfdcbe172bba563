//! The SQL interface on real databases: its shape, its answers, and its documentation.
//!
//! A binary of its own, since it shares the random histories of the rules' property tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
#[allow(dead_code, reason = "shared with the contract tests, which use more of it")]
#[path = "../store_contract/postgres/cluster.rs"]
mod cluster;
mod database;
mod document;
#[allow(dead_code, reason = "shared with the rules' tests, which use more of it")]
#[path = "../../aggregates/tests/properties/oracle/mod.rs"]
mod oracle;
mod plans;
mod shape;
#[allow(dead_code, reason = "shared with the rules' tests, which use more of it")]
#[path = "../../aggregates/tests/properties/world/mod.rs"]
mod world;
