//! Files that are not stores, or not any more.

use std::path::Path;

use chancery::store::sqlite::{Access, OpenOptions, SqliteStore};
use chancery::store::{Store as _, StoreError};
use rusqlite::Connection;

use super::super::hashes::OLD_EVENTS;
use super::super::{assert_gapless, next};
use super::FilePlace;

/// Opens the file in these ways; each must fail for this reason, and change nothing.
fn assert_foreign(place: &FilePlace, accesses: &[Access], wanted: &str) {
    let bytes = std::fs::read(place.path()).ok();
    let files: Vec<String> = place.files().into_iter().filter(|name| !is_companion(name)).collect();
    for access in accesses {
        match SqliteStore::open_with(place.path(), &OpenOptions::new(*access)) {
            Err(error @ StoreError::Foreign { .. }) => {
                let message = error.to_string();
                assert!(message.contains(wanted), "{access:?}: {message}");
                assert!(message.contains("store 100%25?#&.db"), "{message}");
            }
            other => panic!("{access:?}: {other:?}"),
        }
        assert!(std::fs::read(place.path()).ok() == bytes, "{access:?} changed the file");
        // A connection for reading cannot remove the (empty) companions that SQLite made for it.
        let left: Vec<String> = place.files().into_iter().filter(|name| !is_companion(name)).collect();
        assert_eq!(left, files, "{access:?}");
    }
}

fn is_companion(name: &str) -> bool {
    name.ends_with("-wal") || name.ends_with("-shm")
}

const EVERY: [Access; 3] = [Access::Read, Access::Write, Access::Create];
const EXISTING: [Access; 2] = [Access::Read, Access::Write];

fn cut(path: &Path, length: u64) {
    std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}

#[test]
fn a_missing_file_is_not_made_unless_asked_for() {
    let place = FilePlace::new();
    assert_foreign(&place, &EXISTING, "there is no such file");
    let nowhere = place.directory().join("missing").join("store.db");
    let error = SqliteStore::open_or_create(nowhere).unwrap_err().to_string();
    assert!(error.contains("its directory does not exist"), "{error}");
}

#[test]
fn a_directory_is_not_a_store() {
    let place = FilePlace::new();
    std::fs::create_dir(place.path()).unwrap();
    assert_foreign(&place, &EVERY, "it is a directory");
}

#[test]
fn an_empty_file_becomes_a_store_only_when_asked_for() {
    let place = FilePlace::new();
    std::fs::write(place.path(), "").unwrap();
    assert_foreign(&place, &EXISTING, "it is empty");
    drop(place.store());
    SqliteStore::open(place.path()).unwrap();
}

#[test]
fn a_text_file_is_not_a_store() {
    for text in ["hello", &"hello, world\n".repeat(1000)] {
        let place = FilePlace::new();
        std::fs::write(place.path(), text).unwrap();
        assert_foreign(&place, &EVERY, "it is not a SQLite database");
    }
}

#[test]
fn another_applications_database_is_left_alone() {
    for mode in ["DELETE", "WAL"] {
        let place = FilePlace::new();
        let stranger = Connection::open(place.path()).unwrap();
        stranger.pragma_update(None, "journal_mode", mode).unwrap();
        stranger.execute_batch("CREATE TABLE events (payload); INSERT INTO events VALUES (1)").unwrap();
        stranger.close().unwrap();
        assert_foreign(&place, &EVERY, "it is a SQLite database of another application");
        assert_eq!(place.files().len(), 1, "companions were left beside a stranger's file");
    }
}

