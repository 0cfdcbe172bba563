//! The audit log over HTTP: entries by the page, and downloads.

use serde_json::{Value, json};

use super::on_every_store;
use super::world::{OPERATOR, World};

on_every_store! {
    entries_are_chosen_and_paged,
    an_export_is_downloaded_and_on_record,
    who_may_not_read_the_log_gets_neither,
    a_value_that_names_nothing_is_named,
    an_entry_names_the_key_that_was_used,
}

const AUDIT: &str = "/v1/organisations/acme/audit";

fn entries(world: &World, query: &str) -> Vec<Value> {
    let page = world.get(&format!("{AUDIT}?{query}"), "acme/olivia");
    page.ok()["items"].as_array().unwrap().clone()
}

fn entries_are_chosen_and_paged(world: &World) {
    let all = entries(world, "limit=1000");
    assert_eq!(all.len() as u64, world.position("acme"));
    let (mut walked, mut after) = (Vec::new(), 0);
    loop {
        let page = world.get(&format!("{AUDIT}?limit=4&after={after}"), "acme/olivia");
        assert!(page.header("x-chancery-position").is_some(), "{page:?}");
        walked.extend(page.ok()["items"].as_array().unwrap().clone());
        match page.json()["next"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(walked, all);
    let chosen = entries(world, "actor=olivia&type=RoleAssigned&subject=mei,omar&scope=tower");
    assert_eq!(chosen.len(), 2, "{chosen:?}");
    assert!(chosen.iter().all(|entry| entry["subject"]["id"] == "mei" && entry["scope"]["name"] == "Tower"));
    let (from, to) = (all[2]["time"].as_str().unwrap(), all[5]["time"].as_str().unwrap());
    let within: Vec<Value> =
        all.iter().filter(|entry| (from..=to).contains(&entry["time"].as_str().unwrap())).cloned().collect();
    assert_eq!(entries(world, &format!("from={from}&to={to}")), within, "both ends are included");
    assert_eq!(entries(world, "from=3&to=5"), all[2..5]);
    assert_eq!(entries(world, "outcome=refused"), Vec::<Value>::new());
}

fn an_export_is_downloaded_and_on_record(world: &World) {
    let until = world.position("acme");
    for format in ["csv", "xlsx", "ocsf", "cloudevents", "syslog"] {
        let request = world.request("GET", &format!("{AUDIT}/export?format={format}&to={until}"));
        let answer = request.key("acme/olivia").header("x-chancery-reason", "inspection").send();
        assert_eq!(answer.status, 200, "{format}: {answer:?}");
        assert!(
            answer.header("content-disposition").unwrap().starts_with("attachment; filename=\"acme-1-"),
            "{format}"
        );
        let lines = answer.body.lines().filter(|line| !line.starts_with("# ")).count() as u64;
        match format {
            "xlsx" => assert!(answer.body.starts_with("PK"), "{format}"),
            "csv" => assert_eq!(lines, until + 1),
            _ => assert_eq!(lines, until, "{format}"),
        }
        let exports = entries(world, "type=AuditExported&limit=1000");
        let export = exports.last().unwrap();
        assert_eq!((&export["after"]["format"], &export["reason"]), (&json!(format), &json!("inspection")));
    }
    let chosen =
        world.get(&format!("{AUDIT}/export?format=ocsf&actor=olivia&type=RoleAssigned&to={until}"), "acme/olivia");
    let events: Vec<Value> = chosen.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!events.is_empty() && events.iter().all(|event| event["class_uid"] == 3005), "{events:?}");
    let exports = entries(world, "type=AuditExported&limit=1000");
    assert_eq!(exports.last().unwrap()["after"]["filters"], json!({"actor": "olivia", "type": "RoleAssigned"}));
}

fn who_may_not_read_the_log_gets_neither(world: &World) {
    world.get(AUDIT, "acme/mei").problem(403, "missing_permission");
    let before = world.position("acme");
    world.get(&format!("{AUDIT}/export?format=csv&actor=nobody"), "acme/mei").problem(403, "missing_permission");
    let refused = entries(world, "outcome=refused");
    assert_eq!((world.position("acme"), refused.len()), (before + 1, 1), "the attempt is on record");
    assert_eq!((&refused[0]["actor"]["id"], &refused[0]["command"]), (&json!("mei"), &json!("ExportAudit")));
    world.request("GET", AUDIT).send().problem(401, "unauthenticated");
    world.get("/v1/organisations/other/audit", "acme/olivia").problem(404, "unknown");
    world.get("/v1/organisations/other/audit/export?format=csv", "acme/olivia").problem(404, "unknown");
    assert!(!world.get(AUDIT, OPERATOR).headers.is_empty());
    assert_ne!(world.get(AUDIT, OPERATOR).status, 200, "the operator's key opens no organisation");
}

fn a_value_that_names_nothing_is_named(world: &World) {
    let before = world.position("acme");
    for (query, status, rule, told) in [
        ("actor=nobody", 404, "unknown", "`nobody`"),
        ("role=nothing", 404, "unknown", "`nothing`"),
        ("type=RoleAsigned", 400, "bad_filter", "did you mean `RoleAssigned`?"),
        ("outcome=denied", 400, "bad_filter", "`denied` is no outcome"),
        ("from=yesterday", 400, "bad_time", "write a time"),
    ] {
        for path in [format!("{AUDIT}?{query}"), format!("{AUDIT}/export?format=csv&{query}")] {
            let problem = world.get(&path, "acme/olivia").problem(status, rule);
            assert!(problem["detail"].as_str().unwrap().contains(told), "{path}: {problem}");
        }
    }
    world.get(&format!("{AUDIT}?limit=0"), "acme/olivia").problem(400, "bad_query");
    world.get(&format!("{AUDIT}/export?format=pdf"), "acme/olivia").problem(400, "bad_query");
    assert_eq!(world.position("acme"), before, "what was not asked for rightly is no export");
}

fn an_entry_names_the_key_that_was_used(world: &World) {
    let made = world.post("/v1/organisations/acme/members/olivia/keys", "acme/olivia", &json!({"label": "script"}));
    let (token, key) = (made.ok()["token"].clone(), made.json()["key"]["key"].clone());
    let role = json!({"id": "helper", "name": "Helper", "permissions": []});
    world.post("/v1/organisations/acme/roles", token.as_str().unwrap(), &role).ok();
    let [created] = entries(world, "role=helper").try_into().unwrap();
    assert_eq!(created["key"], key, "{created}");
    let issued = entries(world, "type=KeyIssued");
    assert_eq!((&issued[0]["after"]["key"], &issued[0]["after"]["label"]), (&key, &json!("script")));
}
