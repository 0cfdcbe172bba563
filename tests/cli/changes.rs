//! Changes: happy paths of every group of commands.

use super::Desk;

#[test]
fn a_role_goes_through_its_life() {
    let desk = Desk::founded("workspace");
    desk.by("olivia", "role create Support --colour #0ea5e9 --permission tasks.view chat.moderate").ok();
    desk.by("olivia", "role toggle support --allow clients.view --deny tasks.view").ok();
    desk.by("olivia", "role rename SUPPORT Helpdesk").ok();
    desk.by("olivia", "role describe Helpdesk first-line").ok();
    desk.by("olivia", "role recolour Helpdesk #ffffff").ok();
    desk.by("olivia", "role duplicate Helpdesk Nights").ok();
    desk.by("olivia", "role inherit nights --from Helpdesk").ok();
    desk.by("olivia", "role lock nights").ok();
    let role = desk.json("role show helpdesk");
    assert_eq!(role["id"], "support", "the id stays");
    assert_eq!(role["colour"], "#ffffff");
    assert_eq!(role["permissions"], 2);
    desk.ask("role list --columns name,kind,users,permissions").has_line("Nights custom, locked 0 2").ok();
}

#[test]
fn an_id_is_made_from_the_name_and_is_free() {
    let desk = Desk::founded("workspace");
    desk.by("olivia", "role create Night-Shift").ok();
    desk.by("olivia", "role create Night_shift").ok();
    desk.by("olivia", "role create ***").ok();
    let ids: Vec<_> =
        desk.json("role list --sort created").as_array().unwrap().iter().map(|r| r["id"].clone()).collect();
    let made = ids.iter().rev().take(3).map(|id| id.as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(made[1..], ["night_shift_2", "night_shift"]);
    assert_eq!(made[0].len(), 36, "nothing to read in the name");
    assert!(desk.by("olivia", "role create NIGHT-SHIFT").ends(5).contains("a role named `Night-Shift` exists"));
}

#[test]
fn a_change_tells_what_happened_and_where() {
    let desk = Desk::founded("workspace");
    let told = desk.by("olivia", "--reason because role create Support");
    assert!(told.ok().starts_with('#'), "{told:?}");
    assert!(told.ok().contains("role Support"), "{told:?}");
    let again = desk.by("olivia", "role rename support Support");
    assert!(again.ok().contains("nothing to change"), "{again:?}");
}

#[test]
fn in_json_a_change_is_its_events() {
    let desk = Desk::founded("workspace");
    let ran = desk.by("olivia", "--format json role create Support");
    let value: serde_json::Value = serde_json::from_str(ran.ok()).unwrap();
    assert_eq!(value["repeated"], false);
    assert_eq!(value["events"][0]["type"], "RoleCreated");
    assert_eq!(value["events"][0]["position"], value["position"]);
    assert_eq!(value["events"][0]["event"]["RoleCreated"]["role"]["name"], "Support");
}

#[test]
fn a_repeated_request_answers_as_the_first_time() {
    let desk = Desk::founded("workspace");
    desk.by("olivia", "--idempotency-key k1 role create Support").ok();
    let again = desk.by("olivia", "--idempotency-key k1 role create Support");
    assert!(again.ok().contains("done already"), "{again:?}");
    let other = desk.by("olivia", "--idempotency-key k1 role create Days");
    assert!(other.ends(5).contains("idempotency key"), "{other:?}");
}

#[test]
fn a_member_is_added_with_scope_and_roles_in_one_change() {
    let desk = Desk::founded("proplink");
    desk.by("olivia", "scope create north North --kind estate").ok();
    desk.by("olivia", "scope create acacia Acacia --kind site --below north").ok();
    let added = desk.by("olivia", "member add tom --name Tom --by-group north --role manager read_only");
    assert_eq!(added.ok().lines().count(), 3);
    let refused = desk.by("olivia", "member add kim --role manager nonsense");
    refused.ends(4);
    desk.ask("member show kim").ends(4);
    let tom = desk.json("member show tom");
    assert_eq!(tom["roles"].as_array().unwrap().len(), 2);
    assert_eq!(tom["scope"]["by_group"][0]["id"], "north");
    desk.ask("check tom site.read --on acacia").ok();
}

#[test]
fn a_member_goes_through_their_life() {
    let desk = Desk::founded("propops");
    desk.by("olivia", "member details kim --phone 1").ends(4);
    desk.by("olivia", "member add kim --name Kim --phone 12 --all").ok();
    desk.by("olivia", "member details kim --email kim@example.org").ok();
    let kim = desk.json("member show kim");
    assert_eq!((&kim["name"], &kim["phone"], &kim["email"]), (&"Kim".into(), &"12".into(), &"kim@example.org".into()));
    desk.by("@system", "member verify-email kim").ok();
    desk.by("olivia", "member assign kim Finance --from 2020-01-01 --until 2099-12-31").ok();
    desk.by("olivia", "member allow kim api.users.record.view").ok();
    desk.by("olivia", "member withhold kim api.jobs.record.delete").ok();
    let shown = desk.ask("member show kim");
    shown.has_line("withheld api.jobs.record.delete #15").ok();
    desk.by("olivia", "member clear kim api.jobs.record.delete").ok();
    desk.by("olivia", "member scope kim --none").ok();
    desk.by("olivia", "member account-type kim tenant").ok();
    assert_eq!(desk.json("member show kim")["account_type"], "tenant");
    desk.by("olivia", "member unassign kim finance").ok();
    desk.by("olivia", "member suspend kim").ok();
    desk.ask("check kim api.users.record.view").ends(3);
    desk.by("olivia", "member reactivate kim").ok();
    desk.by("olivia", "member remove kim").ok();
    assert!(!desk.ask("member list").ok().contains("kim"));
    assert!(desk.ask("member list --status left").ok().contains("kim"));
}

#[test]
fn a_document_is_handed_in_reviewed_and_runs_out() {
    let desk = Desk::founded("propops");
    desk.by("olivia", "member add carl --account-type contractor").ok();
    desk.by("olivia", "member document submit carl identity").ok();
    desk.by("olivia", "member document approve carl identity --expires 2099-12-31").ok();
    assert_eq!(desk.json("member show carl")["documents"][0]["expires"], "2100-01-01T00:00:00Z");
    let shown = desk.ask("member list --expiring=40000");
    shown.has_line("carl identity 2099-12-31").ok();
    assert!(desk.ask("member list --expiring").ok().contains("nothing expires within"));
    desk.by("olivia", "member document reject carl identity").ok();
    desk.by("olivia", "member document submit carl passport").ends(2);
}

#[test]
fn the_resource_tree_is_built_and_shown() {
    let desk = Desk::founded("proplink");
    desk.by("olivia", "scope create north North --kind estate").ok();
    desk.by("olivia", "scope create south South --kind estate").ok();
    desk.by("olivia", "scope create acacia Acacia --kind site --below north").ok();
    desk.by("olivia", "scope create beech Beech --kind site").ok();
    desk.by("olivia", "scope rename beech Birch").ok();
    desk.by("olivia", "scope move beech --below south").ok();
    desk.by("olivia", "scope share acacia --with beech").ok();
    assert!(desk.ask("scope list").ok().contains("\n  Birch"), "what is below is indented");
    desk.ask("scope list").has_line("Acacia acacia site Birch").ok();
    desk.by("olivia", "scope unshare acacia --with beech").ok();
    desk.by("olivia", "scope archive south").ok();
    assert_eq!(desk.json("scope list --search birch")[1]["in_use"], false, "what it stands below is archived");
    desk.by("olivia", "scope restore south").ok();
    desk.by("olivia", "scope move beech --top").ok();
    desk.by("olivia", "scope move beech").ends(2);
}

#[test]
fn the_ownership_is_handed_over() {
    let desk = Desk::founded("proplink");
    desk.by("olivia", "member add tom --all --role administrator").ok();
    desk.by("tom", "owner transfer tom").ends(3);
    desk.by("olivia", "owner transfer tom").ok();
    assert_eq!(desk.json("organisation show")["owner"], "tom");
}
