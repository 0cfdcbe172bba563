//! Commands per second on the store in memory: what deciding costs, without a disk.
//!
//!     cargo bench -p chancery-benches --bench decide [-- SECONDS]

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark has nobody to report errors to")]

#[path = "support/workload.rs"]
mod workload;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chancery::engine::Engine;
use chancery::store::memory::MemoryStore;
use chancery_benches::measure::{Clock, Processor};

use self::workload::{Client, found};

fn main() {
    let seconds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(3);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = Engine::new(Arc::new(MemoryStore::new()));
        found(&engine, 0).await;
        let mut client = Client::new(&engine, 0);
        let (start, clock) = (Instant::now(), Clock::start(Processor::default()));
        let mut done = 0_u64;
        while start.elapsed() < Duration::from_secs(seconds) {
            client.command().await;
            done += 1;
        }
        println!("{done} commands on one core, {}", clock.told(done));
    });
}
