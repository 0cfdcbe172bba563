//! What comes or runs out by the passing of time.

use chancery_aggregates::AccessState;
use chancery_aggregates::state::{Assignment, DocumentStatus, MemberIx};
use chancery_aggregates::vocabulary::{DocumentKind, RoleRef, ScopeRef, Time};
use serde::Serialize;

/// What comes or runs out at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turned {
    /// What it is.
    #[serde(flatten)]
    pub what: What,
    /// Position of the event that set the time.
    pub given_at: u64,
}

/// What can come or run out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// An assignment begins to count.
    Begun {
        /// The role.
        role: RoleRef,
        /// The assignment's own scope.
        #[serde(skip_serializing_if = "Option::is_none")]
        scope: Option<ScopeRef>,
    },
    /// An assignment no longer counts.
    Ended {
        /// The role.
        role: RoleRef,
        /// The assignment's own scope.
        #[serde(skip_serializing_if = "Option::is_none")]
        scope: Option<ScopeRef>,
    },
    /// A document no longer counts.
    DocumentExpired {
        /// Which one.
        document: DocumentKind,
    },
}

impl std::fmt::Display for Turned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place =
            |scope: &Option<ScopeRef>| scope.as_ref().map_or_else(String::new, |scope| format!(" in {}", scope.name));
        match &self.what {
            What::Begun { role, scope } => write!(f, "the time of the role {}{} began", role.name, place(scope))?,
            What::Ended { role, scope } => write!(f, "the time of the role {}{} was over", role.name, place(scope))?,
            What::DocumentExpired { document } => write!(f, "the document `{document}` expired")?,
        }
        write!(f, " (as set by #{})", self.given_at)
    }
}

/// What of a member's comes or runs out at an instant.
pub fn turned(state: &AccessState, member: MemberIx, at: Time) -> Vec<Turned> {
    let Some(member) = state.member(member) else { return Vec::new() };
    let cite = |held: &Assignment| (state.cite_role(held.role), held.scope.map(|scope| state.cite_scope(scope)));
    let roles = member.assignments.iter().filter_map(|held| {
        let (role, scope) = cite(held);
        let what = match (held.window.from == Some(at), held.window.until == Some(at)) {
            (true, _) => What::Begun { role, scope },
            (false, true) => What::Ended { role, scope },
            (false, false) => return None,
        };
        Some(Turned { what, given_at: held.at })
    });
    let documents = member.documents.iter().filter(|document| document.status == DocumentStatus::Approved(Some(at)));
    let documents = documents.map(|document| Turned {
        what: What::DocumentExpired { document: document.kind.clone() },
        given_at: document.at,
    });
    roles.chain(documents).collect()
}
