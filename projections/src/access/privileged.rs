//! How much access there is that deserves a reviewer's attention.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Place, Reading, holdings};
use chancery_aggregates::profile::Profile;
use chancery_aggregates::state::permission_set::PermissionSet;
use chancery_aggregates::state::{Coverage, MemberEntry};
use chancery_aggregates::vocabulary::{MemberKind, Time};

/// Who holds sensitive permissions, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Privileged {
    /// Members who hold one or more, somewhere.
    pub members: usize,
    /// Of these, service accounts.
    pub services: usize,
    /// Sensitive permissions that these members hold, each counted once a member.
    pub permissions: usize,
}

/// Counts the holders of sensitive permissions at an instant.
pub fn privileged(state: &AccessState, at: Time) -> Privileged {
    let Some(profile) = state.profile() else { return Privileged::default() };
    let sensitive = sensitive(profile);
    let mut counted = Privileged::default();
    for (ix, member) in state.members().filter(|(_, member)| may_hold(state, member, &sensitive)) {
        let mut held = PermissionSet::default();
        for place in places(member) {
            held.union_with(&holdings(state, ix, place, at, Reading::Actual).any.and(&sensitive));
        }
        if !held.is_empty() {
            counted.members += 1;
            counted.services += usize::from(member.kind == MemberKind::Service);
            counted.permissions += held.len();
        }
    }
    counted
}

/// The permissions that a profile calls sensitive.
pub(crate) fn sensitive(profile: &Profile) -> PermissionSet {
    profile.grants().iter().filter(|ix| profile.permission(*ix).is_some_and(|one| one.sensitive)).collect()
}

/// Whether a member has a role or a toggle with something of it: most have not, and need not be evaluated.
fn may_hold(state: &AccessState, member: &MemberEntry, sensitive: &PermissionSet) -> bool {
    let role = |ix| state.role(ix).is_some_and(|role| role.effective.common(sensitive) > 0);
    member.assignments.iter().any(|held| role(held.role))
        || member.toggles.iter().any(|toggle| toggle.allowed && sensitive.contains(toggle.permission))
}

/// The places at which a member holds all that they hold anywhere: what works below one of them works on it, too.
fn places(member: &MemberEntry) -> Vec<Place> {
    let own = match &member.scope {
        Coverage::None | Coverage::All => &[][..],
        Coverage::Nodes { nodes, .. } => nodes,
    };
    let given = member.assignments.iter().filter_map(|held| held.scope);
    let nodes = own.iter().copied().chain(given).map(Place::Scope);
    let mut places: Vec<Place> = std::iter::once(Place::Organisation).chain(nodes).collect();
    places.dedup();
    places
}
