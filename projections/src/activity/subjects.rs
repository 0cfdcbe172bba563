//! What an event is about, for filters and links.

use chancery_aggregates::Event;
use chancery_aggregates::event::{
    MemberEvent, OrganisationEvent, ReviewAbout, ReviewEvent, ReviewLine, ReviewedAccess, RoleEvent, ScopeEvent,
};
use chancery_aggregates::vocabulary::{MemberId, PermissionRef, RoleRef, ScopeRef};
use serde::Serialize;

/// Something that an event names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// Its id.
    pub id: String,
}

/// What an event can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// A member.
    Member,
    /// A role.
    Role,
    /// A permission of the catalogue.
    Permission,
    /// A node of the resource tree.
    Scope,
    /// An access review.
    Review,
}

#[derive(Default)]
struct Subjects(Vec<Subject>);

pub(crate) fn of(event: &Event) -> Vec<Subject> {
    let mut subjects = Subjects::default();
    match event {
        Event::Organisation(event) => subjects.of_organisation(event),
        Event::Role(event) => subjects.of_role(event),
        Event::Member(event) => subjects.of_member(event),
        Event::Scope(event) => subjects.of_scope(event),
        Event::Review(event) => subjects.of_review(event),
    }
    subjects.0
}

impl Subjects {
    fn add(&mut self, kind: SubjectKind, id: &str) {
        let subject = Subject { kind, id: id.to_owned() };
        if !self.0.contains(&subject) {
            self.0.push(subject);
        }
    }

    fn member(&mut self, id: &MemberId) {
        self.add(SubjectKind::Member, id.as_str());
    }

