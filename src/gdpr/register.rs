//! The record of what is kept, why and for how long (Article 30), and what is due to be erased.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use chancery_aggregates::AccessState;
use chancery_aggregates::state::Status;
use chancery_aggregates::vocabulary::{OrganisationId, Time};
use chrono::TimeDelta;
use serde::Serialize;

use crate::engine::{Engine, EngineError};
use crate::store::keys::PersonalKey;
use crate::views::log::read;

/// How long personal data is kept after it has served, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Periods {
    /// After a member has left.
    pub left: u32,
    /// After a member was suspended.
    pub suspended: u32,
}

impl Default for Periods {
    fn default() -> Self {
        Self { left: 365, suspended: 730 }
    }
}

/// A kind of personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = KindOfPersonalData)]
pub struct Kind {
    /// What it is.
    pub data: &'static str,
    /// About whom.
    pub about: &'static str,
    /// What it is kept for.
    pub purpose: &'static str,
    /// Where it is kept, and in which form.
    pub form: &'static str,
    /// How long it is kept.
    pub period: String,
    /// Who can see it.
    pub seen_by: &'static str,
}

/// What is kept about people in a record of access.
pub fn register(periods: Periods) -> Vec<Kind> {
    let log = || "as long as the organisation's log".to_owned();
    vec![
        Kind {
            data: "names, e-mail addresses, phone numbers",
            about: "members",
            purpose: "to tell members apart and to reach them",
            form: "sealed under a key of each member's own, in events and in snapshots; in clear in memory only while shown",
            period: format!(
                "until erased; due {} days after leaving, {} days after a suspension",
                periods.left, periods.suspended
            ),
            seen_by: "whoever sees the member, by the profile's permissions",
        },
        Kind {
            data: "member ids, account types, roles, scopes, toggles, suspensions",
            about: "members",
            purpose: "to decide on access, and to account for it",
            form: "events and tables, by id; ids are to be chosen so that they name nobody",
            period: log(),
            seen_by: "whoever sees the member; auditors",
        },
        Kind {
            data: "who did what, when, on whose behalf and why",
            about: "whoever acts",
            purpose: "accountability for changes of access",
            form: "metadata of events, in clear; reasons are free text and are to name members by id",
            period: log(),
            seen_by: "whoever may read the activity or the audit log",
        },
        Kind {
            data: "addresses and programs that requests came from",
            about: "whoever acts over HTTP or in the console",
            purpose: "to investigate misuse",
            form: "metadata of events, sealed under the key of the member who acts; the operator's in clear",
            period: format!("until the member is erased; due as their name is, {} days after leaving", periods.left),
            seen_by: "whoever may read the audit log; the member, in an export",
        },
        Kind {
            data: "states of documents that members hand in, and references to them",
            about: "members",
            purpose: "guards that access depends on",
            form: "events; the documents themselves are kept elsewhere",
            period: log(),
            seen_by: "whoever reviews documents; auditors",
        },
        Kind {
            data: "labels and digests of API keys; when each was last used, to the minute",
            about: "members who act by program",
            purpose: "authentication",
            form: "events; the last use beside the log; the secret is kept nowhere",
            period: log(),
            seen_by: "the member; whoever manages keys",
        },
        Kind {
            data: "looks at all that is held about a member, erasures, legal holds",
            about: "members, and whoever looked",
            purpose: "accountability under data-protection law",
            form: "events, by id",
            period: log(),
            seen_by: "auditors; the member, in an export",
        },
    ]
}

/// What an organisation keeps about people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RecordOfPersonalData, example = json!({"organisation": "acme", "name": "Acme", "position": 57, "members": 12,
    "erased": 1, "legal_holds": 0, "in_clear": 0, "periods": {"left": 365, "suspended": 730}, "kinds": []}))]
