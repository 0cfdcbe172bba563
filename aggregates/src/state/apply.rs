//! The fold: how each event changes the access state. Checks nothing and never fails.

use std::sync::Arc;

use chrono::TimeDelta;
use compact_str::format_compact;
use imbl::OrdSet;
use smallvec::SmallVec;

use super::entries::{
    Assignment, Coverage, DocumentEntry, DocumentStatus, MemberEntry, MemberIx, RoleEntry, RoleIx, ScopeEntry, ScopeIx,
    Status, Toggle,
};
use super::permission_set::{PermissionIx, PermissionSet};
use super::{AccessState, fold_name};
use crate::event::{CommandRefused, Event, MemberEvent, OrganisationEvent, RoleCreated, RoleEvent, ScopeEvent, Stamp};
use crate::profile::Profile;
use crate::vocabulary::{DocumentKind, MemberScope, PermissionKey, RoleRef, ScopeRef, Window};

/// How long a refusal counts as a repetition of an earlier one.
pub(crate) const REFUSAL_WINDOW: TimeDelta = TimeDelta::hours(1);
/// Refusals remembered for coalescing before old ones are forgotten.
const REFUSALS_KEPT: usize = 1024;

impl AccessState {
    /// Takes the next event.
    pub fn apply(&mut self, event: &Event, stamp: Stamp) {
        match event {
            Event::Organisation(event) => self.apply_organisation(event, stamp),
            Event::Role(event) => self.apply_role(event, stamp),
            Event::Member(event) => self.apply_member(event, stamp),
            Event::Scope(event) => self.apply_scope(event, stamp),
            Event::Review(event) => self.apply_review(event, stamp),
        }
        self.head = Some(stamp);
        self.keep_index();
    }

    fn apply_organisation(&mut self, event: &OrganisationEvent, stamp: Stamp) {
        self.sequence += 1;
        match event {
            OrganisationEvent::OrganisationFounded { organisation, name, profile } => {
                self.organisation = organisation.clone();
                self.name = name.clone();
                self.founded = Some(stamp);
                self.profile = Some(Arc::new(Profile::compile((**profile).clone())));
            }
            OrganisationEvent::CatalogueRevised { added } => {
                self.profile = self.profile.take().map(|profile| Arc::new(profile.with_added(added)));
            }
            OrganisationEvent::PolicyRevised { after, .. } => {
                self.profile = self.profile.take().map(|profile| Arc::new(profile.with_policy(after)));
            }
            OrganisationEvent::OwnerTransferred { role, before, after } => {
                let Some(role) = self.role_ix(role.id.as_str()) else { return };
                if let Some(member) = self.member_ix(before.as_str()) {
                    self.end_assignment(member, role, None);
                }
                if let Some(member) = self.member_ix(after.as_str()) {
                    self.begin_assignment(member, role, None, Window::default(), stamp.position);
                }
            }
            OrganisationEvent::CommandRefused(refused) => self.remember_refusal(refused, stamp),
            OrganisationEvent::LogKeyPublished { .. } | OrganisationEvent::AuditExported(_) => {}
        }
    }

    fn remember_refusal(&mut self, refused: &CommandRefused, stamp: Stamp) {
        if self.refusals.len() >= REFUSALS_KEPT {
            self.refusals.retain(|_, (first, _)| stamp.time < *first + REFUSAL_WINDOW);
        }
        let key = refusal_key(&refused.actor, &refused.command, &refused.target, &refused.rule);
        let first = match self.refusals.get(&key) {
            Some((first, _)) if refused.occurrence > 1 => *first,
            _ => stamp.time,
        };
        self.refusals.insert(key, (first, refused.occurrence));
    }

