//! Roles: what is refused.

use chancery_aggregates::command::{BuiltIn, MemberCommand, NewRole, OrganisationCommand, RoleCommand};
use chancery_aggregates::profile::document::RoleInUse;
use chancery_aggregates::refusal::{Refusal, Thing};
use chancery_aggregates::vocabulary::{IdError, MemberId, RoleId};

use crate::commands::{assign, catalogue_with, create, inherit_from, member, new_role, rename, role, switch, toggle};
use crate::fixture::{OPERATOR, SYSTEM, ThenRefused, World};
use crate::worlds::{buildings, new_studio, proplink, propops, studio};

#[test]
fn before_the_founding_there_is_nobody_to_act() {
    World::empty()
        .when("ann", role("editor", RoleCommand::LockRole))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Organisation, id: "".into(), nearest: None });
}

#[test]
fn a_role_that_is_not_there_is_unknown() {
    studio().when("ann", role("editro", RoleCommand::LockRole)).then_refused(
        "unknown",
        Refusal::Unknown { thing: Thing::Role, id: "editro".into(), nearest: Some("editor".into()) },
    );
}

#[test]
fn a_deleted_role_is_unknown() {
    studio()
        .given("ann", role("signer", RoleCommand::DeleteRole))
        .when("ann", role("signer", rename("Sign")))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Role, id: "signer".into(), nearest: None });
}

#[test]
fn a_role_is_unknown_to_members_who_may_not_see_roles() {
    buildings()
        .when("mia", role("cleaner", rename("Tidier")))
        .then_refused("unknown", Refusal::Unknown { thing: Thing::Role, id: "cleaner".into(), nearest: None });
}

#[test]
fn a_permission_that_is_not_there_is_unknown() {
    studio().when("ann", role("editor", toggle(&["work.sing"], &[]))).then_refused(
        "unknown",
        Refusal::Unknown { thing: Thing::Permission, id: "work.sing".into(), nearest: Some("work.sign".into()) },
    );
}

#[test]
fn nobody_acts_who_is_not_there() {
    studio()
        .when("anne", role("editor", RoleCommand::LockRole))
        .then_refused("unknown_actor", Refusal::UnknownActor { actor: "anne".into(), nearest: Some("ann".into()) });
}

#[test]
fn nobody_acts_who_is_suspended() {
    studio()
        .given("ann", member("bob", MemberCommand::SuspendMember))
        .when("bob", role("editor", rename("X")))
        .then_refused(
            "actor_inactive",
            Refusal::ActorInactive { actor: "bob".into(), because: "the member is suspended".into() },
        );
}

#[test]
fn changing_a_role_needs_the_permission_for_it() {
    studio().when("tom", role("editor", rename("Writer"))).then_refused(
        "missing_permission",
        Refusal::MissingPermission { actor: "tom".into(), permission: "roles.manage".into(), place: None },
    );
}

#[test]
fn the_operator_does_not_edit_roles() {
    studio()
        .when(OPERATOR, role("editor", rename("Writer")))
        .then_refused("not_for_actor", Refusal::NotForActor { actor: OPERATOR.into(), command: "RenameRole".into() });
}

#[test]
fn the_product_itself_does_not_create_roles() {
    studio()
        .when(SYSTEM, role("printer", create(new_role("Printer", &[]))))
        .then_refused("not_for_actor", Refusal::NotForActor { actor: SYSTEM.into(), command: "CreateRole".into() });
}

#[test]
fn a_member_cannot_give_a_role_what_only_a_profile_gives() {
    let attributes = BuiltIn { everywhere: true, ..BuiltIn::default() };
    studio()
        .when("ann", role("printer", create(NewRole { built_in: Some(attributes), ..new_role("Printer", &[]) })))
        .then_refused("system_only", Refusal::SystemOnly { what: "making a built-in role".into() });
}

#[test]
fn a_new_role_permits_no_more_than_its_maker_may() {
    studio().when("bob", role("boss", create(new_role("Boss", &["work.edit", "work.sign", "log.view"])))).then_refused(
        "role_beyond_actor",
        Refusal::RoleBeyondActor {
            actor: "bob".into(),
            role: "Boss".into(),
            permission: "work.sign".into(),
            others: 1,
        },
    );
}

