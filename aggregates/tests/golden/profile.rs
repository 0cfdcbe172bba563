//! A profile with every field, and one with no more than it needs.

use chancery_aggregates::profile::document::{
    AccountTypeDocument, AssignedBy, AssignmentScope, Authority, CategoryDocument, DefaultScope, Forbidden,
    NamespaceDocument, PermissionDocument, Policy, ProfileDocument, RoleDocument, RoleInUse, ScopeKindDocument,
    SeparationDocument, SeparationSwitch,
};

pub(crate) fn full() -> ProfileDocument {
    ProfileDocument {
        format: 1,
        name: "studio".into(),
        title: "Studio".into(),
        description: "Works in rooms.".into(),
        policy: policy(),
        authority: Authority {
            role_view: Some("roles.view".into()),
            personal_erase: Some("data.erase".into()),
            // Later than the file, which is never changed.
            key_own: None,
            key_issue: None,
            key_revoke: None,
            key_view: None,
            review_open: None,
            ..authority()
        },
        account_types: vec![AccountTypeDocument {
            key: "guest".into(),
            label: "Guest".into(),
            description: "Comes and goes.".into(),
            may_hold: vec!["work.*".into(), "!work.sign".into()],
            verified_email: true,
            documents: vec!["passport".into()],
            default_role: Some("visitor".into()),
            sees_own_access: false,
            scope_kinds: vec!["room".into()],
        }],
        scope_kinds: vec![ScopeKindDocument {
            key: "room".into(),
            label: "Room".into(),
            below: vec!["house".into()],
            top: true,
            group: true,
        }],
        namespaces: vec![NamespaceDocument { prefix: "work.".into(), label: "Work".into() }],
        categories: vec![category()],
        roles: vec![RoleDocument {
            key: "visitor".into(),
            name: "Visitor".into(),
            description: "Looks around.".into(),
            level: Some(40),
            colour: Some("#1d4ed8".into()),
            assigned: AssignedBy::System,
            assigned_only_by: vec!["lead".into()],
            account_types: vec!["guest".into()],
            locked: true,
            everywhere: true,
            permissions: vec!["work.view".into()],
            inherits: vec!["basic".into()],
        }],
        separations: Vec::new(),
    }
}

pub(crate) fn minimal() -> ProfileDocument {
    ProfileDocument {
        format: 1,
        name: "bare".into(),
        title: "Bare".into(),
        description: String::new(),
        policy: Policy::default(),
        authority: authority(),
        account_types: Vec::new(),
        scope_kinds: Vec::new(),
        namespaces: Vec::new(),
        categories: Vec::new(),
        roles: Vec::new(),
        separations: Vec::new(),
    }
}

/// The smallest one that keeps something apart.
pub(crate) fn separating() -> ProfileDocument {
    ProfileDocument {
        policy: Policy { separation: SeparationSwitch::Refuse, ..Policy::default() },
        separations: vec![SeparationDocument {
            key: "signing".into(),
            label: "Signing".into(),
            description: "Who writes does not sign.".into(),
            one: vec!["work.edit".into(), "work.create".into()],
            other: vec!["work.sign".into()],
        }],
        ..minimal()
    }
}

pub(crate) fn policy() -> Policy {
    Policy {
        levels: true,
        self_change: false,
        several_roles: false,
        role_in_use: RoleInUse::Unassign,
        assignment_scope: AssignmentScope::Required,
        default_scope: DefaultScope::All,
        owner_role: Some("owner".into()),
        locked_forbids: vec![Forbidden::Delete],
        locked_except_for: vec!["lead".into()],
        roles_visible_with: vec!["roles.view".into()],
        reminder_days: 14,
        // Later than the files, which are never changed.
        longest_key_days: None,
        separation: SeparationSwitch::Report,
    }
}

pub(crate) fn category() -> CategoryDocument {
    CategoryDocument {
        key: "work".into(),
        label: "Work".into(),
        administration: true,
        permissions: vec![
            PermissionDocument {
                key: "work.view".into(),
                label: "View work".into(),
                description: String::new(),
                narrows: Vec::new(),
                sensitive: false,
            },
            PermissionDocument {
                key: "work.own_only".into(),
                label: "Only their own".into(),
                description: "Narrows viewing.".into(),
                narrows: vec!["work.view".into()],
                sensitive: true,
            },
        ],
    }
}

fn authority() -> Authority {
    Authority {
        role_create: "roles.create".into(),
        role_edit: "roles.edit".into(),
        role_delete: "roles.delete".into(),
        role_assign: "roles.assign".into(),
        role_view: None,
        member_view: "members.view".into(),
        member_add: "members.add".into(),
        member_edit: "members.edit".into(),
        member_remove: "members.remove".into(),
        member_scope: "members.scope".into(),
        member_toggle: "members.toggle".into(),
        account_type: "members.type".into(),
        document_review: "members.review".into(),
        scope_edit: "rooms.edit".into(),
        scope_share: "rooms.share".into(),
        scope_archive: "rooms.archive".into(),
        activity_view: "log.view".into(),
        audit_view: "audit.view".into(),
        audit_export: "audit.export".into(),
        personal_data: "data.export".into(),
        personal_erase: None,
        key_own: None,
        key_issue: None,
        key_revoke: None,
        key_view: None,
        review_open: None,
    }
}
