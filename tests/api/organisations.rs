//! Organisations, on both stores.

use serde_json::{Value, json};

use super::on_every_store;
use super::world::{OPERATOR, World};

on_every_store! {
    the_operator_founds_and_lists_organisations_and_members_look_at_their_own,
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
