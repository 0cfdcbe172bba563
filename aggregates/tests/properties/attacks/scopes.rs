//! By way of the resource tree.

use super::*;

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