    fn apply_role(&mut self, event: &RoleEvent, stamp: Stamp) {
        if let RoleEvent::RoleCreated(created) = event {
            return self.create_role(created, stamp);
        }
        let Some(ix) = self.roles.find(event.role()) else { return };
        let Some(role) = self.roles.get_mut(ix) else { return };
        role.sequence += 1;
        role.modified = stamp;
        match event {
            // INVARIANT: handled above.
            RoleEvent::RoleCreated(_) => {}
            RoleEvent::RoleRenamed { before, after, .. } => {
                role.name = after.clone();
                self.role_names.remove(&fold_name(before));
                self.role_names.insert(fold_name(after), RoleIx(ix));
            }
            RoleEvent::RoleDescribed { after, .. } => role.description.clone_from(after),
            RoleEvent::RoleRecoloured { after, .. } => role.colour.clone_from(after),
            RoleEvent::RoleLevelChanged { after, .. } => role.level = *after,
            RoleEvent::PermissionToggled { permission, after, .. } => {
                let Some(permission) = self.profile.as_ref().and_then(|p| p.permission_ix(permission.id.as_str()))
                else {
                    return;
                };
                role.own.set(permission, *after);
                note_toggle(&mut role.toggled, permission, stamp.position);
                self.refresh_effective(RoleIx(ix));
            }
            RoleEvent::RoleInheritanceChanged { after, .. } => {
                role.inherits_at = stamp.position;
                self.set_parents(RoleIx(ix), after);
            }
            RoleEvent::RoleLocked { .. } => role.locked = true,
            RoleEvent::RoleUnlocked { .. } => role.locked = false,
            RoleEvent::RoleDeleted { .. } => self.delete_role(RoleIx(ix), stamp),
        }
    }

    fn create_role(&mut self, created: &RoleCreated, stamp: Stamp) {
        let own = self.permission_set(&created.permissions);
        let entry = RoleEntry {
            id: created.role.id.clone(),
            name: created.role.name.clone(),
            description: created.description.clone(),
            colour: created.colour.clone(),
            level: created.level,
            built_in: created.built_in,
            locked: created.locked,
            everywhere: created.everywhere,
            assigned: created.assigned,
            assigned_only_by: created.assigned_only_by.clone(),
            account_types: created.account_types.clone(),
            effective: own.clone(),
            own,
            inherits: SmallVec::new(),
            heirs: SmallVec::new(),
            holders: OrdSet::new(),
            toggled: Vec::new(),
            inherits_at: stamp.position,
            created: stamp,
            modified: stamp,
            deleted: None,
            sequence: 1,
        };
        let ix = RoleIx(self.roles.insert(created.role.id.clone(), entry));
        self.role_names.insert(fold_name(&created.role.name), ix);
        self.set_parents(ix, &created.inherits);
    }

    fn permission_set(&self, keys: &[PermissionKey]) -> PermissionSet {
        let profile = self.profile.as_ref();
        keys.iter().filter_map(|key| profile?.permission_ix(key.as_str())).collect()
    }

    fn set_parents(&mut self, ix: RoleIx, parents: &[RoleRef]) {
        let parents: SmallVec<[RoleIx; 1]> =
            parents.iter().filter_map(|parent| self.roles.find(&parent.id)).map(RoleIx).collect();
        let former = match self.roles.get_mut(ix.0) {
            Some(role) => std::mem::replace(&mut role.inherits, parents.clone()),
            None => return,
        };
        for parent in former {
            if let Some(parent) = self.roles.get_mut(parent.0) {
                parent.heirs.retain(|heir| *heir != ix);
            }
        }
        for parent in parents {
            if let Some(parent) = self.roles.get_mut(parent.0) {
                parent.heirs.push(ix);
            }
        }
        self.refresh_effective(ix);
    }

    /// Computes the effective permissions of a role, and of all that inherit from it, anew.
    fn refresh_effective(&mut self, changed: RoleIx) {
        // Roles are computed after all of their parents that changed: a depth-first order of heirs, reversed.
        let mut order = Vec::new();
        self.heirs_last(changed, &mut order);
        for ix in order.into_iter().rev() {
            let Some(role) = self.roles.get(ix.0) else { continue };
            let mut effective = role.own.clone();
            for parent in &role.inherits {
                if let Some(parent) = self.roles.get(parent.0).filter(|parent| parent.deleted.is_none()) {
                    effective.union_with(&parent.effective);
                }
            }
            if effective != role.effective
                && let Some(role) = self.roles.get_mut(ix.0)
            {
                role.effective = effective;
            }
        }
    }

