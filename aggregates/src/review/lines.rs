//! The lines of a review: a pure function of the access state at the position that is reviewed.

use compact_str::CompactString;

use crate::access::{Place, covers, in_use};
use crate::event::{ReviewAbout, ReviewLine, ReviewedAccess};
use crate::profile::Profile;
use crate::profile::document::AssignedBy;
use crate::state::permission_set::PermissionSet;
use crate::state::{AccessState, Assignment, Coverage, MemberEntry, MemberIx, ScopeIx, Status};
use crate::vocabulary::{MemberId, MemberKind, Time};

/// The most lines of a review: more are looked through by nobody.
pub const MOST_LINES: usize = 20_000;

/// The access that a review looks at, in the order of members' ids, and of a member roles first, then permissions
/// allowed directly, then keys of service accounts. Reviewers are still to be named. What had ended by the time
/// of the state is none; what is yet to begin is some.
pub fn lines(state: &AccessState, about: &ReviewAbout) -> Vec<ReviewLine> {
    let (Some(profile), Some(at)) = (state.profile(), state.time()) else { return Vec::new() };
    let wanted = Wanted::of(state, profile, about);
    let mut members: Vec<(MemberIx, &MemberEntry)> =
        state.members().filter(|(_, member)| member.status != Status::Removed).collect();
    members.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
    let mut lines = Vec::new();
    for (ix, member) in members {
        for (access, since) in of_member(&wanted, ix, member, at) {
            let line = lines.len() as u32 + 1;
            lines.push(ReviewLine { line, member: member.id.clone(), access, since, reviewer: MemberId::default() });
        }
    }
    lines
}

type Found = (ReviewedAccess, u64);

fn of_member(wanted: &Wanted<'_>, ix: MemberIx, member: &MemberEntry, at: Time) -> Vec<Found> {
    let state = wanted.state;
    let counts = |held: &&Assignment| held.window.until.is_none_or(|until| at < until);
    let held = member.assignments.iter().filter(counts).filter(|held| wanted.assignment(member, held));
    let mut found: Vec<(CompactString, Found)> = held.filter_map(|held| role(state, held)).collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut found: Vec<Found> = found.into_iter().map(|(_, found)| found).collect();
    let mut toggles: Vec<Found> = member
        .toggles
        .iter()
        .filter(|toggle| toggle.allowed && wanted.permission(member, toggle.permission))
        .map(|toggle| (ReviewedAccess::Permission { permission: wanted.profile.cite(toggle.permission) }, toggle.at))
        .collect();
    toggles.sort_by(|(one, _), (other, _)| key_of(one).cmp(key_of(other)));
    found.extend(toggles);
    if member.kind == MemberKind::Service && (!found.is_empty() || matches!(wanted.about, ReviewAbout::All)) {
        let mut keys: Vec<Found> = state
            .keys_of(ix)
            .filter(|key| key.lasts(at))
            .map(|key| {
                let (id, label, expires) = (key.id.clone(), key.label.clone(), key.expires);
                (ReviewedAccess::Key { key: id, label, expires }, key.issued.position)
            })
            .collect();
        keys.sort_by(|(one, _), (other, _)| key_of(one).cmp(key_of(other)));
        found.extend(keys);
    }
    found
}

/// An assignment, and what it is sorted by.
fn role(state: &AccessState, held: &Assignment) -> Option<(CompactString, Found)> {
    let entry = state.role(held.role)?;
    let role = state.cite_role(held.role);
    let scope = held.scope.map(|scope| state.cite_scope(scope));
    let scope_id = scope.as_ref().map_or("", |scope| scope.id.as_str());
    let sorted_by = compact_str::format_compact!("{}\n{scope_id}", role.id);
    let access = if entry.assigned == AssignedBy::Transfer {
        ReviewedAccess::Ownership { role }
    } else {
        ReviewedAccess::Role { role, scope, window: held.window }
    };
    Some((sorted_by, (access, held.at)))
}

fn key_of(access: &ReviewedAccess) -> &str {
    match access {
        ReviewedAccess::Role { role, .. } | ReviewedAccess::Ownership { role } => role.id.as_str(),
        ReviewedAccess::Permission { permission } => permission.id.as_str(),
        ReviewedAccess::Key { key, .. } => key.as_str(),
    }
}

/// What a review looks at, looked up.
struct Wanted<'a> {
    state: &'a AccessState,
    profile: &'a Profile,
    about: &'a ReviewAbout,
    sensitive: PermissionSet,
    /// The scope that is looked at, and what is below it, as far as it is in use.
    nodes: Vec<ScopeIx>,
}

impl<'a> Wanted<'a> {
    fn of(state: &'a AccessState, profile: &'a Profile, about: &'a ReviewAbout) -> Self {
        let is_sensitive = |ix: &_| profile.permission(*ix).is_some_and(|permission| permission.sensitive);
        let sensitive = profile.grants().iter().filter(is_sensitive).collect();
        let top = match about {
            ReviewAbout::Scope(scope) => state.scope_ix(scope.id.as_str()),
            _ => None,
        };
        let below = |ix: &ScopeIx| top.is_some_and(|top| state.ancestry(*ix).any(|above| above == top));
        let nodes = state.scopes().map(|(ix, _)| ix).filter(|ix| in_use(state, *ix) && below(ix)).collect();
        Self { state, profile, about, sensitive, nodes }
    }

    fn assignment(&self, member: &MemberEntry, held: &Assignment) -> bool {
        let Some(role) = self.state.role(held.role) else { return false };
        match self.about {
            ReviewAbout::All => true,
            ReviewAbout::Role(wanted) => role.id == wanted.id,
            ReviewAbout::Sensitive => !role.effective.and(&self.sensitive).is_empty(),
            ReviewAbout::Scope(_) if role.everywhere => true,
            ReviewAbout::Scope(_) => match held.scope {
                Some(own) => self.reached(&Coverage::Nodes { by_group: false, nodes: vec![own] }),
                None => self.reached(&member.scope),
            },
        }
    }

    fn permission(&self, member: &MemberEntry, permission: crate::state::permission_set::PermissionIx) -> bool {
        match self.about {
            ReviewAbout::All => true,
            ReviewAbout::Role(_) => false,
            ReviewAbout::Sensitive => self.sensitive.contains(permission),
            ReviewAbout::Scope(_) => self.reached(&member.scope),
        }
    }

    fn reached(&self, coverage: &Coverage) -> bool {
        self.nodes.iter().any(|node| covers(self.state, coverage, Place::Scope(*node)))
    }
}
