//! What the access state keeps of each role, member and scope.

use compact_str::CompactString;
use imbl::OrdSet;
use smallvec::SmallVec;

use super::keys::KeyIx;
use super::permission_set::{PermissionIx, PermissionSet};
use crate::event::{Details, Stamp};
use crate::profile::document::AssignedBy;
use crate::vocabulary::{AccountTypeKey, DocumentKind, MemberId, MemberKind, RoleId, ScopeId, Time, Window};

macro_rules! number {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// The number.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

number! {
    /// Number of a role in its organisation's access state.
    RoleIx,
    /// Number of a member in its organisation's access state.
    MemberIx,
    /// Number of a scope in its organisation's access state.
    ScopeIx,
}

/// A role at one position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleEntry {
    /// Its id.
    pub id: RoleId,
    /// Its name.
    pub name: CompactString,
    /// What it is for.
    pub description: String,
    /// `#rrggbb`.
    pub colour: Option<CompactString>,
    /// A smaller number outranks a greater one.
    pub level: Option<u16>,
    /// From the profile.
    pub built_in: bool,
    /// Locked, and the position of the event that made it so (or unlocked it).
    pub locked: bool,
    /// Reaches the whole organisation.
    pub everywhere: bool,
    /// How members come to hold it.
    pub assigned: AssignedBy,
    /// Only holders of one of these may assign it.
    pub assigned_only_by: Vec<RoleId>,
    /// Only these account types may hold it.
    pub account_types: Vec<AccountTypeKey>,
    /// Own permissions.
    pub own: PermissionSet,
    /// Own permissions and those of all parents.
    pub effective: PermissionSet,
    /// Parents.
    pub inherits: SmallVec<[RoleIx; 1]>,
    /// Roles that inherit from it directly.
    pub heirs: SmallVec<[RoleIx; 1]>,
    /// Members with at least one assignment of it.
    pub holders: OrdSet<MemberIx>,
    /// Position of the last toggle of each permission that was ever toggled, by permission.
    pub toggled: Vec<(PermissionIx, u64)>,
    /// Position at which its parents last changed.
    pub inherits_at: u64,
    /// When it came to be.
    pub created: Stamp,
    /// When it last changed.
    pub modified: Stamp,
    /// When it was deleted.
    pub deleted: Option<Stamp>,
    /// Events of its stream so far.
    pub sequence: u64,
}

impl RoleEntry {
    /// Position of the event that switched a permission to what it is now.
    pub fn permission_at(&self, permission: PermissionIx) -> u64 {
        match self.toggled.binary_search_by_key(&permission, |(key, _)| *key) {
            Ok(at) => self.toggled.get(at).map_or(self.created.position, |(_, position)| *position),
            Err(_) => self.created.position,
        }
    }
}

/// Whether a member takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Takes part.
    Active,
    /// Has no access until reactivated.
    Suspended,
    /// Has left for good.
    Removed,
}

/// A member at one position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberEntry {
    /// The id.
    pub id: MemberId,
    /// A person or a program.
    pub kind: MemberKind,
    /// Number of the account type in the profile.
    pub account_type: u16,
    /// Position at which the account type was last set.
    pub account_type_at: u64,
    /// Personal data.
    pub details: Details,
    /// Whether the member takes part.
    pub status: Status,
    /// Position at which the status was last set.
    pub status_at: u64,
    /// Position of the verification of the present e-mail address.
    pub email_verified: Option<u64>,
    /// Documents of the guard.
    pub documents: Vec<DocumentEntry>,
    /// Where roles without a scope of their own work.
    pub scope: Coverage,
    /// Position at which the scope was last set.
    pub scope_at: u64,
    /// Roles held.
    pub assignments: SmallVec<[Assignment; 1]>,
    /// Direct toggles, by permission.
    pub toggles: Vec<Toggle>,
    /// Keys, ended ones included.
    pub keys: Vec<KeyIx>,
    /// Position of the erasure of the personal data.
    pub erased: Option<u64>,
    /// Position since which the personal data is under a legal hold.
    pub legal_hold: Option<u64>,
    /// When the member was added.
    pub added: Stamp,
    /// Events of the member's stream so far.
    pub sequence: u64,
}

/// A part of the resource tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// Nothing.
    None,
    /// Everything.
    All,
    /// These nodes, what is below them and what is shared with any of it.
    Nodes {
        /// Given by group rather than one by one; what they cover is the same.
        by_group: bool,
        /// The nodes.
        nodes: Vec<ScopeIx>,
    },
}

/// A role that a member holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// The role.
    pub role: RoleIx,
    /// Where; absent, the member's scope counts.
    pub scope: Option<ScopeIx>,
    /// From when until when.
    pub window: Window,
    /// Position of the event that set it so.
    pub at: u64,
}

/// A permission allowed to or withheld from one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Toggle {
    /// The permission.
    pub permission: PermissionIx,
    /// True allows, false withholds.
    pub allowed: bool,
    /// Position of the event that set it so.
    pub at: u64,
}

/// A document of the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentEntry {
    /// Which one.
    pub kind: DocumentKind,
    /// How far it has come.
    pub status: DocumentStatus,
    /// Position of the event that set it so.
    pub at: u64,
}

/// How far a document of the guard has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentStatus {
    /// Waits for review.
    Submitted,
    /// Counts, until an instant where one is named.
    Approved(Option<Time>),
    /// Was turned down.
    Rejected,
    /// Its time is over.
    Expired,
}

impl DocumentStatus {
    /// Whether the document counts at an instant.
    pub fn counts(self, at: Time) -> bool {
        matches!(self, Self::Approved(expires) if expires.is_none_or(|expires| at < expires))
    }
}

/// A node of the resource tree at one position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeEntry {
    /// Its id.
    pub id: ScopeId,
    /// Its name.
    pub name: CompactString,
    /// Its kind in the profile.
    pub kind: CompactString,
    /// What it stands below.
    pub parent: Option<ScopeIx>,
    /// Position at which it was last placed.
    pub parent_at: u64,
    /// Nodes directly below it.
    pub children: SmallVec<[ScopeIx; 4]>,
    /// Nodes it is opened to, each with the position of the event.
    pub shared_with: SmallVec<[(ScopeIx, u64); 1]>,
    /// Position at which it was archived.
    pub archived: Option<u64>,
    /// When it came to be.
    pub created: Stamp,
    /// Events of its stream so far.
    pub sequence: u64,
}
