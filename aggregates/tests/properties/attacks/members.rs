//! By way of what a member holds, and when.

use super::*;

#[test]
fn a_strong_role_is_not_assigned_to_a_suspended_member() {
    let mut world = workspace(&["roles.manage", "users.view"]);
    world.done(to_member(TOM, MemberCommand::SuspendMember));
    world.refuses_mallory("escalation", to_member(TOM, assign("admin")));
}

#[test]
fn a_strong_role_is_not_assigned_to_an_unverified_member() {
    let mut world = propops(&["api.roles.assignment.manage"]);
    world.with_member(TOM, Some("agent"), Some(selected(&["b0"])));
    world.refuses_mallory("escalation", to_member(TOM, assign("maintenance_coordinator")));
}

#[test]
fn a_member_behind_a_guard_is_not_let_in_by_somebody_who_has_less() {
    let mut world = propops(&["api.users.record.update", "api.certifications.record.approve"]);
    world
        .with_member(TOM, Some("agent"), Some(selected(&["b0"])))
        .done(to_member(TOM, assign("maintenance_coordinator")))
        .refuses_mallory("escalation", to_member(TOM, MemberCommand::VerifyEmail));
    world.with_scopes(&[("p0", "property", Some("b0")), ("j0", "job", Some("p0"))]);
    world
        .with_member("carl", Some("contractor"), Some(selected(&["j0"])))
        .done(to_member("carl", assign("maintenance_coordinator")))
        .done_by("@system", to_member("carl", MemberCommand::VerifyEmail));
    for kind in ["certification", "identity"].map(DocumentKind::known) {
        let submit = MemberCommand::SubmitDocument { document: kind.clone(), reference: None };
        world.done_by("@system", to_member("carl", submit));
        let approve = to_member("carl", MemberCommand::ApproveDocument { document: kind.clone(), expires: None });
        if kind.as_str() == "certification" {
            world.done(approve);
        } else {
            world.refuses_mallory("escalation", approve);
        }
    }
}

#[test]
fn an_expiry_is_not_extended_by_somebody_who_has_less() {
    let mut world = workspace(&["roles.manage"]);
    let tomorrow = Window { from: None, until: Some(world.now + TimeDelta::days(1)) };
    world.done(to_member(TOM, assign_in("admin", None, tomorrow)));
    let refusal = world.refuses_mallory("escalation", to_member(TOM, assign("admin")));
    assert!(matches!(refusal, Refusal::Escalation { at: Some(at), .. } if Some(at) == tomorrow.until), "{refusal}");
    let next_week = Window { from: None, until: Some(world.now + TimeDelta::days(7)) };
    world.refuses_mallory("escalation", to_member(TOM, assign_in("admin", None, next_week)));
    let less = Window { from: None, until: Some(world.now + TimeDelta::hours(1)) };
    world.done_by(MALLORY, to_member(TOM, assign_in("admin", None, less)));
}

#[test]
fn a_window_of_the_future_is_not_prepared() {
    let mut world = workspace(&["roles.manage"]);
    let from = Some(world.now + TimeDelta::days(90));
    let until = from.map(|from| from + TimeDelta::minutes(1));
    world.refuses_mallory("escalation", to_member(TOM, assign_in("admin", None, Window { from, until: None })));
    world.refuses_mallory("escalation", to_member(TOM, assign_in("admin", None, Window { from, until })));
    world.refuses_mallory("escalation", to_member(MALLORY, assign_in("admin", None, Window { from, until })));
}

#[test]
fn a_document_is_not_approved_for_longer_by_somebody_who_has_less() {
    let mut world = propops(&["api.certifications.record.approve"]);
    world.with_scopes(&[("p0", "property", Some("b0")), ("j0", "job", Some("p0"))]);
    world
        .with_member("carl", Some("contractor"), Some(selected(&["j0"])))
        .done(to_member("carl", assign("maintenance_coordinator")))
        .done_by("@system", to_member("carl", MemberCommand::VerifyEmail));
    let soon = Some(world.now + TimeDelta::days(2));
    for document in ["certification", "identity"].map(DocumentKind::known) {
        let submit = MemberCommand::SubmitDocument { document: document.clone(), reference: None };
        world.done_by("@system", to_member("carl", submit));
        let expires = (document.as_str() == "identity").then_some(soon).flatten();
        world.done(to_member("carl", MemberCommand::ApproveDocument { document, expires }));
    }
    let longer = MemberCommand::ApproveDocument { document: DocumentKind::known("identity"), expires: None };
    world.refuses_mallory("escalation", to_member("carl", longer));
}

#[test]
fn nobody_acts_on_a_member_who_outranks_them() {
    let mut world = propops(&["api.users.record.remove", "api.roles.assignment.manage"]);
    world.with_member(TOM, None, None).done(to_member(TOM, assign("director")));
    world.refuses_mallory("outranked", to_member(TOM, MemberCommand::SuspendMember));
    world.refuses_mallory("outranked", to_member(TOM, assign("minimal_access")));
}

#[test]
fn nobody_changes_their_own_access_where_the_profile_says_so() {
    let mut world =
        propops(&["api.roles.assignment.manage", "api.permissions.toggles.manage", "api.users.scope.manage"]);
    world.refuses_mallory("self_change", to_member(MALLORY, assign("minimal_access")));
    world.refuses_mallory("self_change", to_member(MALLORY, toggle("api.jobs.list.view", true)));
    world.refuses_mallory("self_change", to_member(MALLORY, MemberCommand::ChangeScope { scope: selected(&["b0"]) }));
}

