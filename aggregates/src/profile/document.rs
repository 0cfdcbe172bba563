//! The profile as it is written: what one product's access rules look like in TOML, and in the
//! founding event of every organisation.
//!
//! A document is only data. [`Profile`](super::Profile) is its compiled form, and
//! [`check`](super::check) lists what is wrong with one.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A whole profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileDocument {
    /// Version of this file format; 1.
    pub format: u32,
    /// The profile's key, such as `propops`.
    pub name: CompactString,
    /// What people call the product.
    pub title: String,
    /// One or two sentences.
    #[serde(default)]
    pub description: String,
    /// The switches of the product.
    #[serde(default)]
    pub policy: Policy,
    /// Which permission each kind of command or view needs.
    pub authority: Authority,
    /// Account types; at least one.
    #[serde(rename = "account_type")]
    pub account_types: Vec<AccountTypeDocument>,
    /// Kinds of node in the resource tree.
    #[serde(rename = "scope_kind", default)]
    pub scope_kinds: Vec<ScopeKindDocument>,
    /// Groups of permissions that are counted together, recognised by a prefix of the key.
    #[serde(rename = "namespace", default)]
    pub namespaces: Vec<NamespaceDocument>,
    /// The catalogue.
    #[serde(rename = "category")]
    pub categories: Vec<CategoryDocument>,
    /// The roles every organisation of this product starts with.
    #[serde(rename = "role", default)]
    pub roles: Vec<RoleDocument>,
    /// Duties that no member may hold together on the same place.
    #[serde(rename = "separation", default, skip_serializing_if = "Vec::is_empty")]
    pub separations: Vec<SeparationDocument>,
}

/// The switches in which the products differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Roles have a level, and a smaller number outranks a greater one.
    pub levels: bool,
    /// Members may change their own account type, roles, scope and direct toggles.
    pub self_change: bool,
    /// A member may hold several roles at once.
    pub several_roles: bool,
    /// What deleting a role does that members still hold.
    pub role_in_use: RoleInUse,
    /// Whether an assignment names a scope of its own.
    pub assignment_scope: AssignmentScope,
    /// The scope of a member who is added without one.
    pub default_scope: DefaultScope,
    /// The role with exactly one holder, handed over only by an owner transfer.
    pub owner_role: Option<CompactString>,
    /// What cannot be done to a locked role.
    pub locked_forbids: Vec<Forbidden>,
    /// Holders of these roles may do it all the same.
    pub locked_except_for: Vec<CompactString>,
    /// Members see the roles only if they hold one of these permissions somewhere. Empty: everybody does.
    pub roles_visible_with: Vec<CompactString>,
    /// Days before a document's expiry at which its holder is reminded.
    pub reminder_days: u32,
    /// No key is made for longer than so many days. Absent: a service account's may be without end, a
    /// person's for [about a year](crate::key::LONGEST_PERSONAL_DAYS).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_key_days: Option<u32>,
    /// What becomes of a command by which somebody would hold separated duties.
    #[serde(skip_serializing_if = "SeparationSwitch::is_report")]
    pub separation: SeparationSwitch,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            levels: false,
            self_change: true,
            several_roles: true,
            role_in_use: RoleInUse::Refuse,
            assignment_scope: AssignmentScope::Optional,
            default_scope: DefaultScope::None,
            owner_role: None,
            locked_forbids: vec![Forbidden::Edit, Forbidden::Delete],
            locked_except_for: Vec::new(),
            roles_visible_with: Vec::new(),
            reminder_days: 30,
            longest_key_days: None,
            separation: SeparationSwitch::Report,
        }
    }
}

/// What deleting a role does that members still hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleInUse {
    /// The deletion is refused, naming the number of holders.
    Refuse,
    /// The holders lose the role.
    Unassign,
}

/// Whether an assignment names a scope of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentScope {
    /// Never: the member's scope is what counts.
    Never,
    /// It may; without one the member's scope counts.
    Optional,
    /// It must, except for roles that reach everywhere.
    Required,
}

/// The scope of a member who is added without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultScope {
    /// Nothing.
    None,
    /// The whole organisation.
    All,
}

/// What a lock on a role forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forbidden {
    /// Changing its name, description, colour, level, permissions or parents.
    Edit,
    /// Deleting it.
    Delete,
}

/// What becomes of a command by which somebody would hold [separated](SeparationDocument) duties.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeparationSwitch {
    /// It is carried out, and the findings report the conflict.
    #[default]
    Report,
    /// It is refused. Conflicts that are there already stay, and stay reported.
    Refuse,
}

impl SeparationSwitch {
    /// Events from before there was this switch do not have it, and what they meant is written as they were.
    fn is_report(&self) -> bool {
        *self == Self::Report
    }
}

