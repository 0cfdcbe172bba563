//! The AuthZEN Authorization API, on both stores.

use serde_json::{Value, json};

use super::on_every_store;
use super::world::World;

on_every_store! {
    a_permitted_subject_is_allowed_and_an_unpermitted_one_denied_with_the_reason,
    a_batch_is_answered_in_order_with_defaults_and_its_three_semantics,
    a_question_may_be_about_the_past_for_those_who_may_replay_it,
    a_write_is_seen_by_the_next_question,
    searches_find_what_the_evaluation_allows_page_by_page,
}

const EVALUATION: &str = "/access/v1/evaluation";
const EVALUATIONS: &str = "/access/v1/evaluations";

fn question(subject: &str, permission: &str, scope: &str) -> Value {
    json!({
        "subject": {"type": "user", "id": subject}, "action": {"name": permission},
        "resource": {"type": "scope", "id": scope}
    })
}

/// The decision, and its code where it is a denial.
fn decision(world: &World, token: &str, question: &Value) -> (bool, String) {
    let answer = world.post(EVALUATION, token, question).ok();
    (answer["decision"].as_bool().unwrap(), answer["context"]["code"].as_str().unwrap_or_default().to_owned())
}

fn allowed() -> (bool, String) {
    (true, String::new())
}

fn denied(code: &str) -> (bool, String) {
    (false, code.to_owned())
}

fn a_permitted_subject_is_allowed_and_an_unpermitted_one_denied_with_the_reason(world: &World) {
    let ask = |subject, permission, scope| decision(world, "acme/olivia", &question(subject, permission, scope));
    assert_eq!(ask("mei", "assets.view", "tower"), allowed());
    assert_eq!(ask("mei", "assets.view", "library"), denied("out_of_scope"));
    assert_eq!(ask("mei", "assets.view", "nowhere"), denied("out_of_scope"));
    assert_eq!(ask("mei", "users.manage_access", "tower"), denied("no_role"));
    assert_eq!(ask("nobody", "assets.view", "tower"), denied("unknown_member"));
    assert_eq!(ask("mei", "assets.fly", "tower"), denied("unknown_permission"));
    let answer = world.post(EVALUATION, "acme/olivia", &question("mei", "assets.view", "tower"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-chancery-position"), Some(world.position("acme").to_string().as_str()));
}

fn a_batch_is_answered_in_order_with_defaults_and_its_three_semantics(world: &World) {
    let batch = |semantic: &str| {
        json!({
            "subject": {"type": "user", "id": "mei"}, "action": {"name": "assets.view"},
            "evaluations": [
                {"resource": {"type": "scope", "id": "tower"}},
                {"resource": {"type": "scope", "id": "library"}},
                {"resource": {"type": "scope", "id": "tower"}, "action": {"name": "users.manage_access"}},
                {"resource": {"type": "scope", "id": "tower"}, "subject": {"type": "user", "id": "hugo"}},
            ],
            "options": {"evaluations_semantic": semantic, "another_option": "value"},
        })
    };
    let decisions = |semantic: &str| -> Vec<bool> {
        let answer = world.post(EVALUATIONS, "acme/olivia", &batch(semantic)).ok();
        answer["evaluations"].as_array().unwrap().iter().map(|item| item["decision"].as_bool().unwrap()).collect()
    };
    assert_eq!(decisions("execute_all"), [true, false, false, true]);
    assert_eq!(decisions("deny_on_first_deny"), [true, false]);
    assert_eq!(decisions("permit_on_first_permit"), [true]);
    world.post(EVALUATIONS, "acme/olivia", &batch("sometimes")).problem(400, "bad_body");
    let single = world.post(EVALUATIONS, "acme/olivia", &question("mei", "assets.view", "tower")).ok();
    assert_eq!(single, json!({"decision": true}));
}

fn a_question_may_be_about_the_past_for_those_who_may_replay_it(world: &World) {
    let before = world.position("acme");
    world.line("acme", "--as olivia member unassign mei viewer --in tower");
    let now = question("mei", "assets.view", "tower");
    let mut then = now.clone();
    then["context"] = json!({"position": before});
    assert_eq!(decision(world, "acme/olivia", &now), denied("no_role"));
    assert_eq!(decision(world, "acme/olivia", &then), allowed());
    world.post(EVALUATION, "acme/hugo", &then).problem(403, "missing_permission");
    then["context"] = json!({"position": before + 1_000_000});
    world.post(EVALUATION, "acme/olivia", &then).problem(404, "beyond_head");
    then["context"] = json!({"time": "1985-10-26T01:22-07:00"});
    world.post(EVALUATION, "acme/olivia", &then).problem(404, "before_founding");
    then["context"] = json!({"time": "yesterday"});
    world.post(EVALUATION, "acme/olivia", &then).problem(400, "bad_time");
    // A time since the last event needs no right to replay: nothing but the present is looked at.
    then["context"] = json!({"time": "2999-01-01T00:00:00Z", "ip": "10.0.0.1"});
    assert_eq!(decision(world, "acme/hugo", &then), denied("no_role"));
}

fn a_write_is_seen_by_the_next_question(world: &World) {
    for number in 0..10 {
        let (line, expected) = match number % 2 {
            0 => ("--as olivia member unassign mei viewer --in tower", denied("no_role")),
            _ => ("--as olivia member assign mei viewer --in tower", allowed()),
        };
        world.line("acme", line);
        assert_eq!(decision(world, "acme/olivia", &question("mei", "assets.view", "tower")), expected);
    }
    let next = (world.position("acme") + 1).to_string();
    let asked = question("mei", "assets.view", "tower");
    let request = || world.request("POST", EVALUATION).key("acme/olivia").json(&asked);
    request().header("x-chancery-at-least", "x").send().problem(400, "bad_header");
    let late = request().header("x-chancery-at-least", &next);
    let answer = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| late.send());
        world.line("acme", "--as olivia member unassign mei viewer --in tower");
        waiting.join().unwrap()
    });
    assert_eq!(answer.ok()["decision"], false);
    assert_eq!(answer.header("x-chancery-position"), Some(next.as_str()));
}

