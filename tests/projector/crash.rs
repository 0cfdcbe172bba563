//! `kill -9`, again and again, at any moment of filling and of following.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chancery::engine::Engine;
use chancery::store::Access;

use super::place::{Place, add_member, toggle_role, until};
use super::{assert_same, catch_up, verify};

const ORGANISATIONS: u64 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_projector_killed_at_any_moment_on_sqlite_leaves_each_event_with_one_effect() {
    survives(&Place::sqlite(), 24).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_projector_killed_at_any_moment_on_postgres_leaves_each_event_with_one_effect() {
    survives(&Place::postgres(), 10).await;
}

async fn survives(place: &Place, kills: u64) {
    for number in 0..ORGANISATIONS {
        place.found(&format!("tenant-{number}")).await;
    }
    let ended = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn(write_without_end(Engine::new(place.open(Access::Write)), ended.clone()));
    let mut moved = 0;
    let mut before = 0;
    for kill in 0..kills {
        let mut running = place.start(&["projections", "run"]);
        // Every third may die before it has opened the store, the others while they write.
        if kill % 3 != 0 {
            until(async || (checkpoint(place).await > before).then_some(())).await;
        }
        tokio::time::sleep(Duration::from_millis(kill * 67 % 400)).await;
        running.0.kill().unwrap();
        running.0.wait().unwrap();
        let after = checkpoint(place).await;
        assert!(after >= before, "the checkpoint went back from {before} to {after}");
        moved += u64::from(after > before);
        before = after;
        if kill % 8 == 7 {
            assert_same(verify(place).await);
        }
    }
    ended.store(true, Ordering::Release);
    writing.await.unwrap();
    assert!(moved > kills / 2, "only {moved} of {kills} had projected anything when they died");
    catch_up(place).await;
    assert_same(verify(place).await);
    let events = place.count("SELECT count(*) FROM events");
    assert_eq!(place.count("SELECT count(*) FROM audit_log"), events);
}

/// How far the tables are; 0 while there are none.
async fn checkpoint(place: &Place) -> u64 {
    let store = place.open(Access::Read);
    let control = store.projections().unwrap().control().await.unwrap();
    store.close().await;
    control.live().map_or(0, |live| live.checkpoint)
}

async fn write_without_end(engine: Engine, ended: Arc<AtomicBool>) {
    let mut number = 0;
    while !ended.load(Ordering::Acquire) {
        let organisation = format!("tenant-{}", number % ORGANISATIONS);
        add_member(&engine, &organisation, number).await;
        toggle_role(&engine, &organisation, number, false).await;
        toggle_role(&engine, &organisation, number, true).await;
        number += 1;
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    engine.close().await;
}
