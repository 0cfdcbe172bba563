use chancery_aggregates::event::MemberEvent;
use chancery_aggregates::state::Status;
use chancery_aggregates::vocabulary::{AccountTypeKey, MemberId, MemberScope, Window};

use super::*;
use crate::sample::{History, at, selected, until};

/// PropLink with Tom, who reads at Acacia Avenue, and Ann, who may do nothing.
fn estate() -> History {
    let mut history = History::founded("proplink");
    history.add_role("reader", "Reader", &["site.read", "unit.read"], &[]);
    history.add_role("approver", "Approver", &["invoice.approve"], &["reader"]);
    history.add_scope("acacia", "Acacia Avenue", "site", None);
    history.add_scope("birch", "Birch Road", "site", None);
    let scope = selected(&history, &["acacia"]);
    history.add_member("tom", "Tom", "user", scope);
    history.assign("tom", "reader", None, Window::default());
    history.add_member("ann", "Ann", "user", MemberScope::All);
    history
}

fn instant(history: &History, kind: Kind) -> Table {
    at_instant(kind, &history.state, history.now, &Filter::default(), Some(&LastActed::new()))
}

/// What happened after a position, up to now.
fn period(history: &History, kind: Kind, after: u64) -> Table {
    let mut report = OfPeriod::new(kind, history.state_at(after), Filter::default());
    history.after(after).for_each(|recorded| report.take(recorded));
    report.finish(history.now)
}

/// The cells of some columns, empty ones as `-`.
fn told(table: &Table, columns: &[&str]) -> Vec<String> {
    let of = |row: &Row, column: &&str| {
        let ix = table.columns.iter().position(|name| name == column).unwrap();
        match &row.cells[ix] {
            Cell::Empty => "-".to_owned(),
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Time(time) => time.format("%m-%d %H:%M").to_string(),
        }
    };
    table.rows.iter().map(|row| columns.iter().map(|column| of(row, column)).collect::<Vec<_>>().join(" | ")).collect()
}

#[test]
fn every_row_has_a_cell_for_each_column_and_every_kind_its_own_time() {
    let mut history = estate();
    history.toggle_member("tom", "invoice.read", true);
    history.record(MemberEvent::MemberSuspended { member: MemberId::known("ann") });
    for kind in Kind::ALL {
        let (now, then) = (instant(&history, kind), period(&history, kind, 0));
        assert_eq!(now.columns.is_empty(), kind.is_of_period(), "{kind:?}");
        assert_eq!(then.columns.is_empty(), !kind.is_of_period(), "{kind:?}");
        let table = if kind.is_of_period() { then } else { now };
        assert!(table.rows.iter().all(|row| row.cells.len() == table.columns.len()), "{kind:?}");
        assert_eq!(Kind::named(kind.name()), Some(kind));
    }
}

#[test]
fn access_names_each_role_each_direct_permission_and_who_has_nothing() {
    let mut history = estate();
    let assigned = history.state.member_by_id("tom").unwrap().assignments[0].at;
    let toggled = history.toggle_member("tom", "invoice.read", false);
    let table = instant(&history, Kind::Access);
    let expected = [
        "tom | Tom | role | reader | Acacia Avenue | 2",
        "tom | Tom | withheld directly | invoice.read | Acacia Avenue | -",
        "ann | Ann | nothing | - | - | -",
    ];
    assert_eq!(told(&table, &["member", "name", "holds", "id", "where", "permissions"]), expected);
    assert_eq!(table.rows.iter().map(|row| row.event).collect::<Vec<_>>(), [Some(assigned), Some(toggled), None]);
}

#[test]
fn a_joiner_is_done_when_something_can_be_done_and_not_before() {
    let mut history = estate();
    let before = history.state.position();
    history.on("2026-02-01T09:00:00Z").add_member("zoe", "Zoe", "user", MemberScope::All);
    let window = Window { from: Some(at("2026-02-03T10:00:00Z")), until: None };
    history.on("2026-02-02T09:00:00Z").assign("zoe", "reader", None, window);
    let columns = ["movement", "member", "begun", "done", "seconds", "took"];
    assert_eq!(told(&period(&history, Kind::Movements, before), &columns), ["joiner | zoe | 02-01 09:00 | - | - | -"]);
    history.on("2026-03-01T09:00:00Z");
    let expected = ["joiner | zoe | 02-01 09:00 | 02-03 10:00 | 176400 | 2 days 1 h"];
    assert_eq!(told(&period(&history, Kind::Movements, before), &columns), expected);
}

