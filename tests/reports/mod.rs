//! Reports, on the command line: what they say, as what they are written, and that the same log gives the same bytes.

mod oracle;

use std::process::Command;

use serde_json::Value;

use crate::cli::Desk;
use crate::store_contract::postgres::cluster::Database;

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

/// The audit log's entries of a type.
fn entries(desk: &Desk, kind: &str) -> Vec<Value> {
    let listed = desk.ask(&format!("--format json audit list --type {kind}"));
    listed.ok().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
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
fn a_period_that_begins_before_the_founding_begins_with_the_log() {
    let desk = office();
    let whole = desk.json("report changes --to 9");
    assert!(!rows(&whole).is_empty());
    assert_eq!(desk.json("report changes --from 2001-01-01 --to 9"), whole);
    assert!(desk.ask("report changes --from 2001-01-01 --to 2001-03-31").ends(4).contains("did not exist yet"));
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
        desk.by("olivia", &format!("{line} --out {}", file(name).display())).ok();
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
    desk.by("olivia", &format!("report access --out {}", file("a.csv").display())).ends(1);
    let exports = entries(&desk, "AuditExported");
    assert_eq!(exports.len(), 6, "each file is an export, and that which failed is none: {exports:?}");
}

#[test]
fn a_file_is_an_export_for_who_may_export_and_is_recorded_before_it_is_written() {
    let desk = office();
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("report.csv").display().to_string();
    assert!(desk.ask(&format!("report access --out {out}")).ends(2).contains("say who acts"));
    let refused = desk.by("ann", &format!("report access --member tom --out {out}"));
    let refused = refused.ends(3);
    assert!(refused.contains("does not hold `audit.create`"), "{refused}");
    desk.by("olivia", &format!("report access --out {out} --dry-run")).ok();
    assert!(!std::path::Path::new(&out).exists());
    let position = desk.json("organisation show")["position"].clone();
    desk.by("olivia", &format!("report access --member tom --out {out} --reason audit")).ok();
    let told = entries(&desk, "AuditExported --type CommandRefused");
    let [refused, exported] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((&refused["actor"]["id"], &exported["actor"]["id"]), (&"ann".into(), &"olivia".into()));
    assert_eq!(exported["reason"], "audit");
    let sentence = exported["sentence"].as_str().unwrap();
    assert!(
        sentence.contains(&format!(
            "exported a report (access) of the audit log from #1 to #{position} as csv, only member tom"
        )),
        "{sentence}"
    );
}

/// Prints the first worksheet as other people's software reads it: its rows, and which cells are formulas.
const READ: &str = "import json, sys, openpyxl
sheet = openpyxl.load_workbook(sys.argv[1]).worksheets[0]
rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
formulas = [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == 'f']
print(json.dumps({'title': sheet.title, 'rows': rows, 'formulas': formulas}, default=str))";

#[test]
fn a_workbook_is_what_openpyxl_reads() {
    let desk = office();
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("access.xlsx");
    desk.by("olivia", &format!("report access --out {}", out.display())).ok();
    let read = Command::new(crate::audit::formats::python()).args(["-c", READ]).arg(&out).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let book: Value = serde_json::from_slice(&read.stdout).unwrap();
    let report = desk.json("report access");
    assert_eq!((&book["title"], &book["formulas"]), (&"access".into(), &Value::Array(Vec::new())));
    let [names, cells @ ..] = rows(&book).as_slice() else { panic!("{book}") };
    assert_eq!(*names, report["columns"]);
    assert_eq!(cells.len(), rows(&report).len());
    for (cells, row) in cells.iter().zip(rows(&report)) {
        for (name, cell) in names.as_array().unwrap().iter().zip(cells.as_array().unwrap()) {
            let wanted = row.get(name.as_str().unwrap()).unwrap_or(&Value::Null);
            match name.as_str().unwrap() {
                "from" | "until" | "event_time" => assert_eq!(cell.is_null(), wanted.is_null(), "{name}"),
                _ => assert_eq!(cell, wanted, "{name}"),
            }
        }
    }
}

const KINDS: [&str; 8] =
    ["access", "changes", "movements", "privileged", "separation", "service_accounts", "dormant", "role_definitions"];

#[test]
fn the_same_log_gives_the_same_bytes_on_both_stores() {
    let desk = office();
    let position = desk.json("organisation show")["position"].clone();
    let database = Database::new();
    let server = database.url();
    desk.ask(&format!("copy --vault-key file:chancery.db.vault-key --from sqlite:chancery.db --to {server}")).ok();
    for kind in KINDS {
        let line = format!("--format json report {kind} --to {position}");
        let there = format!("--vault-key file:chancery.db.vault-key --store {server} {line}");
        let (one, other) = (desk.ask(&line), desk.ask(&there));
        assert_eq!(one.ok(), other.ok(), "{kind}");
    }
}
