//! Durable commands per second on SQLite, decision included, next to bare inserts of rows of the
//! same size in the same run.
//!
//! A command is the assignment of a role to one of 1,000 members, or its withdrawal, by the founder.
//! With 64 clients each has an organisation of its own, as tenants have.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a benchmark has nobody to report errors to")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chancery::aggregates::command::{Command, MemberCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, RoleId, Window};
use chancery::engine::{Context, Engine, Request};
use chancery::store::sqlite::SqliteStore;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rusqlite::Connection;
use tokio::runtime::Runtime;

const CLIENTS: u64 = 64;
const MEMBERS: u64 = 1_000;
/// As long as the payload and the metadata of the commands' events.
const PAYLOAD: &str = r#"{"RoleAssigned":{"member":"member-0001","role":{"id":"developer","name":"Developer"}}}"#;
const METADATA: &str =
    r#"{"actor":"founder","command":"AssignRole","correlation":"019abcde-f012-7abc-8def-0123456789ab"}"#;

fn commands(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("durable commands on SQLite");
    group.throughput(Throughput::Elements(1)).sample_size(10).measurement_time(Duration::from_secs(10));

    let mut raw = raw_table(&directory.path().join("raw.db"));
    group.bench_function("raw insert, one row a commit", |bench| bench.iter_custom(|times| insert(&mut raw, times, 1)));
    let engine = runtime.block_on(engine(&directory.path().join("one.db"), 1));
    group.bench_function("commands, 1 client", |bench| {
        bench.iter_custom(|times| runtime.block_on(command(&engine, 1, times)));
    });
    group.bench_function("raw insert, 64 rows a commit", |bench| {
        bench.iter_custom(|times| insert(&mut raw, times, CLIENTS));
    });
    let engine = runtime.block_on(self::engine(&directory.path().join("many.db"), CLIENTS));
    group.bench_function("commands, 64 clients", |bench| {
        bench.iter_custom(|times| runtime.block_on(command(&engine, CLIENTS, times)));
    });
    group.finish();
}

/// The events table as the store has it, without anybody to check anything.
fn raw_table(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection
        .execute_batch(
            "CREATE TABLE events (global_position INTEGER PRIMARY KEY, organisation TEXT NOT NULL,
             position INTEGER NOT NULL, aggregate_type TEXT NOT NULL, aggregate_id TEXT NOT NULL,
             sequence INTEGER NOT NULL, event_type TEXT NOT NULL, event_version TEXT NOT NULL,
             payload TEXT NOT NULL, metadata TEXT NOT NULL, time INTEGER NOT NULL,
             UNIQUE (organisation, position), UNIQUE (aggregate_type, aggregate_id, sequence));",
        )
        .unwrap();
    connection
}

fn insert(connection: &mut Connection, times: u64, rows_a_commit: u64) -> Duration {
    let next: u64 =
        connection.query_row("SELECT coalesce(max(global_position), 0) + 1 FROM events", [], |row| row.get(0)).unwrap();
    let start = Instant::now();
    let mut done = 0;
    while done < times {
        let transaction = connection.transaction().unwrap();
        for position in next + done..next + done + rows_a_commit.min(times - done) {
            transaction
                .prepare_cached(
                    "INSERT INTO events VALUES (?1, 'bench', ?1, 'member', ?2, ?1, 'RoleAssigned', '1', ?3, ?4, ?1)",
                )
                .unwrap()
                .execute((position, format!("bench/member-{:04}", position % MEMBERS), PAYLOAD, METADATA))
                .unwrap();
        }
        transaction.commit().unwrap();
        done += rows_a_commit;
    }
    start.elapsed()
}

async fn engine(path: &Path, organisations: u64) -> Engine {
    let engine = Engine::new(Arc::new(SqliteStore::open_or_create(path).unwrap()));
    let text = BUILT_IN.iter().find(|(name, _)| *name == "workspace").unwrap().1;
    let profile = check(text).unwrap();
    for number in 0..organisations {
        let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
        let id = organisation(number);
        engine.found(&id, "Benchmark", &profile, &founder, Context::default()).await.unwrap();
        let add = |member: u64| {
            let command = MemberCommand::AddMember {
                kind: MemberKind::Person,
                account_type: None,
                details: Details::default(),
                scope: None,
            };
            Command::Member(MemberId::known(format!("member-{member:04}")), command)
        };
        engine.execute(request(id, (0..MEMBERS).map(add).collect())).await.unwrap();
    }
    engine
}

fn organisation(number: u64) -> OrganisationId {
    OrganisationId::known(format!("tenant-{number:02}"))
}

fn request(organisation: OrganisationId, commands: Vec<Command>) -> Request {
    Request {
        organisation,
        commands,
        actor: Actor::Member(MemberId::known("founder")),
        context: Context::default(),
        idempotency_key: None,
    }
}

/// `times` commands by so many clients at once, each of which waits for its answer before it goes on.
async fn command(engine: &Engine, clients: u64, times: u64) -> Duration {
    let mut states = Vec::new();
    for client in 0..clients {
        states.push(engine.state(&organisation(client)).await.unwrap());
    }
    let start = Instant::now();
    let tasks: Vec<_> = states
        .into_iter()
        .zip(0..)
        .map(|(state, client)| {
            let engine = engine.clone();
            let share = times / clients + u64::from(client < times % clients);
            let mut held: Vec<bool> = (0..MEMBERS)
                .map(|member| {
                    let member = state.member_by_id(&format!("member-{member:04}")).unwrap();
                    member.assignments.len() > 1
                })
                .collect();
            tokio::spawn(async move {
                for turn in 0..share {
                    let number = (turn * 7 % MEMBERS) as usize;
                    let held = held.get_mut(number).unwrap();
                    let role = RoleId::known("developer");
                    let command = if *held {
                        MemberCommand::UnassignRole { role, scope: None }
                    } else {
                        MemberCommand::AssignRole { role, scope: None, window: Window::default() }
                    };
                    *held = !*held;
                    let member = MemberId::known(format!("member-{number:04}"));
                    let request = request(organisation(client), vec![Command::Member(member, command)]);
                    assert_eq!(engine.execute(request).await.unwrap().events.len(), 1);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    start.elapsed()
}

criterion_group!(benches, commands);
criterion_main!(benches);
