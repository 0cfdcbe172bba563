//! (a) Grant what you hold: after a command nobody can do, anywhere, now or later, what they could
//! not before and the actor could not do there. The product itself widens access only where a guard
//! passes, or by a role that is given automatically.

use std::collections::{BTreeMap, BTreeSet};

use chancery_aggregates::event::MemberEvent;
use chancery_aggregates::vocabulary::{Actor, Time};
use chancery_aggregates::{Command, Event};

use crate::oracle::{Grip, Hand, Oracle, Place, Reading};
use crate::world::{Outcome, Script, World, play};

const READINGS: [Reading; 3] = [Reading::Actual, Reading::Potential, Reading::Restored];

/// Something that somebody gained.
#[derive(Debug, Clone)]
pub(crate) struct Gain {
    pub(crate) member: String,
    pub(crate) permission: String,
    pub(crate) place: Place,
    pub(crate) at: Time,
    pub(crate) reading: Reading,
    pub(crate) grip: Grip,
}

/// All that anybody gained, at any place that was there before.
pub(crate) fn gains(before: &Oracle, after: &Oracle, now: Time) -> Vec<Gain> {
    let mut gains = Vec::new();
    let scopes = before.scopes.keys().cloned().map(Place::Scope);
    let places: Vec<Place> = [Place::Organisation].into_iter().chain(scopes).collect();
    for member in after.members.keys() {
        let mut instants: BTreeSet<Time> = before.turning_points(member);
        instants.extend(after.turning_points(member));
        instants.retain(|at| *at > now);
        instants.insert(now);
        for place in &places {
            for at in &instants {
                for reading in READINGS {
                    let (then, since) =
                        (before.hand(member, place, *at, reading), after.hand(member, place, *at, reading));
                    if then == since && before.permissions == after.permissions {
                        continue;
                    }
                    for (permission, grip) in grown(before, then.as_ref(), after, since.as_ref()) {
                        let (member, place, at) = (member.clone(), place.clone(), *at);
                        gains.push(Gain { member, permission, place, at, reading, grip });
                    }
                }
            }
        }
    }
    gains
}

fn grown(before: &Oracle, then: Option<&Hand<'_>>, after: &Oracle, since: Option<&Hand<'_>>) -> BTreeMap<String, Grip> {
    let Some(since) = since else { return BTreeMap::new() };
    let grip_then = |permission: &str| then.map_or(Grip::No, |hand| before.grip(hand, permission));
    let grips = after.permissions.keys().map(|permission| (permission.clone(), after.grip(since, permission)));
    grips.filter(|(permission, grip)| *grip > grip_then(permission)).collect()
}

fn look(world: &World, before: &Oracle, after: &Oracle, outcome: &Outcome) {
    for event in outcome.result.iter().flatten() {
        if let Event::Member(MemberEvent::KeyIssued { member, .. }) = event {
            look_at_key(world, before, &outcome.actor, member.as_str());
        }
    }
    match &outcome.actor {
        Actor::Operator => {}
        Actor::Member(actor) => {
            for gain in gains(before, after, world.now) {
                // A scope that is not in use is governed from above.
                let seat = before.seat(&gain.place);
                let held = before.holds(actor.as_str(), &gain.permission, &seat, world.now, Reading::Actual);
                assert!(held >= gain.grip, "{actor} holds {held:?}, and by {:?} gives {gain:?}", outcome.command);
            }
        }
        Actor::System => look_at_the_product(world, before, after, outcome),
    }
}