#[test]
fn a_role_edit_can_be_what_lets_a_joiner_in() {
    let mut history = estate();
    history.add_role("empty", "Empty", &[], &[]);
    let before = history.state.position();
    history.on("2026-02-01T09:00:00Z").add_member("zoe", "Zoe", "user", MemberScope::All);
    history.assign("zoe", "empty", None, Window::default());
    history.on("2026-02-01T12:30:00Z").toggle("empty", "site.read", true);
    assert_eq!(told(&period(&history, Kind::Movements, before), &["member", "took"]), ["zoe | 3 h 30 min"]);
}

#[test]
fn a_mover_is_told_with_what_changed_and_what_was_kept() {
    let mut history = estate();
    history.assign("tom", "approver", Some("acacia"), until("2027-01-01T00:00:00Z"));
    let before = history.state.position();
    history.on("2026-02-01T09:00:00Z");
    let scope = selected(&history, &["birch"]);
    let old = history.state.cite_coverage(&history.state.member_by_id("tom").unwrap().scope);
    history.record(MemberEvent::MemberScopeChanged { member: MemberId::known("tom"), before: old, after: scope });
    history.on("2026-02-01T09:05:00Z").unassign("tom", "approver", Some("acacia"));
    // There and back again is no move.
    history.assign("ann", "reader", None, Window::default());
    history.unassign("ann", "reader", None);
    let columns = ["movement", "member", "what", "took", "roles_kept"];
    let expected = ["mover | tom | scope Acacia Avenue → Birch Road; taken Approver in Acacia Avenue | 5 min | Reader"];
    assert_eq!(told(&period(&history, Kind::Movements, before), &columns), expected);
}

#[test]
fn a_mover_is_done_when_the_last_role_that_was_given_begins() {
    let mut history = estate();
    let before = history.state.position();
    let from = |time: &str| Window { from: Some(at(time)), until: None };
    history.on("2026-02-01T09:00:00Z").assign("tom", "approver", Some("acacia"), from("2026-02-03T10:00:00Z"));
    history.on("2026-02-01T12:00:00Z").unassign("tom", "reader", None);
    // What had begun by then does not make it earlier.
    history.assign("ann", "reader", None, from("2026-01-15T00:00:00Z"));
    let columns = ["member", "what", "done", "took"];
    let ann = "ann | given Reader | 02-01 12:01 | 0 s";
    let given = "tom | given Approver in Acacia Avenue; taken Reader";
    let expected = [format!("{given}; not begun yet: Approver in Acacia Avenue | - | -"), ann.to_owned()];
    assert_eq!(told(&period(&history, Kind::Movements, before), &columns), expected);
    history.on("2026-02-10T09:00:00Z");
    let expected = [format!("{given} | 02-03 10:00 | 2 days 1 h"), ann.to_owned()];
    assert_eq!(told(&period(&history, Kind::Movements, before), &columns), expected);
    // Given and taken again before it begins is no move.
    history.unassign("tom", "approver", Some("acacia"));
    history.assign("tom", "reader", None, Window::default());
    assert_eq!(told(&period(&history, Kind::Movements, before), &columns), [ann]);
}

#[test]
fn a_deleted_role_moves_its_holders() {
    let mut history = estate();
    let before = history.state.position();
    let role = history.role("reader");
    let permissions = vec![history.permission_ref("site.read").id, history.permission_ref("unit.read").id];
    history.record(chancery_aggregates::event::RoleEvent::RoleDeleted { role, holders: 1, permissions });
    let table = period(&history, Kind::Movements, before);
    assert_eq!(told(&table, &["movement", "member", "what"]), ["mover | tom | taken Reader"]);
}