    fn heirs_last(&self, ix: RoleIx, order: &mut Vec<RoleIx>) {
        let mut pending = vec![(ix, false)];
        let mut seen = std::collections::HashSet::new();
        while let Some((ix, heirs_done)) = pending.pop() {
            if heirs_done {
                order.push(ix);
            } else if seen.insert(ix) {
                pending.push((ix, true));
                if let Some(role) = self.roles.get(ix.0) {
                    pending.extend(role.heirs.iter().map(|heir| (*heir, false)));
                }
            }
        }
    }

    fn delete_role(&mut self, ix: RoleIx, stamp: Stamp) {
        let Some(role) = self.roles.get_mut(ix.0) else { return };
        role.deleted = Some(stamp);
        let name = fold_name(&role.name);
        let holders = std::mem::take(&mut role.holders);
        let heirs = std::mem::take(&mut role.heirs);
        let parents = std::mem::take(&mut role.inherits);
        role.effective = PermissionSet::default();
        self.role_names.remove(&name);
        for holder in holders {
            if let Some(member) = self.members.get_mut(holder.0) {
                member.assignments.retain(|assignment| assignment.role != ix);
            }
        }
        for parent in parents {
            if let Some(parent) = self.roles.get_mut(parent.0) {
                parent.heirs.retain(|heir| *heir != ix);
            }
        }
        for heir in heirs {
            if let Some(role) = self.roles.get_mut(heir.0) {
                role.inherits.retain(|parent| *parent != ix);
                role.inherits_at = stamp.position;
            }
            self.refresh_effective(heir);
        }
    }

    fn apply_member(&mut self, event: &MemberEvent, stamp: Stamp) {
        if let MemberEvent::MemberAdded { member, kind, account_type, details, scope } = event {
            let profile = self.profile.as_ref();
            let entry = MemberEntry {
                id: member.clone(),
                kind: *kind,
                account_type: profile.and_then(|p| p.account_type_ix(account_type.as_str())).unwrap_or(u16::MAX),
                account_type_at: stamp.position,
                details: details.clone(),
                status: Status::Active,
                status_at: stamp.position,
                email_verified: None,
                documents: Vec::new(),
                scope: self.coverage(scope),
                scope_at: stamp.position,
                assignments: SmallVec::new(),
                toggles: Vec::new(),
                keys: Vec::new(),
                erased: None,
                legal_hold: None,
                added: stamp,
                sequence: 1,
            };
            self.members.insert(member.clone(), entry);
            return;
        }
        let Some(ix) = self.members.find(event.member()).map(MemberIx) else { return };
        self.change_member(ix, event, stamp);
        if let Some(member) = self.members.get_mut(ix.0) {
            member.sequence += 1;
        }
    }

