//! Shortcuts through the log lead where the log leads.

use std::sync::Arc;

use chancery::aggregates::AccessState;
use chancery::aggregates::command::{Command, MemberCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::state::snapshot::SNAPSHOT_VERSION;
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, RoleId, Time, Window};
use chancery::cli::run_line;
use chancery::engine::{Context, Engine, ManualClock, Moment, Replayed, Request};
use chancery::projections::timeline::{Span, Subject, Timeline, Turn};
use chancery::store::memory::MemoryStore;
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Bound, Snapshot, Store};
use chrono::{SecondsFormat, TimeDelta};
use serde_json::Value;

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

/// What the command line prints about a long log.
async fn told(engine: &Engine, words: &str) -> Vec<Value> {
    let words: Vec<&str> = words.split(' ').chain(["--format", "json"]).collect();
    let ran = run_line(engine, &acme(), &words).await;
    ran.result.unwrap_or_else(|error| panic!("{words:?}: {error}"));
    serde_json::Deserializer::from_str(&ran.output).into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_entries_are_the_end_of_what_the_whole_log_tells() {
    let directory = tempfile::tempdir().unwrap();
    for store in [sqlite(&directory), Arc::new(MemoryStore::new()) as Arc<dyn Store>] {
        let head = long_history(&store, 7_000).await;
        let engine = Engine::new(store);
        let all = told(&engine, "activity --limit 0").await;
        assert_eq!(all.len() as u64, head);
        let last = |wanted: &dyn Fn(&Value) -> bool, limit: usize| {
            let entries: Vec<&Value> = all.iter().filter(|entry| wanted(entry)).collect();
            entries[entries.len().saturating_sub(limit)..].iter().copied().cloned().collect::<Vec<_>>()
        };
        let position = |entry: &Value| entry["position"].as_u64().unwrap();
        for limit in [1, 7, 255, 256, 257, 3_000] {
            assert_eq!(told(&engine, &format!("activity --limit {limit}")).await, last(&|_| true, limit));
        }
        // Far back, and fewer than are asked for.
        let founding = |entry: &Value| entry["type"] == "OrganisationFounded";
        assert_eq!(told(&engine, "activity --type OrganisationFounded --limit 3").await, last(&founding, 3));
        let of_one = |entry: &Value| entry["subjects"].to_string().contains("\"member-3\"");
        assert_eq!(told(&engine, "activity --member member-3 --limit 40").await, last(&of_one, 40));
        let some = |entry: &Value| (2_000..=2_600).contains(&position(entry));
        assert_eq!(told(&engine, "activity --since 2000 --until 2600 --limit 500").await, last(&some, 500));
        assert_eq!(told(&engine, "activity --since 2000 --until 2600 --limit 5000").await, last(&some, 5_000));
        let time = |minutes| (start() + TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
        let (since, until) = (time(20), time(30));
        let within = |entry: &Value| (since.as_str()..=until.as_str()).contains(&entry["time"].as_str().unwrap());
        let line = format!("activity --since {since} --until {until} --limit 900");
        let (found, expected) = (told(&engine, &line).await, last(&within, 900));
        assert!(found == expected && found.len() == 900, "{} and {}", found.len(), expected.len());
        engine.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_of_a_long_log_tells_what_the_fold_of_it_all_does() {
    let directory = tempfile::tempdir().unwrap();
    for store in [sqlite(&directory), Arc::new(MemoryStore::new()) as Arc<dyn Store>] {
        let head = long_history(&store, 7_000).await;
        let engine = Engine::new(store);
        let all = told(&engine, "activity --limit 0").await;
        for (member, at) in [("member-3", head), ("member-19", head), ("member-7", 3_456), ("founder", 2_001)] {
            let at = engine.replay(&acme(), Moment::Position(at)).await.unwrap();
            let line = format!("explain {member} clients.view --at {}", at.state.position());
            let [explained] = <[Value; 1]>::try_from(told(&engine, &line).await).unwrap();
            let (spans, turning) = turns(&engine, member, &at).await;
            let history = explained["history"].as_array().unwrap();
            let found: Vec<_> =
                history.iter().map(|span| (span["since"].clone(), span["begun_by"]["position"].as_u64())).collect();
            let expected: Vec<_> = spans
                .iter()
                .map(|span| {
                    let Turn::Event(position) = span.begun_by else { panic!("time turned nothing here") };
                    (serde_json::to_value(span.since).unwrap(), Some(position))
                })
                .collect();
            assert_eq!(found, expected, "{line}");
            assert!(turning.len() > if member == "founder" { 0 } else { 10 }, "{line}: {turning:?}");
            let causes = explained["causes"].as_array().unwrap().iter();
            let told = history.iter().map(|span| &span["begun_by"]).chain(causes);
            for event in told {
                let position = event["position"].as_u64().unwrap();
                assert_eq!(event["event"], all[position as usize - 1], "{line}");
            }
        }
        engine.close().await;
    }
}

/// The turns of an answer, and the events that made them, as the fold of the whole log has them.
async fn turns(engine: &Engine, member: &str, then: &Replayed) -> (Vec<Span>, Vec<u64>) {
    let (member, permission) = (member.to_owned(), "clients.view".to_owned());
    let timeline = Timeline::new(Subject { member, permission, scope: None, owner: None });
    let folded = Arc::new(parking_lot::Mutex::new(Some((timeline, Vec::new()))));
    let sink = folded.clone();
    let take = move |recorded: chancery::aggregates::event::Recorded| {
        if let Some((timeline, turning)) = sink.lock().as_mut()
            && timeline.take(&recorded)
        {
            turning.push(recorded.stamp.position);
        }
        std::ops::ControlFlow::Continue(())
    };
    engine.events(&acme(), 0, then.state.position(), take).await.unwrap();
    let (timeline, turning) = folded.lock().take().unwrap();
    (timeline.finish(then.at), turning)
}
