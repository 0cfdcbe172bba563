//! The description of the interface, and what it says about keys.

use serde_json::{Value, json};

use super::world::World;

/// The operations that need no key, by path.
const PUBLIC: &[&str] =
    &["/healthz", "/readyz", "/openapi.json", "/docs", "/docs/style.css", "/.well-known/authzen-configuration"];

/// The operations that are about the organisation of the key, whichever it is: no path can name another's.
const OF_THE_KEY: &[&str] = &[
    "/access/v1/evaluation",
    "/access/v1/evaluations",
    "/access/v1/search/subject",
    "/access/v1/search/resource",
    "/access/v1/search/action",
    "/v1/lines",
    "/v1/status",
];

/// The operations that show what comes with the program, to whoever has a key.
const OF_THE_PROGRAM: &[&str] = &["/v1/profiles", "/v1/profiles/{profile}"];

/// Every operation: method, path, and what the description says of it.
fn operations(world: &World) -> Vec<(String, String, Value)> {
    let document = world.request("GET", "/openapi.json").send().ok();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    assert!(operations.len() > 10, "{operations:?}");
    operations
}

/// A path of Acme's, with something in every place.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{organisation}" => "acme",
        part if part.starts_with('{') => "tower",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The example of an operation's body, with its types from the description.
fn body(world: &World, operation: &Value) -> Value {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    match schema["$ref"].as_str() {
        Some(reference) => {
            let document = world.request("GET", "/openapi.json").send().ok();
            let schema = &document["components"]["schemas"][reference.rsplit('/').next().unwrap()];
            schema["example"].clone()
        }
        None => json!({}),
    }
}

#[test]
fn every_operation_answers_401_without_a_key_and_404_with_one_of_another_organisation() {
    let world = World::on_sqlite();
    for (method, path, operation) in operations(&world) {
        let request = || world.request(&method, &filled(&path)).json(&body(&world, &operation));
        let request = || if method == "GET" { world.request(&method, &filled(&path)) } else { request() };
        let name = format!("{method} {path}");
        if PUBLIC.contains(&path.as_str()) {
            assert_eq!(request().send().status, 200, "{name} is public");
            assert!(operation.get("security").is_some(), "{name} is public, and not described so");
            continue;
        }
        assert!(operation.get("security").is_none(), "{name} is described as public");
        let refused = request().send();
        refused.problem(401, "unauthenticated");
        assert!(refused.header("www-authenticate").is_some(), "{name}");
        request().key("no-such-key").send().problem(401, "unauthenticated");
        request().header("authorization", "Basic b2xpdmlhOg==").send().problem(401, "unauthenticated");
        if !OF_THE_KEY.contains(&path.as_str()) && !OF_THE_PROGRAM.contains(&path.as_str()) {
            assert_eq!(request().key("other/olivia").send().status, 404, "{name} with another organisation's key");
        }
    }
}

#[test]
fn every_operation_has_an_example_and_a_unique_name() {
    let world = World::on_sqlite();
    let document = world.request("GET", "/openapi.json").send().ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let schema = |value: &Value| match value["$ref"].as_str() {
        Some(reference) => document["components"]["schemas"][reference.rsplit('/').next().unwrap()].clone(),
        None => value.clone(),
    };
    let mut names = std::collections::BTreeSet::new();
    for (method, path, operation) in operations(&world) {
        let name = operation["operationId"].as_str().unwrap().to_owned();
        assert!(names.insert(name.clone()), "{name} twice");
        assert!(operation["summary"].is_string() && operation["tags"].is_array(), "{method} {path}");
        let contents = [
            &operation["requestBody"]["content"],
            &operation["responses"]["200"]["content"],
            &operation["responses"]["201"]["content"],
        ];
        for content in contents.into_iter().filter_map(Value::as_object).flat_map(|content| content.values()) {
            let shown = schema(&content["schema"]);
            let either = shown["oneOf"].as_array().into_iter().flatten().any(|one| !schema(one)["example"].is_null());
            let has_example = !content["example"].is_null() || !shown["example"].is_null() || either;
            assert!(has_example, "{method} {path}: {content}");
        }
    }
}

#[test]
fn every_change_can_be_repeated_and_rehearsed_and_one_of_what_is_there_is_bound_to_its_version() {
    let world = World::on_sqlite();
    // Lines say for themselves what is rehearsed; an assignment, a share and a key have no version of their own.
    let unversioned = ["assign_role", "unassign_role", "share_scope", "unshare_scope", "revoke_key"];
    for (method, path, operation) in operations(&world)
        .into_iter()
        .filter(|(method, path, _)| method != "GET" && path.starts_with("/v1/") && path != "/v1/lines")
    {
        let has = |name: &str| {
            operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["name"] == name)
        };
        assert!(has("dry_run") && has("idempotency-key"), "{method} {path}: {operation}");
        let name = operation["operationId"].as_str().unwrap();
        assert!(method == "POST" || has("if-match") || unversioned.contains(&name), "{method} {path}");
    }
}

#[test]
fn the_page_shows_every_operation_and_needs_nothing_from_outside() {
    let world = World::on_sqlite();
    let page = world.request("GET", "/docs").send();
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'; style-src 'self'"));
    for (_, path, operation) in operations(&world) {
        assert!(page.body.contains(&format!("<code>{path}</code>")), "{path}");
        assert!(page.body.contains(&format!("id=\"{}\"", operation["operationId"].as_str().unwrap())));
    }
    for outside in ["<script", "src=", "href=\"http", "href=\"//", "@import", "url("] {
        assert!(!page.body.contains(outside), "{outside}");
    }
    assert_eq!(world.request("GET", "/docs/style.css").send().header("content-type"), Some("text/css; charset=utf-8"));
}
