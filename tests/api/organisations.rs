//! Organisations, on both stores.

use serde_json::{Value, json};

use super::on_every_store;
use super::world::{OPERATOR, World};

on_every_store! {
    the_operator_founds_and_lists_organisations_and_members_look_at_their_own,
    a_founding_is_rehearsed_and_a_repeated_one_answers_as_the_first_time,
    the_operator_sees_how_far_all_logs_are_and_a_member_its_own,
}

const ORGANISATIONS: &str = "/v1/organisations";

fn the_operator_founds_and_lists_organisations_and_members_look_at_their_own(world: &World) {
    let body = json!({"id": "fairmont", "name": "Fairmont Estates", "profile": "proplink", "owner": "helen"});
    let founded = world.post(ORGANISATIONS, OPERATOR, &body);
    assert_eq!((founded.status, founded.header("location")), (201, Some("/v1/organisations/fairmont")), "{founded:?}");
    assert_eq!(founded.json()["position"], world.position("fairmont"));
    world.post(ORGANISATIONS, OPERATOR, &body).problem(409, "already_founded");
    world.post(ORGANISATIONS, "acme/olivia", &body).problem(404, "unknown");
    let refused = |field: &str, value: &str| {
        let mut body = body.clone();
        body[field] = json!(value);
        world.post(ORGANISATIONS, OPERATOR, &body)
    };
    assert_eq!(refused("profile", "castles").problem(422, "unknown_profile")["field"], "profile");
    refused("id", "a b").problem(422, "bad_id");

    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = world.get(&format!("{ORGANISATIONS}?limit=2"), OPERATOR).ok();
    assert_eq!(ids(&first), ["acme", "fairmont"]);
    let next = first["next"].as_str().unwrap();
    assert_eq!(ids(&world.get(&format!("{ORGANISATIONS}?limit=2&cursor={next}"), OPERATOR).ok()), ["other"]);

    let own = world.get("/v1/organisations/acme", "acme/mei").ok();
    assert_eq!((&own["name"], &own["profile"]), (&json!("Acme"), &json!("buildings")));
    assert_eq!(own["position"], world.position("acme"));
    world.get("/v1/organisations/acme", OPERATOR).problem(403, "not_for_operator");
    world.get("/v1/organisations/fairmont", "acme/olivia").problem(404, "unknown");
}

fn a_founding_is_rehearsed_and_a_repeated_one_answers_as_the_first_time(world: &World) {
    let body = json!({"id": "fairmont", "name": "Fairmont Estates", "profile": "proplink", "owner": "helen",
        "owner_name": "Helen Ward", "owner_email": "helen@fairmont.example"});
    let preview = world.post(&format!("{ORGANISATIONS}?dry_run=true"), OPERATOR, &body).ok();
    assert_eq!((&preview["dry_run"], &preview["events"][0]["type"]), (&json!(true), &json!("OrganisationFounded")));
    assert_eq!(world.get(ORGANISATIONS, OPERATOR).ok()["items"].as_array().unwrap().len(), 2, "nothing was founded");
    let found = |key: &str| {
        let request = world.request("POST", ORGANISATIONS).key(OPERATOR).header("idempotency-key", key);
        request.header("x-chancery-reason", "signed%20up").json(&body).send()
    };
    let (first, again) = (found("one"), found("one"));
    assert_eq!((first.status, first.json()), (201, again.json()));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
    found("two").problem(409, "already_founded");
    world.post(&format!("{ORGANISATIONS}?dry_run=true"), OPERATOR, &body).problem(409, "already_founded");
}

fn the_operator_sees_how_far_all_logs_are_and_a_member_its_own(world: &World) {
    let of = |token: &str| world.get("/v1/status", token).ok();
    let heads = |status: &Value| -> Vec<(String, u64)> {
        let heads = status["organisations"].as_array().unwrap().iter();
        heads.map(|head| (head["id"].as_str().unwrap().to_owned(), head["position"].as_u64().unwrap())).collect()
    };
    let all = of(OPERATOR);
    let (acme, other) = (world.position("acme"), world.position("other"));
    assert_eq!(heads(&all), [("acme".to_owned(), acme), ("other".to_owned(), other)]);
    assert_eq!((&all["events"], &all["version"]), (&json!(acme + other), &json!(env!("CARGO_PKG_VERSION"))));
    let own = of("acme/mei");
    assert_eq!((heads(&own), &own["projections"]), (vec![("acme".to_owned(), acme)], &Value::Null));
    world.get("/v1/status", "acme/nobody").problem(403, "unknown_actor");
}
