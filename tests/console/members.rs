//! Members and scopes: lists, what is given and taken, and why somebody may do something.

use super::browser::with;
use super::world::World;

const MEI: &str = "/console/acme/members/mei";

#[test]
fn members_are_searched_and_filtered_as_far_as_they_are_seen() {
    let world = World::on_sqlite();
    let mut olivia = world.signed_in("acme", "olivia");
    let page = olivia.get("/console/acme/members");
    for member in ["olivia", "hugo", "mei", "omar", "ann"] {
        page.has(&format!("/console/acme/members/{member}"));
    }
    let page = olivia.get("/console/acme/members?role=viewer&scope=tower");
    page.has("/console/acme/members/mei");
    page.has_not("/console/acme/members/omar\"");
    olivia.get("/console/acme/members?search=OMA").has("1 member<");
    world.line("acme", "--as olivia member suspend omar");
    let page = olivia.get("/console/acme/members?status=suspended");
    page.has("/console/acme/members/omar");
    page.has_not("/console/acme/members/hugo\"");
    assert_eq!(olivia.get("/console/acme/members?role=nothing").status, 404);
    let mut hugo = world.signed_in("acme", "hugo");
    hugo.get("/console/acme/members").has_not("/console/acme/members/omar\"");
    let (hidden, absent) = (hugo.get("/console/acme/members/omar"), hugo.get("/console/acme/members/nobody"));
    assert_eq!((hidden.status, absent.status), (404, 404));
    assert_eq!(hidden.body, absent.body);
}

/// BO-01
#[test]
fn a_role_is_given_in_one_building_and_taken_away_again() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    let form = browser.get(MEI).form("/do/assign");
    let fields = with(with(form, "role", &["tasker"]), "scope", &["library"]);
    let preview = browser.post(&format!("{MEI}/do/assign"), &fields);
    let text = preview.text();
    assert!(text.contains("1 member would gain") && text.contains("in Library"), "{text}");
    assert_eq!(browser.post(&format!("{MEI}/do/assign"), &preview.form("/do/assign")).header("location"), MEI);
    let page = browser.get(MEI);
    assert!(page.text().contains("Tasker in Library"), "{}", page.text());
    let again = browser.get("/console/acme/ask?member=mei&permission=tasks.complete&scope=library");
    assert!(again.text().contains("yes") && again.text().contains("Because"), "{}", again.text());
    let take = [("role", "tasker"), ("scope", "library")];
    let form = with(with(browser.get(MEI).form("/do/unassign"), "role", &[take[0].1]), "scope", &[take[1].1]);
    let preview = browser.post(&format!("{MEI}/do/unassign"), &form);
    assert!(preview.text().contains("1 member would lose"), "{}", preview.text());
    browser.post(&format!("{MEI}/do/unassign"), &preview.form("/do/unassign"));
    let page = browser.get(MEI).text();
    let (now, history) = page.split_once("History").unwrap();
    assert!(!now.contains("Tasker in Library") && history.contains("Tasker in Library"), "{page}");
}

#[test]
fn what_would_be_an_escalation_is_refused_with_the_rules_sentence() {
    let world = World::on_sqlite();
    let mut hugo = world.signed_in("acme", "hugo");
    let form = hugo.get(MEI).form("/do/assign");
    let fields = with(with(form, "role", &["tasker"]), "scope", &["tower"]);
    let refused = hugo.post(&format!("{MEI}/do/assign"), &fields);
    assert_eq!(refused.status, 403);
    refused.has("would gain");
    let elsewhere = with(fields, "scope", &["library"]);
    assert_eq!(hugo.post(&format!("{MEI}/do/assign"), &elsewhere).status, 404, "what is out of scope is not there");
}

#[test]
fn permissions_are_toggled_for_one_member_directly() {
    let world = World::on_sqlite();
    let mut nora = world.signed_in("studio", "nora");
    let path = "/console/studio/members/adam/toggles";
    let page = nora.get(&format!("{path}?open=all"));
    assert_eq!(page.status, 200);
    let form = page.form("/toggles");
    let (set, _) = form.iter().find(|(name, _)| name.starts_with("set:")).unwrap_or_else(|| panic!("{}", page.text()));
    let set = set.clone();
    let preview = nora.post(path, &with(form, &set, &["withhold"]));
    assert_eq!(preview.status, 200, "{}", preview.text());
    assert_eq!(nora.post(path, &preview.form("/toggles")).status, 303);
    nora.get("/console/studio/members/adam").has("withheld");
}

