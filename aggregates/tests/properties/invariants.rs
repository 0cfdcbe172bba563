//! (b) The invariants of the design, after every command, as the oracle sees them.

use chancery_aggregates::Command;
use chancery_aggregates::vocabulary::Actor;
use serde_json::Value;

use crate::oracle::{Grip, Oracle, Place, Reading};
use crate::world::{Outcome, Script, World, play};

fn same_name(one: &str, other: &str) -> bool {
    let words = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ");
    let (one, other) = (words(one), words(other));
    one.to_lowercase() == other.to_lowercase() || one.to_uppercase() == other.to_uppercase()
}

fn look_at_state(world: &World, oracle: &Oracle) {
    let names: Vec<_> = oracle.roles.values().map(|role| &role.name).collect();
    for (index, name) in names.iter().enumerate() {
        assert!(!names[..index].iter().any(|other| same_name(name, other)), "two roles are called {name}");
    }
    if let Some(owner_role) = oracle.policy["owner_role"].as_str() {
        let held = |member: &&crate::oracle::Member| {
            member.assignments.iter().any(|((role, scope), window)| {
                role == owner_role && scope.is_none() && window.from.is_none() && window.until.is_none()
            })
        };
        let owners: Vec<_> = oracle.members.values().filter(held).collect();
        assert_eq!(owners.len(), 1, "owners: {owners:?}");
        assert_eq!(owners[0].status, "active");
        let anyhow = oracle.members.values().flat_map(|member| member.assignments.keys());
        assert_eq!(anyhow.filter(|(role, _)| role == owner_role).count(), 1);
    }
    for role in oracle.roles.keys() {
        look_for_cycle(oracle, role, &mut Vec::new());
    }
    for scope in oracle.scopes.keys() {
        // Panics at a cycle.
        oracle.above(scope);
    }
    assert!(oracle.has_administrator(world.now), "nobody can manage roles");
}

fn look_for_cycle<'a>(oracle: &'a Oracle, role: &'a str, way: &mut Vec<&'a str>) {
    assert!(!way.contains(&role), "{way:?} inherit from each other");
    way.push(role);
    for parent in &oracle.roles[role].inherits {
        look_for_cycle(oracle, parent, way);
    }
    way.pop();
}

fn look_at_event(world: &World, before: &Oracle, actor: &str, name: &str, event: &Value) {
    let role_id = event["role"]["id"].as_str().or(event["role"].as_str());
    let role = role_id.and_then(|role| before.roles.get(role).map(|entry| (role, entry)));
    let stream = if event.get("member").is_some() { "member" } else { "role" };
    let now = world.now;
    if let Some((id, role)) = role.filter(|_| name != "OwnerTransferred") {
        assert_eq!(role.assigned, "hand", "{actor} touches {id} by {name}");
        check_level(before, actor, role.level, now);
        if stream == "member" {
            let by = &role.assigned_only_by;
            let mut own = before.in_force(actor, now).into_iter();
            assert!(by.is_empty() || own.any(|(held, _)| by.contains(held)), "{actor} assigns {id}");
        } else {
            check_lock(before, actor, name, id, now);
            holds_need(before, actor, if name == "RoleDeleted" { "role_delete" } else { "role_edit" }, now);
        }
    }
    match name {
        "RoleCreated" => {
            holds_need(before, actor, "role_create", now);
            check_level(before, actor, event["level"].as_u64(), now);
            assert!(event.get("built_in").is_none() && event.get("everywhere").is_none(), "{actor}: {event}");
            assert_eq!(event["assigned"], "hand", "{actor} makes {event}");
        }
        "RoleLevelChanged" => check_level(before, actor, event["after"].as_u64(), now),
        "RoleDeleted" => {
            let held = |member: &crate::oracle::Member| {
                member.assignments.keys().any(|(held, _)| Some(held.as_str()) == role_id)
            };
            let holders = before.members.values().filter(|member| held(member)).count();
            assert_eq!(event["holders"].as_u64(), Some(holders as u64));
            assert!(holders == 0 || before.policy["role_in_use"] == "unassign", "{event} with {holders} holders");
        }
        "RoleAssigned" => {
            let member = event["member"].as_str().unwrap();
            // A new member's account type is in no state yet.
            assert!(!before.members.contains_key(member) || before.suits(member, role_id.unwrap()), "{event}");
        }
        "OwnerTransferred" => {
            assert!(before.members[actor].assignments.keys().any(|(held, _)| Some(held.as_str()) == role_id));
        }
        _ => {}
    }
    if let Some(member) =
        event["member"].as_str().filter(|_| !["MemberDetailsChanged", "DocumentSubmitted"].contains(&name))
    {
        let of_key = name.starts_with("Key");
        assert!(
            member != actor || of_key || before.switch("self_change"),
            "{actor} changes their own access: {name} {event}"
        );
        if member != actor && before.members.contains_key(member) {
            check_level(before, actor, before.level(member, now), now);
        }
    }
}

fn check_level(before: &Oracle, actor: &str, level: Option<u64>, now: chancery_aggregates::vocabulary::Time) {
    let (true, Some(level)) = (before.switch("levels"), level) else { return };
    let own = before.level(actor, now);
    assert!(own.is_some_and(|own| own <= level), "{actor} at level {own:?} works on level {level}");
}

fn check_lock(before: &Oracle, actor: &str, name: &str, role: &str, now: chancery_aggregates::vocabulary::Time) {
    let forbidden = match name {
        "RoleDeleted" => "delete",
        "RoleUnlocked" | "RoleLocked" => return,
        _ => "edit",
    };
    if before.roles[role].locked && before.policy_list("locked_forbids").iter().any(|what| what == forbidden) {
        let excepted = before.policy_list("locked_except_for");
        let mut held = before.in_force(actor, now).into_iter();
        assert!(held.any(|(held, _)| excepted.iter().any(|id| id == held)), "{actor}: {name} on the locked {role}");
    }
}

fn holds_need(before: &Oracle, actor: &str, need: &str, now: chancery_aggregates::vocabulary::Time) {
    let permission = before.authority[need].as_str().unwrap();
    let held = before.holds(actor, permission, &Place::Organisation, now, Reading::Actual);
    assert_eq!(held, Grip::Full, "{actor} holds no {permission}");
}

pub(crate) fn the_invariants_hold(profile: &str, script: &Script) {
    let mut before: Option<Oracle> = None;
    play(profile, script, |world, outcome| {
        let before = before.get_or_insert_with(|| Oracle::fold(world.json().take(outcome.from)));
        let new: Vec<_> = world.json().skip(outcome.from).take(outcome.result.iter().flatten().count()).collect();
        look_at_command(world, before, outcome, &new);
        if !new.is_empty() {
            *before = Oracle::fold(world.json().take(outcome.from + new.len()));
        }
        // Also when nothing happened: time alone must not take the last administrator.
        look_at_state(world, before);
    });
}

fn look_at_command(world: &World, before: &Oracle, outcome: &Outcome, new: &[&Value]) {
    let Actor::Member(actor) = &outcome.actor else { return };
    if new.is_empty() {
        return;
    }
    assert!(before.takes_part(actor.as_str(), world.now), "{actor} acts though out of it");
    if matches!(&outcome.command, Command::Organisation(command) if command.name() != "TransferOwner") {
        panic!("{actor} does {:?}", outcome.command);
    }
    for (name, event) in new.iter().map(|event| event.as_object().unwrap().iter().next().unwrap()) {
        look_at_event(world, before, actor.as_str(), name, event);
    }
}

mod the_invariants_hold {
    crate::on_every_profile!(super::the_invariants_hold, 24, 0..100);
}
