//! The wire contracts of version 1, byte by byte.
//!
//! `golden/v1` has one file per event with every optional field present, and a second one, `….minimal.json`, where the
//! event has optional fields and they are absent. A log somewhere has such bytes, so a file that is there is never
//! changed: what has to change becomes version 2, with an upcaster and files of its own. Files that are missing, for a
//! new event, are written by
//!
//! ```text
//! CHANCERY_BLESS=1 cargo test -p chancery-aggregates --test golden
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "golden/profile.rs"]
mod profile;
#[path = "golden/samples.rs"]
mod samples;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use chancery_aggregates::AccessState;
use chancery_aggregates::event::{
    EVENT_VERSION, Event, EventError, MemberEvent, OrganisationEvent, ReviewEvent, RoleEvent, ScopeEvent, Stamp,
};
use chancery_aggregates::state::snapshot::SNAPSHOT_VERSION;
use chancery_aggregates::vocabulary::Time;
use samples::{Sample, samples};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Where the files are; those that are missing are written first, if that is wanted.
static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1");
    if std::env::var_os("CHANCERY_BLESS").is_some() {
        for sample in samples() {
            let path = directory.join(sample.file());
            if !path.exists() {
                std::fs::write(path, sample.event.payload().unwrap() + "\n").unwrap();
            }
        }
    }
    directory
});

/// The bytes of an event's file, without the line's end.
fn golden(sample: &Sample) -> String {
    let path = DIRECTORY.join(sample.file());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.strip_suffix('\n').expect("a line ends").to_owned()
}

fn parse(event: &Event, payload: &str) -> Result<Event, EventError> {
    Event::parse(event.aggregate_type(), event.name(), EVENT_VERSION, payload)
}

