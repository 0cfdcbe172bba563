//! The access table: member × role × where × when.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Fact, Holdings, Ownership, Place, Question, Reading, explain, holdings};
use chancery_aggregates::state::{Assignment, Coverage, MemberEntry, MemberIx, RoleEntry, ScopeIx, Status};
use chancery_aggregates::vocabulary::{MemberScope, PermissionRef, RoleRef, Time, Window};
use serde::Serialize;

use super::barrier;
use crate::words::Person;

/// Which rows are wanted; what is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// This member.
    pub member: Option<MemberIx>,
    /// Holders of the role with this id.
    pub role: Option<String>,
    /// Roles that reach this scope.
    pub scope: Option<ScopeIx>,
    /// Also members who have left.
    pub removed: bool,
}

/// Who holds what, where, at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessTable {
    /// Position of the state.
    pub position: u64,
    /// The instant for which windows and documents are judged.
    pub at: Time,
    /// The members, in order of arrival.
    pub members: Vec<MemberAccess>,
}

/// What one member holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberAccess {
    /// Who.
    pub member: Person,
    /// The account type's label.
    pub account_type: String,
    /// Where roles without a scope of their own work.
    pub scope: MemberScope,
    /// What keeps the member from any access, in words; absent when nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barrier: Option<String>,
    /// Roles held, in the order in which they were given.
    pub roles: Vec<RoleAccess>,
    /// Permissions allowed or withheld directly.
    pub toggles: Vec<DirectToggle>,
}

/// A role that a member holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleAccess {
    /// The role.
    pub role: RoleRef,
    /// Where it works, after its own scope or the member's.
    pub reach: MemberScope,
    /// From when until when.
    #[serde(skip_serializing_if = "Window::is_open")]
    pub window: Window,
    /// Permissions that the member has by this role, at that instant, anywhere it works.
    pub permissions: usize,
    /// Position of the event that set it so.
    pub given_at: u64,
}

/// A permission allowed to or withheld from a member directly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DirectToggle {
    /// The permission.
    pub permission: PermissionRef,
    /// True allows, false withholds.
    pub allowed: bool,
    /// Position of the event that set it so.
    pub given_at: u64,
}

/// Who holds what, where, at an instant. Complete: paging is up to the caller.
pub fn access_table(state: &AccessState, at: Time, filter: &Filter) -> AccessTable {
    let members = state
        .members()
        .filter(|(ix, member)| wanted(filter, *ix, member))
        .map(|(ix, member)| member_access(state, ix, member, at, filter))
        .filter(|row| (filter.role.is_none() && filter.scope.is_none()) || !row.roles.is_empty())
        .collect();
    AccessTable { position: state.position(), at, members }
}

fn wanted(filter: &Filter, ix: MemberIx, member: &MemberEntry) -> bool {
    match filter.member {
        Some(wanted) => wanted == ix,
        None => filter.removed || member.status != Status::Removed,
    }
}

fn member_access(state: &AccessState, ix: MemberIx, member: &MemberEntry, at: Time, filter: &Filter) -> MemberAccess {
    let account_type = state.profile().and_then(|profile| profile.account_type(member.account_type));
    let roles = member.assignments.iter().filter_map(|held| {
        let role = state.role(held.role)?;
        let row = role_access(state, ix, member, (role, held), at);
        let role_wanted = filter.role.as_ref().is_none_or(|id| role.id.as_str() == id);
        (role_wanted && filter.scope.is_none_or(|scope| works_in(state, member, role, held, scope))).then_some(row)
    });
    let toggles = member.toggles.iter().filter_map(|toggle| {
        let permission = state.profile()?.cite(toggle.permission);
        Some(DirectToggle { permission, allowed: toggle.allowed, given_at: toggle.at })
    });
    MemberAccess {
        member: Person::of(state, member),
        account_type: account_type.map(|account_type| account_type.label.clone()).unwrap_or_default(),
        scope: state.cite_coverage(&member.scope),
        barrier: barrier(state, ix, at).map(|denial| denial.to_string()),
        roles: roles.collect(),
        toggles: toggles.collect(),
    }
}

fn role_access(
    state: &AccessState,
    ix: MemberIx,
    member: &MemberEntry,
    (role, held): (&RoleEntry, &Assignment),
    at: Time,
) -> RoleAccess {
    let coverage = coverage_of(member, role, held);
    let mut by_role = Holdings::default();
    for place in places(&coverage) {
        let there = holdings(state, ix, place, at, Reading::Actual);
        let through = there.any.and(&role.effective);
        if through.iter().next().is_some_and(|permission| comes_by(state, ix, held, permission, place, at)) {
            by_role.any.union_with(&through);
        }
    }
    RoleAccess {
        role: RoleRef { id: role.id.clone(), name: role.name.clone() },
        reach: state.cite_coverage(&coverage),
        window: held.window,
        permissions: by_role.any.len(),
        given_at: held.at,
    }
}

/// Whether the assignment is one of the ways to a permission that the member holds: the
/// explanation of the decision names its event.
fn comes_by(
    state: &AccessState,
    subject: MemberIx,
    held: &Assignment,
    permission: chancery_aggregates::state::permission_set::PermissionIx,
    place: Place,
    at: Time,
) -> bool {
    let question = Question { subject, permission, place, ownership: Ownership::Unnamed, at };
    let causes = explain(state, &question).causes;
    causes.iter().any(|cause| cause.position == held.at && cause.fact == Fact::Assigned)
}

/// Where an assignment is meant to work. Whether it does is asked of `holdings` there.
fn coverage_of(member: &MemberEntry, role: &RoleEntry, held: &Assignment) -> Coverage {
    match held.scope {
        _ if role.everywhere => Coverage::All,
        Some(scope) => Coverage::Nodes { by_group: false, nodes: vec![scope] },
        None => member.scope.clone(),
    }
}

fn places(coverage: &Coverage) -> Vec<Place> {
    match coverage {
        Coverage::None => Vec::new(),
        Coverage::All => vec![Place::Organisation],
        Coverage::Nodes { nodes, .. } => nodes.iter().map(|node| Place::Scope(*node)).collect(),
    }
}

fn works_in(state: &AccessState, member: &MemberEntry, role: &RoleEntry, held: &Assignment, scope: ScopeIx) -> bool {
    chancery_aggregates::access::covers(state, &coverage_of(member, role, held), Place::Scope(scope))
}
