//! Which rows an event may change.
//!
//! A [`Part`] is a small set of rows that a state has. An event names the parts that it may touch,
//! and what it changes is the difference of these parts before and after; so no rule about what an
//! event does is written twice, and a frequent event looks at a row or two.

use chancery_aggregates::AccessState;
use chancery_aggregates::event::{Event, MemberEvent, OrganisationEvent, RoleEvent, ScopeEvent};
use chancery_aggregates::state::permission_set::PermissionIx;
use chancery_aggregates::state::{MemberIx, RoleIx, ScopeIx};
use chancery_aggregates::vocabulary::{MemberId, PermissionRef, RoleRef};

use super::row::Rows;
use super::scope::{dependent, subtree};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Settings,
    Catalogue,
    WholeCoverage,
    Role(RoleIx),
    RoleTerms(RoleIx),
    RoleParents(RoleIx),
    RolePermissions(RoleIx),
    RolePermission(RoleIx, PermissionIx),
    Member(MemberIx),
    MemberDocuments(MemberIx),
    MemberScopes(MemberIx),
    /// Assignments of one role, or of all.
    MemberRoles(MemberIx, Option<RoleIx>),
    /// The direct toggle of one permission, or all.
    MemberPermissions(MemberIx, Option<PermissionIx>),
    Scope(ScopeIx),
    ScopeSharing(ScopeIx),
    Coverage(ScopeIx),
}

impl Rows<'_> {
    pub(super) fn part(&mut self, part: Part) {
        match part {
            Part::Settings => self.settings(),
            Part::Catalogue => self.catalogue(),
            Part::WholeCoverage => self.whole_coverage(),
            Part::Role(role) => self.role(role),
            Part::RoleTerms(role) => self.role_terms(role),
            Part::RoleParents(role) => self.role_parents(role),
            Part::RolePermissions(role) => self.role_permissions(role),
            Part::RolePermission(role, permission) => self.role_permission(role, permission),
            Part::Member(member) => self.member(member),
            Part::MemberDocuments(member) => self.member_documents(member),
            Part::MemberScopes(member) => self.member_scopes(member),
            Part::MemberRoles(member, role) => self.member_roles(member, role),
            Part::MemberPermissions(member, permission) => self.member_permissions(member, permission),
            Part::Scope(scope) => self.scope(scope),
            Part::ScopeSharing(scope) => self.scope_sharing(scope),
            Part::Coverage(scope) => self.coverage(scope),
        }
    }
}

/// All parts of a state.
pub(super) fn all(state: &AccessState) -> Vec<Part> {
    let mut parts = vec![Part::Settings, Part::Catalogue, Part::WholeCoverage];
    for (ix, _) in state.roles() {
        parts.extend([Part::Role(ix), Part::RoleTerms(ix), Part::RoleParents(ix), Part::RolePermissions(ix)]);
    }
    for (ix, _) in state.scopes() {
        parts.extend([Part::Scope(ix), Part::ScopeSharing(ix), Part::Coverage(ix)]);
    }
    for (ix, _) in state.members() {
        parts.extend([Part::Member(ix), Part::MemberDocuments(ix), Part::MemberScopes(ix)]);
        parts.extend([Part::MemberRoles(ix, None), Part::MemberPermissions(ix, None)]);
    }
    parts
}

/// The parts that an event may change, each once.
pub(super) struct Touched<'a> {
    before: &'a AccessState,
    after: &'a AccessState,
    parts: Vec<Part>,
}

impl<'a> Touched<'a> {
    pub(super) fn by(event: &Event, before: &'a AccessState, after: &'a AccessState) -> Vec<Part> {
        let mut touched = Self { before, after, parts: Vec::new() };
        match event {
            Event::Organisation(event) => touched.organisation(event),
            Event::Role(event) => touched.role(event),
            Event::Member(event) => touched.member(event),
            Event::Scope(event) => touched.scope(event),
            // A review decides; what is taken away is taken away by events of members.
            Event::Review(_) => {}
        }
        touched.parts
    }

    fn add<const N: usize>(&mut self, parts: [Part; N]) {
        self.parts.extend(parts);
    }

    /// A role that is there before or after the event.
    fn role_ix(&self, id: &str) -> Option<RoleIx> {
        self.after.role_ix(id).or_else(|| self.before.role_ix(id))
    }

    fn permission_ix(&self, cited: &PermissionRef) -> Option<PermissionIx> {
        self.after.profile()?.permission_ix(cited.id.as_str())
    }

    fn organisation(&mut self, event: &OrganisationEvent) {
        match event {
            OrganisationEvent::OrganisationFounded { .. } => {
                self.add([Part::Settings, Part::Catalogue, Part::WholeCoverage]);
            }
            OrganisationEvent::CatalogueRevised { .. } => self.add([Part::Catalogue]),
            OrganisationEvent::PolicyRevised { .. } => self.add([Part::Settings]),
            OrganisationEvent::OwnerTransferred { role, before, after } => {
                self.assignment(before, role);
                if before != after {
                    self.assignment(after, role);
                }
            }
            OrganisationEvent::CommandRefused(_)
            | OrganisationEvent::LogKeyPublished { .. }
            | OrganisationEvent::AuditExported(_) => {}
        }
    }

    fn assignment(&mut self, member: &MemberId, role: &RoleRef) {
        if let (Some(member), Some(role)) = (self.after.member_ix(member.as_str()), self.role_ix(role.id.as_str())) {
            self.add([Part::MemberRoles(member, Some(role))]);
        }
    }

