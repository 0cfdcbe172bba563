//! Separation of duties, where the profile refuses what would join them.

use chancery_aggregates::command::{MemberCommand, OrganisationCommand, ScopeChoice};
use chancery_aggregates::event::{MemberEvent, RoleEvent};
use chancery_aggregates::profile::document::{ProfileDocument, SeparationDocument, SeparationSwitch};
use chancery_aggregates::refusal::Refusal;
use chancery_aggregates::vocabulary::{MemberId, MemberScope, Time, Window};

use crate::commands::{
    add, add_in, assign, assign_during, assign_in, create_scope, inherit_from, member, move_below, permission_ref,
    role, role_assigned, role_ref, scope, scope_ref, selected, switch, toggle, until,
};
use crate::fixture::{ThenRefused, World, day};
use crate::worlds::studio_profile;

/// Who edits does not sign; Lead, who would do both, signs nothing here.
fn separating() -> ProfileDocument {
    let mut profile = studio_profile();
    profile.separations.push(SeparationDocument {
        key: "signing".into(),
        label: "Signing".into(),
        description: String::new(),
        one: vec!["work.edit".into()],
        other: vec!["work.sign".into()],
    });
    for role in &mut profile.roles {
        match role.key.as_str() {
            "signer" => role.inherits.clear(),
            "deputy" => role.permissions.retain(|permission| permission != "work.edit"),
            _ => {}
        }
    }
    profile
}

/// Ann (Lead), Tom (staff), the houses North, with the room Attic, and South, with the room Cellar.
fn studio(switch: SeparationSwitch) -> World {
    let mut profile = separating();
    profile.policy.separation = switch;
    World::founded(&profile, "ann")
        .given("ann", member("tom", add("staff")))
        .given("ann", scope("north", create_scope("house", "North", None)))
        .given("ann", scope("south", create_scope("house", "South", None)))
        .given("ann", scope("attic", create_scope("room", "Attic", Some("north"))))
        .given("ann", scope("cellar", create_scope("room", "Cellar", Some("south"))))
}

fn refusing() -> World {
    studio(SeparationSwitch::Refuse)
}

fn both(place: Option<&str>, at: Option<Time>) -> Refusal {
    Refusal::SeparationOfDuties {
        member: "tom".into(),
        separation: "Signing".into(),
        permissions: vec!["work.edit".into(), "work.sign".into()],
        place: place.map(Into::into),
        at,
    }
}

#[test]
fn a_second_role_that_joins_both_duties_is_refused() {
    refusing()
        .given("ann", member("tom", assign("editor")))
        .when("ann", member("tom", assign("signer")))
        .then_refused("separation_of_duties", both(None, None));
}

#[test]
fn the_refusal_names_both_permissions_and_the_place() {
    refusing()
        .given("ann", member("tom", assign_in("editor", "north")))
        .when("ann", member("tom", assign_in("signer", "attic")))
        .then_says(
            "separation_of_duties",
            "`tom` would hold both `work.edit` and `work.sign` in `Attic`, which “Signing” keeps apart",
        );
}

#[test]
fn both_duties_in_different_places_are_no_conflict() {
    let assigned = MemberEvent::RoleAssigned {
        member: MemberId::known("tom"),
        role: role_ref("signer", "Signer"),
        scope: Some(scope_ref("south", "South")),
        window: Window::default(),
        before: None,
    };
    refusing()
        .given("ann", member("tom", assign_in("editor", "north")))
        .when("ann", member("tom", assign_in("signer", "south")))
        .then_expect_events(vec![assigned]);
}

#[test]
fn a_scope_moved_below_the_other_duty_is_refused() {
    refusing()
        .given("ann", member("tom", assign_in("editor", "north")))
        .given("ann", member("tom", assign_in("signer", "cellar")))
        .when("ann", scope("cellar", move_below("north")))
        .then_refused("separation_of_duties", both(Some("Cellar"), None));
}

#[test]
fn a_switch_on_a_role_is_refused_for_what_its_holders_would_join() {
    refusing()
        .given("ann", member("tom", assign("standard")))
        .given("ann", member("tom", assign("editor")))
        .when("ann", role("editor", toggle(&["work.sign"], &[])))
        .then_refused("separation_of_duties", both(None, None));
}

#[test]
fn a_parent_of_a_role_is_refused_for_what_its_holders_would_join() {
    refusing()
        .given("ann", member("tom", assign("signer")))
        .when("ann", role("signer", inherit_from(&["editor"])))
        .then_refused("separation_of_duties", both(None, None));
}