#[test]
fn a_role_does_not_inherit_more_than_the_actor_may() {
    studio().when("bob", role("editor", inherit_from(&["lead"]))).then_refused(
        "role_beyond_actor",
        Refusal::RoleBeyondActor {
            actor: "bob".into(),
            role: "Editor".into(),
            permission: "work.sign".into(),
            others: 1,
        },
    );
}

#[test]
fn lifting_a_restriction_from_a_role_is_giving_what_it_narrowed() {
    studio()
        .given("ann", role("junior", create(new_role("Junior", &["work.sign", "work.own_only"]))))
        .when("bob", role("junior", toggle(&[], &["work.own_only"])))
        .then_refused(
            "role_beyond_actor",
            Refusal::RoleBeyondActor {
                actor: "bob".into(),
                role: "Junior".into(),
                permission: "work.sign".into(),
                others: 0,
            },
        );
}

#[test]
fn a_permission_is_switched_only_by_somebody_who_holds_it() {
    studio().when("bob", role("signer", toggle(&[], &["work.sign"]))).then_refused(
        "toggle_not_held",
        Refusal::ToggleNotHeld { actor: "bob".into(), permission: "work.sign".into() },
    );
}

#[test]
fn nobody_makes_a_role_above_their_own_level() {
    propops().when("dan", role("top", create(NewRole { level: Some(15), ..new_role("Top", &[]) }))).then_refused(
        "level_ceiling",
        Refusal::LevelCeiling { actor: "dan".into(), actor_level: Some(20), role: "Top".into(), level: 15 },
    );
}

#[test]
fn nobody_raises_a_role_above_their_own_level() {
    propops().when("dan", role("finance", RoleCommand::ChangeRoleLevel { level: 10 })).then_refused(
        "level_ceiling",
        Refusal::LevelCeiling { actor: "dan".into(), actor_level: Some(20), role: "Finance".into(), level: 10 },
    );
}

#[test]
fn a_locked_role_is_not_edited() {
    studio()
        .when("ann", role("standard", rename("Usual")))
        .then_refused("locked_role", Refusal::LockedRole { role: "Standard".into() });
}

#[test]
fn the_lock_of_a_profile_is_not_taken_off() {
    studio()
        .when("ann", role("standard", RoleCommand::UnlockRole))
        .then_refused("locked_role", Refusal::LockedRole { role: "Standard".into() });
}

#[test]
fn a_locked_role_is_deleted_only_by_those_who_are_excepted() {
    propops()
        .when("dan", role("maintenance_coordinator", RoleCommand::DeleteRole))
        .then_refused("locked_role", Refusal::LockedRole { role: "Maintenance Coordinator".into() });
}

#[test]
fn a_system_role_is_not_edited() {
    proplink()
        .when("priya", role("resident", rename("Tenant")))
        .then_refused("system_role", Refusal::SystemRole { role: "Resident".into() });
}

#[test]
fn a_role_does_not_inherit_from_a_system_role() {
    studio()
        .when("ann", role("editor", inherit_from(&["visitor"])))
        .then_refused("system_role", Refusal::SystemRole { role: "Visitor".into() });
}

#[test]
fn the_owner_role_is_not_deleted() {
    proplink()
        .when("priya", role("owner", RoleCommand::DeleteRole))
        .then_refused("owner_role", Refusal::OwnerRole { role: "Organisation Owner".into() });
}

#[test]
fn nobody_takes_role_management_away_from_the_only_role_that_has_it() {
    new_studio()
        .when("ann", role("lead", toggle(&[], &["roles.assign"])))
        .then_refused("last_administrator", Refusal::LastAdministrator);
}

#[test]
fn deleting_a_role_does_not_leave_an_organisation_without_administrator() {
    new_studio()
        .with_policy(|policy| policy.role_in_use = RoleInUse::Unassign)
        .when("ann", role("lead", RoleCommand::DeleteRole))
        .then_refused("last_administrator", Refusal::LastAdministrator);
}

#[test]
fn names_are_unique_whatever_their_case() {
    studio()
        .when("ann", role("printer", create(new_role(" eDITOR ", &[]))))
        .then_refused("name_taken", Refusal::NameTaken { name: "Editor".into() });
}

#[test]
fn a_role_is_not_renamed_to_what_another_is_called() {
    studio()
        .when("ann", role("signer", rename("editor")))
        .then_refused("name_taken", Refusal::NameTaken { name: "Editor".into() });
}

