use chancery_aggregates::event::{MemberEvent, ScopeEvent};
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
                format!("time {} by #{}", at.format("%F"), turned[0].given_at)
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
            format!("Tom, North Estate with the one in it: +unit.read #{on}"),
            format!("Tom, North Estate with the one in it: -invoice.approve #{off}"),
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
    assert!(changed(&history, head, &Filter::default()).lines.is_empty());

    // Lost, regained, lost: only the last loss counts.
    let last = history.toggle("manager", "invoice.approve", false);
    let lines = told(&changed(&history, head, &Filter::default()));
    assert_eq!(lines, [format!("Tom, North Estate with the one in it: -invoice.approve #{last}")]);
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

    let back = history.record(ScopeEvent::ScopeMoved {
        scope: birch,
        before: Some(north.clone()),
        after: Some(south.clone()),
    });
    assert!(changed(&history, head, &Filter::default()).lines.is_empty());
    let shared = history.record(ScopeEvent::ScopeShared { scope: south, with: north.clone() });
    let lines = told(&changed(&history, head, &Filter::default()));
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("Tom, South Estate with the one in it:"), "{lines:?}");
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
    let approve = |history: &mut History, expires| {
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
