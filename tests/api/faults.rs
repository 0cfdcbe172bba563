//! What can go wrong around the service: it is killed, the database is away, a client is slow or sends nonsense.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chancery::config::{Length, Settings};
use serde_json::{Value, json};

use super::program::{Running, founded, founded_in, request, run, serve};
use super::server::Answer;
use super::world::{OPERATOR, World};
use crate::store_contract::postgres::cluster::{Cluster, Database};

/// How long PostgreSQL is away.
const AWAY: Duration = Duration::from_secs(30);

const SCOPES: &str = "/v1/organisations/acme/scopes";

fn create(running: &Running, token: &str, id: &str) -> Answer {
    request(running, "POST", SCOPES).key(token).json(&json!({"id": id, "name": format!("Scope {id}")})).send()
}

/// Tries until it is so: 20 seconds at most.
#[track_caller]
fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    assert!((0..400).any(|_| so() || (std::thread::sleep(Duration::from_millis(50)), false).1), "{what}");
}

fn asks(running: &Running, token: &str) -> Answer {
    let question = json!({
        "subject": {"type": "user", "id": "olivia"}, "action": {"name": "assets.view"},
        "resource": {"type": "organisation", "id": "acme"}
    });
    request(running, "POST", "/access/v1/evaluation").key(token).json(&question).send()
}

#[test]
fn nothing_that_was_acknowledged_is_lost_when_the_service_is_killed_under_load() {
    let directory = tempfile::tempdir().unwrap();
    let (store, token) = founded(&directory);
    let mut acknowledged = BTreeSet::new();
    for round in 0..3 {
        let running = serve(&store, &[]);
        let (url, done) = (format!("http://{}{SCOPES}", running.address), AtomicUsize::new(0));
        let written = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|writer| {
                    let (url, token, done) = (&url, &token, &done);
                    scope.spawn(move || {
                        let agent = ureq::Agent::new_with_defaults();
                        let mut written = Vec::new();
                        for number in 0.. {
                            let id = format!("s{round}-{writer}-{number}");
                            let body = json!({"id": id, "name": format!("Scope {id}")});
                            let key = format!("Bearer {token}");
                            match agent.post(url).header("authorization", &key).send_json(&body) {
                                Ok(_) => written.push(id),
                                // It is not known what became of this one.
                                Err(_) => break,
                            }
                            done.fetch_add(1, Ordering::SeqCst);
                        }
                        written
                    })
                })
                .collect();
            while done.load(Ordering::SeqCst) < 40 {
                std::thread::yield_now();
            }
            drop(running);
            writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
        });
        acknowledged.extend(written);
    }
    let running = serve(&store, &[]);
    let listed = request(&running, "GET", &format!("{SCOPES}?limit=1000")).key(&token).send().ok();
    let there: BTreeSet<String> =
        listed["items"].as_array().unwrap().iter().map(|scope| scope["id"].as_str().unwrap().to_owned()).collect();
    assert!(acknowledged.len() >= 120 && acknowledged.is_subset(&there), "{:?}", acknowledged.difference(&there));
}

#[test]
fn reads_go_on_while_postgresql_is_away_for_half_a_minute_and_writes_when_it_is_back() {
    let cluster = Cluster::start();
    let database = Database::on(&cluster.url("postgres"));
    let token = founded_in(&database.url());
    let running = serve(&database.url(), &["--request-timeout", "2s"]);
    assert_eq!(create(&running, &token, "before").status, 201);
    cluster.tell("stop");
    let away = Instant::now();
    let mut tried = 0;
    let meanwhile = |number: usize| {
        let id = format!("meanwhile-{number}");
        let body = json!({"id": id, "name": format!("Scope {id}")});
        request(&running, "POST", SCOPES).key(&token).header("idempotency-key", &id).json(&body).send()
    };
    while away.elapsed() < AWAY {
        tried += 1;
        let failed = meanwhile(tried);
        assert_eq!(failed.status, 503, "{failed:?}");
        assert!(failed.header("retry-after").is_some(), "{failed:?}");
        assert_eq!(request(&running, "GET", "/readyz").send().status, 503);
        assert_eq!(request(&running, "GET", "/healthz").send().status, 200);
        // A read that waited for the store would come to its time-out.
        assert_eq!(asks(&running, &token).ok()["decision"], true);
        assert_eq!(request(&running, "GET", &format!("{SCOPES}/before")).key(&token).send().ok()["id"], "before");
    }
    assert!(tried > 1, "{tried}");
    cluster.tell("start");
    eventually("it recovers by itself", || create(&running, &token, "after").status == 201);
    eventually("it is ready again", || request(&running, "GET", "/readyz").send().status == 200);
    // What came to its time-out may have been made when the server was back: asked for again, it is there once.
    assert_eq!(meanwhile(tried).status, 201);
    let listed = request(&running, "GET", SCOPES).key(&token).send().ok();
    let there: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    let last = format!("meanwhile-{tried}");
    assert!(["before", "after", last.as_str()].iter().all(|id| there.contains(id)), "{there:?}");
    assert!(there.len() <= tried + 2, "nothing is there twice: {there:?}");
}