/// Whoever makes a key of another could do everything of that other's before.
fn look_at_key(world: &World, before: &Oracle, actor: &Actor, member: &str) {
    let actor = match actor {
        Actor::Member(actor) if actor.as_str() == member => return,
        Actor::Member(actor) => actor.as_str(),
        Actor::Operator => return look_at_key_by_operator(world, before, member),
        Actor::System => panic!("the product issues a key"),
    };
    let (now, owner) = (world.now, &before.members[member]);
    assert!(owner.program, "{actor} has a key of {member}, who is a person");
    let mut instants = before.turning_points(member);
    instants.retain(|at| *at > now);
    instants.insert(now);
    let places = before.scopes.keys().cloned().map(Place::Scope).chain([Place::Organisation]);
    for place in places {
        let own = before.hand(actor, &before.seat(&place), now, Reading::Actual);
        for (at, reading) in instants.iter().flat_map(|at| READINGS.map(|reading| (*at, reading))) {
            let Some(hand) = before.hand(member, &place, at, reading) else { continue };
            for permission in before.permissions.keys().filter(|key| before.grip(&hand, key) > Grip::No) {
                let held = own.as_ref().map_or(Grip::No, |own| before.grip(own, permission));
                assert_eq!(held, Grip::Full, "{actor} may use {permission} of {member} at {place:?} on {at}");
            }
        }
    }
    let held: Vec<_> = before.in_force(actor, now).into_iter().map(|(role, _)| role).collect();
    let ahead = owner.assignments.iter().filter(|(_, window)| window.until.is_none_or(|until| now < until));
    for role in ahead.map(|((role, _), _)| role) {
        let named = |by: &crate::oracle::Role| by.assigned_only_by.contains(role);
        let counts = before.roles[role].assigned == "transfer"
            || before.policy_list("locked_except_for").contains(role)
            || before.roles.values().any(named);
        assert!(!counts || held.contains(&role.as_str()), "{actor} becomes {role} by a key of {member}");
        let (level, own) = (before.roles[role].level, before.level(actor, now));
        let below = level.is_none_or(|level| own.is_some_and(|own| own <= level));
        assert!(!before.switch("levels") || below, "{actor} at {own:?} becomes {role} at {level:?}");
    }
}

/// The operator lets an administrator in, and only while no administrator can get in.
fn look_at_key_by_operator(world: &World, before: &Oracle, member: &str) {
    assert!(before.manages_roles(member, world.now, Reading::Potential), "the operator issues a key of {member}");
    for (id, owner) in &before.members {
        let lasts = |(end, revoked): &(Option<Time>, bool)| !revoked && end.is_none_or(|end| world.now < end);
        let enters = owner.keys.values().any(lasts) && before.manages_roles(id, world.now, Reading::Actual);
        assert!(!enters, "{id} gets in, and the operator issues a key of {member}");
    }
}

/// The roles that the product gave must be its own to give; they are all that a member may gain,
/// but for what waits behind a guard.
fn look_at_the_product(world: &World, before: &Oracle, after: &Oracle, outcome: &Outcome) {
    let default_roles: Vec<_> = world.document.account_types.iter().filter_map(|t| t.default_role.clone()).collect();
    let mut given = BTreeSet::new();
    for event in outcome.result.iter().flatten() {
        if let Event::Member(MemberEvent::RoleAssigned { role, .. }) = event {
            let by_default = matches!(&outcome.command, Command::Member(_, command) if command.name() == "AddMember")
                && default_roles.iter().any(|default| *default == *role.id.as_str());
            assert!(by_default || after.roles[role.id.as_str()].assigned == "system", "the product gives {role:?}");
            given.extend(after.effective(role.id.as_str()).iter().cloned());
        }
    }
    for gain in gains(before, after, world.now) {
        let behind_guards = before.holds(&gain.member, &gain.permission, &gain.place, gain.at, Reading::Potential);
        let waited = gain.reading == Reading::Actual && behind_guards >= gain.grip;
        assert!(waited || given.contains(&gain.permission), "the product gives {gain:?} by {:?}", outcome.command);
    }
}

pub(crate) fn nobody_gains_what_the_actor_does_not_hold(profile: &str, script: &Script) {
    let mut before: Option<Oracle> = None;
    play(profile, script, |world, outcome| {
        let before = before.get_or_insert_with(|| Oracle::fold(world.json().take(outcome.from)));
        if outcome.result.as_ref().is_ok_and(|events| !events.is_empty()) {
            let after = Oracle::fold(world.json().take(outcome.from + outcome.result.iter().flatten().count()));
            look(world, before, &after, outcome);
            *before = after;
        }
    });
}

mod nobody_gains_what_the_actor_does_not_hold {
    crate::on_every_profile!(super::nobody_gains_what_the_actor_does_not_hold, 24, 0..90);
}
