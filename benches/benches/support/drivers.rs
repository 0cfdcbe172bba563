//! The same statements through `tokio-postgres` and through `sqlx`, and functions of `message-db`.

use std::time::{Duration, Instant};

use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::{Access, Append, NewEvent, Store as _};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::server::{METADATA, PAYLOAD, Server, connect, rate};
use super::stock;

const INSERT: &str =
    "INSERT INTO bare.events VALUES ('member', $1, $2, 'RoleAssigned', '1', $3::text::json, $4::text::json)";
const BATCH: &str = include_str!("../../../src/store/postgres/append_usual.sql");
const ROWS: usize = 64;
const LOCK: i64 = 7;

/// Rows per second: each client has a connection, a prepared statement and a stream.
pub(crate) async fn bare(server: &Server, clients: usize, length: Duration) -> f64 {
    let mut connections = Vec::new();
    for _ in 0..clients {
        let client = server.connect().await;
        let statement = client.prepare(INSERT).await.unwrap();
        connections.push((client, statement));
    }
    let tasks = connections.into_iter().enumerate().map(|(number, (client, statement))| async move {
        let stream = format!("organisation-{number}/member-0001");
        let (start, mut sequence) = (Instant::now(), 0_i64);
        while start.elapsed() < length {
            sequence += 1;
            client.execute(&statement, &[&stream, &sequence, &PAYLOAD, &METADATA]).await.unwrap();
        }
        sequence.unsigned_abs()
    });
    rate(tasks).await
}

pub(crate) async fn bare_by_sqlx(server: &Server, length: Duration) -> f64 {
    let pool = stock::pool(server, 1, "bare").await;
    let mut connection = pool.acquire().await.unwrap();
    let (start, mut sequence) = (Instant::now(), 0_i64);
    while start.elapsed() < length {
        sequence += 1;
        let insert = sqlx::query(INSERT).bind("organisation-0/member-0001").bind(sequence).bind(PAYLOAD).bind(METADATA);
        insert.execute(&mut *connection).await.unwrap();
    }
    sequence as f64 / start.elapsed().as_secs_f64()
}

/// Our tables, with 64 organisations of one event each.
pub(crate) async fn prepare_batches(server: &Server) {
    server.clear().await;
    let store = PostgresStore::open_with(&server.url, &OpenOptions::new(Access::Create)).unwrap();
    for organisation in organisations() {
        let event = NewEvent {
            aggregate_type: "member".to_owned(),
            aggregate_id: stream(&organisation),
            sequence: 1,
            event_type: "RoleAssigned".to_owned(),
            event_version: "1".to_owned(),
            payload: PAYLOAD.to_owned(),
            metadata: METADATA.to_owned(),
            time: 1,
        };
        store.append(Append { organisation, expected_head: 0, idempotency: None, events: vec![event] }).await.unwrap();
    }
    store.close().await;
    server.checkpoint().await;
}

fn organisations() -> Vec<String> {
    (0..ROWS).map(|number| format!("organisation-{number}")).collect()
}

fn stream(organisation: &str) -> String {
    format!("{organisation}/member-0001")
}

/// What the store sets on its connections.
const SETTINGS: &str = "SET search_path TO chancery; SET plan_cache_mode TO force_generic_plan; SET jit TO off;
                        SET enable_seqscan TO off; SET enable_bitmapscan TO off";

/// Either driver sends the arrays of `json` as text.
fn batch_sql() -> String {
    BATCH.replace("::json[]", "::text[]::json[]")
}

/// The columns that are the same in every batch.
struct Batch {
    organisations: Vec<String>,
    streams: Vec<String>,
    numbers: Vec<i64>,
    types: Vec<&'static str>,
    event_types: Vec<&'static str>,
    versions: Vec<&'static str>,
    payloads: Vec<&'static str>,
    metadata: Vec<&'static str>,
    /// As long as they are on average; nobody looks at them here.
    hashes: Vec<Vec<u8>>,
}

impl Batch {
    fn new() -> Self {
        let organisations = organisations();
        let all = |text| vec![text; ROWS];
        Self {
            streams: organisations.iter().map(|organisation| stream(organisation)).collect(),
            organisations,
            numbers: (1..=ROWS as i64).collect(),
            types: all("member"),
            event_types: all("RoleAssigned"),
            versions: all("1"),
            payloads: all(PAYLOAD),
            metadata: all(METADATA),
            hashes: vec![vec![7; 64]; ROWS],
        }
    }
}

