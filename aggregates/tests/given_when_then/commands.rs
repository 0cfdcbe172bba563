//! Short forms of commands, and of what events cite.

use chancery_aggregates::command::{
    MemberCommand, NewRole, OrganisationCommand, RoleCommand, ScopeChoice, ScopeCommand,
};
use chancery_aggregates::event::{Details, MemberEvent};
use chancery_aggregates::profile::document::{CategoryDocument, PermissionDocument};
use chancery_aggregates::vocabulary::{
    AccountTypeKey, MemberId, MemberKind, PermissionKey, PermissionRef, Personal, RoleId, RoleRef, ScopeId, ScopeRef,
    Time, Window,
};

pub(crate) fn role(id: &str, command: RoleCommand) -> (RoleId, RoleCommand) {
    (RoleId::known(id), command)
}

pub(crate) fn member(id: &str, command: MemberCommand) -> (MemberId, MemberCommand) {
    (MemberId::known(id), command)
}

pub(crate) fn scope(id: &str, command: ScopeCommand) -> (ScopeId, ScopeCommand) {
    (ScopeId::known(id), command)
}

/// A new role with these permissions of its own.
pub(crate) fn new_role(name: &str, permissions: &[&str]) -> NewRole {
    NewRole { name: name.into(), permissions: keys(permissions), ..NewRole::default() }
}

pub(crate) fn create(new: NewRole) -> RoleCommand {
    RoleCommand::CreateRole(Box::new(new))
}

pub(crate) fn rename(name: &str) -> RoleCommand {
    RoleCommand::RenameRole { name: name.into() }
}

pub(crate) fn toggle(allow: &[&str], deny: &[&str]) -> RoleCommand {
    RoleCommand::TogglePermissions { allow: keys(allow), deny: keys(deny) }
}

pub(crate) fn inherit_from(parents: &[&str]) -> RoleCommand {
    RoleCommand::InheritFrom { parents: parents.iter().copied().map(RoleId::known).collect() }
}

/// A person of this account type, in the scope that the profile gives.
pub(crate) fn add(account_type: &str) -> MemberCommand {
    add_in(account_type, None)
}

pub(crate) fn add_in(account_type: &str, scope: Option<ScopeChoice>) -> MemberCommand {
    MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: Some(AccountTypeKey::known(account_type)),
        details: Details::default(),
        scope,
    }
}

/// The role without a scope of its own and without end.
pub(crate) fn assign(role: &str) -> MemberCommand {
    MemberCommand::AssignRole { role: RoleId::known(role), scope: None, window: Window::default() }
}

pub(crate) fn assign_in(role: &str, scope: &str) -> MemberCommand {
    MemberCommand::AssignRole {
        role: RoleId::known(role),
        scope: Some(ScopeId::known(scope)),
        window: Window::default(),
    }
}

pub(crate) fn assign_during(role: &str, window: Window) -> MemberCommand {
    MemberCommand::AssignRole { role: RoleId::known(role), scope: None, window }
}

pub(crate) fn unassign(role: &str) -> MemberCommand {
    MemberCommand::UnassignRole { role: RoleId::known(role), scope: None }
}

pub(crate) fn switch(permission: &str, allowed: bool) -> MemberCommand {
    MemberCommand::ToggleMemberPermission { permission: PermissionKey::known(permission), allowed }
}

pub(crate) fn selected(nodes: &[&str]) -> ScopeChoice {
    ScopeChoice::Selected(nodes.iter().copied().map(ScopeId::known).collect())
}

pub(crate) fn by_group(nodes: &[&str]) -> ScopeChoice {
    ScopeChoice::ByGroup(nodes.iter().copied().map(ScopeId::known).collect())
}

pub(crate) fn create_scope(kind: &str, name: &str, parent: Option<&str>) -> ScopeCommand {
    ScopeCommand::CreateScope { name: name.into(), kind: Some(kind.into()), parent: parent.map(ScopeId::known) }
}

pub(crate) fn move_below(parent: &str) -> ScopeCommand {
    ScopeCommand::MoveScope { parent: Some(ScopeId::known(parent)) }
}

pub(crate) fn share_with(with: &str) -> ScopeCommand {
    ScopeCommand::ShareScope { with: ScopeId::known(with) }
}

/// Permissions for a catalogue.
pub(crate) fn category(keys: &[&str]) -> CategoryDocument {
    let permission = |key: &&str| PermissionDocument {
        key: (*key).into(),
        label: format!("May {key}"),
        description: String::new(),
        narrows: Vec::new(),
        sensitive: false,
    };
    CategoryDocument {
        key: "print".into(),
        label: "Print".into(),
        administration: false,
        permissions: keys.iter().map(permission).collect(),
    }
}

/// The catalogue gains a permission.
pub(crate) fn catalogue_with(permission: &str) -> OrganisationCommand {
    OrganisationCommand::ReviseCatalogue { added: vec![category(&[permission])] }
}

pub(crate) fn named(name: &str) -> Details {
    Details { name: Some(Personal::Clear(name.into())), ..Details::default() }
}

pub(crate) fn until(until: Time) -> Window {
    Window { from: None, until: Some(until) }
}

pub(crate) fn keys(permissions: &[&str]) -> Vec<PermissionKey> {
    permissions.iter().copied().map(PermissionKey::known).collect()
}

pub(crate) fn role_ref(id: &str, name: &str) -> RoleRef {
    RoleRef { id: RoleId::known(id), name: name.into() }
}

pub(crate) fn scope_ref(id: &str, name: &str) -> ScopeRef {
    ScopeRef { id: ScopeId::known(id), name: name.into() }
}

pub(crate) fn permission_ref(id: &str, name: &str) -> PermissionRef {
    PermissionRef { id: PermissionKey::known(id), name: name.into() }
}

/// A role given without scope, window or history.
pub(crate) fn role_assigned(member: &str, id: &str, name: &str) -> MemberEvent {
    MemberEvent::RoleAssigned {
        member: MemberId::known(member),
        role: role_ref(id, name),
        scope: None,
        window: Window::default(),
        before: None,
    }
}
