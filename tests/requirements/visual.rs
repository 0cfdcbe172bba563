//! Requirements that speak of what people see: each has a journey in a browser (`tests/console/journeys`), beside its case.

use std::collections::BTreeSet;
use std::path::Path;

use super::required_ids;

/// Sentences about pages, lists, switches, messages and what is greyed out.
const VISUAL: [(&str, &[u8]); 5] = [
    ("BO", &[1, 2, 3, 4, 5, 6, 7]),
    ("PA", &[2, 3, 6, 9]),
    ("PL", &[1, 4, 5, 6, 7, 8]),
    ("PO", &[1, 2, 3, 4, 5, 6, 9, 10]),
    ("WS", &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
];

/// The ids that a journey says it proves: `proves: ["BO-03", …]`.
fn proved_by(journeys: &str) -> BTreeSet<String> {
    let lists = journeys.split("proves: [").skip(1).filter_map(|rest| rest.split(']').next());
    let ids = lists.flat_map(|list| list.split(',')).map(|id| id.trim().trim_matches('"').to_owned());
    ids.filter(|id| !id.is_empty()).collect()
}

#[test]
fn every_visual_requirement_has_a_journey() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/console/journeys");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let journeys = files.filter(|path| path.extension().is_some_and(|extension| extension == "mjs"));
    let proved: BTreeSet<String> =
        journeys.flat_map(|path| proved_by(&std::fs::read_to_string(path).unwrap())).collect();
    let visual = VISUAL.iter().flat_map(|(of, numbers)| numbers.iter().map(move |number| format!("{of}-{number:02}")));
    let without: Vec<_> = visual.filter(|id| !proved.contains(id)).collect();
    assert!(without.is_empty(), "requirements about what people see, without a journey: {without:?}");
    let required = required_ids();
    let unknown: Vec<_> = proved.difference(&required).collect();
    assert!(unknown.is_empty(), "journeys for requirements that do not exist: {unknown:?}");
}

#[test]
fn journeys_say_what_they_prove() {
    let source = r#"journey("A", { proves: ["BO-03", "WS-05"] }, async () => {}); journey("B", {}, x); journey("C", { proves: ["PO-01"] }"#;
    assert_eq!(proved_by(source).into_iter().collect::<Vec<_>>(), ["BO-03", "PO-01", "WS-05"]);
}
