//! Roles: what is accepted.

use chancery_aggregates::command::{BuiltIn, NewRole, RoleCommand};
use chancery_aggregates::event::{RoleCreated, RoleEvent};
use chancery_aggregates::profile::document::RoleInUse;
use chancery_aggregates::vocabulary::RoleId;

use crate::commands::{
    assign, catalogue_with, create, inherit_from, keys, member, new_role, permission_ref, rename, role, role_ref,
    toggle,
};
use crate::fixture::OPERATOR;
use crate::worlds::{propops, studio, workspace};

/// A role of a name and permissions, and nothing else.
fn created(id: &str, name: &str, permissions: &[&str]) -> RoleCreated {
    RoleCreated {
        role: role_ref(id, name),
        built_in: false,
        description: String::new(),
        colour: None,
        level: None,
        locked: false,
        everywhere: false,
        assigned: Default::default(),
        assigned_only_by: Vec::new(),
        account_types: Vec::new(),
        permissions: keys(permissions),
        inherits: Vec::new(),
        duplicate_of: None,
    }
}

#[test]
fn a_role_is_created_with_all_it_starts_with() {
    studio()
        .when(
            "ann",
            role(
                "printer",
                RoleCommand::CreateRole(Box::new(NewRole {
                    name: " Printer ".into(),
                    description: "Prints".into(),
                    colour: Some("#AABBCC".into()),
                    permissions: keys(&["work.view"]),
                    inherits: vec![RoleId::known("editor"), RoleId::known("editor")],
                    ..NewRole::default()
                })),
            ),
        )
        .then_expect_events(vec![RoleEvent::RoleCreated(Box::new(RoleCreated {
            description: "Prints".into(),
            colour: Some("#aabbcc".into()),
            inherits: vec![role_ref("editor", "Editor")],
            ..created("printer", "Printer", &["work.view"])
        }))]);
}

#[test]
fn the_operator_creates_the_roles_of_a_profile() {
    let attributes = BuiltIn { locked: true, everywhere: true, ..BuiltIn::default() };
    studio()
        .when(OPERATOR, role("printer", create(NewRole { built_in: Some(attributes), ..new_role("Printer", &[]) })))
        .then_expect_events(vec![RoleEvent::RoleCreated(Box::new(RoleCreated {
            built_in: true,
            locked: true,
            everywhere: true,
            ..created("printer", "Printer", &[])
        }))]);
}

#[test]
fn a_role_has_a_level_where_the_product_has_levels() {
    propops()
        .when("dan", role("night", create(NewRole { level: Some(20), ..new_role("Night Shift", &[]) })))
        .then_expect_events(vec![RoleEvent::RoleCreated(Box::new(RoleCreated {
            level: Some(20),
            ..created("night", "Night Shift", &[])
        }))]);
}

#[test]
fn a_duplicate_cites_its_source_and_copies_what_people_see() {
    studio()
        .when("ann", role("copy", RoleCommand::DuplicateRole { source: RoleId::known("editor"), name: "Copy".into() }))
        .then_expect_events(vec![RoleEvent::RoleCreated(Box::new(RoleCreated {
            description: "Edits".into(),
            colour: Some("#1d4ed8".into()),
            duplicate_of: Some(role_ref("editor", "Editor")),
            ..created("copy", "Copy", &["work.edit", "work.view"])
        }))]);
}

#[test]
fn the_duplicate_of_a_locked_role_is_not_locked() {
    studio()
        .when(
            "ann",
            role("copy", RoleCommand::DuplicateRole { source: RoleId::known("standard"), name: "Copy".into() }),
        )
        .then_expect_events(vec![RoleEvent::RoleCreated(Box::new(RoleCreated {
            duplicate_of: Some(role_ref("standard", "Standard")),
            ..created("copy", "Copy", &["work.view"])
        }))]);
}

#[test]
fn the_name_of_a_deleted_role_can_be_used_again() {
    studio()
        .given("ann", role("editor", RoleCommand::DeleteRole))
        .when("ann", role("new_editor", create(new_role("Editor", &[]))))
        .then_expect_events(vec![RoleEvent::RoleCreated(Box::new(created("new_editor", "Editor", &[])))]);
}

#[test]
fn a_role_is_renamed() {
    studio().when("ann", role("editor", RoleCommand::RenameRole { name: "Writer".into() })).then_expect_events(vec![
        RoleEvent::RoleRenamed { role: RoleId::known("editor"), before: "Editor".into(), after: "Writer".into() },
    ]);
}

#[test]
fn a_role_may_change_only_the_case_of_its_name() {
    studio().when("ann", role("editor", rename("EDITOR"))).then_expect_events(vec![RoleEvent::RoleRenamed {
        role: RoleId::known("editor"),
        before: "Editor".into(),
        after: "EDITOR".into(),
    }]);
}

#[test]
fn the_same_name_again_changes_nothing() {
    studio().when("ann", role("editor", rename("Editor "))).then_expect_events(vec![]);
}

#[test]
fn a_role_is_described() {
    studio()
        .when("ann", role("editor", RoleCommand::DescribeRole { description: "Writes".into() }))
        .then_expect_events(vec![RoleEvent::RoleDescribed {
            role: role_ref("editor", "Editor"),
            before: "Edits".into(),
            after: "Writes".into(),
        }]);
}

#[test]
fn a_role_gets_a_colour() {
    studio()
        .when("ann", role("signer", RoleCommand::RecolourRole { colour: Some("#FF0000".into()) }))
        .then_expect_events(vec![RoleEvent::RoleRecoloured {
            role: role_ref("signer", "Signer"),
            before: None,
            after: Some("#ff0000".into()),
        }]);
}

