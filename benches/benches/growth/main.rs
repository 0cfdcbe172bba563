//! How checks, questions about the past, and the start grow with the data: each at 1, 10, 100 and 1,000 times of
//! it, as tables and as the plots in `docs/growth.svg`.
//!
//! ```console
//! $ cargo bench -p chancery-benches --bench growth            # all of it, and the plots
//! $ cargo bench -p chancery-benches --bench growth -- past    # or `checks`, or `start`: tables alone
//! ```
//!
//! `CHANCERY_BENCH_EVENTS` sets the events of the longest log (1,000,000), `CHANCERY_BENCH_ORGANISATIONS` how many
//! organisations there are at most (1,000), `CHANCERY_BENCH_EACH` the events of each where a store starts (10,000).

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark has nobody to report to"
)]
#![allow(unreachable_pub, reason = "modules of one program")]

mod checks;
#[path = "../log/mod.rs"]
mod log;
mod past;
mod start;

use chancery_benches::plot::{Panel, page};

/// Of the largest, so much.
const SCALES: [u64; 4] = [1_000, 100, 10, 1];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let given: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match given.as_slice() {
        ["checks"] => drop(checks::measure()),
        ["past"] => drop(past::measure()),
        ["start"] => drop(start::measure()),
        ["started", store] => start::started(store),
        _ => {
            let panels: Vec<Panel> =
                [checks::measure(), past::measure(), start::measure()].into_iter().flatten().collect();
            let place = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/growth.svg");
            std::fs::write(place, page(&panels)).unwrap();
            println!("\nplots are in docs/growth.svg");
        }
    }
}

/// A number from the environment.
fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap())
}

/// The value below which so many percent are.
fn percentile(figures: &[f64], percent: usize) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}
