//! What clients can do wrong, and the end of the service.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use chancery::config::{Length, Settings, Size};
use serde_json::json;

use super::world::World;

const EVALUATION: &str = "/access/v1/evaluation";

fn millis(millis: u64) -> Length {
    Length(Duration::from_millis(millis))
}

/// All that the server sends until it closes the connection.
fn rest(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let world = World::with(Settings { body_limit: Size(1_000), ..Settings::default() });
    let body = json!({"subject": "x".repeat(2_000)});
    world.post(EVALUATION, "acme/olivia", &body).problem(413, "body_too_large");
}

#[test]
fn a_client_that_sends_too_slowly_is_let_go() {
    let world = World::with(Settings { header_timeout: millis(300), ..Settings::default() });
    let mut head = TcpStream::connect(world.server.address).unwrap();
    head.write_all(b"POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\n").unwrap();
    let mut body = TcpStream::connect(world.server.address).unwrap();
    let lines = "POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme/olivia\r\n\
                 Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    body.write_all(lines.as_bytes()).unwrap();
    let idle = TcpStream::connect(world.server.address).unwrap();
    rest(idle);
    rest(head);
    let answer = rest(body);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_too_slow"), "{answer}");
}

#[test]
fn idle_connections_hold_nobody_up() {
    let world = World::on_sqlite();
    let idle: Vec<TcpStream> = (0..400).map(|_| TcpStream::connect(world.server.address).unwrap()).collect();
    assert_eq!(world.request("GET", "/healthz").send().ok()["status"], "ok");
    drop(idle);
}

#[test]
fn connections_over_the_limit_wait_for_a_place() {
    let world = World::with(Settings { connections: 2, ..Settings::default() });
    let two: Vec<TcpStream> = (0..2).map(|_| TcpStream::connect(world.server.address).unwrap()).collect();
    let mut third = TcpStream::connect(world.server.address).unwrap();
    third.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    third.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut byte = [0];
    assert!(third.read(&mut byte).is_err(), "answered beyond the limit");
    drop(two);
    assert!(rest(third).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_key_that_is_too_fast_is_told_when_to_come_back() {
    let world = World::with(Settings { rate: 1, burst: 3, ..Settings::default() });
    let question = json!({
        "subject": {"type": "user", "id": "mei"}, "action": {"name": "assets.view"},
        "resource": {"type": "scope", "id": "tower"}
    });
    let answers: Vec<_> = (0..5).map(|_| world.post(EVALUATION, "acme/olivia", &question)).collect();
    assert_eq!(answers.iter().take(3).map(|answer| answer.status).collect::<Vec<_>>(), [200, 200, 200]);
    let limited = answers.last().unwrap();
    limited.problem(429, "rate_limited");
    assert!(limited.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(world.post(EVALUATION, "acme/hugo", &question).status, 200, "each key has a rate of its own");
}

#[test]
fn a_request_under_way_is_finished_when_the_service_stops() {
    let mut world = World::on_sqlite();
    let mut stream = TcpStream::connect(world.server.address).unwrap();
    let body = json!({
        "subject": {"type": "user", "id": "mei"}, "action": {"name": "assets.view"},
        "resource": {"type": "scope", "id": "tower"}
    })
    .to_string();
    let head = format!(
        "POST {EVALUATION} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme/olivia\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut proceed = [0; 25];
    stream.read_exact(&mut proceed).unwrap();
    assert_eq!(&proceed, b"HTTP/1.1 100 Continue\r\n\r\n", "the request has begun");
    world.server.stop();
    stream.write_all(body.as_bytes()).unwrap();
    let answer = rest(stream);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("{\"decision\":true}"), "{answer}");
    world.server.wait();
    assert!(TcpStream::connect(world.server.address).is_err(), "nobody is let in any more");
}

#[test]
fn unknown_paths_and_methods_are_problems_as_well() {
    let world = World::on_sqlite();
    world.request("GET", "/v2").send().problem(404, "unknown");
    world.request("DELETE", EVALUATION).send().problem(405, "method_not_allowed");
}