#[test]
fn a_role_that_nobody_holds_may_join_both_duties() {
    let toggled = RoleEvent::PermissionToggled {
        role: role_ref("editor", "Editor"),
        permission: permission_ref("work.sign", "Sign work"),
        before: false,
        after: true,
    };
    refusing().when("ann", role("editor", toggle(&["work.sign"], &[]))).then_expect_events(vec![toggled]);
}

#[test]
fn a_direct_switch_counts_as_a_role_does() {
    refusing()
        .given("ann", member("tom", assign("editor")))
        .when("ann", member("tom", switch("work.sign", true)))
        .then_refused("separation_of_duties", both(None, None));
}

#[test]
fn windows_that_will_overlap_are_refused_before_they_do() {
    let window = Window { from: Some(day(5)), until: None };
    refusing()
        .given("ann", member("tom", assign_during("editor", until(day(10)))))
        .when("ann", member("tom", assign_during("signer", window)))
        .then_refused("separation_of_duties", both(None, Some(day(5))));
}

#[test]
fn windows_that_follow_each_other_are_no_conflict() {
    let window = Window { from: Some(day(10)), until: None };
    let assigned = MemberEvent::RoleAssigned {
        member: MemberId::known("tom"),
        role: role_ref("signer", "Signer"),
        scope: None,
        window,
        before: None,
    };
    refusing()
        .given("ann", member("tom", assign_during("editor", until(day(10)))))
        .when("ann", member("tom", assign_during("signer", window)))
        .then_expect_events(vec![assigned]);
}

#[test]
fn a_suspended_member_is_not_prepared_for_both_duties() {
    refusing()
        .given("ann", member("tom", assign("editor")))
        .given("ann", member("tom", MemberCommand::SuspendMember))
        .when("ann", member("tom", assign("signer")))
        .then_refused("separation_of_duties", both(None, None));
}

#[test]
fn a_conflict_that_is_there_already_refuses_nothing_else() {
    studio(SeparationSwitch::Report)
        .given("ann", member("tom", assign("editor")))
        .given("ann", member("tom", assign("signer")))
        .with_policy(|policy| policy.separation = SeparationSwitch::Refuse)
        .when("ann", member("tom", assign("standard")))
        .then_expect_events(vec![role_assigned("tom", "standard", "Standard")]);
}

#[test]
fn a_wider_scope_spreads_a_conflict_and_is_refused() {
    studio(SeparationSwitch::Report)
        .given("ann", member("eve", add_in("staff", Some(selected(&["attic"])))))
        .given("ann", member("eve", assign("editor")))
        .given("ann", member("eve", assign("signer")))
        .with_policy(|policy| policy.separation = SeparationSwitch::Refuse)
        .when("ann", member("eve", MemberCommand::ChangeScope { scope: ScopeChoice::All }))
        .then_says(
            "separation_of_duties",
            "`eve` would hold both `work.edit` and `work.sign`, which “Signing” keeps apart",
        );
}

#[test]
fn a_narrower_scope_is_accepted_although_the_conflict_stays() {
    studio(SeparationSwitch::Report)
        .given("ann", member("tom", assign("editor")))
        .given("ann", member("tom", assign("signer")))
        .with_policy(|policy| policy.separation = SeparationSwitch::Refuse)
        .when("ann", member("tom", MemberCommand::ChangeScope { scope: selected(&["attic"]) }))
        .then_expect_events(vec![MemberEvent::MemberScopeChanged {
            member: MemberId::known("tom"),
            before: MemberScope::All,
            after: MemberScope::Selected(vec![scope_ref("attic", "Attic")]),
        }]);
}

#[test]
fn without_the_switch_a_conflict_is_only_reported() {
    studio(SeparationSwitch::Report)
        .given("ann", member("tom", assign("editor")))
        .when("ann", member("tom", assign("signer")))
        .then_expect_events(vec![role_assigned("tom", "signer", "Signer")]);
}

#[test]
fn the_operator_may_turn_the_switch_while_conflicts_are_there() {
    let mut policy = separating().policy;
    policy.separation = SeparationSwitch::Refuse;
    let before = Box::new(separating().policy);
    let after = Box::new(policy.clone());
    studio(SeparationSwitch::Report)
        .given("ann", member("tom", assign("editor")))
        .given("ann", member("tom", assign("signer")))
        .when("@operator", OrganisationCommand::RevisePolicy { policy: Box::new(policy) })
        .then_expect_events(vec![chancery_aggregates::event::OrganisationEvent::PolicyRevised { before, after }]);
}
