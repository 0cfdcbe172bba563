//! (d) Nothing but the log: replayed from zero, as written and read back, it gives the same state at
//! every position, and each aggregate's own stream gives that aggregate.

use std::collections::{BTreeMap, BTreeSet};

use chancery_aggregates::event::{EVENT_VERSION, MemberEvent, OrganisationEvent, ReviewEvent, RoleEvent, ScopeEvent};
use chancery_aggregates::member::Member;
use chancery_aggregates::organisation::Organisation;
use chancery_aggregates::review::Review;
use chancery_aggregates::role::Role;
use chancery_aggregates::scope::Scope;
use chancery_aggregates::state::snapshot::ProfileCache;
use chancery_aggregates::vocabulary::{MemberId, MemberScope, ReviewId, RoleId, ScopeId};

use chancery_aggregates::{AccessState, Event};
use cqrs_es::Aggregate;

use crate::world::{Line, Script, World, play};

/// Everything that a state has, derived data included.
fn assert_same(one: &AccessState, other: &AccessState) {
    assert_eq!(one.organisation(), other.organisation());
    assert_eq!(one.name(), other.name());
    assert_eq!(one.founded(), other.founded());
    assert_eq!((one.position(), one.time(), one.sequence()), (other.position(), other.time(), other.sequence()));
    assert_eq!(one.profile(), other.profile());
    assert_eq!(one.roles().collect::<Vec<_>>(), other.roles().collect::<Vec<_>>());
    assert_eq!(one.members().collect::<Vec<_>>(), other.members().collect::<Vec<_>>());
    assert_eq!(one.scopes().collect::<Vec<_>>(), other.scopes().collect::<Vec<_>>());
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    assert_eq!(one.reviews().collect::<Vec<_>>(), other.reviews().collect::<Vec<_>>());
    for (ix, role) in one.roles() {
        assert_eq!(one.role_named(&role.name), Some(ix), "found by name");
        assert_eq!(other.role_named(&role.name), Some(ix), "found by name");
    }
}

fn read_back(line: &Line) -> Event {
    let payload = line.event.payload().unwrap();
    let read = Event::parse(line.event.aggregate_type(), line.event.name(), EVENT_VERSION, &payload).unwrap();
    assert_eq!(read, line.event, "{payload}");
    assert_eq!(read.payload().unwrap(), payload);
    assert!(payload.starts_with(&format!("{{\"{}\":", line.event.name())), "{payload}");
    read
}

pub(crate) fn a_replay_gives_the_live_state(profile: &str, script: &Script) {
    let mut live = Vec::new();
    let world = play(profile, script, |world, _| live.push(world.state.clone()));
    let mut states = live.iter().peekable();
    let mut replayed = AccessState::default();
    for line in &world.log {
        replayed.apply(&read_back(line), line.stamp);
        while states.peek().is_some_and(|state| state.position() < replayed.position()) {
            states.next();
        }
        while let Some(state) = states.next_if(|state| state.position() == replayed.position()) {
            assert_same(state, &replayed);
        }
    }
    assert_same(&world.state, &replayed);
    check_derived(&replayed);
    check_streams(&world);
}

/// A snapshot taken anywhere is the state there, byte for byte, and what follows folds onto it as onto
/// the state itself.
pub(crate) fn a_snapshot_stands_for_the_log_before_it(profile: &str, script: &Script) {
    let world = play(profile, script, |_, _| {});
    let mut profiles = ProfileCache::default();
    let (mut whole, mut resumed) = (AccessState::default(), AccessState::default());
    for (line, number) in world.log.iter().zip(0..) {
        for state in [&mut whole, &mut resumed] {
            state.apply(&line.event, line.stamp);
        }
        if number % 7 == 3 {
            let bytes = resumed.to_snapshot().unwrap();
            resumed = AccessState::from_snapshot(&bytes, &mut profiles).unwrap();
            assert_same(&whole, &resumed);
            assert_eq!(whole.to_snapshot().unwrap(), bytes);
        }
    }
    assert_same(&whole, &resumed);
    check_derived(&resumed);
    assert_eq!(whole.to_snapshot().unwrap(), resumed.to_snapshot().unwrap());
}

