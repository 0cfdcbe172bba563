use chancery_aggregates::access::{Place, Reading, holdings};
use chancery_aggregates::event::{MemberEvent, RoleEvent, ScopeEvent};
use chancery_aggregates::vocabulary::{DocumentKind, MemberId, MemberScope, Window};

use super::*;
use crate::sample::{History, at, selected, until};

/// Estates, sites and roles of PropLink, with Tom as Manager of one site.
fn estate() -> History {
    let mut history = History::founded("proplink");
    history.add_role("reader", "Reader", &["site.read", "invoice.read"], &[]);
    history.add_role("manager", "Manager", &["invoice.approve"], &["reader"]);
    history.add_scope("north", "North Estate", "estate", None);
    history.add_scope("south", "South Estate", "estate", None);
    history.add_scope("acacia", "Acacia Avenue", "site", Some("north"));
    history.add_scope("birch", "Birch Road", "site", Some("south"));
    let scope = selected(&history, &["north"]);
    history.add_member("tom", "Tom", "user", scope);
    history.assign("tom", "manager", None, Window::default());
    history
}

fn changed(history: &History, from: u64, filter: &Filter) -> Diff {
    let start = history.state_at(from);
    let events: Vec<Recorded> = history.after(from).cloned().collect();
    diff(&start, start.time().unwrap(), &events, history.now, filter)
}

/// `Tom, North Estate: +invoice.approve #12` for every line.
fn told(diff: &Diff) -> Vec<String> {
    let sign = |kind| match kind {
        ChangeKind::Gained => "+",
        ChangeKind::GainedOwn => "+own ",
        ChangeKind::Widened => "wider ",
        ChangeKind::Narrowed => "own ",
        ChangeKind::Lost => "-",
    };
    let line = |line: &Line| {
        let changes: Vec<String> =
            line.changes.iter().map(|c| format!("{}{}", sign(c.kind), c.permission.id)).collect();
        let causes = line.causes.iter().map(|cause| match cause {
            Cause::Event { position } => format!("#{position}"),
            Cause::Time { at, turned } => {
                format!("time {} by #{}", at.format("%F"), turned[0].given_at())
            }
        });
        let rests: Vec<String> = line.rests_on.iter().map(|position| format!("(#{position})")).collect();
        let causes: Vec<String> = causes.chain(rests).collect();
        format!("{}, {}: {} {}", line.member, line.places.summary, changes.join(" "), causes.join(" "))
    };
    diff.lines.iter().map(line).collect()
}

#[test]
fn nothing_changes_between_a_point_and_itself() {
    let history = estate();
    let diff = changed(&history, history.state.position(), &Filter::default());
    assert_eq!(diff.lines, []);
    assert_eq!((diff.from.position, diff.to.position), (9, 9));
}

#[test]
fn a_role_and_the_parent_of_a_role_are_causes_for_their_holders() {
    let mut history = estate();
    let head = history.state.position();
    let on = history.toggle("reader", "unit.read", true);
    let off = history.toggle("manager", "invoice.approve", false);
    let diff = changed(&history, head, &Filter::default());
    assert_eq!(
        told(&diff),
        [
            format!("Tom, North Estate with the 1 in it: +unit.read #{on}"),
            format!("Tom, North Estate with the 1 in it: -invoice.approve #{off}"),
        ]
    );
    let positions: Vec<u64> = diff.events.iter().map(|event| event.position).collect();
    assert_eq!(positions, [on, off]);
}

#[test]
fn what_is_undone_on_the_way_is_not_told() {
    let mut history = estate();
    let head = history.state.position();
    history.toggle("manager", "invoice.approve", false);
    let again = history.toggle("manager", "invoice.approve", true);
    assert_eq!(told(&changed(&history, head, &Filter::default())), [String::new(); 0]);

    // Lost, regained, lost: only the last loss counts.
    let last = history.toggle("manager", "invoice.approve", false);
    let lines = told(&changed(&history, head, &Filter::default()));
    assert_eq!(lines, [format!("Tom, North Estate with the 1 in it: -invoice.approve #{last}")]);
    assert!(again < last);
}

#[test]
fn moving_sharing_and_archiving_a_scope_are_causes() {
    let mut history = estate();
    let head = history.state.position();
    let (birch, south, north) = (history.scope("birch"), history.scope("south"), history.scope("north"));
    let moved = history.record(ScopeEvent::ScopeMoved {
        scope: birch.clone(),
        before: Some(south.clone()),
        after: Some(north.clone()),
    });
    let all = "+invoice.approve +invoice.read +site.read";
    let gained = |position| {
        let lines = told(&changed(&history, head, &Filter::default()));
        assert_eq!(lines.len(), 1);
        let mut names: Vec<&str> = lines[0].split_whitespace().filter(|word| word.starts_with('+')).collect();
        names.sort_unstable();
        assert_eq!(names.join(" "), all);
        assert!(lines[0].starts_with("Tom, Birch Road:") && lines[0].ends_with(&format!("#{position}")), "{lines:?}");
    };
    gained(moved);

    let back = history.record(ScopeEvent::ScopeMoved { scope: birch, before: Some(north.clone()), after: Some(south.clone()) });
    assert_eq!(told(&changed(&history, head, &Filter::default())), [String::new(); 0]);
    let shared = history.record(ScopeEvent::ScopeShared { scope: south, with: north.clone() });
    let lines = told(&changed(&history, head, &Filter::default()));
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("Tom, South Estate with the 1 in it:"), "{lines:?}");
    assert!(lines[0].contains(&format!("#{shared}")) && back < shared);

    let archived = history.record(ScopeEvent::ScopeArchived { scope: north });
    let in_north = Filter { scope: Some("north".to_owned()), ..Filter::default() };
    let lines = told(&changed(&history, head, &in_north));
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("Tom, North Estate and Acacia Avenue: -"), "{lines:?}");
    assert!(lines[0].ends_with(&format!(" #{archived}")), "{lines:?}");
}

