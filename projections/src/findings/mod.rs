//! What a reviewer wants to know of an organisation's access, each finding with its evidence.
//!
//! A finding is a pure function of a state and an instant; only [`Kind::IdleManager`] needs the log as well,
//! and takes it as the time of each member's last command. Access is judged by `holdings` and `evaluate`,
//! also where a finding says that something has no effect: it is taken away in a copy of the state, and
//! what everybody holds is compared.
//!
//! What members *do* in the product is not in the log: whether they use a permission cannot be known here,
//! but for the permissions to govern, whose use are the commands in the log.

mod dormant;
mod held;
mod members;
mod privileged;
mod roles;
mod soon;

use std::collections::BTreeMap;

use chancery_aggregates::AccessState;
use chancery_aggregates::state::{Assignment, MemberIx, RoleIx};
use chancery_aggregates::vocabulary::{PermissionRef, RoleRef, Time};
use held::Held;
use serde::Serialize;

use crate::access::Grant;
use crate::places::Places;
use crate::words::{self, Person};

/// What is found. The names are stable, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A member holds duties that the profile keeps apart, on the same place.
    Separation,
    /// Somebody who has left still has something assigned.
    LeftWithAccess,
    /// Only one member can manage roles.
    SingleManager,
    /// A member holds sensitive permissions.
    Privileged,
    /// A suspended member still has roles, which come back with the member.
    SuspendedWithRoles,
    /// A member has permissions to govern and has not used any for long.
    IdleManager,
    /// Access that ends soon.
    Expiring,
    /// A role that gives both of two duties that the profile keeps apart.
    JoiningRole,
    /// A role that no member could give to anybody.
    UnassignableRole,
    /// Roles with the same permissions.
    EqualRoles,
    /// Roles with nearly the same permissions.
    SimilarRoles,
    /// Something was given whose taking away would change nothing.
    DormantGrant,
    /// A member waits at a guard: verified e-mail address, documents.
    GuardPending,
    /// A role without any permission.
    EmptyRole,
    /// A role that nobody holds.
    UnusedRole,
    /// A member who may do nothing.
    NoAccess,
}

impl Kind {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 16] = [
        Self::Separation,
        Self::LeftWithAccess,
        Self::SingleManager,
        Self::Privileged,
        Self::SuspendedWithRoles,
        Self::IdleManager,
        Self::Expiring,
        Self::JoiningRole,
        Self::UnassignableRole,
        Self::EqualRoles,
        Self::SimilarRoles,
        Self::DormantGrant,
        Self::GuardPending,
        Self::EmptyRole,
        Self::UnusedRole,
        Self::NoAccess,
    ];

    /// How soon somebody should look.
    pub fn severity(self) -> Severity {
        match self {
            Self::Separation | Self::LeftWithAccess => Severity::High,
            Self::SingleManager
            | Self::Privileged
            | Self::SuspendedWithRoles
            | Self::IdleManager
            | Self::Expiring
            | Self::JoiningRole
            | Self::UnassignableRole => Severity::Medium,
            Self::EqualRoles
            | Self::SimilarRoles
            | Self::DormantGrant
            | Self::GuardPending
            | Self::EmptyRole
            | Self::UnusedRole
            | Self::NoAccess => Severity::Low,
        }
    }

    /// Stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Separation => "separation",
            Self::LeftWithAccess => "left_with_access",
            Self::SingleManager => "single_manager",
            Self::Privileged => "privileged",
            Self::SuspendedWithRoles => "suspended_with_roles",
            Self::IdleManager => "idle_manager",
            Self::Expiring => "expiring",
            Self::JoiningRole => "joining_role",
            Self::UnassignableRole => "unassignable_role",
            Self::EqualRoles => "equal_roles",
            Self::SimilarRoles => "similar_roles",
            Self::DormantGrant => "dormant_grant",
            Self::GuardPending => "guard_pending",
            Self::EmptyRole => "empty_role",
            Self::UnusedRole => "unused_role",
            Self::NoAccess => "no_access",
        }
    }
}

/// How soon somebody should look at a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Now.
    High,
    /// In this review.
    Medium,
    /// When tidying up.
    Low,
}

/// Something a reviewer wants to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// How soon somebody should look.
    pub severity: Severity,
    /// The members it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Person>,
    /// The roles it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<RoleRef>,
    /// The permissions it is about, in the order of the catalogue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<PermissionRef>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places: Option<Places>,
    /// When it ends or ended, where it is about that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// For people. No full stop.
    pub sentence: String,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
}

/// What a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Position of the event that made it so, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// For people.
    pub what: String,
}

