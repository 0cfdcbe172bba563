//! The log as evidence over HTTP.

use chancery::aggregates::vocabulary::OrganisationId;
use chancery::log::Signer;
use chancery::log::sign::sign;
use serde_json::json;

use super::on_every_store;
use super::world::World;

on_every_store! {
    checkpoints_and_proofs_are_for_who_may_read_the_log,
}

const AUDIT: &str = "/v1/organisations/acme/audit";

fn checkpoints_and_proofs_are_for_who_may_read_the_log(world: &World) {
    let get = |rest: &str, token: &str| world.get(&format!("{AUDIT}/{rest}"), token);
    assert_eq!(get("checkpoints", "acme/olivia").ok(), json!({"items": [], "next": null}));
    get("proofs/1", "acme/olivia").problem(404, "not_signed");
    let signer = Signer::from_seed(&[7; 32]).unwrap();
    let organisation = OrganisationId::known("acme");
    let signed = || world.server.runtime.block_on(sign(&world.engine, &organisation, &signer)).unwrap();
    let first = signed();
    world.line("acme", "--as olivia scope create annex Annex");
    let second = signed();
    assert_eq!(second.size, first.size + 1);

    let page = get("checkpoints?limit=1", "acme/olivia").ok();
    assert_eq!((&page["items"][0]["size"], &page["items"][0]["note"]), (&json!(first.size), &json!(first.note)));
    let next = page["next"].as_str().unwrap();
    let page = get(&format!("checkpoints?limit=1&cursor={next}"), "acme/olivia").ok();
    assert_eq!((&page["items"][0]["size"], &page["next"]), (&json!(second.size), &json!(null)));
    let keys = get("keys", "acme/olivia").ok();
    assert_eq!(keys["items"].as_array().unwrap().len(), 1, "{keys}");
    assert_eq!(keys["items"][0]["last_checkpoint"], second.size);
    let proof = get("proofs/3", "acme/olivia").ok();
    assert_eq!((&proof["position"], &proof["size"]), (&json!(3), &json!(second.size)));
    assert!(proof["proof"].as_str().unwrap().ends_with(&second.note), "{proof}");
    for missing in ["proofs/0", "proofs/9999"] {
        get(missing, "acme/olivia").problem(404, "not_signed");
    }
    get("proofs/x", "acme/olivia").problem(404, "unknown");
    for hidden in ["checkpoints", "keys", "proofs/1"] {
        get(hidden, "acme/hugo").problem(403, "missing_permission");
    }
}
