//! `projections status`: who keeps the tables, and how far they are.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::output::{Output, Page, Table, Tone, stamp};
use crate::cli::{CliError, Done};
use crate::projector::{self, Activity, Status};
use crate::store::Store;
use crate::store::projection::Failure;

pub(super) async fn show(store: &Arc<dyn Store>, output: &Output) -> Result<Done, CliError> {
    let status = projector::status(store).await?;
    output.show(&status_json(&status), |page| tell_status(&status, page))?;
    Ok(if status.activity == Activity::Failed { Done::Amiss } else { Done::Shown })
}

fn activity(status: &Status) -> &'static str {
    match status.activity {
        Activity::Running => "running",
        Activity::Failed => "failed",
        Activity::Idle => "not running",
        Activity::Absent => "absent",
    }
}

/// How far the tables are, in a line.
pub(in crate::cli) fn in_a_line(status: &Status) -> String {
    let state = activity(status);
    match status.activity {
        Activity::Absent => "no tables; `chancery projections run` makes and keeps them".to_owned(),
        Activity::Failed => format!("{state}; see `chancery projections status`"),
        _ if status.lag.events == 0 => format!("{state}, up to date"),
        _ => format!("{state}, {} events behind ({})", status.lag.events, seconds(status)),
    }
}

fn seconds(status: &Status) -> String {
    format!("{:.1} s", Duration::from_micros(status.lag.micros.unsigned_abs()).as_secs_f64())
}

fn failure_json(failure: &Failure) -> Value {
    json!({
        "global_position": failure.global_position,
        "organisation": failure.organisation,
        "position": failure.position,
        "event_type": failure.event_type,
        "reason": failure.reason,
    })
}

pub(in crate::cli) fn status_json(status: &Status) -> Value {
    let time = |micros| chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let live = status.control.live();
    json!({
        "state": activity(status),
        "rebuilding": status.building,
        "generation": live.map(|live| live.number),
        "current_format": status.current,
        "head": status.control.head,
        "checkpoint": live.map(|live| live.checkpoint),
        "lag": { "events": status.lag.events, "seconds": Duration::from_micros(status.lag.micros.unsigned_abs()).as_secs_f64() },
        "failure": status.control.failure.as_ref().map(|recorded| json!({
            "event": failure_json(&recorded.failure),
            "program": recorded.program,
            "time": time(recorded.time),
        })),
        "left_out": status.control.omissions.iter().map(|omission| json!({
            "generation": omission.generation,
            "counts": live.is_some_and(|live| live.number == omission.generation),
            "event": failure_json(&omission.failure),
            "reason": omission.reason,
            "time": time(omission.time),
        })).collect::<Vec<_>>(),
    })
}

fn tell_status(status: &Status, page: &mut Page) {
    let live = status.control.live();
    let behind = live.is_some() && status.lag.events > 0;
    page.fields(&[
        ("projector", Some(activity(status).to_owned())),
        ("rebuild", status.building.then(|| "under way".to_owned())),
        ("tables", live.map(|live| format!("generation {}", live.number))),
        ("log", Some(format!("at event {}", status.control.head))),
        ("checkpoint", live.map(|live| format!("event {}", live.checkpoint))),
        ("behind", behind.then(|| format!("{} events, {}", status.lag.events, seconds(status)))),
    ]);
    if !status.current {
        page.gap();
        page.toned(Tone::Bad, "The tables were made by another version of the program.");
        page.line("Make them anew with `chancery projections rebuild`.");
    }
    let stamped = |micros| stamp(chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default());
    if let Some(recorded) = &status.control.failure {
        page.gap();
        page.toned(Tone::Bad, recorded.failure.to_string());
        page.fields(&[
            ("event of the store", Some(recorded.failure.global_position.to_string())),
            ("stopped", Some(stamped(recorded.time))),
            ("program", Some(recorded.program.clone())),
        ]);
    }
    if !status.control.omissions.is_empty() {
        page.gap();
        let mut table =
            Table::new(["left out", "from position", "generation", "when", "reason", "because"]).right([1, 2]);
        for omission in &status.control.omissions {
            table.row([
                omission.failure.organisation.clone(),
                omission.failure.position.to_string(),
                omission.generation.to_string(),
                stamped(omission.time),
                omission.reason.clone(),
                omission.failure.reason.clone(),
            ]);
        }
        page.table(table, "");
    }
}
