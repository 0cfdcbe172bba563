//! Properties of the SQL tables' rows, on random histories of every built-in profile. The histories
//! are those of the rules' own property tests.
//!
//! `CHANCERY_PROPTEST_CASES=100 cargo test -p chancery-projections --test tables` looks harder.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod intervals;
#[allow(dead_code, reason = "shared with the rules' tests, which use more of it")]
#[path = "../../../aggregates/tests/properties/oracle/mod.rs"]
mod oracle;
#[allow(dead_code, reason = "shared with the rules' tests, which use more of it")]
#[path = "../../../aggregates/tests/properties/world/mod.rs"]
mod world;

fn cases(usual: u32) -> proptest::test_runner::Config {
    let wanted = std::env::var("CHANCERY_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    proptest::test_runner::Config {
        cases: wanted.unwrap_or(usual),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..proptest::test_runner::Config::default()
    }
}
