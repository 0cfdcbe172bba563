//! Separation of duties: where the profile refuses, no command of a member's or of the product's own
//! leaves anybody with both of two duties somewhere who had not both there before; and what is refused
//! for it would have done just that.

use std::collections::BTreeSet;

use chancery_aggregates::profile::BUILT_IN;
use chancery_aggregates::profile::document::{Policy, ProfileDocument, SeparationDocument, SeparationSwitch};
use chancery_aggregates::vocabulary::{Actor, Time};
use chancery_aggregates::{AccessState, Event, Facts, Refusal, Stamp};
use serde_json::Value;

use crate::oracle::{Grip, Oracle, Place, Reading, selects};
use crate::world::{Outcome, Script, World, decide, play_on};

/// Who violates which separation where, when, and in which reading.
type Conflict = (String, String, Place, Time, u8);

/// A built-in profile that keeps two pairs of duties apart: what the governing permissions do, which the
/// random histories give about most, and the first two permissions of the catalogue.
fn separating(profile: &str) -> ProfileDocument {
    let text = BUILT_IN.iter().find(|(name, _)| *name == profile).unwrap().1;
    let mut document: ProfileDocument = toml::from_str(text).unwrap();
    let authority = document.authority.clone();
    let keys: Vec<_> = document.categories.iter().flat_map(|category| &category.permissions).collect();
    let mut grants = keys.iter().filter(|permission| permission.narrows.is_empty()).map(|p| p.key.clone());
    let (first, second) = (grants.next().unwrap(), grants.next().unwrap());
    let separation = |key: &str, one: &str, other: &str| SeparationDocument {
        key: key.into(),
        label: key.into(),
        description: String::new(),
        one: vec![one.into()],
        other: vec![other.into()],
    };
    document.separations.push(separation("catalogue", &first, &second));
    if authority.role_create != authority.member_add {
        document.separations.push(separation("governing", &authority.role_create, &authority.member_add));
    }
    document.policy.separation = SeparationSwitch::Refuse;
    document
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// All conflicts at the places and instants, by the oracle's own reading of the profile in the log.
fn conflicts(
    oracle: &Oracle,
    separations: &[Value],
    places: &[Place],
    instants: &BTreeSet<Time>,
) -> BTreeSet<Conflict> {
    let mut found = BTreeSet::new();
    for member in oracle.members.keys() {
        for place in places {
            for at in instants {
                for (number, reading) in (0..).zip([Reading::Actual, Reading::Potential, Reading::Restored]) {
                    let Some(hand) = oracle.hand(member, place, *at, reading) else { continue };
                    for separation in separations {
                        let holds = |side: &str| {
                            let patterns = texts(&separation[side]);
                            let mut keys = oracle.permissions.keys().filter(|key| selects(&patterns, key));
                            keys.any(|key| oracle.grip(&hand, key) > Grip::No)
                        };
                        if holds("one") && holds("other") {
                            let key = separation["key"].as_str().unwrap().to_owned();
                            found.insert((member.clone(), key, place.clone(), *at, number));
                        }
                    }
                }
            }
        }
    }
    found
}

/// What conflicts after and did not before, at the places that were there before.
fn new_conflicts(before: &Oracle, after: &Oracle, separations: &[Value], now: Time) -> BTreeSet<Conflict> {
    let scopes = before.scopes.keys().cloned().map(Place::Scope);
    let places: Vec<Place> = [Place::Organisation].into_iter().chain(scopes).collect();
    let mut instants = BTreeSet::from([now]);
    for oracle in [before, after] {
        instants.extend(oracle.members.keys().flat_map(|member| oracle.turning_points(member)).filter(|at| *at > now));
    }
    let known = conflicts(before, separations, &places, &instants);
    conflicts(after, separations, &places, &instants).difference(&known).cloned().collect()
}

/// What a refused command would have done, had the profile only reported.
fn if_only_reported(world: &World, outcome: &Outcome) -> Result<Oracle, Refusal> {
    let mut state = AccessState::default();
    let mut json: Vec<Value> = Vec::new();
    for line in &world.log[..outcome.from] {
        state.apply(&line.event, line.stamp);
        json.push(line.json.clone());
    }
    let mut policy: Policy = state.profile().unwrap().policy().clone();
    policy.separation = SeparationSwitch::Report;
    let before = Box::new(state.profile().unwrap().policy().clone());
    let revised = chancery_aggregates::event::OrganisationEvent::PolicyRevised { before, after: Box::new(policy) };
    let mut happen = |state: &mut AccessState, event: Event| {
        state.apply(&event, Stamp { position: state.position() + 1, time: world.now });
        json.push(serde_json::from_str(&event.payload().unwrap()).unwrap());
    };
    happen(&mut state, revised.into());
    let facts = Facts { state: state.clone(), actor: outcome.actor.clone(), now: world.now };
    for event in decide(&facts, &outcome.command)? {
        happen(&mut state, event);
    }
    Ok(Oracle::fold(json.iter()))
}

pub(crate) fn nobody_comes_to_hold_what_is_kept_apart(profile: &str, script: &Script) {
    let world = World::found_by(separating(profile));
    let separations = world.log[0].json["OrganisationFounded"]["profile"]["separation"].as_array().unwrap().clone();
    assert!(!separations.is_empty());
    let mut before = world.oracle();
    play_on(world, script, |world, outcome| {
        let after = world.oracle();
        let refuses = before.policy["separation"] == "refuse";
        match &outcome.result {
            Ok(_) if refuses && outcome.actor != Actor::Operator => {
                let new = new_conflicts(&before, &after, &separations, world.now);
                assert!(new.is_empty(), "{:?} by {} leads to {new:?}", outcome.command, outcome.actor);
            }
            Err(Refusal::SeparationOfDuties { .. }) => {
                assert!(refuses);
                match if_only_reported(world, outcome) {
                    Ok(then) => {
                        let new = new_conflicts(&before, &then, &separations, world.now);
                        assert!(!new.is_empty(), "{:?} was refused for nothing", outcome.command);
                    }
                    // What follows in the order of the rules may refuse it as well.
                    Err(refusal) => assert_eq!(refusal, Refusal::LastAdministrator),
                }
            }
            _ => {}
        }
        before = after;
    });
}

mod nobody_comes_to_hold_what_is_kept_apart {
    crate::on_every_profile!(super::nobody_comes_to_hold_what_is_kept_apart, 12, 0..60);
}
