//! Events per second into the tables for SQL, on SQLite and on PostgreSQL: a rebuild of 1,000,000 events, what a
//! projector takes until it can go on from there, and following 200,000 more in one go.
//!
//!     CHANCERY_TEST_POSTGRES=postgres://…/scratch cargo bench -p chancery-benches --bench projector
//!
//! Without a server it starts a private one. `CHANCERY_BENCH_EVENTS` makes the log shorter. Beside the time that
//! passed it prints the processor time of this process and of the server: that says more on a busy machine.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a benchmark has nobody to report errors to")]

mod log;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chancery::aggregates::vocabulary::OrganisationId;
use chancery::projector::{FollowOptions, LeaveOut, Stage, Wake, Watch, follow, rebuild, verify};
use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::projection::Comparison;
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Access, Store};
use chancery_benches::measure::{Clock, Processor};

#[tokio::main]
async fn main() {
    let events = std::env::var("CHANCERY_BENCH_EVENTS").map_or(1_000_000, |events| events.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let file = SqliteStore::open_or_create(directory.path().join("projector.db")).unwrap();
    measure("SQLite", Arc::new(file), events, Processor::default()).await;
    let (url, _server) = match std::env::var("CHANCERY_TEST_POSTGRES") {
        Ok(url) => (url, None),
        Err(_) => private_server(),
    };
    let (owner, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    owner.batch_execute("DROP SCHEMA IF EXISTS chancery CASCADE").await.unwrap();
    let process: i32 = owner.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let processor = Processor::of_server(process.unsigned_abs());
    let server = PostgresStore::open_with(&url, &OpenOptions::new(Access::Create)).unwrap();
    measure("PostgreSQL", Arc::new(server), events, processor).await;
}

async fn measure(name: &str, store: Arc<dyn Store>, events: u64, processor: Processor) {
    let organisation = OrganisationId::known("bench");
    log::fill(&store, &organisation, events).await;
    let watch: Arc<dyn Watch> = Arc::new(());
    let clock = Clock::start(processor);
    rebuild(&store, LeaveOut::default(), &watch, || false).await.unwrap();
    println!("{name}: rebuild of {events} events, {}", clock.told(events));

    let more = events / 5;
    // One event behind, so that it has to load the organisation's state.
    log::fill(&store, &organisation, events + 1).await;
    let clock = Clock::start(processor);
    let (head, mut reached) = tokio::sync::watch::channel(0);
    let watching: Arc<dyn Watch> = Arc::new(Head(head));
    let wake = Wake::default();
    let options = FollowOptions { poll: Duration::MAX, wake: wake.clone(), ..FollowOptions::default() };
    let follower = tokio::spawn({
        let store = store.clone();
        async move { follow(&store, &options, &watching).await }
    });
    // The store has as many positions as the organisation.
    reached.wait_for(|at| *at > events).await.unwrap();
    println!("{name}: began to follow after {events} events, {}", clock.told(1));
    log::fill(&store, &organisation, events + more).await;
    let clock = Clock::start(processor);
    wake.wake();
    reached.wait_for(|at| *at == events + more).await.unwrap();
    println!("{name}: followed {} events, {}", more - 1, clock.told(more - 1));
    wake.stop();
    follower.await.unwrap().unwrap();
    let clock = Clock::start(processor);
    let compared = verify(&store, &watch, || false).await.unwrap();
    let Comparison::Same { rows } = compared else { panic!("{compared:?}") };
    println!("{name}: verified {rows} rows, {}", clock.told(rows));
    store.close().await;
}

/// How far the projector is.
struct Head(tokio::sync::watch::Sender<u64>);

impl Watch for Head {
    fn stage(&self, _: Stage) {}

    fn at(&self, position: u64) {
        self.0.send_replace(position);
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