pub struct Record {
    /// Whose record.
    #[schema(value_type = String)]
    pub organisation: OrganisationId,
    /// What people call it.
    pub name: String,
    /// The position of the log that it is as of.
    pub position: u64,
    /// How many members there are or were.
    pub members: usize,
    /// How many of them were erased.
    pub erased: usize,
    /// How many of them are under a legal hold.
    pub legal_holds: usize,
    /// How many of them have details from before sealing, in clear in the log.
    pub in_clear: usize,
    /// How long personal data is kept after it has served, in days.
    pub periods: Periods,
    /// What is kept, why and how long.
    pub kinds: Vec<Kind>,
}

/// What an organisation keeps about people, by its state.
pub fn record(state: &AccessState, periods: Periods) -> Record {
    Record {
        organisation: state.organisation().clone(),
        name: state.name().to_owned(),
        position: state.position(),
        members: state.members().count(),
        erased: state.members().filter(|(_, member)| member.erased.is_some()).count(),
        legal_holds: state.members().filter(|(_, member)| member.legal_hold.is_some()).count(),
        in_clear: state.members().filter(|(_, member)| member.details.is_clear()).count(),
        periods,
        kinds: register(periods),
    }
}

/// A member whose personal data has served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = DueErasure)]
pub struct Due {
    /// The member.
    pub member: String,
    /// `left` or `suspended`.
    pub because: &'static str,
    /// Position of the event since which it is so.
    pub position: u64,
    /// When the data was due.
    #[schema(value_type = String, format = DateTime)]
    pub due: Time,
    /// Kept nevertheless, by a legal hold.
    pub held: bool,
}

/// The members whose personal data is due to be erased: those who have details, and those who have a key, under which
/// something of theirs is sealed in the log, such as from where they acted. `time_of` tells the time of an event.
pub fn due(
    state: &AccessState,
    periods: Periods,
    now: Time,
    has_key: impl Fn(&str) -> bool,
    time_of: impl Fn(u64) -> Option<Time>,
) -> Vec<Due> {
    let due = state.members().filter_map(|(_, member)| {
        let (because, days) = match member.status {
            Status::Active => return None,
            Status::Suspended => ("suspended", periods.suspended),
            Status::Removed => ("left", periods.left),
        };
        let has_details = member.details.fields().into_iter().any(|(_, value)| value.is_some());
        if !(has_details || has_key(member.id.as_str())) || member.erased.is_some() {
            return None;
        }
        let since = time_of(member.status_at)?;
        let due = since.checked_add_signed(TimeDelta::days(i64::from(days)))?;
        (due <= now).then(|| Due {
            member: member.id.to_string(),
            because,
            position: member.status_at,
            due,
            held: member.legal_hold.is_some(),
        })
    });
    let mut due: Vec<Due> = due.collect();
    due.sort_by(|one, other| (one.due, &one.member).cmp(&(other.due, &other.member)));
    due
}

/// The members whose personal data is due to be erased, by the log and the keys beside it.
///
/// # Errors
/// When the log or the keys cannot be read.
pub async fn due_now(
    engine: &Engine,
    state: &AccessState,
    periods: Periods,
    now: Time,
) -> Result<Vec<Due>, EngineError> {
    let wanted: BTreeSet<u64> = state.members().map(|(_, member)| member.status_at).collect();
    let last = wanted.last().copied().unwrap_or_default();
    let times = read(engine, state.organisation(), 0, last, BTreeMap::new(), move |times, recorded| {
        if wanted.contains(&recorded.stamp.position) {
            times.insert(recorded.stamp.position, recorded.stamp.time);
        }
        ControlFlow::Continue(())
    });
    let times = times.await?;
    let keyed = keyed(engine, state.organisation())?;
    Ok(due(state, periods, now, |member| keyed.contains(member), |position| times.get(&position).copied()))
}

/// The members who have a key.
fn keyed(engine: &Engine, organisation: &OrganisationId) -> Result<BTreeSet<String>, EngineError> {
    let Some(keys) = engine.store().key_store() else { return Ok(BTreeSet::new()) };
    let keys = keys.keys_blocking(organisation.as_str(), None)?;
    let wrapped = keys.into_iter().filter(|found| matches!(found.key, PersonalKey::Wrapped { .. }));
    Ok(wrapped.map(|found| found.member).collect())
}