    fn roles<'a>(&mut self, roles: impl IntoIterator<Item = &'a RoleRef>) {
        for role in roles {
            self.add(SubjectKind::Role, role.id.as_str());
        }
    }

    fn permission(&mut self, permission: &PermissionRef) {
        self.add(SubjectKind::Permission, permission.id.as_str());
    }

    fn scopes<'a>(&mut self, scopes: impl IntoIterator<Item = &'a ScopeRef>) {
        for scope in scopes {
            self.add(SubjectKind::Scope, scope.id.as_str());
        }
    }

    fn of_organisation(&mut self, event: &OrganisationEvent) {
        match event {
            OrganisationEvent::OrganisationFounded { .. }
            | OrganisationEvent::PolicyRevised { .. }
            | OrganisationEvent::LogKeyPublished { .. }
            | OrganisationEvent::AuditExported(_) => {}
            OrganisationEvent::CatalogueRevised { added } => {
                // Permissions of one catalogue are not repeated: no need to look for them.
                let added = added.iter().flat_map(|category| &category.permissions);
                self.0.extend(added.map(|p| Subject { kind: SubjectKind::Permission, id: p.key.to_string() }));
            }
            OrganisationEvent::OwnerTransferred { role, before, after } => {
                self.roles([role]);
                self.member(before);
                self.member(after);
            }
            OrganisationEvent::CommandRefused(refused) => match refused.target.split_once('/') {
                Some(("member", id)) => self.add(SubjectKind::Member, id),
                Some(("role", id)) => self.add(SubjectKind::Role, id),
                Some(("scope", id)) => self.add(SubjectKind::Scope, id),
                Some(("review", id)) => self.add(SubjectKind::Review, id),
                _ => {}
            },
        }
    }

    fn of_role(&mut self, event: &RoleEvent) {
        self.add(SubjectKind::Role, event.role().as_str());
        match event {
            RoleEvent::RoleCreated(created) => {
                self.roles(created.inherits.iter().chain(&created.duplicate_of));
            }
            RoleEvent::PermissionToggled { permission, .. } => self.permission(permission),
            RoleEvent::RoleInheritanceChanged { before, after, .. } => self.roles(before.iter().chain(after)),
            RoleEvent::RoleRenamed { .. }
            | RoleEvent::RoleDescribed { .. }
            | RoleEvent::RoleRecoloured { .. }
            | RoleEvent::RoleLevelChanged { .. }
            | RoleEvent::RoleLocked { .. }
            | RoleEvent::RoleUnlocked { .. }
            | RoleEvent::RoleDeleted { .. } => {}
        }
    }

    fn of_member(&mut self, event: &MemberEvent) {
        self.member(event.member());
        match event {
            MemberEvent::MemberAdded { scope, .. } => self.scopes(scope.nodes()),
            MemberEvent::RoleAssigned { role, scope, .. } | MemberEvent::RoleUnassigned { role, scope, .. } => {
                self.roles([role]);
                self.scopes(scope);
            }
            MemberEvent::MemberScopeChanged { before, after, .. } => {
                self.scopes(before.nodes().iter().chain(after.nodes()));
            }
            MemberEvent::MemberPermissionToggled { permission, .. }
            | MemberEvent::MemberPermissionCleared { permission, .. } => self.permission(permission),
            MemberEvent::MemberDetailsChanged { .. }
            | MemberEvent::AccountTypeChanged { .. }
            | MemberEvent::EmailVerified { .. }
            | MemberEvent::DocumentSubmitted { .. }
            | MemberEvent::DocumentApproved { .. }
            | MemberEvent::DocumentRejected { .. }
            | MemberEvent::DocumentExpired { .. }
            | MemberEvent::MemberSuspended { .. }
            | MemberEvent::MemberReactivated { .. }
            | MemberEvent::MemberRemoved { .. }
            | MemberEvent::PersonalDataErased { .. }
            | MemberEvent::LegalHoldPlaced { .. }
            | MemberEvent::LegalHoldLifted { .. }
            | MemberEvent::PersonalDataExported { .. }
            | MemberEvent::KeyIssued { .. }
            | MemberEvent::KeyExpiryChanged { .. }
            | MemberEvent::KeyRevoked { .. } => {}
        }
    }

    fn of_review(&mut self, event: &ReviewEvent) {
        self.add(SubjectKind::Review, event.review().as_str());
        match event {
            ReviewEvent::ReviewOpened { about, .. } => match about {
                ReviewAbout::Role(role) => self.roles([role]),
                ReviewAbout::Scope(scope) => self.scopes([scope]),
                ReviewAbout::All | ReviewAbout::Sensitive => {}
            },
            ReviewEvent::ReviewReviewerChanged { before, after, .. } => {
                self.member(before);
                self.member(after);
            }
            ReviewEvent::ReviewLineDecided { line, .. } => self.reviewed(line),
            // Who stands in a list is neither changed nor judged by it.
            ReviewEvent::ReviewLinesListed { .. }
            | ReviewEvent::ReviewCompleted { .. }
            | ReviewEvent::ReviewCancelled { .. } => {}
        }
    }

    fn reviewed(&mut self, line: &ReviewLine) {
        self.member(&line.member);
        match &line.access {
            ReviewedAccess::Role { role, scope, .. } => {
                self.roles([role]);
                self.scopes(scope);
            }
            ReviewedAccess::Ownership { role } => self.roles([role]),
            ReviewedAccess::Permission { permission } => self.permission(permission),
            ReviewedAccess::Key { .. } => {}
        }
    }

    fn of_scope(&mut self, event: &ScopeEvent) {
        self.add(SubjectKind::Scope, event.scope().as_str());
        match event {
            ScopeEvent::ScopeCreated { parent, .. } => self.scopes(parent),
            ScopeEvent::ScopeMoved { before, after, .. } => self.scopes(before.iter().chain(after)),
            ScopeEvent::ScopeShared { with, .. } | ScopeEvent::ScopeUnshared { with, .. } => self.scopes([with]),
            ScopeEvent::ScopeRenamed { .. } | ScopeEvent::ScopeArchived { .. } | ScopeEvent::ScopeRestored { .. } => {}
        }
    }
}
