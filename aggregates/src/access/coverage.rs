//! Which part of the resource tree a role works on.

use crate::state::{AccessState, Assignment, Coverage, MemberEntry, RoleEntry, ScopeIx};

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
}

/// Whether neither the scope nor anything above it is archived.
pub fn in_use(state: &AccessState, scope: ScopeIx) -> bool {
    state.ancestry(scope).all(|node| state.scope(node).is_some_and(|node| node.archived.is_none()))
}

/// Whether a coverage reaches a place.
pub fn covers(state: &AccessState, coverage: &Coverage, place: Place) -> bool {
    match (coverage, place) {
        (Coverage::None, _) | (_, Place::Nowhere) => false,
        (Coverage::All, Place::Organisation) => true,
        (Coverage::Nodes { .. }, Place::Organisation) => false,
        (Coverage::All, Place::Scope(scope)) => in_use(state, scope),
        (Coverage::Nodes { nodes, .. }, Place::Scope(scope)) => nodes_cover(state, nodes, scope),
    }
}

/// Nodes cover what is below them, and what is shared with anything below them. Sharing is not
/// passed on: what is shared with a shared node is not covered.
fn nodes_cover(state: &AccessState, nodes: &[ScopeIx], scope: ScopeIx) -> bool {
    in_use(state, scope)
        && state.ancestry(scope).any(|above| {
            nodes.contains(&above)
                || state.scope(above).is_some_and(|entry| {
                    entry.shared_with.iter().any(|(with, _)| {
                        in_use(state, *with) && state.ancestry(*with).any(|above| nodes.contains(&above))
                    })
                })
        })
}

/// Whether an assignment, as its role and its holder stand, reaches a place.
pub(crate) fn assignment_covers(
    state: &AccessState,
    member: &MemberEntry,
    role: &RoleEntry,
    assignment: &Assignment,
    place: Place,
) -> bool {
    if role.everywhere {
        return covers(state, &Coverage::All, place);
    }
    match (assignment.scope, place) {
        (None, _) => covers(state, &member.scope, place),
        (Some(own), Place::Scope(scope)) => nodes_cover(state, &[own], scope),
        (Some(_), Place::Organisation | Place::Nowhere) => false,
    }
}