#[test]
fn the_passing_of_time_is_a_cause_of_its_own() {
    let mut history = estate();
    let given = history.assign("tom", "manager", None, until("2026-02-01T00:00:00Z"));
    history.on("2026-03-01T00:00:00Z");
    let lines = told(&changed(&history, given, &Filter::default()));
    assert_eq!(lines.len(), 1);
    assert!(lines[0].ends_with(&format!("time 2026-02-01 by #{given}")), "{lines:?}");
}

#[test]
fn an_expired_document_and_its_renewal_are_causes() {
    let mut history = History::founded("propops");
    let document = history.profile().account_types().iter().find(|t| !t.documents.is_empty()).unwrap().clone();
    history.add_role("worker", "Worker", &["api.jobs.list.view"], &[]);
    history.add_member("kim", "Kim", document.key.as_str(), MemberScope::All);
    history.assign("kim", "worker", None, Window::default());
    history.record(MemberEvent::EmailVerified { member: MemberId::known("kim") });
    let mut approve = |history: &mut History, expires| {
        let last = document.documents.iter().map(|kind| {
            history.record(MemberEvent::DocumentApproved {
                member: MemberId::known("kim"),
                document: DocumentKind::known(kind.clone()),
                expires,
            })
        });
        last.last().unwrap()
    };
    let approved = approve(&mut history, Some(at("2026-02-01T00:00:00Z")));
    history.on("2026-03-01T00:00:00Z");
    let diff = changed(&history, approved, &Filter::default());
    let [line] = &diff.lines[..] else { panic!("{diff:?}") };
    assert!(matches!(&line.causes[..], [Cause::Time { turned, .. }] if turned.len() == document.documents.len()));

    let renewed = approve(&mut history, None);
    assert_eq!(changed(&history, approved, &Filter::default()).lines, []);
    let expired = history.state_at(approved);
    let events: Vec<Recorded> = history.after(approved).cloned().collect();
    let diff = super::diff(&expired, at("2026-02-02T00:00:00Z"), &events, history.now, &Filter::default());
    assert_eq!(diff.lines[0].causes, [Cause::Event { position: renewed }]);
}

#[test]
fn a_gain_names_what_was_prepared_before_it_came_into_force() {
    let mut history = estate();
    let head = history.state.position();
    let scope = selected(&history, &["birch"]);
    let added = history.add_member("ann", "Ann", "user", scope);
    history.record(MemberEvent::MemberSuspended { member: MemberId::known("ann") });
    let given = history.assign("ann", "reader", None, Window::default());
    let back = history.record(MemberEvent::MemberReactivated { member: MemberId::known("ann") });
    let lines = told(&changed(&history, head, &Filter::default()));
    let expected = format!("Ann, Birch Road: +site.read +invoice.read #{back} (#{added}) (#{given})");
    assert_eq!(lines, [expected]);
}

#[test]
fn filters_choose_members_roles_and_scopes() {
    let mut history = estate();
    let head = history.state.position();
    history.add_member("ann", "Ann", "user", MemberScope::All);
    history.assign("ann", "reader", None, Window::default());
    history.toggle("manager", "unit.read", true);
    let lines = |filter: &Filter| -> Vec<String> {
        changed(&history, head, filter).lines.iter().map(|line| line.member.to_string()).collect()
    };
    assert_eq!(lines(&Filter::default()), ["Tom", "Ann"]);
    assert_eq!(lines(&Filter { member: Some("ann".into()), ..Filter::default() }), ["Ann"]);
    assert_eq!(lines(&Filter { role: Some("manager".into()), ..Filter::default() }), ["Tom"]);
    assert_eq!(lines(&Filter { scope: Some("south".into()), ..Filter::default() }), ["Ann"]);
}

#[test]
fn a_new_scope_is_marked() {
    let mut history = estate();
    let head = history.state.position();
    let created = history.add_scope("cedar", "Cedar Close", "site", Some("north"));
    let diff = changed(&history, head, &Filter::default());
    assert_eq!(diff.new_scopes.len(), 1);
    let [line] = &diff.lines[..] else { panic!("{diff:?}") };
    assert!(line.places.only_new);
    assert_eq!(line.places.summary, "Cedar Close (new)");
    assert_eq!(line.causes, [Cause::Event { position: created }]);
}

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
            let before = if known { holdings(&start, member, place, from_at, Reading::Actual) } else { Default::default() };
            let after = holdings(&end, member, place, to_at, Reading::Actual);
            for (number, permission) in end.profile().unwrap().permissions().iter().enumerate() {
                let ix = end.profile().unwrap().permission_ix(permission.key.as_str()).unwrap();
                assert_eq!(ix.index(), number);
                let status = |held: &chancery_aggregates::access::Holdings| (held.any.contains(ix), held.full.contains(ix));
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

/// Without any of its causes, a difference would not be there: leaving out what is cited changes the result.
#[test]
fn events_that_are_not_cited_can_be_left_out() {
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
                    line.changes.iter().all(|change| {
                        held.full.contains(history.permission(change.permission.id.as_str()))
                    })
                })
            });
            let by_time = line.causes.iter().any(|cause| matches!(cause, Cause::Time { .. }));
            assert!(!still || by_time || line.places.scopes.is_empty(), "seed {seed}: {line:?}");
        }
    }
}
