//! What changed in effective permissions between two points of history, and why.
//!
//! First the two ends are compared, for the members whose access can differ at all. Then the
//! events between them are folded once more: before and after each event, and at each instant in
//! between at which a window opens or closes or a document expires, the holdings that differ at the
//! ends are computed anew. What changes them on the way is the cause, however indirect it is.
//!
//! A cause is the step that turned the answer. Where two roles gave a permission and both are taken
//! away, the second one is the cause. For what was gained, the events since the first end on which
//! the gain rests are named as well ([`Line::rests_on`]).

pub(crate) mod candidates;
pub(crate) mod lines;
mod touch;
pub(crate) mod walk;

use std::collections::BTreeSet;

use chancery_aggregates::AccessState;
use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::{PermissionRef, ScopeRef, Time};
use serde::Serialize;

use crate::activity::{Entry, Narrator};
use crate::places::Places;
use crate::turning::Turned;
use crate::words::Person;

/// About so many members are put into an index in the time that it saves on one event.
const MEMBERS_AN_EVENT: usize = 16;

/// One end of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct End {
    /// Position of the last event before it.
    pub position: u64,
    /// The instant for which windows and documents are judged.
    pub at: Time,
}

/// Which lines are wanted; what is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Id of a member.
    pub member: Option<String>,
    /// Id of a role: members who hold it at either end.
    pub role: Option<String>,
    /// Id of a scope: it and what stands below it at either end.
    pub scope: Option<String>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The earlier end.
    pub from: End,
    /// The later end.
    pub to: End,
    /// Scopes that were created in between.
    pub new_scopes: Vec<ScopeRef>,
    /// The changes, by member in order of arrival.
    pub lines: Vec<Line>,
    /// The events in between that lines cite, in words, in order.
    pub events: Vec<Entry>,
}

/// What one member gained or lost by the same causes in the same way at some places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Who.
    pub member: Person,
    /// Where.
    pub places: Places,
    /// What, in the order of the catalogue.
    pub changes: Vec<Change>,
    /// What turned the answer, in order. At least one.
    pub causes: Vec<Cause>,
    /// Positions of other events since the first end without which the gain would not be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rests_on: Vec<u64>,
}

/// How one permission changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The permission.
    pub permission: PermissionRef,
    /// In which way.
    pub kind: ChangeKind,
}

/// In which way a permission changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not held and is now.
    Gained,
    /// It was not held and is now, for what is the member's own.
    GainedOwn,
    /// It was held for what is the member's own, and is now held for everything.
    Widened,
    /// It was held for everything, and is now held for what is the member's own.
    Narrowed,
    /// It was held and is not now.
    Lost,
}

/// What changed a member's holdings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Cause {
    /// An event.
    Event {
        /// Its position.
        position: u64,
    },
    /// The passing of time.
    Time {
        /// When.
        at: Time,
        /// What came or ran out then.
        turned: Vec<Turned>,
    },
}

/// Compares a state with what it becomes: `events` are all that follow it up to the later end, and
/// `to_at` is not before `from_at`.
pub fn diff(from: &AccessState, from_at: Time, events: &[Recorded], to_at: Time, filter: &Filter) -> Diff {
    let mut to = from.clone();
    for recorded in events {
        to.apply(&recorded.event, recorded.stamp);
    }
    let (indexed, to) = (with_index(from.clone(), events.len()), with_index(to, events.len()));
    let ends = Ends { from: &indexed, from_at, to: &to, to_at };
    let tracks = walk::walk(&ends, candidates::differing(&ends, filter, None), events);
    let lines = lines::lines(&ends, &tracks);
    Diff {
        from: End { position: from.position(), at: from_at },
        to: End { position: to.position(), at: to_at },
        new_scopes: to.scopes().filter(|(ix, _)| from.scope(*ix).is_none()).map(|(ix, _)| to.cite_scope(ix)).collect(),
        events: tell_cited(from, events, &lines),
        lines,
    }
}

/// The state with an index, where so many events make that pay.
fn with_index(state: AccessState, events: usize) -> AccessState {
    if events >= state.member_count() / MEMBERS_AN_EVENT { state.with_index() } else { state }
}

pub(crate) struct Ends<'a> {
    pub(crate) from: &'a AccessState,
    pub(crate) from_at: Time,
    pub(crate) to: &'a AccessState,
    pub(crate) to_at: Time,
}

fn tell_cited(from: &AccessState, events: &[Recorded], lines: &[Line]) -> Vec<Entry> {
    let cited: BTreeSet<u64> = lines.iter().flat_map(Line::cites).collect();
    let mut narrator = Narrator::new(from.clone());
    let mut entries = Vec::new();
    for recorded in events {
        narrator.pass(recorded);
        if cited.contains(&recorded.stamp.position) {
            entries.push(narrator.entry(recorded));
        }
    }
    entries
}

impl Line {
    /// Positions of all events that it cites.
    pub fn cites(&self) -> impl Iterator<Item = u64> + '_ {
        let causes = self.causes.iter().flat_map(|cause| match cause {
            Cause::Event { position } => vec![*position],
            Cause::Time { turned, .. } => turned.iter().map(|turned| turned.given_at).collect(),
        });
        causes.chain(self.rests_on.iter().copied())
    }

    /// How many permissions changed in each way, in the order gained, widened, narrowed, lost.
    pub fn counts(&self) -> Vec<(ChangeKind, usize)> {
        let kinds =
            [ChangeKind::Gained, ChangeKind::GainedOwn, ChangeKind::Widened, ChangeKind::Narrowed, ChangeKind::Lost];
        let count = |kind| self.changes.iter().filter(|change| change.kind == kind).count();
        kinds.into_iter().map(|kind| (kind, count(kind))).filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod tests;