fn searches_find_what_the_evaluation_allows_page_by_page(world: &World) {
    let search = |what: &str, token: &str, body: &Value| world.post(&format!("/access/v1/search/{what}"), token, body);
    let ids = |answer: &Value| -> Vec<String> {
        answer["results"].as_array().unwrap().iter().map(|found| found["id"].as_str().unwrap().to_owned()).collect()
    };
    let who = |kind: &str, token: &str, scope: &str| {
        let mut body = question("", "assets.view", scope);
        body["subject"] = json!({"type": kind, "id": "ignored"});
        ids(&search("subject", token, &body).ok())
    };
    assert_eq!(who("user", "acme/olivia", "tower"), ["olivia", "hugo", "mei"]);
    assert_eq!(who("user", "acme/hugo", "tower"), ["hugo", "mei"], "only those who are seen");
    assert_eq!(who("user", "acme/hugo", "library"), [""; 0], "a scope out of sight has nobody");
    assert_eq!(who("robot", "acme/olivia", "tower"), [""; 0], "an unknown type has nobody");

    let what = |kind: &str| {
        let mut body = question("olivia", "assets.view", "");
        body["resource"] = json!({"type": kind});
        ids(&search("resource", "acme/olivia", &body).ok())
    };
    assert_eq!(what("scope"), ["tower", "library"]);
    assert_eq!(what("organisation"), ["acme"]);
    assert_eq!(what("invoice"), [""; 0]);

    let mut body = question("mei", "", "tower");
    let answer = search("action", "acme/olivia", &body).ok();
    let names: Vec<&str> =
        answer["results"].as_array().unwrap().iter().map(|found| found["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"assets.view") && names.contains(&"tasks.complete"), "{names:?}");
    for name in names {
        assert!(decision(world, "acme/olivia", &question("mei", name, "tower")).0, "{name}");
    }

    body = question("", "assets.view", "tower");
    body["subject"] = json!({"type": "member"});
    body["page"] = json!({"limit": 2});
    let first = search("subject", "acme/olivia", &body).ok();
    assert_eq!((ids(&first), first["page"]["count"].as_u64()), (vec!["olivia".to_owned(), "hugo".to_owned()], Some(2)));
    body["page"] = json!({"limit": 2, "token": first["page"]["next_token"]});
    let second = search("subject", "acme/olivia", &body).ok();
    assert_eq!((ids(&second), &second["page"]["next_token"]), (vec!["mei".to_owned()], &json!("")));
    body["subject"] = json!({"type": "user"});
    search("subject", "acme/olivia", &body).problem(400, "bad_token");
}

#[test]
fn callers_learn_nothing_of_what_they_do_not_see() {
    let world = World::on_sqlite();
    let ask = |token: &str, subject, scope| decision(&world, token, &question(subject, "assets.view", scope));
    assert_eq!(ask("acme/hugo", "mei", "tower"), allowed());
    assert_eq!(ask("acme/hugo", "omar", "tower"), ask("acme/hugo", "nobody", "tower"));
    assert_eq!(ask("acme/hugo", "mei", "library"), ask("acme/hugo", "mei", "nowhere"));
    assert_eq!(ask("other/olivia", "mei", "tower"), denied("unknown_member"), "another organisation's key");
    // Mei sees no members but herself.
    assert_eq!(ask("acme/mei", "mei", "tower"), allowed());
    world.post(EVALUATION, "acme/mei", &question("hugo", "assets.view", "tower")).problem(403, "missing_permission");
    // A key whose member is not there any more.
    world.post(EVALUATION, "acme/nobody", &question("mei", "assets.view", "tower")).problem(403, "unknown_actor");
}

#[test]
fn a_restriction_is_an_obligation_until_the_owner_is_named() {
    let world = World::on_sqlite();
    let ask = |owner: Value| {
        let resource = json!({"type": "task", "id": "17", "properties": {"scope": "tower", "owner": owner}});
        let body = json!({
            "subject": {"type": "user", "id": "mei"}, "action": {"name": "tasks.complete"}, "resource": resource
        });
        world.post(EVALUATION, "acme/olivia", &body).ok()
    };
    assert_eq!(ask(json!("mei")), json!({"decision": true}));
    assert_eq!(ask(json!("hugo"))["context"]["code"], "not_owner");
    assert_eq!(ask(Value::Null)["context"]["only_own"], true);
    // What a product keeps without a scope belongs to the organisation as a whole.
    let body = json!({
        "subject": {"type": "user", "id": "mei"}, "action": {"name": "tasks.complete"}, "resource": {"type": "task", "id": "17"}
    });
    assert_eq!(decision(&world, "acme/olivia", &body), denied("no_role"));
}

#[test]
fn a_broken_item_is_a_denied_item_and_a_broken_request_is_a_failure() {
    let world = World::on_sqlite();
    let good = question("mei", "assets.view", "tower");
    let items = json!([good, 17, [], {}, {"subject": "mei"}, {"subject": {"type": "user"}}, good]);
    let answer = world.post(EVALUATIONS, "acme/olivia", &json!({"evaluations": items})).ok();
    let decisions: Vec<bool> =
        answer["evaluations"].as_array().unwrap().iter().map(|item| item["decision"].as_bool().unwrap()).collect();
    assert_eq!(decisions, [true, false, false, false, false, false, true]);
    assert_eq!(answer["evaluations"][1]["context"]["error"]["status"], 400);

    let send = |body: &str| {
        let request = world.request("POST", EVALUATION).key("acme/olivia").header("content-type", "application/json");
        request.body(body).send()
    };
    for body in ["", "{", "[]", "null", "\"x\"", "{\"subject\": 5}", "[{}, {}, {}]", "{}x", "\u{0}"] {
        assert_eq!(send(body).problem(400, "bad_body")["status"], 400, "{body}");
    }
    assert_eq!(send("{}").problem(400, "missing")["field"], "subject");
    let mut unknown = good.clone();
    unknown["tenant"] = json!({"a": [1, 2]});
    unknown["subject"]["properties"] = json!({"department": "Sales"});
    assert_eq!(decision(&world, "acme/olivia", &unknown), allowed(), "unknown members are ignored");
    let text = world.request("POST", EVALUATION).key("acme/olivia").header("content-type", "text/plain");
    text.body(good.to_string()).send().problem(400, "not_json");
    let many = json!({"evaluations": vec![good; 1_001]});
    world.post(EVALUATIONS, "acme/olivia", &many).problem(400, "too_many");
}

#[test]
fn a_request_id_comes_back_and_the_metadata_names_the_endpoints() {
    let world = World::on_sqlite();
    let id = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716";
    let asked = question("mei", "assets.view", "tower");
    let request = || world.request("POST", EVALUATION).header("x-request-id", id).json(&asked);
    assert_eq!(request().key("acme/olivia").send().header("x-request-id"), Some(id));
    assert_eq!(request().send().header("x-request-id"), Some(id), "failures as well");
    let metadata = world.request("GET", "/.well-known/authzen-configuration").send().ok();
    let point = metadata["policy_decision_point"].as_str().unwrap();
    for (member, path) in [
        ("access_evaluation_endpoint", EVALUATION),
        ("access_evaluations_endpoint", EVALUATIONS),
        ("search_subject_endpoint", "/access/v1/search/subject"),
        ("search_resource_endpoint", "/access/v1/search/resource"),
        ("search_action_endpoint", "/access/v1/search/action"),
    ] {
        assert_eq!(metadata[member], format!("{point}{path}"));
    }
}
