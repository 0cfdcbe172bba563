//! Whose access an event can change, and where. Wider than needed does no harm; narrower would lose causes.

use std::collections::BTreeSet;

use chancery_aggregates::event::{Event, OrganisationEvent, RoleEvent, ScopeEvent};
use chancery_aggregates::state::{MemberIx, RoleIx, ScopeIx};
use chancery_aggregates::{AccessState, access::Place};

/// What an event can change.
pub(super) enum Touch {
    /// No access at all.
    Nothing,
    /// That of these members, anywhere.
    Members(BTreeSet<MemberIx>),
    /// That of anybody, at places that depend on a scope.
    Scope(ScopeIx),
    /// That of anybody, anywhere.
    Everything,
}

/// `before` and `after` are the states around the event.
pub(super) fn of(event: &Event, before: &AccessState, after: &AccessState) -> Touch {
    match event {
        Event::Organisation(event) => match event {
            OrganisationEvent::CommandRefused(_)
            | OrganisationEvent::LogKeyPublished { .. }
            | OrganisationEvent::AuditExported(_) => Touch::Nothing,
            OrganisationEvent::OwnerTransferred { before: from, after: to, .. } => {
                Touch::Members([from, to].iter().filter_map(|id| after.member_ix(id.as_str())).collect())
            }
            OrganisationEvent::OrganisationFounded { .. }
            | OrganisationEvent::CatalogueRevised { .. }
            | OrganisationEvent::PolicyRevised { .. } => Touch::Everything,
        },
        Event::Role(event) => match event {
            RoleEvent::RoleCreated(_)
            | RoleEvent::PermissionToggled { .. }
            | RoleEvent::RoleInheritanceChanged { .. }
            | RoleEvent::RoleDeleted { .. } => {
                let mut holders = holders_below(before, event.role().as_str());
                holders.append(&mut holders_below(after, event.role().as_str()));
                Touch::Members(holders)
            }
            RoleEvent::RoleRenamed { .. }
            | RoleEvent::RoleDescribed { .. }
            | RoleEvent::RoleRecoloured { .. }
            | RoleEvent::RoleLevelChanged { .. }
            | RoleEvent::RoleLocked { .. }
            | RoleEvent::RoleUnlocked { .. } => Touch::Nothing,
        },
        Event::Member(event) => Touch::Members(after.member_ix(event.member().as_str()).into_iter().collect()),
        Event::Review(_) | Event::Scope(ScopeEvent::ScopeRenamed { .. }) => Touch::Nothing,
        Event::Scope(event) => after.scope_ix(event.scope().as_str()).map_or(Touch::Nothing, Touch::Scope),
    }
}

/// The holders of a role and of all roles that inherit from it.
fn holders_below(state: &AccessState, role: &str) -> BTreeSet<MemberIx> {
    let mut holders = BTreeSet::new();
    let mut seen: BTreeSet<RoleIx> = BTreeSet::new();
    let mut pending: Vec<RoleIx> = state.role_ix(role).into_iter().collect();
    while let Some(role) = pending.pop() {
        if let Some(entry) = state.role(role).filter(|_| seen.insert(role)) {
            holders.extend(entry.holders.iter().copied());
            pending.extend(entry.heirs.iter().copied());
        }
    }
    holders
}

/// Whether access at a place can depend on where a scope stands, with what it is shared, and
/// whether it is archived.
pub(super) fn depends(state: &AccessState, place: Place, scope: ScopeIx) -> bool {
    let Place::Scope(place) = place else { return false };
    state.ancestry(place).any(|above| {
        let shared = state.scope(above).into_iter().flat_map(|entry| &entry.shared_with);
        above == scope || shared.map(|(with, _)| *with).any(|with| state.ancestry(with).any(|above| above == scope))
    })
}
