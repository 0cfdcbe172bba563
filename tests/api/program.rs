//! The program itself: `chancery serve` with keys of the log.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::feed::Stream;
use super::server::Request;

/// A running service, killed when the test ends, however it does.
pub(super) struct Running {
    pub(super) child: Child,
    pub(super) address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn chancery(store: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    command.env_remove("CHANCERY_ORGANISATION").env_remove("CHANCERY_AS").args(["--store", store]);
    command
}

pub(super) fn line(store: &str, words: &[&str]) -> String {
    let output = chancery(store).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(super) fn serve(store: &str, flags: &[&str]) -> Running {
    serve_with(store, flags, &[])
}

/// Serves with variables in the environment, and none of OpenTelemetry's that are there by chance.
pub(super) fn serve_with(store: &str, flags: &[&str], variables: &[(&str, &str)]) -> Running {
    let mut command = chancery(store);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("OTEL_")) {
            command.env_remove(name);
        }
    }
    command.envs(variables.iter().copied());
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]).args(flags);
    run(command)
}

/// Starts a service, and waits until it says where it listens.
pub(super) fn run(mut command: Command) -> Running {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let address = lines.find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(&line).ok()?;
        line["address"].as_str().map(str::to_owned)
    });
    // The rest is read as well, so that the program never waits for it.
    std::thread::spawn(move || lines.for_each(drop));
    Running { address: address.expect("the program says where it listens"), child }
}

pub(super) fn request(running: &Running, method: &str, path: &str) -> Request {
    Request::new(method, &format!("http://{}{path}", running.address))
}

#[test]
fn the_program_answers_to_keys_of_the_log_until_they_are_revoked() {
    let directory = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", directory.path().join("serve.db").display());
    let keys = directory.path().join("operator.keys");
    line(&store, &["organisation", "found", "acme", "--profile", "buildings", "--name", "Acme", "--owner", "olivia"]);
    let issue = ["-o", "acme", "--as", "olivia", "--format", "json", "key", "issue", "--self", "--label", "test"];
    let issued: serde_json::Value = serde_json::from_str(&line(&store, &issue)).unwrap();
    let token = issued["token"].as_str().unwrap_or_else(|| panic!("{issued}")).to_owned();
    let mut running = serve(&store, &["--operator-keys", keys.to_str().unwrap()]);
    let mut shown = String::new();
    BufReader::new(running.child.stdout.take().unwrap()).read_line(&mut shown).unwrap();
    let operator = shown.trim().rsplit(' ').next().unwrap().to_owned();

    let question = json!({
        "subject": {"type": "user", "id": "olivia"}, "action": {"name": "assets.view"},
        "resource": {"type": "organisation", "id": "acme"}
    });
    let ask = |token: &str| request(&running, "POST", "/access/v1/evaluation").key(token).json(&question).send();
    assert_eq!(ask(&token).ok(), json!({"decision": true}));
    let mut forged = token.clone();
    forged.truncate(token.len() - 1);
    ask(&forged).problem(401, "unauthenticated");
    ask(&operator).problem(403, "not_for_operator");
    assert_eq!(request(&running, "GET", "/metrics").key(&operator).send().status, 200);
    assert!(!std::fs::read_to_string(&keys).unwrap().contains(&operator), "only a digest is kept");

    line(&store, &["-o", "acme", "--as", "olivia", "key", "revoke", &token]);
    let revoked = (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        ask(&token).status == 401
    });
    assert!(revoked, "a key that another process revoked ends here as well");
}

/// A store with Acme, and a key of Olivia's.
pub(super) fn founded(directory: &tempfile::TempDir) -> (String, String) {
    let store = format!("sqlite:{}", directory.path().join("serve.db").display());
    let token = founded_in(&store);
    (store, token)
}

