//! Shortcuts through the log lead where the log leads.

use std::sync::Arc;

use chancery::aggregates::AccessState;
use chancery::aggregates::command::{Command, MemberCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::state::snapshot::SNAPSHOT_VERSION;
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, RoleId, Time, Window};
use chancery::engine::{Context, Engine, ManualClock, Moment, Request};
use chancery::store::memory::MemoryStore;
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Bound, Snapshot, Store};
use chrono::TimeDelta;

fn acme() -> OrganisationId {
    OrganisationId::known("acme")
}

fn start() -> Time {
    Time::from_timestamp_micros(1_750_000_000_000_000).unwrap()
}

async fn found(engine: &Engine, organisation: &OrganisationId) {
    let profile = check(BUILT_IN.iter().find(|(name, _)| *name == "workspace").unwrap().1).unwrap();
    let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
    engine.found(organisation, "Acme", &profile, &founder, Context::default()).await.unwrap();
}

async fn execute(engine: &Engine, commands: Vec<Command>) {
    let actor = Actor::Member(MemberId::known("founder"));
    let request = Request { organisation: acme(), commands, actor, context: Context::default(), idempotency_key: None };
    engine.execute(request).await.unwrap();
}

/// An organisation with so many events that snapshots are due, a minute apart by hundreds.
async fn long_history(store: &Arc<dyn Store>, events: usize) -> u64 {
    let clock = Arc::new(ManualClock::new(start()));
    let engine = Engine::with_clock(store.clone(), clock.clone());
    found(&engine, &acme()).await;
    let member = |number: usize| MemberId::known(format!("member-{number}"));
    let add = || MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: None,
        details: Details::default(),
        scope: None,
    };
    execute(&engine, (0..20).map(|number| Command::Member(member(number), add())).collect()).await;
    let role = || RoleId::known("manager");
    for round in 0..events / 100 {
        clock.set(start() + TimeDelta::minutes(round as i64));
        let commands = (0..100).map(|number| {
            let command = if number % 2 == 0 {
                MemberCommand::AssignRole { role: role(), scope: None, window: Window::default() }
            } else {
                MemberCommand::UnassignRole { role: role(), scope: None }
            };
            Command::Member(member((round + number / 2) % 20), command)
        });
        execute(&engine, commands.collect()).await;
    }
    let position = engine.state(&acme()).await.unwrap().position();
    engine.snapshots_written().await;
    position
}

/// The state as the whole log gives it.
async fn from_the_beginning(store: &Arc<dyn Store>, position: u64) -> Vec<u8> {
    let engine = Engine::new(store.clone());
    let state = Arc::new(parking_lot::Mutex::new(AccessState::default()));
    let sink = state.clone();
    let apply = move |recorded: chancery::aggregates::event::Recorded| {
        sink.lock().apply(&recorded.event, recorded.stamp);
        std::ops::ControlFlow::Continue(())
    };
    engine.events(&acme(), 0, position, apply).await.unwrap();
    let state = state.lock();
    state.to_snapshot().unwrap()
}

fn sqlite(directory: &tempfile::TempDir) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open_or_create(directory.path().join("long.db")).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_past_state_equals_the_fold_of_the_whole_log() {
    let directory = tempfile::tempdir().unwrap();
    for store in [sqlite(&directory), Arc::new(MemoryStore::new()) as Arc<dyn Store>] {
        let head = long_history(&store, 7_000).await;
        assert!(store.snapshot("acme", SNAPSHOT_VERSION, Bound::Position(head)).await.unwrap().is_some());
        let engine = Engine::new(store.clone());
        for position in (1..=head).step_by(613).chain([head]) {
            let replayed = engine.replay(&acme(), Moment::Position(position)).await.unwrap();
            assert_eq!(replayed.state.to_snapshot().unwrap(), from_the_beginning(&store, position).await, "{position}");
            // The last event of that instant, asked for twice: once from the log, once from what is kept.
            let at = replayed.state.time().unwrap();
            let first = engine.replay(&acme(), Moment::Time(at)).await.unwrap();
            let second = engine.replay(&acme(), Moment::Time(at)).await.unwrap();
            assert_eq!(first.state.time(), Some(at));
            assert!(first.state.position() >= position);
            assert_eq!(first.state.to_snapshot().unwrap(), second.state.to_snapshot().unwrap());
        }
        engine.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_may_be_deleted_at_any_time_and_come_back() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let head = long_history(&store, 7_000).await;
    let before = Engine::new(store.clone()).replay(&acme(), Moment::Position(head - 10)).await.unwrap();
    let deleted = store.forget_snapshots(Some("acme")).await.unwrap();
    assert!(deleted >= 2, "{deleted}");
    let engine = Engine::new(store.clone());
    let after = engine.replay(&acme(), Moment::Position(head - 10)).await.unwrap();
    assert_eq!(before.state.to_snapshot().unwrap(), after.state.to_snapshot().unwrap());
    engine.snapshots_written().await;
    assert!(store.forget_snapshots(None).await.unwrap() >= deleted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_snapshot_and_one_of_another_layout_are_passed_over() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let head = long_history(&store, 3_000).await;
    let expected = from_the_beginning(&store, head).await;
    let last = store.snapshot("acme", SNAPSHOT_VERSION, Bound::Position(head)).await.unwrap().unwrap();
    let mut body = last.body.clone();
    body[100] ^= 1;
    for damaged in [body, b"short".to_vec(), Vec::new()] {
        store.save_snapshot(Snapshot { body: damaged, ..last.clone() }).await.unwrap();
        let state = Engine::new(store.clone()).state(&acme()).await.unwrap();
        assert_eq!(state.to_snapshot().unwrap(), expected);
    }
    store.forget_snapshots(None).await.unwrap();
    let other = Snapshot { layout: SNAPSHOT_VERSION + 1, body: b"of a later program".to_vec(), ..last };
    store.save_snapshot(other).await.unwrap();
    let state = Engine::new(store.clone()).state(&acme()).await.unwrap();
    assert_eq!(state.to_snapshot().unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn organisations_leave_when_their_memory_is_needed_and_come_back() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let founding = Engine::new(store.clone());
    let names: Vec<OrganisationId> = (0..100).map(|number| OrganisationId::known(format!("org-{number}"))).collect();
    for organisation in &names {
        found(&founding, organisation).await;
    }
    let (all, bytes) = founding.loaded();
    assert_eq!(all, 100);
    let engine = Engine::new(store.clone()).with_memory(bytes / 10);
    for organisation in names.iter().chain(&names) {
        let state = engine.state(organisation).await.unwrap();
        assert_eq!(state.organisation(), organisation);
        assert!(engine.loaded().0 <= 10 + 16, "{:?}", engine.loaded());
    }
}
