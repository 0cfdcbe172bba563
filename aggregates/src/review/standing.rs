//! What has become of a reviewed piece of access, and the command that takes it away.

use serde::Serialize;

use crate::command::{Command, MemberCommand};
use crate::event::{ReviewLine, ReviewedAccess};
use crate::state::{AccessState, Status};
use crate::vocabulary::{RoleRef, ScopeRef, Time};

/// What has become of a piece of access since the position at which it is reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is as it was.
    Unchanged,
    /// It was given anew, or otherwise, or its role permits something else.
    Changed,
    /// It is there no more.
    Gone,
}

impl Standing {
    /// `unchanged`, `changed` or `gone`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Changed => "changed",
            Self::Gone => "gone",
        }
    }
}

/// What has become of a line's access.
pub fn standing(state: &AccessState, line: &ReviewLine, frozen: u64, now: Time) -> Standing {
    match stands_since(state, line, now) {
        None => Standing::Gone,
        Some(since) if since == line.since && !role_changed(state, line, frozen) => Standing::Unchanged,
        Some(_) => Standing::Changed,
    }
}

/// Position of the event that made a line's access what it is; absent, it is gone.
pub fn stands_since(state: &AccessState, line: &ReviewLine, now: Time) -> Option<u64> {
    let member = state.member_by_id(line.member.as_str()).filter(|member| member.status != Status::Removed)?;
    let assigned = |role: &RoleRef, scope: Option<&ScopeRef>| {
        let role = state.role_ix(role.id.as_str())?;
        let scope = match scope {
            Some(scope) => Some(state.scope_ix(scope.id.as_str())?),
            None => None,
        };
        let held = member.assignments.iter().find(|held| (held.role, held.scope) == (role, scope))?;
        held.window.until.is_none_or(|until| now < until).then_some(held.at)
    };
    match &line.access {
        ReviewedAccess::Role { role, scope, .. } => assigned(role, scope.as_ref()),
        ReviewedAccess::Ownership { role } => assigned(role, None),
        ReviewedAccess::Permission { permission } => {
            let permission = state.profile()?.permission_ix(permission.id.as_str())?;
            let allowed = member.toggles.iter().find(|toggle| toggle.permission == permission && toggle.allowed)?;
            Some(allowed.at)
        }
        ReviewedAccess::Key { key, .. } => {
            state.key(key.as_str()).filter(|key| key.lasts(now)).map(|key| key.issued.position)
        }
    }
}

/// Whether the line's role permits something else than at a position.
fn role_changed(state: &AccessState, line: &ReviewLine, frozen: u64) -> bool {
    let (ReviewedAccess::Role { role, .. } | ReviewedAccess::Ownership { role }) = &line.access else { return false };
    let Some(role) = state.role_by_id(role.id.as_str()) else { return false };
    role.inherits_at > frozen || role.toggled.iter().any(|(_, at)| *at > frozen)
}

/// The command that takes a line's access away; none where it moves by transfer only.
pub fn remedy(line: &ReviewLine) -> Option<Command> {
    let command = match &line.access {
        ReviewedAccess::Role { role, scope, .. } => {
            MemberCommand::UnassignRole { role: role.id.clone(), scope: scope.as_ref().map(|scope| scope.id.clone()) }
        }
        ReviewedAccess::Ownership { .. } => return None,
        ReviewedAccess::Permission { permission } => {
            MemberCommand::ClearMemberPermission { permission: permission.id.clone() }
        }
        ReviewedAccess::Key { key, .. } => MemberCommand::RevokeKey { key: key.clone() },
    };
    Some(Command::Member(line.member.clone(), command))
}
