//! What everybody holds, place by place, computed once for all findings.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Denial, Holdings, Place, Reading, holdings};
use chancery_aggregates::state::permission_set::PermissionIx;
use chancery_aggregates::state::{MemberIx, Status};
use chancery_aggregates::vocabulary::Time;

use crate::access::barrier;

/// What a member who has not left holds.
pub(super) struct Held {
    pub(super) member: MemberIx,
    /// What keeps the member from any access.
    pub(super) barrier: Option<Denial>,
    /// Where something is held; places with the same holdings stand together.
    pub(super) groups: Vec<(Holdings, Vec<Place>)>,
}

impl Held {
    /// What is held on the organisation as a whole.
    pub(super) fn on_organisation(&self) -> Option<&Holdings> {
        self.groups.iter().find(|(_, places)| places.contains(&Place::Organisation)).map(|(held, _)| held)
    }

    /// Whether a permission is held without restriction anywhere.
    pub(super) fn anywhere(&self, permission: PermissionIx) -> bool {
        self.groups.iter().any(|(held, _)| held.full.contains(permission))
    }
}

pub(super) fn of_everybody(state: &AccessState, at: Time) -> Vec<Held> {
    let scopes = state.scopes().map(|(ix, _)| Place::Scope(ix));
    let places: Vec<Place> = std::iter::once(Place::Organisation).chain(scopes).collect();
    let members = state.members().filter(|(_, member)| member.status != Status::Removed);
    let of = |(member, _)| {
        let barrier = barrier(state, member, at);
        let groups = if barrier.is_some() { Vec::new() } else { groups(state, member, &places, at) };
        Held { member, barrier, groups }
    };
    members.map(of).collect()
}

fn groups(state: &AccessState, member: MemberIx, places: &[Place], at: Time) -> Vec<(Holdings, Vec<Place>)> {
    let mut groups: Vec<(Holdings, Vec<Place>)> = Vec::new();
    for place in places {
        let held = holdings(state, member, *place, at, Reading::Actual);
        if held.is_empty() {
            continue;
        }
        match groups.iter_mut().find(|(group, _)| *group == held) {
            Some((_, places)) => places.push(*place),
            None => groups.push((held, vec![*place])),
        }
    }
    groups
}
