//! The audit log: one row per event, complete, with ids in place of people's names.

use chancery_aggregates::AccessState;
use chancery_aggregates::event::{
    CommandRefused, Details, Event, MemberEvent, OrganisationEvent, Recorded, RoleEvent, ScopeEvent,
};
use chancery_aggregates::vocabulary::{MemberId, PermissionRef, RoleRef, ScopeRef};
use compact_str::CompactString;
use serde::Serialize;
use serde_json::json;

use super::row::Value;
use super::schema::{Column, Shape, Table};
use crate::activity;

pub(super) static AUDIT_LOG: Table = Table {
    name: "audit_log",
    key: 2,
    shape: Shape::Log,
    columns: &[
        Column::text("organisation"),
        Column::integer("position"),
        Column::integer("global_position"),
        Column::time("time"),
        Column::text("type"),
        Column::text("outcome"),
        Column::text("actor"),
        Column::text("on_behalf_of").or_null(),
        Column::text("command").or_null(),
        Column::text("member").or_null(),
        Column::text("role").or_null(),
        Column::text("role_name").or_null(),
        Column::text("permission").or_null(),
        Column::text("permission_label").or_null(),
        Column::text("scope").or_null(),
        Column::text("scope_name").or_null(),
        Column::text("before").or_null(),
        Column::text("after").or_null(),
        Column::text("rule").or_null(),
        Column::integer("occurrence").or_null(),
        Column::text("reason").or_null(),
        Column::text("source").or_null(),
        Column::text("agent").or_null(),
        Column::text("correlation").or_null(),
        Column::text("causation").or_null(),
        Column::text("sentence"),
    ],
};

pub(super) fn values(recorded: &Recorded, after: &AccessState) -> Vec<Value> {
    let metadata = &recorded.metadata;
    let mut told = Told::default();
    told.event(&recorded.event, after);
    let refused = match &recorded.event {
        Event::Organisation(OrganisationEvent::CommandRefused(refused)) => Some(refused),
        _ => None,
    };
    let text = |text: &Option<String>| Value::from(text.as_deref());
    vec![
        after.organisation().as_str().into(),
        number(recorded.stamp.position),
        number(recorded.global_position),
        recorded.stamp.time.into(),
        recorded.event.name().into(),
        if refused.is_some() { "refused" } else { "allowed" }.into(),
        refused.map_or(metadata.actor.as_str(), |refused| refused.actor.as_str()).into(),
        text(&metadata.on_behalf_of),
        refused.map_or_else(|| text(&metadata.command), |refused| refused.command.as_str().into()),
        told.member,
        told.role,
        told.role_name,
        told.permission,
        told.permission_label,
        told.scope,
        told.scope_name,
        told.before,
        told.after,
        refused.map(|refused| refused.rule.as_str()).into(),
        refused.map(|refused| i64::from(refused.occurrence)).into(),
        text(&metadata.reason),
        text(&metadata.source),
        text(&metadata.agent),
        text(&metadata.correlation),
        text(&metadata.causation),
        activity::sentence_with_ids(after, recorded).into(),
    ]
}

fn number(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn written(value: &impl Serialize) -> Value {
    serde_json::to_string(value).ok().into()
}

/// Whom and what an event is about, and what was before and is after.
struct Told {
    member: Value,
    role: Value,
    role_name: Value,
    permission: Value,
    permission_label: Value,
    scope: Value,
    scope_name: Value,
    before: Value,
    after: Value,
}

impl Default for Told {
    fn default() -> Self {
        let none = || Value::Null;
        Self {
            member: none(),
            role: none(),
            role_name: none(),
            permission: none(),
            permission_label: none(),
            scope: none(),
            scope_name: none(),
            before: none(),
            after: none(),
        }
    }
}

impl Told {
    fn event(&mut self, event: &Event, state: &AccessState) {
        match event {
            Event::Organisation(event) => self.organisation(event, state),
            Event::Role(event) => self.role_event(event, state),
            Event::Member(event) => self.member_event(event),
            Event::Scope(event) => self.scope_event(event, state),
        }
    }

    fn member(&mut self, member: &MemberId) {
        self.member = member.as_str().into();
    }

    fn role(&mut self, role: &RoleRef) {
        (self.role, self.role_name) = (role.id.as_str().into(), role.name.as_str().into());
    }

    fn permission(&mut self, permission: &PermissionRef) {
        self.permission = permission.id.as_str().into();
        self.permission_label = permission.name.as_str().into();
    }

    fn scope(&mut self, scope: &ScopeRef) {
        (self.scope, self.scope_name) = (scope.id.as_str().into(), scope.name.as_str().into());
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
            Some(("member", id)) if state.member_by_id(id).is_some() => self.member = id.into(),
            Some(("role", id)) => {
                if let Some(role) = state.role_by_id(id) {
                    (self.role, self.role_name) = (id.into(), role.name.as_str().into());
                }
            }
            Some(("scope", id)) => {
                if let Some(scope) = state.scope_by_id(id) {
                    (self.scope, self.scope_name) = (id.into(), scope.name.as_str().into());
                }
            }
            _ => {}
        }
    }

    fn role_event(&mut self, event: &RoleEvent, state: &AccessState) {
        self.role = event.role().as_str().into();
        self.role_name = state.role_by_id(event.role().as_str()).map(|role| role.name.as_str()).into();
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
                self.before = before.as_ref().map_or(Value::Null, written);
                self.after = written(window);
            }
            MemberEvent::RoleUnassigned { role, scope, before, .. } => {
                self.assignment(role, scope.as_ref());
                self.before = written(before);
            }
            MemberEvent::MemberScopeChanged { before, after, .. } => self.change(before, after),
            MemberEvent::MemberPermissionToggled { permission, before, after, .. } => {
                self.permission(permission);
                self.before = before.as_ref().map_or(Value::Null, written);
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

    fn scope_event(&mut self, event: &ScopeEvent, state: &AccessState) {
        self.scope = event.scope().as_str().into();
        self.scope_name = state.scope_by_id(event.scope().as_str()).map(|scope| scope.name.as_str()).into();
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
