//! `findings`, on the command line.

use crate::cli::Desk;

fn office() -> Desk {
    let desk = Desk::founded("proplink");
    for line in [
        "member add tom --name Tom --all",
        "member assign tom manager --until 2999-01-01",
        "member add ann --name Ann",
        "role create --id empty Empty",
    ] {
        desk.by("olivia", line).ok();
    }
    desk
}

#[test]
fn a_report_counts_by_severity_and_tells_each_with_its_evidence() {
    let desk = office();
    let report = desk.ask("findings");
    report.ok();
    report
        .has_line("Only one member manages roles (1) medium single_manager")
        .has_line("the role Empty permits nothing")
        .has_line("Ann may do nothing: no role");
    assert!(report.lines()[1].contains(" findings: "), "{}", report.stdout);
}

#[test]
fn kinds_and_subjects_can_be_chosen() {
    let desk = office();
    let value = desk.json("findings --kind no_access,empty_role");
    let kinds: Vec<&str> =
        value["findings"].as_array().unwrap().iter().map(|finding| finding["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["empty_role", "no_access"]);
    let of_ann = desk.json("findings --member ann");
    assert!(of_ann["findings"].as_array().unwrap().iter().all(|finding| finding["members"][0]["id"] == "ann"));
    let of_empty = desk.json("findings --role Empty");
    assert!(of_empty["findings"].as_array().unwrap().iter().all(|finding| finding["roles"][0]["id"] == "empty"));
    assert!(desk.ask("findings --kind unusedrole").ends(2).contains("unused_role"));
}

#[test]
fn a_report_as_of_the_past_finds_what_was_there_then() {
    let desk = office();
    let position = desk.json("organisation show")["position"].as_u64().unwrap();
    desk.by("olivia", "role delete empty").ok();
    let empty = |line: &str| desk.json(line)["findings"].as_array().unwrap().len();
    assert_eq!(empty("findings --kind empty_role"), 0);
    assert_eq!(empty(&format!("findings --kind empty_role --at {position}")), 1);
    assert_eq!(empty("findings --kind expiring --expiring 40"), 0);
    assert_eq!(empty("findings --kind expiring --at 2998-12-15 --expiring 40"), 1);
}

#[test]
fn every_cited_event_is_told_to_programs() {
    let desk = office();
    let value = desk.json("findings");
    let events: Vec<u64> =
        value["events"].as_array().unwrap().iter().map(|event| event["position"].as_u64().unwrap()).collect();
    for finding in value["findings"].as_array().unwrap() {
        for evidence in finding["evidence"].as_array().unwrap() {
            assert!(evidence["position"].as_u64().is_none_or(|position| events.contains(&position)), "{finding}");
        }
    }
}

#[test]
fn findings_are_for_who_may_look_at_everything() {
    let desk = office();
    assert_eq!(desk.by("ann", "findings").code, 3);
    desk.by("olivia", "findings").ok();
}
