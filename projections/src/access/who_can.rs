//! Who can do something somewhere, and how they come to it.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Decision, Fact, Ownership, Place, Question, evaluate_question, explain};
use chancery_aggregates::state::permission_set::PermissionIx;
use chancery_aggregates::state::{MemberEntry, MemberIx};
use chancery_aggregates::vocabulary::{RoleRef, ScopeRef, Time, Window};
use serde::Serialize;

use crate::words::Person;

/// A member who can do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Who.
    pub member: Person,
    /// Only for what is the member's own.
    pub only_own: bool,
    /// Every way to it, with the position of the event that opened it.
    pub through: Vec<Grant>,
}

/// A way in which a member comes to a permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Grant {
    /// By a role.
    Role {
        /// The role.
        role: RoleRef,
        /// The assignment's own scope.
        #[serde(skip_serializing_if = "Option::is_none")]
        scope: Option<ScopeRef>,
        /// From when until when.
        #[serde(skip_serializing_if = "Window::is_open")]
        window: Window,
        /// Position of the event that set it so.
        given_at: u64,
    },
    /// Allowed directly.
    Toggle {
        /// Position of the event that set it so.
        given_at: u64,
    },
}

/// Everybody who can do something at a place and an instant, in order of arrival.
pub fn who_can(state: &AccessState, permission: PermissionIx, place: Place, at: Time) -> Vec<Holder> {
    let holder = |(ix, member): (MemberIx, &MemberEntry)| {
        let question = Question { subject: ix, permission, place, ownership: Ownership::Unnamed, at };
        match evaluate_question(state, &question) {
            Decision::Allowed { only_own } => {
                Some(Holder { member: Person::of(state, member), only_own, through: ways(state, member, &question) })
            }
            Decision::Denied(_) => None,
        }
    };
    state.members().filter_map(holder).collect()
}

/// Every way in which a member comes to what a question asks for.
pub(crate) fn ways(state: &AccessState, member: &MemberEntry, question: &Question) -> Vec<Grant> {
    let causes = explain(state, question).causes;
    causes
        .iter()
        .filter_map(|cause| match cause.fact {
            Fact::Assigned => {
                let held = member.assignments.iter().find(|held| held.at == cause.position)?;
                let (role, scope) = (state.cite_role(held.role), held.scope.map(|scope| state.cite_scope(scope)));
                Some(Grant::Role { role, scope, window: held.window, given_at: held.at })
            }
            Fact::Toggled => Some(Grant::Toggle { given_at: cause.position }),
            _ => None,
        })
        .collect()
}
