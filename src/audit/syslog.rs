//! Entries as messages of syslog (RFC 5424), one a line.
//!
//! The facility is 13 (log audit), the severity 6 (informational), and 4 (warning) for a refusal. The structured data of
//! an entry is an element `entry@32473`: 32473 is the enterprise number that RFC 5612 keeps for documentation, since
//! Chancery has none. Members are named by id alone. Control characters, which would break a line, are written as the
//! pictures that Unicode has for them.

use std::fmt::Write as _;

use chancery_aggregates::vocabulary::OrganisationId;
use chancery_projections::audit::{Entry, Outcome};
use chrono::SecondsFormat;

/// Facility 13 in the priority's upper bits.
const FACILITY: u8 = 13 << 3;

/// The largest number of `sequenceId`, after which it begins at 1 again.
const LAST_SEQUENCE: u64 = 2_147_483_647;

/// An entry as a message, without the line's end.
pub(super) fn message(organisation: &OrganisationId, entry: &Entry) -> String {
    let severity = if entry.outcome == Outcome::Refused { 4 } else { 6 };
    let time = entry.time.to_rfc3339_opts(SecondsFormat::Micros, true);
    let sequence = entry.position.saturating_sub(1) % LAST_SEQUENCE + 1;
    let mut out = format!(
        "<{}>1 {time} - chancery - {} [meta sequenceId=\"{sequence}\"][origin software=\"chancery\" swVersion=\"{}\"]",
        FACILITY | severity,
        entry.kind,
        env!("CARGO_PKG_VERSION"),
    );
    element(&mut out, organisation, entry);
    // A message in UTF-8 begins with the mark that says so.
    out.push_str(" \u{feff}");
    out.extend(entry.impersonal.chars().map(visible));
    out
}

fn element(out: &mut String, organisation: &OrganisationId, entry: &Entry) {
    out.push_str("[entry@32473");
    let mut put = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            // INVARIANT: writing to a string cannot fail.
            let _ = write!(out, " {name}=\"");
            value.chars().for_each(|character| {
                if matches!(character, '"' | '\\' | ']') {
                    out.push('\\');
                }
                out.push(visible(character));
            });
            out.push('"');
        }
    };
    let [before, after] = entry.impersonal_change().map(|side| side.map(|side| side.to_string()));
    let refusal = entry.refusal.as_ref();
    put("organisation", Some(organisation.as_str()));
    put("position", Some(&entry.position.to_string()));
    put("outcome", Some(entry.outcome.as_str()));
    put("actor", Some(&entry.actor.id));
    put("onBehalfOf", entry.on_behalf_of.as_ref().map(|other| other.id.as_str()));
    put("key", entry.key.as_deref());
    put("command", entry.command.as_deref());
    for (name, named) in
        [("subject", &entry.subject), ("role", &entry.role), ("permission", &entry.permission), ("scope", &entry.scope)]
    {
        put(name, named.as_ref().map(|named| named.id.as_str()));
    }
    put("before", before.as_deref());
    put("after", after.as_deref());
    put("rule", refusal.map(|refusal| refusal.rule.as_str()));
    put("target", refusal.map(|refusal| refusal.target.as_str()));
    put("occurrence", refusal.map(|refusal| refusal.occurrence.to_string()).as_deref());
    put("reason", entry.reason.as_deref());
    put("source", entry.impersonal_origin.source.as_deref());
    put("agent", entry.impersonal_origin.agent.as_deref());
    put("correlation", entry.correlation.as_deref());
    put("causation", entry.causation.as_deref());
    out.push(']');
}

/// A control character as its picture: a message stays one line, and a terminal obeys nothing.
fn visible(character: char) -> char {
    match u32::from(character) {
        code @ 0..=0x1f => char::from_u32(0x2400 + code).unwrap_or(' '),
        0x7f => '\u{2421}',
        0x80..=0x9f | 0x2028 | 0x2029 => '\u{fffd}',
        _ => character,
    }
}
