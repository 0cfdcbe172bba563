//! What roles look like in requests and answers.

use chancery_aggregates::AccessState;
use chancery_aggregates::command::{NewRole, RoleCommand};
use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::state::{RoleEntry, fold_name};
use chancery_aggregates::vocabulary::{PermissionKey, RoleId, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::v1::names::{self, present};
use crate::api::v1::page::{Order, number_key};

/// A named bundle of permissions
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "auditor", "name": "Auditor", "description": "Reads everything", "level": 40, "kind": "custom",
    "locked": false, "everywhere": false, "permissions": ["invoice.read"], "effective_permissions": ["invoice.read"],
    "inherits": [], "users": 2, "created": "2026-03-03T14:30:00Z", "created_position": 17,
    "modified": "2026-03-03T14:30:00Z", "modified_position": 17, "version": 1
}))]
pub(super) struct Role {
    /// Never changes
    id: String,
    /// What people call it; unique whatever its case
    name: String,
    /// What it is for
    description: String,
    /// `#rrggbb`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    colour: Option<String>,
    /// Where roles have levels: a smaller number outranks a greater one
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    level: Option<u16>,
    kind: RoleKind,
    /// Whether it cannot be changed
    locked: bool,
    /// Whether it reaches the whole organisation, whatever the holder's scope
    everywhere: bool,
    /// Its own permissions
    permissions: Vec<String>,
    /// Its own permissions and those that it inherits
    effective_permissions: Vec<String>,
    /// The ids of the roles that it inherits from
    inherits: Vec<String>,
    /// How many members hold it
    users: usize,
    /// When it was created
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    /// The position of its creation
    created_position: u64,
    /// When it was last changed
    #[schema(value_type = String, format = DateTime)]
    modified: Time,
    /// The position of its last change
    modified_position: u64,
    /// Counts its changes; the `ETag` is the same number
    version: u64,
}

/// Where a role comes from, and how it is given
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RoleKind {
    /// Given by the product itself
    System,
    /// Has one holder, and moves by transfer
    Owner,
    /// From the profile
    BuiltIn,
    /// Made here
    Custom,
}

/// Roles, and where the next page begins
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next": null}))]
pub(super) struct RoleList {
    pub(super) items: Vec<Role>,
    /// The cursor of the next page; null after the last
    pub(super) next: Option<String>,
}

/// By what roles are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RoleSort {
    #[default]
    Name,
    Created,
    Modified,
    Users,
    Level,
}

/// Which roles.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RoleFilter {
    /// Only roles with this in their name or id
    #[param(nullable = false)]
    pub(super) search: Option<String>,
    /// By what to sort; by name where nothing is said
    #[param(nullable = false, inline)]
    pub(super) sort: Option<RoleSort>,
    // `serde(flatten)` cannot read numbers from a query.
    /// `next` of the page before
    #[param(nullable = false)]
    pub(super) cursor: Option<String>,
    /// The most items to answer, 1 to 1,000; 100 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub(super) limit: Option<usize>,
    /// Which way round; `asc` where nothing is said
    #[param(nullable = false, inline)]
    pub(super) order: Option<Order>,
}

/// A role to be
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Auditor", "description": "Reads everything", "permissions": ["invoice.read"]}))]
pub(in crate::api::v1) struct RoleToCreate {
    /// Its id, which never changes; made from the name where it is left out
    #[schema(nullable = false)]
    pub(in crate::api::v1) id: Option<String>,
    /// What people call it; no other role may have the name
    pub(in crate::api::v1) name: String,
    /// What it is for
    #[serde(default)]
    description: String,
    /// `#rrggbb`
    #[schema(nullable = false)]
    colour: Option<String>,
    /// Its level, where roles have levels
    #[schema(nullable = false)]
    level: Option<u16>,
    /// Its own permissions
    #[serde(default)]
    permissions: Vec<String>,
    /// The ids of roles whose permissions it has as well, now and later
    #[serde(default)]
    inherits: Vec<String>,
}

/// A copy to be: it has the level, the permissions and the parents of the role that is copied
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Night auditor"}))]
pub(in crate::api::v1) struct RoleToDuplicate {
    /// Its id, which never changes; made from the name where it is left out
    #[schema(nullable = false)]
    pub(in crate::api::v1) id: Option<String>,
    /// What people call it; no other role may have the name
    pub(in crate::api::v1) name: String,
}

