//! Attempts to get, or to give, more than one has: each a test of one sentence.
//!
//! Mallory has the management permission that each attempt needs, and little else.

use chancery_aggregates::command::{
    BuiltIn, MemberCommand, NewRole, OrganisationCommand, RoleCommand, ScopeChoice, ScopeCommand,
};
use chancery_aggregates::event::Details;
use chancery_aggregates::vocabulary::{AccountTypeKey, Actor, DocumentKind, MemberKind, Window};
use chancery_aggregates::{Command, Refusal};
use chrono::TimeDelta;

use crate::oracle::{Grip, Place, Reading};
use crate::world::{FOUNDER, World, actor, member_id, permission_key, role_id, scope_id};

const MALLORY: &str = "mallory";
const TOM: &str = "tom";

fn to_role(role: &str, command: RoleCommand) -> Command {
    Command::Role(role_id(role), command)
}

fn to_member(member: &str, command: MemberCommand) -> Command {
    Command::Member(member_id(member), command)
}

fn to_scope(scope: &str, command: ScopeCommand) -> Command {
    Command::Scope(scope_id(scope), command)
}

fn create(permissions: &[&str], level: Option<u16>) -> NewRole {
    NewRole { level, permissions: permissions.iter().map(|key| permission_key(key)).collect(), ..NewRole::default() }
}

fn assign_in(role: &str, scope: Option<&str>, window: Window) -> MemberCommand {
    MemberCommand::AssignRole { role: role_id(role), scope: scope.map(scope_id), window }
}

fn assign(role: &str) -> MemberCommand {
    assign_in(role, None, Window::default())
}

fn toggle(permission: &str, allowed: bool) -> MemberCommand {
    MemberCommand::ToggleMemberPermission { permission: permission_key(permission), allowed }
}

fn switch(allow: &[&str], deny: &[&str]) -> RoleCommand {
    let keys = |keys: &[&str]| keys.iter().map(|key| permission_key(key)).collect();
    RoleCommand::TogglePermissions { allow: keys(allow), deny: keys(deny) }
}

fn selected(scopes: &[&str]) -> ScopeChoice {
    ScopeChoice::Selected(scopes.iter().map(|scope| scope_id(scope)).collect())
}

impl World {
    fn done_by(&mut self, who: &str, command: Command) -> &mut Self {
        let outcome = self.ask(actor(who), command);
        outcome.result.unwrap_or_else(|refusal| panic!("{who}, {:?}: {refusal}", outcome.command));
        self
    }

    fn done(&mut self, command: Command) -> &mut Self {
        self.done_by(FOUNDER, command)
    }

    fn with_role(&mut self, role: &str, permissions: &[&str]) -> &mut Self {
        let level = self.document.policy.levels.then_some(30);
        let new = NewRole { name: role.into(), ..create(permissions, level) };
        self.done(to_role(role, RoleCommand::CreateRole(Box::new(new))))
    }

    fn with_member(&mut self, member: &str, account_type: Option<&str>, scope: Option<ScopeChoice>) -> &mut Self {
        let account_type = account_type.map(AccountTypeKey::known);
        let details = Details::default();
        self.done(to_member(
            member,
            MemberCommand::AddMember { kind: MemberKind::Person, account_type, details, scope },
        ))
    }

    /// Mallory, with a role of her own.
    fn with_mallory(&mut self, permissions: &[&str], scope: Option<ScopeChoice>) -> &mut Self {
        self.with_role("mallorys", permissions)
            .with_member(MALLORY, None, scope)
            .done(to_member(MALLORY, assign("mallorys")))
    }

    /// Id, kind and parent of each.
    fn with_scopes(&mut self, scopes: &[(&str, &str, Option<&str>)]) -> &mut Self {
        for (id, kind, parent) in scopes {
            let (name, kind, parent) = ((*id).into(), Some((*kind).into()), parent.map(scope_id));
            self.done(to_scope(id, ScopeCommand::CreateScope { name, kind, parent }));
        }
        self
    }

    #[track_caller]
    fn refuses_mallory(&mut self, rule: &str, command: Command) -> Refusal {
        let outcome = self.ask(actor(MALLORY), command);
        let refusal = outcome.result.expect_err("Mallory got away with it");
        assert_eq!(refusal.rule(), rule, "{refusal}");
        refusal
    }

    fn grip_of(&self, member: &str, permission: &str, place: &Place) -> Grip {
        self.oracle().holds(member, permission, place, self.now, Reading::Actual)
    }
}

