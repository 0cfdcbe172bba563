//! Why the answer is what it is: the events behind it.

use super::coverage::{Place, assignment_covers, covers};
use super::evaluate::{Decision, Denial, Question, evaluate_question, in_force, restriction_applies};
use crate::profile::Profile;
use crate::state::permission_set::PermissionIx;
use crate::state::{AccessState, Coverage, MemberEntry, RoleEntry, RoleIx, ScopeIx};

/// A decision with the facts that make it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The answer.
    pub decision: Decision,
    /// The events behind it, in the order in which a person would tell them.
    pub causes: Vec<Cause>,
}

/// One event that the decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cause {
    /// The event's position in the organisation.
    pub position: u64,
    /// What it contributes.
    pub fact: Fact,
}

/// What an event contributes to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fact {
    /// The member holds the role.
    Assigned,
    /// The role has the permission.
    Permits,
    /// The role inherits from one that has it.
    Inherits,
    /// The member's scope reaches the resource.
    InScope,
    /// The resource stands below a scope that is reached.
    Below,
    /// The resource is shared with a scope that is reached.
    Shared,
    /// The permission is toggled on for the member.
    Toggled,
    /// A guard was passed.
    GuardPassed,
    /// The permission is narrowed to the member's own.
    Restricts,
    /// The member was suspended or left.
    Ended,
    /// The permission is withheld.
    Withheld,
    /// The member's account type.
    AccountType,
    /// The member's scope does not reach the resource.
    ScopeElsewhere,
    /// The resource, or what it stands below, is archived.
    Archived,
}

/// Answers a question and names the events behind the answer.
pub fn explain(state: &AccessState, question: &Question) -> Explanation {
    let decision = evaluate_question(state, question);
    let mut teller = Teller { state, question, causes: Vec::new() };
    if let (Some(profile), Some(member)) = (state.profile(), state.member(question.subject)) {
        match &decision {
            Decision::Allowed { .. } | Decision::Denied(Denial::NotOwner) => teller.tell_paths(profile, member),
            Decision::Denied(denial) => teller.tell_denial(member, denial),
        }
    }
    Explanation { decision, causes: teller.causes }
}

struct Teller<'a> {
    state: &'a AccessState,
    question: &'a Question,
    causes: Vec<Cause>,
}

