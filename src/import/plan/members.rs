//! Members, and the roles that they get.

use std::collections::HashMap;

use chancery_aggregates::Command;
use chancery_aggregates::command::{MemberCommand, ScopeChoice};
use chancery_aggregates::event::Details;
use chancery_aggregates::profile::document::{AssignmentScope, Policy as Switches};
use chancery_aggregates::state::{Coverage, MemberEntry, RoleIx, Status};
use chancery_aggregates::vocabulary::{MemberId, MemberKind, Window};

use super::resources::Resources;
use super::roles::{Given, Target, Targets, by_hand};
use super::{Ground, Plan};
use crate::import::error::{Findings, Reason};
use crate::import::layout::{Assigned, Layout};

pub(super) fn plan(
    ground: Ground<'_>,
    layout: &Layout,
    targets: &Targets,
    resources: &Resources,
    given: &mut Given,
    plan: &mut Plan,
    findings: &mut Findings,
) {
    let Some(profile) = ground.state.profile() else { return };
    let bad = bad_members(ground);
    for hold in &ground.policy.holds {
        if let Some(reason) = bad.get(&hold.member) {
            findings.add(hold.place, reason.clone());
        }
    }
    let step = Step { ground, targets, resources, switches: profile.policy() };
    let mut assignments: Vec<&Assigned> = layout.assignments.iter().collect();
    assignments.sort_by_key(|assigned| assigned.member);
    for of_member in assignments.chunk_by(|one, other| one.member == other.member) {
        let Some(first) = of_member.first().filter(|first| !bad.contains_key(&first.member)) else { continue };
        step.plan_member(first, of_member, given, plan, findings);
    }
}

/// The members of the files who cannot be members here, with the reason.
fn bad_members(ground: Ground<'_>) -> HashMap<u32, Reason> {
    let reason = |number| {
        let text = ground.policy.members.text(number);
        match (MemberId::parse(text), ground.state.member_by_id(text)) {
            (Err(because), _) => Some(Reason::NotAnId { thing: "member", text: text.to_owned(), because }),
            (_, Some(member)) if member.status == Status::Removed => {
                Some(Reason::MemberLeft { member: text.to_owned() })
            }
            _ => None,
        }
    };
    ground.policy.members.numbers().filter_map(|number| Some((number, reason(number)?))).collect()
}

struct Step<'a> {
    ground: Ground<'a>,
    targets: &'a Targets,
    resources: &'a Resources,
    switches: &'a Switches,
}

impl Step<'_> {
    fn plan_member(
        &self,
        first: &Assigned,
        assignments: &[&Assigned],
        given: &mut Given,
        plan: &mut Plan,
        findings: &mut Findings,
    ) {
        let text = self.ground.policy.members.text(first.member);
        let (id, existing) = (MemberId::known(text), self.ground.state.member_by_id(text));
        if existing.is_none() {
            // Where permissions have domains, roles are held in them and need no scope of the member's own.
            let scope = if self.ground.policy.permits_in_domains { ScopeChoice::None } else { ScopeChoice::All };
            plan.added.members += 1;
            let add = MemberCommand::AddMember {
                kind: MemberKind::Person,
                account_type: self.ground.options.account_type.clone(),
                details: Details::default(),
                scope: Some(scope),
            };
            plan.push(Command::Member(id.clone(), add), Some(first.place));
        }
        self.check_count(existing, assignments, findings);
        for assigned in assignments {
            let Some(target) = self.targets.of(assigned.node) else { continue };
            if existing.is_some_and(|member| self.holds(member, target, assigned)) {
                continue;
            }
            given.entry(assigned.node).or_insert(assigned.place);
            if let Err(reason) = self.check(target, assigned, existing) {
                findings.add(assigned.place, reason);
            }
            plan.added.assignments += 1;
            let scope = assigned.domain.and_then(|domain| self.resources.scope(domain)).cloned();
            let assign = MemberCommand::AssignRole { role: target.id.clone(), scope, window: Window::default() };
            plan.push(Command::Member(id.clone(), assign), Some(assigned.place));
        }
    }

    /// Whether the member holds the role there, for however long: an import makes no time longer.
    fn holds(&self, member: &MemberEntry, target: &Target, assigned: &Assigned) -> bool {
        let scope = assigned.domain.map(|domain| self.resources.existing(domain));
        let Some(role) = target.existing else { return false };
        member.assignments.iter().any(|held| {
            held.role == role
                && match scope {
                    None => held.scope.is_none(),
                    Some(scope) => scope.is_some() && held.scope == scope,
                }
        })
    }

    fn check(&self, target: &Target, assigned: &Assigned, existing: Option<&MemberEntry>) -> Result<(), Reason> {
        let role = target.existing.and_then(|ix| self.ground.state.role(ix));
        if role.is_some_and(|role| !by_hand(role)) {
            return Err(Reason::NotByHand { role: target.name.clone() });
        }
        let everywhere = role.is_some_and(|role| role.everywhere);
        let nowhere = existing.is_some_and(|member| member.scope == Coverage::None);
        if nowhere && assigned.domain.is_none() && !everywhere && !self.ground.policy.permits_in_domains {
            let member = self.ground.policy.members.text(assigned.member).to_owned();
            return Err(Reason::NoScope { member });
        }
        match (assigned.domain, self.switches.assignment_scope) {
            (Some(_), AssignmentScope::Never) => Err(Reason::DomainNotUsed),
            (Some(_), _) if everywhere => Err(Reason::DomainNotUsed),
            (None, AssignmentScope::Required) if !everywhere => Err(Reason::DomainRequired),
            _ => Ok(()),
        }
    }

    /// Where a member holds one role, all assignments must be of the same one.
    fn check_count(&self, existing: Option<&MemberEntry>, assignments: &[&Assigned], findings: &mut Findings) {
        if self.switches.several_roles {
            return;
        }
        let held = existing.and_then(|member| member.assignments.first()).map(|held| held.role);
        let name = |ix: RoleIx| self.ground.state.cite_role(ix).name.to_string();
        let target = |assigned: &Assigned| self.targets.of(assigned.node);
        let Some(first) = assignments.first().and_then(|first| target(first)) else { return };
        let (one, one_id) = match held {
            Some(ix) => (name(ix), self.ground.state.cite_role(ix).id),
            None => (first.name.clone(), first.id.clone()),
        };
        for assigned in assignments {
            if let Some(other) = target(assigned).filter(|target| target.id != one_id) {
                let member = self.ground.policy.members.text(assigned.member).to_owned();
                findings
                    .add(assigned.place, Reason::OneRoleOnly { member, role: other.name.clone(), other: one.clone() });
            }
        }
    }
}
