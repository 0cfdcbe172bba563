//! Differences of histories that nobody would plan.

use std::collections::BTreeSet;

use chancery_aggregates::access::{Holdings, Place, Reading, holdings};
use chancery_aggregates::event::{MemberEvent, RoleEvent, ScopeEvent};
use chancery_aggregates::vocabulary::{MemberId, MemberScope, Window};

use super::*;
use crate::sample::{History, selected};

/// A small generator with a seed: the same histories in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const ROLES: [&str; 3] = ["complete", "own", "night"];
const PERMISSIONS: [&str; 5] =
    ["assets.view", "assets.update", "tasks.complete", "tasks.manage_own_only", "users.manage_access"];
const MEMBERS: [&str; 4] = ["ann", "bob", "cyd", "dan"];
const SCOPES: [&str; 5] = ["s0", "s1", "s2", "s3", "s4"];

/// A history that nobody would plan: buildings within buildings, roles with restrictions and heirs,
/// windows that open and close.
fn random_history(dice: &mut Dice, steps: usize) -> History {
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

/// Every permission of every member at every place, as the difference has it and as `holdings` has it.
fn check_against_holdings(history: &History, from: u64, to: u64) {
    let start = history.state_at(from);
    let events: Vec<Recorded> = history.after(from).take((to - from) as usize).cloned().collect();
    let end = history.state_at(to);
    let (from_at, to_at) = (start.time().unwrap(), end.time().unwrap() + chrono::TimeDelta::minutes(30));
    let diff = diff(&start, from_at, &events, to_at, &Filter::default());

    let mut expected = Vec::new();
    for (member, entry) in end.members() {
        let places = std::iter::once((None, Place::Organisation))
            .chain(end.scopes().map(|(ix, scope)| (Some(scope.id.to_string()), Place::Scope(ix))));
        for (name, place) in places {
            let known = !matches!(place, Place::Scope(ix) if start.scope(ix).is_none());
            let before =
                if known { holdings(&start, member, place, from_at, Reading::Actual) } else { Default::default() };
            let after = holdings(&end, member, place, to_at, Reading::Actual);
            for (number, permission) in end.profile().unwrap().permissions().iter().enumerate() {
                let ix = end.profile().unwrap().permission_ix(permission.key.as_str()).unwrap();
                assert_eq!(ix.index(), number);
                let status = |held: &Holdings| (held.any.contains(ix), held.full.contains(ix));
                if status(&before) != status(&after) {
                    let change = (status(&before), status(&after));
                    expected.push((entry.id.to_string(), name.clone(), permission.key.to_string(), change));
                }
            }
        }
    }
    let mut found = Vec::new();
    for line in &diff.lines {
        assert!(!line.causes.is_empty(), "no cause: {line:?}");
        let scopes = line.places.scopes.iter().map(|scope| Some(scope.id.to_string()));
        for place in line.places.organisation.then_some(None).into_iter().chain(scopes) {
            for change in &line.changes {
                let status = match change.kind {
                    ChangeKind::Gained => ((false, false), (true, true)),
                    ChangeKind::GainedOwn => ((false, false), (true, false)),
                    ChangeKind::Widened => ((true, false), (true, true)),
                    ChangeKind::Narrowed => ((true, true), (true, false)),
                    // Both ways of having held it before are a loss.
                    ChangeKind::Lost => ((true, true), (false, false)),
                };
                found.push((line.member.id.to_string(), place.clone(), change.permission.id.to_string(), status));
            }
        }
        for cause in &line.causes {
            match cause {
                Cause::Event { position } => assert!((from + 1..=to).contains(position)),
                Cause::Time { at, .. } => assert!(from_at < *at && *at <= to_at),
            }
        }
    }
    for (_, _, _, change) in &mut expected {
        if change.1 == (false, false) {
            change.0 = (true, true);
        }
    }
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "from #{from} to #{to}");
}

#[test]
fn random_histories_differ_as_their_holdings_do_and_every_line_has_a_cause() {
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let history = random_history(&mut dice, 60);
        let head = history.state.position();
        for _ in 0..6 {
            let from = 9 + dice.below(head as usize - 8) as u64;
            let to = from + dice.below((head - from) as usize + 1) as u64;
            check_against_holdings(&history, from, to);
        }
        check_against_holdings(&history, 9, head);
    }
}

/// The citations are complete: a history without the cited events does not lead to the gain.
#[test]
fn without_what_it_cites_a_gain_would_not_be_there() {
    for seed in 100..130 {
        let mut dice = Dice(seed);
        let history = random_history(&mut dice, 40);
        let start = history.state_at(9);
        let events: Vec<Recorded> = history.after(9).cloned().collect();
        let diff = diff(&start, start.time().unwrap(), &events, history.now, &Filter::default());
        for line in diff.lines.iter().filter(|line| line.changes.iter().all(|c| c.kind == ChangeKind::Gained)) {
            let cited: BTreeSet<u64> = line.cites().collect();
            let mut state = start.clone();
            for recorded in events.iter().filter(|recorded| !cited.contains(&recorded.stamp.position)) {
                state.apply(&recorded.event, recorded.stamp);
            }
            let member = state.member_ix(line.member.id.as_str());
            let still = line.places.scopes.iter().all(|scope| {
                let place = state.scope_ix(scope.id.as_str()).map_or(Place::Nowhere, Place::Scope);
                member.is_some_and(|member| {
                    let held = holdings(&state, member, place, history.now, Reading::Actual);
                    line.changes
                        .iter()
                        .all(|change| held.full.contains(history.permission(change.permission.id.as_str())))
                })
            });
            let by_time = line.causes.iter().any(|cause| matches!(cause, Cause::Time { .. }));
            assert!(!still || by_time || line.places.scopes.is_empty(), "seed {seed}: {line:?}");
        }
    }
}
