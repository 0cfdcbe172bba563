//! Several processes: what one writes, the others see.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail as tests do, but clippy exempts only the tests themselves"
)]

mod command_line;
mod engines;
mod listening;
mod watched;
