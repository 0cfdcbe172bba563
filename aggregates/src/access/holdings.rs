//! All that a member holds at one place: the rule of [`evaluate`](super::evaluate), for every
//! permission at once.

use super::coverage::{Place, assignment_covers, covers};
use super::evaluate::{check_active, in_force, restriction_applies};
use crate::profile::Profile;
use crate::state::permission_set::{PermissionIx, PermissionSet};
use crate::state::{AccessState, DocumentStatus, MemberEntry, MemberIx, RoleEntry, Status};
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
    let mut held = Holdings::default();
    let (Some(profile), Some(member)) = (state.profile(), state.member(member)) else {
        return held;
    };
    let shut = match reading {
        Reading::Actual => check_active(profile, member, at).is_err(),
        Reading::Potential => member.status == Status::Removed,
    };
    if shut {
        return held;
    }
    for (role, assignment) in in_force(state, profile, member, at) {
        if assignment_covers(state, member, role, assignment, place) {
            held.add(role.effective.clone(), &narrowed(profile, member, Some(role)));
        }
    }
    if !member.toggles.is_empty() && covers(state, &member.scope, place) {
        held.add(toggled(member, true), &narrowed(profile, member, None));
    }
    let withheld = toggled(member, false);
    let bound = profile.account_type(member.account_type).map(|t| t.bound.and(profile.grants())).unwrap_or_default();
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

fn toggled(member: &MemberEntry, allowed: bool) -> PermissionSet {
    member.toggles.iter().filter(|toggle| toggle.allowed == allowed).map(|toggle| toggle.permission).collect()
}

fn narrowed(profile: &Profile, member: &MemberEntry, role: Option<&RoleEntry>) -> PermissionSet {
    let mut narrowed = PermissionSet::default();
    for (restriction, narrows) in profile.restrictions() {
        if restriction_applies(member, role, *restriction) {
            narrowed.union_with(narrows);
        }
    }
    narrowed
}
