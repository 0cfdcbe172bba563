//! One run of everything, and then a search of all that it left: nothing personal is in clear anywhere.

use std::path::Path;

use serde_json::json;

use super::erasure::erased;
use super::place::{Place, Traces};
use super::service::{Said, Service};
use super::{CHANGED, PLANTED, populated, shown};

/// What a member is given over HTTP.
const SERVED: [&str; 3] = ["Wolfgang Threlkeld", "threlkeld@fells.example", "+44 555 8264137"];
/// The browser of the one who is erased in the end, and of the one who stays.
const BROWSERS: [&str; 2] = ["Zyxwinas-Browser/9.41", "Olivias-Browser/7.15"];
/// From where the one who is erased acts, as a proxy tells it; what stands before its address is the caller's to make up.
const ADDRESS: &str = "203.0.113.5";
/// What systems are sent that erase nothing.
const LINES: [&str; 3] = ["ocsf", "cloudevents", "syslog"];

/// Commands, refusals and reads over HTTP; what it answers with shows names, what it says besides does not.
fn serve(place: &Place, reason: &str) -> (Said, String) {
    let (olivia, m1) = (place.key_of("olivia"), place.key_of("m1"));
    let service = Service::start(place);
    let members = "/v1/organisations/acme/members";
    let [name, email, phone] = SERVED;
    let add = json!({"id": "m3", "name": name, "email": email, "phone": phone});
    let adding = || {
        let request = service.request("POST", members, &olivia).json(&add).header("user-agent", BROWSERS[1]);
        request.header("idempotency-key", "add-m3").header("x-chancery-reason", reason).send()
    };
    assert_eq!((adding().status, adding().status), (201, 201), "a repeated request is answered as the first");
    let try_it = |number: u32| {
        let body = json!({"id": format!("x{number}"), "name": PLANTED[0]});
        let request = service.request("POST", members, &m1).json(&body).header("user-agent", BROWSERS[0]);
        let request = request.header("x-forwarded-for", &format!("198.51.100.9, {ADDRESS}"));
        request.header("x-chancery-reason", reason).send().status
    };
    for number in 0..3 {
        assert_eq!(try_it(number), 403);
    }
    let told = service.get(&format!("{members}?search=vandermolen"), &olivia);
    assert!(told.contains(CHANGED[0]), "{told}");
    assert!(service.get(&format!("{members}/m3"), &olivia).contains(phone));
    let entries = service.get("/v1/organisations/acme/audit?actor=m1&outcome=refused", &olivia);
    assert!(entries.contains(BROWSERS[0]) && entries.contains(&format!("\"{ADDRESS}\"")), "{entries}");
    service.get("/v1/organisations/acme/activity", &olivia);
    service.get("/v1/organisations/acme/events", &olivia);
    let metrics = service.metrics();
    (service.stop(), metrics)
}

/// The evidence, and the formats of other systems, in a directory.
fn export(place: &Place, directory: &Path) {
    let log_key = place.directory.path().join("audit.log-key");
    let to = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let pack = ["--as", "olivia", "audit", "export", "--log-key", log_key.to_str().unwrap(), "--out"];
    place.ok(&[&pack[..], &[&to("pack")]].concat());
    for format in LINES {
        place.ok(&["--as", "olivia", "audit", "export", "--format", format, "--out", &to(format)]);
    }
}

/// All that a run leaves: the database's files, its rows, logs, metrics, traces, exports.
fn run(place: &Place, reason: &str, exports: &Path) -> Traces {
    populated(place);
    place.write_snapshot();
    place.ok(&["projections", "rebuild"]);
    let (said, metrics) = serve(place, reason);
    place.ok(&["projections", "rebuild"]);
    export(place, exports);
    let events = place.ok(&["--as", "olivia", "--format", "json", "events"]);
    assert!(events.contains("\"sealed\"") && events.contains("\"origin\""), "{events}");
    for (what, text) in [("log", &said.log), ("metrics", &metrics)] {
        assert!(text.contains("/v1/organisations/{organisation}/members"), "the {what} tell of the requests: {text}");
    }
    let traces = Traces::of(place)
        .with("dump", place.dump())
        .with("log of the service", said.log)
        .with("metrics", metrics)
        .with("events as they are printed", events)
        .with_bytes("traces", said.traces)
        .and(exports);
    assert!(traces.holding(b"POST /v1/organisations/{organisation}/members").contains(&"traces"));
    traces
}

