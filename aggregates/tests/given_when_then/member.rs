//! Members: what is accepted. Documents of the guard are in `document.rs`.

use chancery_aggregates::command::{MemberCommand, RoleCommand, ScopeChoice};
use chancery_aggregates::event::{Details, EndedRole, MemberEvent};
use chancery_aggregates::profile::document::RoleInUse;
use chancery_aggregates::vocabulary::{
    AccountTypeKey, MemberId, MemberKind, MemberScope, PermissionKey, RoleId, ScopeId, Window,
};

use crate::commands::{
    add, add_in, assign, assign_in, by_group, member, named, permission_ref, role, role_assigned, role_ref, scope_ref,
    selected, switch, until,
};
use crate::fixture::{OPERATOR, SYSTEM, day};
use crate::worlds::{new_studio, proplink, propops, studio, workspace};

fn tom() -> MemberId {
    MemberId::known("tom")
}

fn added(id: &str, account_type: &str, scope: MemberScope) -> MemberEvent {
    MemberEvent::MemberAdded {
        member: MemberId::known(id),
        kind: MemberKind::Person,
        account_type: AccountTypeKey::known(account_type),
        details: Details::default(),
        scope,
    }
}

#[test]
fn a_program_is_added_where_it_works() {
    studio()
        .when(
            "bob",
            member(
                "sync",
                MemberCommand::AddMember {
                    kind: MemberKind::Service,
                    account_type: None,
                    details: named("Sync"),
                    scope: Some(selected(&["attic"])),
                },
            ),
        )
        .then_expect_events(vec![MemberEvent::MemberAdded {
            member: MemberId::known("sync"),
            kind: MemberKind::Service,
            account_type: AccountTypeKey::known("staff"),
            details: named("Sync"),
            scope: MemberScope::Selected(vec![scope_ref("attic", "Attic")]),
        }]);
}

#[test]
fn a_member_added_without_a_scope_gets_the_one_of_the_profile() {
    new_studio().when("ann", member("tom", add("staff"))).then_expect_events(vec![added(
        "tom",
        "staff",
        MemberScope::All,
    )]);
}

#[test]
fn somebody_bound_to_rooms_starts_with_nothing_and_the_default_role() {
    studio().when("ann", member("gus", add("guest"))).then_expect_events(vec![
        added("gus", "guest", MemberScope::None),
        role_assigned("gus", "standard", "Standard"),
    ]);
}

#[test]
fn the_operator_names_every_role_and_gets_no_default_one() {
    studio().when(OPERATOR, member("gus", add("guest"))).then_expect_events(vec![added(
        "gus",
        "guest",
        MemberScope::None,
    )]);
}

#[test]
fn a_member_is_given_every_room_of_a_house() {
    studio().when("ann", member("kim", add_in("staff", Some(by_group(&["north"]))))).then_expect_events(vec![added(
        "kim",
        "staff",
        MemberScope::ByGroup(vec![scope_ref("north", "North")]),
    )]);
}

#[test]
fn details_are_told_as_before_and_after() {
    studio().when("bob", member("tom", MemberCommand::ChangeDetails { details: named("Tom") })).then_expect_events(
        vec![MemberEvent::MemberDetailsChanged { member: tom(), before: Details::default(), after: named("Tom") }],
    );
}

#[test]
fn a_member_moves_to_another_account_type() {
    let guest = AccountTypeKey::known("guest");
    studio()
        .given("ann", member("tom", MemberCommand::ChangeScope { scope: selected(&["cellar"]) }))
        .when("ann", member("tom", MemberCommand::ChangeAccountType { account_type: guest.clone() }))
        .then_expect_events(vec![MemberEvent::AccountTypeChanged {
            member: tom(),
            before: AccountTypeKey::known("staff"),
            after: guest,
        }]);
}

#[test]
fn the_product_verifies_an_email_address() {
    studio()
        .when(SYSTEM, member("tom", MemberCommand::VerifyEmail))
        .then_expect_events(vec![MemberEvent::EmailVerified { member: tom() }]);
}

#[test]
fn an_address_is_verified_once() {
    studio()
        .given(SYSTEM, member("tom", MemberCommand::VerifyEmail))
        .when(SYSTEM, member("tom", MemberCommand::VerifyEmail))
        .then_expect_events(vec![]);
}

#[test]
fn a_role_is_given_in_a_scope_and_for_a_time() {
    let window = Window { from: Some(day(1)), until: Some(day(8)) };
    studio()
        .when(
            "bob",
            member(
                "tom",
                MemberCommand::AssignRole {
                    role: RoleId::known("editor"),
                    scope: Some(ScopeId::known("attic")),
                    window,
                },
            ),
        )
        .then_expect_events(vec![MemberEvent::RoleAssigned {
            member: tom(),
            role: role_ref("editor", "Editor"),
            scope: Some(scope_ref("attic", "Attic")),
            window,
            before: None,
        }]);
}

#[test]
fn the_same_role_in_another_scope_is_another_assignment() {
    studio()
        .given("ann", member("tom", assign_in("editor", "attic")))
        .when("ann", member("tom", assign("editor")))
        .then_expect_events(vec![role_assigned("tom", "editor", "Editor")]);
}

#[test]
fn a_changed_window_is_told_with_the_one_before() {
    let window = until(day(8));
    studio()
        .given("ann", member("tom", assign("editor")))
        .when("ann", member("tom", MemberCommand::AssignRole { role: RoleId::known("editor"), scope: None, window }))
        .then_expect_events(vec![MemberEvent::RoleAssigned {
            member: tom(),
            role: role_ref("editor", "Editor"),
            scope: None,
            window,
            before: Some(Window::default()),
        }]);
}