fn workspace(permissions: &[&str]) -> World {
    let mut world = World::found("workspace");
    world.with_mallory(permissions, None).with_member(TOM, None, None);
    world
}

fn proplink(permissions: &[&str]) -> World {
    let mut world = World::found("proplink");
    world
        .with_scopes(&[
            ("e0", "estate", None),
            ("e1", "estate", None),
            ("s0", "site", Some("e0")),
            ("s1", "site", Some("e1")),
        ])
        .with_mallory(permissions, Some(ScopeChoice::All));
    world
}

fn propops(permissions: &[&str]) -> World {
    let mut world = World::found("propops");
    world.with_scopes(&[("b0", "branch", None), ("b1", "branch", None)]).with_mallory(permissions, None);
    world
}

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
fn a_scope_is_not_shared_with_people_who_can_do_more_there() {
    let mut world = proplink(&["estate.update"]);
    world.with_member(TOM, None, Some(selected(&["s1"]))).done(to_member(TOM, assign("manager")));
    world.refuses_mallory("escalation", to_scope("s0", ScopeCommand::ShareScope { with: scope_id("s1") }));
    // Nor one that reaches them only because of what is below.
    world.refuses_mallory("escalation", to_scope("e0", ScopeCommand::ShareScope { with: scope_id("s1") }));
}

#[test]
fn a_scope_is_not_moved_to_people_who_can_do_more_there() {
    let mut world = proplink(&["estate.update"]);
    world
        .with_member(TOM, None, Some(ScopeChoice::ByGroup(vec![scope_id("e1")])))
        .done(to_member(TOM, assign("manager")));
    let moved = |parent: &str| ScopeCommand::MoveScope { parent: Some(scope_id(parent)) };
    world.refuses_mallory("escalation", to_scope("s0", moved("e1")));
    // Nor what others opened to it: `s1` is opened to `s0`, and goes where `s0` goes.
    world.with_scopes(&[("e2", "estate", None), ("s2", "site", Some("e2"))]);
    world.done(to_scope("s2", ScopeCommand::ShareScope { with: scope_id("s0") })).with_member(
        "tina",
        None,
        Some(selected(&["s2"])),
    );
    world.refuses_mallory("escalation", to_scope("s0", moved("e1")));
}

#[test]
fn an_archived_scope_is_not_restored_for_people_who_can_do_more_there() {
    let mut world = proplink(&["site.archive"]);
    world
        .with_member(TOM, None, Some(selected(&["s0"])))
        .done(to_member(TOM, assign("manager")))
        .done(to_scope("s0", ScopeCommand::ArchiveScope));
    world.refuses_mallory("escalation", to_scope("s0", ScopeCommand::RestoreScope));
}

/// Others need the owner for it, who holds more there than they do and would have it again.
#[test]
fn whoever_holds_everything_restores_what_was_archived() {
    let mut world = proplink(&[]);
    world
        .with_member("anita", None, Some(ScopeChoice::All))
        .done(to_member("anita", assign("administrator")))
        .done_by("anita", to_scope("s0", ScopeCommand::ArchiveScope));
    let refusal = world.ask(actor("anita"), to_scope("s0", ScopeCommand::RestoreScope)).result.unwrap_err();
    assert_eq!(refusal.rule(), "escalation", "{refusal}");
    world.done(to_scope("s0", ScopeCommand::RestoreScope));
    assert_eq!(world.grip_of("anita", "site.update", &Place::Scope("s0".to_owned())), Grip::Full);
}

/// A scope that is out of use is managed from above: there the actor must hold what is given.
#[test]
fn a_role_that_the_actor_holds_is_assigned_in_an_archived_scope() {
    let mut world = propops(&["api.roles.assignment.manage"]);
    world
        .with_role("helper", &["api.roles.assignment.manage"])
        .with_member(TOM, None, Some(ScopeChoice::None))
        .done(to_scope("b0", ScopeCommand::ArchiveScope))
        .done_by(MALLORY, to_member(TOM, assign_in("helper", Some("b0"), Window::default())));
}

#[test]
fn a_strong_role_is_not_assigned_in_an_archived_scope_to_wait_for_its_restoration() {
    let mut world = propops(&["api.roles.assignment.manage"]);
    world
        .with_member(TOM, None, Some(ScopeChoice::None))
        .done(to_scope("b0", ScopeCommand::ArchiveScope))
        .refuses_mallory(
            "escalation",
            to_member(TOM, assign_in("maintenance_coordinator", Some("b0"), Window::default())),
        );
    let mut world = proplink(&["scope.update"]);
    world
        .with_member(TOM, None, None)
        .done(to_member(TOM, assign("manager")))
        .done(to_scope("s0", ScopeCommand::ArchiveScope))
        .refuses_mallory("escalation", to_member(TOM, MemberCommand::ChangeScope { scope: selected(&["s0"]) }));
}