/// Rows per second in batches of 64.
pub(crate) async fn batches(server: &Server, length: Duration) -> f64 {
    let client = server.connect().await;
    client.batch_execute(SETTINGS).await.unwrap();
    let writer = Uuid::new_v4();
    client.execute("INSERT INTO writers (writer) VALUES ($1)", &[&writer]).await.unwrap();
    let statement = client.prepare(&batch_sql()).await.unwrap();
    let batch = Batch::new();
    let (start, mut number) = (Instant::now(), 0_i64);
    while start.elapsed() < length {
        number += 1;
        let (expected, next) = (vec![number; ROWS], vec![number + 1; ROWS]);
        let parameters: [&(dyn ToSql + Sync); 20] = [
            &LOCK,
            &writer,
            &number,
            &batch.organisations,
            &expected,
            &next,
            &next,
            &next,
            &batch.numbers,
            &batch.organisations,
            &next,
            &batch.types,
            &batch.streams,
            &next,
            &batch.event_types,
            &batch.versions,
            &batch.payloads,
            &batch.metadata,
            &next,
            &batch.hashes,
        ];
        client.query_one(&statement, &parameters).await.unwrap();
    }
    number as f64 * ROWS as f64 / start.elapsed().as_secs_f64()
}

pub(crate) async fn batches_by_sqlx(server: &Server, length: Duration) -> f64 {
    let pool = stock::pool(server, 1, "chancery").await;
    let mut connection = pool.acquire().await.unwrap();
    sqlx::raw_sql(SETTINGS).execute(&mut *connection).await.unwrap();
    let writer = Uuid::new_v4().to_string();
    sqlx::query("INSERT INTO writers (writer) VALUES ($1::uuid)")
        .bind(&writer)
        .execute(&mut *connection)
        .await
        .unwrap();
    // This driver's type for uuid is a feature that nothing else here needs.
    let sql = batch_sql().replace("writers.writer = $2", "writers.writer = $2::text::uuid");
    let batch = Batch::new();
    let (start, mut number) = (Instant::now(), 0_i64);
    while start.elapsed() < length {
        number += 1;
        let (expected, next) = (vec![number; ROWS], vec![number + 1; ROWS]);
        let query = sqlx::query(&sql).bind(LOCK).bind(&writer).bind(number);
        let query = query.bind(&batch.organisations).bind(&expected).bind(&next).bind(&next).bind(&next);
        let query = query.bind(&batch.numbers).bind(&batch.organisations).bind(&next).bind(&batch.types);
        let query = query.bind(&batch.streams).bind(&next).bind(&batch.event_types).bind(&batch.versions);
        let query = query.bind(&batch.payloads).bind(&batch.metadata).bind(&next).bind(&batch.hashes);
        query.fetch_one(&mut *connection).await.unwrap();
    }
    number as f64 * ROWS as f64 / start.elapsed().as_secs_f64()
}

/// Messages per second: each client has a connection and a stream, and says which version it expects.
pub(crate) async fn messages(database: &str, clients: usize, length: Duration) -> f64 {
    const WRITE: &str = "SELECT write_message($1, $2, 'RoleAssigned', $3::text::jsonb, $4::text::jsonb, $5)";
    let run = Uuid::new_v4().simple().to_string();
    let mut connections = Vec::new();
    for _ in 0..clients {
        let client = connect(database).await;
        client.batch_execute("SET search_path TO message_store, public").await.unwrap();
        let statement = client.prepare(WRITE).await.unwrap();
        connections.push((client, statement));
    }
    let tasks = connections.into_iter().enumerate().map(|(number, (client, statement))| {
        let stream = format!("member{run}-{number}");
        async move {
            let (start, mut done) = (Instant::now(), 0_i64);
            while start.elapsed() < length {
                let (id, version) = (Uuid::new_v4().to_string(), done - 1);
                let parameters: [&(dyn ToSql + Sync); 5] = [&id, &stream, &PAYLOAD, &METADATA, &version];
                client.execute(&statement, &parameters).await.unwrap();
                done += 1;
            }
            done.unsigned_abs()
        }
    });
    rate(tasks).await
}