/// Which permission of the catalogue a command or view needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Create and duplicate roles.
    pub role_create: CompactString,
    /// Rename, describe, recolour, level, toggle, inherit, lock and unlock roles.
    pub role_edit: CompactString,
    /// Delete roles.
    pub role_delete: CompactString,
    /// Assign roles to members and take them away.
    pub role_assign: CompactString,
    /// See roles and what they permit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_view: Option<CompactString>,
    /// See members, their roles and access.
    pub member_view: CompactString,
    /// Add members.
    pub member_add: CompactString,
    /// Change a member's details.
    pub member_edit: CompactString,
    /// Suspend, reactivate and remove members.
    pub member_remove: CompactString,
    /// Change a member's scope.
    pub member_scope: CompactString,
    /// Allow or withhold single permissions directly.
    pub member_toggle: CompactString,
    /// Change a member's account type.
    pub account_type: CompactString,
    /// Approve and reject documents of the document guard.
    pub document_review: CompactString,
    /// Create and rename scopes.
    pub scope_edit: CompactString,
    /// Move, share and unshare scopes.
    pub scope_share: CompactString,
    /// Archive and restore scopes.
    pub scope_archive: CompactString,
    /// Read the activity log.
    pub activity_view: CompactString,
    /// Read the audit log and replay the past.
    pub audit_view: CompactString,
    /// Export the audit log.
    pub audit_export: CompactString,
    /// Open, complete and cancel access reviews. Absent: who reads the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_open: Option<CompactString>,
    /// Export a member's personal data, and erase it unless `personal_erase` names another permission for that.
    pub personal_data: CompactString,
    /// Erase a member's personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_erase: Option<CompactString>,
    /// Issue and rotate keys for oneself. Absent: everybody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_own: Option<CompactString>,
    /// Issue and rotate keys of service accounts. Absent: who changes a member's details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_issue: Option<CompactString>,
    /// Revoke keys of others. Absent: who changes a member's details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_revoke: Option<CompactString>,
    /// See which keys others have, never the secrets. Absent: who sees the members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_view: Option<CompactString>,
}

/// A kind of account, which bounds what its members can ever hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountTypeDocument {
    /// Its key, such as `staff`.
    pub key: CompactString,
    /// What people call it.
    pub label: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// Patterns over permission keys, see [`pattern`](super::pattern).
    pub may_hold: Vec<CompactString>,
    /// Guard: no access before the e-mail address is verified.
    #[serde(default)]
    pub verified_email: bool,
    /// Guard: no access before these documents are approved and while one has expired.
    #[serde(default)]
    pub documents: Vec<CompactString>,
    /// The role a new member of this type gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_role: Option<CompactString>,
    /// Whether members of this type may see their own roles and permissions.
    #[serde(default = "yes")]
    pub sees_own_access: bool,
    /// The kinds of scope its members may be given; empty means any, and the whole organisation.
    #[serde(default)]
    pub scope_kinds: Vec<CompactString>,
}

fn yes() -> bool {
    true
}

/// A kind of node in the resource tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeKindDocument {
    /// Its key, such as `site`.
    pub key: CompactString,
    /// What people call it.
    pub label: String,
    /// Kinds it may stand below; empty means it stands at the top.
    #[serde(default)]
    pub below: Vec<CompactString>,
    /// May stand at the top although `below` names kinds.
    #[serde(default)]
    pub top: bool,
    /// Groups others: members can be given a scope *by* it.
    #[serde(default)]
    pub group: bool,
}

/// Permissions counted together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamespaceDocument {
    /// Prefix of the permission keys, such as `api.`.
    pub prefix: CompactString,
    /// Heading of the count, such as `API Perms`.
    pub label: String,
}

/// A group of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryDocument {
    /// Its key, such as `jobs`.
    pub key: CompactString,
    /// What people call it.
    pub label: String,
    /// Permissions to govern the organisation itself, which the product's own catalogue does not
    /// list: they are not counted in it.
    #[serde(default)]
    pub administration: bool,
    /// Its permissions.
    pub permissions: Vec<PermissionDocument>,
}

/// One permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionDocument {
    /// Its key, such as `invoice.approve`.
    pub key: CompactString,
    /// What people call it.
    pub label: String,
    /// One sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Present on a restriction: patterns of the permissions that it narrows to what the subject owns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub narrows: Vec<CompactString>,
    /// Worth a reviewer's attention.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
}

/// A role that every organisation of the product starts with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleDocument {
    /// Its id, such as `finance`.
    pub key: CompactString,
    /// What people call it.
    pub name: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// Its level, where the product has levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u16>,
    /// `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<CompactString>,
    /// How members come to hold it.
    #[serde(default)]
    pub assigned: AssignedBy,
    /// Only holders of one of these roles may assign it. Empty: whoever may assign roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assigned_only_by: Vec<CompactString>,
    /// Only members of these account types may hold it. Empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub account_types: Vec<CompactString>,
    /// Locked roles: see [`Policy::locked_forbids`].
    #[serde(default)]
    pub locked: bool,
    /// Reaches the whole organisation, whatever the holder's scope.
    #[serde(default)]
    pub everywhere: bool,
    /// Patterns over permission keys, see [`pattern`](super::pattern).
    pub permissions: Vec<CompactString>,
    /// Roles whose permissions it has as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<CompactString>,
}

/// How members come to hold a role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignedBy {
    /// A member with the authority assigns it.
    #[default]
    Hand,
    /// The product assigns and removes it; it cannot be edited or deleted.
    System,
    /// It has exactly one holder and moves by owner transfer; it cannot be edited or deleted.
    Transfer,
}

/// Two duties that no member may hold together on the same place: whoever holds a permission of the
/// one there may hold none of the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeparationDocument {
    /// Its key, such as `payments`.
    pub key: CompactString,
    /// What people call it.
    pub label: String,
    /// Why the two are kept apart, in one sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The one duty: patterns over permission keys, see [`pattern`](super::pattern).
    pub one: Vec<CompactString>,
    /// The other duty: patterns over permission keys.
    pub other: Vec<CompactString>,
}
