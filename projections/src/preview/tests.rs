use chancery_aggregates::event::{MemberEvent, ScopeEvent};
use chancery_aggregates::vocabulary::{MemberId, MemberScope, Window};

use super::*;
use crate::diff::ChangeKind;
use crate::sample::{History, at, selected, until};

/// North Estate with Acacia Avenue, and Birch Road apart; Tom reads in North Estate.
fn estate() -> History {
    let mut history = History::founded("proplink");
    history.add_role("reader", "Reader", &["site.read"], &[]);
    history.add_role("approver", "Approver", &["invoice.approve"], &["reader"]);
    history.add_scope("north", "North Estate", "estate", None);
    history.add_scope("acacia", "Acacia Avenue", "site", Some("north"));
    history.add_scope("birch", "Birch Road", "site", None);
    let scope = selected(&history, &["north"]);
    history.add_member("tom", "Tom", "user", scope);
    history.assign("tom", "reader", None, Window::default());
    history
}

/// What the events after a position would do at the time of the first of them.
fn previewed(history: &History, head: u64, sight: &impl Sight) -> Preview {
    let events: Vec<Recorded> = history.after(head).cloned().collect();
    preview(&history.state_at(head), &history.state, &events, events[0].stamp.time, sight)
}

/// `Tom, North Estate, from 2026-02-01 until 2026-03-01: +site.read by 12` for every line.
fn told(preview: &Preview) -> Vec<String> {
    let sign = |kind| if matches!(kind, ChangeKind::Lost | ChangeKind::Narrowed) { '-' } else { '+' };
    let line = |line: &Line| {
        let date =
            |name: &str, at: Option<Time>| at.map(|at| format!(" {name} {}", at.format("%F"))).unwrap_or_default();
        let changes: Vec<String> =
            line.changes.iter().map(|change| format!("{}{}", sign(change.kind), change.permission.id)).collect();
        let (from, until) = (date("from", line.from), date("until", line.until));
        format!("{}, {}{from}{until}: {} by {:?}", line.member, line.places.summary, changes.join(" "), line.causes)
    };
    preview.lines.iter().map(line).collect()
}

#[test]
fn a_window_is_told_with_its_beginning_and_its_end() {
    let mut history = estate();
    let head = history.state.position();
    let window = Window { from: Some(at("2026-02-01T00:00:00Z")), until: Some(at("2026-03-01T00:00:00Z")) };
    let given = history.assign("tom", "approver", Some("birch"), window);
    let preview = previewed(&history, head, &Unbounded);
    let expected =
        format!("Tom, Birch Road from 2026-02-01 until 2026-03-01: +site.read +invoice.approve by [{given}]");
    assert_eq!(told(&preview), [expected]);
}

#[test]
fn taking_away_what_would_have_run_out_is_a_loss_until_then() {
    let mut history = estate();
    history.assign("tom", "approver", Some("birch"), until("2026-03-01T00:00:00Z"));
    let head = history.state.position();
    let taken = history.unassign("tom", "approver", Some("birch"));
    let preview = previewed(&history, head, &Unbounded);
    assert_eq!(told(&preview), [format!("Tom, Birch Road until 2026-03-01: -site.read -invoice.approve by [{taken}]")]);
}

#[test]
fn an_extension_begins_when_the_old_time_is_over() {
    let mut history = estate();
    history.assign("tom", "approver", Some("birch"), until("2026-03-01T00:00:00Z"));
    let head = history.state.position();
    let longer = history.assign("tom", "approver", Some("birch"), until("2026-05-01T00:00:00Z"));
    let preview = previewed(&history, head, &Unbounded);
    let expected =
        format!("Tom, Birch Road from 2026-03-01 until 2026-05-01: +site.read +invoice.approve by [{longer}]");
    assert_eq!(told(&preview), [expected]);
}

#[test]
fn indirect_effects_name_the_event_that_causes_them() {
    let mut history = estate();
    history.assign("tom", "approver", None, Window::default());
    let head = history.state.position();
    let parent = history.toggle("reader", "unit.read", true);
    let moved = history.record(ScopeEvent::ScopeMoved {
        scope: history.scope("birch"),
        before: None,
        after: Some(history.scope("north")),
    });
    let preview = previewed(&history, head, &Unbounded);
    let lines = told(&preview);
    assert!(lines.contains(&format!("Tom, North Estate and Acacia Avenue: +unit.read by [{parent}]")), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.starts_with("Tom, Birch Road: +") && line.ends_with(&format!("by [{moved}]")))
    );
    assert_eq!(preview.events.len(), 2);
}

#[test]
fn what_waits_behind_a_suspension_is_said() {
    let mut history = estate();
    history.record(MemberEvent::MemberSuspended { member: MemberId::known("tom") });
    let head = history.state.position();
    history.assign("tom", "approver", None, Window::default());
    let preview = previewed(&history, head, &Unbounded);
    assert_eq!(told(&preview), [""; 0]);
    let [waiting] = &preview.waiting[..] else { panic!("{preview:?}") };
    assert_eq!((waiting.member.to_string(), waiting.because.as_str()), ("Tom".to_owned(), "the member is suspended"));
}

/// Sees one member and one scope.
struct Keyhole(MemberIx, Place);

impl Sight for Keyhole {
    fn member(&self, member: MemberIx) -> bool {
        member == self.0
    }

    fn place(&self, place: Place) -> bool {
        place == self.1
    }

    fn everything(&self) -> bool {
        false
    }
}

#[test]
fn what_the_reader_may_not_see_is_left_out() {
    let mut history = estate();
    history.add_member("ann", "Ann", "user", MemberScope::All);
    history.assign("ann", "reader", None, Window::default());
    let head = history.state.position();
    let toggled = history.toggle("reader", "unit.read", true);
    let sight = Keyhole(history.member_ix("tom"), history.place("acacia"));
    let preview = previewed(&history, head, &sight);
    assert_eq!(told(&preview), [format!("Tom, Acacia Avenue: +unit.read by [{toggled}]")]);
    assert!(preview.partial);
    assert!(!previewed(&history, head, &Unbounded).partial);
}
