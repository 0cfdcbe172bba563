//! Whom and what an event is about, and what was before and is after: with ids in place of people's names.

use chancery_aggregates::AccessState;
use chancery_aggregates::event::{
    CommandRefused, Details, Event, MemberEvent, OrganisationEvent, ReviewEvent, ReviewedAccess, RoleEvent, ScopeEvent,
};
use chancery_aggregates::vocabulary::{MemberId, PermissionRef, RoleRef, ScopeRef};
use compact_str::CompactString;
use serde::Serialize;
use serde_json::json;

/// Whom and what an event is about, and what was before and is after, as JSON.
#[derive(Debug, Default)]
pub(crate) struct About {
    pub(crate) member: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) role_name: Option<String>,
    pub(crate) permission: Option<String>,
    pub(crate) permission_label: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) scope_name: Option<String>,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

fn written(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

impl About {
    /// What the event that led to a state is about.
    pub(crate) fn of(event: &Event, state: &AccessState) -> Self {
        let mut about = Self::default();
        match event {
            Event::Organisation(event) => about.organisation(event, state),
            Event::Role(event) => about.role_event(event, state),
            Event::Member(event) => about.member_event(event),
            Event::Scope(event) => about.scope_event(event, state),
            Event::Review(event) => about.review_event(event),
        }
        about
    }

    fn member(&mut self, member: &MemberId) {
        self.member = Some(member.to_string());
    }

    fn role(&mut self, role: &RoleRef) {
        (self.role, self.role_name) = (Some(role.id.to_string()), Some(role.name.to_string()));
    }

    fn permission(&mut self, permission: &PermissionRef) {
        self.permission = Some(permission.id.to_string());
        self.permission_label = Some(permission.name.to_string());
    }

    fn scope(&mut self, scope: &ScopeRef) {
        (self.scope, self.scope_name) = (Some(scope.id.to_string()), Some(scope.name.to_string()));
    }

    fn change(&mut self, before: &impl Serialize, after: &impl Serialize) {
        (self.before, self.after) = (written(before), written(after));
    }

    fn organisation(&mut self, event: &OrganisationEvent, state: &AccessState) {
        match event {
            OrganisationEvent::OrganisationFounded { name, profile, .. } => {
                self.after = written(&json!({ "name": name, "profile": profile.name }));
            }
            OrganisationEvent::CatalogueRevised { added } => {
                let keys: Vec<_> = added.iter().flat_map(|group| &group.permissions).map(|p| &p.key).collect();
                self.after = written(&json!({ "permissions": keys }));
            }
            OrganisationEvent::PolicyRevised { before, after } => self.change(before, after),
            OrganisationEvent::OwnerTransferred { role, before, after } => {
                self.role(role);
                self.member(after);
                self.change(&json!({ "holder": before }), &json!({ "holder": after }));
            }
            OrganisationEvent::CommandRefused(refused) => self.refused(refused, state),
            OrganisationEvent::LogKeyPublished { key } => self.after = written(&json!({ "key": key })),
            OrganisationEvent::AuditExported(export) => self.after = written(export),
        }
    }

    /// The target is what somebody typed: only what exists is repeated.
    fn refused(&mut self, refused: &CommandRefused, state: &AccessState) {
        match refused.target.split_once('/') {
            Some(("member", id)) if state.member_by_id(id).is_some() => self.member = Some(id.to_owned()),
            Some(("role", id)) => {
                if let Some(role) = state.role_by_id(id) {
                    (self.role, self.role_name) = (Some(id.to_owned()), Some(role.name.to_string()));
                }
            }
            Some(("scope", id)) => {
                if let Some(scope) = state.scope_by_id(id) {
                    (self.scope, self.scope_name) = (Some(id.to_owned()), Some(scope.name.to_string()));
                }
            }
            _ => {}
        }
    }

    fn role_event(&mut self, event: &RoleEvent, state: &AccessState) {
        self.role = Some(event.role().to_string());
        self.role_name = state.role_by_id(event.role().as_str()).map(|role| role.name.to_string());
        match event {
            RoleEvent::RoleCreated(created) => self.after = written(created),
            RoleEvent::RoleRenamed { before, after, .. } => self.change(before, after),
            RoleEvent::RoleDescribed { before, after, .. } => self.change(before, after),
            RoleEvent::RoleRecoloured { before, after, .. } => self.change(before, after),
            RoleEvent::RoleLevelChanged { before, after, .. } => self.change(before, after),
            RoleEvent::PermissionToggled { permission, before, after, .. } => {
                self.permission(permission);
                self.change(before, after);
            }
            RoleEvent::RoleInheritanceChanged { before, after, .. } => self.change(before, after),
            RoleEvent::RoleLocked { .. } => self.change(&false, &true),
            RoleEvent::RoleUnlocked { .. } => self.change(&true, &false),
            RoleEvent::RoleDeleted { holders, permissions, .. } => {
                self.before = written(&json!({ "holders": holders, "permissions": permissions }));
            }
        }
    }

    fn member_event(&mut self, event: &MemberEvent) {
        self.member(event.member());
        match event {
            MemberEvent::MemberAdded { kind, account_type, scope, .. } => {
                self.after = written(&json!({ "kind": kind, "account_type": account_type, "scope": scope }));
            }
            MemberEvent::MemberDetailsChanged { before, after, .. } => {
                self.after = written(&json!({ "changed": changed_details(before, after) }));
            }
            MemberEvent::AccountTypeChanged { before, after, .. } => self.change(before, after),
            MemberEvent::EmailVerified { .. } => self.after = written(&true),
            MemberEvent::DocumentSubmitted { document, .. }
            | MemberEvent::DocumentRejected { document, .. }
            | MemberEvent::DocumentExpired { document, .. } => {
                self.after = written(&json!({ "document": document }));
            }
            MemberEvent::DocumentApproved { document, expires, .. } => {
                self.after = written(&json!({ "document": document, "expires": expires }));
            }
            MemberEvent::RoleAssigned { role, scope, window, before, .. } => {
                self.assignment(role, scope.as_ref());
                self.before = before.as_ref().and_then(written);
                self.after = written(window);
            }
            MemberEvent::RoleUnassigned { role, scope, before, .. } => {
                self.assignment(role, scope.as_ref());
                self.before = written(before);
            }
            MemberEvent::MemberScopeChanged { before, after, .. } => self.change(before, after),
            MemberEvent::MemberPermissionToggled { permission, before, after, .. } => {
                self.permission(permission);
                self.before = before.as_ref().and_then(written);
                self.after = written(after);
            }
            MemberEvent::MemberPermissionCleared { permission, before, .. } => {
                self.permission(permission);
                self.before = written(before);
            }
            MemberEvent::MemberSuspended { .. } => self.change(&"active", &"suspended"),
            MemberEvent::MemberReactivated { .. } => self.change(&"suspended", &"active"),
            MemberEvent::MemberRemoved { roles, .. } => self.before = written(&json!({ "roles": roles })),
            MemberEvent::PersonalDataErased { .. } | MemberEvent::PersonalDataExported { .. } => {}
            MemberEvent::LegalHoldPlaced { .. } => self.change(&"free", &"held"),
            MemberEvent::LegalHoldLifted { .. } => self.change(&"held", &"free"),
            // Never the digest: nobody needs it to read what happened.
            MemberEvent::KeyIssued { key, label, expires, replaces, .. } => {
                self.after = written(&json!({ "key": key, "label": label, "expires": expires, "replaces": replaces }));
            }
            MemberEvent::KeyExpiryChanged { key, label, before, after, .. } => {
                self.before = written(&json!({ "key": key, "label": label, "expires": before }));
                self.after = written(&json!({ "key": key, "label": label, "expires": after }));
            }
            MemberEvent::KeyRevoked { key, label, expires, .. } => {
                self.before = written(&json!({ "key": key, "label": label, "expires": expires }));
            }
        }
    }

    fn assignment(&mut self, role: &RoleRef, scope: Option<&ScopeRef>) {
        self.role(role);
        if let Some(scope) = scope {
            self.scope(scope);
        }
    }

    fn review_event(&mut self, event: &ReviewEvent) {
        match event {
            ReviewEvent::ReviewOpened { review, about, frozen, deadline, lines } => {
                let opened = json!({ "review": review, "about": about, "frozen": frozen, "deadline": deadline,
                    "lines": lines });
                self.after = written(&opened);
            }
            ReviewEvent::ReviewLinesListed { review, lines } => {
                let numbers: Vec<u32> = lines.iter().map(|line| line.line).collect();
                self.after = written(&json!({ "review": review, "lines": numbers }));
            }
            ReviewEvent::ReviewReviewerChanged { review, lines, before, after } => {
                let side = |reviewer| json!({ "review": review, "lines": lines, "reviewer": reviewer });
                self.change(&side(before), &side(after));
            }
            ReviewEvent::ReviewLineDecided { review, line, before, after } => {
                self.member(&line.member);
                match &line.access {
                    ReviewedAccess::Role { role, scope, .. } => self.assignment(role, scope.as_ref()),
                    ReviewedAccess::Ownership { role } => self.role(role),
                    ReviewedAccess::Permission { permission } => self.permission(permission),
                    ReviewedAccess::Key { .. } => {}
                }
                self.before = before.as_ref().and_then(written);
                let decided = json!({ "review": review, "line": line.line, "access": line.access, "since": line.since,
                    "decision": after });
                self.after = written(&decided);
            }
            ReviewEvent::ReviewCompleted { review, frozen, result } => {
                self.after = written(&json!({ "review": review, "frozen": frozen, "result": result }));
            }
            ReviewEvent::ReviewCancelled { review, lines, decided } => {
                self.after = written(&json!({ "review": review, "lines": lines, "decided": decided }));
            }
        }
    }

    fn scope_event(&mut self, event: &ScopeEvent, state: &AccessState) {
        self.scope = Some(event.scope().to_string());
        self.scope_name = state.scope_by_id(event.scope().as_str()).map(|scope| scope.name.to_string());
        match event {
            ScopeEvent::ScopeCreated { kind, parent, .. } => {
                self.after = written(&json!({ "kind": kind, "parent": parent }));
            }
            ScopeEvent::ScopeRenamed { before, after, .. } => self.change(before, after),
            ScopeEvent::ScopeMoved { before, after, .. } => self.change(before, after),
            ScopeEvent::ScopeShared { with, .. } => self.after = written(with),
            ScopeEvent::ScopeUnshared { with, .. } => self.before = written(with),
            ScopeEvent::ScopeArchived { .. } => self.change(&"in_use", &"archived"),
            ScopeEvent::ScopeRestored { .. } => self.change(&"archived", &"in_use"),
        }
    }
}

/// Which details changed, and not what they were or are.
fn changed_details(before: &Details, after: &Details) -> Vec<CompactString> {
    [
        ("name", before.name != after.name),
        ("email", before.email != after.email),
        ("phone", before.phone != after.phone),
    ]
    .into_iter()
    .filter(|(_, changed)| *changed)
    .map(|(detail, _)| detail.into())
    .collect()
}
