//! Importing into an organisation that is there.

use chancery::aggregates::Command;
use chancery::aggregates::command::{MemberCommand, NewRole, RoleCommand, ScopeChoice};
use chancery::aggregates::event::Details;
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, PermissionKey, RoleId, Window};
use chancery::engine::{Context, Request};
use chancery::import::ImportError;

use super::World;

async fn ask(world: &World, actor: Actor, commands: Vec<Command>) {
    let organisation = world.target.organisation.clone();
    let request = Request { organisation, commands, actor, context: Context::default(), idempotency_key: None };
    world.engine.execute(request).await.unwrap();
}

fn of_member(member: &str, command: MemberCommand) -> Command {
    Command::Member(MemberId::known(member), command)
}

fn sam() -> Actor {
    Actor::Member(MemberId::known("sam"))
}

#[tokio::test]
async fn the_same_files_again_change_nothing() {
    let world = World::blank();
    let policy = include_str!("data/rbac_with_domains_policy.csv");
    let first = world.casbin(policy).await.unwrap();
    let again = world.casbin(policy).await.unwrap();
    assert_eq!((again.events, again.position, again.founded), (0, first.position, false));
    assert_eq!(again.added, chancery::import::Added::default());
}

#[tokio::test]
async fn a_grown_file_adds_what_is_new_and_nothing_is_ever_taken_away() {
    let world = World::blank();
    world.casbin("p, r, data, read\ng, ann, r\n").await.unwrap();
    let grown = world.casbin("p, r, data, read\np, r, data, write\np, s, x, y\ng, bob, r\ng, r, s\n").await.unwrap();
    let added = grown.added;
    assert_eq!((added.roles, added.members, added.role_permissions, added.parents), (1, 1, 2, 1));
    for member in ["ann", "bob"] {
        assert!(world.allows(member, "data.write", None).await && world.allows(member, "x.y", None).await);
    }
}

#[tokio::test]
async fn what_was_refined_here_by_hand_stays() {
    let world = World::blank();
    let policy = "p, r, data, read\np, ann, data, write\ng, ann, r\n";
    world.casbin(policy).await.unwrap();
    let until = world.state().await.time().unwrap() + chrono::TimeDelta::days(1);
    let window = Window { from: None, until: Some(until) };
    let withhold =
        MemberCommand::ToggleMemberPermission { permission: PermissionKey::known("data.write"), allowed: false };
    let commands = vec![Command::Role(
        RoleId::known("administrator"),
        RoleCommand::TogglePermissions {
            allow: vec![PermissionKey::known("data.read"), PermissionKey::known("data.write")],
            deny: Vec::new(),
        },
    )];
    ask(&world, Actor::Operator, commands).await;
    let shorten = MemberCommand::AssignRole { role: RoleId::known("r"), scope: None, window };
    ask(&world, sam(), vec![of_member("ann", withhold), of_member("ann", shorten)]).await;
    assert_eq!(world.casbin(policy).await.unwrap().events, 0);
    assert!(!world.allows("ann", "data.write", None).await);
    let state = world.state().await;
    assert!(state.member_by_id("ann").unwrap().assignments.iter().any(|held| held.window == window));
}

#[tokio::test]
async fn a_role_of_the_same_name_that_permits_more_is_not_given_out_by_chance() {
    let mut world = World::blank();
    let policy = "p, Administrator, data, read\ng, ann, Administrator\n";
    let bad = world.bad_lines(policy).await;
    assert_eq!(bad.len(), 1);
    assert!(bad[0].starts_with("2: role `Administrator` exists here and permits `chancery."), "{bad:?}");
    world.options.role_prefix = "shop ".to_owned();
    world.casbin(policy).await.unwrap();
    assert!(!world.allows("ann", "chancery.roles.manage", None).await);
    assert!(world.allows("ann", "data.read", None).await);
    world.options.role_prefix = String::new();
    world.options.join_roles = true;
    world.casbin(policy).await.unwrap();
    assert!(world.allows("ann", "chancery.roles.manage", None).await);
}

#[tokio::test]
async fn a_role_held_in_a_domain_that_the_file_does_not_mention_is_not_widened_there() {
    let world = World::blank();
    world.casbin("p, r, d1, data, read\np, r, d2, data, read\ng, ann, r, d1\ng, bob, r, d2\n").await.unwrap();
    world.casbin("p, r, d1, data, read\np, r, d1, data, write\ng, ann, r, d1\n").await.unwrap();
    assert!(world.allows("ann", "data.write", Some("d1")).await);
    assert!(!world.allows("bob", "data.write", Some("d2")).await);
    assert!(world.state().await.role_by_id("r@d1").is_some());
}

#[tokio::test]
async fn what_a_role_inherits_in_one_domain_is_not_brought_to_another() {
    let world = World::blank();
    // Without domains a permission counts in all; the link counts in d0 only.
    world.casbin("g, ann, clerk, d0\ng, clerk, base, d0\n").await.unwrap();
    let bad = world.bad_lines("p, base, data, read\ng, bob, clerk, d1\ng, eve, other, d0\n").await;
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert!(bad[0].starts_with("2: role `clerk` exists here and permits `data.read`"), "{bad:?}");
    // Nor may the link be there first, and what it brings come later.
    let bad = world.bad_lines("g, bob, clerk, d1\n").await;
    assert!(bad[0].starts_with("1: role `clerk` exists here and inherits from `base`"), "{bad:?}");
}

