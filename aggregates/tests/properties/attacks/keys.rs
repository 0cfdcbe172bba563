//! By keys: whoever has the secret acts as the member.

use chancery_aggregates::key::{KeyExpiry, KeyHash};
use chancery_aggregates::vocabulary::KeyId;

use super::*;

const ROBOT: &str = "robot";

fn issue(key: &str) -> MemberCommand {
    MemberCommand::IssueKey {
        key: KeyId::known(key),
        label: "key".into(),
        hash: KeyHash::new([7; 32]),
        expires: KeyExpiry::Usual,
    }
}

fn rotate(key: &str, by: &str) -> MemberCommand {
    let (key, by, hash) = (KeyId::known(key), KeyId::known(by), KeyHash::new([8; 32]));
    MemberCommand::RotateKey { key, by, hash, expires: KeyExpiry::Usual, until: None }
}

fn add_program(scope: Option<ScopeChoice>) -> MemberCommand {
    MemberCommand::AddMember { kind: MemberKind::Service, account_type: None, details: Details::default(), scope }
}

/// Mallory changes members' details, and there is a program with a role.
fn with_robot(role: &str) -> World {
    let mut world = workspace(&["users.update", "users.invite", "roles.manage"]);
    let by_default = MemberCommand::UnassignRole { role: role_id("member"), scope: None };
    world.done(to_member(ROBOT, add_program(None))).done(to_member(ROBOT, by_default));
    world.done(to_member(ROBOT, assign(role)));
    world
}

#[test]
fn a_key_of_a_strong_program_is_not_had() {
    let mut world = with_robot("admin");
    world.refuses_mallory("key_beyond_actor", to_member(ROBOT, issue("k1")));
    world.done(to_member(ROBOT, issue("k1")));
    world.refuses_mallory("key_beyond_actor", to_member(ROBOT, rotate("k1", "k2")));
}

#[test]
fn a_key_of_a_program_that_sleeps_is_not_had() {
    let mut world = with_robot("admin");
    world.done(to_member(ROBOT, MemberCommand::SuspendMember));
    world.refuses_mallory("key_beyond_actor", to_member(ROBOT, issue("k1")));
}

#[test]
fn a_key_of_a_program_that_is_strong_tomorrow_is_not_had() {
    let mut world = with_robot("mallorys");
    let from = Some(world.now + TimeDelta::days(1));
    world.done(to_member(ROBOT, assign_in("admin", None, Window { from, until: None })));
    let refusal = world.refuses_mallory("key_beyond_actor", to_member(ROBOT, issue("k1")));
    assert!(matches!(refusal, Refusal::KeyBeyondActor { at, .. } if at == from), "{refusal}");
}

#[test]
fn a_program_of_ones_own_making_does_not_grow_beyond_its_maker() {
    let mut world = with_robot("mallorys");
    world.done_by(MALLORY, to_member(ROBOT, issue("k1")));
    world.refuses_mallory("escalation", to_member(ROBOT, assign("admin")));
    world.done(to_member(ROBOT, assign("admin")));
    world.refuses_mallory("key_beyond_actor", to_member(ROBOT, rotate("k1", "k2")));
    world.refuses_mallory("key_beyond_actor", to_member(ROBOT, issue("k3")));
}

#[test]
fn a_persons_key_is_not_had_by_anybody_else() {
    let mut world = with_robot("mallorys");
    world.refuses_mallory("key_for_person", to_member(TOM, issue("k1")));
    let refusal = world.ask(actor(FOUNDER), to_member(TOM, issue("k1"))).result.unwrap_err();
    assert_eq!(refusal.rule(), "key_for_person");
    let refusal = world.ask(Actor::System, to_member(TOM, issue("k1"))).result.unwrap_err();
    assert_eq!(refusal.rule(), "not_for_actor");
}

#[test]
fn the_operator_does_not_get_in_beside_an_administrator() {
    let mut world = with_robot("admin");
    world.done_by("@operator", to_member(FOUNDER, issue("k1")));
    let refusal = world.ask(Actor::Operator, to_member(ROBOT, issue("k2"))).result.unwrap_err();
    assert_eq!(refusal.rule(), "administrator_has_key");
}

#[test]
fn a_key_of_a_program_that_may_do_more_somewhere_else_is_not_had() {
    let mut world = proplink(&["member.update", "site.read"]);
    world
        .done(to_member(ROBOT, add_program(Some(selected(&["s1"])))))
        .done(to_member(ROBOT, assign("mallorys")))
        .done_by(MALLORY, to_member(ROBOT, issue("k1")))
        .done(to_member(MALLORY, MemberCommand::ChangeScope { scope: selected(&["s0"]) }));
    world.refuses_mallory("unknown", to_member(ROBOT, issue("k2")));
}
