//! Rebuilding while others read and write; and stores from before there were projections.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chancery::engine::Engine;
use chancery::projector::{self, Activity, FollowOptions, LeaveOut};
use chancery::store::Access;
use chancery::store::projection::Duty;

use super::place::{Place, add_member};
use super::{assert_same, catch_up, on_both, silent, verify};

on_both! {
    the_old_tables_serve_while_new_ones_are_made_and_writers_write
    what_a_rebuild_that_died_has_left_is_dropped_by_the_next
}

async fn the_old_tables_serve_while_new_ones_are_made_and_writers_write(place: &Place) {
    place.found("acme").await;
    catch_up(place).await;
    place.execute("CREATE VIEW own_members AS SELECT member FROM current_members");
    let store = place.open(Access::Write);
    let options = FollowOptions::default();
    let (wake, followed) = (options.wake.clone(), store.clone());
    let following = tokio::spawn(async move { projector::follow(&followed, &options, &silent()).await });
    let ended = Arc::new(AtomicBool::new(false));
    let (writer, stop) = (Engine::new(store.clone()), ended.clone());
    let writing = tokio::spawn(async move {
        let mut number = 0;
        while !stop.load(Ordering::Acquire) {
            add_member(&writer, "acme", number).await;
            number += 1;
        }
        number
    });
    let mut least = 1;
    for _ in 0..3 {
        let rebuilding = store.clone();
        let rebuilding = tokio::spawn(async move {
            projector::rebuild(&rebuilding, LeaveOut::default(), &silent(), || false).await.unwrap()
        });
        while !rebuilding.is_finished() {
            let seen = place.count("SELECT count(*) FROM own_members");
            assert!(seen >= least, "readers went back from {least} members to {seen}");
            least = seen;
        }
        rebuilding.await.unwrap();
    }
    ended.store(true, Ordering::Release);
    let written = writing.await.unwrap();
    wake.stop();
    following.await.unwrap().unwrap();
    catch_up(place).await;
    assert_eq!(place.count("SELECT count(*) FROM own_members"), written as i64 + 1);
    assert_same(verify(place).await);
}

async fn what_a_rebuild_that_died_has_left_is_dropped_by_the_next(place: &Place) {
    place.found("acme").await;
    catch_up(place).await;
    let store = place.open(Access::Write);
    let projections = store.projections().unwrap();
    let mut died = projections.take(Duty::Build).await.unwrap().unwrap();
    let left = died.create().await.unwrap();
    assert!(projector::rebuild(&store, LeaveOut::default(), &silent(), || false).await.is_err());
    drop(died);
    super::place::until(async || projector::rebuild(&store, LeaveOut::default(), &silent(), || false).await.ok()).await;
    let control = projections.control().await.unwrap();
    assert_eq!(control.generations.len(), 1);
    assert!(control.live().unwrap().number > left.number);
}

/// Stops before anything is published.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_is_stopped_leaves_nothing() {
    let place = Place::sqlite();
    place.found("acme").await;
    catch_up(&place).await;
    let store = place.open(Access::Write);
    let stopped = projector::rebuild(&store, LeaveOut::default(), &silent(), || true).await;
    assert!(matches!(stopped, Err(projector::ProjectorError::Stopped)), "{stopped:?}");
    assert_eq!(place.count("SELECT count(*) FROM projection_generations"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_from_before_projections_is_read_as_it_is_and_brought_up_to_date_by_a_writer() {
    let place = Place::sqlite();
    let directory = match &place {
        Place::Sqlite(directory) => directory.path().join("log.db"),
        Place::Postgres(_) => unreachable!(),
    };
    let old = rusqlite::Connection::open(&directory).unwrap();
    old.execute_batch(include_str!("../../migrations/sqlite/0001_events.sql")).unwrap();
    old.execute_batch("PRAGMA application_id = 1130914681; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;")
        .unwrap();
    drop(old);
    let reader = place.open(Access::Read);
    assert_eq!(projector::status(&reader).await.unwrap().activity, Activity::Absent);
    assert!(reader.heads().await.unwrap().is_empty());
    place.found("acme").await;
    catch_up(&place).await;
    assert_same(verify(&place).await);
}
