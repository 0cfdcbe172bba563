//! What telling other processes costs those who append, how soon they know, and how fast a copy is.
//!
//!     cargo bench -p chancery-benches --bench follow
//!
//! It starts a private server. Figures are comparable within one run only. `-- copy` does the copies alone.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark has nobody to report errors to"
)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use chancery::copy::{Phase, Progress, copy};
use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Access, Append, NewEvent, Store};
use chancery_benches::measure::{Clock, Processor};

const CLIENTS: u64 = 64;
const LISTENERS: usize = 4;
const SECONDS: Duration = Duration::from_secs(4);
const ROUNDS: u64 = 300;
const COPIED: u64 = 200_000;
const PAYLOAD: &str = r#"{"RoleAssigned":{"member":"member-0001","role":{"id":"developer","name":"Developer"}}}"#;
const METADATA: &str =
    r#"{"actor":"founder","command":"AssignRole","correlation":"019abcde-f012-7abc-8def-0123456789ab"}"#;
/// What the store does not do: notify within the append.
const WITHIN: &str = "
    CREATE FUNCTION chancery.tell() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('chancery', ''); RETURN NULL; END $$;
    CREATE TRIGGER tell AFTER INSERT ON chancery.events FOR EACH STATEMENT EXECUTE FUNCTION chancery.tell()";

#[tokio::main]
async fn main() {
    let (url, _server) = private_server();
    if std::env::args().any(|argument| argument == "copy") {
        return copies(&url).await;
    }
    for round in 1..=2 {
        println!("append/s with {CLIENTS} clients, round {round}");
        println!("  {:>8.0}  nobody listens", appends(&url, 0, "").await);
        println!("  {:>8.0}  {LISTENERS} processes listen", appends(&url, LISTENERS, "").await);
        println!("  {:>8.0}  the same, notified within the append", appends(&url, LISTENERS, WITHIN).await);
    }
    notice(&url).await;
    copies(&url).await;
}

fn private_server() -> (String, Child) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/private-postgres.sh");
    let mut child = Command::new(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.split_whitespace().nth(1).unwrap_or_else(|| panic!("{line}")).to_owned();
    (format!("postgres://chancery@127.0.0.1:{port}/postgres?sslmode=disable"), child)
}

async fn processor(url: &str) -> Processor {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let process: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    Processor::of_server(process.unsigned_abs())
}

async fn run(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
}

fn open(url: &str) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::open_with(url, &OpenOptions::new(Access::Create)).unwrap())
}

async fn appends(url: &str, listeners: usize, sql: &str) -> f64 {
    run(url, "DROP SCHEMA IF EXISTS chancery CASCADE; CHECKPOINT").await;
    let store = open(url);
    run(url, sql).await;
    let listening: Vec<_> = (0..listeners)
        .map(|_| {
            let store = open(url);
            tokio::spawn(async move {
                let mut seen = 0;
                loop {
                    seen = store.changed(seen, Duration::from_secs(1)).await.unwrap();
                }
            })
        })
        .collect();
    let start = Instant::now();
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let organisation = format!("organisation-{number}");
                let mut head = 0;
                while start.elapsed() < SECONDS {
                    head = store.append(request(&organisation, head, 1)).await.unwrap().last_position;
                }
                head
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    let rate = done as f64 / start.elapsed().as_secs_f64();
    listening.iter().for_each(tokio::task::JoinHandle::abort);
    store.close().await;
    rate
}

/// How long after an append was acknowledged another store knows of it.
async fn notice(url: &str) {
    run(url, "DROP SCHEMA IF EXISTS chancery CASCADE").await;
    let (writer, reader) = (open(url), open(url));
    let mut delays = Vec::new();
    for head in 0..ROUNDS {
        let waiting = tokio::spawn({
            let reader = reader.clone();
            async move {
                reader.changed(head, Duration::from_secs(60)).await.unwrap();
                Instant::now()
            }
        });
        tokio::time::sleep(Duration::from_millis(8)).await;
        writer.append(request("acme", head, 1)).await.unwrap();
        let acknowledged = Instant::now();
        delays.push(waiting.await.unwrap().saturating_duration_since(acknowledged));
    }
    delays.sort_unstable();
    let at = |share: usize| delays[delays.len() * share / 100];
    println!("another process knows after: median {:?}, 95% {:?}, 99% {:?}", at(50), at(95), at(99));
}

async fn copies(url: &str) {
    run(url, "DROP SCHEMA IF EXISTS chancery CASCADE").await;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| SqliteStore::open_or_create(directory.path().join(name)).unwrap();
    let source = file("source.db");
    for head in (0..COPIED / 20).step_by(1000) {
        for number in 0..20 {
            source.append(request(&format!("organisation-{number}"), head, 1000)).await.unwrap();
        }
    }
    let (server, back) = (open(url), file("back.db"));
    let processor = processor(url).await;
    timed("sqlite to postgres", &source, &*server, processor).await;
    timed("postgres to sqlite", &*server, &back, processor).await;
}

async fn timed(what: &str, source: &dyn Store, target: &dyn Store, processor: Processor) {
    let clock = Clock::start(processor);
    let watch = Watch(Mutex::new(Vec::new()));
    let copied = copy(source, target, &[], &watch).await.unwrap();
    let (end, told) = (Instant::now(), clock.told(copied.events));
    let begins = watch.0.into_inner().unwrap();
    let of = |phase| begins.iter().find(|(begun, _)| *begun == phase).unwrap().1;
    let rate = |from: Instant, to: Instant| copied.events as f64 / to.duration_since(from).as_secs_f64();
    println!(
        "{what}: {} events, copying {:.0}/s, comparing {:.0}/s, all {told}",
        copied.events,
        rate(of(Phase::Copying), of(Phase::Verifying)),
        rate(of(Phase::Verifying), end),
    );
}

/// When each phase began.
struct Watch(Mutex<Vec<(Phase, Instant)>>);

impl Progress for Watch {
    fn begin(&self, phase: Phase, _: u64) {
        self.0.lock().unwrap().push((phase, Instant::now()));
    }

    fn advance(&self, _: u64) {}
}

fn request(organisation: &str, head: u64, count: u64) -> Append {
    let event = |sequence: u64| NewEvent {
        aggregate_type: "member".to_owned(),
        aggregate_id: format!("{organisation}/member-{:04}", sequence % 100),
        sequence: sequence / 100 + 1,
        event_type: "RoleAssigned".to_owned(),
        event_version: "1".to_owned(),
        payload: PAYLOAD.to_owned(),
        metadata: METADATA.to_owned(),
        time: sequence.cast_signed(),
    };
    let events = (head..head + count).map(event).collect();
    Append { organisation: organisation.to_owned(), expected_head: head, idempotency: None, events }
}
