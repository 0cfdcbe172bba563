//! Personal data over HTTP: handed out, held, erased, by the same authority as everywhere and on record.

use serde_json::{Value, json};

use super::on_every_store;
use super::program::{founded, request, serve};
use super::world::World;

on_every_store! {
    what_is_handed_out_is_on_record_before_and_shows_itself,
    a_hold_keeps_data_from_being_erased_and_an_erasure_is_final,
    the_record_and_what_is_due_are_for_who_may_see_personal_data,
}

fn of(member: &str, what: &str) -> String {
    format!("/v1/organisations/acme/members/{member}/{what}")
}

/// The types of the events after a position.
fn events(world: &World, after: u64) -> Vec<String> {
    let page = world.get(&format!("/v1/organisations/acme/events?after={after}"), "acme/olivia").ok();
    page["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

fn what_is_handed_out_is_on_record_before_and_shows_itself(world: &World) {
    let export = of("mei", "personal-data/export");
    world.line("acme", "--as olivia member details mei --name Mei --email mei@example.com");
    let before = world.position("acme");
    let send = || {
        let request = world.request("POST", &export).key("acme/olivia").header("idempotency-key", "e-1");
        request.header("x-chancery-reason", "she%20asked").json(&json!({})).send()
    };
    let first = send();
    let told = first.ok();
    assert_eq!(events(world, before), ["PersonalDataExported"]);
    assert_eq!(told["position"], before + 1);
    assert_eq!(
        told["looks"][0],
        json!({"by": "olivia", "by_name": told["looks"][0]["by_name"], "position": before + 1,
        "time": told["looks"][0]["time"], "reason": "she asked"})
    );
    assert_eq!(told["now"]["name"], "Mei");
    let values: Vec<&Value> = told["details"].as_array().unwrap().iter().map(|detail| &detail["value"]).collect();
    assert_eq!(values, [&json!("Mei"), &json!("mei@example.com")]);
    assert!(told["access"].to_string().contains("Viewer"), "{}", told["access"]);

    world.line("acme", "--as olivia member details mei --name May");
    let again = send();
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!((again.ok()["position"].clone(), again.ok()["now"]["name"].clone()), (json!(before + 1), json!("Mei")));

    let page = world.post(&format!("{export}?format=html"), "acme/olivia", &json!({}));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.header("content-disposition").unwrap().starts_with("attachment"));
    assert!(page.body.contains("mei@example.com") && !page.body.contains("<script"));

    let position = world.position("acme");
    let rehearsed = world.post(&format!("{export}?dry_run=true"), "acme/olivia", &json!({})).ok();
    assert_eq!(rehearsed["events"][0]["type"], "PersonalDataExported");
    assert!(!rehearsed.to_string().contains("mei@example.com"), "a rehearsal hands nothing out");
    world.post(&format!("{export}?format=pdf"), "acme/olivia", &json!({})).problem(400, "bad_query");
    assert_eq!(world.position("acme"), position);
    world.post(&export, "acme/hugo", &json!({})).problem(403, "missing_permission");
    assert_eq!(events(world, position), ["CommandRefused"], "who tries is on record, too");
    world.post(&of("nobody", "personal-data/export"), "acme/olivia", &json!({})).problem(404, "unknown");
    world.post(&of("omar", "personal-data/export"), "acme/hugo", &json!({})).problem(404, "unknown");
}

fn a_hold_keeps_data_from_being_erased_and_an_erasure_is_final(world: &World) {
    world.line("acme", "--as olivia member details omar --name Omar");
    let hold = |method: &str, token: &str| world.request(method, &of("omar", "legal-hold")).key(token).send();
    let erase =
        |query: &str| world.post(&of("omar", &format!("personal-data/erase{query}")), "acme/olivia", &json!({}));
    hold("PUT", "acme/mei").problem(404, "unknown");
    let held = hold("PUT", "acme/olivia");
    assert_eq!(held.ok(), json!({"member": "omar", "legal_hold": world.position("acme")}));
    assert!(held.header("etag").is_some());
    assert_eq!(erase("").json()["rule"], "legal_hold");
    let stale = world.request("DELETE", &of("omar", "legal-hold")).key("acme/olivia").header("if-match", "\"1\"");
    stale.send().problem(412, "changed");
    assert_eq!(hold("DELETE", "acme/olivia").ok()["legal_hold"], Value::Null);

    let before = world.position("acme");
    assert_eq!(erase("?dry_run=true").ok()["events"][0]["type"], "PersonalDataErased");
    assert_eq!(world.get(&of("omar", ""), "acme/olivia").status, 404, "no path of its own");
    assert_eq!(world.get("/v1/organisations/acme/members/omar", "acme/olivia").ok()["name"], "Omar");
    let receipt = erase("").ok();
    assert_eq!(
        (&receipt["member"], &receipt["position"], &receipt["by"]),
        (&json!("omar"), &json!(before + 1), &json!("olivia"))
    );
    assert!(receipt["left"].to_string().contains("keep this receipt"), "{receipt}");
    assert_eq!(events(world, before), ["PersonalDataErased"]);
    assert_eq!(erase("").ok()["position"], before + 1, "asked once more it is the same erasure");
    assert_eq!(hold("PUT", "acme/olivia").json()["rule"], "personal_data_erased");
    let named = json!({"name": "Omar again"});
    let rename = world.request("PATCH", "/v1/organisations/acme/members/omar").key("acme/olivia").json(&named).send();
    assert_eq!(rename.json()["rule"], "personal_data_erased");
}

fn the_record_and_what_is_due_are_for_who_may_see_personal_data(world: &World) {
    let get = |rest: &str, token: &str| world.get(&format!("/v1/organisations/acme/personal-data{rest}"), token);
    world.line("acme", "--as olivia member details omar --name Omar");
    world.line("acme", "--as olivia member remove omar");
    let record = get("?left=30", "acme/olivia").ok();
    assert_eq!((&record["members"], &record["periods"]["left"]), (&json!(4), &json!(30)));
    assert!(record["kinds"][0]["period"].as_str().unwrap().contains("30 days after leaving"));
    assert_eq!(get("/due", "acme/olivia").ok()["due"], json!([]), "not before its time");
    let due = get("/due?left=0&suspended=0", "acme/olivia").ok();
    assert_eq!((&due["due"][0]["member"], &due["due"][0]["because"]), (&json!("omar"), &json!("left")));
    for path in ["", "/due"] {
        get(path, "acme/hugo").problem(403, "missing_permission");
        // It is told of the present only.
        get(&format!("{path}?at=2"), "acme/olivia").problem(400, "unknown_parameter");
        get(&format!("{path}?left=soon"), "acme/olivia").problem(400, "bad_query");
    }
}

/// With the store's own key and a log of erasures, as it is run.
#[test]
fn an_erasure_over_http_is_whole_and_its_receipt_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let (store, token) = founded(&directory);
    let log = directory.path().join("erasures.jsonl");
    let running = serve(&store, &["--erasure-log", log.to_str().unwrap()]);
    let member = json!({"id": "ana", "name": "Ana Anders", "email": "ana@example.com", "account_type": "member"});
    request(&running, "POST", "/v1/organisations/acme/members").key(&token).json(&member).send().ok();
    let path = "/v1/organisations/acme/members/ana";
    assert_eq!(request(&running, "GET", path).key(&token).send().ok()["name"], "Ana Anders");
    let erase = || {
        let erase = request(&running, "POST", &format!("{path}/personal-data/erase")).key(&token);
        erase.header("idempotency-key", "once").json(&json!({})).send()
    };
    let receipt = erase().ok();
    assert_eq!(receipt["key_destroyed"], true);
    assert_ne!(receipt["key_encryption_key"], receipt["key_encryption_key_before"]);
    assert!(receipt["key_encryption_key"].is_string(), "the key to all keys is renewed: {receipt}");
    assert_eq!(receipt.get("left"), None, "nothing is left to do: {receipt}");
    let again = erase();
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.ok()["position"], receipt["position"]);
    let kept: Vec<Value> =
        std::fs::read_to_string(&log).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((kept.len(), &kept[0]), (2, &receipt));
    let shown = request(&running, "GET", path).key(&token).send().ok();
    assert!(!shown.to_string().contains("Anders"), "{shown}");
    let export = request(&running, "POST", &format!("{path}/personal-data/export")).key(&token);
    let dossier = export.json(&json!({})).send().ok();
    assert_eq!(dossier["erased"], receipt["position"]);
    assert!(!dossier.to_string().contains("Anders"), "{dossier}");
    drop(running);
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"Anders"), "a trace in the clear");
    }
}
