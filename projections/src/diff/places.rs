//! Where something changed, in few words.

use std::collections::BTreeSet;

use chancery_aggregates::access::{Place, in_use};
use chancery_aggregates::state::ScopeIx;

use super::{Ends, Places};
use crate::words;

pub(super) fn describe(ends: &Ends<'_>, places: &[Place]) -> Places {
    let organisation = places.contains(&Place::Organisation);
    let scopes: BTreeSet<ScopeIx> = places
        .iter()
        .filter_map(|place| match place {
            Place::Scope(scope) => Some(*scope),
            Place::Organisation | Place::Nowhere => None,
        })
        .collect();
    Places {
        summary: summary(ends, organisation, &scopes),
        organisation,
        scopes: scopes.iter().map(|scope| ends.to.cite_scope(*scope)).collect(),
        only_new: !organisation && scopes.iter().all(|scope| ends.from.scope(*scope).is_none()),
    }
}

fn summary(ends: &Ends<'_>, organisation: bool, scopes: &BTreeSet<ScopeIx>) -> String {
    let everywhere = ends.to.scopes().all(|(ix, _)| scopes.contains(&ix) || !in_use(ends.to, ix));
    let mut parts = Vec::new();
    match (organisation, everywhere) {
        (true, true) => return "the whole organisation".to_owned(),
        (true, false) => parts.push("the organisation as a whole".to_owned()),
        (false, true) if scopes.len() > 3 => return format!("all {} scopes", scopes.len()),
        (false, _) => {}
    }
    parts.extend(tops(ends, scopes));
    words::list(&parts)
}

/// The scopes whose parents are not among them; those that are complete stand for what is below them.
fn tops(ends: &Ends<'_>, scopes: &BTreeSet<ScopeIx>) -> Vec<String> {
    let mut told: BTreeSet<ScopeIx> = BTreeSet::new();
    let mut parts = Vec::new();
    let height = |ix: &ScopeIx| ends.to.ancestry(*ix).count();
    let mut from_the_top: Vec<ScopeIx> = scopes.iter().copied().collect();
    from_the_top.sort_by_key(|ix| (height(ix), *ix));
    for ix in from_the_top {
        if told.contains(&ix) {
            continue;
        }
        let name = words::place(ends.to, Place::Scope(ix));
        let below = below(ends, ix);
        let is_new = if ends.from.scope(ix).is_none() { " (new)" } else { "" };
        if !below.is_empty() && below.iter().all(|ix| scopes.contains(ix)) {
            parts.push(format!("{name}{is_new} with the {} in it", below.len()));
            told.extend(below);
        } else {
            parts.push(format!("{name}{is_new}"));
        }
    }
    parts
}

fn below(ends: &Ends<'_>, top: ScopeIx) -> Vec<ScopeIx> {
    let mut below = Vec::new();
    let children = |ix| ends.to.scope(ix).into_iter().flat_map(|scope| scope.children.iter().copied());
    let mut pending: Vec<ScopeIx> = children(top).collect();
    while let Some(ix) = pending.pop() {
        if in_use(ends.to, ix) {
            below.push(ix);
        }
        pending.extend(children(ix));
    }
    below
}