/// The variants of an enum, as serde lists them to whoever names another.
fn variants<T: DeserializeOwned>() -> Vec<String> {
    let error = serde_json::from_str::<T>(r#"{"?":null}"#).err().expect("no variant is named `?`").to_string();
    error.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

fn all_variants() -> BTreeSet<String> {
    let lists = [
        variants::<OrganisationEvent>(),
        variants::<RoleEvent>(),
        variants::<MemberEvent>(),
        variants::<ScopeEvent>(),
        variants::<ReviewEvent>(),
    ];
    assert_eq!(lists.each_ref().map(Vec::len), [7, 10, 23, 7, 6], "a new event: give it a sample");
    lists.into_iter().flatten().collect()
}

#[test]
fn every_event_is_written_as_its_file_has_it() {
    for sample in samples() {
        assert_eq!(sample.event.payload().unwrap(), golden(&sample), "{}", sample.file());
    }
}

#[test]
fn every_file_is_read_as_its_event() {
    for sample in samples() {
        assert_eq!(parse(&sample.event, &golden(&sample)).unwrap(), sample.event, "{}", sample.file());
    }
}

#[test]
fn every_event_has_a_file_and_every_file_an_event() {
    let files: BTreeSet<String> = std::fs::read_dir(&*DIRECTORY)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().expect("a name in UTF-8"))
        .collect();
    let of_samples: BTreeSet<String> = samples().iter().map(Sample::file).collect();
    assert_eq!(files, of_samples, "files on the left, samples on the right");
    let full: BTreeSet<String> =
        samples().iter().filter(|sample| !sample.minimal).map(|sample| sample.event.name().to_owned()).collect();
    assert_eq!(full, all_variants());
}

#[test]
fn the_name_on_the_wire_is_the_name_of_the_event() {
    for sample in samples() {
        let payload: Value = serde_json::from_str(&golden(&sample)).unwrap();
        let names: Vec<&String> = payload.as_object().unwrap().keys().collect();
        assert_eq!(names, [sample.event.name()]);
    }
}

/// What a later program adds, an older one passes over: in the event itself and in the references that it has.
#[test]
fn fields_to_come_are_passed_over() {
    for sample in samples() {
        let mut payload: Value = serde_json::from_str(&golden(&sample)).unwrap();
        let body = payload.get_mut(sample.event.name()).unwrap();
        body["field_to_come"] = Value::from(1);
        for field in body.as_object_mut().unwrap().values_mut() {
            add_to_references(field);
        }
        let read = parse(&sample.event, &payload.to_string()).unwrap();
        assert_eq!(read, sample.event, "{}", sample.file());
    }
}

fn add_to_references(value: &mut Value) {
    match value {
        Value::Object(fields) if fields.contains_key("id") && fields.contains_key("name") => {
            fields.insert("field_to_come".into(), Value::from(1));
        }
        Value::Array(values) => values.iter_mut().for_each(add_to_references),
        _ => {}
    }
}

/// Unlike other fields: a switch of the policy that a program does not know would make it decide wrongly.
#[test]
fn an_unknown_switch_of_the_policy_is_not_passed_over() {
    let sample = samples().into_iter().find(|sample| sample.event.name() == "PolicyRevised").unwrap();
    let payload = golden(&sample).replacen(r#""levels""#, r#""switch_to_come":true,"levels""#, 1);
    let error = parse(&sample.event, &payload).unwrap_err();
    assert!(matches!(&error, EventError::Payload { event_type, .. } if event_type == "PolicyRevised"), "{error}");
    assert!(error.to_string().contains("unknown field `switch_to_come`"), "{error}");
}

#[test]
fn an_event_of_an_unknown_aggregate_is_an_error() {
    let error = Event::parse("invoice", "InvoicePaid", "1", "{}").unwrap_err();
    assert!(matches!(error, EventError::Unknown(..)));
    assert_eq!(
        error.to_string(),
        "event type `InvoicePaid` of aggregate type `invoice` in version `1` is unknown to this program"
    );
}

#[test]
fn an_event_of_an_unknown_version_is_an_error() {
    for sample in samples() {
        for version in ["2", "0", "", "1.0", "01"] {
            let error = Event::parse(sample.event.aggregate_type(), sample.event.name(), version, &golden(&sample));
            assert!(matches!(error, Err(EventError::Unknown(..))), "{} {version:?}", sample.file());
        }
    }
}

#[test]
fn an_event_of_an_unknown_type_is_an_error() {
    let error = Event::parse("role", "RolePainted", "1", r#"{"RolePainted":{}}"#).unwrap_err();
    assert!(matches!(&error, EventError::Payload { event_type, .. } if event_type == "RolePainted"), "{error}");
}

#[test]
fn an_event_under_the_name_of_another_is_an_error() {
    let payload = r#"{"RoleUnlocked":{"role":{"id":"editor","name":"Editor"}}}"#;
    let error = Event::parse("role", "RoleLocked", "1", payload).unwrap_err();
    assert!(matches!(&error, EventError::Misnamed { event_type, .. } if event_type == "RoleLocked"), "{error}");
    assert_eq!(error.to_string(), "payload of `RoleLocked` is a `RoleUnlocked`");
}

#[test]
fn a_payload_that_is_none_is_an_error() {
    for sample in samples().iter().filter(|sample| !sample.minimal) {
        let whole = golden(sample);
        let (name, cut) = (sample.event.name(), &whole[..whole.len() - 1]);
        let nothing = format!(r#"{{"{name}":null}}"#);
        let twice = format!("{whole}{whole}");
        for garbage in ["", "{}", "[]", "null", "\u{0}", "RoleLocked", cut, &nothing, &twice] {
            let error = parse(&sample.event, garbage).expect_err(garbage);
            assert!(matches!(&error, EventError::Payload { event_type, .. } if event_type == name), "{error}");
        }
    }
}

/// A program reads snapshots of its own layout only, so that an older one never stands for what the
/// fold makes of the log today. When this fails, either an event was added to the samples, or the
/// snapshot or the fold changed: then raise `SNAPSHOT_VERSION`. Then write the new number here.
#[test]
fn snapshots_of_this_layout_have_these_bytes() {
    let mut state = AccessState::default();
    for (sample, position) in samples().iter().zip(1..) {
        let time = Time::from_timestamp_micros(1_000_000 * position).unwrap();
        state.apply(&sample.event, Stamp { position: position.cast_unsigned(), time });
    }
    let bytes = state.to_snapshot().unwrap();
    let sum = u32::from_le_bytes(*bytes.last_chunk().unwrap());
    assert_eq!((SNAPSHOT_VERSION, bytes.len(), sum), (4, 2064, 2185695401));
}
