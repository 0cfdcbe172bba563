//! Reads: tables for people, JSON for programs, now and then.

use std::io::Read as _;
use std::process::{Command, Stdio};

use super::Desk;

#[test]
fn a_profile_prints_the_table_of_its_document() {
    let desk = Desk::new();
    let ran = desk.ask("profile show propops");
    ran.has_line("10 SysOps 402 103 45 No sysops").has_line("50 Minimal Access 6 0 0 No minimal_access").ok();
    assert!(desk.ask("profile show buildings --permissions").ok().starts_with("33 permissions in 11 categories"));
    assert_eq!(desk.ask("profile list").ok().lines().count(), 6);
}

#[test]
fn every_read_is_json_on_demand() {
    let desk = Desk::founded("buildings");
    for line in [
        "status",
        "organisation list",
        "organisation show",
        "profile list",
        "profile show",
        "profile show propops --permissions",
        "role list",
        "role show admin",
        "member list",
        "member list --expiring",
        "member show olivia",
        "scope list",
        "check olivia assets.view",
    ] {
        let ran = desk.ask(&format!("--format json {line}"));
        serde_json::from_str::<serde_json::Value>(ran.ok()).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert!(!desk.ask(line).ok().is_empty(), "{line}");
    }
}

#[test]
fn roles_are_searched_sorted_and_shown_by_column() {
    let desk = Desk::founded("buildings");
    for name in ["Zoology", "Archive", "Night-shift"] {
        desk.by("olivia", &format!("role create {name}")).ok();
    }
    let names = |line: &str| -> Vec<String> {
        desk.json(line).as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("role list"), ["Admin", "Archive", "Night-shift", "Zoology"]);
    assert_eq!(names("role list --sort created"), ["Admin", "Zoology", "Archive", "Night-shift"]);
    assert_eq!(names("role list --sort name --reverse --search I"), ["Night-shift", "Archive", "Admin"]);
    desk.by("olivia", "role describe archive x").ok();
    assert_eq!(names("role list --sort modified").last().unwrap(), "Archive");
    assert_eq!(names("role list --sort users").last().unwrap(), "Admin");
    let ran = desk.ask("role list --columns name,users --search admin");
    assert_eq!(ran.lines(), ["NAME USERS", "Admin 1"]);
}

#[test]
fn a_role_shows_its_categories_with_counters() {
    let desk = Desk::founded("buildings");
    desk.by("olivia", "role create Editor --permission assets.view,assets.update,assets.create").ok();
    desk.by("olivia", "role create Chief --inherits editor").ok();
    desk.ask("role show editor").has_line("Assets 3/4").has_line("[x] Can view assets.view").ok();
    desk.ask("role show editor --all").has_line("[ ] Can delete assets.delete").ok();
    desk.ask("role show chief").has_line("[x] Can view assets.view inherited from Editor").ok();
}

#[test]
fn members_are_filtered() {
    let desk = Desk::founded("proplink");
    desk.by("olivia", "scope create acacia Acacia --kind site").ok();
    desk.by("olivia", "scope create beech Beech --kind site").ok();
    desk.by("olivia", "member add tom --name Tomas --selected acacia --role manager").ok();
    desk.by("olivia", "member add kim --email kim@example.org --selected beech --role manager").ok();
    desk.by("olivia", "member add bot --service --account-type user").ok();
    desk.by("olivia", "member suspend kim").ok();
    let ids = |line: &str| -> Vec<String> {
        let found = desk.json(&format!("member list {line}"));
        found.as_array().unwrap().iter().map(|member| member["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(""), ["olivia", "tom", "kim", "bot"]);
    assert_eq!(ids("--role Manager"), ["tom", "kim"]);
    assert_eq!(ids("--search TOMA"), ["tom"]);
    assert_eq!(ids("--search example.org"), ["kim"]);
    assert_eq!(ids("--status suspended"), ["kim"]);
    assert_eq!(ids("--on acacia"), ["olivia", "tom"]);
    assert_eq!(ids("--account-type user").len(), 4);
    desk.ask("member list --account-type usr").ends(4);
}

#[test]
fn a_question_can_be_about_the_past() {
    let desk = Desk::founded("proplink");
    desk.by("olivia", "member add tom --all").ok();
    let position = desk.json("status")["organisations"][0]["position"].as_u64().unwrap();
    desk.by("olivia", "member assign tom manager").ok();
    desk.ask("check tom invoice.approve").ok();
    assert_eq!(desk.ask(&format!("check tom invoice.approve --at {position}")).code, 3);
    assert_eq!(desk.ask(&format!("check tom invoice.approve --at #{position}")).code, 3);
    desk.ask("check tom invoice.approve --at now").ok();
    desk.ask("check tom invoice.approve --at 2090-01-01").ok();
    assert!(desk.ask("check tom invoice.approve --at 2001-01-01").ends(4).contains("did not exist yet"));
    assert!(desk.ask("check tom invoice.approve --at 999").ends(4).contains("has no position 999"));
    assert!(desk.ask("check tom invoice.approve --at lately").ends(2).contains("write a time as"));
    assert_eq!(desk.json(&format!("member list --at {position}"))[1]["roles"].as_array().unwrap().len(), 0);
}

#[test]
fn an_answer_says_when_it_is_for_ones_own_only() {
    let desk = Desk::founded("buildings");
    desk.by("olivia", "scope create tower Tower").ok();
    desk.by("olivia", "role create Cleaner --permission tasks.complete tasks.manage_own_only").ok();
    desk.by("olivia", "member add mei --account-type member --role cleaner --in tower").ok();
    assert!(desk.ask("check mei tasks.complete --on tower").ok().contains("for what is the member's own only"));
    assert_eq!(desk.json("check mei tasks.complete --on tower")["only_own"], true);
    desk.ask("check mei tasks.complete --on tower --owner mei").ok();
    desk.ask("check mei tasks.complete --on tower --owner olivia").ends(3);
}

#[test]
fn control_characters_are_shown_and_not_obeyed() {
    let desk = Desk::founded("blank");
    desk.run(&["--as", "olivia", "member", "add", "eve", "--name", "E\u{1b}[2Jve\u{9b}31m", "--all"]).ok();
    for line in ["member list", "member show eve", "--format json member show eve", "--color always member list"] {
        let ran = desk.ask(line);
        assert!(!ran.ok().contains("\u{1b}[2J") && !ran.ok().contains('\u{9b}'), "{ran:?}");
    }
    assert_eq!(desk.json("member show eve")["name"], "E\u{1b}[2Jve\u{9b}31m");
}

#[test]
fn colour_is_for_terminals_and_on_demand() {
    let desk = Desk::founded("workspace");
    assert!(!desk.ask("role list").ok().contains('\u{1b}'));
    assert!(desk.ask("--color always role list").ok().contains('\u{1b}'));
    assert!(!desk.run_with(&["role", "list"], &[("NO_COLOR", "1")]).ok().contains('\u{1b}'));
    assert!(!desk.ask("role show nonsense").stderr.contains('\u{1b}'));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let desk = Desk::founded("propops");
    let mut child = Command::new(env!("CARGO_BIN_EXE_chancery"))
        .args(["profile", "show", "propops", "--permissions"])
        .current_dir(desk.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut complaint = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(complaint, "");
}

#[test]
fn completions_are_written_for_every_shell() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(desk.ask(&format!("completions {shell}")).ok().contains("chancery"), "{shell}");
    }
    desk.ask("completions perl").ends(2);
}
