//! The sentences that people read most, word by word.

use chancery_aggregates::command::{MemberCommand, RoleCommand, ScopeCommand};
use chancery_aggregates::vocabulary::Window;

use crate::commands::{assign, assign_during, create, member, new_role, rename, role, scope, selected, unassign};
use crate::fixture::{ThenRefused, day};
use crate::worlds::{new_studio, studio};

#[test]
fn a_role_in_use_tells_by_how_many() {
    studio()
        .given("ann", member("tom", assign("editor")))
        .when("ann", role("editor", RoleCommand::DeleteRole))
        .then_says("role_in_use", "role `Editor` is still assigned to 1 member");
}

#[test]
fn several_holders_of_a_role_in_use_are_counted() {
    studio()
        .given("ann", member("tom", assign("editor")))
        .given("ann", member("bob", assign("editor")))
        .when("ann", role("editor", RoleCommand::DeleteRole))
        .then_says("role_in_use", "role `Editor` is still assigned to 2 members");
}

#[test]
fn a_taken_name_is_told_as_the_other_role_writes_it() {
    studio()
        .when("ann", role("printer", create(new_role("EDITOR", &[]))))
        .then_says("name_taken", "a role named `Editor` exists already: choose another name");
}

#[test]
fn an_escalation_tells_who_would_gain_what() {
    studio()
        .when("bob", member("tom", assign("signer")))
        .then_says("escalation", "`tom` would gain `work.sign`, which `bob` does not hold there");
}

#[test]
fn an_escalation_by_several_permissions_counts_them() {
    studio()
        .when("bob", member("tom", assign("lead")))
        .then_says("escalation", "`tom` would gain `work.sign` and 1 more, which `bob` does not hold there");
}

#[test]
fn an_escalation_to_come_tells_where_and_when() {
    let window = Window { from: Some(day(3)), until: None };
    studio()
        .given("ann", member("tom", MemberCommand::ChangeScope { scope: selected(&["attic"]) }))
        .when("bob", member("tom", assign_during("signer", window)))
        .then_says(
            "escalation",
            "`tom` would gain `work.sign` in `Attic` from 2026-03-05 09:00, which `bob` does not hold there",
        );
}

#[test]
fn a_locked_role_tells_the_way_around() {
    studio()
        .when("ann", role("standard", rename("Usual")))
        .then_says("locked_role", "role `Standard` is locked: duplicate it and change the copy");
}

#[test]
fn a_missing_permission_is_named() {
    studio()
        .when("tom", role("editor", rename("Writer")))
        .then_says("missing_permission", "`tom` does not hold `roles.manage`, which this needs");
}

#[test]
fn a_permission_missing_somewhere_tells_where() {
    studio()
        .when("tom", scope("attic", ScopeCommand::ArchiveScope))
        .then_says("missing_permission", "`tom` does not hold `rooms.manage` in `Attic`, which this needs");
}

#[test]
fn the_last_administrator_is_told_what_to_do_first() {
    new_studio().when("ann", member("ann", unassign("lead"))).then_says(
        "last_administrator",
        "nobody would be left who can manage roles: give somebody else a lasting role for it first",
    );
}

#[test]
fn what_is_unknown_comes_with_the_nearest_name() {
    studio()
        .when("ann", member("tom", assign("editr")))
        .then_says("unknown", "there is no role `editr`: did you mean `editor`?");
}

#[test]
fn what_is_unknown_and_like_nothing_comes_alone() {
    studio().when("ann", member("tom", assign("zzz"))).then_says("unknown", "there is no role `zzz`");
}

#[test]
fn a_misspelt_actor_comes_with_the_nearest_member() {
    studio()
        .when("anne", role("editor", RoleCommand::LockRole))
        .then_says("unknown_actor", "there is no member `anne` to act as: did you mean `ann`?");
}
