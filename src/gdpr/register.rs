//! The record of what is kept, why and for how long (Article 30), and what is due to be erased.

use chancery_aggregates::AccessState;
use chancery_aggregates::state::Status;
use chancery_aggregates::vocabulary::Time;
use chrono::TimeDelta;
use serde::Serialize;

/// How long personal data is kept after it has served, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Periods {
    /// After a member has left.
    pub left: u32,
    /// After a member was suspended.
    pub suspended: u32,
}

/// A kind of personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// A member whose personal data has served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The member.
    pub member: String,
    /// `left` or `suspended`.
    pub because: &'static str,
    /// Position of the event since which it is so.
    pub position: u64,
    /// When the data was due.
    pub due: Time,
    /// Kept nevertheless, by a legal hold.
    pub held: bool,
}

/// The members whose personal data is due to be erased. `time_of` tells the time of an event.
pub fn due(state: &AccessState, periods: Periods, now: Time, time_of: impl Fn(u64) -> Option<Time>) -> Vec<Due> {
    let due = state.members().filter_map(|(_, member)| {
        let (because, days) = match member.status {
            Status::Active => return None,
            Status::Suspended => ("suspended", periods.suspended),
            Status::Removed => ("left", periods.left),
        };
        let kept = member.details.fields().into_iter().any(|(_, value)| value.is_some());
        if !kept || member.erased.is_some() {
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
