//! By way of what a role permits.

use super::*;

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
