//! Four processes with conflicting commands on one server that crashes, and a process that is killed:
//! what was acknowledged is there, every rule holds at every position, and no append gets past the head
//! check to be stopped by an index only.
//!
//! For 20 seconds, or for as many as `CHANCERY_HAMMER_SECONDS` says. How much is done in that time
//! differs from run to run; what is checked afterwards does not depend on it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail as tests do, but clippy exempts only the tests themselves"
)]

mod commands;
mod guard;
mod process;
mod verdict;
mod world;

use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use chancery::engine::Engine;
use chancery::store::Access;
use chancery::store::postgres::{OpenOptions, PostgresStore};

use self::verdict::Diaries;
use crate::store_contract::postgres::cluster::{Cluster, Database};

/// One that all tasks of all processes share, and eight with less of a crowd.
const ORGANISATIONS: [&str; 9] =
    ["shared", "other-1", "other-2", "other-3", "other-4", "other-5", "other-6", "other-7", "other-8"];

fn open(url: &str) -> Engine {
    let store = PostgresStore::open_with(url, &OpenOptions::new(Access::Create)).unwrap();
    Engine::new(Arc::new(guard::Guarded(store)))
}

fn seconds() -> u64 {
    std::env::var("CHANCERY_HAMMER_SECONDS").map_or(20, |text| text.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_with_conflicting_commands_break_no_rule_and_lose_nothing() {
    let cluster = Arc::new(Cluster::start());
    let database = Database::on(&cluster.url("postgres"));
    let engine = open(&database.url());
    for organisation in ORGANISATIONS {
        world::found(&engine, organisation).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let diary = |number: u32| directory.path().join(format!("diary-{number}"));
    let length = Duration::from_secs(seconds());
    let start = std::time::Instant::now();
    let left = || length.saturating_sub(start.elapsed());
    let begin = |number| process::command(&database.url(), number, &diary(number), left()).spawn().unwrap();
    let mut processes: Vec<Child> = (0..4).map(begin).collect();

    for quarter in 1..4 {
        tokio::time::sleep((length * quarter / 4).saturating_sub(start.elapsed())).await;
        if quarter == 2 {
            // Without a goodbye, in the middle of whatever it does.
            let mut killed = processes.remove(0);
            killed.kill().unwrap();
            assert!(!killed.wait().unwrap().success());
            processes.push(begin(4));
        } else {
            let cluster = cluster.clone();
            tokio::task::spawn_blocking(move || cluster.tell("restart")).await.unwrap();
        }
    }
    for running in processes {
        let output = tokio::task::spawn_blocking(|| running.wait_with_output()).await.unwrap().unwrap();
        process::succeed(&output);
    }

    let diaries = Diaries::read((0..5).map(diary));
    let mut verdict = verdict::Verdict::default();
    for organisation in ORGANISATIONS {
        verdict.judge(&engine, organisation, &diaries).await;
    }
    verdict.judge_order(&engine).await;
    verdict.tell(&diaries);
    engine.store().close().await;
}