#[test]
fn the_id_of_a_deleted_role_is_not_used_again() {
    studio()
        .given("ann", role("editor", RoleCommand::DeleteRole))
        .when("ann", role("editor", create(new_role("Editor", &[]))))
        .then_refused("id_taken", Refusal::IdTaken { thing: Thing::Role, id: "editor".into() });
}

#[test]
fn a_role_in_use_cannot_be_deleted() {
    studio()
        .given("ann", member("tom", assign("editor")))
        .when("ann", role("editor", RoleCommand::DeleteRole))
        .then_refused("role_in_use", Refusal::RoleInUse { role: "Editor".into(), holders: 1 });
}

#[test]
fn a_role_does_not_inherit_from_itself() {
    studio().when("ann", role("editor", inherit_from(&["editor"]))).then_refused(
        "inheritance_cycle",
        Refusal::InheritanceCycle { role: "Editor".into(), parent: "Editor".into() },
    );
}

#[test]
fn a_role_does_not_inherit_from_its_heir() {
    studio()
        .given(
            "ann",
            role("chief", create(NewRole { inherits: vec![RoleId::known("signer")], ..new_role("Chief", &[]) })),
        )
        .when("ann", role("editor", inherit_from(&["standard", "chief"])))
        .then_refused("inheritance_cycle", Refusal::InheritanceCycle { role: "Editor".into(), parent: "Chief".into() });
}

#[test]
fn a_name_has_no_control_character() {
    studio()
        .when("ann", role("editor", rename("Edi\u{7}tor")))
        .then_refused("bad_name", Refusal::BadName { name: "Edi\u{7}tor".into() });
}

#[test]
fn a_description_has_an_end() {
    studio()
        .when("ann", role("editor", RoleCommand::DescribeRole { description: "x".repeat(2_001) }))
        .then_refused("too_long", Refusal::TooLong { what: "description".into(), most: 2_000 });
}

#[test]
fn a_colour_has_six_digits() {
    studio()
        .when("ann", role("editor", RoleCommand::RecolourRole { colour: Some("#fff".into()) }))
        .then_refused("bad_colour", Refusal::BadColour { colour: "#fff".into() });
}

#[test]
fn a_new_role_needs_a_level_where_the_product_has_levels() {
    propops()
        .when("sue", role("night", create(new_role("Night Shift", &[]))))
        .then_refused("level_required", Refusal::LevelRequired { role: "Night Shift".into() });
}

#[test]
fn a_role_gets_no_level_where_the_product_has_none() {
    studio()
        .when("ann", role("editor", RoleCommand::ChangeRoleLevel { level: 1 }))
        .then_refused("level_not_used", Refusal::LevelNotUsed);
}

#[test]
fn a_permission_is_not_switched_on_and_off_at_once() {
    studio()
        .when("ann", role("editor", toggle(&["work.sign", "work.view"], &["work.view"])))
        .then_refused("contradiction", Refusal::Contradiction { permission: "work.view".into() });
}

#[test]
fn whoever_lost_the_permission_by_a_direct_toggle_edits_no_roles() {
    studio()
        .given("ann", member("bob", switch("roles.manage", false)))
        .when("bob", role("editor", rename("X")))
        .then_refused(
            "missing_permission",
            Refusal::MissingPermission { actor: "bob".into(), permission: "roles.manage".into(), place: None },
        );
}

#[test]
fn a_former_owner_without_another_role_edits_no_roles() {
    proplink()
        .given("priya", OrganisationCommand::TransferOwner { to: MemberId::known("anita") })
        .when("priya", role("manager", rename("Block Manager")))
        .then_refused(
            "missing_permission",
            Refusal::MissingPermission { actor: "priya".into(), permission: "role.update".into(), place: None },
        );
}

#[test]
fn a_role_has_an_id() {
    studio()
        .when("ann", role("", create(new_role("Printer", &[]))))
        .then_refused("bad_id", Refusal::BadId { thing: Thing::Role, id: "".into(), because: IdError::Empty });
}

#[test]
fn not_even_the_lead_gives_what_the_catalogue_gained_and_nobody_holds() {
    studio()
        .given(OPERATOR, catalogue_with("print.start"))
        .when("ann", role("lead", toggle(&["print.start"], &[])))
        .then_refused(
            "toggle_not_held",
            Refusal::ToggleNotHeld { actor: "ann".into(), permission: "print.start".into() },
        );
}
