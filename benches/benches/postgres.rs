//! Durable appends per second on PostgreSQL, next to bare INSERTs of the same rows by as many clients
//! on the same server in the same run.
//!
//!     CHANCERY_TEST_POSTGRES=postgres://…/scratch cargo bench -p chancery-benches --bench postgres
//!
//! Without a server it starts a private one. Each client has an organisation of its own, as tenants
//! have, and waits for each answer.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a benchmark has nobody to report errors to")]

use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::{Access, Append, NewEvent, Store as _};

const CLIENTS: [usize; 3] = [1, 8, 64];
const SECONDS: Duration = Duration::from_secs(5);
/// As long as the payload and the metadata of a command's event.
const PAYLOAD: &str = r#"{"RoleAssigned":{"member":"member-0001","role":{"id":"developer","name":"Developer"}}}"#;
const METADATA: &str =
    r#"{"actor":"founder","command":"AssignRole","correlation":"019abcde-f012-7abc-8def-0123456789ab"}"#;
const BARE: &str = "
    DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare;
    CREATE TABLE bare.events (
        aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint NOT NULL, event_type text NOT NULL,
        event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)
    )";
const INSERT: &str =
    "INSERT INTO bare.events VALUES ('member', $1, $2, 'RoleAssigned', '1', $3::text::json, $4::text::json)";

#[tokio::main]
async fn main() {
    let (url, _server) = match std::env::var("CHANCERY_TEST_POSTGRES") {
        Ok(url) => (url, None),
        Err(_) => private_server(),
    };
    let owner = connect(&url).await;
    println!("clients   bare INSERT/s   append/s");
    for clients in CLIENTS {
        owner.batch_execute(BARE).await.unwrap();
        owner.batch_execute("DROP SCHEMA IF EXISTS chancery CASCADE; CHECKPOINT").await.unwrap();
        let bare = bare(&url, clients).await;
        owner.batch_execute("CHECKPOINT").await.unwrap();
        println!("{clients:>7}   {bare:>13.0}   {:>8.0}", appends(&url, clients).await);
    }
}

fn private_server() -> (String, Option<Child>) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/private-postgres.sh");
    let mut child = Command::new(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.split_whitespace().nth(1).unwrap_or_else(|| panic!("{line}")).to_owned();
    (format!("postgres://chancery@127.0.0.1:{port}/postgres?sslmode=disable"), Some(child))
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Rows per second: each client has a connection, a prepared statement and a stream.
async fn bare(url: &str, clients: usize) -> f64 {
    let mut connections = Vec::new();
    for _ in 0..clients {
        let client = connect(url).await;
        let statement = client.prepare(INSERT).await.unwrap();
        connections.push((client, statement));
    }
    let tasks = connections.into_iter().enumerate().map(|(number, (client, statement))| async move {
        let stream = format!("organisation-{number}/member-0001");
        let start = Instant::now();
        let mut sequence = 0_i64;
        while start.elapsed() < SECONDS {
            sequence += 1;
            client.execute(&statement, &[&stream, &sequence, &PAYLOAD, &METADATA]).await.unwrap();
        }
        sequence.unsigned_abs()
    });
    rate(tasks).await
}

async fn appends(url: &str, clients: usize) -> f64 {
    let store = Arc::new(PostgresStore::open_with(url, &OpenOptions::new(Access::Create)).unwrap());
    let tasks = (0..clients).map(|number| {
        let store = store.clone();
        async move {
            let organisation = format!("organisation-{number}");
            let start = Instant::now();
            let mut head = 0;
            while start.elapsed() < SECONDS {
                let appended = store.append(request(&organisation, head)).await.unwrap();
                head = appended.last_position;
            }
            head
        }
    });
    let rate = rate(tasks).await;
    store.close().await;
    rate
}

async fn rate(tasks: impl Iterator<Item = impl Future<Output = u64> + Send + 'static>) -> f64 {
    let start = Instant::now();
    let running: Vec<_> = tasks.map(tokio::spawn).collect();
    let mut done = 0;
    for task in running {
        done += task.await.unwrap();
    }
    done as f64 / start.elapsed().as_secs_f64()
}

fn request(organisation: &str, head: u64) -> Append {
    let event = NewEvent {
        aggregate_type: "member".to_owned(),
        aggregate_id: format!("{organisation}/member-0001"),
        sequence: head + 1,
        event_type: "RoleAssigned".to_owned(),
        event_version: "1".to_owned(),
        payload: PAYLOAD.to_owned(),
        metadata: METADATA.to_owned(),
        time: head.cast_signed(),
    };
    Append { organisation: organisation.to_owned(), expected_head: head, idempotency: None, events: vec![event] }
}
