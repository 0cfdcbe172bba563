//! The database itself refuses to change or remove events, whoever asks.

use chancery::store::sqlite::SqliteStore;
use rusqlite::{Connection, ErrorCode};

use super::super::assert_gapless;
use super::FilePlace;

const COLUMNS: &str = "global_position, organisation, position, aggregate_type, aggregate_id, sequence, \
                       event_type, event_version, payload, metadata, time";

#[tokio::test]
async fn events_are_never_changed_or_removed() {
    let forbidden = [
        "UPDATE events SET payload = '{}' WHERE position = 2",
        "UPDATE events SET organisation = 'beta'",
        "UPDATE OR REPLACE events SET position = 1 WHERE position = 2",
        "UPDATE OR IGNORE events SET time = 0",
        "DELETE FROM events WHERE position = 3",
        "DELETE FROM events",
    ];
    for statement in forbidden {
        assert_refused(statement).await;
    }
}

#[tokio::test]
async fn events_are_never_replaced() {
    // Each takes another of the three keys of an event that is there.
    let rows = [
        "2, 'beta', 1, 'role', 'beta/x', 1, 'X', '1', '{}', '{}', 9",
        "4, 'acme', 2, 'role', 'acme/x', 1, 'X', '1', '{}', '{}', 9",
        "4, 'beta', 1, 'role', 'acme/manager', 2, 'X', '1', '{}', '{}', 9",
        "NULL, 'acme', 2, 'role', 'acme/x', 1, 'X', '1', '{}', '{}', 9",
    ];
    for row in rows {
        assert_refused(&format!("REPLACE INTO events ({COLUMNS}) VALUES ({row})")).await;
        assert_refused(&format!("INSERT OR REPLACE INTO events ({COLUMNS}) VALUES ({row})")).await;
        assert_refused(&format!("INSERT OR IGNORE INTO events ({COLUMNS}) VALUES ({row})")).await;
        let upsert = "ON CONFLICT DO UPDATE SET payload = excluded.payload";
        assert_refused(&format!("INSERT INTO events ({COLUMNS}) VALUES ({row}) {upsert}")).await;
    }
}

#[tokio::test]
async fn events_are_only_added_at_the_end_and_whole() {
    let rows = [
        "9, 'beta', 1, 'role', 'beta/x', 1, 'X', '1', '{}', '{}', 9",
        "-1, 'beta', 1, 'role', 'beta/x', 1, 'X', '1', '{}', '{}', 9",
        "4, '', 1, 'role', 'beta/x', 1, 'X', '1', '{}', '{}', 9",
        "4, 'beta', 0, 'role', 'beta/x', 1, 'X', '1', '{}', '{}', 9",
        "4, 'beta', 1, 'role', 'beta/x', 0, 'X', '1', '{}', '{}', 9",
        "4, 'beta', 1, 'role', 'beta/x', 1, 'X', '1', NULL, '{}', 9",
        "4, 'beta', 1, 'role', 'beta/x', 1, 'X', '1', x'00', '{}', 9",
        "4, 'beta', 1, 'role', 'beta/x', 1, 'X', '1', '{}', '{}', 'noon'",
    ];
    for row in rows {
        assert_refused(&format!("INSERT INTO events ({COLUMNS}) VALUES ({row})")).await;
    }
}

/// A stranger's connection, with SQLite's defaults, tries it on a log of three events.
async fn assert_refused(statement: &str) {
    let place = FilePlace::filled(3).await;
    let outcome = Connection::open(place.path()).unwrap().execute(statement, []);
    let code = outcome.as_ref().err().and_then(rusqlite::Error::sqlite_error_code);
    assert_eq!(code, Some(ErrorCode::ConstraintViolation), "{statement}: {outcome:?}");
    assert_gapless(&SqliteStore::open(place.path()).unwrap(), "acme", 3).await;
}
