//! What a member had, and from when until when.

use std::collections::{BTreeMap, BTreeSet};

use chancery_aggregates::AccessState;
use chancery_aggregates::event::Stamp;
use chancery_aggregates::state::{MemberEntry, Status};
use chancery_aggregates::vocabulary::Time;
use chancery_projections::words;
use serde::Serialize;

/// Something that was so for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// What.
    pub what: String,
    /// Since when.
    pub from: Time,
    /// Since which event.
    pub from_position: u64,
    /// Until when; absent while it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Until which event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_position: Option<u64>,
}

/// Follows one member from state to state.
#[derive(Debug, Default)]
pub(super) struct Spans {
    open: BTreeMap<String, Stamp>,
    closed: Vec<Span>,
}

impl Spans {
    pub(super) fn take(&mut self, state: &AccessState, member: &MemberEntry, at: Stamp) {
        let now: BTreeSet<String> = facets(state, member).into_iter().collect();
        let ended: Vec<_> = self.open.keys().filter(|what| !now.contains(*what)).cloned().collect();
        for what in ended {
            if let Some(from) = self.open.remove(&what) {
                self.closed.push(span(what, from, Some(at)));
            }
        }
        for what in now {
            self.open.entry(what).or_insert(at);
        }
    }

    /// In the order in which they began.
    pub(super) fn finish(self) -> Vec<Span> {
        let mut spans = self.closed;
        spans.extend(self.open.into_iter().map(|(what, from)| span(what, from, None)));
        spans.sort_by(|one, other| (one.from_position, &one.what).cmp(&(other.from_position, &other.what)));
        spans
    }
}

fn span(what: String, from: Stamp, until: Option<Stamp>) -> Span {
    Span {
        what,
        from: from.time,
        from_position: from.position,
        until: until.map(|stamp| stamp.time),
        until_position: until.map(|stamp| stamp.position),
    }
}

/// Everything that bears on what the member may do, one line each.
fn facets(state: &AccessState, member: &MemberEntry) -> Vec<String> {
    let status = match member.status {
        Status::Active => "active",
        Status::Suspended => "suspended",
        Status::Removed => "left",
    };
    let mut facets = vec![format!("status: {status}")];
    if let Some(account_type) = state.profile().and_then(|profile| profile.account_type(member.account_type)) {
        facets.push(format!("account type: {}", account_type.label));
    }
    if member.status != Status::Removed {
        facets.push(format!("scope: {}", words::coverage(state, &member.scope)));
    }
    for held in &member.assignments {
        let place = held.scope.map(|scope| format!(" in {}", state.cite_scope(scope).name)).unwrap_or_default();
        let window = if held.window.is_open() { String::new() } else { format!(" ({})", words::window(held.window)) };
        facets.push(format!("role: {}{place}{window}", state.cite_role(held.role).name));
    }
    for toggle in &member.toggles {
        let cited = state.profile().map(|profile| profile.cite(toggle.permission));
        let what = cited.map(|cited| words::permission(cited.id.as_str(), &cited.name)).unwrap_or_default();
        facets.push(format!("{} directly: {what}", if toggle.allowed { "allowed" } else { "withheld" }));
    }
    facets
}
