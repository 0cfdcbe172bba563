//! Rows of the resource tree.

use std::collections::{BTreeMap, BTreeSet};

use chancery_aggregates::AccessState;
use chancery_aggregates::access::in_use;
use chancery_aggregates::state::ScopeIx;

use super::row::Rows;
use super::schema::{Column, Table};

pub(super) static SCOPES: Table = Table::interval(
    "scopes",
    2,
    &[
        Column::text("organisation"),
        Column::text("scope"),
        Column::text("name"),
        Column::text("kind"),
        Column::text("parent").or_null(),
        Column::boolean("archived"),
    ],
);

pub(super) static SCOPE_SHARING: Table = Table::interval(
    "scope_sharing",
    3,
    &[Column::text("organisation"), Column::text("scope"), Column::text("shared_with")],
);

pub(super) static SCOPE_COVERAGE: Table = Table::interval(
    "scope_coverage",
    3,
    &[Column::text("organisation"), Column::text("node"), Column::text("scope"), Column::boolean("shared")],
);

/// Stands for the organisation as a whole, and for "no scope", in keys.
pub(super) const WHOLE: &str = "";

impl Rows<'_> {
    pub(super) fn scope(&mut self, ix: ScopeIx) {
        let Some(scope) = self.state.scope(ix) else { return };
        let parent = scope.parent.and_then(|parent| self.state.scope(parent)).map(|parent| parent.id.as_str());
        self.add(
            &SCOPES,
            [
                scope.id.as_str().into(),
                scope.name.as_str().into(),
                scope.kind.as_str().into(),
                parent.into(),
                scope.archived.is_some().into(),
            ],
        );
    }

    pub(super) fn scope_sharing(&mut self, ix: ScopeIx) {
        let Some(scope) = self.state.scope(ix) else { return };
        for (with, _) in &scope.shared_with {
            if let Some(with) = self.state.scope(*with) {
                self.add(&SCOPE_SHARING, [scope.id.as_str().into(), with.id.as_str().into()]);
            }
        }
    }

    /// The organisation as a whole covers itself.
    pub(super) fn whole_coverage(&mut self) {
        if self.state.founded().is_some() {
            self.add(&SCOPE_COVERAGE, [WHOLE.into(), WHOLE.into(), false.into()]);
        }
    }

    /// The nodes that cover a scope: what it is part of, and what any of that is shared with, and
    /// what that is part of. Nothing covers a scope that is out of use.
    pub(super) fn coverage(&mut self, ix: ScopeIx) {
        let state = self.state;
        let Some(scope) = state.scope(ix).filter(|_| in_use(state, ix)) else { return };
        let mut nodes: BTreeMap<ScopeIx, bool> = BTreeMap::new();
        for above in state.ancestry(ix) {
            nodes.insert(above, false);
            for (with, _) in state.scope(above).into_iter().flat_map(|above| &above.shared_with) {
                if in_use(state, *with) {
                    for node in state.ancestry(*with) {
                        nodes.entry(node).or_insert(true);
                    }
                }
            }
        }
        self.add(&SCOPE_COVERAGE, [WHOLE.into(), scope.id.as_str().into(), false.into()]);
        for (node, shared) in nodes {
            if let Some(node) = state.scope(node) {
                self.add(&SCOPE_COVERAGE, [node.id.as_str().into(), scope.id.as_str().into(), shared.into()]);
            }
        }
    }
}

/// A scope and all that is below it.
pub(super) fn subtree(state: &AccessState, top: ScopeIx) -> BTreeSet<ScopeIx> {
    let mut found = BTreeSet::new();
    let mut pending = vec![top];
    while let Some(ix) = pending.pop() {
        if found.insert(ix) {
            pending.extend(state.scope(ix).into_iter().flat_map(|scope| scope.children.iter().copied()));
        }
    }
    found
}

/// The scopes whose coverage depends on where a scope stands and on whether it is in use: its
/// subtree, and what is shared with any of that, with all that is below.
pub(super) fn dependent(state: &AccessState, top: ScopeIx) -> BTreeSet<ScopeIx> {
    let inside = subtree(state, top);
    let shared = state.scopes().filter(|(_, scope)| scope.shared_with.iter().any(|(with, _)| inside.contains(with)));
    let mut found = inside.clone();
    for (ix, _) in shared {
        found.extend(subtree(state, ix));
    }
    found
}
