//! A reader that pages by global position misses nothing, although transactions commit out of order:
//! shown on the store's own statements, and on the same statements without their safeguard.

use std::time::Duration;

use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::{Access, Store as _};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::cluster::{Database, connect};

const APPEND: &str = include_str!("../../../src/store/postgres/append.sql");
const USUAL: &str = include_str!("../../../src/store/postgres/append_usual.sql");

/// One event of an organisation that is founded by it, on a connection that may have been given up.
async fn append(client: &Client, sql: &str, organisation: &str, fenced: bool) {
    let writer = uuid::Uuid::new_v4();
    client.execute("INSERT INTO writers (writer, fenced) VALUES ($1, $2)", &[&writer, &fenced]).await.unwrap();
    // Plain texts suit this driver; the store sends them as `json`.
    let sql = sql.replace("::json[]", "::text[]::json[]");
    let (stream, none, one) = (format!("{organisation}/manager"), vec![None::<&str>], vec![1_i64]);
    let (empty, role, word) = (vec!["{}"], vec!["role"], vec!["1"]);
    let (organisation, stream) = (vec![organisation], vec![stream]);
    let (zero, hashes) = (vec![0_i64], vec![[0_u8; 32].as_slice()]);
    client
        .query(
            &sql,
            &[
                &7_i64,
                &writer,
                &1_i64,
                &organisation,
                &zero,
                &one,
                &one,
                &one,
                &none,
                &none,
                &one,
                &one,
                &role,
                &stream,
                &one,
                &word,
                &word,
                &empty,
                &none,
                &empty,
                &none,
                &one,
                &hashes,
            ],
        )
        .await
        .unwrap();
}

/// The second event of an organisation, by the statement for what usually comes.
async fn append_usual(
    client: &Client,
    sql: &str,
    organisation: &str,
    fenced: bool,
) -> Result<(), tokio_postgres::Error> {
    let writer = uuid::Uuid::new_v4();
    client.execute("INSERT INTO writers (writer, fenced) VALUES ($1, $2)", &[&writer, &fenced]).await.unwrap();
    let sql = sql.replace("::json[]", "::text[]::json[]");
    let (stream, one, two) = (vec![format!("{organisation}/manager")], vec![1_i64], vec![2_i64]);
    let (empty, role, word, organisation) = (vec!["{}"], vec!["role"], vec!["1"], vec![organisation]);
    let heads: [&(dyn ToSql + Sync); 8] = [&7_i64, &writer, &1_i64, &organisation, &one, &two, &one, &one];
    let hashes = vec![[0_u8; 64].as_slice()];
    let events: [&(dyn ToSql + Sync); 12] =
        [&one, &organisation, &two, &role, &stream, &two, &word, &word, &empty, &empty, &one, &hashes];
    client.query(&sql, &[&heads[..], &events[..]].concat()).await.map(drop)
}

