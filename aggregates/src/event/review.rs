//! What can happen to an access review.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{KeyId, MemberId, PermissionRef, ReviewId, ReviewRef, RoleRef, ScopeRef, Time, Window};

/// An event of a review, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReviewEvent {
    /// It began. The lines follow in events of their own.
    ReviewOpened {
        /// The review.
        review: ReviewRef,
        /// Which access is looked at.
        about: ReviewAbout,
        /// Access as it was then.
        frozen: Frozen,
        /// When it should be done.
        deadline: Time,
        /// How many lines it has.
        lines: u32,
    },
    /// Some of its lines, in order.
    ReviewLinesListed {
        /// The review.
        review: ReviewId,
        /// The next lines.
        lines: Vec<ReviewLine>,
    },
    /// Lines passed from one reviewer to another.
    ReviewReviewerChanged {
        /// The review.
        review: ReviewRef,
        /// Numbers of the lines.
        lines: Vec<u32>,
        /// Reviewer before.
        before: MemberId,
        /// Reviewer after.
        after: MemberId,
    },
    /// Its reviewer decided a line.
    ReviewLineDecided {
        /// The review.
        review: ReviewRef,
        /// The line, with the reviewer who decided.
        line: ReviewLine,
        /// Decision before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Decision>,
        /// Decision after.
        after: Decision,
    },
    /// It is done.
    ReviewCompleted {
        /// The review.
        review: ReviewRef,
        /// Access as it was then.
        frozen: Frozen,
        /// What came of it.
        result: ReviewResult,
    },
    /// It was given up; what was decided stays decided, and what was taken away stays away.
    ReviewCancelled {
        /// The review.
        review: ReviewRef,
        /// How many lines it had.
        lines: u32,
        /// How many of them were decided.
        decided: u32,
    },
}

/// Which access a review looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewAbout {
    /// That of all members.
    #[default]
    All,
    /// Who holds a role.
    Role(RoleRef),
    /// Sensitive permissions, and what gives them.
    Sensitive,
    /// What reaches a scope, or something below it.
    Scope(ScopeRef),
}

/// A position of the log and its time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// Position of the last event that counts.
    pub position: u64,
    /// Its time.
    pub time: Time,
}

/// One piece of somebody's access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewLine {
    /// Its number in the review, from 1.
    pub line: u32,
    /// Whose access.
    pub member: MemberId,
    /// Which.
    pub access: ReviewedAccess,
    /// Position of the event that made it so.
    pub since: u64,
    /// Who decides.
    pub reviewer: MemberId,
}

/// What can be kept or taken away by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewedAccess {
    /// An assignment.
    Role {
        /// The role.
        role: RoleRef,
        /// Where; absent, the member's scope counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<ScopeRef>,
        /// From when until when.
        #[serde(default, skip_serializing_if = "Window::is_open")]
        window: Window,
    },
    /// The role with exactly one holder, which moves by transfer only.
    Ownership {
        /// That role.
        role: RoleRef,
    },
    /// A permission allowed directly.
    Permission {
        /// The permission.
        permission: PermissionRef,
    },
    /// A key of a service account.
    Key {
        /// The key.
        key: KeyId,
        /// What people call it.
        label: CompactString,
        /// When it ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Time>,
    },
}

/// What a reviewer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may stay.
    Keep,
    /// It has to go.
    Revoke,
}

/// A decision, and on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Keep or revoke.
    pub verdict: Verdict,
    /// Position of the event that made the access what it was when it was decided: another one than the
    /// line's when it changed meanwhile. Absent: it was gone already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<u64>,
}

/// What came of a review.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewResult {
    /// How many lines it had.
    pub lines: u32,
    /// How many may stay.
    pub kept: u32,
    /// How many have to go.
    pub revoked: u32,
    /// Numbers of the lines that nobody decided: only after the deadline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<u32>,
    /// Numbers of the lines that have to go and are still there: only after the deadline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outstanding: Vec<u32>,
    /// Root of the Merkle tree over the lines as they were decided (RFC 6962), in hexadecimal digits.
    pub root: CompactString,
}

impl Verdict {
    /// `keep` or `revoke`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Revoke => "revoke",
        }
    }
}

impl ReviewEvent {
    /// The name of the event on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ReviewOpened { .. } => "ReviewOpened",
            Self::ReviewLinesListed { .. } => "ReviewLinesListed",
            Self::ReviewReviewerChanged { .. } => "ReviewReviewerChanged",
            Self::ReviewLineDecided { .. } => "ReviewLineDecided",
            Self::ReviewCompleted { .. } => "ReviewCompleted",
            Self::ReviewCancelled { .. } => "ReviewCancelled",
        }
    }

    /// The review that it happened to.
    pub fn review(&self) -> &ReviewId {
        match self {
            Self::ReviewLinesListed { review, .. } => review,
            Self::ReviewOpened { review, .. }
            | Self::ReviewReviewerChanged { review, .. }
            | Self::ReviewLineDecided { review, .. }
            | Self::ReviewCompleted { review, .. }
            | Self::ReviewCancelled { review, .. } => &review.id,
        }
    }
}
