//! Access reviews over HTTP.

use chancery::config::{KeyPlace, Settings};
use serde_json::{Value, json};

use super::on_every_store;
use super::world::World;

on_every_store! {
    a_review_goes_from_its_opening_to_its_end,
    a_review_is_there_for_whom_it_concerns,
}

const REVIEWS: &str = "/v1/organisations/acme/reviews";

fn open(world: &World) -> Value {
    world.line("acme", "--as olivia member add ann --account-type admin --role admin");
    let body = json!({ "id": "q1", "title": "First quarter", "deadline": "2099-12-31T00:00:00Z", "reviewer": "olivia",
        "fallback": "ann", "others": [{ "lines": "member:mei", "reviewer": "hugo" }] });
    let opened = world.post(REVIEWS, "acme/olivia", &body);
    assert_eq!(
        (opened.status, opened.header("location")),
        (201, Some("/v1/organisations/acme/reviews/q1")),
        "{opened:?}"
    );
    opened.json()
}

fn lines(world: &World, of: &str, query: &str) -> Vec<Value> {
    world.get(&format!("{REVIEWS}/q1/lines?{query}"), of).ok()["items"].as_array().unwrap().clone()
}

/// Asks twice under one idempotency key: the answer is the same.
fn twice(world: &World, what: &str, of: &str, body: &Value) -> Value {
    let key = format!("{what} {body}");
    let send = || {
        let request = world.request("POST", &format!("{REVIEWS}/q1/{what}")).key(of).json(body);
        request.header("idempotency-key", &key).send()
    };
    let (once, again) = (send(), send());
    assert_eq!(again.header("idempotency-replayed"), Some("true"), "{again:?}");
    assert_eq!(again.ok(), once.ok());
    once.ok()
}

fn number(lines: &[Value], member: &str, role: &str) -> u64 {
    let fits = |line: &&Value| line["member"]["id"] == member && line["access"]["role"]["role"]["id"] == role;
    lines.iter().find(fits).unwrap()["line"].as_u64().unwrap()
}

fn a_review_goes_from_its_opening_to_its_end(world: &World) {
    let review = open(world);
    assert_eq!((&review["stage"], &review["undecided"]), (&json!("open"), &review["lines"]));
    let all = lines(world, "acme/olivia", "limit=1000");
    assert_eq!(all.len() as u64, review["lines"].as_u64().unwrap());
    assert!(all.iter().all(|line| line["given"]["by"].is_string() && line["standing"] == "unchanged"));
    let first = world.get(&format!("{REVIEWS}/q1/lines?limit=2"), "acme/olivia").ok();
    let next = format!("limit=1000&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(lines(world, "acme/olivia", &next), all[2..]);

    let (viewer, tasker) = (number(&all, "mei", "viewer"), number(&all, "mei", "tasker"));
    let decide = |of: &str, lines: &[u64], verdict: &str| {
        world.post(&format!("{REVIEWS}/q1/decisions"), of, &json!({ "lines": lines, "verdict": verdict }))
    };
    decide("acme/olivia", &[viewer], "keep").problem(403, "not_reviewer");
    decide("acme/hugo", &[viewer], "burn").problem(400, "bad_body");
    let before = world.position("acme");
    let request = || {
        let body = json!({ "lines": [viewer], "verdict": "revoke" });
        world.request("POST", &format!("{REVIEWS}/q1/decisions")).key("acme/hugo").json(&body)
    };
    request().header("if-match", "\"1\"").send().problem(412, "changed");
    let decided = twice(world, "decisions", "acme/hugo", &json!({ "lines": [viewer], "verdict": "revoke" }));
    assert_eq!((&decided["left"], &decided["review"]["revoked"]), (&json!([]), &json!(1)));
    assert_eq!(world.position("acme"), before + 2, "decided, and taken away");
    // What is only decided is left to others.
    let only = json!({ "lines": [tasker], "verdict": "revoke", "carry_out": false });
    assert_eq!(twice(world, "decisions", "acme/hugo", &only)["review"]["outstanding"], 1);
    let applied = twice(world, "revocations", "acme/olivia", &json!({}));
    assert_eq!((&applied["left"], &applied["review"]["outstanding"]), (&json!([]), &json!(0)), "{applied}");
    world
        .request("POST", &format!("{REVIEWS}/q1/completion"))
        .key("acme/olivia")
        .send()
        .problem(409, "review_undecided");
    for of in ["acme/olivia", "acme/ann"] {
        let mine = lines(world, of, "mine=true&undecided=true&limit=1000");
        let numbers: Vec<u64> = mine.iter().map(|line| line["line"].as_u64().unwrap()).collect();
        decide(of, &numbers, "keep").ok();
    }
    let done = world.request("POST", &format!("{REVIEWS}/q1/completion")).key("acme/olivia").send().ok();
    assert_eq!((&done["review"]["stage"], &done["review"]["outstanding"]), (&json!("completed"), &json!(0)));
    let evidence = world.get(&format!("{REVIEWS}/q1/evidence"), "acme/olivia").ok();
    assert_eq!((&evidence["lines_as_in_the_log"], &evidence["root_as_recorded"]), (&json!(true), &json!(true)));
    evidence_is_taken_away_as_an_export(world);
    let ended = lines(world, "acme/olivia", "limit=1000");
    let mei = ended.iter().find(|line| line["line"] == viewer).unwrap();
    assert_eq!((&mei["ended"]["type"], &mei["ended"]["causation"]), (&json!("RoleUnassigned"), &json!("review/q1")));
}

#[test]
fn a_review_that_is_completed_is_signed_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let log_key = Some(KeyPlace(directory.path().join("log.key").display().to_string()));
    let world = World::with(Settings { log_key, ..Settings::default() });
    open(&world);
    for of in ["acme/olivia", "acme/ann", "acme/hugo"] {
        let mine = lines(&world, of, "mine=true&limit=1000");
        let numbers: Vec<&Value> = mine.iter().map(|line| &line["line"]).collect();
        let body = json!({ "lines": numbers, "verdict": "keep" });
        world.post(&format!("{REVIEWS}/q1/decisions"), of, &body).ok();
    }
    let complete = |query: &str| {
        let request = world.request("POST", &format!("{REVIEWS}/q1/completion{query}")).key("acme/olivia");
        request.header("idempotency-key", "end").send().ok()
    };
    let evidence = || world.get(&format!("{REVIEWS}/q1/evidence"), "acme/olivia").ok();
    complete("?dry_run=true");
    assert_eq!(evidence()["checkpoint"], Value::Null, "a rehearsal signs nothing");
    complete("");
    let signed = evidence();
    let (closed, covered) = (signed["closed"]["position"].as_u64(), signed["checkpoint"]["events"].as_u64());
    assert!(closed.is_some() && closed <= covered && signed["proof"].is_string(), "{signed}");
    complete("");
    assert_eq!(evidence()["checkpoint"], signed["checkpoint"], "asked again, it is as it was");
}

