//! Previews: what a rehearsal says is what then happens, and nothing is written before.

mod command_line;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chancery::aggregates::event::{Details, Metadata, Recorded, Stamp};
use chancery::aggregates::founding::Founder;
use chancery::aggregates::vocabulary::{Actor, OrganisationId, Time};
use chancery::aggregates::{Command, Event, Refusal};
use chancery::engine::{Clock as _, Context, Engine, EngineError, ManualClock, Request};
use chancery::projections::diff::ChangeKind;
use chancery::projections::preview::{Preview, Unbounded, preview};
use chancery::store::memory::MemoryStore;
use serde_json::Value;

use crate::oracle::{Grip, Oracle, Place, Reading};
use crate::world::{FOUNDER, Script, World, member_id, play};

/// Commands that are asked for at one instant, one after the other.
struct List {
    now: Time,
    commands: Vec<(Actor, Command)>,
}

/// The commands of a random history, in lists of one to four.
fn lists(profile: &str, script: &Script) -> Vec<List> {
    let mut asked = Vec::new();
    play(profile, script, |world, outcome| asked.push((world.now, outcome.actor.clone(), outcome.command.clone())));
    let mut lists: Vec<List> = Vec::new();
    for (number, (now, actor, command)) in asked.into_iter().enumerate() {
        match lists.last_mut().filter(|last| last.commands.len() < 1 + number % 4) {
            Some(last) => last.commands.push((actor, command)),
            None => lists.push(List { now, commands: vec![(actor, command)] }),
        }
    }
    lists
}

fn request(actor: &Actor, command: &Command) -> Request {
    Request {
        organisation: OrganisationId::known("org"),
        commands: vec![command.clone()],
        actor: actor.clone(),
        context: Context { correlation: Some("same".into()), ..Context::default() },
        idempotency_key: None,
    }
}

/// Runs a list; the refusals, by number.
async fn run(engine: &Engine, list: &List) -> Vec<(usize, Refusal)> {
    let mut refused = Vec::new();
    for (number, (actor, command)) in list.commands.iter().enumerate() {
        match engine.execute(request(actor, command)).await {
            Ok(_) => {}
            Err(EngineError::Refused { refusal, .. }) => refused.push((number, *refusal)),
            Err(other) => panic!("{other}"),
        }
    }
    refused
}

type Written = (Stamp, u64, Event, Metadata);

fn written(recorded: Recorded) -> Written {
    (recorded.stamp, recorded.sequence, recorded.event, recorded.metadata)
}

async fn events_after(engine: &Engine, after: u64) -> Vec<Recorded> {
    let read = Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = read.clone();
    let visit = move |recorded| {
        sink.lock().unwrap().push(recorded);
        std::ops::ControlFlow::Continue(())
    };
    engine.events(&OrganisationId::known("org"), after, u64::MAX, visit).await.unwrap();
    std::mem::take(&mut *read.lock().unwrap())
}

/// Member, place, permission: how it changes.
type Changes = BTreeMap<(String, Place, String), &'static str>;

/// What a preview says of an instant.
fn said(told: &Preview, at: Time) -> Changes {
    let mut said = Changes::new();
    for line in &told.lines {
        assert!(!line.causes.is_empty(), "{line:?}");
        let within = line.from.is_none_or(|from| from <= at) && line.until.is_none_or(|until| at < until);
        if !within {
            continue;
        }
        let scopes = line.places.scopes.iter().map(|scope| Place::Scope(scope.id.to_string()));
        for place in line.places.organisation.then_some(Place::Organisation).into_iter().chain(scopes) {
            for change in &line.changes {
                let key = (line.member.id.to_string(), place.clone(), change.permission.id.to_string());
                let kind = match change.kind {
                    ChangeKind::Gained => "gained",
                    ChangeKind::GainedOwn => "gained own",
                    ChangeKind::Widened => "widened",
                    ChangeKind::Narrowed => "narrowed",
                    ChangeKind::Lost => "lost",
                };
                assert_eq!(said.insert(key, kind), None, "said twice: {line:?}");
            }
        }
    }
    said
}

