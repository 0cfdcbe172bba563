//! Members: what is refused.

use chancery_aggregates::command::{MemberCommand, OrganisationCommand, RoleCommand, ScopeChoice};
use chancery_aggregates::refusal::{Refusal, Thing};
use chancery_aggregates::vocabulary::{AccountTypeKey, IdError, MemberId, RoleId, ScopeId, Window};

use crate::commands::{
    add, add_in, assign, assign_during, assign_in, by_group, create, member, named, new_role, role, selected, switch,
    unassign, until,
};
use crate::fixture::{OPERATOR, SYSTEM, ThenRefused, World, day};
use crate::worlds::{buildings, new_studio, proplink, propops, studio, workspace};

/// Bob would give Tom what Bob does not hold.
fn escalation(permission: &str, place: Option<&str>) -> Refusal {
    Refusal::Escalation {
        actor: "bob".into(),
        member: "tom".into(),
        permission: permission.into(),
        place: place.map(Into::into),
        at: None,
        others: 0,
    }
}

/// The studio, where Bob is Deputy in the house North only.
fn studio_with_bob_in_north() -> World {
    studio()
        .given("ann", role("warden", create(new_role("Warden", &["members.manage", "roles.assign", "work.edit"]))))
        .given("ann", member("bob", unassign("deputy")))
        .given("ann", member("bob", MemberCommand::ChangeScope { scope: by_group(&["north"]) }))
        .given("ann", member("bob", assign("warden")))
}

#[test]
fn nobody_gives_a_role_beyond_what_they_hold() {
    studio().when("bob", member("tom", assign("signer"))).then_refused("escalation", escalation("work.sign", None));
}

#[test]
fn nobody_gives_later_what_they_may_not_give_now() {
    let window = Window { from: Some(day(3)), until: None };
    studio().when("bob", member("tom", assign_during("signer", window))).then_refused(
        "escalation",
        Refusal::Escalation {
            actor: "bob".into(),
            member: "tom".into(),
            permission: "work.sign".into(),
            place: None,
            at: Some(day(3)),
            others: 0,
        },
    );
}

#[test]
fn nobody_extends_what_they_do_not_hold() {
    studio()
        .given("ann", member("tom", assign_during("signer", until(day(3)))))
        .when("bob", member("tom", assign("signer")))
        .then_refused(
            "escalation",
            Refusal::Escalation {
                actor: "bob".into(),
                member: "tom".into(),
                permission: "work.sign".into(),
                place: None,
                at: Some(day(3)),
                others: 0,
            },
        );
}

#[test]
fn nobody_gives_back_a_permission_they_do_not_hold() {
    studio()
        .given("ann", member("tom", assign("signer")))
        .given("ann", member("tom", MemberCommand::SuspendMember))
        .when("bob", member("tom", MemberCommand::ReactivateMember))
        .then_refused("escalation", escalation("work.sign", None));
}

#[test]
fn nobody_widens_a_scope_with_what_they_do_not_hold() {
    studio()
        .given("ann", member("tom", MemberCommand::ChangeScope { scope: selected(&["attic"]) }))
        .given("ann", member("tom", assign("signer")))
        .when("bob", member("tom", MemberCommand::ChangeScope { scope: selected(&["attic", "cellar"]) }))
        .then_refused("escalation", escalation("work.sign", Some("Cellar")));
}

#[test]
fn a_member_out_of_scope_is_unknown() {
    studio_with_bob_in_north()
        .given("ann", member("kim", add_in("staff", Some(selected(&["cellar"])))))
        .when("bob", member("kim", MemberCommand::SuspendMember))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Member, id: "kim".into(), nearest: None });
}

#[test]
fn a_scope_out_of_scope_is_as_unknown_as_one_that_is_not_there() {
    studio_with_bob_in_north()
        .given("ann", member("kim", add_in("staff", Some(selected(&["attic"])))))
        .when("bob", member("kim", assign_in("editor", "cellar")))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Scope, id: "cellar".into(), nearest: None });
}

#[test]
fn a_scope_that_is_not_there_is_unknown() {
    studio_with_bob_in_north()
        .given("ann", member("kim", add_in("staff", Some(selected(&["attic"])))))
        .when("bob", member("kim", assign_in("editor", "cellars")))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Scope, id: "cellars".into(), nearest: None });
}

#[test]
fn nobody_is_added_where_the_actor_sees_nothing() {
    studio_with_bob_in_north()
        .when("bob", member("kim", add_in("staff", Some(selected(&["attic", "cellar"])))))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Scope, id: "cellar".into(), nearest: None });
}

#[test]
fn a_member_that_is_not_there_is_unknown() {
    studio()
        .when("ann", member("tim", MemberCommand::SuspendMember))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Member, id: "tim".into(), nearest: None });
}

