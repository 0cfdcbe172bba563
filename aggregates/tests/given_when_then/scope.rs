//! Scopes.

use chancery_aggregates::command::{MemberCommand, ScopeCommand};
use chancery_aggregates::event::ScopeEvent;
use chancery_aggregates::refusal::{Refusal, Thing};
use chancery_aggregates::vocabulary::{IdError, ScopeId};

use crate::commands::{
    assign, create, create_scope, member, move_below, new_role, role, scope, scope_ref, selected, share_with, unassign,
};
use crate::fixture::{OPERATOR, ThenRefused, World};
use crate::worlds::{buildings, proplink, studio};

/// Bob manages and shares rooms in the house North only, and signs nothing.
fn studio_with_bob_in_north() -> World {
    studio()
        .given("ann", role("porter", create(new_role("Porter", &["rooms.manage", "rooms.share"]))))
        .given("ann", member("bob", unassign("deputy")))
        .given("ann", member("bob", MemberCommand::ChangeScope { scope: selected(&["north"]) }))
        .given("ann", member("bob", assign("porter")))
}

#[test]
fn a_room_is_created_in_a_house() {
    studio()
        .when(
            "ann",
            scope(
                "study",
                ScopeCommand::CreateScope {
                    name: " Study ".into(),
                    kind: Some("room".into()),
                    parent: Some(ScopeId::known("north")),
                },
            ),
        )
        .then_expect_events(vec![ScopeEvent::ScopeCreated {
            scope: scope_ref("study", "Study"),
            kind: "room".into(),
            parent: Some(scope_ref("north", "North")),
        }]);
}

#[test]
fn the_only_kind_need_not_be_named() {
    buildings()
        .when("ada", scope("mill", ScopeCommand::CreateScope { name: "Mill".into(), kind: None, parent: None }))
        .then_expect_events(vec![ScopeEvent::ScopeCreated {
            scope: scope_ref("mill", "Mill"),
            kind: "building".into(),
            parent: None,
        }]);
}

#[test]
fn a_kind_may_stand_at_the_top_although_it_may_stand_below_another() {
    proplink().when("priya", scope("acacia", create_scope("site", "Acacia Avenue", None))).then_expect_events(vec![
        ScopeEvent::ScopeCreated { scope: scope_ref("acacia", "Acacia Avenue"), kind: "site".into(), parent: None },
    ]);
}

#[test]
fn a_scope_is_renamed() {
    studio().when("ann", scope("attic", ScopeCommand::RenameScope { name: "Loft".into() })).then_expect_events(vec![
        ScopeEvent::ScopeRenamed { scope: ScopeId::known("attic"), before: "Attic".into(), after: "Loft".into() },
    ]);
}

#[test]
fn a_scope_is_moved_with_all_below_it() {
    let parent = Some(ScopeId::known("south"));
    studio().when("ann", scope("attic", ScopeCommand::MoveScope { parent })).then_expect_events(vec![
        ScopeEvent::ScopeMoved {
            scope: scope_ref("attic", "Attic"),
            before: Some(scope_ref("north", "North")),
            after: Some(scope_ref("south", "South")),
        },
    ]);
}

#[test]
fn moving_to_where_it_is_changes_nothing() {
    studio().when("ann", scope("attic", move_below("north"))).then_expect_events(vec![]);
}

#[test]
fn a_scope_is_opened_to_another() {
    studio()
        .when("ann", scope("attic", ScopeCommand::ShareScope { with: ScopeId::known("south") }))
        .then_expect_events(vec![ScopeEvent::ScopeShared {
            scope: scope_ref("attic", "Attic"),
            with: scope_ref("south", "South"),
        }]);
}

#[test]
fn sharing_ends() {
    studio()
        .given("ann", scope("attic", share_with("south")))
        .when("ann", scope("attic", ScopeCommand::UnshareScope { with: ScopeId::known("south") }))
        .then_expect_events(vec![ScopeEvent::ScopeUnshared {
            scope: scope_ref("attic", "Attic"),
            with: scope_ref("south", "South"),
        }]);
}

#[test]
fn ending_what_is_not_shared_changes_nothing() {
    studio()
        .when("ann", scope("attic", ScopeCommand::UnshareScope { with: ScopeId::known("south") }))
        .then_expect_events(vec![]);
}

#[test]
fn a_scope_is_taken_out_of_use() {
    studio()
        .when("ann", scope("north", ScopeCommand::ArchiveScope))
        .then_expect_events(vec![ScopeEvent::ScopeArchived { scope: scope_ref("north", "North") }]);
}

#[test]
fn an_archived_scope_is_taken_into_use_again() {
    studio()
        .given("ann", scope("north", ScopeCommand::ArchiveScope))
        .when("ann", scope("north", ScopeCommand::RestoreScope))
        .then_expect_events(vec![ScopeEvent::ScopeRestored { scope: scope_ref("north", "North") }]);
}

