//! Which part of the resource tree a role works on.

use super::ground::{Ground, RoleFacts};
use crate::state::{AccessState, Assignment, Coverage, ScopeIx};

/// Where something is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// On the organisation as a whole.
    Organisation,
    /// On a node of its tree.
    Scope(ScopeIx),
    /// On something that is not in its tree.
    Nowhere,
}

impl Place {
    /// The place that a request names.
    pub fn named(state: &AccessState, scope: Option<&str>) -> Self {
        match scope {
            None => Self::Organisation,
            Some(id) => state.scope_ix(id).map_or(Self::Nowhere, Self::Scope),
        }
    }

    /// The node, where it is one.
    #[inline]
    pub fn scope(self) -> Option<ScopeIx> {
        match self {
            Self::Scope(scope) => Some(scope),
            Self::Organisation | Self::Nowhere => None,
        }
    }
}

/// Whether neither the scope nor anything above it is archived.
pub fn in_use(state: &AccessState, scope: ScopeIx) -> bool {
    Ground::in_use(state, scope)
}

/// Whether a coverage reaches a place.
#[allow(private_bounds, reason = "both forms of an organisation are public, what the rule reads of them is not")]
pub fn covers<G: Ground>(ground: &G, coverage: &Coverage, place: Place) -> bool {
    match (coverage, place) {
        (Coverage::None, _) | (_, Place::Nowhere) => false,
        (Coverage::All, _) => all_covers(ground, place),
        (Coverage::Nodes { .. }, Place::Organisation) => false,
        (Coverage::Nodes { nodes, .. }, Place::Scope(scope)) => {
            nodes_cover(ground, |node| nodes.contains(&node), scope)
        }
    }
}

/// Whether the whole organisation reaches a place: it does, unless the place is out of use.
#[inline]
pub(crate) fn all_covers(ground: &impl Ground, place: Place) -> bool {
    match place {
        Place::Organisation => true,
        Place::Scope(scope) => ground.in_use(scope),
        Place::Nowhere => false,
    }
}

/// Nodes cover what is below them, and what is shared with anything below them. Sharing is not
/// passed on: what is shared with a shared node is not covered.
#[inline]
pub(crate) fn nodes_cover(ground: &impl Ground, is_node: impl Fn(ScopeIx) -> bool, scope: ScopeIx) -> bool {
    let below = |scope| ground.above(scope).any(&is_node);
    ground.in_use(scope) && (below(scope) || ground.may_be_shared(scope) && shared_with_below(ground, below, scope))
}

#[cold]
fn shared_with_below(ground: &impl Ground, below: impl Fn(ScopeIx) -> bool, scope: ScopeIx) -> bool {
    ground
        .above(scope)
        .any(|above| ground.shared_with(above).iter().any(|(with, _)| ground.in_use(*with) && below(*with)))
}

/// Whether an assignment, as its role stands and as its holder's own scope does, reaches a place.
#[inline]
pub(crate) fn assignment_covers(
    ground: &impl Ground,
    own_scope: bool,
    role: impl RoleFacts,
    assignment: &Assignment,
    place: Place,
) -> bool {
    if role.everywhere() {
        return all_covers(ground, place);
    }
    match (assignment.scope, place) {
        (None, _) => own_scope,
        (Some(own), Place::Scope(scope)) => nodes_cover(ground, |node| node == own, scope),
        (Some(_), Place::Organisation | Place::Nowhere) => false,
    }
}