    fn change_member(&mut self, ix: MemberIx, event: &MemberEvent, stamp: Stamp) {
        let position = stamp.position;
        let profile = self.profile.clone();
        let permission = |key: &PermissionKey| profile.as_ref().and_then(|p| p.permission_ix(key.as_str()));
        match event {
            MemberEvent::RoleAssigned { role, scope, window, .. } => {
                let Some(role) = self.role_ix(role.id.as_str()) else { return };
                let scope = self.cited(scope.as_ref());
                return self.begin_assignment(ix, role, scope, *window, position);
            }
            MemberEvent::RoleUnassigned { role, scope, .. } => {
                let Some(role) = self.role_ix(role.id.as_str()) else { return };
                let scope = self.cited(scope.as_ref());
                return self.end_assignment(ix, role, scope);
            }
            MemberEvent::MemberRemoved { .. } => self.end_all_assignments(ix),
            event if event.is_about_key() => return self.apply_key(ix, event, stamp),
            _ => {}
        }
        let scope =
            if let MemberEvent::MemberScopeChanged { after, .. } = event { Some(self.coverage(after)) } else { None };
        let Some(member) = self.members.get_mut(ix.0) else { return };
        match event {
            // INVARIANT: handled above and by the caller.
            MemberEvent::MemberAdded { .. }
            | MemberEvent::RoleAssigned { .. }
            | MemberEvent::RoleUnassigned { .. }
            | MemberEvent::KeyIssued { .. }
            | MemberEvent::KeyExpiryChanged { .. }
            | MemberEvent::KeyRevoked { .. } => {}
            MemberEvent::MemberDetailsChanged { before, after, .. } => {
                if before.email != after.email {
                    member.email_verified = None;
                }
                member.details = after.clone();
            }
            MemberEvent::AccountTypeChanged { after, .. } => {
                member.account_type =
                    profile.as_ref().and_then(|p| p.account_type_ix(after.as_str())).unwrap_or(u16::MAX);
                member.account_type_at = position;
            }
            MemberEvent::EmailVerified { .. } => member.email_verified = Some(position),
            MemberEvent::DocumentSubmitted { document, .. } => {
                set_document(member, document, DocumentStatus::Submitted, position);
            }
            MemberEvent::DocumentApproved { document, expires, .. } => {
                set_document(member, document, DocumentStatus::Approved(*expires), position);
            }
            MemberEvent::DocumentRejected { document, .. } => {
                set_document(member, document, DocumentStatus::Rejected, position);
            }
            MemberEvent::DocumentExpired { document, .. } => {
                set_document(member, document, DocumentStatus::Expired, position);
            }
            MemberEvent::MemberScopeChanged { .. } => {
                member.scope = scope.unwrap_or(Coverage::None);
                member.scope_at = position;
            }
            MemberEvent::MemberPermissionToggled { permission: cited, after, .. } => {
                let Some(permission) = permission(&cited.id) else { return };
                let toggle = Toggle { permission, allowed: *after, at: position };
                member.toggles.retain(|toggle| toggle.permission != permission);
                member.toggles.push(toggle);
            }
            MemberEvent::MemberPermissionCleared { permission: cited, .. } => {
                let Some(permission) = permission(&cited.id) else { return };
                member.toggles.retain(|toggle| toggle.permission != permission);
            }
            MemberEvent::MemberSuspended { .. } => set_status(member, Status::Suspended, position),
            MemberEvent::MemberReactivated { .. } => set_status(member, Status::Active, position),
            MemberEvent::MemberRemoved { .. } => {
                member.toggles.clear();
                set_status(member, Status::Removed, position);
            }
            MemberEvent::PersonalDataErased { .. } => {
                member.details.erase();
                member.erased = Some(position);
            }
            MemberEvent::LegalHoldPlaced { .. } => member.legal_hold = Some(position),
            MemberEvent::LegalHoldLifted { .. } => member.legal_hold = None,
            MemberEvent::PersonalDataExported { .. } => {}
        }
    }

    fn coverage(&self, scope: &MemberScope) -> Coverage {
        let nodes = |nodes: &[ScopeRef]| nodes.iter().filter_map(|node| self.scope_ix(node.id.as_str())).collect();
        match scope {
            MemberScope::None => Coverage::None,
            MemberScope::All => Coverage::All,
            MemberScope::Selected(selected) => Coverage::Nodes { by_group: false, nodes: nodes(selected) },
            MemberScope::ByGroup(groups) => Coverage::Nodes { by_group: true, nodes: nodes(groups) },
        }
    }

    fn cited(&self, scope: Option<&ScopeRef>) -> Option<ScopeIx> {
        self.scope_ix(scope?.id.as_str())
    }

    fn begin_assignment(&mut self, member: MemberIx, role: RoleIx, scope: Option<ScopeIx>, window: Window, at: u64) {
        if let Some(entry) = self.members.get_mut(member.0) {
            entry.assignments.retain(|held| (held.role, held.scope) != (role, scope));
            entry.assignments.push(Assignment { role, scope, window, at });
        }
        if let Some(entry) = self.roles.get_mut(role.0) {
            entry.holders.insert(member);
        }
    }

    fn end_assignment(&mut self, member: MemberIx, role: RoleIx, scope: Option<ScopeIx>) {
        let Some(entry) = self.members.get_mut(member.0) else { return };
        entry.assignments.retain(|held| (held.role, held.scope) != (role, scope));
        if !entry.assignments.iter().any(|held| held.role == role)
            && let Some(entry) = self.roles.get_mut(role.0)
        {
            entry.holders.remove(&member);
        }
    }

