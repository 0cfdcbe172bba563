//! Commands: what actors ask for.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::event::{AuditExported, Details, Frozen, ReviewAbout, ReviewLine, Verdict};
use crate::key::{KeyExpiry, KeyHash};
use crate::profile::Need;
use crate::profile::document::{CategoryDocument, Policy, ProfileDocument};
use crate::vocabulary::{
    AccountTypeKey, DocumentKind, KeyId, MemberId, MemberKind, OrganisationId, PermissionKey, ReviewId, RoleId,
    ScopeId, Time, Window,
};

/// A command to any aggregate of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// To the organisation itself.
    Organisation(OrganisationCommand),
    /// To a role.
    Role(RoleId, RoleCommand),
    /// To a member.
    Member(MemberId, MemberCommand),
    /// To a scope.
    Scope(ScopeId, ScopeCommand),
    /// To an access review.
    Review(ReviewId, ReviewCommand),
}

/// What can be asked of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrganisationCommand {
    /// Found it.
    FoundOrganisation {
        /// Its id.
        organisation: OrganisationId,
        /// What people call it.
        name: CompactString,
        /// The rules it starts with.
        profile: Box<ProfileDocument>,
    },
    /// Add permissions to the catalogue; those that it has already are passed over.
    ReviseCatalogue {
        /// Permissions in their categories.
        added: Vec<CategoryDocument>,
    },
    /// Change the switches.
    RevisePolicy {
        /// The switches from now on.
        policy: Box<Policy>,
    },
    /// Hand the role with exactly one holder to another member.
    TransferOwner {
        /// The new holder.
        to: MemberId,
    },
    /// Sign checkpoints of the log with another key.
    PublishLogKey {
        /// The public key, as a signed note's verifiers are written.
        key: CompactString,
    },
    /// Be given events of the log.
    ExportAudit(AuditExported),
}

/// What can be asked of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoleCommand {
    /// Make it.
    CreateRole(Box<NewRole>),
    /// Make it a copy of another: description, colour, level, permissions and parents.
    DuplicateRole {
        /// The role to copy.
        source: RoleId,
        /// Name of the copy.
        name: CompactString,
    },
    /// Change its name.
    RenameRole {
        /// Name from now on.
        name: CompactString,
    },
    /// Change its description.
    DescribeRole {
        /// Text from now on.
        description: String,
    },
    /// Change its colour.
    RecolourRole {
        /// `#rrggbb`, or none.
        colour: Option<CompactString>,
    },
    /// Change its level.
    ChangeRoleLevel {
        /// Level from now on.
        level: u16,
    },
    /// Switch permissions on or off: one atomic change.
    TogglePermissions {
        /// Permissions to switch on.
        allow: Vec<PermissionKey>,
        /// Permissions to switch off.
        deny: Vec<PermissionKey>,
    },
    /// Let it inherit from these roles and no others.
    InheritFrom {
        /// Parents from now on.
        parents: Vec<RoleId>,
    },
    /// Lock it.
    LockRole,
    /// Unlock it.
    UnlockRole,
    /// Delete it.
    DeleteRole,
}

/// Everything a new role starts with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRole {
    /// Its name.
    pub name: CompactString,
    /// What it is for.
    pub description: String,
    /// `#rrggbb`.
    pub colour: Option<CompactString>,
    /// Its level, where the profile has levels.
    pub level: Option<u16>,
    /// Its own permissions.
    pub permissions: Vec<PermissionKey>,
    /// Its parents.
    pub inherits: Vec<RoleId>,
    /// Attributes that only a profile can give; absent on a custom role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_in: Option<BuiltIn>,
}

/// What only a role of a profile has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "documented at `RoleCreated`")]
pub struct BuiltIn {
    pub locked: bool,
    pub everywhere: bool,
    pub assigned: crate::profile::document::AssignedBy,
    pub assigned_only_by: Vec<RoleId>,
    pub account_types: Vec<AccountTypeKey>,
}

