//! Differences of histories that nobody would plan.

use std::collections::BTreeSet;

use chancery_aggregates::access::{Holdings, Place, Reading, holdings};

use super::*;
use crate::sample::History;
use crate::sample::random::{Dice, random_history};

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
        let mut dice = Dice::new(seed);
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
        let mut dice = Dice::new(seed);
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
