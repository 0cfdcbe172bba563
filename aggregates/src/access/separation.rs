//! Separation of duties: what a profile keeps apart, and who holds both.

use super::Holdings;
use crate::profile::{Profile, Separation};
use crate::state::permission_set::PermissionSet;
use crate::state::{AccessState, MemberEntry};

/// The separations that holdings at one place violate: something of both duties is held there, be it
/// only for what is the member's own.
pub fn conflicts<'a>(profile: &'a Profile, held: &Holdings) -> impl Iterator<Item = &'a Separation> {
    violated(profile, &held.any)
}

/// The separations of which a set of permissions has something of both duties.
pub fn could_join<'a>(profile: &'a Profile, permissions: &PermissionSet) -> impl Iterator<Item = &'a Separation> {
    violated(profile, permissions)
}

/// Whether a member could violate any separation at all, wherever and whenever what was given works.
/// Wider than [`conflicts`]: a sieve before places and instants are looked at one by one.
pub fn could_conflict(state: &AccessState, profile: &Profile, member: &MemberEntry) -> bool {
    if profile.separations().is_empty() {
        return false;
    }
    let mut given: PermissionSet =
        member.toggles.iter().filter(|toggle| toggle.allowed).map(|toggle| toggle.permission).collect();
    for role in member.assignments.iter().filter_map(|held| state.role(held.role)) {
        given.union_with(&role.effective);
    }
    violated(profile, &given).next().is_some()
}

fn violated<'a>(profile: &'a Profile, held: &PermissionSet) -> impl Iterator<Item = &'a Separation> {
    let meets = |duty: &PermissionSet| !duty.and(held).is_empty();
    profile.separations().iter().filter(move |separation| meets(&separation.one) && meets(&separation.other))
}
