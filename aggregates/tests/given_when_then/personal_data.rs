//! Personal data as a whole: handed out, held, erased, and never written again.

use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::event::{Details, MemberEvent};
use chancery_aggregates::refusal::{Refusal, Thing};
use chancery_aggregates::vocabulary::{MemberId, Personal};

use crate::commands::{add_in, assign, create, member, named, new_role, role, selected};
use crate::fixture::{OPERATOR, SYSTEM, ThenRefused, World};
use crate::worlds::{studio, workspace};

fn tom() -> MemberId {
    MemberId::known("tom")
}

fn call(name: &str) -> MemberCommand {
    MemberCommand::ChangeDetails { details: named(name) }
}

/// The studio, where Tom has a name.
fn with_name() -> World {
    studio().given("ann", member("tom", call("Tom")))
}

/// The studio, where Tom's name was erased.
fn with_erased_name() -> World {
    with_name().given("ann", member("tom", MemberCommand::ErasePersonalData))
}

/// The studio, where Tom's personal data is under a legal hold.
fn with_hold() -> World {
    with_name().given("ann", member("tom", MemberCommand::PlaceLegalHold))
}

/// Workspace, where Max hands out personal data and does not erase it.
fn with_clerk() -> World {
    workspace()
        .given("olga", role("clerk", create(new_role("Clerk", &["users.export_data"]))))
        .given("olga", member("max", assign("clerk")))
}

fn missing(actor: &str, permission: &str) -> Refusal {
    Refusal::MissingPermission { actor: actor.into(), permission: permission.into(), place: None }
}

fn erased() -> Refusal {
    Refusal::PersonalDataErased { member: "tom".into() }
}

fn not_for(actor: &str, command: &str) -> Refusal {
    Refusal::NotForActor { actor: actor.into(), command: command.into() }
}

#[test]
fn personal_data_is_handed_out() {
    with_name()
        .when("ann", member("tom", MemberCommand::ExportPersonalData))
        .then_expect_events(vec![MemberEvent::PersonalDataExported { member: tom() }]);
}

#[test]
fn every_time_that_personal_data_is_handed_out_is_recorded() {
    with_name()
        .given("ann", member("tom", MemberCommand::ExportPersonalData))
        .when("ann", member("tom", MemberCommand::ExportPersonalData))
        .then_expect_events(vec![MemberEvent::PersonalDataExported { member: tom() }]);
}

#[test]
fn what_is_left_after_an_erasure_is_handed_out() {
    with_erased_name()
        .when("ann", member("tom", MemberCommand::ExportPersonalData))
        .then_expect_events(vec![MemberEvent::PersonalDataExported { member: tom() }]);
}

#[test]
fn personal_data_under_a_legal_hold_is_handed_out() {
    with_hold()
        .when("ann", member("tom", MemberCommand::ExportPersonalData))
        .then_expect_events(vec![MemberEvent::PersonalDataExported { member: tom() }]);
}

#[test]
fn personal_data_is_erased() {
    with_name()
        .when("ann", member("tom", MemberCommand::ErasePersonalData))
        .then_expect_events(vec![MemberEvent::PersonalDataErased { member: tom() }]);
}

#[test]
fn personal_data_is_erased_after_its_member_has_left() {
    with_name()
        .given("ann", member("tom", MemberCommand::RemoveMember))
        .when("ann", member("tom", MemberCommand::ErasePersonalData))
        .then_expect_events(vec![MemberEvent::PersonalDataErased { member: tom() }]);
}

#[test]
fn personal_data_that_is_erased_already_is_not_erased_again() {
    with_erased_name().when("ann", member("tom", MemberCommand::ErasePersonalData)).then_expect_events(vec![]);
}

#[test]
fn a_legal_hold_is_placed() {
    studio()
        .when("ann", member("tom", MemberCommand::PlaceLegalHold))
        .then_expect_events(vec![MemberEvent::LegalHoldPlaced { member: tom() }]);
}

#[test]
fn a_legal_hold_is_placed_after_its_member_has_left() {
    studio()
        .given("ann", member("tom", MemberCommand::RemoveMember))
        .when("ann", member("tom", MemberCommand::PlaceLegalHold))
        .then_expect_events(vec![MemberEvent::LegalHoldPlaced { member: tom() }]);
}

#[test]
fn a_legal_hold_that_is_placed_already_is_not_placed_again() {
    with_hold().when("ann", member("tom", MemberCommand::PlaceLegalHold)).then_expect_events(vec![]);
}

#[test]
fn a_legal_hold_is_lifted() {
    with_hold()
        .when("ann", member("tom", MemberCommand::LiftLegalHold))
        .then_expect_events(vec![MemberEvent::LegalHoldLifted { member: tom() }]);
}

#[test]
fn without_a_legal_hold_there_is_nothing_to_lift() {
    studio().when("ann", member("tom", MemberCommand::LiftLegalHold)).then_expect_events(vec![]);
}

#[test]
fn nothing_under_a_legal_hold_is_erased() {
    with_hold()
        .when("ann", member("tom", MemberCommand::ErasePersonalData))
        .then_refused("legal_hold", Refusal::LegalHold { member: "tom".into() });
}

#[test]
fn a_legal_hold_outlasts_the_membership() {
    with_hold()
        .given("ann", member("tom", MemberCommand::RemoveMember))
        .when("ann", member("tom", MemberCommand::ErasePersonalData))
        .then_refused("legal_hold", Refusal::LegalHold { member: "tom".into() });
}

#[test]
fn after_a_legal_hold_personal_data_is_erased() {
    with_hold()
        .given("ann", member("tom", MemberCommand::LiftLegalHold))
        .when("ann", member("tom", MemberCommand::ErasePersonalData))
        .then_expect_events(vec![MemberEvent::PersonalDataErased { member: tom() }]);
}

