//! What a change would do, before it is made: who gains and who loses what, where, when, and by which of
//! its events.
//!
//! A rehearsal leaves a state before, a state after, and the events in between. For each instant from now
//! on at which anything of a member's begins or ends, the member's holdings in the two states are compared
//! with the means of [`diff`](crate::diff), so that indirect effects are seen as well: those of a role on its holders, of a
//! parent on the heirs' holders, of a scope on everybody who reaches it. What is the same over several
//! instants becomes one line with a beginning and an end.

mod spans;

use std::collections::{BTreeMap, BTreeSet};

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Place, Reading, holdings, turning_points};
use chancery_aggregates::event::Recorded;
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::vocabulary::Time;
use serde::Serialize;

use crate::access::barrier;
use crate::activity::{Entry, Narrator};
use crate::diff::{Change, Ends, Filter, candidates, walk};
use crate::places::Places;
use crate::words::Person;

/// What a rehearsed change would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// Position of the log on which it was rehearsed.
    pub position: u64,
    /// The instant at which it would happen.
    pub at: Time,
    /// What would be recorded, in words, in order; refusals too.
    pub events: Vec<Entry>,
    /// Who would gain and lose what, by member in order of arrival.
    pub lines: Vec<Line>,
    /// Members who would be given something that has no effect yet.
    pub waiting: Vec<Waiting>,
    /// Whether there may be effects that the reader may not see.
    pub partial: bool,
}

/// What one member would gain or lose by the same events, at the same time, in the same way at some places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Who.
    pub member: Person,
    /// Where.
    pub places: Places,
    /// From when on; absent, at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// Until when, as things stand; absent, without end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// What, in the order of the catalogue.
    pub changes: Vec<Change>,
    /// Positions of the rehearsal's events that cause it, in order. At least one.
    pub causes: Vec<u64>,
}

/// A member who would be given something, and cannot use it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Who.
    pub member: Person,
    /// What keeps the member from any access, in words.
    pub because: String,
}

/// What the reader of a preview may see.
pub trait Sight {
    /// Whether the member, and what the member may do.
    fn member(&self, member: MemberIx) -> bool;
    /// Whether the place.
    fn place(&self, place: Place) -> bool;
    /// Whether simply everything.
    fn everything(&self) -> bool;
}

/// Sees everything.
#[derive(Debug, Clone, Copy)]
pub struct Unbounded;

impl Sight for Unbounded {
    fn member(&self, _: MemberIx) -> bool {
        true
    }

    fn place(&self, _: Place) -> bool {
        true
    }

    fn everything(&self) -> bool {
        true
    }
}

/// Compares the states before and after a rehearsal at `now`, whose events lie between them.
pub fn preview(
    before: &AccessState,
    after: &AccessState,
    events: &[Recorded],
    now: Time,
    sight: &impl Sight,
) -> Preview {
    let mut spans = spans::Spans::default();
    for (at, members) in instants(before, after, now) {
        let ends = Ends { from: before, from_at: at, to: after, to_at: at };
        let only = (at > now).then_some(&members);
        let mut differing = candidates::differing(&ends, &Filter::default(), only);
        differing.retain(|differing| sight.member(differing.member) && sight.place(differing.place));
        let tracks = walk::walk(&ends, differing, events);
        spans.note(at, &tracks, if at > now { Some(&members) } else { None });
    }
    let mut narrator = Narrator::new(before.clone());
    Preview {
        position: before.position(),
        at: now,
        events: events.iter().map(|recorded| narrator.tell(recorded)).collect(),
        lines: spans.lines(before, after, now),
        waiting: waiting(before, after, now, sight),
        partial: !sight.everything(),
    }
}

/// The instants to compare at: now for everybody, and later ones for the members of whom something
/// begins or ends then.
fn instants(before: &AccessState, after: &AccessState, now: Time) -> BTreeMap<Time, BTreeSet<MemberIx>> {
    let mut instants = BTreeMap::from([(now, BTreeSet::new())]);
    for (member, _) in after.members() {
        for state in [before, after] {
            for at in turning_points(state, member, now) {
                instants.entry(at).or_insert_with(BTreeSet::new).insert(member);
            }
        }
    }
    instants
}

/// Members who could do more than before, were it not for a guard or a suspension.
fn waiting(before: &AccessState, after: &AccessState, now: Time, sight: &impl Sight) -> Vec<Waiting> {
    let scopes = after.scopes().map(|(ix, _)| Place::Scope(ix));
    let places: Vec<Place> = std::iter::once(Place::Organisation).chain(scopes).collect();
    let potential = |state: &AccessState, member, place| match place {
        Place::Scope(scope) if state.scope(scope).is_none() => Default::default(),
        place => holdings(state, member, place, now, Reading::Potential),
    };
    let row = |member: MemberIx| {
        let denial = barrier(after, member, now)?;
        let gains = |place: &Place| {
            let gained = potential(after, member, *place).beyond(&potential(before, member, *place));
            !gained.is_empty() && sight.place(*place)
        };
        let told = sight.member(member) && places.iter().any(gains);
        told.then(|| Waiting { member: Person::numbered(after, member), because: denial.to_string() })
    };
    after.members_touched_since(before).filter_map(row).collect()
}

#[cfg(test)]
mod tests;