    fn role(&mut self, event: &RoleEvent) {
        let Some(role) = self.role_ix(event.role().as_str()) else { return };
        match event {
            RoleEvent::RoleCreated(_) => {
                self.add([Part::Role(role), Part::RoleTerms(role), Part::RoleParents(role)]);
                self.add([Part::RolePermissions(role)]);
            }
            RoleEvent::RoleRenamed { .. }
            | RoleEvent::RoleDescribed { .. }
            | RoleEvent::RoleRecoloured { .. }
            | RoleEvent::RoleLevelChanged { .. }
            | RoleEvent::RoleLocked { .. }
            | RoleEvent::RoleUnlocked { .. } => self.add([Part::Role(role)]),
            RoleEvent::PermissionToggled { permission, .. } => {
                if let Some(permission) = self.permission_ix(permission) {
                    let heirs = heirs(self.after, role);
                    self.parts.extend(heirs.into_iter().map(|role| Part::RolePermission(role, permission)));
                }
            }
            RoleEvent::RoleInheritanceChanged { .. } => {
                self.add([Part::RoleParents(role)]);
                self.parts.extend(heirs(self.after, role).into_iter().map(Part::RolePermissions));
            }
            RoleEvent::RoleDeleted { .. } => {
                self.add([Part::Role(role), Part::RoleTerms(role)]);
                for heir in heirs(self.before, role) {
                    self.add([Part::RoleParents(heir), Part::RolePermissions(heir)]);
                }
                let holders = self.before.role(role).into_iter().flat_map(|role| role.holders.iter());
                self.parts.extend(holders.map(|member| Part::MemberRoles(*member, Some(role))));
            }
        }
    }

    fn member(&mut self, event: &MemberEvent) {
        let Some(member) = self.after.member_ix(event.member().as_str()) else { return };
        match event {
            MemberEvent::MemberAdded { .. } => self.add([Part::Member(member), Part::MemberScopes(member)]),
            MemberEvent::MemberDetailsChanged { .. }
            | MemberEvent::EmailVerified { .. }
            | MemberEvent::MemberSuspended { .. }
            | MemberEvent::MemberReactivated { .. } => self.add([Part::Member(member)]),
            MemberEvent::AccountTypeChanged { .. } => {
                self.add([Part::Member(member), Part::MemberRoles(member, None)]);
            }
            MemberEvent::DocumentSubmitted { .. }
            | MemberEvent::DocumentApproved { .. }
            | MemberEvent::DocumentRejected { .. }
            | MemberEvent::DocumentExpired { .. } => {
                self.add([Part::Member(member), Part::MemberDocuments(member)]);
            }
            MemberEvent::RoleAssigned { member, role, .. } | MemberEvent::RoleUnassigned { member, role, .. } => {
                self.assignment(member, role);
            }
            MemberEvent::MemberScopeChanged { .. } => {
                self.add([Part::Member(member), Part::MemberScopes(member), Part::MemberRoles(member, None)]);
            }
            MemberEvent::MemberPermissionToggled { permission, .. }
            | MemberEvent::MemberPermissionCleared { permission, .. } => {
                if let Some(permission) = self.permission_ix(permission) {
                    self.add([Part::MemberPermissions(member, Some(permission))]);
                }
            }
            MemberEvent::MemberRemoved { .. } => {
                self.add([Part::Member(member), Part::MemberRoles(member, None)]);
                self.add([Part::MemberPermissions(member, None)]);
            }
            // Neither personal data nor keys are in the tables.
            MemberEvent::PersonalDataErased { .. }
            | MemberEvent::LegalHoldPlaced { .. }
            | MemberEvent::LegalHoldLifted { .. }
            | MemberEvent::PersonalDataExported { .. }
            | MemberEvent::KeyIssued { .. }
            | MemberEvent::KeyExpiryChanged { .. }
            | MemberEvent::KeyRevoked { .. } => {}
        }
    }

    fn scope(&mut self, event: &ScopeEvent) {
        let Some(scope) = self.after.scope_ix(event.scope().as_str()) else { return };
        match event {
            ScopeEvent::ScopeCreated { .. } => self.add([Part::Scope(scope), Part::Coverage(scope)]),
            ScopeEvent::ScopeRenamed { .. } => self.add([Part::Scope(scope)]),
            ScopeEvent::ScopeMoved { .. } | ScopeEvent::ScopeArchived { .. } | ScopeEvent::ScopeRestored { .. } => {
                self.add([Part::Scope(scope)]);
                self.parts.extend(dependent(self.after, scope).into_iter().map(Part::Coverage));
            }
            ScopeEvent::ScopeShared { .. } | ScopeEvent::ScopeUnshared { .. } => {
                self.add([Part::ScopeSharing(scope)]);
                self.parts.extend(subtree(self.after, scope).into_iter().map(Part::Coverage));
            }
        }
    }
}

/// A role and all that inherit from it, over any number of steps.
fn heirs(state: &AccessState, role: RoleIx) -> Vec<RoleIx> {
    let mut found = vec![role];
    let mut next = 0;
    while let Some(ix) = found.get(next).copied() {
        next += 1;
        for heir in state.role(ix).into_iter().flat_map(|role| role.heirs.iter().copied()) {
            if !found.contains(&heir) {
                found.push(heir);
            }
        }
    }
    found
}
