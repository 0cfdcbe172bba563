//! Benchmarks of Chancery. `cargo bench -p chancery-benches`; results are in `docs/performance.md`.