async fn page(client: &Client, after: i64) -> Vec<(i64, String)> {
    let sql = "SELECT global_position, organisation FROM events WHERE global_position > $1 ORDER BY 1";
    client.query(sql, &[&after]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// What a reader sees that pages while a slow transaction and a quick one overlap.
async fn seen_by_a_reader(sql: &str) -> Vec<(i64, String)> {
    let database = Database::new();
    PostgresStore::open_with(&database.url(), &OpenOptions::new(Access::Create)).unwrap().close().await;
    database.execute("CREATE SEQUENCE chancery.plain");
    let url = format!("{}?options=-csearch_path%3Dchancery", database.url());
    let (slow, quick, reader) =
        (connect(&url).await.unwrap(), connect(&url).await.unwrap(), connect(&url).await.unwrap());

    slow.batch_execute("BEGIN").await.unwrap();
    append(&slow, sql, "slow", false).await;
    let quick_sql = sql.to_owned();
    let quick = tokio::spawn(async move { append(&quick, &quick_sql, "quick", false).await });
    done_or_waiting(&quick, &reader).await;
    let mut seen = page(&reader, 0).await;
    slow.batch_execute("COMMIT").await.unwrap();
    quick.await.unwrap();
    seen.extend(page(&reader, seen.last().map_or(0, |(position, _)| *position)).await);
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_never_misses_an_event() {
    let seen = seen_by_a_reader(APPEND).await;
    assert_eq!(seen, [(1, "slow".to_owned()), (2, "quick".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_lock_and_with_a_plain_sequence_a_reader_does_miss_one() {
    let unlocked = APPEND.replace("SELECT pg_advisory_xact_lock($1) AS lock", "SELECT $1::bigint AS lock");
    let start = unlocked.find("UPDATE log_head").unwrap();
    let end = start + unlocked[start..].find("), placed").unwrap();
    let sequence = "SELECT nextval('plain') - 1 AS after, 1::bigint AS until FROM accepted\n";
    let unguarded = format!("{}{sequence}{}", &unlocked[..start], &unlocked[end..]);
    assert_eq!(seen_by_a_reader(&unguarded).await, [(2, "quick".to_owned())]);
}

#[tokio::test]
async fn what_a_fenced_connection_still_sends_does_not_happen() {
    let database = Database::new();
    PostgresStore::open_with(&database.url(), &OpenOptions::new(Access::Create)).unwrap().close().await;
    let client = connect(&format!("{}?options=-csearch_path%3Dchancery", database.url())).await.unwrap();
    append(&client, APPEND, "late", true).await;
    assert_eq!(page(&client, 0).await, []);
    append(&client, APPEND, "late", false).await;
    assert_eq!(page(&client, 0).await, [(1, "late".to_owned())]);
}

/// Waits until the quick transaction is committed, or waits for the slow one.
async fn done_or_waiting(quick: &tokio::task::JoinHandle<()>, reader: &Client) {
    let waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while !quick.is_finished() && reader.query(waiting, &[]).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What a reader sees that pages while a slow transaction and a quick one overlap, behind position 2.
async fn usual_seen_by_a_reader(sql: &str) -> Vec<(i64, String)> {
    let database = Database::new();
    let store = PostgresStore::open_with(&database.url(), &OpenOptions::new(Access::Create)).unwrap();
    for organisation in ["slow", "quick"] {
        store.append(super::super::next(organisation, 0)).await.unwrap();
    }
    store.close().await;
    database.execute("CREATE SEQUENCE chancery.plain MINVALUE 2");
    let url = format!("{}?options=-csearch_path%3Dchancery", database.url());
    let (slow, quick, reader) =
        (connect(&url).await.unwrap(), connect(&url).await.unwrap(), connect(&url).await.unwrap());

    slow.batch_execute("BEGIN").await.unwrap();
    append_usual(&slow, sql, "slow", false).await.unwrap();
    let quick_sql = sql.to_owned();
    let quick = tokio::spawn(async move { append_usual(&quick, &quick_sql, "quick", false).await.unwrap() });
    done_or_waiting(&quick, &reader).await;
    let mut seen = page(&reader, 2).await;
    slow.batch_execute("COMMIT").await.unwrap();
    quick.await.unwrap();
    seen.extend(page(&reader, seen.last().map_or(2, |(position, _)| *position)).await);
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_never_misses_a_usual_event() {
    assert_eq!(usual_seen_by_a_reader(USUAL).await, [(3, "slow".to_owned()), (4, "quick".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_lock_and_with_a_plain_sequence_a_reader_does_miss_a_usual_event() {
    let unlocked = USUAL.replace("SELECT pg_advisory_xact_lock($1) AS lock", "SELECT $1::bigint AS lock");
    let start = unlocked.find("UPDATE log_head").unwrap();
    let end = start + unlocked[start..].find("), noted").unwrap();
    let sequence = "SELECT nextval('plain') AS after, 1::bigint AS until FROM moved\n";
    let unguarded = format!("{}{sequence}{}", &unlocked[..start], &unlocked[end..]);
    assert_eq!(usual_seen_by_a_reader(&unguarded).await, [(4, "quick".to_owned())]);
}

#[tokio::test]
async fn the_usual_statement_does_all_or_nothing() {
    let database = Database::new();
    let store = PostgresStore::open_with(&database.url(), &OpenOptions::new(Access::Create)).unwrap();
    store.append(super::super::next("late", 0)).await.unwrap();
    store.close().await;
    let client = connect(&format!("{}?options=-csearch_path%3Dchancery", database.url())).await.unwrap();
    for (organisation, fenced) in [("late", true), ("nobody", false)] {
        let error = append_usual(&client, USUAL, organisation, fenced).await.unwrap_err();
        assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::DIVISION_BY_ZERO), "{error:?}");
        assert_eq!(page(&client, 0).await, [(1, "late".to_owned())]);
        let head = client.query_one("SELECT position FROM organisations", &[]).await.unwrap();
        assert_eq!(head.get::<_, i64>(0), 1);
    }
    append_usual(&client, USUAL, "late", false).await.unwrap();
    assert_eq!(page(&client, 1).await, [(2, "late".to_owned())]);
    // The head has moved on.
    assert!(append_usual(&client, USUAL, "late", false).await.is_err());
}
