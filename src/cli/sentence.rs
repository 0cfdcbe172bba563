//! What a change did, told in one line for each event.

use chancery_aggregates::AccessState;
use chancery_aggregates::event::Recorded;
use chancery_projections::activity::Narrator;
use serde_json::{Value, json};

use super::CliError;
use super::output::{Output, Tone};
use super::session::Aside;
use crate::engine::Outcome;

/// Tells what a request did to an organisation.
pub(super) fn tell(outcome: &Outcome, before: &AccessState, aside: &Aside, output: &Output) -> Result<(), CliError> {
    let mut value = outcome_json(outcome);
    if let Some(fields) = value.as_object_mut() {
        fields.extend(aside.fields.clone());
    }
    output.show(&value, |page| {
        if outcome.repeated {
            page.line(format!("done already by an earlier request with this key (position {})", outcome.position));
        } else if outcome.events.is_empty() {
            page.line(format!("nothing to change: it is so already (position {})", outcome.position));
        }
        let mut narrator = Narrator::new(before.clone());
        for event in &outcome.events {
            let entry = narrator.tell(event);
            let position = format!("#{}", entry.position);
            page.spans(&[(Tone::Quiet, &position), (Tone::Plain, "  "), (Tone::Plain, &entry.sentence)]);
        }
        aside.notes.iter().for_each(|note| page.toned(Tone::Warning, note));
    })
}

/// What a request did, for programs.
pub(super) fn outcome_json(outcome: &Outcome) -> Value {
    let events: Vec<Value> = outcome.events.iter().map(event_json).collect();
    json!({ "position": outcome.position, "events": events, "repeated": outcome.repeated })
}

fn event_json(recorded: &Recorded) -> Value {
    // INVARIANT: events are plain data, which always has a JSON form.
    let payload = recorded.event.payload().ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
    json!({
        "position": recorded.stamp.position,
        "time": recorded.stamp.time,
        "type": recorded.event.name(),
        "event": payload,
    })
}