fn nothing_is_in_clear(place: &Place) {
    let exports = tempfile::tempdir().unwrap();
    let traces = run(place, "a ticket", exports.path());
    for planted in PLANTED.iter().chain(&CHANGED).chain(&SERVED).chain(&BROWSERS).chain([&ADDRESS]) {
        traces.have_no(planted);
    }

    let wrapped = place.wrapped_key("m1").unwrap();
    erased(place);
    let outside = tempfile::tempdir().unwrap();
    export(place, outside.path());
    let csv = outside.path().join("entries.csv");
    place.ok(&["--as", "olivia", "audit", "export", "--format", "csv", "--out", csv.to_str().unwrap()]);
    let dossier = place.ok(&["--as", "olivia", "gdpr", "export", "m1"]);
    assert!(dossier.contains("http, (erased), (erased)"), "where the requests came from is gone, too: {dossier}");
    let entries = place.ok(&["--as", "olivia", "--format", "json", "audit", "list"]);
    assert!(entries.contains(BROWSERS[1]) && !entries.contains(BROWSERS[0]), "{entries}");
    let sheet = std::fs::read_to_string(&csv).unwrap();
    assert!(sheet.contains(SERVED[0]) && sheet.contains("127.0.0.1"), "the others' are as they were: {sheet}");
    assert_eq!(shown(place, "m3")["phone"], SERVED[2]);
    let traces = Traces::of(place).with("dump", place.dump()).with("dossier", dossier).with("entries", entries);
    let traces = traces.and(outside.path());
    for planted in PLANTED.iter().chain(&CHANGED).chain(&BROWSERS[..1]).chain([&ADDRESS]) {
        traces.have_no(planted);
    }
    // The server's write-ahead log keeps old bytes for a while; that the key that wraps them is gone has to do there.
    let holding = traces.holding(&wrapped);
    assert!(holding.iter().all(|file| file.contains("pg_wal")), "{holding:?}");
}

#[test]
fn nothing_personal_is_in_clear_anywhere_after_a_run_on_sqlite() {
    nothing_is_in_clear(&Place::sqlite());
}

#[test]
fn nothing_personal_is_in_clear_anywhere_after_a_run_on_postgres() {
    nothing_is_in_clear(&Place::postgres());
}

/// The search is one that can fail: what is in clear by decision, a reason, is found wherever events go.
fn what_is_in_clear_is_found(place: &Place) {
    let exports = tempfile::tempdir().unwrap();
    let planted = "because Ambergate Wexelblatt said so";
    let traces = run(place, planted, exports.path());
    let holding = traces.holding(planted.as_bytes());
    let files = place.files();
    assert!(holding.iter().any(|name| name.starts_with(files.to_str().unwrap())), "{holding:?}");
    let expected = ["dump", "events as they are printed", "entries.jsonl", "ocsf", "cloudevents", "syslog"];
    for place in expected {
        assert!(holding.iter().any(|name| name.ends_with(place)), "{place}: {holding:?}");
    }
    for place in ["log of the service", "metrics", "traces"] {
        assert!(!holding.contains(&place), "{holding:?}");
    }
}

#[test]
fn what_is_in_clear_is_found_by_the_same_search_on_sqlite() {
    what_is_in_clear_is_found(&Place::sqlite());
}

#[test]
fn what_is_in_clear_is_found_by_the_same_search_on_postgres() {
    what_is_in_clear_is_found(&Place::postgres());
}
