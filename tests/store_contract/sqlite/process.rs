//! Several processes on one file.

use std::path::Path;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use chancery::store::sqlite::{Access, OpenOptions, SqliteStore};
use chancery::store::{Store as _, StoreError};
use rusqlite::Connection;

use super::super::{append_next, assert_gapless, next};
use super::{FilePlace, child, count};

const EACH: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_make_one_file_together_append_without_a_gap() {
    for _ in 0..3 {
        let place = FilePlace::new();
        let children: Vec<_> = (0..3).map(|_| child::command(&[], "append", &place.path()).spawn().unwrap()).collect();
        for running in children {
            child::succeed(&running.wait_with_output().unwrap());
        }
        let store = place.store();
        assert_gapless(&store, "acme", 3 * EACH).await;
        assert_eq!(count(&store) as u64, 3 * EACH);
    }
}

/// The child's part: no synchronisation but the store's own.
pub(super) async fn append(file: &Path) {
    let store = SqliteStore::open_or_create(file).unwrap();
    for _ in 0..EACH {
        append_next(&store, "acme").await;
    }
    store.close().await;
}

#[test]
fn threads_that_make_one_file_together_all_succeed() {
    for _ in 0..20 {
        let place = FilePlace::new();
        let barrier = Arc::new(Barrier::new(4));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (path, barrier) = (place.path(), Arc::clone(&barrier));
                std::thread::spawn(move || {
                    barrier.wait();
                    SqliteStore::open_or_create(path).unwrap()
                })
            })
            .collect();
        for thread in threads {
            assert_eq!(count(&thread.join().unwrap()), 0);
        }
    }
}

#[tokio::test]
async fn a_lock_held_too_long_is_told_as_busy_and_passes() {
    let place = FilePlace::filled(1).await;
    let options = OpenOptions { busy_timeout: Duration::from_millis(50), ..OpenOptions::new(Access::Write) };
    let store = SqliteStore::open_with(place.path(), &options).unwrap();
    let stranger = Connection::open(place.path()).unwrap();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();

    let start = Instant::now();
    let outcome = store.append(next("acme", 1)).await;
    assert!(matches!(outcome, Err(StoreError::Busy { .. })), "{outcome:?}");
    assert!(start.elapsed() < Duration::from_secs(3));
    assert_gapless(&store, "acme", 1).await;

    stranger.execute_batch("ROLLBACK").unwrap();
    store.append(next("acme", 1)).await.unwrap();
    assert_gapless(&store, "acme", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_read_sees_one_state_and_does_not_hold_writers_up() {
    let place = FilePlace::filled(10).await;
    let store = Arc::new(place.store());
    let writer = Arc::clone(&store);
    let runtime = tokio::runtime::Handle::current();
    let seen = tokio::task::spawn_blocking(move || {
        let mut seen = 0;
        let range = super::super::all("acme");
        store
            .scan_blocking(&range, &mut |_| {
                runtime.block_on(append_next(&*writer, "acme"));
                seen += 1;
                chancery::store::Visit::Continue(())
            })
            .unwrap();
        (seen, store)
    });
    let (seen, store) = seen.await.unwrap();
    assert_eq!(seen, 10);
    assert_gapless(&*store, "acme", 20).await;
}

#[tokio::test]
async fn closing_leaves_one_file_only() {
    let place = FilePlace::filled(100).await;
    assert_eq!(place.files().len(), 1, "{:?}", place.files());
}