#[test]
fn an_account_type_that_is_not_there_is_unknown() {
    studio().when("ann", member("gus", add("gest"))).then_refused(
        "unknown",
        Refusal::Unknown { thing: Thing::AccountType, id: "gest".into(), nearest: Some("guest".into()) },
    );
}

#[test]
fn a_role_that_is_not_there_is_not_given() {
    studio().when("ann", member("tom", assign("editr"))).then_refused(
        "unknown",
        Refusal::Unknown { thing: Thing::Role, id: "editr".into(), nearest: Some("editor".into()) },
    );
}

#[test]
fn adding_members_needs_the_permission_for_it() {
    studio().when("tom", member("kim", add("staff"))).then_refused(
        "missing_permission",
        Refusal::MissingPermission { actor: "tom".into(), permission: "members.manage".into(), place: None },
    );
}

#[test]
fn the_operator_only_enrols() {
    studio().when(OPERATOR, member("tom", MemberCommand::SuspendMember)).then_refused(
        "not_for_actor",
        Refusal::NotForActor { actor: OPERATOR.into(), command: "SuspendMember".into() },
    );
}

#[test]
fn the_product_gives_no_role_that_is_given_by_hand() {
    studio()
        .when(SYSTEM, member("tom", assign("editor")))
        .then_refused("not_for_actor", Refusal::NotForActor { actor: SYSTEM.into(), command: "AssignRole".into() });
}

#[test]
fn nobody_acts_on_somebody_who_outranks_them() {
    propops().when("dan", member("sue", MemberCommand::SuspendMember)).then_refused(
        "outranked",
        Refusal::Outranked { actor: "dan".into(), actor_level: Some(20), member: "sue".into(), level: 10 },
    );
}

#[test]
fn nobody_gives_a_role_above_their_own_level() {
    propops().when("dan", member("fay", assign("sysops"))).then_refused(
        "level_ceiling",
        Refusal::LevelCeiling { actor: "dan".into(), actor_level: Some(20), role: "SysOps".into(), level: 10 },
    );
}

#[test]
fn nobody_changes_their_own_access_where_the_product_says_so() {
    propops()
        .when("sue", member("sue", switch("api.jobs.record.view", true)))
        .then_refused("self_change", Refusal::SelfChange { actor: "sue".into() });
}

#[test]
fn only_owners_make_owners() {
    workspace()
        .when("adam", member("max", assign("owner")))
        .then_refused("assigned_only_by", Refusal::AssignedOnlyBy { role: "Owner".into(), by: vec!["Owner".into()] });
}

#[test]
fn a_system_role_is_not_given_by_hand() {
    proplink()
        .when("priya", member("rita", assign("resident")))
        .then_refused("system_role", Refusal::SystemRole { role: "Resident".into() });
}

#[test]
fn the_owner_role_is_not_given_by_hand() {
    proplink()
        .when("priya", member("anita", assign("owner")))
        .then_refused("owner_role", Refusal::OwnerRole { role: "Organisation Owner".into() });
}

#[test]
fn the_operator_makes_no_second_owner() {
    proplink()
        .when(OPERATOR, member("anita", assign("owner")))
        .then_refused("owner_role", Refusal::OwnerRole { role: "Organisation Owner".into() });
}

#[test]
fn nobody_switches_a_permission_for_others_without_holding_it() {
    studio().when("bob", member("tom", switch("work.sign", false))).then_refused(
        "toggle_not_held",
        Refusal::ToggleNotHeld { actor: "bob".into(), permission: "work.sign".into() },
    );
}

#[test]
fn the_last_administrator_cannot_step_down() {
    new_studio()
        .when("ann", member("ann", unassign("lead")))
        .then_refused("last_administrator", Refusal::LastAdministrator);
}

#[test]
fn the_last_administrator_cannot_leave() {
    new_studio()
        .when("ann", member("ann", MemberCommand::RemoveMember))
        .then_refused("last_administrator", Refusal::LastAdministrator);
}

#[test]
fn the_last_administrator_is_not_lost_to_the_passing_of_time() {
    new_studio()
        .when("ann", member("ann", assign_during("lead", until(day(30)))))
        .then_refused("last_administrator", Refusal::LastAdministrator);
}

#[test]
fn an_id_names_one_member_for_ever() {
    studio()
        .given("ann", member("tom", MemberCommand::RemoveMember))
        .when("ann", member("tom", add("staff")))
        .then_refused("id_taken", Refusal::IdTaken { thing: Thing::Member, id: "tom".into() });
}

#[test]
fn a_role_that_is_not_held_is_not_taken_away() {
    studio()
        .given("ann", member("tom", assign("editor")))
        .when(
            "ann",
            member(
                "tom",
                MemberCommand::UnassignRole { role: RoleId::known("editor"), scope: Some(ScopeId::known("attic")) },
            ),
        )
        .then_refused(
            "not_assigned",
            Refusal::NotAssigned { member: "tom".into(), role: "Editor".into(), place: Some("Attic".into()) },
        );
}

