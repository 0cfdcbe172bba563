//! Several places in few words.

use std::collections::BTreeSet;

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Place, in_use};
use chancery_aggregates::state::ScopeIx;
use chancery_aggregates::vocabulary::ScopeRef;
use serde::Serialize;

use crate::words;

/// Places of which the same is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Places {
    /// In words, short.
    pub summary: String,
    /// The organisation as a whole.
    pub organisation: bool,
    /// The scopes, one by one.
    pub scopes: Vec<ScopeRef>,
    /// Whether all of the scopes are new, and the organisation as a whole is not meant.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub only_new: bool,
}

impl Places {
    /// The places of a state.
    pub fn of(state: &AccessState, places: &[Place]) -> Self {
        Self::since(state, state, places)
    }

    /// The places of a state; what an earlier one did not have is marked as new.
    pub fn since(earlier: &AccessState, state: &AccessState, places: &[Place]) -> Self {
        let organisation = places.contains(&Place::Organisation);
        let scopes: BTreeSet<ScopeIx> = places
            .iter()
            .filter_map(|place| match place {
                Place::Scope(scope) => Some(*scope),
                Place::Organisation | Place::Nowhere => None,
            })
            .collect();
        let only_new = !organisation && scopes.iter().all(|scope| earlier.scope(*scope).is_none());
        Self {
            summary: Summary { earlier, state, scopes: &scopes }.write(organisation),
            organisation,
            scopes: scopes.iter().map(|scope| state.cite_scope(*scope)).collect(),
            only_new,
        }
    }
}

struct Summary<'a> {
    earlier: &'a AccessState,
    state: &'a AccessState,
    scopes: &'a BTreeSet<ScopeIx>,
}

impl Summary<'_> {
    fn write(&self, organisation: bool) -> String {
        let all = self.state.scopes().all(|(ix, _)| self.scopes.contains(&ix) || !in_use(self.state, ix));
        let mut parts = Vec::new();
        match (organisation, all) {
            (true, true) => return "the whole organisation".to_owned(),
            (true, false) => parts.push("the organisation as a whole".to_owned()),
            (false, _) => {}
        }
        parts.extend(self.tops());
        words::list(&parts)
    }

    /// The scopes from the top; one that is complete stands for what is in it.
    fn tops(&self) -> Vec<String> {
        let mut told: BTreeSet<ScopeIx> = BTreeSet::new();
        let mut parts = Vec::new();
        let mut from_the_top: Vec<ScopeIx> = self.scopes.iter().copied().collect();
        from_the_top.sort_by_key(|ix| (self.state.ancestry(*ix).count(), *ix));
        for ix in from_the_top {
            if told.contains(&ix) {
                continue;
            }
            let name = words::place(self.state, Place::Scope(ix));
            let new = if self.earlier.scope(ix).is_none() { " (new)" } else { "" };
            let inside = self.inside(ix);
            if !inside.is_empty() && inside.iter().all(|ix| self.scopes.contains(ix)) {
                let all = if inside.len() == 1 { "the one".to_owned() } else { format!("all {}", inside.len()) };
                parts.push(format!("{name}{new} with {all} in it"));
                told.extend(inside);
            } else {
                parts.push(format!("{name}{new}"));
            }
        }
        parts
    }

    /// The scopes in use below a scope.
    fn inside(&self, top: ScopeIx) -> Vec<ScopeIx> {
        let mut inside = Vec::new();
        let children = |ix| self.state.scope(ix).into_iter().flat_map(|scope| scope.children.iter().copied());
        let mut pending: Vec<ScopeIx> = children(top).collect();
        while let Some(ix) = pending.pop() {
            if in_use(self.state, ix) {
                inside.push(ix);
            }
            pending.extend(children(ix));
        }
        inside
    }
}
