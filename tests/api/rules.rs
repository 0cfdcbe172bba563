//! Profiles, and the operator's revisions of an organisation's rules.

use serde_json::{Value, json};

use super::on_every_store;
use super::world::{OPERATOR, World};

on_every_store!(
    the_operator_revises_the_policy_unless_somebody_was_quicker,
    the_operator_adds_to_the_catalogue_and_sees_nobody,
    profiles_are_shown_to_whoever_has_a_key,
);

const POLICY: &str = "/v1/organisations/acme/policy";
const CATALOGUE: &str = "/v1/organisations/acme/catalogue";

fn the_operator_revises_the_policy_unless_somebody_was_quicker(world: &World) {
    let read = world.get(POLICY, OPERATOR);
    let tag = read.header("etag").unwrap().to_owned();
    let mut policy = read.ok();
    assert_eq!(world.get(POLICY, "acme/mei").ok(), policy, "members see it as well");
    policy["longest_key_days"] = json!(30);
    let put = |key: &str, query: &str, body: &Value| {
        world.request("PUT", &format!("{POLICY}{query}")).key(key).header("if-match", &tag).json(body).send()
    };
    put("acme/olivia", "", &policy).problem(403, "operator_only");
    let rehearsed = put(OPERATOR, "?dry_run=true", &policy).ok();
    assert_eq!(rehearsed["events"][0]["type"], "PolicyRevised");
    assert_eq!(world.get(POLICY, OPERATOR).ok()["longest_key_days"], Value::Null);
    assert_eq!(put(OPERATOR, "", &policy).ok()["longest_key_days"], 30);
    put(OPERATOR, "", &json!({})).problem(412, "changed");
    let fixed = json!({"levels": true});
    world.request("PUT", POLICY).key(OPERATOR).json(&fixed).send().problem(422, "policy_fixed");
    world.request("PUT", POLICY).key(OPERATOR).json(&json!({"levls": true})).send().problem(400, "bad_body");
}

fn the_operator_adds_to_the_catalogue_and_sees_nobody(world: &World) {
    let permission = json!({"key": "reports.view", "label": "View reports"});
    let added = json!({"added": [{"key": "reports", "label": "Reports", "permissions": [permission]}]});
    world.post(CATALOGUE, "acme/olivia", &added).problem(403, "operator_only");
    let role = json!({"name": "Reporter", "permissions": ["reports.view"]});
    world.post("/v1/organisations/acme/roles", "acme/olivia", &role).problem(422, "unknown");
    let rehearsed = world.post(&format!("{CATALOGUE}?dry_run=true"), OPERATOR, &added).ok();
    assert_eq!(rehearsed["events"][0]["type"], "CatalogueRevised");
    assert_eq!(rehearsed["access"], json!([]), "nobody's access is the operator's business");
    let revised = world.post(CATALOGUE, OPERATOR, &added).ok();
    assert!(revised.to_string().contains("reports.view"), "{revised}");
    // It is known now, and nobody holds it yet who could give it.
    assert_eq!(world.post("/v1/organisations/acme/roles", "acme/olivia", &role).status, 403);
    let bad = json!({"added": [{"key": "x", "label": "X", "permissions": [{"key": "no spaces", "label": "X"}]}]});
    assert_eq!(world.post(CATALOGUE, OPERATOR, &bad).status, 422);
}

fn profiles_are_shown_to_whoever_has_a_key(world: &World) {
    let listed = world.get("/v1/profiles", "other/olivia").ok();
    let names: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"buildings"), "{names:?}");
    for name in names {
        assert_eq!(world.get(&format!("/v1/profiles/{name}"), OPERATOR).ok()["name"], name);
    }
    world.get("/v1/profiles/none", OPERATOR).problem(404, "unknown");
}
