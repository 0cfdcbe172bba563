//! A long log of one organisation of the profile `proplink`, with 1,000 members, 50 custom roles and 110
//! scopes; then assignments, withdrawals, toggles and moves between scopes, in equal parts.

use std::sync::Arc;

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
use chancery::store::{Append, NewEvent, Store};

const MEMBERS: u64 = 1_000;
const ROLES: u64 = 50;
const SCOPES: u64 = 110;

/// The stream and the event of this number.
type Make = fn(u64) -> (String, Event);

/// Founds the organisation where it is not, and adds events up to this position.
pub(crate) async fn fill(store: &Arc<dyn Store>, organisation: &OrganisationId, until: u64) {
    let engine = Engine::new(store.clone());
    if store.head(organisation.as_str()).await.unwrap().is_none() {
        found(&engine, organisation).await;
    }
    append(&engine, store, organisation, until, (event, 1)).await;
}

/// Founds an organisation whose members keep two roles each and whose roles seldom change, with so many
/// microseconds from one event to the next, beginning at the engine's present.
#[allow(dead_code, reason = "of the benchmarks with this log only one calls it")]
pub(crate) async fn spread(engine: &Engine, organisation: &OrganisationId, until: u64, apart: i64) {
    let store = engine.store().clone();
    found(engine, organisation).await;
    append(engine, &store, organisation, until, (calm, apart)).await;
}

async fn found(engine: &Engine, organisation: &OrganisationId) {
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
}

async fn append(
    engine: &Engine,
    store: &Arc<dyn Store>,
    organisation: &OrganisationId,
    until: u64,
    (make, apart): (Make, i64),
) {
    let state = engine.state(organisation).await.unwrap();
    let mut head = state.position();
    let (time, enrolled) = (state.time().unwrap().timestamp_micros(), head);
    let mut sequences = std::collections::HashMap::new();
    while head < until {
        let events: Vec<NewEvent> = (head..until.min(head + 10_000))
            .map(|number| {
                let (stream, event) = make(number);
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
                    time: time + (number - enrolled + 1) as i64 * apart,
                }
            })
            .collect();
        let count = events.len() as u64;
        let append = Append { organisation: organisation.to_string(), expected_head: head, idempotency: None, events };
        store.append(append).await.unwrap();
        head += count;
    }
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

/// As `event`, only that a role is taken away 2,000 rounds after it was given, and that one round in eight
/// changes a role where the others move a member.
#[allow(dead_code, reason = "of the benchmarks with this log only one calls it")]
fn calm(number: u64) -> (String, Event) {
    let round = number / 4;
    let given = |round: u64| role(round + round / MEMBERS * 3);
    let member = member(round * 7);
    let stream = format!("member/{member}");
    let (scope, before) = (None, None);
    match number % 4 {
        0 => {
            let (role, window) = (given(round), Window::default());
            (stream, MemberEvent::RoleAssigned { member, role, scope, window, before }.into())
        }
        1 => {
            let (role, before) = (given(round.saturating_sub(2 * MEMBERS)), Window::default());
            (stream, MemberEvent::RoleUnassigned { member, role, scope, before }.into())
        }
        2 if !round.is_multiple_of(8) => event(number + 1),
        _ => event(number),
    }
}