/// What can be asked of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberCommand {
    /// Add the member.
    AddMember {
        /// A person or a program.
        kind: MemberKind,
        /// The account type; absent, the profile's first.
        account_type: Option<AccountTypeKey>,
        /// Name, e-mail address, phone number.
        details: Details,
        /// Where roles work; absent, as the profile says.
        scope: Option<ScopeChoice>,
    },
    /// Change name, e-mail address and phone number.
    ChangeDetails {
        /// All details from now on.
        details: Details,
    },
    /// Move to another account type.
    ChangeAccountType {
        /// Type from now on.
        account_type: AccountTypeKey,
    },
    /// Record that the e-mail address is the member's.
    VerifyEmail,
    /// Hand in a document of the guard.
    SubmitDocument {
        /// Which one.
        document: DocumentKind,
        /// Where it is kept.
        reference: Option<CompactString>,
    },
    /// Accept a document.
    ApproveDocument {
        /// Which one.
        document: DocumentKind,
        /// First instant at which it no longer counts.
        expires: Option<Time>,
    },
    /// Turn a document down.
    RejectDocument {
        /// Which one.
        document: DocumentKind,
    },
    /// Record that a document's time is over.
    ExpireDocument {
        /// Which one.
        document: DocumentKind,
    },
    /// Give a role, or change its window.
    AssignRole {
        /// The role.
        role: RoleId,
        /// Where; absent, the member's own scope counts.
        scope: Option<ScopeId>,
        /// From when until when.
        window: Window,
    },
    /// Take a role away.
    UnassignRole {
        /// The role.
        role: RoleId,
        /// Where it works.
        scope: Option<ScopeId>,
    },
    /// Change where the member's roles work.
    ChangeScope {
        /// Scope from now on.
        scope: ScopeChoice,
    },
    /// Allow or withhold one permission directly.
    ToggleMemberPermission {
        /// The permission.
        permission: PermissionKey,
        /// True allows, false withholds.
        allowed: bool,
    },
    /// Take a direct toggle back.
    ClearMemberPermission {
        /// The permission.
        permission: PermissionKey,
    },
    /// Stop all access for now.
    SuspendMember,
    /// End a suspension.
    ReactivateMember,
    /// End the membership for good.
    RemoveMember,
    /// Destroy the key of the member's personal data.
    ErasePersonalData,
    /// Do so again in a store that was restored from a time before: the operator's way.
    ReapplyErasure,
    /// Keep the member's personal data from being erased.
    PlaceLegalHold,
    /// Let it be erased again.
    LiftLegalHold,
    /// Hand out all that is held about the member.
    ExportPersonalData,
    /// Make a key with which programs act as the member.
    IssueKey {
        /// The key; letters and digits only, and never used before in the organisation.
        key: KeyId,
        /// What people call it.
        label: CompactString,
        /// Digest of the token.
        hash: KeyHash,
        /// When it ends.
        expires: KeyExpiry,
    },
    /// Make a key in the place of another, which ends a little later.
    RotateKey {
        /// The key that is replaced.
        key: KeyId,
        /// The new one, as with `IssueKey`.
        by: KeyId,
        /// Digest of the new token.
        hash: KeyHash,
        /// When the new one ends; usually after as long as the old one was made for.
        expires: KeyExpiry,
        /// When the old one ends, unless it ends before that anyway; absent, after
        /// [a day](crate::key::ROTATION_GRACE); the past means at once.
        until: Option<Time>,
    },
    /// End a key at once.
    RevokeKey {
        /// The key.
        key: KeyId,
    },
}

/// A member's scope as a command names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeChoice {
    /// Nothing.
    None,
    /// The whole organisation.
    All,
    /// These nodes.
    Selected(Vec<ScopeId>),
    /// Everything grouped under these nodes.
    ByGroup(Vec<ScopeId>),
}

/// What can be asked of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScopeCommand {
    /// Make it.
    CreateScope {
        /// What people call it.
        name: CompactString,
        /// Its kind; absent, the profile's only one.
        kind: Option<CompactString>,
        /// What it stands below.
        parent: Option<ScopeId>,
    },
    /// Change its name.
    RenameScope {
        /// Name from now on.
        name: CompactString,
    },
    /// Put it below another node, or at the top.
    MoveScope {
        /// Parent from now on.
        parent: Option<ScopeId>,
    },
    /// Open it to whoever works on another node.
    ShareScope {
        /// That other node.
        with: ScopeId,
    },
    /// End the sharing.
    UnshareScope {
        /// That other node.
        with: ScopeId,
    },
    /// Take it, and what is below it, out of use.
    ArchiveScope,
    /// Take it into use again.
    RestoreScope,
}

