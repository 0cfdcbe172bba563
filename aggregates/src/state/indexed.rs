//! The state's twin for reading, kept along with every event.

use std::sync::Arc;

use super::AccessState;
use crate::access::index::AccessIndex;
use crate::profile::Profile;

/// Numbers of the rows that an event changed, some perhaps twice and some perhaps for nothing.
pub(crate) struct Touched<'a> {
    pub(crate) roles: &'a [u32],
    pub(crate) scopes: &'a [u32],
    pub(crate) members: &'a [u32],
}

impl AccessState {
    /// The index, if the state was told to keep one.
    pub fn index(&self) -> Option<&Arc<AccessIndex>> {
        self.index.as_ref()
    }

    /// The same state, which from now on keeps an index along with every event. An event then takes about
    /// a microsecond more; a state that is only folded and asked little does better without.
    #[must_use]
    pub fn with_index(mut self) -> Self {
        if self.index.is_none() {
            self.index = Some(Arc::new(AccessIndex::of(&self)));
            self.watch();
        }
        self
    }

    /// As [`with_index`](Self::with_index), with the members in the form that is otherwise chosen where they are many, and
    /// nearly all hold one role on one scope.
    #[must_use]
    pub fn with_compact_index(mut self) -> Self {
        self.index = Some(Arc::new(AccessIndex::compact_of(&self)));
        self.watch();
        self
    }

    /// Uses an equal profile that is there already, so that organisations of one product keep it once.
    /// Whether they are equal.
    pub fn share_profile(&mut self, profile: &Arc<Profile>) -> bool {
        let equal = self.profile.as_ref().is_some_and(|own| Arc::ptr_eq(own, profile) || own == profile);
        if equal {
            self.profile = Some(profile.clone());
            if let Some(index) = &mut self.index {
                Arc::make_mut(index).use_profile(profile.clone());
            }
        }
        equal
    }

    /// The rules in force, to be kept beyond the state.
    pub fn shared_profile(&self) -> Option<Arc<Profile>> {
        self.profile.clone()
    }

    pub(super) fn drop_index(&mut self) {
        self.index = None;
        self.roles.unwatch();
        self.scopes.unwatch();
        self.members.unwatch();
    }

    /// Brings the index to where the state is.
    pub(super) fn keep_index(&mut self) {
        let Some(mut index) = self.index.take() else { return };
        let touched =
            Touched { roles: self.roles.touched(), scopes: self.scopes.touched(), members: self.members.touched() };
        Arc::make_mut(&mut index).follow(self, touched);
        self.index = Some(index);
        self.watch();
    }

    fn watch(&mut self) {
        self.roles.watch();
        self.scopes.watch();
        self.members.watch();
    }
}
