//! What pages show, to whom.

use super::world::{HOSTILE, World};

#[test]
fn every_answer_forbids_what_is_not_ours() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    for path in [
        "/console/-/sign-in",
        "/console/acme",
        "/console/acme/roles/viewer",
        "/console/acme/none",
        "/console/-/assets/none.js",
    ] {
        let page = browser.get(path);
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{path}: {policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        page.has_not(" style=");
        page.has_not("<style");
        page.has_not(" onclick=");
        assert!(
            page.body.split("<script").skip(1).all(|script| script.starts_with(" src=\"/console/-/assets/")),
            "{path}"
        );
    }
}

#[test]
fn assets_are_kept_for_ever_under_their_digest() {
    let world = World::on_sqlite();
    let mut browser = world.browser();
    let page = browser.get("/console/-/sign-in");
    let style =
        page.body.split("href=\"").find(|part| part.contains(".css")).unwrap().split('"').next().unwrap().to_owned();
    let asset = browser.get(&style);
    assert_eq!((asset.status, asset.header("content-type")), (200, "text/css; charset=utf-8"));
    assert!(asset.header("cache-control").contains("immutable"));
    assert_eq!(page.header("cache-control"), "no-store");
}

#[test]
fn outside_text_is_shown_as_text() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    let fields = browser.get("/console/acme/roles/spare/details").form("/details");
    let mut fields = super::browser::with(fields, "name", &[HOSTILE]);
    fields = super::browser::with(fields, "description", &[HOSTILE]);
    assert_eq!(browser.post("/console/acme/roles/spare/details", &fields).status, 303);
    for path in ["/console/acme/roles", "/console/acme/roles/spare", "/console/acme/roles?search=%3Cscript%3E%22"] {
        let page = browser.get(path);
        assert_eq!(page.status, 200);
        page.has_not("<script>");
        page.has_not("<img/src");
    }
    browser.get("/console/acme/roles/spare").has("&lt;script&gt;alert(1)&lt;/script&gt;");
    let refused = browser.post(
        "/console/acme/new-role",
        &super::browser::with(browser_token(&mut world.signed_in("acme", "olivia")), "name", &[HOSTILE]),
    );
    assert_eq!(refused.status, 403, "the token of another session");
}

fn browser_token(browser: &mut super::browser::Browser) -> Vec<(String, String)> {
    browser.get("/console/acme/new-role").form("/new-role")
}

/// BO-02
#[test]
fn roles_are_read_only_for_who_manages_users_and_not_there_for_others() {
    let world = World::on_sqlite();
    let mut hugo = world.signed_in("acme", "hugo");
    let page = hugo.get("/console/acme/roles/viewer");
    assert_eq!(page.status, 200);
    page.has_not("Preview changes");
    page.has("which this needs");
    let mut mei = world.signed_in("acme", "mei");
    mei.get("/console/acme").has_not("/console/acme/roles");
    let (hidden, absent) = (mei.get("/console/acme/roles/viewer"), mei.get("/console/acme/roles/nothing"));
    assert_eq!((hidden.status, absent.status), (404, 404));
    assert_eq!(hidden.body, absent.body);
    assert_eq!(mei.get("/console/acme/roles").status, 404);
}

/// BO-03
#[test]
fn roles_are_searched_sorted_and_shown_with_the_columns_of_ones_choice() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    let order = |page: &super::browser::Page, names: &[&str]| {
        let text = page.text();
        let list = text.split("List of roles").last().unwrap_or(&text).to_owned();
        let places: Vec<usize> = names.iter().map(|name| list.find(&format!("{name} ")).unwrap()).collect();
        assert!(places.is_sorted(), "{names:?} in {list}");
    };
    order(&browser.get("/console/acme/roles"), &["Admin", "Lead", "Spare", "Tasker", "Viewer"]);
    order(&browser.get("/console/acme/roles?sort=users&order=desc"), &["Viewer", "Lead", "Spare"]);
    order(&browser.get("/console/acme/roles?sort=created"), &["Admin", "Viewer", "Tasker", "Lead", "Spare"]);
    let page = browser.get("/console/acme/roles?search=vIEW");
    page.has("Viewer");
    page.has_not("Tasker");
    page.has("Last modified");
    let whose = page.body.split("name=\"whose\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let fields = [
        ("columns", "roles"),
        ("whose", whose),
        ("show", "created"),
        ("show", "users"),
        ("back", "/console/acme/roles"),
    ];
    assert_eq!(browser.post("/console/-/preferences", &fields).header("location"), "/console/acme/roles");
    let page = browser.get("/console/acme/roles");
    page.has("<a href=\"/console/acme/roles?sort=created&amp;order=asc\">Created");
    page.has_not("<a href=\"/console/acme/roles?sort=modified");
}

/// BO-05
#[test]
fn permissions_stand_in_categories_with_counters_that_open_and_close() {
    let world = World::on_sqlite();
    let mut browser = world.signed_in("acme", "olivia");
    let page = browser.get("/console/acme/roles/tasker");
    let categories = page.body.split("<details class=\"category\"").skip(1);
    let of_the_document: Vec<&str> = categories.filter(|part| !part.contains(">administration<")).collect();
    let switches = of_the_document.iter().map(|part| part.matches("role=\"switch\"").count());
    assert_eq!((of_the_document.len(), switches.sum::<usize>()), (11, 33));
    page.has(">2/");
    let open = |page: &super::browser::Page| {
        page.body
            .split("<details class=\"category\"")
            .skip(1)
            .filter(|part| part.split('>').next().unwrap().contains(" open"))
            .count()
    };
    assert_eq!(open(&page), 1, "the one of which it has something");
    assert_eq!(open(&browser.get("/console/acme/roles/tasker?open=all")), 12);
    assert_eq!(open(&browser.get("/console/acme/roles/tasker?open=none")), 0);
    let filtered = browser.get("/console/acme/roles/tasker?filter=own+tasks");
    assert_eq!(filtered.body.matches("role=\"switch\"").count(), 1);
}

#[test]
fn the_past_is_read_only_and_visibly_so() {
    let world = World::on_sqlite();
    let then = world.position("acme");
    world.line("acme", "--as olivia role rename spare Reserve");
    let mut browser = world.signed_in("acme", "olivia");
    browser.get("/console/acme/roles/spare").has("Reserve");
    let path = format!("/console/acme/roles/spare?at={then}");
    let page = browser.get(&path);
    page.has("You are looking at the past");
    page.has("Spare");
    page.has_not("Reserve");
    page.has_not("Preview changes");
    page.has(&format!("/console/acme/roles?at={then}"));
    let fields = browser.get("/console/acme/roles/spare").form("/spare/delete");
    let refused = browser.post(&format!("/console/acme/roles/spare/delete?at={then}"), &fields);
    assert_eq!(refused.status, 409);
    refused.has("The past cannot be changed");
    let mut mei = world.signed_in("acme", "mei");
    assert_eq!(mei.get(&format!("/console/acme?at={then}")).status, 403);
    assert_eq!(browser.get("/console/acme?at=nonsense").status, 400);
}