/// Bounds what any file of a service may grow to, as a full disk does.
fn limit_files(running: &Running, bytes: Option<u64>) {
    let size = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| format!("{bytes}:unlimited"));
    let pid = running.child.id().to_string();
    let limited = Command::new("prlimit").args([&format!("--fsize={size}"), "--pid", &pid]).status();
    assert!(limited.unwrap().success());
}

#[test]
fn a_full_disk_fails_writes_and_nothing_else_until_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let (store, token) = founded(&directory);
    // A write beyond the limit fails, as on a full disk, instead of ending the process.
    let mut command = Command::new("env");
    command.args(["--ignore-signal=XFSZ", env!("CARGO_BIN_EXE_chancery"), "--store", &store]);
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
    let running = run(command);
    let sizes = std::fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().metadata().unwrap().len());
    limit_files(&running, Some(sizes.max().unwrap() + (64 << 10)));
    let mut acknowledged = BTreeSet::new();
    let refused = (0..2_000).map(|number| format!("s{number}")).find_map(|id| {
        let made = create(&running, &token, &id);
        if made.status == 201 { (!acknowledged.insert(id)).then_some(made) } else { Some(made) }
    });
    let refused = refused.expect("the disk is never full");
    let told = refused.problem(507, "store_full");
    assert!(!told["detail"].as_str().unwrap().contains("serve.db"), "{told}");
    create(&running, &token, "again").problem(507, "store_full");
    assert_eq!(asks(&running, &token).ok()["decision"], true);
    let last = acknowledged.iter().next_back().unwrap();
    assert_eq!(request(&running, "GET", &format!("{SCOPES}/{last}")).key(&token).send().ok()["id"], last.as_str());
    assert_eq!(request(&running, "GET", &format!("{SCOPES}/again")).key(&token).send().status, 404);
    limit_files(&running, None);
    eventually("it goes on when there is room", || create(&running, &token, "more").status == 201);
    acknowledged.insert("more".to_owned());
    drop(running);

    let running = serve(&store, &[]);
    let listed = request(&running, "GET", &format!("{SCOPES}?limit=1000")).key(&token).send().ok();
    let there: BTreeSet<String> =
        listed["items"].as_array().unwrap().iter().map(|scope| scope["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(acknowledged, there, "what was acknowledged is there, and nothing else");
}

#[test]
fn a_client_that_takes_nothing_is_let_go() {
    let settings = Settings { write_timeout: Length(Duration::from_millis(300)), ..Settings::default() };
    let world = World::with(settings);
    let mut deaf = TcpStream::connect(world.server.address).unwrap();
    deaf.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    // More answers than any buffer between the two holds.
    let ask = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    let _ = deaf.write_all(&ask);
    let open = || {
        let metrics = world.get("/metrics", OPERATOR).body;
        let line = metrics.lines().find(|line| line.starts_with("chancery_connections ")).unwrap().to_owned();
        line.rsplit(' ').next().unwrap().parse::<u32>().unwrap()
    };
    eventually("the connection is closed", || open() == 1);
    drop(deaf);
}

fn with_length(post: &str, body: &str) -> Vec<u8> {
    format!("{post}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn chunk(length: usize) -> String {
    format!("{length:x}\r\n{}\r\n", "x".repeat(length))
}

#[test]
fn what_is_no_request_is_refused_and_hurts_nobody() {
    let world = World::on_sqlite();
    let head = "Host: x\r\nAuthorization: Bearer acme/olivia\r\nContent-Type: application/json\r\n";
    let post = format!("POST /access/v1/evaluation HTTP/1.1\r\n{head}");
    let long = format!("{post}X-Long: {}\r\n\r\n", "x".repeat(1 << 20));
    let cases: [(Vec<u8>, &str); 11] = [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(), "400"),
        (b"GET / HTTP/9.9\r\n\r\n".to_vec(), "400"),
        (format!("{post}Content-Length: 2\r\nContent-Length: 9\r\n\r\n{{}}").into_bytes(), "400"),
        (format!("{post}Transfer-Encoding: chunked\r\n\r\nzz\r\n").into_bytes(), "400"),
        (format!("{post}Content-Length: 3\r\nConnection: close\r\n\r\n{{\"a").into_bytes(), "400"),
        (format!("{post}Content-Length: 4\r\nConnection: close\r\n\r\n\u{0}\u{0}\u{0}\u{0}").into_bytes(), "400"),
        (long.into_bytes(), "431"),
        // Deeper than any question, and longer than any body may be, without saying so beforehand.
        (with_length(&post, &"[".repeat(100_000)), "400"),
        (with_length(&post, &"{\"subject\":".repeat(50_000)), "400"),
        (format!("{post}Transfer-Encoding: chunked\r\n\r\n{}", chunk(1 << 20).repeat(2)).into_bytes(), "413"),
        (format!("{post}Content-Length: 1048577\r\n\r\n{}", "x".repeat((1 << 20) + 1)).into_bytes(), "413"),
    ];
    for (bytes, status) in cases {
        let mut stream = TcpStream::connect(world.server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = stream.write_all(&bytes);
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
        assert_eq!(String::from_utf8_lossy(&start), format!("HTTP/1.1 {status}"), "{shown}");
    }
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let answer =
        world.request("POST", "/access/v1/evaluation").key("acme/olivia").header("content-type", "application/json");
    answer.body(deep).send().problem(400, "bad_body");
    assert_eq!(world.request("GET", "/healthz").send().status, 200);
}

#[test]
fn the_tables_for_sql_are_kept_by_the_service_and_their_lag_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let (store, token) = founded(&directory);
    let running = serve(&store, &["--projections", "--metrics-listen", "127.0.0.1:0"]);
    assert_eq!(create(&running, &token, "tower").status, 201);
    let status = || -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_chancery"))
            .args(["--store", &store, "--format", "json", "projections", "status"])
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    eventually("the tables have all events", || {
        let status = status();
        status["state"] == "running" && status["lag"]["events"] == 0
    });
}

/// A number in a file of `/proc`.
fn resident_kilobytes(running: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn ten_thousand_idle_connections_hold_nobody_up() {
    const IDLE: usize = 10_000;
    let directory = tempfile::tempdir().unwrap();
    let (store, token) = founded(&directory);
    let running = serve(&store, &["--header-timeout", "5m", "--metrics-listen", "127.0.0.1:0"]);
    // A descriptor for each, here and there.
    for process in [std::process::id(), running.child.id()] {
        let enough = format!("--nofile={}:", IDLE + 2_000);
        let raised = Command::new("prlimit").args([&enough, "--pid", &process.to_string()]).status().unwrap();
        assert!(raised.success(), "this machine does not let a process have {IDLE} connections");
    }
    let before = resident_kilobytes(&running);
    let idle: Vec<TcpStream> = (0..IDLE).map(|_| TcpStream::connect(&running.address).unwrap()).collect();
    let asked = Instant::now();
    assert_eq!(request(&running, "GET", "/healthz").send().ok()["status"], "ok");
    assert_eq!(asks(&running, &token).ok()["decision"], true);
    assert_eq!(create(&running, &token, "meanwhile").status, 201);
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    // The last of them is answered as the first, and none was closed.
    for mut stream in [&idle[0], &idle[IDLE / 2], &idle[IDLE - 1]] {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut start = [0; 15];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200 OK");
    }
    let each = resident_kilobytes(&running).saturating_sub(before) as f64 / IDLE as f64;
    assert!(each < 64.0, "an idle connection takes {each} KiB");
    drop(idle);
    assert_eq!(asks(&running, &token).ok()["decision"], true);
}
