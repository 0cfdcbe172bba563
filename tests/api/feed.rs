//! The event feed, on both stores.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use chancery::aggregates::Command;
use chancery::aggregates::command::RoleCommand;
use chancery::aggregates::vocabulary::{Actor, MemberId, OrganisationId, RoleId};
use chancery::config::{Length, Settings};
use chancery::engine::{Context, Request};
use serde_json::{Value, json};

use super::on_every_store;
use super::world::{OPERATOR, World};

on_every_store! {
    a_feed_is_read_in_pages_and_waited_for,
    a_stream_begins_anywhere_and_goes_on_as_events_come,
    whoever_may_not_read_the_log_gets_no_feed_and_loses_it_with_the_right,
}

const FEED: &str = "/v1/organisations/acme/feed";

/// A stream of Server-Sent Events, read line by line.
pub(super) struct Stream(BufReader<TcpStream>);

impl Stream {
    pub(super) fn open(address: SocketAddr, path: &str, token: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut stream = Self(BufReader::new(stream));
        assert_eq!(stream.line().as_deref(), Some("HTTP/1.1 200 OK"));
        stream
    }

    /// The next line; none when the connection is over.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).unwrap_or(0);
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// What follows `name:` on the next such line.
    fn field(&mut self, name: &str) -> Option<String> {
        loop {
            if let Some(value) = self.line()?.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")) {
                return Some(value.to_owned());
            }
        }
    }

    /// The data of the next event; none when the connection is over.
    pub(super) fn event(&mut self) -> Option<Value> {
        self.field("data").and_then(|data| serde_json::from_str(&data).ok())
    }
}

fn positions(events: &Value) -> Vec<u64> {
    events["events"].as_array().unwrap().iter().map(|event| event["position"].as_u64().unwrap()).collect()
}

fn a_feed_is_read_in_pages_and_waited_for(world: &World) {
    let head = world.position("acme");
    let mut read = Vec::new();
    let mut after = 0;
    while after < head {
        let page = world.get(&format!("{FEED}?after={after}&limit=7"), "acme/olivia").ok();
        assert!(positions(&page).len() <= 7);
        read.extend(positions(&page));
        after = page["next"].as_u64().unwrap();
    }
    assert_eq!(read, (1..=head).collect::<Vec<_>>());

    let scopes = world.get(&format!("{FEED}?type=scopecreated,chancery.RoleDeleted"), "acme/olivia").ok();
    let subjects: Vec<&Value> = scopes["events"].as_array().unwrap().iter().map(|event| &event["subject"]).collect();
    assert_eq!(subjects, ["scope/tower", "scope/library"]);
    assert_eq!(scopes["next"], head, "what is not wanted is passed over");
    let event = &scopes["events"][0];
    for (name, value) in [
        ("specversion", json!("1.0")),
        ("id", json!(event["position"].to_string())),
        ("source", json!("/v1/organisations/acme")),
        ("type", json!("chancery.ScopeCreated")),
        ("datacontenttype", json!("application/json")),
        ("actor", json!("olivia")),
    ] {
        assert_eq!(event[name], value, "{event}");
    }
    assert!(event["data"]["ScopeCreated"].is_object(), "{event}");

    let waiting = world.request("GET", &format!("{FEED}?after={head}&wait=10s")).key("acme/olivia");
    let answer = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| waiting.send());
        world.line("acme", "--as olivia scope create annexe Annexe");
        waiting.join().unwrap().ok()
    });
    assert_eq!(positions(&answer), [head + 1]);
    let none = world.get(&format!("{FEED}?after={}&wait=50ms", head + 1), "acme/olivia").ok();
    assert_eq!(none, json!({"events": [], "next": head + 1}));
    world.get(&format!("{FEED}?wait=soon"), "acme/olivia").problem(400, "bad_query");
    world.get(&format!("{FEED}?limit=0"), "acme/olivia").problem(400, "bad_query");
    world.get(&format!("{FEED}?after={}", head + 100), "acme/olivia").problem(412, "not_reached");
}

fn a_stream_begins_anywhere_and_goes_on_as_events_come(world: &World) {
    let head = world.position("acme");
    let path = format!("{FEED}?after=1");
    let mut stream = Stream::open(world.server.address, &path, "acme/olivia", "Last-Event-ID: 3\r\n");
    let mut seen = |number: u64| -> Vec<u64> {
        (0..number).map(|_| stream.event().unwrap()["position"].as_u64().unwrap()).collect()
    };
    assert_eq!(seen(head - 3), (4..=head).collect::<Vec<_>>());
    let metrics = world.get("/metrics", OPERATOR).body;
    assert!(metrics.contains("chancery_feed_readers 1\n"), "{metrics}");
    for number in 1..=3 {
        world.line("acme", &format!("--as olivia scope create wing{number} Wing{number}"));
        assert_eq!(seen(1), [head + number]);
    }
}

fn whoever_may_not_read_the_log_gets_no_feed_and_loses_it_with_the_right(world: &World) {
    world.get(FEED, "acme/hugo").problem(403, "missing_permission");
    world.get(FEED, OPERATOR).problem(403, "not_for_operator");
    world.get(FEED, "other/olivia").problem(404, "unknown");
    world.line("acme", "--as olivia member add rita --account-type admin");
    let after = world.position("acme");
    let mut stream = Stream::open(world.server.address, &format!("{FEED}?after={after}"), "acme/rita", "");
    world.line("acme", "--as olivia scope create annexe Annexe");
    assert_eq!(stream.event().unwrap()["type"], "chancery.ScopeCreated");
    world.line("acme", "--as olivia member unassign rita admin");
    let last = stream.event().unwrap();
    assert_eq!((&last["status"], &last["rule"]), (&json!(403), &json!("missing_permission")), "{last}");
    assert!(stream.event().is_none(), "it is over");
}

#[test]
fn a_silent_feed_gives_signs_of_life_and_ends_with_the_service() {
    let mut world = World::with(Settings { feed_heartbeat: Length(Duration::from_millis(50)), ..Settings::default() });
    let head = world.position("acme");
    let mut stream = Stream::open(world.server.address, &format!("{FEED}?type=RoleDeleted"), "acme/olivia", "");
    for _ in 0..3 {
        assert_eq!(stream.field("id"), Some(head.to_string()), "an id without data: how far it is");
    }
    world.server.stop();
    assert_eq!(stream.event().unwrap()["rule"], "stopping");
    world.server.wait();
}

#[test]
fn a_reader_who_does_not_read_holds_up_no_writer_and_misses_nothing() {
    let world = World::on_sqlite();
    let head = world.position("acme");
    let mut stream = Stream::open(world.server.address, &format!("{FEED}?after={head}"), "acme/olivia", "");
    let text = "long ".repeat(380);
    // More than the page and the system's buffers hold together.
    for round in 0..8 {
        let describe = |number| RoleCommand::DescribeRole { description: format!("{round} {number} {text}") };
        let request = Request {
            organisation: OrganisationId::known("acme"),
            commands: (0..1_000).map(|number| Command::Role(RoleId::known("viewer"), describe(number))).collect(),
            actor: Actor::Member(MemberId::known("olivia")),
            context: Context::default(),
            idempotency_key: None,
        };
        world.server.runtime.block_on(world.engine.execute(request)).unwrap();
    }
    let last = world.position("acme");
    for position in head + 1..=last {
        assert_eq!(stream.event().unwrap()["position"], position);
    }
}
