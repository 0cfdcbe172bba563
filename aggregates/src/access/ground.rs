//! What the rule reads, whatever form it is kept in.
//!
//! There is one rule and it is written once, over these traits. The access state is one form: all
//! that is known, with where it comes from. The [access index](super::index) is the other: no more
//! than an answer needs, packed for reading.

use super::coverage::{Place, covers};
use super::evaluate::{Denial, check_entry_active};
use crate::profile::Profile;
use crate::state::permission_set::PermissionSet;
use crate::state::{AccessState, Assignment, MemberEntry, RoleEntry, RoleIx, ScopeIx, Toggle};
use crate::vocabulary::{AccountTypeKey, Time};

/// An organisation's roles and tree.
pub(crate) trait Ground {
    /// A role as it is kept here.
    type Role<'a>: RoleFacts
    where
        Self: 'a;

    /// A role that is not deleted.
    fn role_facts(&self, ix: RoleIx) -> Option<Self::Role<'_>>;

    /// The scope and what it stands below, from itself to the top.
    fn above(&self, scope: ScopeIx) -> impl Iterator<Item = ScopeIx>;

    /// Whether the scope is there, and neither it nor anything above it is archived.
    fn in_use(&self, scope: ScopeIx) -> bool;

    /// Whether it, or anything above it, may be shared. True where that is not known.
    fn may_be_shared(&self, scope: ScopeIx) -> bool;

    /// What the scope itself, regardless of what is above it, is shared with.
    fn shared_with(&self, scope: ScopeIx) -> &[(ScopeIx, u64)];
}

/// A role that is not deleted.
pub(crate) trait RoleFacts: Copy {
    /// Own permissions and inherited ones.
    fn effective(&self) -> &PermissionSet;
    /// Whether it reaches the whole organisation.
    fn everywhere(&self) -> bool;
    /// Which account types may hold it; empty means any.
    fn account_types(&self) -> &[AccountTypeKey];
    /// What its own restrictions narrow, where that is known already.
    fn narrowed(&self) -> Option<&PermissionSet>;
}

/// A member.
pub(crate) trait Subject {
    /// Number of the account type in the profile.
    fn account_type(&self) -> u16;
    /// Whether the member takes part and passes the guards of its account type.
    fn check_active(&self, profile: &Profile, at: Time) -> Result<(), Denial>;
    /// Whether the member's own scope reaches a place.
    fn scope_covers(&self, ground: &impl Ground, place: Place) -> bool;
    /// Roles held, now or at other times.
    fn assignments(&self) -> impl Iterator<Item = Assignment>;
    /// Permissions allowed or withheld directly.
    fn toggles(&self) -> &[Toggle];
}

impl Ground for AccessState {
    type Role<'a> = &'a RoleEntry;

    fn role_facts(&self, ix: RoleIx) -> Option<&RoleEntry> {
        self.role(ix).filter(|role| role.deleted.is_none())
    }

    fn above(&self, scope: ScopeIx) -> impl Iterator<Item = ScopeIx> {
        self.ancestry(scope)
    }

    fn in_use(&self, scope: ScopeIx) -> bool {
        self.ancestry(scope).all(|node| self.scope(node).is_some_and(|node| node.archived.is_none()))
    }

    fn may_be_shared(&self, _: ScopeIx) -> bool {
        true
    }

    fn shared_with(&self, scope: ScopeIx) -> &[(ScopeIx, u64)] {
        self.scope(scope).map_or(&[], |scope| &scope.shared_with)
    }
}

impl RoleFacts for &RoleEntry {
    fn effective(&self) -> &PermissionSet {
        &self.effective
    }

    fn everywhere(&self) -> bool {
        self.everywhere
    }

    fn account_types(&self) -> &[AccountTypeKey] {
        &self.account_types
    }

    fn narrowed(&self) -> Option<&PermissionSet> {
        None
    }
}

impl Subject for MemberEntry {
    fn account_type(&self) -> u16 {
        self.account_type
    }

    fn check_active(&self, profile: &Profile, at: Time) -> Result<(), Denial> {
        check_entry_active(profile, self, at)
    }

    fn scope_covers(&self, ground: &impl Ground, place: Place) -> bool {
        covers(ground, &self.scope, place)
    }

    fn assignments(&self) -> impl Iterator<Item = Assignment> {
        self.assignments.iter().copied()
    }

    fn toggles(&self) -> &[Toggle] {
        &self.toggles
    }
}