#[test]
fn a_role_does_not_inherit_from_one_that_can_do_more() {
    let mut world = workspace(&["roles.manage"]);
    world.with_role("custom", &[]);
    let inherit = |parent: &str| RoleCommand::InheritFrom { parents: vec![role_id(parent)] };
    world.refuses_mallory("role_beyond_actor", to_role("custom", inherit("admin")));
    // Nor in two steps: a role of nothing is inherited from, and then given something.
    world.done_by(MALLORY, to_role("mallorys", inherit("custom")));
    world.refuses_mallory("toggle_not_held", to_role("custom", switch(&["billing.manage"], &[])));
    world.refuses_mallory("role_beyond_actor", to_role("custom", inherit("manager")));
    let new = NewRole { name: "New".into(), inherits: vec![role_id("admin")], ..NewRole::default() };
    world.refuses_mallory("role_beyond_actor", to_role("new", RoleCommand::CreateRole(Box::new(new))));
}

#[test]
fn a_level_is_not_lowered_below_the_actors_own() {
    let mut world = propops(&["api.roles.record.update", "api.roles.assignment.manage", "api.roles.record.create"]);
    let level = |level| RoleCommand::ChangeRoleLevel { level };
    world.refuses_mallory("level_ceiling", to_role("mallorys", level(10)));
    world.refuses_mallory("level_ceiling", to_role("director", level(50)));
    world.refuses_mallory("level_ceiling", to_role("director", switch(&[], &["api.jobs.list.view"])));
    let new = NewRole { name: "New".into(), ..create(&[], Some(29)) };
    world.refuses_mallory("level_ceiling", to_role("new", RoleCommand::CreateRole(Box::new(new))));
    world.with_member(TOM, None, None);
    world.refuses_mallory("level_ceiling", to_member(TOM, assign("director")));
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
fn a_restriction_is_not_lifted_by_somebody_under_it() {
    let own = &["roles.manage", "tasks.complete", "tasks.own_only"];
    let mut world = workspace(own);
    world.with_role("restricted", &["tasks.complete", "tasks.own_only"]).with_member("tina", None, None);
    // The default role gives it in full.
    world
        .done(to_member("tina", MemberCommand::UnassignRole { role: role_id("member"), scope: None }))
        .done(to_member(MALLORY, MemberCommand::UnassignRole { role: role_id("member"), scope: None }))
        .done(to_member("tina", assign("restricted")));
    assert_eq!(world.grip_of(MALLORY, "tasks.complete", &Place::Organisation), Grip::Own);
    world.refuses_mallory("role_beyond_actor", to_role("restricted", switch(&[], &["tasks.own_only"])));
    world.refuses_mallory("role_beyond_actor", to_role("mallorys", switch(&[], &["tasks.own_only"])));
    world.refuses_mallory("escalation", to_member("tina", toggle("tasks.own_only", false)));
    world.refuses_mallory("escalation", to_member("tina", toggle("tasks.complete", true)));
    world.refuses_mallory("escalation", to_member(MALLORY, toggle("tasks.own_only", false)));
    world.done(to_member("tina", toggle("tasks.own_only", true)));
    let clear = MemberCommand::ClearMemberPermission { permission: permission_key("tasks.own_only") };
    world.done_by(MALLORY, to_member("tina", clear));
    assert_eq!(world.grip_of("tina", "tasks.complete", &Place::Organisation), Grip::Own);
}

#[test]
fn a_restriction_is_not_lifted_by_deleting_the_role_that_it_is_inherited_from() {
    let mut world = workspace(&["roles.manage", "tasks.complete", "tasks.own_only"]);
    world
        .done(to_member(MALLORY, MemberCommand::UnassignRole { role: role_id("member"), scope: None }))
        .done(to_member(TOM, MemberCommand::UnassignRole { role: role_id("member"), scope: None }))
        .with_role("restricting", &["tasks.own_only"])
        .with_role("worker", &["tasks.complete"])
        .done(to_role("worker", RoleCommand::InheritFrom { parents: vec![role_id("restricting")] }))
        .done(to_member(TOM, assign("worker")));
    assert_eq!(world.grip_of(TOM, "tasks.complete", &Place::Organisation), Grip::Own);
    world.refuses_mallory("role_beyond_actor", to_role("restricting", RoleCommand::DeleteRole));
    world.refuses_mallory("role_beyond_actor", to_role("worker", RoleCommand::InheritFrom { parents: Vec::new() }));
    world.done(to_role("restricting", RoleCommand::DeleteRole));
    assert_eq!(world.grip_of(TOM, "tasks.complete", &Place::Organisation), Grip::Full);
}

#[test]
fn a_member_whom_a_restriction_spares_gains_no_more_by_a_role_than_its_editor_holds() {
    let mut world = workspace(&["roles.manage", "tasks.complete", "tasks.own_only"]);
    world
        .done(to_member(MALLORY, MemberCommand::UnassignRole { role: role_id("member"), scope: None }))
        .done(to_member(TOM, MemberCommand::UnassignRole { role: role_id("member"), scope: None }))
        .with_role("restricted", &["tasks.own_only"])
        .done(to_member(TOM, assign("restricted")))
        .done(to_member(TOM, toggle("tasks.own_only", false)));
    world.refuses_mallory("escalation", to_role("restricted", switch(&["tasks.complete"], &[])));
    // Where nobody is spared, it is no more than Mallory has.
    world
        .done(to_member(TOM, MemberCommand::ClearMemberPermission { permission: permission_key("tasks.own_only") }))
        .done_by(MALLORY, to_role("restricted", switch(&["tasks.complete"], &[])));
}

#[test]
fn a_scope_is_not_widened_beyond_what_the_actor_holds_there() {
    let mut world = proplink(&["scope.update"]);
    world.with_member(TOM, None, Some(selected(&["s0"]))).done(to_member(TOM, assign("manager")));
    let change = |scope| MemberCommand::ChangeScope { scope };
    world.refuses_mallory("escalation", to_member(TOM, change(ScopeChoice::All)));
    world.refuses_mallory("escalation", to_member(TOM, change(ScopeChoice::ByGroup(vec![scope_id("e0")]))));
    world.refuses_mallory("escalation", to_member(TOM, change(selected(&["s1"]))));
    world.done_by(MALLORY, to_member(TOM, change(ScopeChoice::None)));
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
fn a_role_is_not_duplicated_to_be_assigned() {
    let mut world = workspace(&["roles.manage"]);
    let copy = |source: &str| RoleCommand::DuplicateRole { source: role_id(source), name: "Copy".into() };
    world.refuses_mallory("role_beyond_actor", to_role("copy", copy("owner")));
    world.done(to_role("copy", copy("owner")));
    world.refuses_mallory("escalation", to_member(MALLORY, assign("copy")));
}

#[test]
fn a_member_makes_no_role_with_what_only_a_profile_gives() {
    let mut world = workspace(&["roles.manage"]);
    let built_in = Some(BuiltIn { everywhere: true, ..BuiltIn::default() });
    let new = NewRole { name: "New".into(), built_in, ..NewRole::default() };
    world.refuses_mallory("system_only", to_role("new", RoleCommand::CreateRole(Box::new(new))));
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
fn a_permission_is_not_switched_on_for_many_by_somebody_who_does_not_hold_it() {
    let mut world = workspace(&["roles.manage", "tasks.view"]);
    world.with_role("many", &["tasks.view"]);
    for member in [TOM, MALLORY] {
        world.done(to_member(member, assign("many")));
    }
    world.refuses_mallory("toggle_not_held", to_role("many", switch(&["billing.manage"], &[])));
    world.refuses_mallory("toggle_not_held", to_role("many", switch(&["tasks.view", "billing.manage"], &[])));
    world.refuses_mallory("toggle_not_held", to_member(TOM, toggle("billing.manage", true)));
}

#[test]
fn a_permission_held_in_one_scope_is_not_switched_on_for_holders_everywhere() {
    let mut world = propops(&["api.roles.record.update"]);
    world
        .with_role("jobs", &["api.jobs.list.view"])
        .with_role("custom", &[])
        .done(to_member(MALLORY, assign_in("jobs", Some("b0"), Window::default())));
    world.refuses_mallory("toggle_not_held", to_role("custom", switch(&["api.jobs.list.view"], &[])));
    let inherit = RoleCommand::InheritFrom { parents: vec![role_id("jobs")] };
    world.refuses_mallory("role_beyond_actor", to_role("custom", inherit));
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
