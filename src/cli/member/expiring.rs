//! `member list --expiring`: documents and roles whose time is soon over.

use chancery_aggregates::authority::Reader;
use chancery_aggregates::state::{DocumentStatus, MemberEntry, MemberIx, Status};
use chancery_aggregates::vocabulary::Time;
use chrono::{TimeDelta, Timelike};
use serde_json::{Value, json};

use crate::cli::output::{Output, Table, Tone, stamp};
use crate::cli::{CliError, Done};
use crate::views::member::Seen;

/// Something that a member has until an instant.
struct Ending<'a> {
    member: &'a MemberEntry,
    what: String,
    kind: &'static str,
    until: Time,
}

/// Shows what ends within so many days; without a number, as many as the profile reminds ahead.
pub(super) fn show(
    reader: &Reader<'_>,
    members: &[(MemberIx, &MemberEntry)],
    days: Option<u32>,
    output: &Output,
) -> Result<Done, CliError> {
    let days = days.unwrap_or(reader.facts().profile()?.policy().reminder_days);
    let now = reader.facts().now;
    let last = now.checked_add_signed(TimeDelta::days(i64::from(days))).unwrap_or(Time::MAX_UTC);
    let mut endings: Vec<Ending<'_>> = members
        .iter()
        .filter(|(_, member)| member.status != Status::Removed)
        .flat_map(|(ix, member)| endings(reader, *ix, member))
        .filter(|ending| now < ending.until && ending.until <= last)
        .collect();
    endings.sort_by_key(|ending| ending.until);
    let rows: Vec<Value> = endings
        .iter()
        .map(|ending| json!({ "member": ending.member.id, ending.kind: ending.what, "until": ending.until }))
        .collect();
    output.show(&rows, |page| {
        let mut table = Table::new(["member", "what", "until", "name"]);
        for ending in &endings {
            let name = reader.facts().state.name_of(ending.member).unwrap_or_default();
            table.toned_row([
                (Tone::Strong, ending.member.id.to_string()),
                (Tone::Plain, ending.what.clone()),
                (Tone::Warning, last_day(ending.until)),
                (Tone::Plain, name),
            ]);
        }
        page.table(table, &format!("nothing expires within {days} days"));
    })?;
    Ok(Done::Shown)
}

fn endings<'a>(reader: &Reader<'a>, ix: MemberIx, member: &'a MemberEntry) -> Vec<Ending<'a>> {
    let state = &reader.facts().state;
    let documents = member.documents.iter().filter_map(|document| match document.status {
        DocumentStatus::Approved(Some(until)) => {
            Some(Ending { member, what: document.kind.to_string(), kind: "document", until })
        }
        _ => None,
    });
    let seen = Seen::of(reader, ix, member);
    let roles = seen.assignments.iter().filter_map(|held| {
        let until = held.window.until?;
        let role = state.cite_role(held.role).name;
        let within = held.scope.map(|scope| format!(" in {}", state.cite_scope(scope).name)).unwrap_or_default();
        Some(Ending { member, what: format!("{role}{within}"), kind: "role", until })
    });
    documents.chain(roles).collect()
}

/// The last day that counts, as whoever wrote `--until` a day means it; else the instant.
fn last_day(until: Time) -> String {
    if until.num_seconds_from_midnight() == 0 && until.nanosecond() == 0 {
        (until - TimeDelta::days(1)).format("%Y-%m-%d").to_string()
    } else {
        stamp(until)
    }
}
