//! (e) A command is refused and leaves no trace, or yields events that happen as they say; asked
//! again, it has nothing more to change.

use std::collections::BTreeMap;

use chancery_aggregates::member::Member;
use chancery_aggregates::member::{Review, Standing};
use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::role::Role;
use chancery_aggregates::scope::Scope;
use chancery_aggregates::vocabulary::{MemberKind, MemberScope, ScopeRef};
use chancery_aggregates::{AccessState, Command};
use serde_json::Value;

use crate::oracle::{self, Oracle, Reach};
use crate::world::{Outcome, Script, World, decide, play};

/// The state in the oracle's words.
fn compare(state: &AccessState, oracle: &Oracle) {
    let roles: BTreeMap<_, _> =
        state.roles().map(|(_, e)| (e.id.to_string(), role(state, &Role::of(state, e), e))).collect();
    assert_eq!(roles, oracle.roles);
    for (ix, entry) in state.roles() {
        let effective = state.profile().unwrap().keys(&state.role(ix).unwrap().effective);
        let effective: Vec<_> = effective.iter().map(|key| key.as_str().to_owned()).collect();
        let known = |key: &&String| oracle.permissions.contains_key(*key);
        assert_eq!(
            effective.iter().collect::<std::collections::BTreeSet<_>>(),
            oracle.effective(entry.id.as_str()).iter().filter(known).collect(),
        );
    }
    let members: BTreeMap<_, _> =
        state.members().map(|(_, entry)| (entry.id.to_string(), member(&Member::of(state, entry)))).collect();
    assert_eq!(members, oracle.members);
    let scopes: BTreeMap<_, _> =
        state.scopes().map(|(_, entry)| (entry.id.to_string(), scope(&Scope::of(state, entry)))).collect();
    assert_eq!(scopes, oracle.scopes);
}

fn role(_: &AccessState, role: &Role, entry: &chancery_aggregates::state::RoleEntry) -> oracle::Role {
    oracle::Role {
        name: entry.name.to_string(),
        description: role.description.clone(),
        colour: role.colour.as_ref().map(ToString::to_string),
        level: role.level.map(u64::from),
        locked: role.locked,
        everywhere: entry.everywhere,
        assigned: match role.assigned {
            AssignedBy::Hand => "hand",
            AssignedBy::System => "system",
            AssignedBy::Transfer => "transfer",
        }
        .to_owned(),
        assigned_only_by: entry.assigned_only_by.iter().map(ToString::to_string).collect(),
        account_types: role.account_types.iter().map(ToString::to_string).collect(),
        own: role.permissions.iter().map(ToString::to_string).collect(),
        inherits: role.inherits.iter().map(ToString::to_string).collect(),
    }
}

fn member(member: &Member) -> oracle::Member {
    let window =
        |window: &chancery_aggregates::vocabulary::Window| oracle::Window { from: window.from, until: window.until };
    let nodes = |nodes: &[ScopeRef]| nodes.iter().map(|node| node.id.to_string()).collect();
    oracle::Member {
        account_type: member.account_type.to_string(),
        details: serde_json::to_value(&member.details).unwrap(),
        status: match member.standing {
            Standing::Active => "active",
            Standing::Suspended => "suspended",
            Standing::Removed => "removed",
        },
        verified: member.email_verified,
        documents: member.documents.iter().map(|(kind, review)| (kind.to_string(), document(*review))).collect(),
        scope: match &member.scope {
            MemberScope::None => Reach::Nothing,
            MemberScope::All => Reach::All,
            MemberScope::Selected(selected) => Reach::Nodes { by_group: false, nodes: nodes(selected) },
            MemberScope::ByGroup(groups) => Reach::Nodes { by_group: true, nodes: nodes(groups) },
        },
        assignments: member
            .roles
            .iter()
            .map(|held| ((held.role.to_string(), held.scope.as_ref().map(ToString::to_string)), window(&held.window)))
            .collect(),
        toggles: member.toggles.iter().map(|(key, allowed)| (key.to_string(), *allowed)).collect(),
        program: member.kind == MemberKind::Service,
        keys: member.keys.iter().map(|held| (held.key.to_string(), (held.expires, held.revoked))).collect(),
    }
}

fn document(review: Review) -> (&'static str, Option<chancery_aggregates::vocabulary::Time>) {
    match review {
        Review::Submitted => ("submitted", None),
        Review::Approved { expires } => ("approved", expires),
        Review::Rejected => ("rejected", None),
        Review::Expired => ("expired", None),
    }
}

fn scope(scope: &Scope) -> oracle::Scope {
    oracle::Scope {
        name: scope.scope.as_ref().unwrap().name.to_string(),
        kind: scope.kind.to_string(),
        parent: scope.parent.as_ref().map(ToString::to_string),
        shared_with: scope.shared_with.iter().map(ToString::to_string).collect(),
        archived: scope.archived,
    }
}

/// What an event says was before is what was, and after it something else is.
fn changes_something(event: &Value) {
    let (name, fields) = event.as_object().unwrap().iter().next().unwrap();
    if let (Some(before), Some(after)) = (fields.get("before"), fields.get("after")) {
        assert_ne!(before, after, "{event}");
    }
    if name == "RoleAssigned" && fields.get("before").is_some() {
        let now = fields.get("window").cloned().unwrap_or_else(|| serde_json::json!({}));
        assert_ne!(fields["before"], now, "{event}");
    }
}

fn asked_again(world: &World, outcome: &Outcome) {
    let again = decide(&world.facts(outcome.actor.clone()), &outcome.command);
    // To hand in a document once more is something new.
    if !matches!(&outcome.command, Command::Member(_, command) if command.name() == "SubmitDocument") {
        assert!(again.as_ref().map_or(true, Vec::is_empty), "{:?} twice: {again:?}", outcome.command);
    }
}

pub(crate) fn a_command_is_refused_or_happens_as_its_events_say(profile: &str, script: &Script) {
    play(profile, script, |world, outcome| {
        let count = outcome.result.iter().flatten().count();
        let refusals = world.log.len() - outcome.from - count;
        assert!(refusals <= 1);
        for line in &world.log[outcome.from..] {
            assert_eq!(
                line.stamp.position,
                1 + world.log[..].iter().position(|l| l.stamp == line.stamp).unwrap() as u64
            );
            assert_eq!(line.actor, outcome.actor);
        }
        match &outcome.result {
            Err(refusal) => {
                assert!(world.log[outcome.from..].iter().all(|line| line.event.name() == "CommandRefused"));
                assert!(!refusal.to_string().contains('\n'), "{refusal}");
                assert!(chancery_aggregates::Refusal::RULES.contains(&refusal.rule()));
            }
            Ok(events) => {
                assert_eq!(world.state.position(), (outcome.from + events.len()) as u64);
                world.log[outcome.from..].iter().for_each(|line| changes_something(&line.json));
                asked_again(world, outcome);
            }
        }
        if count > 0 || refusals > 0 {
            compare(&world.state, &world.oracle());
        }
    });
}

mod a_command_is_refused_or_happens_as_its_events_say {
    crate::on_every_profile!(super::a_command_is_refused_or_happens_as_its_events_say, 16, 0..90);
}