#[test]
fn a_member_holds_one_role_where_the_product_says_so() {
    studio()
        .with_policy(|policy| policy.several_roles = false)
        .given("ann", member("tom", assign("editor")))
        .when("ann", member("tom", assign("standard")))
        .then_refused("one_role_only", Refusal::OneRoleOnly { member: "tom".into(), role: "Editor".into() });
}

#[test]
fn whoever_left_is_not_changed_any_more() {
    studio()
        .given("ann", member("tom", MemberCommand::RemoveMember))
        .when("ann", member("tom", MemberCommand::ChangeDetails { details: named("Tom") }))
        .then_refused("member_left", Refusal::MemberLeft { member: "tom".into() });
}

#[test]
fn the_owner_is_not_suspended() {
    proplink()
        .when("anita", member("priya", MemberCommand::SuspendMember))
        .then_refused("member_is_owner", Refusal::MemberIsOwner { member: "priya".into() });
}

#[test]
fn the_new_owner_does_not_leave_either() {
    proplink()
        .given("priya", OrganisationCommand::TransferOwner { to: MemberId::known("anita") })
        .when("anita", member("anita", MemberCommand::RemoveMember))
        .then_refused("member_is_owner", Refusal::MemberIsOwner { member: "anita".into() });
}

#[test]
fn the_owner_stays_of_the_account_type() {
    let account_type = AccountTypeKey::known("portal");
    proplink()
        .when("anita", member("priya", MemberCommand::ChangeAccountType { account_type }))
        .then_refused("member_is_owner", Refusal::MemberIsOwner { member: "priya".into() });
}

#[test]
fn a_role_is_for_its_account_types() {
    proplink().when("priya", member("rita", assign("manager"))).then_refused(
        "role_for_other_account_type",
        Refusal::RoleForOtherAccountType { role: "Manager".into(), account_type: "portal".into() },
    );
}

#[test]
fn a_guest_is_not_given_a_house() {
    studio().when("ann", member("gus", add_in("guest", Some(selected(&["north"]))))).then_refused(
        "scope_for_other_account_type",
        Refusal::ScopeForOtherAccountType { scope: "North".into(), account_type: "guest".into() },
    );
}

#[test]
fn a_guest_is_not_given_the_whole_organisation() {
    studio().when("ann", member("gus", add_in("guest", Some(ScopeChoice::All)))).then_refused(
        "scope_for_other_account_type",
        Refusal::ScopeForOtherAccountType { scope: "the whole organisation".into(), account_type: "guest".into() },
    );
}

#[test]
fn a_role_is_given_in_a_building_where_the_product_wants_one() {
    buildings()
        .when("ada", member("mia", assign("cleaner")))
        .then_refused("scope_required", Refusal::ScopeRequired { role: "Cleaner".into() });
}

#[test]
fn a_role_that_reaches_everywhere_is_given_without_a_scope() {
    studio()
        .when("ann", member("tom", assign_in("deputy", "attic")))
        .then_refused("scope_not_used", Refusal::ScopeNotUsed { role: "Deputy".into() });
}

#[test]
fn a_room_groups_nothing() {
    studio()
        .when("ann", member("tom", MemberCommand::ChangeScope { scope: by_group(&["attic"]) }))
        .then_refused("not_a_group", Refusal::NotAGroup { scope: "Attic".into(), kind: "room".into() });
}

#[test]
fn a_window_in_the_past_is_empty() {
    studio()
        .on(day(2))
        .when("ann", member("tom", assign_during("editor", until(day(1)))))
        .then_refused("empty_window", Refusal::EmptyWindow { from: None, until: day(1) });
}

#[test]
fn a_window_ends_after_it_begins() {
    let window = Window { from: Some(day(5)), until: Some(day(5)) };
    studio()
        .when("ann", member("tom", assign_during("editor", window)))
        .then_refused("empty_window", Refusal::EmptyWindow { from: Some(day(5)), until: day(5) });
}

#[test]
fn a_deleted_role_is_not_given() {
    studio()
        .given("ann", role("signer", RoleCommand::DeleteRole))
        .when("ann", member("tom", assign("signer")))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Role, id: "signer".into(), nearest: None });
}

#[test]
fn nobody_is_added_under_the_name_of_the_operator() {
    studio()
        .when("ann", member(OPERATOR, add("staff")))
        .then_refused("bad_id", Refusal::BadId { thing: Thing::Member, id: OPERATOR.into(), because: IdError::Start });
}

#[test]
fn somebody_who_works_everywhere_does_not_become_one_bound_to_rooms() {
    let account_type = AccountTypeKey::known("guest");
    studio().when("ann", member("tom", MemberCommand::ChangeAccountType { account_type })).then_refused(
        "scope_for_other_account_type",
        Refusal::ScopeForOtherAccountType { scope: "the whole organisation".into(), account_type: "guest".into() },
    );
}
