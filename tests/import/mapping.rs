//! What becomes of the lines.

use chancery::aggregates::state::{Coverage, RoleEntry};
use chancery::import::Source;

use super::{World, data};

fn role<'a>(state: &'a chancery::aggregates::AccessState, id: &str) -> &'a RoleEntry {
    state.role_by_id(id).unwrap_or_else(|| panic!("no role {id}"))
}

#[tokio::test]
async fn casbins_first_example_comes_over() {
    let world = World::blank();
    let summary = world.import(&Source::Casbin(data("rbac_policy.csv"))).await.unwrap();
    assert!(summary.founded);
    let added = summary.added;
    assert_eq!((added.roles, added.members, added.permissions, added.assignments), (3, 2, 3, 3));
    assert_eq!(summary.position, world.state().await.position());
    let cases = [("alice", "data1.read", true), ("alice", "data2.write", true), ("bob", "data2.write", true)];
    for (who, what, allowed) in cases.into_iter().chain([("bob", "data2.read", false), ("sam", "data1.read", false)]) {
        assert_eq!(world.allows(who, what, None).await, allowed, "{who} {what}");
    }
}

#[tokio::test]
async fn what_is_granted_to_a_user_directly_becomes_a_role_of_the_members_own() {
    let world = World::blank();
    world.casbin("p, alice@example.com, data1, read\n").await.unwrap();
    let state = world.state().await;
    let personal = role(&state, "personal@@alice%40example.com");
    assert_eq!((personal.name.as_str(), personal.holders.len()), ("alice@example.com (personal)", 1));
    assert!(world.allows("alice@example.com", "data1.read", None).await);
}

#[tokio::test]
async fn a_role_that_differs_between_domains_becomes_a_role_for_each() {
    let world = World::blank();
    let summary = world.import(&Source::Casbin(data("rbac_with_domains_policy.csv"))).await.unwrap();
    assert_eq!((summary.added.scopes, summary.added.roles, summary.added.assignments), (2, 3, 4));
    let state = world.state().await;
    assert_eq!(role(&state, "admin@domain1").name, "admin (domain1)");
    assert_eq!(role(&state, "reader").holders.len(), 1);
    assert!(state.role_by_id("admin").is_none());
    assert_eq!(state.scope_by_id("domain1").unwrap().kind, "domain");
    // Roles held in domains need no scope of the member's own.
    assert_eq!(state.member_by_id("carol").unwrap().scope, Coverage::None);
    assert!(world.allows("alice", "data1.write", Some("domain1")).await);
    assert!(!world.allows("alice", "data1.write", Some("domain2")).await);
    assert!(!world.allows("alice", "data1.write", None).await);
}

#[tokio::test]
async fn a_role_that_holds_a_role_inherits_from_it() {
    let world = World::blank();
    let policy = "p, staff, door, open\np, chief, safe, open\ng, chief, staff\ng, ann, chief\ng, bob, staff\n";
    let summary = world.casbin(policy).await.unwrap();
    assert_eq!((summary.added.members, summary.added.parents), (2, 1));
    assert!(world.allows("ann", "door.open", None).await && world.allows("ann", "safe.open", None).await);
    assert!(!world.allows("bob", "safe.open", None).await);
    assert!(world.state().await.member_by_id("chief").is_none());
}

#[tokio::test]
async fn a_role_that_nobody_holds_is_a_role_when_it_is_said_to_be() {
    let mut world = World::blank();
    world.options.roles = vec!["auditor".to_owned()];
    world.casbin("p, auditor, ledger, read\n").await.unwrap();
    assert!(world.state().await.role_by_id("auditor").is_some());
    assert!(world.state().await.member_by_id("auditor").is_none());
}

#[tokio::test]
async fn inheritance_within_a_domain_stays_there() {
    let world = World::blank();
    let policy = "p, clerk, north, till, open\np, clerk, south, till, open\np, boss, north, safe, open\n\
                  g, boss, clerk, north\ng, ann, boss, north\ng, ann, boss, south\ng, bob, clerk, south\n";
    world.casbin(policy).await.unwrap();
    assert!(world.allows("ann", "till.open", Some("north")).await);
    assert!(!world.allows("ann", "till.open", Some("south")).await);
    assert!(!world.allows("ann", "safe.open", Some("south")).await);
    assert!(world.allows("bob", "till.open", Some("south")).await);
}

#[tokio::test]
async fn the_format_is_read_as_it_is_found_in_the_wild() {
    let world = World::blank();
    let policy = "\u{feff}# comment\r\n\r\n  p ,  \"site manager\",\"/users/*\" , GET , allow\r\n\
                  p, site manager, \"say \"\"hi\"\", twice\", do, allow\r\ng, ann,site manager";
    world.casbin(policy).await.unwrap();
    assert_eq!(role(world.state().await.as_ref(), "site+manager").name, "site manager");
    assert!(world.allows("ann", ":users:~.GET", None).await);
    assert!(world.allows("ann", "say+\"hi\",+twice.do", None).await);
    let state = world.state().await;
    let labels: Vec<&str> = state.profile().unwrap().permissions().iter().map(|p| p.label.as_str()).collect();
    assert!(labels.contains(&"GET /users/*"));
}

#[tokio::test]
async fn two_files_of_pairs_come_over_with_or_without_a_header() {
    let world = World::blank();
    let source = Source::Pairs { members: data("members.csv"), roles: data("roles.csv") };
    let summary = world.import(&source).await.unwrap();
    assert_eq!((summary.added.members, summary.added.roles, summary.added.assignments), (2, 2, 3));
    assert!(world.allows("u-17", "invoice.approve", None).await);
    let again = world.pairs("u-19,Site Manager\n", "Site Manager,invoice.approve\nSite Manager,invoice.view\n").await;
    assert_eq!(again.unwrap().events, 2);
    assert!(world.allows("u-19", "invoice.approve", None).await);
}