/// What can be asked of an access review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReviewCommand {
    /// Begin it.
    OpenReview(Box<NewReview>),
    /// Keep or revoke the access on lines.
    DecideLines {
        /// Numbers of the lines.
        lines: Vec<u32>,
        /// What is decided.
        verdict: Verdict,
    },
    /// Let somebody else decide lines.
    DelegateLines {
        /// Numbers of the lines.
        lines: Vec<u32>,
        /// Their reviewer from now on.
        to: MemberId,
    },
    /// End it, with what came of it.
    CompleteReview,
    /// Give it up.
    CancelReview,
}

/// Everything a review begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewReview {
    /// What people call it.
    pub title: CompactString,
    /// Which access is looked at.
    pub about: ReviewAbout,
    /// Access as it was then.
    pub frozen: Frozen,
    /// When it should be done.
    pub deadline: Time,
    /// The lines in order; their numbers follow from it.
    pub lines: Vec<ReviewLine>,
}

impl Command {
    /// The command's name, such as `AssignRole`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Organisation(command) => command.name(),
            Self::Role(_, command) => command.name(),
            Self::Member(_, command) => command.name(),
            Self::Scope(_, command) => command.name(),
            Self::Review(_, command) => command.name(),
        }
    }

    /// The stream it is meant for, such as `member/tom`.
    pub fn target(&self) -> CompactString {
        match self {
            Self::Organisation(_) => CompactString::const_new("organisation"),
            Self::Role(id, _) => compact_str::format_compact!("role/{id}"),
            Self::Member(id, _) => compact_str::format_compact!("member/{id}"),
            Self::Scope(id, _) => compact_str::format_compact!("scope/{id}"),
            Self::Review(id, _) => compact_str::format_compact!("review/{id}"),
        }
    }
}

impl OrganisationCommand {
    /// The command's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::FoundOrganisation { .. } => "FoundOrganisation",
            Self::ReviseCatalogue { .. } => "ReviseCatalogue",
            Self::RevisePolicy { .. } => "RevisePolicy",
            Self::TransferOwner { .. } => "TransferOwner",
            Self::PublishLogKey { .. } => "PublishLogKey",
            Self::ExportAudit(_) => "ExportAudit",
        }
    }
}

impl RoleCommand {
    /// The command's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CreateRole(_) => "CreateRole",
            Self::DuplicateRole { .. } => "DuplicateRole",
            Self::RenameRole { .. } => "RenameRole",
            Self::DescribeRole { .. } => "DescribeRole",
            Self::RecolourRole { .. } => "RecolourRole",
            Self::ChangeRoleLevel { .. } => "ChangeRoleLevel",
            Self::TogglePermissions { .. } => "TogglePermissions",
            Self::InheritFrom { .. } => "InheritFrom",
            Self::LockRole => "LockRole",
            Self::UnlockRole => "UnlockRole",
            Self::DeleteRole => "DeleteRole",
        }
    }

    /// What the actor needs to hold on the organisation.
    pub fn need(&self) -> Need {
        match self {
            Self::CreateRole(_) | Self::DuplicateRole { .. } => Need::RoleCreate,
            Self::DeleteRole => Need::RoleDelete,
            Self::RenameRole { .. }
            | Self::DescribeRole { .. }
            | Self::RecolourRole { .. }
            | Self::ChangeRoleLevel { .. }
            | Self::TogglePermissions { .. }
            | Self::InheritFrom { .. }
            | Self::LockRole
            | Self::UnlockRole => Need::RoleEdit,
        }
    }
}

