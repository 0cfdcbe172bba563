//! What the Authorization API 1.0 asks for in so many words, by its sections.

use chancery::config::Settings;
use serde_json::{Value, json};

use super::on_every_store;
use super::world::World;

on_every_store! {
    defaults_are_overridden_whole_and_an_item_needs_no_more_than_they_leave_out,
    the_semantics_stop_where_they_say,
}

const EVALUATION: &str = "/access/v1/evaluation";
const EVALUATIONS: &str = "/access/v1/evaluations";
const TOWER: &str = r#"{"type": "scope", "id": "tower"}"#;

fn tower() -> Value {
    serde_json::from_str(TOWER).unwrap()
}

fn decisions(world: &World, request: &Value) -> Vec<bool> {
    let answer = world.post(EVALUATIONS, "acme/olivia", request).ok();
    assert!(answer.get("decision").is_none(), "7.2: left out where there are evaluations");
    answer["evaluations"].as_array().unwrap().iter().map(|item| item["decision"].as_bool().unwrap()).collect()
}

/// 7.1.1
fn defaults_are_overridden_whole_and_an_item_needs_no_more_than_they_leave_out(world: &World) {
    let before = world.position("acme");
    world.line("acme", "--as olivia member unassign mei viewer --in tower");
    let mei = json!({"type": "user", "id": "mei"});
    let view = json!({"name": "assets.view"});
    // The context that is common asks for the past; an item's own one takes its place, and does not add to it.
    let request = json!({
        "subject": mei, "action": view, "resource": tower(), "context": {"position": before},
        "evaluations": [{}, {"context": {}}, {"context": {"ip": "10.0.0.1"}}, {"subject": {"type": "user", "id": "hugo"}}]
    });
    assert_eq!(decisions(world, &request), [true, false, false, true]);
    // Nothing in common: each item says all of it. What is over is ignored, at every level.
    let item = json!({"subject": mei, "action": {"name": "assets.view", "properties": {"how": "quickly"}},
        "resource": tower(), "context": {"position": before, "why": null}, "tenant": 7});
    assert_eq!(decisions(world, &json!({"evaluations": [item, item]})), [true, true]);
    // A default of another kind than an item's part is never mixed with it.
    let mixed = json!({"subject": mei, "action": view, "resource": {"type": "scope"}, "evaluations": [{}, {"resource": tower()}]});
    let answer = world.post(EVALUATIONS, "acme/olivia", &mixed).ok();
    assert_eq!(answer["evaluations"][0]["context"]["error"]["status"], 400);
    assert_eq!(answer["evaluations"][0]["context"]["error"]["message"], "`resource.id` is missing");
    // 7.1: without items, or with none, it is a single question.
    let single = json!({"subject": {"type": "user", "id": "hugo"}, "action": view, "resource": tower()});
    for items in [json!([]), Value::Null] {
        let mut request = single.clone();
        request["evaluations"] = items;
        assert_eq!(world.post(EVALUATIONS, "acme/olivia", &request).ok(), json!({"decision": true}));
    }
    let mut halved = single;
    halved.as_object_mut().unwrap().remove("action");
    halved["evaluations"] = json!([]);
    assert_eq!(world.post(EVALUATIONS, "acme/olivia", &halved).problem(400, "missing")["field"], "action");
}

/// 7.1.2
fn the_semantics_stop_where_they_say(world: &World) {
    let ask = |scope: &str| json!({"resource": {"type": "scope", "id": scope}});
    let run = |items: Value, options: Value| {
        let mut request = json!({
            "subject": {"type": "user", "id": "mei"}, "action": {"name": "assets.view"}, "evaluations": items
        });
        request["options"] = options;
        decisions(world, &request)
    };
    let semantic = |name: &str| json!({"evaluations_semantic": name});
    let mixed = json!([ask("tower"), ask("library"), ask("tower")]);
    for every in [Value::Null, json!({}), json!({"evaluations_semantic": null, "other": [1]}), semantic("execute_all")]
    {
        assert_eq!(run(mixed.clone(), every), [true, false, true]);
    }
    assert_eq!(run(mixed.clone(), semantic("deny_on_first_deny")), [true, false]);
    assert_eq!(run(mixed, semantic("permit_on_first_permit")), [true]);
    let (allowed, denied) = (json!([ask("tower"), ask("tower")]), json!([ask("library"), ask("nowhere")]));
    assert_eq!(run(allowed, semantic("deny_on_first_deny")), [true, true], "none to stop at");
    assert_eq!(run(denied, semantic("permit_on_first_permit")), [false, false], "none to stop at");
    // A failure is a denial: it ends what a denial ends, and nothing that a permit ends.
    let broken = json!([17, ask("tower"), ask("tower")]);
    assert_eq!(run(broken.clone(), semantic("deny_on_first_deny")), [false]);
    assert_eq!(run(broken, semantic("permit_on_first_permit")), [false, true]);
    for bad in
        [json!({"evaluations_semantic": "ExecuteAll"}), json!({"evaluations_semantic": 1}), json!([]), json!("x")]
    {
        let request = json!({"evaluations": [ask("tower")], "options": bad});
        world.post(EVALUATIONS, "acme/olivia", &request).problem(400, "bad_body");
    }
}

