//! `/v1/organisations/{organisation}/roles`, the pattern of all resources, on both stores.

use serde_json::{Value, json};

use super::on_every_store;
use super::world::{OPERATOR, World};

on_every_store! {
    a_role_is_made_read_changed_and_deleted,
    a_copy_of_a_role_has_what_the_role_has_and_goes_its_own_way,
    a_change_is_bound_to_the_version_that_was_read,
    a_repeated_request_answers_as_the_first_time,
    a_rehearsal_tells_what_would_change_and_changes_nothing,
    roles_are_listed_in_pages,
}

const ROLES: &str = "/v1/organisations/acme/roles";

fn auditor() -> Value {
    json!({"name": "Site Auditor", "permissions": ["assets.view"], "description": "Looks at everything"})
}

fn a_role_is_made_read_changed_and_deleted(world: &World) {
    let made = world.post(ROLES, "acme/olivia", &auditor());
    assert_eq!(made.status, 201, "{made:?}");
    let location = made.header("location").unwrap();
    assert_eq!(made.header("x-chancery-position"), Some(world.position("acme").to_string().as_str()));
    let role = world.get("/v1/organisations/acme/roles/site_auditor", "acme/olivia");
    assert_eq!(role.ok(), made.json());
    assert_eq!(role.header("etag"), made.header("etag"));
    assert_eq!((&role.json()["kind"], &role.json()["permissions"]), (&json!("custom"), &json!(["assets.view"])));

    let changes = json!({"name": "Auditor", "colour": "#aa00ff", "allow": ["tags.create"], "deny": ["assets.view"]});
    let request = || world.request("PATCH", location).key("acme/olivia");
    let changed = request().json(&changes).header("x-chancery-reason", "smaller%20f%C3%BCr%20now").send().ok();
    assert_eq!((&changed["name"], &changed["colour"]), (&json!("Auditor"), &json!("#aa00ff")));
    assert_eq!(changed["permissions"], json!(["tags.create"]));
    assert!(request().json(&json!({"colour": null})).send().ok().get("colour").is_none());
    request().json(&json!({})).send().problem(400, "nothing_to_do");

    assert_eq!(world.request("DELETE", location).key("acme/olivia").send().ok(), json!({"id": "site_auditor"}));
    world.get(location, "acme/olivia").problem(404, "unknown");
    let then = format!("{location}?at={}", made.header("x-chancery-position").unwrap());
    assert_eq!(world.get(&then, "acme/olivia").ok()["name"], "Site Auditor");
    world.get(&then, "acme/hugo").problem(403, "missing_permission");
}

fn a_copy_of_a_role_has_what_the_role_has_and_goes_its_own_way(world: &World) {
    world.post(ROLES, "acme/olivia", &auditor()).ok();
    let duplicate = format!("{ROLES}/site_auditor/duplicate");
    let made = world.post(&duplicate, "acme/olivia", &json!({"name": "Night Auditor"}));
    assert_eq!((made.status, made.header("location")), (201, Some(format!("{ROLES}/night%5Fauditor").as_str())));
    assert_eq!(made.json()["permissions"], json!(["assets.view"]));
    let change = json!({"deny": ["assets.view"]});
    world.request("PATCH", &format!("{ROLES}/night_auditor")).key("acme/olivia").json(&change).send().ok();
    let first = world.get(&format!("{ROLES}/site_auditor"), "acme/olivia").ok();
    assert_eq!(first["permissions"], json!(["assets.view"]));
    world.post(&duplicate, "acme/olivia", &json!({"name": "Site auditor"})).problem(409, "name_taken");
    world.post(&duplicate, "acme/hugo", &json!({"name": "Mine"})).problem(403, "missing_permission");
    let absent = format!("{ROLES}/nothing/duplicate");
    world.post(&absent, "acme/olivia", &json!({"name": "Copy"})).problem(404, "unknown");
}

fn a_change_is_bound_to_the_version_that_was_read(world: &World) {
    let made = world.post(ROLES, "acme/olivia", &auditor());
    let (location, version) = (made.header("location").unwrap(), made.header("etag").unwrap());
    let rename = |name: &str, version: &str| {
        let request = world.request("PATCH", location).key("acme/olivia").header("if-match", version);
        request.json(&json!({"name": name})).send()
    };
    let second = rename("Second", version);
    assert_eq!(second.ok()["name"], "Second");
    rename("Third", version).problem(412, "changed");
    let delete =
        |version: &str| world.request("DELETE", location).key("acme/olivia").header("if-match", version).send();
    delete(version).problem(412, "changed");
    assert_eq!(world.get(location, "acme/olivia").ok()["name"], "Second");
    delete(second.header("etag").unwrap()).ok();
}

