//! A line that a service runs has the authority of its key, and nothing of the machine that runs it.

use serde_json::{Value, json};

use super::{Desk, Service, on};

/// Sends a line as no program of ours would.
fn send(service: &Service, key: &str, body: &Value) -> (u16, Value) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let agent = ureq::Agent::new_with_config(config);
    let request = agent.post(format!("{}/v1/lines", service.url())).header("authorization", format!("Bearer {key}"));
    let mut answer = request.send_json(body).unwrap();
    (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
}

fn words(service: &Service, key: &str, line: &str) -> Value {
    let (status, answer) = send(service, key, &json!({ "words": line.split(' ').collect::<Vec<_>>() }));
    assert_eq!(status, 200, "{line}: {answer}");
    answer
}

#[test]
fn a_line_reads_no_file_of_the_service_and_opens_no_store() {
    let desk = Desk::on_sqlite();
    let key = desk.key("henry");
    let service = desk.serve(&[]);
    let secret = super::write(&desk.path("secret.txt"), "SECRET\n");
    let refused = [
        (format!("run {secret}"), "file"),
        ("run -".to_owned(), "file"),
        (format!("profile show {secret}"), "needs_store"),
        (format!("profile check {secret}"), "needs_store"),
        (format!("import casbin {secret}"), "needs_store"),
        (format!("--store sqlite:{secret} copy --from {} --to sqlite:x.db fairmont", desk.store), "needs_store"),
        (format!("--store sqlite:{} demo", desk.path("new.db").display()), "needs_store"),
        ("projections rebuild".to_owned(), "needs_store"),
        ("serve --print-config".to_owned(), "needs_store"),
        ("completions bash".to_owned(), "needs_store"),
        ("gdpr erase tom".to_owned(), "needs_store"),
        ("gdpr rotate".to_owned(), "needs_store"),
        (format!("gdpr reapply {secret}"), "needs_store"),
        (format!("gdpr export tom --json {}", desk.path("new.db").display()), "needs_store"),
        (format!("organisation found x --profile {secret} --name X --owner y"), "unknown_profile"),
        ("organisation found x --profile blank --name X --owner y".to_owned(), "operator_only"),
        ("no such command".to_owned(), "usage"),
        ("--help".to_owned(), "usage"),
    ];
    for (line, rule) in refused {
        let answer = words(&service, &key, &line);
        assert_eq!(answer["error"]["rule"], rule, "{line}: {answer}");
        assert!(!answer.to_string().contains("SECRET"), "{line}: {answer}");
    }
    let elsewhere = words(&service, &key, &format!("--store sqlite:{secret} --server http://x member list"));
    assert!(elsewhere["output"].as_str().unwrap().contains("Henry Cole"), "{elsewhere}");
    assert!(!desk.path("new.db").exists());
}

#[test]
fn a_line_acts_as_its_key_and_in_its_organisation_only() {
    let desk = Desk::on_sqlite();
    // Studio has a Henry as well: what he may there is another's.
    on(&desk.store, "-o studio --as nora member add henry").ok();
    let (key, tom) = (desk.key("henry"), desk.key("tom"));
    let service = desk.serve(&[]);
    for line in ["-o studio member list", "--organisation=studio member remove henry"] {
        let answer = words(&service, &key, line);
        assert_eq!((&answer["error"]["rule"], &answer["exit"]), (&json!("unknown"), &json!(4)), "{answer}");
        assert_eq!(answer["error"]["message"], "there is no organisation `studio`");
    }
    for line in ["--as henry member remove priya", "--as @operator member list", "--as @system member list"] {
        let answer = words(&service, &tom, line);
        assert_eq!((&answer["error"]["rule"], &answer["exit"]), (&json!("other_actor"), &json!(2)), "{answer}");
    }
    for line in ["organisation list", "status"] {
        let answer = words(&service, &key, line);
        let output = answer["output"].as_str().unwrap();
        assert!(output.contains("fairmont") && !output.contains("studio"), "{answer}");
    }
    let list = json!({ "words": ["run", "-"], "files": { "-": "-o studio member add eve\nhenry: member add eve\n" } });
    let (_, answer) = send(&service, &key, &list);
    assert!(answer["output"].as_str().unwrap().contains("line 1: there is no organisation `studio`"), "{answer}");
    assert_eq!(on(&desk.store, "-o studio member show eve").code, 4);
    on(&desk.store, "-o fairmont member show eve").ok();
}

#[test]
fn what_is_no_line_is_a_problem_and_a_change_tells_its_position() {
    let desk = Desk::on_sqlite();
    let key = desk.key("henry");
    let service = desk.serve(&[]);
    for body in [json!({}), json!({ "words": "member list" }), json!({ "words": [], "what": 1 })] {
        let (status, problem) = send(&service, &key, &body);
        assert_eq!((status, &problem["rule"]), (400, &json!("bad_body")), "{problem}");
    }
    let (status, problem) = send(&service, "chancery_fairmont_x_y", &json!({ "words": ["status"] }));
    assert_eq!((status, &problem["rule"]), (401, &json!("unauthenticated")), "{problem}");
    let body = json!({ "words": ["scope", "create", "elm", "Elm", "--kind", "site"] });
    let send = || {
        let agent = ureq::Agent::new_with_defaults();
        let request = agent.post(format!("{}/v1/lines", service.url()));
        let request = request.header("authorization", format!("Bearer {key}")).header("idempotency-key", "elm");
        let mut answer = request.send_json(&body).unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let headers = (header("x-chancery-position"), header("idempotency-replayed"));
        (headers, answer.body_mut().read_json::<Value>().unwrap())
    };
    let ((position, replayed), first) = send();
    assert_eq!((position, replayed), (Some(desk.head().to_string()), None));
    let ((again, replayed), second) = send();
    assert_eq!((again, replayed.as_deref()), (Some(desk.head().to_string()), Some("true")));
    assert_eq!(first, second, "a repeated request is answered as the first time");
}
