//! All that a member holds at one place: the rule of [`evaluate`](super::evaluate), for every
//! permission at once.

use super::coverage::{Place, assignment_covers};
use super::evaluate::{in_force, restriction_applies};
use super::ground::{Ground, RoleFacts, Subject};
use crate::profile::Profile;
use crate::state::permission_set::{PermissionIx, PermissionSet};
use crate::state::{AccessState, DocumentStatus, MemberIx, Status, Toggle};
use crate::vocabulary::Time;

/// What a member holds at one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Held in some way, perhaps only for what is the member's own.
    pub any: PermissionSet,
    /// Held without such a restriction. A subset of `any`.
    pub full: PermissionSet,
}

impl Holdings {
    /// What is held here and not there, either kind.
    pub fn beyond(&self, other: &Self) -> Self {
        Self { any: self.any.minus(&other.any), full: self.full.minus(&other.full) }
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.any.is_empty() && self.full.is_empty()
    }

    fn add(&mut self, granted: PermissionSet, narrowed: &PermissionSet) {
        self.full.union_with(&granted.minus(narrowed));
        self.any.union_with(&granted);
    }
}

/// Which holdings are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// What the member may do.
    Actual,
    /// What the member could do once guards pass and a suspension ends.
    Potential,
}

/// All that a member holds at a place and an instant.
pub fn holdings(state: &AccessState, member: MemberIx, place: Place, at: Time, reading: Reading) -> Holdings {
    let (Some(profile), Some(member)) = (state.profile(), state.member(member)) else {
        return Holdings::default();
    };
    let shut = match reading {
        Reading::Actual => member.check_active(profile, at).is_err(),
        Reading::Potential => member.status == Status::Removed,
    };
    if shut { Holdings::default() } else { all_held(state, profile, member, place, at) }
}

/// All that a member who takes part holds at a place and an instant.
pub(crate) fn all_held<G: Ground>(
    ground: &G,
    profile: &Profile,
    member: &impl Subject,
    place: Place,
    at: Time,
) -> Holdings {
    let mut held = Holdings::default();
    let toggles = member.toggles();
    let own_scope = member.scope_covers(ground, place);
    for (role, assignment) in in_force(ground, profile, member, at) {
        if assignment_covers(ground, own_scope, role, &assignment, place) {
            let narrowed = narrowed(profile, toggles, |restriction| role.effective().contains(restriction));
            held.add(role.effective().clone(), &narrowed);
        }
    }
    if !toggles.is_empty() && own_scope {
        held.add(toggled(toggles, true), &narrowed(profile, toggles, |_| false));
    }
    // Most members hold nothing at most places.
    if held.is_empty() {
        return held;
    }
    let withheld = toggled(toggles, false);
    let bound = profile.account_type(member.account_type()).map(|t| t.bound.and(profile.grants())).unwrap_or_default();
    for set in [&mut held.any, &mut held.full] {
        set.subtract(&withheld);
        set.intersect_with(&bound);
    }
    held
}

/// Whether the member holds a permission anywhere at all at an instant.
pub fn holds_somewhere(state: &AccessState, member: MemberIx, permission: PermissionIx, at: Time) -> bool {
    let holds = |place| holdings(state, member, place, at, Reading::Actual).any.contains(permission);
    holds(Place::Organisation) || state.scopes().any(|(scope, _)| holds(Place::Scope(scope)))
}

/// The instants after `now` at which what a member holds may change without any event: windows
/// that open or close, documents that expire.
pub fn turning_points(state: &AccessState, member: MemberIx, now: Time) -> Vec<Time> {
    let Some(member) = state.member(member) else {
        return Vec::new();
    };
    let windows = member.assignments.iter().flat_map(|held| [held.window.from, held.window.until]);
    let documents = member.documents.iter().map(|document| match document.status {
        DocumentStatus::Approved(expires) => expires,
        _ => None,
    });
    windows.chain(documents).flatten().filter(|at| *at > now).collect()
}

fn toggled(toggles: &[Toggle], allowed: bool) -> PermissionSet {
    toggles.iter().filter(|toggle| toggle.allowed == allowed).map(|toggle| toggle.permission).collect()
}

/// What the restrictions that apply to a path narrow.
pub(crate) fn narrowed(
    profile: &Profile,
    toggles: &[Toggle],
    role_has: impl Fn(PermissionIx) -> bool,
) -> PermissionSet {
    let mut narrowed = PermissionSet::default();
    for (restriction, narrows) in profile.restrictions() {
        if restriction_applies(toggles, &role_has, *restriction) {
            narrowed.union_with(narrows);
        }
    }
    narrowed
}
