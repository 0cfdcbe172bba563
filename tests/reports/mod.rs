//! Reports, on the command line: what they say, as what they are written, and that the same log gives the same bytes.

use serde_json::Value;

use crate::cli::Desk;

fn office() -> Desk {
    let desk = Desk::founded("proplink");
    for line in [
        "member add tom --name Tom --all",
        "member assign tom manager --reason cover",
        "member add ann --name =cmd|calc --all",
        "role create --id clerk Clerk",
    ] {
        desk.by("olivia", line).ok();
    }
    desk
}

fn rows(value: &Value) -> &Vec<Value> {
    value["rows"].as_array().unwrap()
}

#[test]
fn without_a_name_the_reports_are_listed() {
    office()
        .ask("report")
        .has_line("REPORT ABOUT ANSWERS")
        .has_line("movements a period Who came, moved and left, and how long each took");
}

#[test]
fn a_report_says_position_count_and_root_and_each_row_its_event() {
    let desk = office();
    let value = desk.json("report access --member tom");
    let position = desk.json("organisation show")["position"].as_u64().unwrap();
    assert_eq!((&value["position"], &value["events"]), (&position.into(), &position.into()));
    assert_eq!(value["root"].as_str().unwrap().len(), 44, "{value}");
    let [row] = rows(&value).as_slice() else { panic!("{value}") };
    assert_eq!((&row["member"], &row["id"], &row["event_by"]), (&"tom".into(), &"manager".into(), &"olivia".into()));
    assert_eq!(row["event_reason"], "cover");
    desk.ask("report access").has_line(&format!("position #{position}"));
}

#[test]
fn a_report_of_the_past_stays_what_it_was_and_a_later_event_changes_only_later_ones() {
    let desk = office();
    let position = desk.json("organisation show")["position"].as_u64().unwrap();
    let line = format!("report access --at {position}");
    let before = desk.json(&line);
    desk.by("olivia", "member unassign tom manager").ok();
    assert_eq!(desk.json(&line), before);
    let now = desk.json("report access");
    assert_ne!(now["root"], before["root"]);
    let since = desk.json(&format!("report changes --from {position}"));
    assert_eq!(rows(&since).iter().map(|row| &row["type"]).collect::<Vec<_>>(), ["RoleUnassigned"]);
}

#[test]
fn ends_that_make_no_sense_are_told() {
    let desk = office();
    assert!(desk.ask("report access --from 3").ends(2).contains("has no beginning"));
    assert!(desk.ask("report changes --from 5 --to 3").ends(2).contains("comes before its beginning"));
    assert!(desk.ask("report changes --at 5 --to 3").ends(2).contains("leave one of them out"));
    assert!(desk.ask("report nonsense").ends(2).contains("movements"));
    assert!(desk.ask("report access --out access.pdf").ends(2).contains(".xlsx"));
}

#[test]
fn who_may_not_read_the_whole_log_gets_no_report() {
    let desk = office();
    desk.by("ann", "report access").ends(3);
}

#[test]
fn files_hold_the_same_rows_and_no_cell_of_them_is_a_formula() {
    let desk = office();
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    // What is asked about the present is about another instant each time.
    let line = format!("report access --at {}", desk.json("organisation show")["position"]);
    for name in ["a.csv", "b.csv", "a.xlsx", "b.xlsx", "a.html", "a.json"] {
        desk.ask(&format!("{line} --out {}", file(name).display())).ok();
    }
    let read = |name: &str| std::fs::read(file(name)).unwrap();
    assert_eq!(read("a.csv"), read("b.csv"));
    assert_eq!(read("a.xlsx"), read("b.xlsx"), "a workbook says nothing of when it was made");
    let csv = String::from_utf8(read("a.csv")).unwrap();
    assert!(csv.contains(",'=cmd|calc,"), "{csv}");
    let html = String::from_utf8(read("a.html")).unwrap();
    assert!(html.contains("<td>Tom</td>") && !html.contains("http"), "{html}");
    let json: Value = serde_json::from_slice(&read("a.json")).unwrap();
    assert_eq!(json, desk.json(&line));
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(file("a.xlsx")).unwrap();
    let sheet = calamine::Reader::worksheet_range(&mut book, "access").unwrap();
    assert_eq!(sheet.rows().count(), rows(&json).len() + 1);
    desk.ask(&format!("report access --out {}", file("a.csv").display())).ends(1);
}