#[test]
fn a_leaver_begins_with_the_suspension_and_is_done_with_the_removal() {
    let mut history = estate();
    let before = history.state.position();
    let (tom, ann) = (MemberId::known("tom"), MemberId::known("ann"));
    let suspended = history.on("2026-02-01T09:00:00Z").record(MemberEvent::MemberSuspended { member: tom.clone() });
    history.record(MemberEvent::MemberSuspended { member: ann.clone() });
    history.record(MemberEvent::MemberReactivated { member: ann });
    let columns = ["movement", "member", "what", "done", "took", "roles_kept"];
    let expected = ["leaver | tom | suspended, not removed | - | - | Reader"];
    assert_eq!(told(&period(&history, Kind::Movements, before), &columns), expected);
    history.on("2026-02-03T09:00:00Z").record(MemberEvent::MemberRemoved { member: tom, roles: Vec::new() });
    assert_eq!(history.state.member_by_id("tom").unwrap().status, Status::Removed);
    let table = period(&history, Kind::Movements, before);
    let expected = ["leaver | tom | suspended, then removed | 02-03 09:00 | 2 days 0 h | -"];
    assert_eq!(told(&table, &columns), expected);
    assert_eq!(table.rows[0].event, Some(suspended));
    let later = period(&history, Kind::Movements, suspended);
    assert_eq!(told(&later, &["what", "begun"])[0], "suspended before the period, now removed | -");
    assert_eq!(later.rows[0].event, Some(suspended));
}

#[test]
fn changes_are_told_with_who_why_before_and_after_and_without_refusals() {
    let mut history = estate();
    let before = history.state.position();
    history.by("tom").because("moves").record(MemberEvent::AccountTypeChanged {
        member: MemberId::known("ann"),
        before: AccountTypeKey::known("user"),
        after: AccountTypeKey::known("user"),
    });
    let table = period(&history, Kind::Changes, before);
    let expected = [r#"AccountTypeChanged | tom | ann | "user" | "user" | moves"#];
    assert_eq!(told(&table, &["type", "by", "member", "before", "after", "reason"]), expected);
}

#[test]
fn role_definitions_begin_with_what_stands_and_go_on_with_what_changes() {
    let mut history = estate();
    let before = history.state.position();
    let toggled = history.because("audits").toggle("reader", "invoice.read", true);
    let table = period(&history, Kind::RoleDefinitions, before);
    let of_reader: Vec<String> =
        told(&table, &["role", "what", "permission", "before", "after", "permissions", "reason"])
            .into_iter()
            .filter(|row| row.starts_with("reader"))
            .collect();
    let expected = [
        "reader | at the beginning | - | - | - | 2 | -",
        "reader | PermissionToggled | invoice.read | false | true | 3 | audits",
    ];
    assert_eq!(of_reader, expected);
    assert_eq!(table.rows.last().unwrap().event, Some(toggled));
}

#[test]
fn service_accounts_are_told_with_their_keys_and_persons_are_not() {
    let mut history = estate();
    history.record(MemberEvent::MemberAdded {
        member: MemberId::known("sync"),
        kind: chancery_aggregates::vocabulary::MemberKind::Service,
        account_type: AccountTypeKey::known("user"),
        details: Default::default(),
        scope: MemberScope::All,
    });
    history.assign("sync", "reader", None, until("2026-06-01T00:00:00Z"));
    let table = instant(&history, Kind::ServiceAccounts);
    let expected = ["sync | active | Reader until 31 May 2026 | - | -"];
    assert_eq!(told(&table, &["member", "status", "roles", "key", "lets_in"]), expected);
}

#[test]
fn privileged_access_is_told_by_path_and_can_be_asked_of_one_role() {
    let mut history = estate();
    let sensitive = {
        let profile = history.profile();
        let found = profile.grants().iter().find(|ix| profile.permission(*ix).is_some_and(|p| p.sensitive));
        profile.permission(found.unwrap()).unwrap().key.to_string()
    };
    history.add_role("strong", "Strong", &[&sensitive], &[]);
    let by_role = history.assign("tom", "strong", None, Window::default());
    let directly = history.toggle_member("tom", &sensitive, true);
    let table = instant(&history, Kind::Privileged);
    assert_eq!(told(&table, &["member", "keys"]), [format!("tom | {sensitive}"), format!("tom | {sensitive}")]);
    assert_eq!(table.cited(), BTreeSet::from([by_role, directly]));
    let filter = Filter { role: Some("strong".to_owned()), ..Filter::default() };
    let table = at_instant(Kind::Privileged, &history.state, history.now, &filter, None);
    assert_eq!(table.cited(), BTreeSet::from([by_role]));
}

#[test]
fn what_is_forgotten_is_told_with_why() {
    let history = estate();
    let reasons: Vec<String> = told(&instant(&history, Kind::Dormant), &["why", "member"]);
    assert!(reasons.contains(&"no_access | ann".to_owned()), "{reasons:?}");
    assert!(reasons.iter().any(|row| row.starts_with("unused_role")), "{reasons:?}");
}