impl Teller<'_> {
    /// An event is told once, for what it contributes first. There are few of them.
    fn add(&mut self, position: u64, fact: Fact) {
        if position > 0 && self.causes.iter().all(|cause| cause.position != position) {
            self.causes.push(Cause { position, fact });
        }
    }

    fn tell_paths(&mut self, profile: &Profile, member: &MemberEntry) {
        let permission = self.question.permission;
        let own_scope = covers(self.state, &member.scope, self.question.place);
        for (role, assignment) in in_force(self.state, profile, member, self.question.at) {
            let reaches = assignment_covers(self.state, own_scope, role, &assignment, self.question.place);
            if !reaches || !role.effective.contains(permission) {
                continue;
            }
            self.add(assignment.at, Fact::Assigned);
            self.tell_role(assignment.role, permission, Fact::Permits);
            match assignment.scope {
                _ if role.everywhere => {}
                Some(own) => self.tell_place(&[own]),
                None => self.tell_scope(member),
            }
            self.tell_restrictions(profile, member, Some((assignment.role, role)));
        }
        let toggle = member.toggles.iter().find(|toggle| toggle.permission == permission && toggle.allowed);
        if let Some(toggle) = toggle.filter(|_| own_scope) {
            self.add(toggle.at, Fact::Toggled);
            self.tell_scope(member);
            self.tell_restrictions(profile, member, None);
        }
        self.tell_guards(profile, member);
    }

    /// The shortest way from a role to one that has the permission itself.
    fn tell_role(&mut self, role: RoleIx, permission: PermissionIx, fact: Fact) {
        // Most often it has it itself, and there is no way to look for.
        if let Some(entry) = self.state.role(role).filter(|entry| entry.own.contains(permission)) {
            return self.add(entry.permission_at(permission), fact);
        }
        let mut ways = std::collections::VecDeque::from([vec![role]]);
        while let Some(way) = ways.pop_front() {
            let Some(entry) = way.last().and_then(|ix| self.state.role(*ix)) else { continue };
            if entry.own.contains(permission) {
                let position = entry.permission_at(permission);
                let heirs = way.iter().rev().skip(1).filter_map(|ix| self.state.role(*ix));
                let positions: Vec<u64> = heirs.map(|heir| heir.inherits_at).collect();
                self.add(position, fact);
                for position in positions {
                    self.add(position, Fact::Inherits);
                }
                return;
            }
            for parent in entry.inherits.iter().filter(|parent| !way.contains(parent)) {
                let mut longer = way.clone();
                longer.push(*parent);
                ways.push_back(longer);
            }
        }
    }

    fn tell_scope(&mut self, member: &MemberEntry) {
        self.add(member.scope_at, Fact::InScope);
        if let Coverage::Nodes { nodes, .. } = &member.scope {
            self.tell_place(nodes);
        }
    }

    /// How the place is reached from one of the nodes: by standing below it, or by sharing.
    fn tell_place(&mut self, nodes: &[ScopeIx]) {
        let Place::Scope(scope) = self.question.place else { return };
        let state = self.state;
        if let Some(at) = state.ancestry(scope).position(|above| nodes.contains(&above)) {
            return self.tell_below(scope, at);
        }
        for (height, above) in state.ancestry(scope).enumerate() {
            let Some(entry) = state.scope(above) else { continue };
            for (with, position) in &entry.shared_with {
                if let Some(at) = state.ancestry(*with).position(|above| nodes.contains(&above)) {
                    self.add(*position, Fact::Shared);
                    self.tell_below(scope, height);
                    return self.tell_below(*with, at);
                }
            }
        }
    }

    fn tell_below(&mut self, scope: ScopeIx, levels: usize) {
        let state = self.state;
        for node in state.ancestry(scope).take(levels).filter_map(|ix| state.scope(ix)) {
            self.add(node.parent_at, Fact::Below);
        }
    }

    fn tell_restrictions(&mut self, profile: &Profile, member: &MemberEntry, role: Option<(RoleIx, &RoleEntry)>) {
        for (restriction, narrows) in profile.restrictions() {
            let role_has = |restriction| role.is_some_and(|(_, role)| role.effective.contains(restriction));
            let applies = narrows.contains(self.question.permission)
                && restriction_applies(&member.toggles, role_has, *restriction);
            if !applies {
                continue;
            }
            match member.toggles.iter().find(|toggle| toggle.permission == *restriction) {
                Some(toggle) => self.add(toggle.at, Fact::Restricts),
                None => {
                    if let Some((ix, _)) = role {
                        self.tell_role(ix, *restriction, Fact::Restricts);
                    }
                }
            }
        }
    }

    fn tell_guards(&mut self, profile: &Profile, member: &MemberEntry) {
        let Some(account_type) = profile.account_type(member.account_type) else { return };
        if let Some(at) = member.email_verified.filter(|_| account_type.verified_email) {
            self.add(at, Fact::GuardPassed);
        }
        for document in &member.documents {
            if account_type.documents.iter().any(|required| required.as_str() == document.kind.as_str()) {
                self.add(document.at, Fact::GuardPassed);
            }
        }
    }

    fn tell_denial(&mut self, member: &MemberEntry, denial: &Denial) {
        match denial {
            Denial::Suspended { at } | Denial::Removed { at } => self.add(*at, Fact::Ended),
            Denial::Withheld { at } => self.add(*at, Fact::Withheld),
            Denial::AccountType { .. } | Denial::EmailUnverified => self.add(member.account_type_at, Fact::AccountType),
            Denial::DocumentMissing { document, .. } => {
                let at = member.documents.iter().find(|d| d.kind.as_str() == document.as_str()).map(|d| d.at);
                self.add(at.unwrap_or(member.account_type_at), Fact::AccountType);
            }
            Denial::OutOfScope => self.tell_out_of_scope(member),
            Denial::NoRole => {
                for held in &member.assignments {
                    self.add(held.at, Fact::Assigned);
                }
                self.tell_lost_permissions(member);
            }
            Denial::UnknownMember | Denial::UnknownPermission | Denial::NotOwner => {}
        }
    }

    /// Roles of the member from which the permission was once switched off.
    fn tell_lost_permissions(&mut self, member: &MemberEntry) {
        let state = self.state;
        for role in member.assignments.iter().filter_map(|held| state.role(held.role)) {
            let position = role.permission_at(self.question.permission);
            if position != role.created.position {
                self.add(position, Fact::Permits);
            }
        }
    }

    fn tell_out_of_scope(&mut self, member: &MemberEntry) {
        let state = self.state;
        if let Place::Scope(scope) = self.question.place {
            for node in state.ancestry(scope).filter_map(|ix| state.scope(ix)) {
                if let Some(at) = node.archived {
                    self.add(at, Fact::Archived);
                }
            }
        }
        for held in &member.assignments {
            if held.scope.is_some() {
                self.add(held.at, Fact::ScopeElsewhere);
            }
        }
        self.add(member.scope_at, Fact::ScopeElsewhere);
    }
}