#[tokio::test]
async fn the_hashes_of_an_older_store_are_filled_in_when_it_is_opened_for_writing() {
    let place = FilePlace::new();
    let old = Connection::open(place.path()).unwrap();
    for migration in [
        include_str!("../../../migrations/sqlite/0001_events.sql"),
        include_str!("../../../migrations/sqlite/0002_projector.sql"),
        include_str!("../../../migrations/sqlite/0003_snapshots.sql"),
    ] {
        old.execute_batch(migration).unwrap();
    }
    let numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000) ";
    old.execute_batch(&[numbers, OLD_EVENTS].concat()).unwrap();
    old.execute_batch(
        "INSERT INTO organisations VALUES ('acme', 5000, 5000);
         PRAGMA application_id = 1130914681; PRAGMA user_version = 3; PRAGMA journal_mode = WAL;",
    )
    .unwrap();
    old.close().unwrap();
    let reader = SqliteStore::open_read_only(place.path()).unwrap();
    assert_eq!(super::count(&reader), 5000);
    drop(reader);
    let store = SqliteStore::open(place.path()).unwrap();
    store.append(next("acme", 5000)).await.unwrap();
    assert_gapless(&store, "acme", 5001).await;
    store.close().await;
    let stranger = Connection::open(place.path()).unwrap();
    let changed = stranger.execute("UPDATE events SET hashes = x'00' WHERE position = 1", []);
    assert!(changed.unwrap_err().to_string().contains("events are never changed"));
    let unhashed = stranger.execute_batch(&OLD_EVENTS.replace("numbers", "(SELECT 5002 AS n)"));
    assert!(unhashed.unwrap_err().to_string().contains("the hashes of the event are missing"));
}

#[tokio::test]
async fn a_store_of_a_newer_program_is_left_alone() {
    let place = FilePlace::filled(3).await;
    let newer = Connection::open(place.path()).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    newer.close().unwrap();
    assert_foreign(&place, &EVERY, "its schema has version 99, this program knows versions 1 to 8");
}

#[tokio::test]
async fn a_file_cut_short_is_told_and_left_alone() {
    let place = FilePlace::filled(500).await;
    let length = std::fs::metadata(place.path()).unwrap().len();
    for length in [length - 1, length / 2, 4096] {
        cut(&place.path(), length);
        assert_foreign(&place, &EVERY, "it is damaged or cut short");
    }
    for length in [1000, 100, 50] {
        cut(&place.path(), length);
        assert_foreign(&place, &EVERY, "is not a usable Chancery store");
    }
    cut(&place.path(), 0);
    assert_foreign(&place, &EXISTING, "it is empty");
}

#[tokio::test]
async fn an_emptied_file_with_a_log_beside_it_keeps_its_log() {
    let place = FilePlace::new();
    let store = place.store();
    store.append(next("acme", 0)).await.unwrap();
    let copy = FilePlace::new();
    let log = |place: &FilePlace| place.directory().join("store 100%25?#&.db-wal");
    std::fs::write(copy.path(), "").unwrap();
    std::fs::copy(log(&place), log(&copy)).unwrap();
    let before = std::fs::read(log(&copy)).unwrap();
    assert_foreign(&copy, &EVERY, "it was cut short");
    assert!(std::fs::read(log(&copy)).unwrap() == before);
    store.close().await;
}

#[tokio::test]
async fn a_crashed_processs_log_is_taken_over() {
    let place = FilePlace::new();
    let store = place.store();
    for head in 0..10 {
        store.append(next("acme", head)).await.unwrap();
    }
    // What kill -9 leaves: the file and its log, and nobody to close them.
    let crashed = FilePlace::new();
    for name in place.files().iter().filter(|name| !name.ends_with("-shm")) {
        std::fs::copy(place.directory().join(name), crashed.directory().join(name)).unwrap();
    }
    let reader = SqliteStore::open_read_only(crashed.path()).unwrap();
    assert_gapless(&reader, "acme", 10).await;
    let writer = SqliteStore::open(crashed.path()).unwrap();
    writer.append(next("acme", 10)).await.unwrap();
    assert_gapless(&reader, "acme", 11).await;
}

#[tokio::test]
async fn a_link_to_a_store_is_that_store() {
    let (place, link) = (FilePlace::new(), FilePlace::new());
    let store = place.store();
    std::os::unix::fs::symlink(place.path(), link.path()).unwrap();
    store.append(next("acme", 0)).await.unwrap();
    let linked = SqliteStore::open(link.path()).unwrap();
    linked.append(next("acme", 1)).await.unwrap();
    assert_gapless(&store, "acme", 2).await;
    assert_eq!(link.files().len(), 1);
}
