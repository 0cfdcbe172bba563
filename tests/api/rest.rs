//! Members, scopes, the owner, questions and the log, on both stores.

use serde_json::{Value, json};

use super::on_every_store;
use super::world::World;

on_every_store! {
    a_member_is_added_changed_and_removed,
    several_toggles_are_one_change,
    members_are_found_sorted_and_paged,
    a_scope_is_made_moved_shared_and_archived,
    the_owner_is_handed_on,
    questions_are_answered_now_and_then,
    the_log_is_read_by_position,
}

const ACME: &str = "/v1/organisations/acme";

fn path(rest: &str) -> String {
    format!("{ACME}/{rest}")
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn a_member_is_added_changed_and_removed(world: &World) {
    let tom = json!({
        "id": "tom", "name": "Tom", "email": "tom@example.com", "account_type": "member",
        "roles": [{"role": "viewer", "scope": "tower", "until": "2099-01-01T00:00:00Z"}]
    });
    let made = world.post(&path("members"), "acme/olivia", &tom);
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.header("location"), Some("/v1/organisations/acme/members/tom"));
    let read = world.get(&path("members/tom"), "acme/olivia");
    assert_eq!((read.ok(), read.header("etag")), (made.json(), made.header("etag")));
    assert_eq!(read.json()["roles"][0]["role"]["id"], "viewer");

    let change = |body: Value, version: &str| {
        let request = world.request("PATCH", &path("members/tom")).key("acme/olivia").header("if-match", version);
        request.json(&body).send()
    };
    let version = made.header("etag").unwrap();
    let changed = change(json!({"name": "Thomas", "email": null, "status": "suspended"}), version);
    assert_eq!((&changed.ok()["name"], &changed.json()["email"]), (&json!("Thomas"), &Value::Null));
    assert_eq!(changed.json()["status"], "suspended");
    change(json!({"name": "Late"}), version).problem(412, "changed");
    change(json!({}), "*").problem(400, "nothing_to_do");

    let assignments = path("members/tom/assignments");
    let given = world.post(&assignments, "acme/olivia", &json!({"role": "tasker", "scope": "library"})).ok();
    assert_eq!(given["roles"].as_array().unwrap().len(), 2);
    let take = world.request("DELETE", &format!("{assignments}/tasker?scope=library")).key("acme/olivia").send().ok();
    assert_eq!(take["roles"].as_array().unwrap().len(), 1);
    let scope = |body: Value| world.request("PUT", &path("members/tom/scope")).key("acme/olivia").json(&body).send();
    scope(json!({"kind": "all", "scopes": ["tower"]})).problem(400, "bad_body");

    let remove = || world.request("DELETE", &path("members/tom")).key("acme/olivia").send();
    assert_eq!(remove().ok()["status"], "left");
    world.post(&path("members"), "acme/mei", &json!({"id": "x"})).problem(403, "missing_permission");
    world.post(&path("members"), "acme/olivia", &json!({"id": "a b"})).problem(422, "bad_id");
}

fn several_toggles_are_one_change(world: &World) {
    let toggles = path("members/mei/toggles");
    let before = world.position("acme");
    let wrong = json!({"withhold": ["assets.view"], "allow": ["no.such"]});
    world.post(&toggles, "acme/olivia", &wrong).problem(422, "unknown");
    let check = path("check?member=mei&permission=assets.view&scope=tower");
    assert_eq!(world.get(&check, "acme/olivia").ok()["allowed"], true, "nothing of it happened");
    world.post(&toggles, "acme/olivia", &json!({"allow": ["x"], "clear": ["x"]})).problem(400, "bad_body");
    world.post(&toggles, "acme/olivia", &json!({})).problem(400, "nothing_to_do");
    let done = world.post(&toggles, "acme/olivia", &json!({"withhold": ["assets.view", "tasks.complete"]}));
    assert_eq!(done.ok()["toggles"].as_array().unwrap().len(), 2);
    assert!(world.position("acme") > before);
    assert_eq!(world.get(&check, "acme/olivia").ok()["code"], "withheld");
}

