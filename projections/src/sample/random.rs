//! Histories that nobody would plan.

use chancery_aggregates::event::{MemberEvent, RoleEvent, ScopeEvent};
use chancery_aggregates::vocabulary::{MemberId, MemberScope, Window};

use super::{History, selected};

/// A small generator with a seed: the same histories in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    pub(crate) fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

pub(crate) const ROLES: [&str; 3] = ["complete", "own", "night"];
pub(crate) const PERMISSIONS: [&str; 5] =
    ["assets.view", "assets.update", "tasks.complete", "tasks.manage_own_only", "users.manage_access"];
pub(crate) const MEMBERS: [&str; 4] = ["ann", "bob", "cyd", "dan"];
pub(crate) const SCOPES: [&str; 5] = ["s0", "s1", "s2", "s3", "s4"];

/// A history that nobody would plan: buildings within buildings, roles with restrictions and heirs,
/// windows that open and close.
pub(crate) fn random_history(dice: &mut Dice, steps: usize) -> History {
    let mut history = History::founded("buildings");
    history.add_role("complete", "Complete", &["assets.view", "tasks.complete"], &[]);
    history.add_role("own", "Own", &["tasks.complete", "tasks.manage_own_only"], &[]);
    history.add_role("night", "Night", &["assets.update"], &["own"]);
    history.add_scope("s0", "S0", "building", None);
    for member in MEMBERS {
        let scope = if dice.below(2) == 0 { MemberScope::All } else { selected(&history, &["s0"]) };
        history.add_member(member, member, "member", scope);
    }
    for _ in 0..steps {
        random_event(dice, &mut history);
        let minutes = dice.below(90) as i64;
        history.wait(minutes);
    }
    history
}

fn random_event(dice: &mut Dice, history: &mut History) {
    let known: Vec<&str> = SCOPES.into_iter().filter(|id| history.state.scope_ix(id).is_some()).collect();
    let (member, role) = (dice.one(&MEMBERS), dice.one(&ROLES));
    let (scope, other) = (dice.one(&known), dice.one(&known));
    let id = MemberId::known(member);
    match dice.below(14) {
        0..=2 => {
            let from = (dice.below(3) == 0).then(|| history.now + chrono::TimeDelta::minutes(dice.below(200) as i64));
            let until = (dice.below(2) == 0).then(|| history.now + chrono::TimeDelta::minutes(300));
            history.assign(member, role, (dice.below(2) == 0).then_some(scope), Window { from, until });
        }
        3 => {
            history.unassign(member, role, (dice.below(2) == 0).then_some(scope));
        }
        4 | 5 => {
            history.toggle(role, dice.one(&PERMISSIONS), dice.below(2) == 0);
        }
        6 => {
            history.toggle_member(member, dice.one(&PERMISSIONS), dice.below(2) == 0);
        }
        7 => {
            history.record(MemberEvent::MemberSuspended { member: id });
        }
        8 => {
            history.record(MemberEvent::MemberReactivated { member: id });
        }
        9 => {
            let after = if dice.below(3) == 0 { MemberScope::All } else { selected(history, &[scope]) };
            history.record(MemberEvent::MemberScopeChanged { member: id, before: MemberScope::None, after });
        }
        10 => {
            if let Some(next) = SCOPES.into_iter().find(|id| history.state.scope_ix(id).is_none()) {
                history.add_scope(next, next, "building", (dice.below(2) == 0).then_some(scope));
            }
        }
        11 => {
            // Only below an older scope, so that no cycle comes about.
            let after = (other < scope).then(|| history.scope(other));
            history.record(ScopeEvent::ScopeMoved { scope: history.scope(scope), before: None, after });
        }
        12 => {
            let (scope, with) = (history.scope(scope), history.scope(other));
            let shared = dice.below(2) == 0;
            history.record(if shared {
                ScopeEvent::ScopeShared { scope, with }
            } else {
                ScopeEvent::ScopeUnshared { scope, with }
            });
        }
        _ => {
            let scope = history.scope(scope);
            let archived = dice.below(3) == 0;
            history.record(if archived {
                ScopeEvent::ScopeArchived { scope }
            } else {
                ScopeEvent::ScopeRestored { scope }
            });
        }
    }
    if dice.below(25) == 0 {
        let (role, parent) = (history.role("night"), history.role(dice.one(&["own", "complete"])));
        history.record(RoleEvent::RoleInheritanceChanged { role, before: Vec::new(), after: vec![parent] });
    }
}
