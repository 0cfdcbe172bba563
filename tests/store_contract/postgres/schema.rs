//! Whose schema it is: what is opened, made, migrated, or left alone.

use std::sync::{Arc, Barrier};

use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::{Access, Store as _, StoreError};

use super::super::hashes::OLD_EVENTS;
use super::super::{assert_gapless, next};
use super::ServerPlace;
use super::cluster::Database;

const EVERY: [Access; 3] = [Access::Read, Access::Write, Access::Create];
const EXISTING: [Access; 2] = [Access::Read, Access::Write];

fn open(url: &str, access: Access) -> Result<PostgresStore, StoreError> {
    PostgresStore::open_with(url, &OpenOptions::new(access))
}

fn assert_foreign(url: &str, accesses: &[Access], wanted: &str) {
    for access in accesses {
        match open(url, *access) {
            Err(error @ StoreError::Foreign { .. }) => {
                let message = error.to_string();
                assert!(message.contains(wanted), "{access:?}: {message}");
            }
            other => panic!("{access:?}: {other:?}"),
        }
    }
}

#[test]
fn a_missing_schema_is_not_made_unless_asked_for() {
    let database = Database::new();
    assert_foreign(&database.url(), &EXISTING, "it has no schema `chancery`");
    database.execute("CREATE SCHEMA chancery");
    assert_foreign(&database.url(), &EXISTING, "its schema `chancery` is empty");
    open(&database.url(), Access::Create).unwrap();
    open(&database.url(), Access::Write).unwrap();
}

#[test]
fn a_missing_database_is_told() {
    let url = Database::new().url().replace("chancery_test_", "chancery_missing_");
    assert_foreign(&url, &EVERY, "does not exist");
}

#[test]
fn another_applications_schema_is_left_alone() {
    let database = Database::new();
    database.execute("CREATE SCHEMA chancery; CREATE TABLE chancery.events (payload text)");
    assert_foreign(&database.url(), &EVERY, "belongs to another application");
    database.execute("INSERT INTO chancery.events VALUES ('still mine')");
    open(&format!("{}?schema=audit", database.url()), Access::Create).unwrap();
}

#[test]
fn a_store_of_a_newer_program_is_left_alone() {
    let place = ServerPlace::new();
    drop(place.store());
    place.database.execute("INSERT INTO chancery.chancery_migrations VALUES (99)");
    assert_foreign(&place.database.url(), &EVERY, "its schema has version 99, this program knows versions 1 to 8");
}

#[tokio::test]
async fn the_hashes_of_an_older_store_are_filled_in_when_it_is_opened_for_writing() {
    let database = Database::new();
    let numbers = "WITH numbers AS (SELECT generate_series(1, 5000) AS n) ";
    let old_events = OLD_EVENTS.replace("'{\"number\":' || n || '}'", "('{\"number\":' || n || '}')::json");
    database.execute(
        &[
            "CREATE SCHEMA chancery; SET search_path TO chancery;
             CREATE TABLE chancery_migrations (version integer PRIMARY KEY, applied timestamptz DEFAULT now());
             INSERT INTO chancery_migrations (version) VALUES (1), (2), (3);",
            include_str!("../../../migrations/postgres/0001_events.sql"),
            include_str!("../../../migrations/postgres/0002_projector.sql"),
            include_str!("../../../migrations/postgres/0003_snapshots.sql"),
            numbers,
            &old_events,
            "; INSERT INTO organisations VALUES ('acme', 5000, 5000); UPDATE log_head SET global_position = 5000",
        ]
        .concat(),
    );
    let store = open(&database.url(), Access::Write).unwrap();
    store.append(next("acme", 5000)).await.unwrap();
    assert_gapless(&store, "acme", 5001).await;
    let client = super::cluster::connect(&database.url()).await.unwrap();
    let changed = client.batch_execute("UPDATE chancery.events SET hashes = '' WHERE position = 1").await;
    assert_eq!(changed.unwrap_err().as_db_error().unwrap().message(), "events are never changed or removed");
}

#[test]
fn a_database_in_another_encoding_is_refused() {
    let database = Database::new();
    let name = database.url().rsplit('/').next().unwrap().to_owned() + "_latin1";
    database.execute(&format!("CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"));
    let url = format!("{}_latin1", database.url());
    assert_foreign(&url, &EVERY, "its encoding is LATIN1, and must be UTF8");
    database.execute(&format!("DROP DATABASE {name}"));
}

#[test]
fn processes_that_make_one_store_together_all_succeed() {
    for _ in 0..5 {
        let database = Database::new();
        let barrier = Arc::new(Barrier::new(4));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (url, barrier) = (database.url(), Arc::clone(&barrier));
                std::thread::spawn(move || {
                    barrier.wait();
                    open(&url, Access::Create).unwrap()
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

#[tokio::test]
async fn schemas_of_one_database_are_stores_of_their_own() {
    let database = Database::new();
    let one = open(&database.url(), Access::Create).unwrap();
    let other = open(&format!("{}?schema=other", database.url()), Access::Create).unwrap();
    one.append(next("acme", 0)).await.unwrap();
    assert_eq!(other.append(next("acme", 0)).await.unwrap().last_global_position, 1);
    one.append(next("acme", 1)).await.unwrap();
    assert_gapless(&one, "acme", 2).await;
    assert_gapless(&other, "acme", 1).await;
}

#[tokio::test]
async fn a_store_opened_for_reading_cannot_be_appended_to() {
    let place = ServerPlace::new();
    let writer = place.store();
    writer.append(next("acme", 0)).await.unwrap();
    let store = open(&place.database.url(), Access::Read).unwrap();
    let outcome = store.append(next("acme", 1)).await;
    assert!(matches!(outcome, Err(StoreError::ReadOnly { .. })), "{outcome:?}");
    writer.append(next("acme", 1)).await.unwrap();
    assert_gapless(&store, "acme", 2).await;
    store.close().await;
    assert!(matches!(store.append(next("acme", 2)).await, Err(StoreError::Closed)));
}

#[test]
fn a_server_that_is_not_there_is_told_at_once() {
    let error = open("postgres://chancery@127.0.0.1:1/chancery", Access::Write).unwrap_err();
    assert!(matches!(error, StoreError::Failed { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("postgres://chancery@127.0.0.1:1/chancery") && message.contains("refused"), "{message}");
}