/// Founds Acme, and makes a key of Olivia's.
pub(super) fn founded_in(store: &str) -> String {
    line(store, &["organisation", "found", "acme", "--profile", "buildings", "--name", "Acme", "--owner", "olivia"]);
    let issue = ["-o", "acme", "--as", "olivia", "--format", "json", "key", "issue", "--self", "--label", "test"];
    let issued: serde_json::Value = serde_json::from_str(&line(store, &issue)).unwrap();
    issued["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_feed_goes_on_without_gap_or_repeat_when_the_service_is_killed_while_others_write() {
    let directory = tempfile::tempdir().unwrap();
    let (store, token) = founded(&directory);
    let writing = std::thread::spawn({
        let store = store.clone();
        move || {
            for number in 0..12 {
                let name = format!("Scope {number}");
                line(&store, &["-o", "acme", "--as", "olivia", "scope", "create", &format!("s{number}"), &name]);
            }
        }
    });
    let mut read: Vec<u64> = Vec::new();
    for kill_after in [1, 3, 3, usize::MAX] {
        let running = serve(&store, &[]);
        let resume = read.last().map_or_else(String::new, |last| format!("Last-Event-ID: {last}\r\n"));
        let address = running.address.parse().unwrap();
        let mut stream = Stream::open(address, "/v1/organisations/acme/feed", &token, &resume);
        for _ in 0..kill_after {
            let event = stream.event().unwrap();
            read.push(event["position"].as_u64().unwrap());
            if event["subject"] == "scope/s11" {
                break;
            }
        }
        // Killed, as `Running` is dropped: what was sent and not read yet is lost.
        drop(running);
    }
    writing.join().unwrap();
    assert_eq!(read, (1..=read.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_feed_ends_within_seconds_when_another_process_revokes_its_key() {
    let directory = tempfile::tempdir().unwrap();
    let (store, token) = founded(&directory);
    let running = serve(&store, &[]);
    let address = running.address.parse().unwrap();
    let mut stream = Stream::open(address, "/v1/organisations/acme/feed", &token, "");
    assert_eq!(stream.event().unwrap()["type"], "chancery.OrganisationFounded");
    line(&store, &["-o", "acme", "--as", "olivia", "key", "revoke", &token]);
    let rest: Vec<serde_json::Value> = std::iter::from_fn(|| stream.event()).collect();
    let last = rest.last().unwrap();
    assert_eq!((&last["status"], &last["rule"]), (&json!(401), &json!("unauthenticated")), "{last}");
    assert!(rest.iter().all(|event| event["type"] != "chancery.KeyRevoked"), "nothing is sent after the key ended");
}

#[test]
fn an_operators_key_that_is_made_while_the_service_runs_counts_after_a_hangup() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = founded(&directory);
    let keys = directory.path().join("operator.keys");
    let make = || {
        let text = line(&store, &["key", "operator", "--operator-keys", keys.to_str().unwrap()]);
        text.trim().rsplit(' ').next().unwrap().to_owned()
    };
    let first = make();
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&keys).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "nobody else reads the digests");
    let running = serve(&store, &["--operator-keys", keys.to_str().unwrap()]);
    let asks = |key: &str| request(&running, "GET", "/v1/organisations").key(key).send();
    assert_eq!(asks(&first).ok()["items"][0]["id"], "acme");
    let second = make();
    assert_ne!(first, second);
    asks(&second).problem(401, "unauthenticated");
    let hang_up = || {
        let told = Command::new("kill").args(["-HUP", &running.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    };
    let eventually = |what: &str, so: &dyn Fn() -> bool| {
        assert!(
            (0..400).any(|_| so() || (std::thread::sleep(std::time::Duration::from_millis(50)), false).1),
            "{what}"
        );
    };
    hang_up();
    eventually("both keys count", &|| asks(&second).status == 200 && asks(&first).status == 200);

    // A digest that is taken out ends its key; a file that makes no sense changes nothing.
    let digests = std::fs::read_to_string(&keys).unwrap();
    let last = digests.lines().rfind(|line| line.starts_with("sha256:")).unwrap();
    std::fs::write(&keys, format!("{last}\n")).unwrap();
    hang_up();
    eventually("the first key has ended", &|| asks(&first).status == 401);
    std::fs::write(&keys, "sha256:nonsense\n").unwrap();
    hang_up();
    assert_eq!(asks(&second).status, 200);
}

#[test]
fn the_first_start_makes_the_operators_key_and_shows_it_once() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = founded(&directory);
    let keys = directory.path().join("operator.keys");
    let start = || {
        let mut running = serve(&store, &["--operator-keys", keys.to_str().unwrap()]);
        let mut shown = BufReader::new(running.child.stdout.take().unwrap());
        (
            running,
            std::iter::from_fn(move || {
                let mut line = String::new();
                shown.read_line(&mut line).unwrap();
                (!line.is_empty()).then_some(line)
            }),
        )
    };
    let (first, mut shown) = start();
    let told = shown.next().unwrap();
    let key = told.trim().strip_prefix("the operator's key, shown this once: ").unwrap().to_owned();
    let asks = |running: &Running| request(running, "GET", "/v1/organisations").key(&key).send();
    assert_eq!(asks(&first).ok()["items"][0]["id"], "acme");
    drop(first);
    assert_eq!(shown.next(), None, "and nothing else is shown");
    let kept = std::fs::read_to_string(&keys).unwrap();
    assert!(kept.contains("sha256:") && !kept.contains(&key), "the digest is kept, and not the key");
    let (second, mut shown) = start();
    assert_eq!(asks(&second).status, 200, "it goes on to count");
    drop(second);
    assert_eq!(shown.next(), None, "and is never shown again");
    assert_eq!(std::fs::read_to_string(&keys).unwrap(), kept);
}

#[test]
fn settings_are_printed_and_mistakes_in_them_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("chancery.toml");
    std::fs::write(&file, "store = \"postgres://me:hunter2@db/access\"\nrate = 7\n").unwrap();
    let serve = |flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        command.env_remove("CHANCERY_STORE").args(["serve", "--config", file.to_str().unwrap(), "--print-config"]);
        command.args(flags).output().unwrap()
    };
    let printed = String::from_utf8(serve(&["--burst", "3"]).stdout).unwrap();
    for setting in ["store = \"postgres://me:***@db/access\"", "rate = 7", "burst = 3", "body_limit = \"1MiB\""] {
        assert!(printed.contains(setting), "{setting}: {printed}");
    }
    let printed = String::from_utf8(serve(&["--rate", "9", "--store", "sqlite:other.db"]).stdout).unwrap();
    assert!(printed.contains("rate = 9") && printed.contains("store = \"sqlite:other.db\""), "{printed}");
    std::fs::write(&file, "rat = 7\n").unwrap();
    let refused = serve(&[]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("did you mean `rate`?"), "{refused:?}");
}