#[tokio::test]
async fn a_role_that_would_have_no_effect_is_told() {
    let world = World::blank();
    world.casbin("p, r, d1, data, read\ng, ann, r, d1\n").await.unwrap();
    let bad = world.bad_lines("p, s, data, write\ng, ann, s\n").await;
    assert!(bad[0].starts_with("2: `ann` has no scope here"), "{bad:?}");
}

#[tokio::test]
async fn somebody_who_left_does_not_come_back_by_an_import() {
    let world = World::blank();
    world.casbin("p, r, data, read\ng, ann, r\n").await.unwrap();
    ask(&world, sam(), vec![of_member("ann", MemberCommand::RemoveMember)]).await;
    let bad = world.bad_lines("p, r, data, read\ng, ann, r\n").await;
    assert_eq!(bad, ["2: `ann` has left: members who come back get a new id"]);
}

#[tokio::test]
async fn a_deleted_role_does_not_come_back_by_an_import() {
    let world = World::blank();
    world.casbin("p, r, data, read\ng, ann, r\n").await.unwrap();
    ask(&world, sam(), vec![Command::Role(RoleId::known("r"), RoleCommand::DeleteRole)]).await;
    let bad = world.bad_lines("p, r, data, read\ng, ann, r\n").await;
    assert_eq!(bad, ["2: role `r` was deleted here: its id `r` is not used again"]);
}

#[tokio::test]
async fn unknown_permissions_of_a_product_are_told_unless_the_catalogue_may_grow() {
    let mut world = World::founded("workspace").await;
    let profile = super::profile("workspace");
    let known = profile.categories[0].permissions[0].key.to_string();
    let roles = format!("Visitor X,{known}\nVisitor X,{known}s\n");
    let bad = super::told(world.pairs("ann,Visitor X\n", &roles).await);
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert!(bad[0].starts_with(&format!("2: the catalogue has no permission `{known}s` (did you mean `{known}`?)")));
    world.options.extend_catalogue = true;
    assert_eq!(world.pairs("ann,Visitor X\n", &roles).await.unwrap().added.permissions, 1);
    let state = world.state().await;
    assert_eq!(state.profile().unwrap().document().categories.last().unwrap().key, "imported");
}

#[tokio::test]
async fn roles_of_a_product_with_levels_need_one() {
    let mut world = World::founded("propops").await;
    let key = super::profile("propops").categories[0].permissions[0].key.to_string();
    let bad = super::told(world.pairs("ann,Visitor X\n", &format!("Visitor X,{key}\n")).await);
    assert!(bad[0].contains("roles have levels here"), "{bad:?}");
    world.options.level = Some(90);
    world.pairs("ann,Visitor X\n", &format!("Visitor X,{key}\n")).await.unwrap();
}

#[tokio::test]
async fn somebody_can_be_put_in_charge_of_what_was_imported() {
    let mut world = World::blank();
    world.options.governed_by = Some("administrator".to_owned());
    let policy = "p, r, data, read\ng, ann, r\n";
    world.casbin(policy).await.unwrap();
    assert_eq!(world.casbin(policy).await.unwrap().events, 0);
    let add = MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: None,
        details: Details::default(),
        scope: Some(ScopeChoice::All),
    };
    let assign = MemberCommand::AssignRole { role: RoleId::known("r"), scope: None, window: Window::default() };
    ask(&world, sam(), vec![of_member("bob", add), of_member("bob", assign)]).await;
    world.options.governed_by = Some("nobody".to_owned());
    assert!(matches!(world.casbin(policy).await, Err(ImportError::Governing { .. })));
}

#[tokio::test]
async fn an_organisation_of_others_is_not_taken_for_the_one_to_found() {
    let mut world = World::blank();
    world.casbin("p, r, data, read\n").await.unwrap();
    world.target.founding.as_mut().unwrap().name = "Another".to_owned();
    assert!(matches!(world.casbin("p, r, data, read\n").await, Err(ImportError::OtherOrganisation { .. })));
}

#[tokio::test]
async fn a_refusal_of_the_rules_is_told_with_its_line_and_nothing_is_imported() {
    let world = World::founded("blank").await;
    let new = NewRole { name: "base".into(), ..NewRole::default() };
    let child = NewRole { name: "child".into(), inherits: vec![RoleId::known("base")], ..NewRole::default() };
    let create = |id: &str, new| Command::Role(RoleId::known(id), RoleCommand::CreateRole(Box::new(new)));
    ask(&world, Actor::Operator, vec![create("base", new), create("child", child)]).await;
    let bad = world.bad_lines("g, ann, child\np, x, data, read\ng, base, child\ng, bob, base\n").await;
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert!(bad[0].contains("cannot inherit from `child`"), "{bad:?}");
    assert!(world.state().await.member_by_id("ann").is_none());
}