/// 8.2 to 8.6
#[test]
fn searches_ignore_what_is_searched_for_and_page_to_an_empty_token() {
    let world = World::on_sqlite();
    let search = |what: &str, body: &Value| world.post(&format!("/access/v1/search/{what}"), "acme/olivia", body);
    let mei = json!({"type": "user", "id": "mei"});
    let view = json!({"name": "assets.view"});
    // The id of what is searched for, and an action where actions are searched for, are ignored whatever they are.
    let subjects = json!({"subject": {"type": "member", "id": "nobody"}, "action": view, "resource": tower(),
        "page": {"limit": 1, "properties": {"sort": "id"}}});
    let resources = json!({"subject": mei, "action": view, "resource": {"type": "scope", "id": "nowhere"}});
    let actions = json!({"subject": mei, "resource": tower(), "action": {"name": "no.such"}});
    let odd = json!({"subject": mei, "resource": tower(), "action": "any"});
    assert_eq!(search("resource", &resources).ok()["results"], json!([tower()]));
    assert!(search("action", &actions).ok()["results"].to_string().contains("assets.view"));
    assert_eq!(search("action", &odd).ok(), search("action", &actions).ok());

    // Page after page until the token is empty: all of them, none twice.
    let mut found = Vec::new();
    let mut request = subjects.clone();
    loop {
        let answer = search("subject", &request).ok();
        let page = answer["results"].as_array().unwrap();
        assert_eq!(answer["page"]["count"], page.len());
        found.extend(page.iter().map(|subject| subject["id"].as_str().unwrap().to_owned()));
        match answer["page"]["next_token"].as_str().unwrap() {
            "" => break,
            token => request["page"]["token"] = json!(token),
        }
    }
    assert_eq!(found, ["olivia", "hugo", "mei"]);
    // An empty token is the first page; one with another search is a mistake, and so is one that was made up.
    let mut first = subjects.clone();
    first["page"]["token"] = json!("");
    assert_eq!(search("subject", &first).ok(), search("subject", &subjects).ok());
    request["resource"]["id"] = json!("library");
    assert_eq!(search("subject", &request).problem(400, "bad_token")["field"], "page.token");
    for token in ["x", "AAAA", "%%%"] {
        first["page"]["token"] = json!(token);
        search("subject", &first).problem(400, "bad_token");
    }
    for page in [json!({"limit": -1}), json!({"limit": "ten"}), json!({"token": 7}), json!([])] {
        let mut bad = subjects.clone();
        bad["page"] = page;
        search("subject", &bad).problem(400, "bad_body");
    }
    let mut all = subjects;
    all["page"] = json!({"limit": 5_000_000_000_u64});
    assert_eq!(search("subject", &all).ok()["page"], json!({"next_token": "", "count": 3}));
    for (what, body, field) in [
        ("subject", json!({"subject": {"type": "user"}, "action": view}), "resource"),
        ("subject", json!({"subject": {"type": "user"}, "action": view, "resource": {"type": "scope"}}), "resource.id"),
        ("resource", json!({"subject": {"type": "user"}, "action": view, "resource": {"type": "scope"}}), "subject.id"),
        ("action", json!({"resource": tower()}), "subject"),
    ] {
        assert_eq!(search(what, &body).problem(400, "missing")["field"], field, "{what}");
    }
}

/// 9 and 10.1
#[test]
fn the_binding_is_as_it_is_written() {
    let url = Some("https://access.example.com/".to_owned());
    let world = World::with(Settings { public_url: url, ..Settings::default() });
    let metadata = world.request("GET", "/.well-known/authzen-configuration").send();
    assert_eq!(metadata.header("content-type"), Some("application/json"));
    assert!(metadata.header("cache-control").unwrap().starts_with("max-age="));
    assert_eq!(
        metadata.ok(),
        json!({
            "policy_decision_point": "https://access.example.com",
            "access_evaluation_endpoint": "https://access.example.com/access/v1/evaluation",
            "access_evaluations_endpoint": "https://access.example.com/access/v1/evaluations",
            "search_subject_endpoint": "https://access.example.com/access/v1/search/subject",
            "search_resource_endpoint": "https://access.example.com/access/v1/search/resource",
            "search_action_endpoint": "https://access.example.com/access/v1/search/action"
        }),
        "what there is, and no parameter without a value"
    );
    let question = json!({
        "subject": {"type": "user", "id": "mei"}, "action": {"name": "assets.view"}, "resource": tower()
    });
    let send = |kind: &str| {
        let request = world.request("POST", EVALUATION).key("acme/olivia").header("content-type", kind);
        request.body(question.to_string()).send()
    };
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        assert_eq!(send(kind).ok(), json!({"decision": true}), "{kind}");
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        send(kind).problem(400, "not_json");
    }
    let unsigned = world.request("POST", EVALUATION).header("x-request-id", "any text at all").json(&question).send();
    assert_eq!(unsigned.header("x-request-id"), Some("any text at all"));
    assert_eq!(unsigned.header("www-authenticate"), Some("Bearer realm=\"chancery\""));
    assert!(
        world.request("POST", EVALUATION).key("acme/olivia").json(&question).send().header("x-request-id").is_none()
    );
    for path in [EVALUATION, EVALUATIONS, "/access/v1/search/subject", "/access/v1/search/action"] {
        let get = world.request("GET", path).key("acme/olivia").send();
        get.problem(405, "method_not_allowed");
        assert_eq!(get.header("allow"), Some("POST"), "{path}");
    }
}
