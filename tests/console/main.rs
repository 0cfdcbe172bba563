//! The console over real HTTP, as a browser without script sees it.
//!
//! A binary of its own, so that the pages can be worked on without building all other tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod audit;
mod browser;
mod changing;
#[allow(dead_code, reason = "shared with the contract tests, which use more of it")]
#[path = "../store_contract/postgres/cluster.rs"]
mod cluster;
mod members;
mod oidc;
mod reading;
mod reports;
mod reviews;
mod rewind;
mod signing_in;
mod verify;
mod walk;
mod world;