/// What the state keeps twice agrees.
fn check_derived(state: &AccessState) {
    for (ix, role) in state.roles() {
        let mut effective = role.own.clone();
        for parent in &role.inherits {
            let parent = state.role(*parent).unwrap();
            assert!(parent.deleted.is_none() && parent.heirs.contains(&ix), "{} and {}", role.id, parent.id);
            effective.union_with(&parent.effective);
        }
        assert_eq!(role.effective, effective, "{}", role.id);
        for heir in &role.heirs {
            assert!(state.role(*heir).unwrap().inherits.contains(&ix), "{}", role.id);
        }
        let held = state.members().filter(|(_, member)| member.assignments.iter().any(|held| held.role == ix));
        assert_eq!(role.holders.iter().copied().collect::<Vec<_>>(), held.map(|(ix, _)| ix).collect::<Vec<_>>());
    }
    for (ix, scope) in state.scopes() {
        let children = state.scopes().filter(|(_, child)| child.parent == Some(ix)).map(|(ix, _)| ix);
        assert_eq!(scope.children.iter().copied().collect::<BTreeSet<_>>(), children.collect::<BTreeSet<_>>());
    }
}

#[derive(Default)]
struct Streams {
    organisation: Vec<OrganisationEvent>,
    roles: BTreeMap<RoleId, Vec<RoleEvent>>,
    members: BTreeMap<MemberId, Vec<MemberEvent>>,
    scopes: BTreeMap<ScopeId, Vec<ScopeEvent>>,
    reviews: BTreeMap<ReviewId, Vec<ReviewEvent>>,
}

fn fold<A: Aggregate>(events: &[A::Event]) -> A {
    let mut aggregate = A::default();
    for event in events {
        aggregate.apply(event.clone());
    }
    aggregate
}

fn check_streams(world: &World) {
    let mut streams = Streams::default();
    for line in &world.log {
        match &line.event {
            Event::Organisation(event) => streams.organisation.push(event.clone()),
            Event::Role(event) => streams.roles.entry(event.role().clone()).or_default().push(event.clone()),
            Event::Member(event) => streams.members.entry(event.member().clone()).or_default().push(event.clone()),
            Event::Scope(event) => streams.scopes.entry(event.scope().clone()).or_default().push(event.clone()),
            Event::Review(event) => streams.reviews.entry(event.review().clone()).or_default().push(event.clone()),
        }
    }
    let state = &world.state;
    let mut organisation: Organisation = fold(&streams.organisation);
    organisation.owner_by_transfer = None;
    assert_eq!(Organisation::of(state), organisation);
    assert_eq!(state.sequence(), streams.organisation.len() as u64);
    for (id, events) in &streams.roles {
        let entry = state.role_by_id(id.as_str()).unwrap();
        assert_eq!(entry.sequence, events.len() as u64, "{id}");
        let mut role: Role = fold(events);
        assert_eq!(role.deleted, entry.deleted.is_some());
        if !role.deleted {
            // A parent's deletion is an event of the parent's stream.
            role.inherits.retain(|parent| state.role_ix(parent.as_str()).is_some());
            assert_eq!(Role::of(state, entry), role);
        }
    }
    // An owner transfer is an event of the organisation's stream, a deletion one of the role's.
    let owner_role = world.document.policy.owner_role.clone();
    let ends_elsewhere =
        |role: &RoleId| state.role_ix(role.as_str()).is_none() || owner_role.as_deref() == Some(role.as_str());
    for (id, events) in &streams.members {
        let entry = state.member_by_id(id.as_str()).unwrap();
        assert_eq!(entry.sequence, events.len() as u64, "{id}");
        let (mut member, mut expected): (Member, Member) = (fold(events), Member::of(state, entry));
        for member in [&mut member, &mut expected] {
            member.roles.retain(|held| !ends_elsewhere(&held.role));
            // A scope's new name is an event of the scope's stream.
            if let MemberScope::Selected(nodes) | MemberScope::ByGroup(nodes) = &mut member.scope {
                nodes.iter_mut().for_each(|node| node.name = "".into());
            }
        }
        assert_eq!(expected, member);
    }
    for (id, events) in &streams.scopes {
        let entry = state.scope_by_id(id.as_str()).unwrap();
        assert_eq!(entry.sequence, events.len() as u64, "{id}");
        assert_eq!(Scope::of(state, entry), fold(events));
    }
    for (id, events) in &streams.reviews {
        let entry = state.review_by_id(id.as_str()).unwrap();
        assert_eq!(entry.sequence, events.len() as u64, "{id}");
        assert_eq!(Review::of(state, entry), fold(events));
    }
}

mod a_replay_gives_the_live_state {
    crate::on_every_profile!(super::a_replay_gives_the_live_state, 24, 0..150);
}

mod a_snapshot_stands_for_the_log_before_it {
    crate::on_every_profile!(super::a_snapshot_stands_for_the_log_before_it, 24, 0..150);
}