#[test]
fn a_member_is_added_and_a_taken_id_keeps_what_was_filled_in() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    let form = with(browser.get("/console/acme/new-member").form("/new-member"), "name", &["Nele Brandt"]);
    let taken = browser.post("/console/acme/new-member", &with(form.clone(), "id", &["mei"]));
    assert_eq!(taken.status, 409, "{}", taken.text());
    taken.has("value=\"Nele Brandt\"");
    let added = browser.post("/console/acme/new-member", &with(form, "id", &["nele"]));
    assert_eq!(added.header("location"), "/console/acme/members/nele", "{}", added.text());
    browser.get("/console/acme/members/nele").has("Nele Brandt");
}

#[test]
fn scopes_are_made_renamed_and_archived() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    let form = browser.get("/console/acme/new-scope?parent=tower").form("/new-scope");
    let made = browser.post("/console/acme/new-scope", &with(with(form, "id", &["mill"]), "name", &["Old mill"]));
    assert_eq!(made.header("location"), "/console/acme/scopes/mill", "{}", made.text());
    let page = browser.get("/console/acme/scopes/mill");
    let preview = browser.post("/console/acme/scopes/mill/do/archive", &page.form("/do/archive"));
    assert_eq!(preview.status, 200);
    assert_eq!(browser.post("/console/acme/scopes/mill/do/archive", &preview.form("/do/archive")).status, 303);
    browser.get("/console/acme/scopes").has("archived");
    let mut mei = world.signed_in("acme", "mei");
    assert_eq!(mei.get("/console/acme/scopes/library").status, 404);
}

#[test]
fn instants_are_compared_and_activity_is_read() {
    let world = World::on_sqlite();
    let before = world.position("acme");
    world.line("acme", "--as olivia role toggle viewer --allow tags.create --reason tagging");
    let mut browser = world.signed_in("acme", "olivia");
    let page = browser.get(&format!("/console/acme/compare?from={before}"));
    let text = page.text();
    assert!(
        text.contains("2 differences") && text.contains("gained 1 permission") && text.contains("tagging"),
        "{text}"
    );
    let page = browser.get("/console/acme/activity?search=tagging");
    assert!(page.text().contains("because “tagging”"), "{}", page.text());
    page.has(&format!("?at={before}"));
    let mut mei = world.signed_in("acme", "mei");
    assert_eq!(mei.get(&format!("/console/acme/compare?from={before}")).status, 403);
    assert_eq!(mei.get("/console/acme/activity").status, 403);
}

/// PL-07
#[test]
fn the_ownership_is_handed_over_after_a_confirmation() {
    let world = World::on_sqlite();
    world.line("links", "organisation found links --profile proplink --name Links --owner olivia");
    world.line("links", "--as olivia member add henry --all --role administrator");
    let mut olivia = world.signed_in("links", "olivia");
    let path = "/console/links/members/henry";
    let asked =
        olivia.post(&format!("{path}/do/make-owner"), &olivia_form(&mut world.signed_in("links", "olivia"), path));
    assert_eq!(asked.status, 403, "a form of another session");
    let form = olivia.get(path).form("/do/make-owner");
    let asked = olivia.post(&format!("{path}/do/make-owner"), &form);
    asked.has("Hand the ownership over to henry?");
    assert_eq!(olivia.post(&format!("{path}/do/make-owner"), &asked.form("/do/make-owner")).status, 303);
    let mut henry = world.signed_in("links", "henry");
    henry.get(path).has("Organisation Owner");
    henry.get("/console/links/members/olivia").has("Hand the ownership over");
}

fn olivia_form(browser: &mut super::browser::Browser, path: &str) -> Vec<(String, String)> {
    browser.get(path).form("/do/make-owner")
}
