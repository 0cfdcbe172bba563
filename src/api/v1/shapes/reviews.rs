//! Access reviews.

#![allow(dead_code, reason = "describes what others write")]

use utoipa::ToSchema;

use super::{PermissionName, PersonName, RoleName, ScopeName};

words! {
    /// How far a review has come
    StageOfReview { Open, Completed, Cancelled }
    /// What a reviewer decides
    KindOfVerdict { Keep, Revoke }
    /// What has become of access since the reviewed position
    StandingOfAccess { Unchanged, Changed, Gone }
    /// What can be kept or taken away by itself
    KindOfAccess { Role, Ownership, Permission, Key }
}

/// Which access a review looks at: `all`, `sensitive`, or that of a role or scope
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::api::v1) enum AboutReview {
    /// That of all members
    All,
    /// Who holds a role
    Role(RoleName),
    /// Sensitive permissions, and what gives them
    Sensitive,
    /// What reaches a scope, or something below it
    Scope(ScopeName),
}

/// From when until when an assignment counts
#[derive(ToSchema)]
pub(in crate::api::v1) struct ReviewedWindow {
    /// First instant at which it counts
    #[schema(nullable = false, format = DateTime)]
    from: Option<String>,
    /// First instant at which it no longer counts
    #[schema(nullable = false, format = DateTime)]
    until: Option<String>,
}

/// A piece of access
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::api::v1) enum AccessReviewed {
    /// An assignment
    Role {
        /// The role
        role: RoleName,
        /// Where; left out where the member's scope counts
        #[schema(nullable = false)]
        scope: Option<ScopeName>,
        /// Left out where it always counts
        #[schema(nullable = false)]
        window: Option<ReviewedWindow>,
    },
    /// The role with exactly one holder
    Ownership {
        /// That role
        role: RoleName,
    },
    /// A permission allowed directly
    Permission {
        /// The permission
        permission: PermissionName,
    },
    /// A key of a service account
    Key {
        /// Its id
        key: String,
        /// What people call it
        label: String,
        /// When it ends
        #[schema(nullable = false, format = DateTime)]
        expires: Option<String>,
    },
}

/// Who did something, when and why
#[derive(ToSchema)]
pub(in crate::api::v1) struct DeedOfReview {
    /// Position of its event
    position: u64,
    /// When
    #[schema(format = DateTime)]
    time: String,
    /// The event's type
    #[schema(rename = "type")]
    kind: String,
    /// Who: a member's id, `@system` or `@operator`
    by: String,
    /// Why, in their words
    #[schema(nullable = false)]
    reason: Option<String>,
    /// What made them act
    #[schema(nullable = false)]
    causation: Option<String>,
}

/// A decision about a line
#[derive(ToSchema)]
pub(in crate::api::v1) struct DecisionOfReview {
    verdict: KindOfVerdict,
    /// Who decided
    by: PersonName,
    /// When; null in a list of an open review
    #[schema(format = DateTime)]
    time: Option<String>,
    /// Position of its event; null in a list of an open review
    position: Option<u64>,
    /// Why
    reason: Option<String>,
    /// Whether it came after the deadline
    late: Option<bool>,
}

/// A piece of somebody's access, and what was decided about it
#[derive(ToSchema)]
pub(in crate::api::v1) struct LineOfReview {
    /// Its number in the review
    line: u32,
    member: PersonName,
    kind: KindOfAccess,
    access: AccessReviewed,
    /// The same in words
    access_in_words: String,
    /// Position of the event that made it so
    since: u64,
    /// That event in short
    given: Option<DeedOfReview>,
    /// When a key was last used
    #[schema(format = DateTime)]
    last_used: Option<String>,
    /// Who decides
    reviewer: PersonName,
    decision: Option<DecisionOfReview>,
    standing: StandingOfAccess,
    /// What ended the access, once the review is over
    ended: Option<DeedOfReview>,
}

/// An access review
#[derive(ToSchema)]
#[schema(example = json!({"review": "q1", "title": "First quarter", "about": "all", "position": 57,
    "as_of": "2026-03-03T14:30:00Z", "deadline": "2026-03-31T00:00:00Z", "overdue": false, "stage": "open", "lines": 12,
    "kept": 3, "revoked": 1, "undecided": 8, "outstanding": 0, "waiting": 2, "reviewers": ["mei"],
    "opened": "2026-03-04T09:00:00Z", "opened_position": 60, "closed": null, "closed_position": null, "root": null,
    "version": 6}))]
pub(in crate::api::v1) struct Review {
    /// Its id
    review: String,
    /// What people call it
    title: String,
    about: AboutReview,
    /// The reviewed position of the log
    position: u64,
    /// Its time
    #[schema(format = DateTime)]
    as_of: String,
    /// When it should be done
    #[schema(format = DateTime)]
    deadline: String,
    /// Whether it is open after its deadline
    overdue: bool,
    stage: StageOfReview,
    /// How many lines it has
    lines: u32,
    /// How many lines may stay
    kept: u32,
    /// How many have to go
    revoked: u32,
    /// How many are not decided
    undecided: u32,
    /// How many have to go and are still there
    outstanding: u32,
    /// How many wait for the caller
    waiting: u32,
    /// Everybody who ever had a line to decide
    reviewers: Vec<String>,
    /// When it was opened
    #[schema(format = DateTime)]
    opened: String,
    /// Position of its first event
    opened_position: u64,
    /// When it was completed or cancelled
    #[schema(format = DateTime)]
    closed: Option<String>,
    /// Position of its last event, once it is over
    closed_position: Option<u64>,
    /// Root over the decided lines, once it is completed
    root: Option<String>,
    /// Its version
    version: u64,
}

/// A line that is not carried out
#[derive(ToSchema)]
pub(in crate::api::v1) struct LeftLine {
    /// Its number
    line: u32,
    /// Stable name of why not: `gone`, `changed`, `ownership`, or the rule that refuses it
    rule: String,
    /// Why not
    because: String,
}
