//! Benchmarks of Chancery. `cargo bench -p chancery-benches`; results are in `docs/performance.md`.
//!
//! What checks are measured with is here: the shapes of organisations and questions, the barest index that
//! anybody would write for each shape, and (feature `peers`) other systems on the same questions.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark has nobody to report to")]

/// The allocator of the `chancery` program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod measure;
#[cfg(feature = "peers")]
pub mod peers;
pub mod plot;
pub mod shape;
pub mod yardstick;
