//! An event as a line of an export: the leaf of the tree, byte for byte.
//!
//! ```text
//! {"organisation":"fairmont","position":7,"time":"2026-03-03T14:30:00.000000Z","aggregate":"member",
//!  "stream":"fairmont/tom","sequence":2,"type":"RoleAssigned","version":"1","metadata":{…},"payload":{…}}
//! ```
//!
//! One line, ended by a newline that is not part of the leaf. Metadata and payload are the bytes that were
//! stored, so an auditor hashes lines and needs no rules for writing JSON. The global position is left out:
//! it says where a store keeps the event, and a copy may change it.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use serde::de::IgnoredAny;

use super::tree::Hash;
use crate::store::{EventRow, NewEvent};

/// Writes lines into a buffer that is used again.
#[derive(Debug, Default)]
pub struct Line(Vec<u8>);

impl Line {
    /// The line of a stored event, without its newline.
    pub fn of(&mut self, row: &EventRow<'_>) -> &[u8] {
        let out = &mut self.0;
        out.clear();
        text(out, "{\"organisation\":", row.organisation);
        number(out, ",\"position\":", row.position);
        out.extend_from_slice(b",\"time\":");
        time(out, row.time);
        text(out, ",\"aggregate\":", row.aggregate_type);
        text(out, ",\"stream\":", row.aggregate_id);
        number(out, ",\"sequence\":", row.sequence);
        text(out, ",\"type\":", row.event_type);
        text(out, ",\"version\":", row.event_version);
        json(out, "metadata", row.metadata);
        json(out, "payload", row.payload);
        out.push(b'}');
        out
    }

    /// The hash of a stored event's line.
    pub fn hash(&mut self, row: &EventRow<'_>) -> Hash {
        Hash::of_leaf(self.of(row))
    }

    /// The hash of the line that an event will have at this position.
    pub fn hash_at(&mut self, organisation: &str, position: u64, event: &NewEvent) -> Hash {
        self.hash(&EventRow {
            global_position: 0,
            organisation,
            position,
            aggregate_type: &event.aggregate_type,
            aggregate_id: &event.aggregate_id,
            sequence: event.sequence,
            event_type: &event.event_type,
            event_version: &event.event_version,
            payload: &event.payload,
            metadata: &event.metadata,
            time: event.time,
        })
    }
}

fn text(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    // INVARIANT: writing a string to memory cannot fail.
    let _ = serde_json::to_writer(out, value);
}

fn number(out: &mut Vec<u8>, name: &str, value: u64) {
    out.extend_from_slice(name.as_bytes());
    let _ = serde_json::to_writer(out, &value);
}

/// Stored bytes as they are, when they are JSON on one line; else as a string under another name.
fn json(out: &mut Vec<u8>, name: &str, stored: &str) {
    let is_line = !stored.bytes().any(|byte| byte == b'\n' || byte == b'\r');
    if is_line && serde_json::from_str::<IgnoredAny>(stored).is_ok() {
        out.extend_from_slice(format!(",\"{name}\":").as_bytes());
        out.extend_from_slice(stored.as_bytes());
    } else {
        text(out, &format!(",\"{name}_text\":"), stored);
    }
}

/// `"2026-03-03T14:30:00.000000Z"`; microseconds since 1970 as a number where the year has not four digits.
fn time(out: &mut Vec<u8>, microseconds: i64) {
    let civil = DateTime::<Utc>::from_timestamp_micros(microseconds).filter(|time| (0..=9999).contains(&time.year()));
    let Some(civil) = civil else {
        let _ = serde_json::to_writer(out, &microseconds);
        return;
    };
    out.push(b'"');
    digits::<4>(out, civil.year().unsigned_abs());
    for (mark, value) in [
        (b'-', civil.month()),
        (b'-', civil.day()),
        (b'T', civil.hour()),
        (b':', civil.minute()),
        (b':', civil.second()),
    ] {
        out.push(mark);
        digits::<2>(out, value);
    }
    out.push(b'.');
    digits::<6>(out, civil.nanosecond() / 1000 % 1_000_000);
    out.extend_from_slice(b"Z\"");
}

fn digits<const WIDTH: usize>(out: &mut Vec<u8>, mut value: u32) {
    let mut digits = [b'0'; WIDTH];
    for digit in digits.iter_mut().rev() {
        // INVARIANT: a remainder of ten fits a byte.
        *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
    out.extend_from_slice(&digits);
}
