//! How an index is made of a state, and kept beside it.

use std::sync::Arc;

use super::brief::Brief;
use super::member::{Extra, Row};
use super::quick::{Grid, Line};
use super::{AccessIndex, RoleRow, ScopeRow};
use crate::access::holdings::narrowed;
use crate::profile::Profile;
use crate::state::permission_set::PermissionSet;
use crate::state::{AccessState, MemberIx, RoleEntry, RoleIx, ScopeIx, Touched};

impl AccessIndex {
    /// The index of a state.
    pub(crate) fn of(state: &AccessState) -> Self {
        let mut index = Self { position: state.position(), profile: state.shared_profile(), ..Self::default() };
        let Some(profile) = index.profile.clone() else { return index };
        index.grid = Grid::of(&profile);
        index.grid.put_none(&mut index.cells, &profile);
        for role in (0..).map_while(|ix| state.role(RoleIx(ix))) {
            index.add_role(&profile, role);
        }
        for (ix, scope) in state.scopes() {
            index.add_scope(scope.id.as_str(), ix);
        }
        for (ix, _) in state.scopes().filter(|(_, scope)| scope.parent.is_none()) {
            index.refresh_tree(state, ix);
        }
        for (ix, _) in state.members() {
            index.refresh_member(&profile, state, ix);
        }
        if index.compact_pays() {
            index.compact();
        }
        index
    }

    /// The index of a state in the form for very many members, also where there are few.
    pub(crate) fn compact_of(state: &AccessState) -> Self {
        let mut index = Self::of(state);
        if !index.is_compact() {
            index.compact();
        }
        index
    }

    /// Takes over what an event changed in the state.
    pub(crate) fn follow(&mut self, state: &AccessState, touched: Touched<'_>) {
        let profile = state.shared_profile();
        let Some(profile) = profile.filter(|new| self.profile.as_ref().is_some_and(|own| Arc::ptr_eq(own, new))) else {
            // A grown catalogue may change what restrictions narrow. It is rare.
            *self = if self.is_compact() { Self::compact_of(state) } else { Self::of(state) };
            return;
        };
        self.position = state.position();
        for ix in touched.roles {
            self.refresh_role(&profile, state, RoleIx(*ix));
        }
        for ix in touched.scopes {
            self.refresh_scope(state, ScopeIx(*ix));
        }
        for ix in touched.members {
            self.refresh_member(&profile, state, MemberIx(*ix));
        }
    }

    /// Takes a profile that is equal to its own.
    pub(crate) fn use_profile(&mut self, profile: Arc<Profile>) {
        self.profile = Some(profile);
    }

    fn refresh_role(&mut self, profile: &Profile, state: &AccessState, ix: RoleIx) {
        let Some(role) = state.role(ix) else { return };
        if ix.index() >= self.roles.len() {
            return self.add_role(profile, role);
        }
        // Most often only its holders changed, or its name.
        if self.roles.get(ix.index()).is_some_and(|row| row.is_of(role)) {
            return;
        }
        let fresh = RoleRow::of(profile, role);
        self.grid.put(&mut self.cells, profile, ix, &fresh);
        if let Some(row) = self.roles.get_mut(ix.index()) {
            *row = fresh;
        }
    }

    fn add_role(&mut self, profile: &Profile, role: &RoleEntry) {
        let row = RoleRow::of(profile, role);
        let ix = RoleIx(self.roles.len() as u32);
        self.grid.put(&mut self.cells, profile, ix, &row);
        self.roles.push(row);
    }

    fn add_scope(&mut self, id: &str, ix: ScopeIx) {
        let id = self.scope_names.add(id, ix.0);
        self.scopes.push(ScopeRow { id, ..ScopeRow::default() });
        self.lines.put(ix.index(), Line::default());
    }

    fn refresh_scope(&mut self, state: &AccessState, ix: ScopeIx) {
        let Some(scope) = state.scope(ix) else { return };
        if ix.index() >= self.scopes.len() {
            self.add_scope(scope.id.as_str(), ix);
            return self.refresh_tree(state, ix);
        }
        let unchanged = |row: &ScopeRow| {
            row.parent == scope.parent
                && row.archived == scope.archived.is_some()
                && row.shared_with.as_deref().unwrap_or_default() == scope.shared_with.as_slice()
        };
        if !self.scopes.get(ix.index()).is_some_and(unchanged) {
            self.refresh_tree(state, ix);
        }
    }

    /// A scope and all that stands below it, from what stands above it.
    fn refresh_tree(&mut self, state: &AccessState, top: ScopeIx) {
        let mut pending = vec![top];
        // INVARIANT: the tree has no cycle; the bound is for a damaged log.
        for _ in 0..self.scopes.len() {
            let Some(ix) = pending.pop() else { return };
            let Some(scope) = state.scope(ix) else { continue };
            let above = scope.parent.and_then(|parent| self.scopes.get(parent.index()));
            let (out_of_use, shared) = above.map_or((false, false), |above| (above.out_of_use, above.shared));
            let Some(row) = self.scopes.get_mut(ix.index()) else { continue };
            *row = ScopeRow {
                id: row.id,
                parent: scope.parent,
                archived: scope.archived.is_some(),
                out_of_use: out_of_use || scope.archived.is_some(),
                shared: shared || !scope.shared_with.is_empty(),
                shared_with: (!scope.shared_with.is_empty()).then(|| scope.shared_with.as_slice().into()),
            };
            self.refresh_line(ix);
            pending.extend(&scope.children);
        }
    }

    fn refresh_member(&mut self, profile: &Profile, state: &AccessState, ix: MemberIx) {
        let Some(member) = state.member(ix) else { return };
        let known = self.members.get(ix.index()).filter(|_| ix.index() < self.members.len()).map(|row| row.id);
        let id = known.unwrap_or_else(|| self.member_names.add(member.id.as_str(), ix.0));
        let (row, extra) = Row::pack(id, profile, member);
        let plain = match &extra {
            Some(Extra::Long(long)) => long.plain(),
            _ => row.plain(),
        };
        let brief = plain.map(|plain| Brief::of(&self.grid, &plain)).unwrap_or_default();
        self.put_brief(ix.index(), brief);
        match extra {
            Some(extra) => drop(self.extras.insert(ix.0, Arc::new(extra))),
            None => drop(self.extras.remove(&ix.0)),
        }
        if known.is_none() {
            self.members.push(row);
        } else if let Some(slot) = self.members.get_mut(ix.index()) {
            *slot = row;
        }
    }
}

impl RoleRow {
    fn of(profile: &Profile, role: &RoleEntry) -> Self {
        Self {
            deleted: role.deleted.is_some(),
            everywhere: role.everywhere,
            narrowed: own_narrowed(profile, &role.effective),
            effective: role.effective.clone(),
            account_types: role.account_types.as_slice().into(),
        }
    }

    fn is_of(&self, role: &RoleEntry) -> bool {
        self.deleted == role.deleted.is_some()
            && self.everywhere == role.everywhere
            && self.effective == role.effective
            && *self.account_types == *role.account_types
    }
}

/// What a role's restrictions narrow for members without direct toggles.
fn own_narrowed(profile: &Profile, effective: &PermissionSet) -> PermissionSet {
    narrowed(profile, &[], |restriction| effective.contains(restriction))
}