/// What is to be different; what is left out stays as it is. All of it happens, or nothing
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "External auditor", "allow": ["invoice.read"], "deny": ["invoice.approve"]}))]
pub(in crate::api::v1) struct RoleChanges {
    /// Its name from now on
    #[schema(nullable = false)]
    name: Option<String>,
    /// What it is for
    #[schema(nullable = false)]
    description: Option<String>,
    /// `#rrggbb`; null takes the colour away
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    colour: Option<Option<String>>,
    /// Its level from now on
    #[schema(nullable = false)]
    level: Option<u16>,
    /// The ids of the roles that it inherits from, and no others
    #[schema(nullable = false)]
    inherits: Option<Vec<String>>,
    /// Permissions to switch on
    #[serde(default)]
    allow: Vec<String>,
    /// Permissions to switch off
    #[serde(default)]
    deny: Vec<String>,
    /// Whether it can no longer be changed
    #[schema(nullable = false)]
    locked: Option<bool>,
}

/// Which role.
#[derive(Debug, Deserialize)]
pub(super) struct RolePath {
    pub(super) role: String,
}

/// A role that is gone
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "auditor"}))]
pub(super) struct DeletedRole {
    pub(super) id: String,
}

impl RoleSort {
    pub(super) fn key(self, role: &RoleEntry) -> String {
        match self {
            Self::Name => fold_name(&role.name).into(),
            Self::Created => number_key(role.created.position),
            Self::Modified => number_key(role.modified.position),
            Self::Users => number_key(role.holders.len() as u64),
            Self::Level => number_key(role.level.unwrap_or(u16::MAX).into()),
        }
    }
}

impl RoleToCreate {
    /// To the role with the id that it is to have.
    pub(in crate::api::v1) fn command(self) -> RoleCommand {
        RoleCommand::CreateRole(Box::new(NewRole {
            name: self.name.into(),
            description: self.description,
            colour: self.colour.map(Into::into),
            level: self.level,
            permissions: keys(&self.permissions),
            inherits: ids(&self.inherits),
            built_in: None,
        }))
    }
}

impl RoleToDuplicate {
    /// To the role with the id that the copy is to have.
    pub(in crate::api::v1) fn command(self, source: &str) -> RoleCommand {
        RoleCommand::DuplicateRole { source: names::role(source), name: self.name.into() }
    }
}

impl RoleChanges {
    /// One command for each thing that is to be different. Unlocking comes first and locking last, so
    /// that a locked role can be changed in one step by those who may unlock it.
    pub(in crate::api::v1) fn commands(self) -> Vec<RoleCommand> {
        let toggles = !self.allow.is_empty() || !self.deny.is_empty();
        let toggle = || RoleCommand::TogglePermissions { allow: keys(&self.allow), deny: keys(&self.deny) };
        [
            (self.locked == Some(false)).then_some(RoleCommand::UnlockRole),
            self.name.map(|name| RoleCommand::RenameRole { name: name.into() }),
            self.description.map(|description| RoleCommand::DescribeRole { description }),
            self.colour.map(|colour| RoleCommand::RecolourRole { colour: colour.map(Into::into) }),
            self.level.map(|level| RoleCommand::ChangeRoleLevel { level }),
            self.inherits.map(|parents| RoleCommand::InheritFrom { parents: ids(&parents) }),
            toggles.then(toggle),
            (self.locked == Some(true)).then_some(RoleCommand::LockRole),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Role {
    pub(super) fn of(state: &AccessState, role: &RoleEntry) -> Self {
        let keys = |set| -> Vec<String> {
            let keys = state.profile().map(|profile| profile.keys(set)).unwrap_or_default();
            keys.iter().map(ToString::to_string).collect()
        };
        Self {
            id: role.id.to_string(),
            name: role.name.to_string(),
            description: role.description.clone(),
            colour: role.colour.as_ref().map(ToString::to_string),
            level: role.level,
            kind: match (role.assigned, role.built_in) {
                (AssignedBy::System, _) => RoleKind::System,
                (AssignedBy::Transfer, _) => RoleKind::Owner,
                (AssignedBy::Hand, true) => RoleKind::BuiltIn,
                (AssignedBy::Hand, false) => RoleKind::Custom,
            },
            locked: role.locked,
            everywhere: role.everywhere,
            permissions: keys(&role.own),
            effective_permissions: keys(&role.effective),
            inherits: role.inherits.iter().map(|parent| state.cite_role(*parent).id.to_string()).collect(),
            users: role.holders.len(),
            created: role.created.time,
            created_position: role.created.position,
            modified: role.modified.time,
            modified_position: role.modified.position,
            version: role.sequence,
        }
    }
}

fn keys(texts: &[String]) -> Vec<PermissionKey> {
    texts.iter().map(|text| names::permission(text)).collect()
}

fn ids(texts: &[String]) -> Vec<RoleId> {
    texts.iter().map(|text| names::role(text)).collect()
}
