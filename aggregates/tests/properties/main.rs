//! Properties of the rules, on random histories of every built-in profile: `world` makes the
//! histories, `oracle` is a second, naive reading of the design that shares no code with the crate.
//!
//! `CHANCERY_PROPTEST_CASES=200 cargo test -p chancery-aggregates --test properties` looks harder.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod attacks;
mod escalation;
mod index;
mod invariants;
mod oracle;
mod outcomes;
mod regressions;
mod replay;
mod separation;
mod world;

/// A number of cases that keeps the whole suite under a minute, unless more are asked for.
fn cases(usual: u32) -> proptest::test_runner::Config {
    let wanted = std::env::var("CHANCERY_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    proptest::test_runner::Config {
        cases: wanted.unwrap_or(usual),
        failure_persistence: None,
        max_shrink_iters: 4000,
        ..proptest::test_runner::Config::default()
    }
}

/// One test for each profile.
macro_rules! on_every_profile {
    ($law:path, $cases:expr, $length:expr) => {
        proptest::proptest! {
            #![proptest_config(crate::cases($cases))]

            #[test]
            fn propops(script in crate::world::scripts($length)) {
                $law("propops", &script);
            }

            #[test]
            fn proplink(script in crate::world::scripts($length)) {
                $law("proplink", &script);
            }

            #[test]
            fn workspace(script in crate::world::scripts($length)) {
                $law("workspace", &script);
            }

            #[test]
            fn buildings(script in crate::world::scripts($length)) {
                $law("buildings", &script);
            }
        }
    };
}

pub(crate) use on_every_profile;
