//! Access reviews, from the form to the printed evidence.

use super::browser::with;
use super::world::World;

#[test]
fn a_review_is_opened_worked_through_and_printed() {
    let world = World::with_log_key();
    let (mut olivia, mut hugo, mut ann) =
        (world.signed_in("acme", "olivia"), world.signed_in("acme", "hugo"), world.signed_in("acme", "ann"));
    olivia.get("/console/acme/reviews").has("There is no review yet");
    hugo.get("/console/acme").has_not("/console/acme/reviews");
    let mut fields = olivia.get("/console/acme/new-review").form("/new-review");
    let filled = [
        ("title", "Tower"),
        ("id", "q1"),
        ("about", "scope:tower"),
        ("deadline", "2099-12-31"),
        ("reviewer", "olivia"),
        ("fallback", "ann"),
    ];
    for (name, value) in filled {
        fields = with(fields, name, &[value]);
    }
    let preview = olivia.post("/console/acme/new-review", &fields);
    assert_eq!(preview.status, 200, "{}", preview.text());
    preview.has("opened the review");
    let opened = olivia.post("/console/acme/new-review", &preview.form("/new-review"));
    assert_eq!((opened.status, opened.header("location")), (303, "/console/acme/reviews/q1"));

    // Those who may not look at it do not find it.
    assert_eq!(hugo.get("/console/acme/reviews/q1").status, 404);
    olivia.get("/console/acme/reviews").has("Waiting for you");
    let page = olivia.get("/console/acme/reviews/q1");
    page.has("role Viewer in Tower");
    page.has("0 of ");
    let decide = "/console/acme/reviews/q1/do/decide";
    let nothing = olivia.post(decide, &with(page.form("/do/decide"), "verdict", &["keep"]));
    assert_eq!(nothing.status, 400, "no line is chosen");

    // Revoking Mei's role takes it away in the same step, and the preview says so.
    let lines = world.line("acme", "--as olivia review lines q1 --member mei --format json");
    let lines: serde_json::Value = serde_json::from_str(&lines).unwrap();
    let mei = lines[0]["line"].to_string();
    let chosen = with(with(page.form("/do/decide"), "line", &[&mei]), "verdict", &["revoke"]);
    let preview = olivia.post(decide, &chosen);
    assert!(preview.text().contains("1 member would lose"), "{}", preview.text());
    let done = olivia.post(decide, &with(preview.form("/do/decide"), "reason", &["left the team"]));
    assert_eq!((done.status, done.header("location")), (303, "/console/acme/reviews/q1"));
    olivia.get("/console/acme/reviews/q1?show=revoked").has("role Viewer in Tower");
    assert!(world.line("acme", "--as olivia events --type RoleUnassigned --format json").contains("review/q1"));

    // What is left is kept: several lines in one save.
    for (browser, member) in [(&mut olivia, "olivia"), (&mut ann, "ann")] {
        let lines = world.line("acme", &format!("--as {member} review lines q1 --mine --undecided --format json"));
        let lines: serde_json::Value = serde_json::from_str(&lines).unwrap();
        let numbers: Vec<String> = lines.as_array().unwrap().iter().map(|line| line["line"].to_string()).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let page = browser.get("/console/acme/reviews/q1?show=mine");
        let preview =
            browser.post(decide, &with(with(page.form("/do/decide"), "line", &numbers), "verdict", &["keep"]));
        assert_eq!(browser.post(decide, &preview.form("/do/decide")).status, 303, "{}", preview.text());
    }
    let complete = "/console/acme/reviews/q1/do/complete";
    let form = olivia.get("/console/acme/reviews/q1").form("/do/complete");
    let preview = olivia.post(complete, &form);
    assert_eq!(olivia.post(complete, &preview.form("/do/complete")).status, 303, "{}", preview.text());
    let page = olivia.get("/console/acme/reviews/q1");
    page.has("completed");
    page.has_not("/do/decide");
    let evidence = olivia.get("/console/acme/reviews/q1/evidence");
    evidence.has("The lines are those of the log at that position");
    evidence.has("left the team");
    evidence.has("covers the first");
    assert_eq!(hugo.get("/console/acme/reviews/q1/evidence").status, 403);

    // Looked at, it is a read; as a file, an export.
    let (before, action) = (world.position("acme"), "/console/acme/reviews/q1/evidence/file");
    let file = olivia.post(action, &with(evidence.form(action), "format", &["csv"]));
    assert!(file.status == 200 && file.body.contains("left the team"), "{file:?}");
    assert!(file.header("content-disposition").contains("acme-review-q1.csv"), "{file:?}");
    assert_eq!(world.position("acme"), before + 1);
    let told = world.line("acme", "--as olivia activity --type AuditExported");
    assert!(told.contains("exported the evidence of the review q1"), "{told}");
    let mut fields = hugo.get("/console/acme").form("/console/-/sign-out");
    fields.retain(|(name, _)| name == "csrf");
    assert_eq!(hugo.post(action, &with(fields, "format", &["csv"])).status, 403);
    assert!(
        world.line("acme", "--as olivia --format json events --type CommandRefused").contains("ExportAudit"),
        "it is on record"
    );
}
