//! Keys over HTTP: made, shown once, renewed, ended.

use serde_json::{Value, json};

use super::on_every_store;
use super::world::{OPERATOR, World};

on_every_store!(
    a_key_lets_its_member_in_until_it_is_revoked_and_tells_when_it_was_used,
    a_repeated_request_cannot_show_the_secret_again,
    a_key_that_was_recognised_ends_with_its_time_and_rests_with_its_member,
    a_key_makes_none_for_its_own_member_that_outlives_it,
    the_operator_lets_an_administrator_in_and_nobody_else,
    keys_are_made_seen_and_ended_by_the_same_authority_as_everywhere,
);

const KEYS: &str = "/v1/organisations/acme/keys";

fn of(member: &str) -> String {
    format!("/v1/organisations/acme/members/{member}/keys")
}

/// Makes a key, and returns its id and its secret.
fn issue(world: &World, member: &str, by: &str, body: &Value) -> (String, String) {
    let made = world.post(&of(member), by, body);
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    (made["key"]["key"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
}

fn a_key_lets_its_member_in_until_it_is_revoked_and_tells_when_it_was_used(world: &World) {
    let (id, token) = issue(world, "olivia", "acme/olivia", &json!({"label": "laptop"}));
    let one = format!("{KEYS}/{id}");
    assert_eq!(world.get(&one, "acme/olivia").ok()["last_used"], Value::Null);
    assert_eq!(world.get("/v1/organisations/acme", &token).ok()["id"], "acme");
    let used = (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        world.get(&one, "acme/olivia").ok()["last_used"].is_string()
    });
    assert!(used, "its use is noted behind the request");
    let made = world.post(&format!("{one}/rotate"), &token, &json!({})).ok();
    let (renewed, next) = (made["key"]["key"].as_str().unwrap(), made["token"].as_str().unwrap());
    assert_eq!(made["key"]["replaces"], id.as_str());
    for token in [&token, next] {
        assert_eq!(world.get(KEYS, token).status, 200, "both count for a while");
    }
    let listed = world.get(KEYS, "acme/olivia");
    assert!(!listed.body.contains(&token) && !listed.body.contains(next), "{listed:?}");
    let ids: Vec<Value> = listed.ok()["items"].as_array().unwrap().iter().map(|key| key["key"].clone()).collect();
    assert_eq!(ids, [json!(id), json!(renewed)]);
    let revoke = world.request("DELETE", &format!("{KEYS}/{renewed}")).key(next).send().ok();
    assert_eq!(revoke["status"], "revoked");
    world.get(KEYS, next).problem(401, "unauthenticated");
    assert_eq!(world.get(&format!("{KEYS}?all=true"), &token).ok()["items"].as_array().unwrap().len(), 2);
}

fn a_repeated_request_cannot_show_the_secret_again(world: &World) {
    let ask = |path: &str, key: &str, body: Value| {
        world.request("POST", path).key("acme/olivia").header("idempotency-key", key).json(&body).send()
    };
    let made = ask(&of("olivia"), "one", json!({"label": "laptop"})).ok();
    let id = made["key"]["key"].as_str().unwrap().to_owned();
    let again = ask(&of("olivia"), "one", json!({"label": "laptop"}));
    let problem = again.problem(409, "issued_earlier");
    assert!(problem["detail"].as_str().unwrap().contains(&id), "{problem}");
    ask(&of("olivia"), "one", json!({"label": "another"})).problem(422, "key_reused");
    let rotate = format!("{KEYS}/{id}/rotate");
    assert_eq!(ask(&rotate, "two", json!({})).status, 201);
    ask(&rotate, "two", json!({})).problem(409, "issued_earlier");
    assert_eq!(world.get(KEYS, "acme/olivia").ok()["items"].as_array().unwrap().len(), 2, "nothing was made twice");
    let rehearsed = world.post(&format!("{}?dry_run=true", of("olivia")), "acme/olivia", &json!({"label": "x"})).ok();
    assert_eq!(rehearsed["events"][0]["type"], "KeyIssued");
    assert!(!rehearsed.to_string().contains("chancery_acme"), "{rehearsed}");
}

fn a_key_that_was_recognised_ends_with_its_time_and_rests_with_its_member(world: &World) {
    let status = |token: &str| world.get(KEYS, token).status;
    let (_, lasting) = issue(world, "mei", "acme/mei", &json!({"label": "lasting"}));
    let end = chrono::Utc::now() + chrono::TimeDelta::seconds(4);
    let (_, short) = issue(world, "mei", "acme/mei", &json!({"label": "short", "expires": end.to_rfc3339()}));
    for token in [&lasting, &short, &lasting, &short] {
        assert_eq!(status(token), 200);
    }
    world.line("acme", "--as olivia member suspend mei");
    assert_eq!((status(&lasting), status(&short)), (401, 401));
    world.line("acme", "--as olivia member reactivate mei");
    assert_eq!(status(&lasting), 200);
    std::thread::sleep((end - chrono::Utc::now()).to_std().unwrap_or_default());
    assert_eq!((status(&short), status(&lasting)), (401, 200));
}

fn a_key_makes_none_for_its_own_member_that_outlives_it(world: &World) {
    let soon = (chrono::Utc::now() + chrono::TimeDelta::hours(5)).to_rfc3339();
    let (id, token) = issue(world, "olivia", "acme/olivia", &json!({"label": "short", "expires": soon}));
    let late = json!({"label": "long", "expires": "2099-01-01T00:00:00Z"});
    world.post(&of("olivia"), &token, &late).problem(403, "key_outlives");
    world.post(&of("olivia"), &token, &json!({"label": "ever", "expires": null})).problem(403, "key_outlives");
    let (other, _) = issue(world, "olivia", &token, &json!({"label": "usual"}));
    let end = |id: &str| world.get(&format!("{KEYS}/{id}"), "acme/olivia").ok()["expires"].clone();
    assert_eq!(end(&other), end(&id), "the usual time is cut to its own");
    let renewed = world.post(&format!("{KEYS}/{other}/rotate"), &token, &json!({})).ok();
    assert_eq!(renewed["key"]["expires"], end(&id));
    let later = json!({"expires": (chrono::Utc::now() + chrono::TimeDelta::days(9)).to_rfc3339()});
    world.post(&format!("{KEYS}/{other}/rotate"), &token, &later).problem(403, "key_outlives");
    let itself = world.post(&format!("{KEYS}/{id}/rotate"), &token, &later);
    assert_eq!(itself.status, 201, "one that ends within a day may renew itself: {itself:?}");
    world.line("acme", "--as olivia member add sync --service");
    assert_eq!(world.post(&of("sync"), &token, &late).status, 201, "another member's key is bounded otherwise");
}

fn the_operator_lets_an_administrator_in_and_nobody_else(world: &World) {
    let body = json!({"label": "first"});
    world.post(&of("mei"), OPERATOR, &body).problem(403, "not_for_actor");
    let (id, token) = issue(world, "olivia", OPERATOR, &body);
    assert_eq!(world.get(KEYS, &token).status, 200);
    world.post(&of("olivia"), OPERATOR, &body).problem(409, "administrator_has_key");
    world.get(KEYS, OPERATOR).problem(403, "not_for_operator");
    world.request("DELETE", &format!("{KEYS}/{id}")).key(OPERATOR).send().problem(403, "not_for_operator");
    world.post("/v1/organisations/nowhere/members/olivia/keys", OPERATOR, &body).problem(404, "unknown");
}

fn keys_are_made_seen_and_ended_by_the_same_authority_as_everywhere(world: &World) {
    let body = json!({"label": "mine"});
    let (olivias, _) = issue(world, "olivia", "acme/olivia", &body);
    let (meis, token) = issue(world, "mei", "acme/mei", &body);
    world.post(&of("mei"), "acme/olivia", &body).problem(403, "key_for_person");
    world.post(&of("omar"), &token, &body).problem(404, "unknown");
    for path in [format!("{KEYS}/{olivias}"), format!("{KEYS}/none"), format!("{KEYS}?member=olivia")] {
        world.get(&path, &token).problem(404, "unknown");
    }
    world.request("DELETE", &format!("{KEYS}/{olivias}")).key(&token).send().problem(404, "unknown");
    let seen = world.get(KEYS, &token).ok();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "{seen}");
    assert_eq!(world.request("DELETE", &format!("{KEYS}/{meis}")).key("acme/olivia").send().status, 200);
    world.get(KEYS, &token).problem(401, "unauthenticated");
}
