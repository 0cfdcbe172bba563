//! The audit log by entries: what they say, who may read them, and how they are chosen.

use serde_json::{Value, json};

use super::Office;

/// The entries of a line.
fn listed(office: &Office, line: &str) -> Vec<Value> {
    let told = office.done(&format!("audit list {line} --format json"));
    told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn types(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["type"].as_str().unwrap()).collect()
}

/// Acme with a role that Tom was given on Eve's behalf, a refusal of his own and an export.
fn busy() -> Office {
    let office = Office::new();
    office.done("role create clerk --id clerk --as sam");
    office.done("member assign tom clerk --as sam --on-behalf-of eve --reason cover");
    office.ends("member assign tom clerk --as tom", 3);
    office.done("audit export --out log.csv --format csv --actor sam --type RoleAssigned,RoleCreated --as sam");
    office
}

#[test]
fn an_entry_answers_who_what_whom_why_and_from_where() {
    let office = busy();
    let [entry] = listed(&office, "--type RoleAssigned --subject tom").try_into().unwrap();
    assert_eq!(entry["actor"], json!({ "id": "sam" }));
    assert_eq!(entry["on_behalf_of"], json!({ "id": "eve" }));
    assert_eq!(entry["subject"], json!({ "id": "tom" }));
    assert_eq!(entry["role"], json!({ "id": "clerk", "name": "clerk" }));
    assert_eq!((&entry["outcome"], &entry["command"]), (&json!("allowed"), &json!("AssignRole")));
    assert_eq!((&entry["reason"], &entry["source"]), (&json!("cover"), &json!("local")));
    assert!(entry["agent"].as_str().unwrap().starts_with("chancery/") && entry["correlation"].is_string(), "{entry}");
    let page = office.done("audit list --type RoleAssigned --full");
    assert!(page.contains("on behalf of") && page.contains("correlation"), "{page}");
}

#[test]
fn refusals_and_exports_are_entries_too() {
    let office = busy();
    let [refused] = listed(&office, "--outcome refused").try_into().unwrap();
    assert_eq!((&refused["actor"]["id"], &refused["subject"]["id"]), (&json!("tom"), &json!("tom")));
    assert_eq!(refused["refusal"]["target"], "member/tom");
    let [export] = listed(&office, "--type AuditExported").try_into().unwrap();
    assert_eq!(export["after"]["format"], "csv");
    assert_eq!(export["after"]["filters"], json!({ "actor": "sam", "type": "RoleAssigned,RoleCreated" }));
}

#[test]
fn several_filters_count_at_once_and_several_values_of_one_are_alternatives() {
    let office = busy();
    assert_eq!(types(&listed(&office, "--actor sam --role clerk")), ["RoleCreated", "RoleAssigned"]);
    assert_eq!(types(&listed(&office, "--actor eve")), ["RoleAssigned"], "done on her behalf");
    assert_eq!(types(&listed(&office, "--actor tom,eve --subject tom --outcome refused")), ["CommandRefused"]);
    assert_eq!(
        types(&listed(&office, "--subject tom --subject ann --type MemberAdded")),
        ["MemberAdded", "MemberAdded"]
    );
    assert_eq!(listed(&office, "--subject ann --role clerk"), Vec::<Value>::new());
    let all = listed(&office, "");
    let last = all.len();
    assert_eq!(listed(&office, &format!("--from 2 --to {}", last - 1)), all[1..last - 1]);
    let time = all[3]["time"].as_str().unwrap();
    let until: Vec<Value> = all.iter().filter(|entry| entry["time"].as_str().unwrap() <= time).cloned().collect();
    assert_eq!(listed(&office, &format!("--to {time}")), until, "the end is included");
    assert_eq!(listed(&office, "--after 2 --limit 2"), all[2..4]);
    assert_eq!(listed(&office, "--limit 1"), all[last - 1..], "the newest");
}