impl MemberCommand {
    /// The command's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AddMember { .. } => "AddMember",
            Self::ChangeDetails { .. } => "ChangeDetails",
            Self::ChangeAccountType { .. } => "ChangeAccountType",
            Self::VerifyEmail => "VerifyEmail",
            Self::SubmitDocument { .. } => "SubmitDocument",
            Self::ApproveDocument { .. } => "ApproveDocument",
            Self::RejectDocument { .. } => "RejectDocument",
            Self::ExpireDocument { .. } => "ExpireDocument",
            Self::AssignRole { .. } => "AssignRole",
            Self::UnassignRole { .. } => "UnassignRole",
            Self::ChangeScope { .. } => "ChangeScope",
            Self::ToggleMemberPermission { .. } => "ToggleMemberPermission",
            Self::ClearMemberPermission { .. } => "ClearMemberPermission",
            Self::SuspendMember => "SuspendMember",
            Self::ReactivateMember => "ReactivateMember",
            Self::RemoveMember => "RemoveMember",
            Self::ErasePersonalData => "ErasePersonalData",
            Self::ReapplyErasure => "ReapplyErasure",
            Self::PlaceLegalHold => "PlaceLegalHold",
            Self::LiftLegalHold => "LiftLegalHold",
            Self::ExportPersonalData => "ExportPersonalData",
            Self::IssueKey { .. } => "IssueKey",
            Self::RotateKey { .. } => "RotateKey",
            Self::RevokeKey { .. } => "RevokeKey",
        }
    }

    /// What the actor needs to hold where the member is.
    pub fn need(&self) -> Need {
        match self {
            Self::AddMember { .. } => Need::MemberAdd,
            Self::ChangeDetails { .. } | Self::VerifyEmail | Self::SubmitDocument { .. } => Need::MemberEdit,
            Self::ChangeAccountType { .. } => Need::AccountType,
            Self::ApproveDocument { .. } | Self::RejectDocument { .. } | Self::ExpireDocument { .. } => {
                Need::DocumentReview
            }
            Self::AssignRole { .. } | Self::UnassignRole { .. } => Need::RoleAssign,
            Self::ChangeScope { .. } => Need::MemberScope,
            Self::ToggleMemberPermission { .. } | Self::ClearMemberPermission { .. } => Need::MemberToggle,
            Self::SuspendMember | Self::ReactivateMember | Self::RemoveMember => Need::MemberRemove,
            Self::ExportPersonalData => Need::PersonalData,
            Self::ErasePersonalData | Self::ReapplyErasure | Self::PlaceLegalHold | Self::LiftLegalHold => {
                Need::PersonalErase
            }
            Self::IssueKey { .. } | Self::RotateKey { .. } => Need::KeyIssue,
            Self::RevokeKey { .. } => Need::KeyRevoke,
        }
    }

    /// Whether it changes what the member may do: what nobody does to themselves where the profile says so.
    pub fn changes_access(&self) -> bool {
        !matches!(self, Self::ChangeDetails { .. } | Self::SubmitDocument { .. })
            && !self.is_about_key()
            && !self.is_about_privacy()
    }

    /// Whether it is about the member's personal data as a whole, which outlives the membership.
    pub fn is_about_privacy(&self) -> bool {
        matches!(
            self,
            Self::ErasePersonalData
                | Self::ReapplyErasure
                | Self::PlaceLegalHold
                | Self::LiftLegalHold
                | Self::ExportPersonalData
        )
    }

    /// Whether it is about a key, and so changes nothing that the member may do.
    pub fn is_about_key(&self) -> bool {
        matches!(self, Self::IssueKey { .. } | Self::RotateKey { .. } | Self::RevokeKey { .. })
    }
}

impl ScopeCommand {
    /// The command's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CreateScope { .. } => "CreateScope",
            Self::RenameScope { .. } => "RenameScope",
            Self::MoveScope { .. } => "MoveScope",
            Self::ShareScope { .. } => "ShareScope",
            Self::UnshareScope { .. } => "UnshareScope",
            Self::ArchiveScope => "ArchiveScope",
            Self::RestoreScope => "RestoreScope",
        }
    }

    /// What the actor needs to hold there.
    pub fn need(&self) -> Need {
        match self {
            Self::CreateScope { .. } | Self::RenameScope { .. } => Need::ScopeEdit,
            Self::MoveScope { .. } | Self::ShareScope { .. } | Self::UnshareScope { .. } => Need::ScopeShare,
            Self::ArchiveScope | Self::RestoreScope => Need::ScopeArchive,
        }
    }
}

impl ReviewCommand {
    /// The command's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OpenReview(_) => "OpenReview",
            Self::DecideLines { .. } => "DecideLines",
            Self::DelegateLines { .. } => "DelegateLines",
            Self::CompleteReview => "CompleteReview",
            Self::CancelReview => "CancelReview",
        }
    }
}
