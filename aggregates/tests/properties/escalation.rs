//! (a) Grant what you hold: after a command nobody can do, anywhere, now or later, what they could
//! not before and the actor could not do there. The product itself widens access only where a guard
//! passes, or by a role that is given automatically.

use std::collections::{BTreeMap, BTreeSet};

use chancery_aggregates::event::MemberEvent;
use chancery_aggregates::vocabulary::{Actor, Time};
use chancery_aggregates::{Command, Event};

use crate::oracle::{Grip, Hand, Oracle, Place, Reading};
use crate::world::{Outcome, Script, World, play};

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
                for reading in [Reading::Actual, Reading::Potential, Reading::Restored] {
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