#[test]
fn the_same_assignment_again_changes_nothing() {
    studio()
        .given("ann", member("tom", assign("editor")))
        .when("ann", member("tom", assign("editor")))
        .then_expect_events(vec![]);
}

#[test]
fn the_product_gives_a_system_role() {
    proplink()
        .when(SYSTEM, member("rita", assign("resident")))
        .then_expect_events(vec![role_assigned("rita", "resident", "Resident")]);
}

#[test]
fn a_member_whose_only_role_was_deleted_can_have_another() {
    studio()
        .with_policy(|policy| (policy.several_roles, policy.role_in_use) = (false, RoleInUse::Unassign))
        .given("ann", member("tom", assign("editor")))
        .given("ann", role("editor", RoleCommand::DeleteRole))
        .when("ann", member("tom", assign("standard")))
        .then_expect_events(vec![role_assigned("tom", "standard", "Standard")]);
}

#[test]
fn an_owner_promotes_another_owner() {
    workspace()
        .when("olga", member("adam", assign("owner")))
        .then_expect_events(vec![role_assigned("adam", "owner", "Owner")]);
}

#[test]
fn a_role_is_taken_away_with_its_window() {
    studio()
        .given(
            "ann",
            member(
                "tom",
                MemberCommand::AssignRole { role: RoleId::known("editor"), scope: None, window: until(day(8)) },
            ),
        )
        .when("ann", member("tom", MemberCommand::UnassignRole { role: RoleId::known("editor"), scope: None }))
        .then_expect_events(vec![MemberEvent::RoleUnassigned {
            member: tom(),
            role: role_ref("editor", "Editor"),
            scope: None,
            before: until(day(8)),
        }]);
}

#[test]
fn a_member_works_elsewhere_from_now_on() {
    studio()
        .when("ann", member("tom", MemberCommand::ChangeScope { scope: selected(&["cellar"]) }))
        .then_expect_events(vec![MemberEvent::MemberScopeChanged {
            member: tom(),
            before: MemberScope::All,
            after: MemberScope::Selected(vec![scope_ref("cellar", "Cellar")]),
        }]);
}

#[test]
fn a_scope_is_taken_away_altogether() {
    studio().when("ann", member("tom", MemberCommand::ChangeScope { scope: ScopeChoice::None })).then_expect_events(
        vec![MemberEvent::MemberScopeChanged { member: tom(), before: MemberScope::All, after: MemberScope::None }],
    );
}

#[test]
fn a_direct_toggle_tells_what_was_before() {
    let permission = PermissionKey::known("work.edit");
    studio()
        .given("bob", member("tom", switch("work.edit", true)))
        .when("bob", member("tom", MemberCommand::ToggleMemberPermission { permission, allowed: false }))
        .then_expect_events(vec![MemberEvent::MemberPermissionToggled {
            member: tom(),
            permission: permission_ref("work.edit", "Edit work"),
            before: Some(true),
            after: false,
        }]);
}

#[test]
fn a_direct_toggle_is_taken_back() {
    let permission = PermissionKey::known("work.edit");
    studio()
        .given("bob", member("tom", switch("work.edit", true)))
        .when("bob", member("tom", MemberCommand::ClearMemberPermission { permission }))
        .then_expect_events(vec![MemberEvent::MemberPermissionCleared {
            member: tom(),
            permission: permission_ref("work.edit", "Edit work"),
            before: true,
        }]);
}

#[test]
fn a_member_is_suspended() {
    studio()
        .when("bob", member("tom", MemberCommand::SuspendMember))
        .then_expect_events(vec![MemberEvent::MemberSuspended { member: tom() }]);
}

#[test]
fn a_suspended_member_is_reactivated() {
    studio()
        .given("bob", member("tom", MemberCommand::SuspendMember))
        .when("bob", member("tom", MemberCommand::ReactivateMember))
        .then_expect_events(vec![MemberEvent::MemberReactivated { member: tom() }]);
}

#[test]
fn a_member_leaves() {
    studio()
        .given("ann", member("tom", assign("editor")))
        .when("bob", member("tom", MemberCommand::RemoveMember))
        .then_expect_events(vec![MemberEvent::MemberRemoved {
            member: tom(),
            roles: vec![EndedRole { role: role_ref("editor", "Editor"), scope: None, window: Window::default() }],
        }]);
}

#[test]
fn a_former_owner_may_leave() {
    use chancery_aggregates::command::OrganisationCommand;
    proplink()
        .given("priya", OrganisationCommand::TransferOwner { to: MemberId::known("anita") })
        .when("anita", member("priya", MemberCommand::RemoveMember))
        .then_expect_events(vec![MemberEvent::MemberRemoved { member: MemberId::known("priya"), roles: Vec::new() }]);
}

#[test]
fn an_administrator_may_step_down_while_another_remains() {
    studio().when("ann", member("ann", crate::commands::unassign("lead"))).then_expect_events(vec![
        MemberEvent::RoleUnassigned {
            member: MemberId::known("ann"),
            role: role_ref("lead", "Lead"),
            scope: None,
            before: Window::default(),
        },
    ]);
}

#[test]
fn a_director_changes_the_details_of_somebody_below() {
    propops().when("dan", member("fay", MemberCommand::ChangeDetails { details: named("Fay") })).then_expect_events(
        vec![MemberEvent::MemberDetailsChanged {
            member: MemberId::known("fay"),
            before: Details::default(),
            after: named("Fay"),
        }],
    );
}