#[test]
fn an_account_type_is_not_changed_to_one_that_may_hold_more_than_the_actor() {
    let mut world = propops(&["api.permissions.account_types.manage"]);
    world
        .with_member(TOM, Some("agent"), Some(selected(&["b0"])))
        .done(to_member(TOM, assign("maintenance_coordinator")));
    let staff = MemberCommand::ChangeAccountType { account_type: AccountTypeKey::known("staff") };
    world.refuses_mallory("escalation", to_member(TOM, staff));
}

#[test]
fn only_the_owner_hands_the_ownership_over_and_only_to_somebody_who_takes_part() {
    let mut world = proplink(&["role.update", "assignment.update", "member.archive"]);
    world.with_member(TOM, None, None).done(to_member(TOM, MemberCommand::SuspendMember));
    let transfer = |to: &str| Command::Organisation(OrganisationCommand::TransferOwner { to: member_id(to) });
    world.refuses_mallory("not_owner", transfer(MALLORY));
    world.refuses_mallory("owner_role", to_member(MALLORY, assign("owner")));
    world.refuses_mallory("member_is_owner", to_member(FOUNDER, MemberCommand::RemoveMember));
    let refusal = world.ask(actor(FOUNDER), transfer(TOM)).result.unwrap_err();
    assert_eq!(refusal.rule(), "actor_inactive");
    world.done(transfer(MALLORY));
    let refusal = world.ask(actor(FOUNDER), transfer(FOUNDER)).result.unwrap_err();
    assert_eq!(refusal.rule(), "not_owner");
}

#[test]
fn a_default_role_is_not_had_by_adding_a_member() {
    let mut world = World::found("buildings");
    world
        .with_scopes(&[("b0", "building", None)])
        .with_member(MALLORY, Some("admin"), Some(ScopeChoice::All))
        .done(to_member(MALLORY, MemberCommand::UnassignRole { role: role_id("admin"), scope: None }))
        .done(to_member(MALLORY, toggle("members.manage", true)));
    let add = |account_type: &str| MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: Some(AccountTypeKey::known(account_type)),
        details: Details::default(),
        scope: None,
    };
    world.refuses_mallory("escalation", to_member("accomplice", add("admin")));
    world.done_by(MALLORY, to_member("accomplice", add("member")));
}

#[test]
fn a_suspension_is_not_ended_by_somebody_who_has_less() {
    let mut world = workspace(&["users.remove"]);
    world.done(to_member(TOM, assign("admin"))).done(to_member(TOM, MemberCommand::SuspendMember));
    world.refuses_mallory("escalation", to_member(TOM, MemberCommand::ReactivateMember));
}

#[test]
fn a_withheld_permission_is_not_given_back_by_somebody_who_does_not_hold_it() {
    let mut world = workspace(&["roles.manage"]);
    world.done(to_member(TOM, assign("admin"))).done(to_member(TOM, toggle("billing.manage", false)));
    let clear = MemberCommand::ClearMemberPermission { permission: permission_key("billing.manage") };
    world.refuses_mallory("toggle_not_held", to_member(TOM, clear));
}

#[test]
fn whoever_acts_through_a_role_that_has_ended_is_refused() {
    let mut world = workspace(&["roles.manage"]);
    let hour = Window { from: None, until: Some(world.now + TimeDelta::hours(1)) };
    world.done(to_member(MALLORY, assign_in("mallorys", None, hour)));
    world.now += TimeDelta::hours(1);
    world.refuses_mallory("missing_permission", to_member(TOM, assign("member")));
}

#[test]
fn the_last_administrator_can_neither_leave_nor_be_made_to_end() {
    let mut world = workspace(&["roles.manage", "users.remove"]);
    world.done(to_member(MALLORY, MemberCommand::UnassignRole { role: role_id("mallorys"), scope: None }));
    let mut refused = |command| {
        let refusal = world.ask(actor(FOUNDER), to_member(FOUNDER, command)).result.unwrap_err();
        assert_eq!(refusal.rule(), "last_administrator");
    };
    refused(MemberCommand::RemoveMember);
    refused(MemberCommand::SuspendMember);
    refused(toggle("roles.manage", false));
    refused(MemberCommand::UnassignRole { role: role_id("owner"), scope: None });
    let until = Some("2030-01-01T00:00:00Z".parse().unwrap());
    refused(assign_in("owner", None, Window { from: None, until }));
    let from = Some("2026-01-05T09:00:00Z".parse().unwrap());
    refused(assign_in("owner", None, Window { from, until: None }));
}

#[test]
fn the_product_itself_gives_system_roles_only() {
    let mut world = proplink(&[]);
    world.with_member(TOM, Some("portal"), Some(selected(&["s0"])));
    let refusal = |world: &mut World, role: &str| {
        world.ask(Actor::System, to_member(TOM, assign(role))).result.unwrap_err().rule()
    };
    assert_eq!(refusal(&mut world, "manager"), "not_for_actor");
    assert_eq!(refusal(&mut world, "owner"), "owner_role");
    world.done_by("@system", to_member(TOM, assign("resident")));
}
