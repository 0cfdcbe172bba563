//! What can happen to a role.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::profile::document::AssignedBy;
use crate::vocabulary::{AccountTypeKey, PermissionKey, PermissionRef, RoleId, RoleRef};

/// An event of a role's stream, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoleEvent {
    /// A role came to be, from the profile, by hand, by duplication or by import.
    RoleCreated(Box<RoleCreated>),
    /// Its name changed.
    RoleRenamed {
        /// The role.
        role: RoleId,
        /// Name before.
        before: CompactString,
        /// Name after.
        after: CompactString,
    },
    /// Its description changed.
    RoleDescribed {
        /// The role.
        role: RoleRef,
        /// Text before.
        before: String,
        /// Text after.
        after: String,
    },
    /// Its colour changed.
    RoleRecoloured {
        /// The role.
        role: RoleRef,
        /// Colour before.
        before: Option<CompactString>,
        /// Colour after.
        after: Option<CompactString>,
    },
    /// Its level changed; a smaller number outranks a greater one.
    RoleLevelChanged {
        /// The role.
        role: RoleRef,
        /// Level before.
        before: Option<u16>,
        /// Level after.
        after: Option<u16>,
    },
    /// A permission was switched on or off, for every holder.
    PermissionToggled {
        /// The role.
        role: RoleRef,
        /// The permission.
        permission: PermissionRef,
        /// State before.
        before: bool,
        /// State after.
        after: bool,
    },
    /// It inherits from other roles than before.
    RoleInheritanceChanged {
        /// The role.
        role: RoleRef,
        /// Parents before.
        before: Vec<RoleRef>,
        /// Parents after.
        after: Vec<RoleRef>,
    },
    /// It was locked.
    RoleLocked {
        /// The role.
        role: RoleRef,
    },
    /// It was unlocked.
    RoleUnlocked {
        /// The role.
        role: RoleRef,
    },
    /// It is gone, and with it every assignment of it and every inheritance from it.
    RoleDeleted {
        /// The role.
        role: RoleRef,
        /// How many members held it.
        holders: u32,
        /// The permissions that it had itself.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        permissions: Vec<PermissionKey>,
    },
}

/// Everything a role starts with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleCreated {
    /// The role.
    pub role: RoleRef,
    /// From the organisation's profile, not made by its administrators.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub built_in: bool,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<CompactString>,
    /// A smaller number outranks a greater one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u16>,
    /// Whether it is locked from the start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// Reaches the whole organisation, whatever the holder's scope.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub everywhere: bool,
    /// How members come to hold it.
    #[serde(default)]
    pub assigned: AssignedBy,
    /// Only holders of one of these roles may assign it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assigned_only_by: Vec<RoleId>,
    /// Only members of these account types may hold it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub account_types: Vec<AccountTypeKey>,
    /// Its own permissions, by key.
    pub permissions: Vec<PermissionKey>,
    /// Roles whose permissions it has as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<RoleRef>,
    /// The role it was copied from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<RoleRef>,
}

impl RoleEvent {
    /// The name of the event on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RoleCreated(_) => "RoleCreated",
            Self::RoleRenamed { .. } => "RoleRenamed",
            Self::RoleDescribed { .. } => "RoleDescribed",
            Self::RoleRecoloured { .. } => "RoleRecoloured",
            Self::RoleLevelChanged { .. } => "RoleLevelChanged",
            Self::PermissionToggled { .. } => "PermissionToggled",
            Self::RoleInheritanceChanged { .. } => "RoleInheritanceChanged",
            Self::RoleLocked { .. } => "RoleLocked",
            Self::RoleUnlocked { .. } => "RoleUnlocked",
            Self::RoleDeleted { .. } => "RoleDeleted",
        }
    }

    /// The role that it happened to.
    pub fn role(&self) -> &RoleId {
        match self {
            Self::RoleCreated(created) => &created.role.id,
            Self::RoleRenamed { role, .. } => role,
            Self::RoleDescribed { role, .. }
            | Self::RoleRecoloured { role, .. }
            | Self::RoleLevelChanged { role, .. }
            | Self::PermissionToggled { role, .. }
            | Self::RoleInheritanceChanged { role, .. }
            | Self::RoleLocked { role }
            | Self::RoleUnlocked { role }
            | Self::RoleDeleted { role, .. } => &role.id,
        }
    }
}