#[test]
fn details_under_a_legal_hold_are_still_changed() {
    with_hold().when("ann", member("tom", call("Thomas"))).then_expect_events(vec![
        MemberEvent::MemberDetailsChanged { member: tom(), before: named("Tom"), after: named("Thomas") },
    ]);
}

#[test]
fn no_details_are_written_after_an_erasure() {
    with_erased_name().when("ann", member("tom", call("Tom"))).then_refused("personal_data_erased", erased());
}

#[test]
fn no_details_are_written_after_an_erasure_of_nothing() {
    studio()
        .given("ann", member("tom", MemberCommand::ErasePersonalData))
        .when("ann", member("tom", call("Tom")))
        .then_refused("personal_data_erased", erased());
}

#[test]
fn no_legal_hold_is_placed_on_what_was_erased() {
    with_erased_name()
        .when("ann", member("tom", MemberCommand::PlaceLegalHold))
        .then_refused("personal_data_erased", erased());
}

#[test]
fn what_an_erasure_left_is_taken_off() {
    let details = Details::default();
    with_erased_name().when("ann", member("tom", MemberCommand::ChangeDetails { details })).then_expect_events(vec![
        MemberEvent::MemberDetailsChanged {
            member: tom(),
            before: Details { name: Some(Personal::Erased), ..Details::default() },
            after: Details::default(),
        },
    ]);
}

#[test]
fn the_operator_erases_again_what_a_restored_store_has_back() {
    with_name()
        .when(OPERATOR, member("tom", MemberCommand::ReapplyErasure))
        .then_expect_events(vec![MemberEvent::PersonalDataErased { member: tom() }]);
}

#[test]
fn a_legal_hold_that_a_restored_store_has_back_does_not_stop_the_operator() {
    with_hold()
        .when(OPERATOR, member("tom", MemberCommand::ReapplyErasure))
        .then_expect_events(vec![MemberEvent::PersonalDataErased { member: tom() }]);
}

#[test]
fn the_operator_does_not_erase_again_what_is_still_erased() {
    with_erased_name().when(OPERATOR, member("tom", MemberCommand::ReapplyErasure)).then_expect_events(vec![]);
}

#[test]
fn the_operator_erases_nobody_who_is_not_there() {
    studio()
        .when(OPERATOR, member("tim", MemberCommand::ReapplyErasure))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Member, id: "tim".into(), nearest: None });
}

#[test]
fn no_member_has_the_operators_way() {
    with_name()
        .when("ann", member("tom", MemberCommand::ReapplyErasure))
        .then_refused("not_for_actor", not_for("ann", "ReapplyErasure"));
}

#[test]
fn the_operator_does_not_erase_of_its_own_accord() {
    with_name()
        .when(OPERATOR, member("tom", MemberCommand::ErasePersonalData))
        .then_refused("not_for_actor", not_for(OPERATOR, "ErasePersonalData"));
}

#[test]
fn the_operator_lifts_no_legal_hold() {
    with_hold()
        .when(OPERATOR, member("tom", MemberCommand::LiftLegalHold))
        .then_refused("not_for_actor", not_for(OPERATOR, "LiftLegalHold"));
}

#[test]
fn the_product_erases_nothing_by_itself() {
    with_name()
        .when(SYSTEM, member("tom", MemberCommand::ErasePersonalData))
        .then_refused("not_for_actor", not_for(SYSTEM, "ErasePersonalData"));
}

#[test]
fn handing_out_personal_data_needs_the_permission_for_it() {
    with_name()
        .when("bob", member("tom", MemberCommand::ExportPersonalData))
        .then_refused("missing_permission", missing("bob", "log.view"));
}

#[test]
fn erasing_personal_data_needs_the_permission_for_it() {
    with_name()
        .when("bob", member("tom", MemberCommand::ErasePersonalData))
        .then_refused("missing_permission", missing("bob", "log.view"));
}

#[test]
fn placing_a_legal_hold_needs_the_permission_to_erase() {
    with_name()
        .when("bob", member("tom", MemberCommand::PlaceLegalHold))
        .then_refused("missing_permission", missing("bob", "log.view"));
}

#[test]
fn lifting_a_legal_hold_needs_the_permission_to_erase() {
    with_hold()
        .when("bob", member("tom", MemberCommand::LiftLegalHold))
        .then_refused("missing_permission", missing("bob", "log.view"));
}

#[test]
fn nobody_erases_their_own_personal_data_without_the_permission() {
    with_name()
        .when("tom", member("tom", MemberCommand::ErasePersonalData))
        .then_refused("missing_permission", missing("tom", "log.view"));
}

#[test]
fn whoever_hands_out_personal_data_does_not_erase_it_where_the_product_tells_them_apart() {
    with_clerk()
        .when("max", member("max", MemberCommand::ErasePersonalData))
        .then_refused("missing_permission", missing("max", "users.erase_data"));
}

#[test]
fn whoever_hands_out_personal_data_needs_no_permission_to_erase_it() {
    with_clerk()
        .when("max", member("max", MemberCommand::ExportPersonalData))
        .then_expect_events(vec![MemberEvent::PersonalDataExported { member: MemberId::known("max") }]);
}

#[test]
fn personal_data_of_a_member_out_of_scope_is_as_unknown_as_the_member() {
    studio()
        .given("ann", role("clerk", create(new_role("Clerk", &["members.manage", "log.view"]))))
        .given("ann", member("jim", add_in("staff", Some(selected(&["attic"])))))
        .given("ann", member("jim", assign("clerk")))
        .given("ann", member("kim", add_in("staff", Some(selected(&["cellar"])))))
        .when("jim", member("kim", MemberCommand::ExportPersonalData))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Member, id: "kim".into(), nearest: None });
}