#[test]
fn a_role_changes_its_level() {
    propops().when("sue", role("finance", RoleCommand::ChangeRoleLevel { level: 25 })).then_expect_events(vec![
        RoleEvent::RoleLevelChanged { role: role_ref("finance", "Finance"), before: Some(30), after: Some(25) },
    ]);
}

#[test]
fn permissions_are_switched_on_and_off_in_one_change() {
    let toggled = |key: &str, name: &str, after: bool| RoleEvent::PermissionToggled {
        role: role_ref("editor", "Editor"),
        permission: permission_ref(key, name),
        before: !after,
        after,
    };
    studio()
        .when(
            "ann",
            role(
                "editor",
                RoleCommand::TogglePermissions {
                    allow: keys(&["work.sign", "work.sign", "work.edit"]),
                    deny: keys(&["work.view", "log.view"]),
                },
            ),
        )
        .then_expect_events(vec![toggled("work.sign", "Sign work", true), toggled("work.view", "View work", false)]);
}

#[test]
fn a_locked_role_whose_product_forbids_only_deleting_can_still_be_edited() {
    propops().when("dan", role("finance", rename("Accounts"))).then_expect_events(vec![RoleEvent::RoleRenamed {
        role: RoleId::known("finance"),
        before: "Finance".into(),
        after: "Accounts".into(),
    }]);
}

#[test]
fn a_role_inherits() {
    studio().when("ann", role("signer", inherit_from(&["standard"]))).then_expect_events(vec![
        RoleEvent::RoleInheritanceChanged {
            role: role_ref("signer", "Signer"),
            before: vec![role_ref("editor", "Editor")],
            after: vec![role_ref("standard", "Standard")],
        },
    ]);
}

#[test]
fn a_role_can_inherit_anew_after_its_parent_was_deleted() {
    studio()
        .given("ann", role("editor", RoleCommand::DeleteRole))
        .when("ann", role("signer", RoleCommand::InheritFrom { parents: vec![RoleId::known("standard")] }))
        .then_expect_events(vec![RoleEvent::RoleInheritanceChanged {
            role: role_ref("signer", "Signer"),
            before: vec![],
            after: vec![role_ref("standard", "Standard")],
        }]);
}

#[test]
fn a_role_is_locked() {
    studio()
        .when("ann", role("editor", RoleCommand::LockRole))
        .then_expect_events(vec![RoleEvent::RoleLocked { role: role_ref("editor", "Editor") }]);
}

#[test]
fn a_role_that_was_locked_by_hand_is_unlocked_by_hand() {
    studio()
        .given("ann", role("printer", create(new_role("Printer", &[]))))
        .given("ann", role("printer", RoleCommand::LockRole))
        .when("ann", role("printer", RoleCommand::UnlockRole))
        .then_expect_events(vec![RoleEvent::RoleUnlocked { role: role_ref("printer", "Printer") }]);
}

#[test]
fn a_role_that_nobody_holds_is_deleted() {
    studio().when("ann", role("editor", RoleCommand::DeleteRole)).then_expect_events(vec![RoleEvent::RoleDeleted {
        role: role_ref("editor", "Editor"),
        holders: 0,
        permissions: keys(&["work.edit", "work.view"]),
    }]);
}

#[test]
fn a_role_in_use_is_deleted_where_the_product_unassigns_it() {
    studio()
        .with_policy(|policy| policy.role_in_use = RoleInUse::Unassign)
        .given("ann", member("tom", assign("editor")))
        .when("ann", role("editor", RoleCommand::DeleteRole))
        .then_expect_events(vec![RoleEvent::RoleDeleted {
            role: role_ref("editor", "Editor"),
            holders: 1,
            permissions: keys(&["work.edit", "work.view"]),
        }]);
}

#[test]
fn an_excepted_role_deletes_what_is_locked() {
    let deleted = propops().when("sue", role("minimal_access", RoleCommand::DeleteRole));
    assert!(deleted.inspect_result().is_ok(), "it is not locked");
    let deleted = propops().when("sue", role("maintenance_coordinator", RoleCommand::DeleteRole)).inspect_result();
    let Ok([RoleEvent::RoleDeleted { role, holders: 0, permissions }]) = deleted.as_deref() else {
        panic!("not deleted: {deleted:?}");
    };
    assert_eq!((role, permissions.len()), (&role_ref("maintenance_coordinator", "Maintenance Coordinator"), 398));
}

#[test]
fn an_admin_duplicates_a_role_that_cannot_be_edited() {
    workspace()
        .when(
            "adam",
            role("copy", RoleCommand::DuplicateRole { source: RoleId::known("developer"), name: "Ops".into() }),
        )
        .then_expect_events(vec![RoleEvent::RoleCreated(Box::new(RoleCreated {
            description: "Engineers who only need API keys and the audit log.".into(),
            colour: Some("#7c3aed".into()),
            duplicate_of: Some(role_ref("developer", "Developer")),
            ..created(
                "copy",
                "Ops",
                &["api_keys.create", "api_keys.revoke", "api_keys.view", "audit.export", "audit.view"],
            )
        }))]);
}

#[test]
fn what_the_catalogue_gained_is_given_to_a_role_by_the_operator() {
    studio()
        .given(OPERATOR, catalogue_with("print.start"))
        .when(OPERATOR, role("lead", toggle(&["print.start"], &[])))
        .then_expect_events(vec![RoleEvent::PermissionToggled {
            role: role_ref("lead", "Lead"),
            permission: permission_ref("print.start", "May print.start"),
            before: false,
            after: true,
        }]);
}