fn a_repeated_request_answers_as_the_first_time(world: &World) {
    let send = |body: &Value| {
        let request = world.request("POST", ROLES).key("acme/olivia").header("idempotency-key", "once");
        request.json(body).send()
    };
    let (first, again) = (send(&auditor()), send(&auditor()));
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None));
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
    assert_eq!(first.json(), again.json());
    assert_eq!(first.header("x-chancery-position"), again.header("x-chancery-position"));
    send(&json!({"name": "Another"})).problem(422, "key_reused");
}

fn a_rehearsal_tells_what_would_change_and_changes_nothing(world: &World) {
    let before = world.position("acme");
    let path = "/v1/organisations/acme/roles/viewer?dry_run=true";
    let request = || world.request("PATCH", path).key("acme/olivia");
    let preview = request().json(&json!({"allow": ["tags.create"], "deny": ["assets.view"]})).send().ok();
    assert_eq!(preview["dry_run"], true);
    let access = preview["access"].as_array().unwrap();
    let mut members: Vec<&str> = access.iter().map(|line| line["member"]["id"].as_str().unwrap()).collect();
    members.dedup();
    assert_eq!(members, ["mei", "omar"]);
    assert!(preview["events"][0]["sentence"].as_str().unwrap().contains("Viewer"), "{preview}");
    request().json(&json!({"allow": ["tags.fly"]})).send().problem(422, "unknown");
    world.request("PATCH", path).key("acme/hugo").json(&json!({"name": "X"})).send().problem(403, "missing_permission");
    assert_eq!(world.position("acme"), before, "nothing is recorded, refusals neither");
}

fn roles_are_listed_in_pages(world: &World) {
    let list = |query: &str| world.get(&format!("{ROLES}?{query}"), "acme/hugo").ok();
    let names = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&list("")), ["Admin", "Lead", "Tasker", "Viewer"]);
    assert_eq!(names(&list("search=E&sort=users&order=desc")), ["Viewer", "Tasker", "Lead"]);
    let first = list("limit=3&sort=name");
    assert_eq!(names(&first), ["Admin", "Lead", "Tasker"]);
    let next = first["next"].as_str().unwrap();
    let second = list(&format!("limit=3&sort=name&cursor={next}"));
    assert_eq!((names(&second), &second["next"]), (vec!["Viewer".to_owned()], &Value::Null));
    let wrong = |query: &str| world.get(&format!("{ROLES}?{query}"), "acme/hugo");
    wrong(&format!("sort=level&cursor={next}")).problem(400, "bad_cursor");
    wrong("limit=0").problem(400, "bad_query");
    wrong("limit=many").problem(400, "bad_query");
    wrong("sort=colour").problem(400, "bad_query");
}

#[test]
fn refusals_are_problems_with_the_field_to_blame() {
    let world = World::on_sqlite();
    let post = |body: Value| world.post(ROLES, "acme/olivia", &body);
    assert_eq!(post(json!({"name": "viewer"})).problem(409, "name_taken")["field"], "name");
    assert_eq!(post(json!({"name": "X", "id": "a b"})).problem(422, "bad_id")["field"], "id");
    assert_eq!(
        post(json!({"name": "X", "permissions": ["assets.fly"]})).problem(422, "unknown")["field"],
        "permissions"
    );
    assert_eq!(
        post(json!({"name": "X", "permissions": "assets.view"})).problem(400, "bad_body")["field"],
        "permissions"
    );
    assert_eq!(post(json!({"name": "X", "permisions": []})).problem(400, "bad_body")["rule"], "bad_body");
    post(json!({})).problem(400, "bad_body");
    let text = world.request("POST", ROLES).key("acme/olivia").header("content-type", "text/plain").body("{}");
    text.send().problem(415, "not_json");
    world.request("DELETE", &format!("{ROLES}/viewer")).key("acme/olivia").send().problem(409, "role_in_use");
    world.post(ROLES, "acme/hugo", &auditor()).problem(403, "missing_permission");
    world.post(ROLES, OPERATOR, &auditor()).problem(403, "not_for_operator");
}

#[test]
fn another_organisation_and_hidden_roles_look_like_what_is_not_there() {
    let world = World::on_sqlite();
    let foreign = world.get(ROLES, "other/olivia").problem(404, "unknown");
    let absent = world.get("/v1/organisations/nowhere/roles", "other/olivia").problem(404, "unknown");
    assert_eq!(foreign["detail"].as_str().unwrap().replace("acme", "nowhere"), absent["detail"]);
    world.post(ROLES, "other/olivia", &auditor()).problem(404, "unknown");
    let path = |role: &str| format!("{ROLES}/{role}");
    let hidden = world.get(&path("viewer"), "acme/mei").problem(404, "unknown");
    let absent = world.get(&path("absent"), "acme/mei").problem(404, "unknown");
    assert_eq!(hidden["detail"].as_str().unwrap().replace("viewer", "absent"), absent["detail"]);
    assert_eq!(world.get(ROLES, "acme/mei").ok()["items"], json!([]));
}
