//! What can happen to an organisation as a whole.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::profile::document::{CategoryDocument, Policy, ProfileDocument};
use crate::vocabulary::{MemberId, OrganisationId, RoleRef};

/// An event of the organisation's own stream, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrganisationEvent {
    /// It came to be. Carries the whole profile, so that its log can be read without the program
    /// that wrote it.
    OrganisationFounded {
        /// The organisation.
        organisation: OrganisationId,
        /// What people call it.
        name: CompactString,
        /// The rules it starts with.
        profile: Box<ProfileDocument>,
    },
    /// The catalogue grew.
    CatalogueRevised {
        /// Permissions that are new, in their categories.
        added: Vec<CategoryDocument>,
    },
    /// The switches changed.
    PolicyRevised {
        /// Before.
        before: Box<Policy>,
        /// After.
        after: Box<Policy>,
    },
    /// The role with exactly one holder changed hands.
    OwnerTransferred {
        /// That role.
        role: RoleRef,
        /// Holder before.
        before: MemberId,
        /// Holder after.
        after: MemberId,
    },
    /// A command was refused; nothing else happened.
    CommandRefused(Box<CommandRefused>),
    /// Checkpoints of the log are signed with this key from now on.
    LogKeyPublished {
        /// The public key, as a signed note's verifiers are written.
        key: CompactString,
    },
    /// Somebody was about to be given events of the log. Recorded before any left.
    AuditExported(AuditExported),
}

/// An export of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditExported {
    /// Position of the first event.
    pub from: u64,
    /// Position of the last event.
    pub until: u64,
    /// What it was written as, such as `pack`.
    pub format: CompactString,
    /// What the events were chosen by, besides the range.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: BTreeMap<CompactString, CompactString>,
}

/// A refused command. Repetitions within an hour are recorded at the 1st, 2nd, 4th, 8th … time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRefused {
    /// Who was refused: a member's id, `@system` or `@operator`.
    pub actor: CompactString,
    /// The command's name, such as `AssignRole`.
    pub command: CompactString,
    /// The stream it was meant for, such as `member/tom`.
    pub target: CompactString,
    /// The rule that refused it, such as `escalation`.
    pub rule: CompactString,
    /// The refusal as the actor read it.
    pub message: String,
    /// How often the same actor met the same refusal within the hour, this time included.
    pub occurrence: u32,
}

impl OrganisationEvent {
    /// The name of the event on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OrganisationFounded { .. } => "OrganisationFounded",
            Self::CatalogueRevised { .. } => "CatalogueRevised",
            Self::PolicyRevised { .. } => "PolicyRevised",
            Self::OwnerTransferred { .. } => "OwnerTransferred",
            Self::CommandRefused(_) => "CommandRefused",
            Self::LogKeyPublished { .. } => "LogKeyPublished",
            Self::AuditExported(_) => "AuditExported",
        }
    }
}
