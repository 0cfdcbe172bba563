//! What a named reader sees, and does not see.

use super::Desk;

/// Mei works in Tower; Hugo manages access there; Omar works in Library (BO-02).
fn buildings() -> Desk {
    let desk = Desk::founded("buildings");
    desk.by("olivia", "scope create tower Tower").ok();
    desk.by("olivia", "scope create library Library").ok();
    desk.by("olivia", "role create Viewer --permission assets.view").ok();
    desk.by("olivia", "role create Lead --permission assets.view users.manage_access").ok();
    desk.by("olivia", "member add hugo --account-type member --role lead --in tower").ok();
    desk.by("olivia", "member add mei --account-type member --role viewer --in tower").ok();
    desk.by("olivia", "member add omar --account-type member --role viewer --in library").ok();
    desk
}

#[test]
fn bo_02_roles_are_seen_by_those_who_manage_access_somewhere() {
    let desk = buildings();
    assert!(desk.by("hugo", "role list").ok().contains("Viewer"));
    let shown = desk.by("hugo", "role show viewer");
    assert!(shown.ok().contains("`hugo` cannot change this role"), "{shown:?}");
    desk.by("mei", "role list").ends(4);
    let hidden = desk.by("mei", "role show Viewer");
    let absent = desk.by("mei", "role show Absent");
    assert_eq!(hidden.ends(4).replace("Viewer", "Absent"), absent.ends(4), "hidden looks like absent");
    let hidden = desk.by("mei", "role rename Viewer X");
    let absent = desk.by("mei", "role rename Absent X");
    assert_eq!(hidden.ends(4).replace("Viewer", "Absent"), absent.ends(4), "for changes as well");
}

#[test]
fn pl_05_members_and_scopes_elsewhere_are_not_there() {
    let desk = buildings();
    let ids = |line: &str| -> Vec<String> {
        let found = desk.json(&format!("--as hugo {line}"));
        found.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("member list"), ["hugo", "mei"]);
    assert_eq!(ids("scope list"), ["tower"]);
    desk.by("hugo", "member show mei").ok();
    let hidden = desk.by("hugo", "member show omar");
    assert_eq!(hidden.ends(4).replace("omar", "nobody"), desk.by("hugo", "member show nobody").ends(4));
    desk.by("hugo", "check omar assets.view --on library").ends(4);
    desk.by("hugo", "check mei assets.view --on library").ends(4);
    desk.by("hugo", "check mei assets.view --on tower").ok();
    desk.by("mei", "member list").ends(3);
    desk.by("mei", "member show hugo").ends(3);
    desk.by("mei", "member show mei").ok();
    assert_eq!(desk.json("--as hugo organisation show")["members"]["active"], 2);
}

#[test]
fn a_member_held_in_two_places_shows_the_one_that_is_seen() {
    let desk = buildings();
    desk.by("olivia", "member assign mei viewer --in library").ok();
    assert_eq!(desk.json("member show mei")["roles"].as_array().unwrap().len(), 2);
    assert_eq!(desk.json("--as hugo member show mei")["roles"].as_array().unwrap().len(), 1);
    assert!(!desk.by("hugo", "member list").ok().contains("Library"));
}

#[test]
fn pa_06_agents_do_not_see_their_own_access() {
    let desk = Desk::founded("propops");
    desk.by("olivia", "scope create leeds Leeds --kind branch").ok();
    desk.by("olivia", "role create Letting --level 60 --permission api.jobs.list.view").ok();
    desk.by("olivia", "member add abe --account-type agent --selected leeds --role letting").ok();
    desk.by("abe", "member show abe").ends(3);
    desk.by("@system", "member verify-email abe").ok();
    let own = desk.json("--as abe member show abe");
    assert!(own["roles"].is_null() && own["toggles"].is_null(), "{own}");
    assert!(!desk.by("abe", "member show abe").ok().contains("Letting"));
    desk.by("abe", "check abe api.jobs.list.view --on leeds").ends(3);
    assert_eq!(desk.json("member show abe")["roles"][0]["role"]["name"], "Letting");
    desk.ask("check abe api.jobs.list.view --on leeds").ok();
}

#[test]
fn ws_06_switches_that_the_reader_may_not_move_are_marked_with_the_reason() {
    let desk = Desk::founded("workspace");
    desk.by("olivia", "member add adam --role admin").ok();
    desk.by("adam", "role create Support --permission tasks.view").ok();
    let shown = desk.by("adam", "role show support");
    assert!(shown.ok().contains("fixed: `adam` does not hold `billing.view`"), "{shown:?}");
    let role = desk.json("--as adam role show support");
    let switches = role["categories"].as_array().unwrap().iter().flat_map(|c| c["permissions"].as_array().unwrap());
    for switch in switches {
        let key = switch["key"].as_str().unwrap();
        let toggle = if switch["on"] == true { "--deny" } else { "--allow" };
        let ran = desk.by("adam", &format!("role toggle support {toggle} {key}"));
        assert_eq!(ran.code == 0, switch["may_switch"] == true, "{key}: {ran:?}");
        if ran.code == 0 {
            let back = if toggle == "--allow" { "--deny" } else { "--allow" };
            desk.by("adam", &format!("role toggle support {back} {key}")).ok();
        }
    }
    assert!(desk.json("role show support")["categories"][0]["permissions"][0]["may_switch"].is_null());
}

#[test]
fn the_past_is_for_those_who_may_read_the_audit_log() {
    let desk = buildings();
    desk.by("olivia", "role list --at 5").ok();
    let ran = desk.by("hugo", "role list --at 5");
    assert!(ran.ends(3).contains("audit.view"), "{ran:?}");
    desk.ask("role list --at 5").ok();
}

#[test]
fn a_member_is_told_of_their_own_organisations_only() {
    let desk = Desk::founded("workspace");
    let other = ["organisation", "found", "zeta", "--profile", "blank", "--name", "Zeta", "--owner", "zoe"];
    desk.run(&other).ok();
    for line in ["organisation list", "status"] {
        assert!(desk.ask(line).ok().contains("zeta"));
        assert!(!desk.by("olivia", line).ok().contains("zeta"));
        assert!(desk.by("olivia", line).ok().contains("acme"));
    }
}

#[test]
fn suspended_members_see_nothing() {
    let desk = buildings();
    desk.by("olivia", "member suspend hugo").ok();
    for line in ["role list", "member list", "scope list", "member show hugo", "organisation show"] {
        assert!(desk.by("hugo", line).ends(3).contains("suspended"));
    }
}

#[test]
fn an_owner_out_of_sight_looks_like_one_who_is_not_there() {
    let desk = buildings();
    for question in ["check", "explain"] {
        let hidden = desk.by("hugo", &format!("{question} mei assets.view --on tower --owner omar"));
        let absent = desk.by("hugo", &format!("{question} mei assets.view --on tower --owner otto"));
        assert_eq!(hidden.ends(4).replace("omar", "otto"), absent.ends(4), "{question} tells them apart");
    }
}