#[test]
fn a_scope_does_not_stand_below_its_own_part() {
    studio()
        .when("ann", scope("north", move_below("attic")))
        .then_refused("scope_cycle", Refusal::ScopeCycle { scope: "North".into(), parent: "Attic".into() });
}

#[test]
fn nothing_is_made_below_what_is_archived() {
    studio()
        .given("ann", scope("north", ScopeCommand::ArchiveScope))
        .when("ann", scope("study", create_scope("room", "Study", Some("north"))))
        .then_refused("archived_scope", Refusal::ArchivedScope { scope: "North".into() });
}

#[test]
fn a_room_does_not_stand_at_the_top() {
    studio()
        .when("ann", scope("study", create_scope("room", "Study", None)))
        .then_refused("misplaced_scope", Refusal::MisplacedScope { kind: "room".into(), place: "at the top".into() });
}

#[test]
fn a_room_does_not_move_below_a_room() {
    studio().when("ann", scope("attic", move_below("cellar"))).then_refused(
        "misplaced_scope",
        Refusal::MisplacedScope { kind: "room".into(), place: "below one of the kind `room`".into() },
    );
}

#[test]
fn one_of_several_kinds_has_to_be_named() {
    studio()
        .when("ann", scope("study", ScopeCommand::CreateScope { name: "Study".into(), kind: None, parent: None }))
        .then_refused("kind_required", Refusal::KindRequired { kinds: vec!["house".into(), "room".into()] });
}

#[test]
fn a_kind_that_is_not_there_is_unknown() {
    studio().when("ann", scope("study", create_scope("hose", "Study", None))).then_refused(
        "unknown",
        Refusal::Unknown { thing: Thing::ScopeKind, id: "hose".into(), nearest: Some("house".into()) },
    );
}

#[test]
fn the_id_of_a_scope_is_not_used_again() {
    studio()
        .when("ann", scope("attic", create_scope("room", "Attic", Some("south"))))
        .then_refused("id_taken", Refusal::IdTaken { thing: Thing::Scope, id: "attic".into() });
}

#[test]
fn nothing_is_shared_with_what_it_belongs_to() {
    studio()
        .when("ann", scope("attic", share_with("north")))
        .then_refused("shared_with_itself", Refusal::SharedWithItself { scope: "Attic".into(), with: "North".into() });
}

#[test]
fn a_scope_that_is_not_there_is_unknown() {
    studio().when("ann", scope("atic", ScopeCommand::ArchiveScope)).then_refused(
        "unknown",
        Refusal::Unknown { thing: Thing::Scope, id: "atic".into(), nearest: Some("attic".into()) },
    );
}

#[test]
fn a_scope_out_of_scope_is_unknown_and_nothing_near_it_is_named() {
    studio_with_bob_in_north()
        .when("bob", scope("cellar", ScopeCommand::ArchiveScope))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Scope, id: "cellar".into(), nearest: None });
}

#[test]
fn a_scope_is_not_moved_to_where_the_actor_has_no_say() {
    studio_with_bob_in_north()
        .when("bob", scope("attic", move_below("south")))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Scope, id: "south".into(), nearest: None });
}

#[test]
fn archiving_needs_the_permission_for_it() {
    studio().when("tom", scope("attic", ScopeCommand::ArchiveScope)).then_refused(
        "missing_permission",
        Refusal::MissingPermission {
            actor: "tom".into(),
            permission: "rooms.manage".into(),
            place: Some("Attic".into()),
        },
    );
}

#[test]
fn the_operator_creates_scopes_and_moves_none() {
    studio()
        .when(OPERATOR, scope("attic", move_below("south")))
        .then_refused("not_for_actor", Refusal::NotForActor { actor: OPERATOR.into(), command: "MoveScope".into() });
}

#[test]
fn sharing_gives_nobody_what_the_actor_does_not_hold_there() {
    studio()
        .given("ann", member("tom", MemberCommand::ChangeScope { scope: selected(&["south"]) }))
        .given("ann", member("tom", assign("signer")))
        .when("bob", scope("attic", share_with("south")))
        .then_refused(
            "escalation",
            Refusal::Escalation {
                actor: "bob".into(),
                member: "tom".into(),
                permission: "work.sign".into(),
                place: Some("Attic".into()),
                at: None,
                others: 0,
            },
        );
}

#[test]
fn a_scope_has_an_id_without_spaces() {
    studio().when("ann", scope("the study", create_scope("room", "Study", Some("north")))).then_refused(
        "bad_id",
        Refusal::BadId { thing: Thing::Scope, id: "the study".into(), because: IdError::Character },
    );
}