fn members_are_found_sorted_and_paged(world: &World) {
    let list = |query: &str, token: &str| world.get(&path(&format!("members?{query}")), token);
    assert_eq!(ids(&list("sort=id", "acme/olivia").ok()), ["hugo", "mei", "olivia", "omar"]);
    assert_eq!(ids(&list("sort=added&order=desc&limit=2", "acme/olivia").ok()), ["omar", "mei"]);
    assert_eq!(ids(&list("search=O&sort=id", "acme/olivia").ok()), ["hugo", "olivia", "omar"]);
    assert_eq!(ids(&list("role=tasker", "acme/olivia").ok()), ["mei"]);
    let first = list("sort=id&limit=3", "acme/olivia").ok();
    let next = format!("sort=id&limit=3&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(ids(&list(&next, "acme/olivia").ok()), ["omar"]);
    list(&next.replace("sort=id", "sort=added"), "acme/olivia").problem(400, "bad_cursor");
    list("role=nothing", "acme/olivia").problem(404, "unknown");
    let problem = list("sort=id&serach=O", "acme/olivia").problem(400, "unknown_parameter");
    assert_eq!(problem["field"], "serach");
    let problem = list("sort=-name", "acme/olivia").problem(400, "bad_query");
    assert_eq!(problem["field"], "sort");
    assert!(problem["detail"].as_str().unwrap().starts_with("`sort`: unknown variant `-name`"), "{problem}");
}

fn a_scope_is_made_moved_shared_and_archived(world: &World) {
    let made = world.post(&path("scopes"), "acme/olivia", &json!({"id": "annexe", "name": "Annexe"}));
    assert_eq!(made.status, 201, "{made:?}");
    let annexe = made.header("location").unwrap();
    assert_eq!(world.get(annexe, "acme/olivia").ok(), made.json());
    let change = |body: Value| world.request("PATCH", annexe).key("acme/olivia").json(&body).send();
    assert_eq!(change(json!({"name": "New Annexe"})).ok()["name"], "New Annexe");
    assert_eq!(ids(&world.get(&path("scopes"), "acme/olivia").ok()), ["library", "annexe", "tower"]);
    let share = |method: &str| {
        world.request(method, &path("scopes/annexe/shares/tower")).key("acme/olivia").send().ok()["shared_with"].clone()
    };
    assert_eq!((share("PUT"), share("DELETE")), (json!(["tower"]), json!([])));
    assert!(change(json!({"archived": true})).ok()["archived_position"].is_u64());
    assert_eq!(change(json!({"archived": false})).ok()["archived_position"], Value::Null);
    change(json!({"parent": "nowhere"})).problem(404, "unknown");
}

fn the_owner_is_handed_on(world: &World) {
    world.post(&path("owner"), "acme/olivia", &json!({"to": "hugo"})).problem(422, "no_owner_role");
    world.line("links", "organisation found links --profile proplink --name Links --owner olivia");
    world.line("links", "--as olivia member add max");
    let owner = "/v1/organisations/links/owner";
    let before = world.position("links");
    let preview = world.post(&format!("{owner}?dry_run=true"), "links/olivia", &json!({"to": "max"})).ok();
    assert_eq!((&preview["dry_run"], world.position("links")), (&json!(true), before));
    world.post(owner, "links/olivia", &json!({"to": "absent"})).problem(404, "unknown");
    let handed = world.post(owner, "links/olivia", &json!({"to": "max"})).ok();
    assert_eq!((&handed["id"], world.position("links") > before), (&json!("max"), true));
    world.post(owner, "links/olivia", &json!({"to": "max"})).problem(403, "not_owner");
}

fn questions_are_answered_now_and_then(world: &World) {
    let get = |rest: &str| world.get(&path(rest), "acme/olivia").ok();
    let before = world.position("acme");
    let question = "member=mei&permission=assets.view&scope=tower";
    world.post(&path("members/mei/toggles"), "acme/olivia", &json!({"withhold": ["assets.view"]})).ok();
    assert_eq!(get(&format!("check?{question}"))["code"], "withheld");
    assert_eq!(get(&format!("check?{question}&at={before}"))["allowed"], true);
    let explained = get(&format!("explain?{question}"));
    assert_eq!(explained["decision"]["allowed"], false);
    assert!(explained["history"].as_array().unwrap().len() >= 2, "{explained}");
    let members = |page: &Value| {
        let rows = page["members"].as_array().unwrap().clone();
        rows.iter().map(|row| row["member"]["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let who = get("who-can?permission=assets.view&scope=tower");
    assert!(!members(&who).contains(&"mei".to_owned()), "{who}");
    let who = get(&format!("who-can?permission=assets.view&scope=tower&at={before}"));
    assert!(members(&who).contains(&"mei".to_owned()), "{who}");
    let effective = get("members/mei/permissions?scope=tower").to_string();
    assert!(effective.contains("tasks.complete") && !effective.contains("assets.view"), "{effective}");
    let access = get("access?role=viewer&limit=1");
    assert_eq!(access["items"][0]["member"]["id"], "mei");
    assert!(access["next"].is_string());
    let diff = get(&format!("diff?from={before}"));
    assert_eq!(diff["lines"][0]["member"]["id"], "mei");
    world.get(&path(&format!("diff?from={}&to={before}", before + 1)), "acme/olivia").problem(400, "ends_reversed");
    assert!(get("findings")["findings"].is_array());
    world.get(&path("findings?kind=nonsense"), "acme/olivia").problem(400, "bad_query");
    assert_eq!(get("profile")["name"], "buildings");
}

fn the_log_is_read_by_position(world: &World) {
    let mut read = Vec::new();
    let mut after = 0;
    loop {
        let page = world.get(&path(&format!("events?after={after}&limit=4")), "acme/olivia").ok();
        let positions = page["items"].as_array().unwrap().iter().map(|event| event["position"].as_u64().unwrap());
        read.extend(positions);
        match page["next"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(read, (1..=world.position("acme")).collect::<Vec<_>>());

    let told = |query: &str| world.get(&path(&format!("activity?{query}")), "acme/olivia").ok();
    let newest = told("limit=2&type=RoleAssigned");
    let (items, next) = (newest["items"].as_array().unwrap(), newest["next"].as_u64().unwrap());
    assert_eq!((items.len(), items[1]["position"].as_u64()), (2, Some(next)));
    let older = told(&format!("limit=2&type=RoleAssigned&before={next}"));
    assert!(older["items"][0]["position"].as_u64().unwrap() < next);
    assert!(told("member=mei").to_string().contains("Viewer"));
}

#[test]
fn what_the_caller_does_not_see_is_not_there() {
    let world = World::on_sqlite();
    let absent = |token: &str, hidden: &str, absent: &str| {
        let (hidden_answer, absent_answer) = (world.get(&path(hidden), token), world.get(&path(absent), token));
        assert_eq!(hidden_answer.status, absent_answer.status, "{hidden}: {hidden_answer:?} {absent_answer:?}");
        assert_eq!(hidden_answer.status, 404, "{hidden}: {hidden_answer:?}");
    };
    // Hugo works in Tower; Library, and Omar who works there, are not his to know of.
    absent("acme/hugo", "scopes/library", "scopes/nowhere");
    absent("acme/hugo", "members/omar", "members/nobody");
    absent("acme/hugo", "check?member=omar&permission=assets.view", "check?member=nobody&permission=assets.view");
    absent("acme/hugo", "who-can?permission=assets.view&scope=library", "who-can?permission=assets.view&scope=nowhere");
    assert_eq!(ids(&world.get(&path("scopes"), "acme/hugo").ok()), ["tower"]);
    let patch = |id: &str| {
        let request = world.request("PATCH", &path(&format!("members/{id}"))).key("acme/hugo");
        request.header("if-match", "\"999\"").json(&json!({"name": "X"})).send()
    };
    assert_eq!((patch("omar").status, patch("absent").status), (404, 404), "If-Match tells nothing");
    let before = world.position("acme") - 1;
    for rest in ["events", "findings", "diff?from=1"] {
        world.get(&path(rest), "acme/hugo").problem(403, "missing_permission");
    }
    let past = format!("check?member=mei&permission=assets.view&at={before}");
    world.get(&path(&past), "acme/hugo").problem(403, "missing_permission");
    let listed = world.get(&path("access"), "acme/hugo");
    assert!(!listed.body.contains("library") && !listed.body.contains("omar"), "{listed:?}");
}

#[test]
fn documents_are_handed_in_and_judged() {
    let world = World::on_sqlite();
    world.line("props", "organisation found props --profile propops --name Props --owner olivia");
    world.line("props", "--as olivia member add carl --account-type contractor");
    let step = |rest: &str, body: Value| {
        let path = format!("/v1/organisations/props/members/carl/documents/{rest}");
        world.post(&path, "props/olivia", &body)
    };
    step("passport", json!({"reference": "store/1"})).problem(422, "document_not_asked");
    step("certification/approve", json!({})).problem(409, "document_not_submitted");
    step("certification/approve", json!({"expires": "soon"})).problem(400, "bad_body");
    let status = |answer: Value| answer["documents"][0]["status"].clone();
    assert_eq!(status(step("certification", json!({"reference": "store/1"})).ok()), "submitted");
    assert_eq!(status(step("certification/reject", json!({})).ok()), "rejected");
    step("certification", json!({})).ok();
    assert_eq!(status(step("certification/approve", json!({"expires": "2099-01-01T00:00:00Z"})).ok()), "approved");
}