    fn end_all_assignments(&mut self, member: MemberIx) {
        let Some(entry) = self.members.get_mut(member.0) else { return };
        for held in std::mem::take(&mut entry.assignments) {
            if let Some(role) = self.roles.get_mut(held.role.0) {
                role.holders.remove(&member);
            }
        }
    }

    fn apply_scope(&mut self, event: &ScopeEvent, stamp: Stamp) {
        if let ScopeEvent::ScopeCreated { scope, kind, parent } = event {
            let parent = self.cited(parent.as_ref());
            let entry = ScopeEntry {
                id: scope.id.clone(),
                name: scope.name.clone(),
                kind: kind.clone(),
                parent,
                parent_at: stamp.position,
                children: SmallVec::new(),
                shared_with: SmallVec::new(),
                archived: None,
                created: stamp,
                sequence: 1,
            };
            let ix = ScopeIx(self.scopes.insert(scope.id.clone(), entry));
            if let Some(parent) = parent.and_then(|parent| self.scopes.get_mut(parent.0)) {
                parent.children.push(ix);
            }
            return;
        }
        let Some(ix) = self.scopes.find(event.scope()).map(ScopeIx) else { return };
        self.change_scope(ix, event, stamp.position);
        if let Some(scope) = self.scopes.get_mut(ix.0) {
            scope.sequence += 1;
        }
    }

    fn change_scope(&mut self, ix: ScopeIx, event: &ScopeEvent, position: u64) {
        let other = match event {
            ScopeEvent::ScopeMoved { after, .. } => self.cited(after.as_ref()),
            ScopeEvent::ScopeShared { with, .. } | ScopeEvent::ScopeUnshared { with, .. } => self.cited(Some(with)),
            _ => None,
        };
        let Some(scope) = self.scopes.get_mut(ix.0) else { return };
        match event {
            // INVARIANT: handled by the caller.
            ScopeEvent::ScopeCreated { .. } => {}
            ScopeEvent::ScopeRenamed { after, .. } => scope.name = after.clone(),
            ScopeEvent::ScopeMoved { .. } => {
                let former = std::mem::replace(&mut scope.parent, other);
                scope.parent_at = position;
                if let Some(former) = former.and_then(|former| self.scopes.get_mut(former.0)) {
                    former.children.retain(|child| *child != ix);
                }
                if let Some(parent) = other.and_then(|parent| self.scopes.get_mut(parent.0)) {
                    parent.children.push(ix);
                }
            }
            ScopeEvent::ScopeShared { .. } => scope.shared_with.extend(other.map(|with| (with, position))),
            ScopeEvent::ScopeUnshared { .. } => scope.shared_with.retain(|(with, _)| Some(*with) != other),
            ScopeEvent::ScopeArchived { .. } => scope.archived = Some(position),
            ScopeEvent::ScopeRestored { .. } => scope.archived = None,
        }
    }
}

/// The key under which repetitions of a refusal are found.
pub(crate) fn refusal_key(actor: &str, command: &str, target: &str, rule: &str) -> compact_str::CompactString {
    format_compact!("{actor}\n{command}\n{target}\n{rule}")
}

fn note_toggle(toggled: &mut Vec<(PermissionIx, u64)>, permission: PermissionIx, position: u64) {
    match toggled.binary_search_by_key(&permission, |(key, _)| *key) {
        Ok(at) => {
            if let Some(entry) = toggled.get_mut(at) {
                entry.1 = position;
            }
        }
        Err(at) => toggled.insert(at, (permission, position)),
    }
}

fn set_status(member: &mut MemberEntry, status: Status, position: u64) {
    member.status = status;
    member.status_at = position;
}

fn set_document(member: &mut MemberEntry, kind: &DocumentKind, status: DocumentStatus, at: u64) {
    member.documents.retain(|document| document.kind != *kind);
    member.documents.push(DocumentEntry { kind: kind.clone(), status, at });
}
