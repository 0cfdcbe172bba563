//! Exports of every type of event, read by other people's tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use chancery::aggregates::event::{EVENT_VERSION, Event};
use chancery::projections::audit::EVENT_TYPES;
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Append, NewEvent, Store as _};

use super::{Office, said};
use crate::store_contract::postgres::cluster::Database;

/// A reason with all that a format could stumble over.
const PLANTED: &str = "=HYPERLINK(\"http://evil.example\",\"x\") [a]=\\b\nsecond line, ÄÖ\u{1F512}";

/// The event of a golden file.
fn parse(name: &str, payload: &str) -> Event {
    let kinds = ["organisation", "role", "member", "scope", "review"];
    kinds.into_iter().find_map(|kind| Event::parse(kind, name, EVENT_VERSION, payload).ok()).unwrap()
}

/// One of each event, as the golden files have them: with all that it can carry, and with as little.
fn samples() -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("aggregates/tests/golden/v1");
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let named = files.iter().map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap();
        (name.to_owned(), std::fs::read_to_string(path).unwrap().trim_end().to_owned())
    });
    named.collect()
}

/// An organisation in whose log every type of event is, with reasons, agents and correlations of every kind.
fn office_with_every_event() -> (Office, u64) {
    let office = Office::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = SqliteStore::open(office.path("chancery.db")).unwrap();
    let head = runtime.block_on(store.head("acme")).unwrap().unwrap();
    let reason = serde_json::to_string(PLANTED).unwrap();
    let metadata = [
        r#"{"actor":"sam"}"#.to_owned(),
        format!(
            r#"{{"actor":"@operator","key":"k1","on_behalf_of":"sam","command":"Do","reason":{reason},"correlation":"c","causation":"d","source":"127.0.0.1","agent":"curl/8"}}"#
        ),
    ];
    // The organisation is founded already; to found it again would begin another one.
    let samples = samples().into_iter().filter(|(name, _)| name != "OrganisationFounded");
    let events: Vec<NewEvent> = samples
        .enumerate()
        .map(|(number, (name, payload))| NewEvent {
            aggregate_type: parse(&name, &payload).aggregate_type().to_owned(),
            aggregate_id: format!("acme/golden-{number}"),
            sequence: 1,
            event_type: name,
            event_version: EVENT_VERSION.to_owned(),
            payload,
            metadata: metadata[number % 2].clone(),
            time: head.time + 1_234_567 * i64::try_from(number).unwrap(),
        })
        .collect();
    let until = head.position + events.len() as u64;
    let request = Append { organisation: "acme".to_owned(), expected_head: head.position, idempotency: None, events };
    runtime.block_on(store.append(request)).unwrap();
    (office, until)
}

/// A Python with the packages of `formats/requirements.txt`: an environment that cannot be made fails the test.
pub(crate) fn python() -> PathBuf {
    let script = ". tools/setup.sh && need_format_readers && echo \"$FORMAT_READERS\"";
    let made =
        Command::new("bash").args(["-euo", "pipefail", "-c", script]).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let made = made.unwrap();
    assert!(made.status.success(), "the environment cannot be made: {}", said(&made));
    PathBuf::from(String::from_utf8(made.stdout).unwrap().trim())
}

#[test]
fn every_type_of_event_is_known_to_the_filter() {
    let mut names: Vec<String> = samples().into_iter().map(|(name, _)| name).collect();
    names.dedup();
    assert_eq!(names, EVENT_TYPES);
}

#[test]
fn every_event_in_every_format_is_read_by_other_peoples_tools() {
    let python = python();
    let (office, until) = office_with_every_event();
    for format in ["csv", "xlsx", "ocsf", "cloudevents", "syslog"] {
        // Only up to here: each export is an event, and comes after it.
        let told =
            office.done(&format!("audit export --format {format} --out log.{format} --to {until} --as @operator"));
        assert!(
            told.contains(&format!("{until} entries of acme, chosen from #1 to #{until}, are in log.{format}")),
            "{told}"
        );
    }
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audit/formats/check.py");
    let mut command = Command::new(python);
    command.arg(check).arg(office.path(".")).arg(EVENT_TYPES.join(",")).arg(PLANTED);
    let checked = command.output().unwrap();
    assert!(checked.status.success(), "{}", said(&checked));
    assert!(
        said(&checked).contains(&format!("checked {until} entries of {} types", EVENT_TYPES.len())),
        "{}",
        said(&checked)
    );
}

#[test]
fn both_stores_export_the_same_bytes() {
    let (office, until) = office_with_every_event();
    let database = Database::new();
    office.done(&format!("copy --from sqlite:chancery.db --to {}", database.url()));
    for format in ["csv", "ocsf", "cloudevents", "syslog"] {
        let export = |store: &str, name: &str| {
            office.done(&format!(
                "--store {store} audit export --format {format} --out {name} --to {until} --as @operator"
            ));
            let text = std::fs::read_to_string(office.path(name)).unwrap();
            // When it was made is another time.
            text.lines().filter(|line| !line.starts_with("# made,")).map(str::to_owned).collect::<Vec<_>>()
        };
        let here = export("sqlite:chancery.db", &format!("here.{format}"));
        assert_eq!(here, export(&database.url(), &format!("there.{format}")), "{format}");
        assert!(here.len() > EVENT_TYPES.len(), "{format}");
    }
}