fn evidence_is_taken_away_as_an_export(world: &World) {
    let (before, export) = (world.position("acme"), format!("{REVIEWS}/q1/evidence/export"));
    let formats = [("html", "<!DOCTYPE html>"), ("csv", "# organisation"), ("xlsx", "PK"), ("json", "{")];
    for (format, begins) in formats {
        let answer = world.get(&format!("{export}?format={format}"), "acme/olivia");
        assert!(answer.status == 200 && answer.body.starts_with(begins), "{format}: {answer:?}");
        let named = format!("attachment; filename=\"acme-review-q1.{format}\"");
        assert_eq!(answer.header("content-disposition"), Some(named.as_str()));
    }
    assert_eq!(world.position("acme"), before + formats.len() as u64, "each is on record");
    let rehearsed = world.get(&format!("{export}?format=csv&dry_run=true"), "acme/olivia").ok();
    assert_eq!(rehearsed["events"][0]["type"], "AuditExported");
    world.get(&format!("{export}?format=pdf"), "acme/olivia").problem(400, "bad_query");
    world.get(&format!("{REVIEWS}/q9/evidence/export?format=csv"), "acme/olivia").problem(404, "unknown");
    assert_eq!(world.position("acme"), before + formats.len() as u64, "nothing left");
    world.get(&format!("{export}?format=csv"), "acme/hugo").problem(403, "missing_permission");
    let events = world.get(&format!("/v1/organisations/acme/events?after={before}"), "acme/olivia").ok();
    let of = |number: usize, kind: &str| &events["items"][number]["event"][kind];
    assert_eq!(of(0, "AuditExported")["filters"], json!({ "review": "q1" }), "{events}");
    assert_eq!(of(formats.len(), "CommandRefused")["command"], "ExportAudit", "{events}");
}

fn a_review_is_there_for_whom_it_concerns(world: &World) {
    open(world);
    world.get(&format!("{REVIEWS}/q1"), "acme/omar").problem(404, "unknown");
    assert_eq!(world.get(REVIEWS, "acme/omar").ok()["items"], json!([]));
    assert_eq!(world.get(REVIEWS, "acme/hugo").ok()["items"][0]["waiting"], 2);
    assert!(lines(world, "acme/hugo", "").iter().all(|line| line["member"]["id"] == "mei"));
    world.get(&format!("{REVIEWS}/q1/evidence"), "acme/hugo").problem(403, "missing_permission");
    world
        .request("POST", &format!("{REVIEWS}/q1/cancellation"))
        .key("acme/hugo")
        .send()
        .problem(403, "missing_permission");
    let mei = lines(world, "acme/hugo", "")[0]["line"].as_u64().unwrap();
    let pass =
        |to: &str| world.post(&format!("{REVIEWS}/q1/delegations"), "acme/hugo", &json!({ "lines": [mei], "to": to }));
    pass("mei").problem(403, "self_review");
    pass("omar").problem(422, "unfit_reviewer");
    pass("olivia").ok();
    world.request("POST", &format!("{REVIEWS}/q1/cancellation")).key("acme/olivia").send().ok();
    assert_eq!(world.get(&format!("{REVIEWS}/q1"), "acme/olivia").ok()["stage"], "cancelled");
}
