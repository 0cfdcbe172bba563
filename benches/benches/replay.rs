//! Replay of 1,000,000 events from SQLite into access states, next to reading the rows alone.
//!
//! One organisation of the profile `proplink` with 1,000 members, 50 custom roles and 110 scopes;
//! then assignments, withdrawals, toggles and moves between scopes, in equal parts.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a benchmark has nobody to report errors to")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chancery::aggregates::Event;
use chancery::aggregates::command::{Command, MemberCommand, NewRole, RoleCommand, ScopeCommand};
use chancery::aggregates::event::{Details, MemberEvent, RoleEvent};
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{
    Actor, MemberId, MemberKind, MemberScope, OrganisationId, PermissionKey, PermissionRef, RoleId, RoleRef, ScopeId,
    ScopeRef, Window,
};
use chancery::engine::{Context, Engine, Request};
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Append, EventRow, NewEvent, Range, Store, Visit};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const EVENTS: u64 = 1_000_000;
const MEMBERS: u64 = 1_000;
const ROLES: u64 = 50;
const SCOPES: u64 = 110;

fn replay(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("replay.db");
    let runtime = Runtime::new().unwrap();
    let organisation = OrganisationId::known("bench");
    runtime.block_on(fill(&path, &organisation));
    let mut group = criterion.benchmark_group("replay of 1,000,000 events");
    group.throughput(Throughput::Elements(EVENTS)).sample_size(10).measurement_time(Duration::from_secs(20));

    let store = Arc::new(SqliteStore::open(&path).unwrap());
    group.bench_function("reading rows alone", |bench| {
        bench.iter(|| runtime.block_on(read(store.as_ref(), &organisation)));
    });
    group.bench_function("into an access state", |bench| {
        bench.iter(|| {
            let engine = Engine::new(store.clone());
            let state = runtime.block_on(engine.state(&organisation)).unwrap();
            assert_eq!(state.position(), EVENTS);
            state
        });
    });
    group.finish();
}

async fn read(store: &dyn Store, organisation: &OrganisationId) -> usize {
    let (bytes, counted) = std::sync::mpsc::channel();
    let mut total = 0;
    let visitor = move |row: EventRow<'_>| {
        total += row.payload.len();
        if row.position == EVENTS {
            bytes.send(total).unwrap();
        }
        Visit::Continue(())
    };
    let range = Range::Organisation { organisation: organisation.to_string(), after: 0, until: u64::MAX };
    store.scan(range, Box::new(visitor)).await.unwrap();
    counted.recv().unwrap()
}

async fn fill(path: &Path, organisation: &OrganisationId) {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_or_create(path).unwrap());
    let engine = Engine::new(store.clone());
    let text = BUILT_IN.iter().find(|(name, _)| *name == "proplink").unwrap().1;
    let profile = check(text).unwrap();
    let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
    engine.found(organisation, "Benchmark", &profile, &founder, Context::default()).await.unwrap();
    let request = Request {
        organisation: organisation.clone(),
        commands: enrolment(),
        actor: Actor::Member(MemberId::known("founder")),
        context: Context::default(),
        idempotency_key: None,
    };
    engine.execute(request).await.unwrap();
    let state = engine.state(organisation).await.unwrap();
    let mut head = state.position();
    let time = state.time().unwrap().timestamp_micros();
    let mut sequences = std::collections::HashMap::new();
    while head < EVENTS {
        let events: Vec<NewEvent> = (head..EVENTS.min(head + 10_000))
            .map(|number| {
                let (stream, event) = event(number);
                let sequence =
                    sequences.entry(stream.clone()).or_insert_with(|| match stream.split_once('/').unwrap() {
                        ("role", id) => state.role_by_id(id).unwrap().sequence,
                        (_, id) => state.member_by_id(id).unwrap().sequence,
                    });
                *sequence += 1;
                NewEvent {
                    aggregate_type: event.aggregate_type().to_owned(),
                    aggregate_id: format!("{organisation}/{}", stream.split_once('/').unwrap().1),
                    sequence: *sequence,
                    event_type: event.name().to_owned(),
                    event_version: "1".to_owned(),
                    payload: event.payload().unwrap(),
                    metadata: r#"{"actor":"founder","correlation":"019abcde-f012-7abc-8def-0123456789ab"}"#.to_owned(),
                    time: time + number as i64,
                }
            })
            .collect();
        let count = events.len() as u64;
        let append = Append { organisation: organisation.to_string(), expected_head: head, idempotency: None, events };
        store.append(append).await.unwrap();
        head += count;
    }
    engine.close().await;
}

fn enrolment() -> Vec<Command> {
    let mut commands = Vec::new();
    for number in 0..SCOPES {
        let parent = (number >= 10).then(|| scope(number % 10).id);
        let kind = Some(if number < 10 { "estate" } else { "site" }.into());
        let name = scope(number).name;
        commands.push(Command::Scope(scope(number).id, ScopeCommand::CreateScope { name, kind, parent }));
    }
    for number in 0..ROLES {
        let new = NewRole { name: role(number).name, ..NewRole::default() };
        commands.push(Command::Role(role(number).id, RoleCommand::CreateRole(Box::new(new))));
    }
    for number in 0..MEMBERS {
        let kind = MemberKind::Person;
        let add = MemberCommand::AddMember { kind, account_type: None, details: Details::default(), scope: None };
        commands.push(Command::Member(member(number), add));
    }
    commands
}

fn member(number: u64) -> MemberId {
    MemberId::known(format!("member-{:04}", number % MEMBERS))
}

fn role(number: u64) -> RoleRef {
    let number = number % ROLES;
    RoleRef { id: RoleId::known(format!("role-{number:02}")), name: format!("Role number {number}").into() }
}

fn scope(number: u64) -> ScopeRef {
    let number = number % SCOPES;
    ScopeRef { id: ScopeId::known(format!("scope-{number:03}")), name: format!("Number {number}, Long Lane").into() }
}

/// The event with this number: give, take away, switch, move.
fn event(number: u64) -> (String, Event) {
    let round = number / 4;
    let member = member(round * 7);
    let stream = format!("member/{member}");
    match number % 4 {
        0 => {
            let window = Window::default();
            (stream, MemberEvent::RoleAssigned { member, role: role(round), scope: None, window, before: None }.into())
        }
        1 => {
            let before = Window::default();
            (stream, MemberEvent::RoleUnassigned { member, role: role(round), scope: None, before }.into())
        }
        2 => {
            let permission =
                PermissionRef { id: PermissionKey::known("invoice.approve"), name: "Approve invoices".into() };
            let after = (round / ROLES).is_multiple_of(2);
            let role = role(round);
            (
                format!("role/{}", role.id),
                RoleEvent::PermissionToggled { role, permission, before: !after, after }.into(),
            )
        }
        _ => {
            let before = MemberScope::Selected(vec![scope(round)]);
            let after = MemberScope::Selected(vec![scope(round + 1), scope(round + 2)]);
            (stream, MemberEvent::MemberScopeChanged { member, before, after }.into())
        }
    }
}

criterion_group!(benches, replay);
criterion_main!(benches);