/// What the naive reading of the log before and of the log after says of an instant.
fn happened(before: &Oracle, after: &Oracle, at: Time) -> Changes {
    let mut changes = Changes::new();
    let scopes = after.scopes.keys().cloned().map(Place::Scope);
    let places: Vec<Place> = [Place::Organisation].into_iter().chain(scopes).collect();
    for member in after.members.keys() {
        for place in &places {
            let known = !matches!(place, Place::Scope(scope) if !before.scopes.contains_key(scope));
            let then = known.then(|| before.hand(member, place, at, Reading::Actual)).flatten();
            let since = after.hand(member, place, at, Reading::Actual);
            for permission in after.permissions.keys() {
                let grip = |oracle: &Oracle, hand: &Option<crate::oracle::Hand<'_>>| {
                    hand.as_ref().map_or(Grip::No, |hand| oracle.grip(hand, permission))
                };
                let kind = match (grip(before, &then), grip(after, &since)) {
                    (then, since) if then == since => continue,
                    (Grip::No, Grip::Full) => "gained",
                    (Grip::No, _) => "gained own",
                    (Grip::Own, Grip::Full) => "widened",
                    (_, Grip::No) => "lost",
                    (_, _) => "narrowed",
                };
                changes.insert((member.clone(), place.clone(), permission.clone()), kind);
            }
        }
    }
    changes
}

fn compare(told: &Preview, before: &Oracle, after: &Oracle) {
    let mut instants = BTreeSet::from([told.at]);
    for oracle in [before, after] {
        let points = oracle.members.keys().flat_map(|member| oracle.turning_points(member));
        instants.extend(points.filter(|at| *at > told.at));
    }
    for at in instants {
        assert_eq!(said(told, at), happened(before, after, at), "at {at}");
    }
}

async fn previewed_then_done(profile: &str, script: &Script) {
    let clock = Arc::new(ManualClock::new(Time::default()));
    let engine = Engine::with_clock(Arc::new(MemoryStore::new()), clock.clone());
    let organisation = OrganisationId::known("org");
    let world = World::found(profile);
    clock.set(world.now);
    let founder = Founder { id: member_id(FOUNDER), details: Details::default() };
    engine.found(&organisation, "Org", &world.document, &founder, Context::default()).await.unwrap();
    let json = |events: &[Recorded]| -> Vec<Value> {
        events.iter().map(|event| serde_json::from_str(&event.event.payload().unwrap()).unwrap()).collect()
    };
    let mut log = json(&events_after(&engine, 0).await);
    for list in lists(profile, script) {
        clock.set(clock.now().max(list.now));
        let before = engine.state(&organisation).await.unwrap();

        let rehearsal = engine.rehearsal();
        let refused = run(&rehearsal, &list).await;
        let rehearsed: Vec<Recorded> =
            rehearsal.rehearsed().await.unwrap().into_iter().map(|(_, event)| event).collect();
        let after = rehearsal.state(&organisation).await.unwrap();
        let head = engine.store().head("org").await.unwrap().unwrap();
        assert_eq!(head.position, before.position(), "a rehearsal was written");
        assert_eq!(engine.state(&organisation).await.unwrap().position(), before.position());

        assert_eq!(run(&engine, &list).await, refused);
        let done = events_after(&engine, before.position()).await;
        assert_eq!(
            rehearsed.iter().cloned().map(written).collect::<Vec<_>>(),
            done.iter().cloned().map(written).collect::<Vec<_>>()
        );
        let earlier = Oracle::fold(log.iter());
        log.extend(json(&done));
        if done.iter().all(|recorded| recorded.event.name() == "CommandRefused") {
            continue;
        }
        let now = rehearsed[0].stamp.time;
        let told = preview(&before, &after, &rehearsed, now, &Unbounded);
        compare(&told, &earlier, &Oracle::fold(log.iter()));
        let positions: BTreeSet<u64> = done.iter().map(|recorded| recorded.stamp.position).collect();
        assert!(told.lines.iter().flat_map(|line| &line.causes).all(|position| positions.contains(position)));
        assert_eq!(told.events.len(), done.len());
    }
}

/// Plays the law on every profile, as the suite of the rules does.
fn law(profile: &str, script: &Script) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(previewed_then_done(profile, script));
}

macro_rules! on_every_profile {
    ($($profile:ident),*) => {
        proptest::proptest! {
            #![proptest_config(proptest::test_runner::Config { cases: 3, failure_persistence: None, ..Default::default() })]
            $(
                #[test]
                fn $profile(script in crate::world::scripts(0..32)) {
                    super::law(stringify!($profile), &script);
                }
            )*
        }
    };
}

mod a_preview_says_what_then_happens {
    on_every_profile!(propops, proplink, workspace, buildings);
}