#[test]
fn a_value_that_names_nothing_is_named() {
    let office = busy();
    for (line, code, told) in [
        ("--actor nobody", 4, "`nobody`"),
        ("--subject nobody", 4, "`nobody`"),
        ("--role nothing", 4, "`nothing`"),
        ("--scope nowhere", 4, "`nowhere`"),
        ("--permission no.such", 4, "`no.such`"),
        ("--type RoleAsigned", 2, "no event is of the type `RoleAsigned`; did you mean `RoleAssigned`?"),
        ("--outcome denied", 2, "`--outcome`: `denied` is no outcome: write `allowed` or `refused`"),
        ("--from yesterday", 2, "yesterday"),
        ("--from 3 --to 9999", 0, ""),
    ] {
        let said = office.ends(&format!("audit list {line}"), code);
        assert!(said.contains(told), "{line}: {said}");
        if code != 0 {
            let file = format!("log-{}", line.replace([' ', '-'], "_"));
            let said = office.ends(&format!("audit export {line} --format ocsf --out {file} --as sam"), code);
            assert!(said.contains(told) && !office.path(&file).exists(), "{line}: {said}");
        }
    }
}

#[test]
fn reading_the_audit_log_needs_the_right_to_it() {
    let office = busy();
    office.ends("audit list --as tom", 3);
    office.done("audit list --as sam");
    office.ends("audit list --as nobody", 3);
}

#[test]
fn an_export_for_other_programs_is_refused_and_on_record_like_a_pack() {
    let office = busy();
    office.ends("audit export --format syslog --out log.syslog --actor nobody --as tom", 3);
    assert!(!office.path("log.syslog").exists());
    let [.., refused] = listed(&office, "--outcome refused").try_into().map(|all: [Value; 2]| all).unwrap();
    assert_eq!(refused["command"], "ExportAudit");
    office.ends("audit export --format csv --out log.csv --as sam", 1);
    let whole = office.ends("audit export --out pack --actor sam --as sam", 2);
    assert!(whole.contains("a pack has every event of its range"), "{whole}");
    office.done("audit export --format csv --out never.csv --dry-run --as sam");
    assert!(!office.path("never.csv").exists());
}

#[test]
fn a_chosen_export_says_what_it_was_chosen_by() {
    let office = busy();
    let csv = std::fs::read_to_string(office.path("log.csv")).unwrap();
    assert!(csv.contains("# chosen by actor,sam\r\n# chosen by type,\"RoleAssigned,RoleCreated\"\r\n"), "{csv}");
    let rows: Vec<&str> = csv.lines().skip_while(|line| line.starts_with("# ")).skip(1).collect();
    assert_eq!(rows.len(), 2, "{csv}");
    assert!(rows[0].contains(",RoleCreated,allowed,sam,") && rows[1].contains(",RoleAssigned,allowed,sam,"), "{csv}");
}

#[test]
fn an_erased_name_reads_as_erased_in_every_entry_and_every_export() {
    let office = Office::new();
    office.done("member add gus --name Plantedname --as sam");
    office.done("member details gus --name Secondname --as sam");
    let [added, changed] = listed(&office, "--subject gus").try_into().unwrap();
    assert_eq!(added["subject"], json!({ "id": "gus", "name": "Plantedname" }));
    assert_eq!((&changed["before"]["name"], &changed["after"]["name"]), (&json!("Plantedname"), &json!("Secondname")));
    for format in ["ocsf", "cloudevents", "syslog"] {
        office.done(&format!("audit export --format {format} --out before.{format} --as sam"));
        let text = std::fs::read_to_string(office.path(&format!("before.{format}"))).unwrap();
        assert!(
            text.contains("gus") && !text.contains("Plantedname") && !text.contains("Secondname"),
            "{format}: {text}"
        );
    }
    office.done("gdpr erase gus --as sam --reason asked --log erasures.jsonl");
    let [added, changed, ..] = listed(&office, "--subject gus").try_into().map(|all: [Value; 3]| all).unwrap();
    assert_eq!(added["subject"], json!({ "id": "gus", "name": "(erased)" }));
    assert_eq!(changed["after"]["name"], "(erased)");
    office.done("audit export --format csv --out after.csv --as sam");
    let text = std::fs::read_to_string(office.path("after.csv")).unwrap();
    assert!(text.contains("(erased)") && !text.contains("Plantedname") && !text.contains("Secondname"), "{text}");
}