/// Where findings begin.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Days ahead for what ends soon; without it, as many as the profile reminds ahead.
    pub expiring_days: Option<u32>,
    /// Days without a command after which a member with permissions to govern is idle.
    pub idle_days: u32,
    /// Share of common permissions from which two roles are nearly the same, above 0 and up to 1.
    pub similar: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { expiring_days: None, idle_days: 90, similar: 0.9 }
    }
}

/// When each member last gave a command, refused or not, by id. A member who is not in it never did.
pub type LastActed = BTreeMap<String, Time>;

/// The findings of these kinds at an instant, by severity, then kind, then subject in order of arrival.
/// Without `last_acted` nobody is found idle.
pub fn findings(
    state: &AccessState,
    at: Time,
    kinds: &[Kind],
    options: &Options,
    last_acted: Option<&LastActed>,
) -> Vec<Finding> {
    let review = Review { state, at, options };
    let wants = |kind: &Kind| kinds.contains(kind);
    let held = if Kind::ALL.iter().filter(|kind| kinds.contains(kind)).any(|kind| kind.needs_held()) {
        held::of_everybody(state, at)
    } else {
        Vec::new()
    };
    let mut found = Vec::new();
    for kind in Kind::ALL.iter().filter(|kind| wants(kind)) {
        found.extend(match kind {
            Kind::Separation => privileged::separation(&review, &held),
            Kind::LeftWithAccess => members::left(&review),
            Kind::SingleManager => members::single_manager(&review, &held),
            Kind::Privileged => privileged::privileged(&review, &held),
            Kind::SuspendedWithRoles => members::suspended(&review),
            Kind::IdleManager => last_acted.map_or_else(Vec::new, |last| members::idle(&review, &held, last)),
            Kind::Expiring => soon::expiring(&review),
            Kind::JoiningRole => roles::joining(&review),
            Kind::UnassignableRole => roles::unassignable(&review, &held),
            Kind::EqualRoles => roles::equal(&review),
            Kind::SimilarRoles => roles::similar(&review),
            Kind::DormantGrant => dormant::dormant(&review),
            Kind::GuardPending => members::guard_pending(&review),
            Kind::EmptyRole => roles::empty(&review),
            Kind::UnusedRole => roles::unused(&review),
            Kind::NoAccess => members::no_access(&review, &held),
        });
    }
    // The order of the kinds is that of severity; within a kind, that in which they were found.
    found.sort_by_key(|finding| (finding.severity, finding.kind));
    found
}

impl Kind {
    fn needs_held(self) -> bool {
        matches!(
            self,
            Self::Separation
                | Self::SingleManager
                | Self::Privileged
                | Self::IdleManager
                | Self::UnassignableRole
                | Self::NoAccess
        )
    }
}

/// What findings are made of.
struct Review<'a> {
    state: &'a AccessState,
    at: Time,
    options: &'a Options,
}

impl Review<'_> {
    fn person(&self, member: MemberIx) -> Person {
        Person::numbered(self.state, member)
    }

    fn role(&self, role: RoleIx) -> RoleRef {
        self.state.cite_role(role)
    }

    /// `the role Manager in Acacia Avenue until 16 March 2026`.
    fn assignment(&self, held: &Assignment) -> String {
        let scope = held.scope.map(|scope| format!(" in {}", self.state.cite_scope(scope).name)).unwrap_or_default();
        let window = words::window(held.window);
        let window = if window.is_empty() { window } else { format!(" {window}") };
        format!("the role {}{scope}{window}", self.state.cite_role(held.role).name)
    }
}

impl Finding {
    fn new(kind: Kind, sentence: String) -> Self {
        Self {
            kind,
            severity: kind.severity(),
            members: Vec::new(),
            roles: Vec::new(),
            permissions: Vec::new(),
            places: None,
            until: None,
            sentence,
            evidence: Vec::new(),
        }
    }

    fn about(mut self, member: Person) -> Self {
        self.members.push(member);
        self
    }

    fn about_role(mut self, role: RoleRef) -> Self {
        self.roles.push(role);
        self
    }

    fn cite(mut self, position: u64, what: impl Into<String>) -> Self {
        self.evidence.push(Evidence { position: Some(position), what: what.into() });
        self
    }

    fn note(mut self, what: impl Into<String>) -> Self {
        self.evidence.push(Evidence { position: None, what: what.into() });
        self
    }
}

/// A way to a permission, in words, with the position of the event that opened it.
fn way(grant: &Grant) -> (u64, String) {
    match grant {
        Grant::Role { role, scope, window, given_at } => {
            let scope = scope.as_ref().map_or_else(String::new, |scope| format!(" in {}", scope.name));
            let window = words::window(*window);
            let window = if window.is_empty() { window } else { format!(" {window}") };
            (*given_at, format!("by the role {}{scope}{window}", role.name))
        }
        Grant::Toggle { given_at } => (*given_at, "allowed directly".to_owned()),
    }
}

#[cfg(test)]
mod tests;
