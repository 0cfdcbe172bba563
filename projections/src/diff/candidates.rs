//! Whose holdings differ at the two ends, and where.

use std::collections::BTreeSet;

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Holdings, Place, Reading, holdings, turning_points};
use chancery_aggregates::state::{MemberEntry, MemberIx, ScopeIx};
use chancery_aggregates::vocabulary::Time;

use super::{Ends, Filter};

/// A member and a place at which the ends differ.
pub(crate) struct Differing {
    pub(crate) member: MemberIx,
    pub(crate) place: Place,
    pub(crate) from: Holdings,
    pub(crate) to: Holdings,
}

/// What a member holds at a place; nothing where the scope is not there yet. A state that keeps an index is asked by it,
/// which is faster and says the same.
pub(crate) fn held(state: &AccessState, member: MemberIx, place: Place, at: Time) -> Holdings {
    match (place, state.index()) {
        (Place::Scope(scope), _) if state.scope(scope).is_none() => Holdings::default(),
        (place, Some(index)) => index.holdings(member, place, at),
        (place, None) => holdings(state, member, place, at, Reading::Actual),
    }
}

/// With `only`, of these members alone.
pub(crate) fn differing(ends: &Ends<'_>, filter: &Filter, only: Option<&BTreeSet<MemberIx>>) -> Vec<Differing> {
    let wanted = wanted_places(ends, filter);
    let new: Vec<Place> = wanted.iter().copied().filter(|place| is_new(ends, *place)).collect();
    let everyone = tree_differs(ends) || ends.from.profile() != ends.to.profile();
    let touched: BTreeSet<MemberIx> = ends.to.members_touched_since(ends.from).collect();
    let mut found = Vec::new();
    let members = ends.to.members().filter(|(ix, _)| only.is_none_or(|only| only.contains(ix)));
    for (ix, member) in members.filter(|(ix, member)| is_wanted(ends, filter, *ix, member)) {
        let places = if everyone || touched.contains(&ix) || roles_differ(ends, member) || time_turns(ends, ix) {
            &wanted
        } else {
            &new
        };
        for place in places {
            let from = held(ends.from, ix, *place, ends.from_at);
            let to = held(ends.to, ix, *place, ends.to_at);
            if from != to {
                found.push(Differing { member: ix, place: *place, from, to });
            }
        }
    }
    found
}

fn is_wanted(ends: &Ends<'_>, filter: &Filter, ix: MemberIx, member: &MemberEntry) -> bool {
    let holds = |state: &AccessState, role: &str| {
        let held = state.member(ix).into_iter().flat_map(|member| &member.assignments);
        held.filter_map(|held| state.role(held.role)).any(|held| held.id.as_str() == role)
    };
    filter.member.as_ref().is_none_or(|id| member.id.as_str() == id)
        && filter.role.as_ref().is_none_or(|role| holds(ends.from, role) || holds(ends.to, role))
}

fn wanted_places(ends: &Ends<'_>, filter: &Filter) -> Vec<Place> {
    let Some(id) = &filter.scope else {
        let scopes = ends.to.scopes().map(|(ix, _)| Place::Scope(ix));
        return std::iter::once(Place::Organisation).chain(scopes).collect();
    };
    let Some(top) = ends.to.scope_ix(id) else { return Vec::new() };
    let below = |state: &AccessState, ix: ScopeIx| state.ancestry(ix).any(|above| above == top);
    let scopes = ends.to.scopes().filter(|(ix, _)| below(ends.from, *ix) || below(ends.to, *ix));
    scopes.map(|(ix, _)| Place::Scope(ix)).collect()
}

fn is_new(ends: &Ends<'_>, place: Place) -> bool {
    matches!(place, Place::Scope(scope) if ends.from.scope(scope).is_none())
}

/// Whether any scope of the first end stands elsewhere, is shared otherwise, or was archived or restored.
fn tree_differs(ends: &Ends<'_>) -> bool {
    ends.from.scopes().any(|(ix, before)| {
        ends.to.scope(ix).is_none_or(|after| {
            (before.parent, &before.shared_with, before.archived) != (after.parent, &after.shared_with, after.archived)
        })
    })
}

/// Whether a role that the member holds permits something else than before.
fn roles_differ(ends: &Ends<'_>, member: &MemberEntry) -> bool {
    member.assignments.iter().any(|held| match (ends.from.role(held.role), ends.to.role(held.role)) {
        (Some(before), Some(after)) => (&before.effective, before.deleted) != (&after.effective, after.deleted),
        _ => true,
    })
}

fn time_turns(ends: &Ends<'_>, member: MemberIx) -> bool {
    turning_points(ends.from, member, ends.from_at).into_iter().any(|point| point <= ends.to_at)
}
