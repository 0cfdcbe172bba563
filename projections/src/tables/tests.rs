use chancery_aggregates::AccessState;
use chancery_aggregates::event::{
    CommandRefused, Details, Event, MemberEvent, OrganisationEvent, RoleEvent, ScopeEvent,
};
use chancery_aggregates::vocabulary::{
    AccountTypeKey, DocumentKind, MemberId, MemberKind, MemberScope, Personal, Window,
};

use super::*;
use crate::sample::{History, selected, until};

/// The changes of the last event, as short lines: `+` opens, `-` closes. Without the audit log.
fn last(history: &History) -> Vec<String> {
    let recorded = history.events.last().unwrap();
    let mut out = Vec::new();
    changes(&history.state_at(recorded.stamp.position - 1), recorded, &history.state, &mut out);
    out.iter().filter_map(line).collect()
}

fn line(change: &Change) -> Option<String> {
    let (sign, table, values) = match change {
        Change::Open { table, values } => ("+", table, values),
        Change::Close { table, key } => ("-", table, key),
        Change::Add { .. } => return None,
    };
    let shown = values.iter().skip(1).map(|value| match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Integer(number) | Value::Time(number) => number.to_string(),
        Value::Text(text) => format!("‘{text}’"),
    });
    Some(format!("{sign} {} {}", table.name, shown.collect::<Vec<_>>().join(" ")))
}

/// The entry of the last event in the audit log: one column.
fn entry(history: &History, column: &str) -> Value {
    let recorded = history.events.last().unwrap();
    let at = audit::AUDIT_LOG.columns.iter().position(|known| known.name == column).unwrap();
    audit::values(recorded, &history.state).swap_remove(at)
}

/// Riverside with Acacia in it, Beech apart; Tom works on Acacia.
fn acme() -> History {
    let mut history = History::founded("proplink");
    history.add_scope("riverside", "Riverside", "estate", None);
    history.add_scope("acacia", "Acacia", "site", Some("riverside"));
    history.add_scope("beech", "Beech", "site", None);
    history.add_role("approver", "Approver", &["invoice.approve"], &[]);
    history.add_role("senior", "Senior", &["invoice.read"], &["approver"]);
    let scope = selected(&history, &["acacia"]);
    history.add_member("tom", "Tom Becker", "user", scope);
    history
}

#[test]
fn a_permission_switched_on_reaches_the_role_and_its_heirs_and_nothing_else() {
    let mut history = acme();
    history.toggle("approver", "payment.approve", true);
    assert_eq!(
        last(&history),
        [
            "+ role_permissions ‘approver’ ‘payment.approve’ true false",
            "+ role_permissions ‘senior’ ‘payment.approve’ false true",
        ]
    );
    history.toggle("senior", "payment.approve", true);
    assert_eq!(
        last(&history),
        ["- role_permissions ‘senior’ ‘payment.approve’", "+ role_permissions ‘senior’ ‘payment.approve’ true true",]
    );
}

#[test]
fn an_assignment_is_a_row_and_the_places_where_it_works() {
    let mut history = acme();
    history.assign("tom", "approver", None, until("2026-02-01T00:00:00Z"));
    let end = 1_769_904_000_000_000_i64;
    assert_eq!(
        last(&history),
        [
            format!("+ member_role_places ‘tom’ ‘approver’ ‘’ ‘acacia’ null {end}"),
            format!("+ member_roles ‘tom’ ‘approver’ ‘’ null {end} true"),
        ]
    );
    history.unassign("tom", "approver", None);
    assert_eq!(
        last(&history),
        ["- member_role_places ‘tom’ ‘approver’ ‘’ ‘acacia’", "- member_roles ‘tom’ ‘approver’ ‘’"]
    );
}

#[test]
fn another_scope_moves_roles_without_one_of_their_own() {
    let mut history = acme();
    history.assign("tom", "approver", None, Window::default());
    history.assign("tom", "senior", Some("acacia"), Window::default());
    let member = MemberId::known("tom");
    history.record(MemberEvent::MemberScopeChanged { member, before: MemberScope::None, after: MemberScope::All });
    assert_eq!(
        last(&history),
        [
            "+ member_role_places ‘tom’ ‘approver’ ‘’ ‘’ null null",
            "- member_role_places ‘tom’ ‘approver’ ‘’ ‘acacia’",
            "+ member_scopes ‘tom’ ‘’",
            "- member_scopes ‘tom’ ‘acacia’",
            "- members ‘tom’",
            "+ members ‘tom’ ‘person’ ‘user’ ‘active’ false ‘all’ true null",
        ]
    );
}

#[test]
fn a_direct_toggle_turned_round_replaces_its_row() {
    let mut history = acme();
    history.toggle_member("tom", "invoice.read", true);
    assert_eq!(last(&history), ["+ member_permissions ‘tom’ ‘invoice.read’ true"]);
    history.toggle_member("tom", "invoice.read", false);
    assert_eq!(
        last(&history),
        ["- member_permissions ‘tom’ ‘invoice.read’", "+ member_permissions ‘tom’ ‘invoice.read’ false"]
    );
}

#[test]
fn a_moved_scope_is_covered_from_where_it_stands_now() {
    let mut history = acme();
    let (scope, after) = (history.scope("beech"), Some(history.scope("riverside")));
    history.record(ScopeEvent::ScopeMoved { scope, before: None, after });
    assert_eq!(
        last(&history),
        [
            "+ scope_coverage ‘riverside’ ‘beech’ false",
            "- scopes ‘beech’",
            "+ scopes ‘beech’ ‘Beech’ ‘site’ ‘riverside’ false",
        ]
    );
}

#[test]
fn an_archived_scope_is_covered_by_nobody_and_shares_nothing_further() {
    let mut history = acme();
    let (scope, with) = (history.scope("beech"), history.scope("acacia"));
    history.record(ScopeEvent::ScopeShared { scope, with });
    assert_eq!(
        last(&history),
        [
            "+ scope_coverage ‘acacia’ ‘beech’ true",
            "+ scope_coverage ‘riverside’ ‘beech’ true",
            "+ scope_sharing ‘beech’ ‘acacia’",
        ]
    );
    let scope = history.scope("riverside");
    history.record(ScopeEvent::ScopeArchived { scope });
    let closed: Vec<String> = last(&history).into_iter().filter(|line| line.contains("scope_coverage")).collect();
    assert_eq!(
        closed,
        [
            "- scope_coverage ‘’ ‘acacia’",
            "- scope_coverage ‘’ ‘riverside’",
            "- scope_coverage ‘acacia’ ‘acacia’",
            "- scope_coverage ‘acacia’ ‘beech’",
            "- scope_coverage ‘riverside’ ‘acacia’",
            "- scope_coverage ‘riverside’ ‘beech’",
            "- scope_coverage ‘riverside’ ‘riverside’",
        ]
    );
}

#[test]
fn a_deleted_role_ends_with_all_that_hangs_on_it() {
    let mut history = acme();
    history.assign("tom", "approver", None, Window::default());
    let role = history.role("approver");
    history.record(RoleEvent::RoleDeleted { role, holders: 1, permissions: Vec::new() });
    assert_eq!(
        last(&history),
        [
            "- member_role_places ‘tom’ ‘approver’ ‘’ ‘acacia’",
            "- member_roles ‘tom’ ‘approver’ ‘’",
            "- role_parents ‘senior’ ‘approver’",
            "- role_permissions ‘approver’ ‘invoice.approve’",
            "- role_permissions ‘senior’ ‘invoice.approve’",
            "- roles ‘approver’",
        ]
    );
}

#[test]
fn a_guard_lets_in_until_its_first_document_runs_out() {
    let mut history = History::founded("propops");
    let guarded = history.profile().account_types().iter().find(|kind| !kind.documents.is_empty()).unwrap().clone();
    history.add_member("carl", "Carl", guarded.key.as_str(), MemberScope::None);
    let member = MemberId::known("carl");
    if guarded.verified_email {
        history.record(MemberEvent::EmailVerified { member: member.clone() });
    }
    let ends = ["2026-09-01T00:00:00Z", "2026-08-01T00:00:00Z", "2026-10-01T00:00:00Z"].map(crate::sample::at);
    for (document, expires) in guarded.documents.iter().zip(ends.into_iter().cycle()) {
        assert!(last(&history).iter().all(|line| !line.contains("true null")), "{:?}", last(&history));
        let (member, document) = (member.clone(), DocumentKind::known(document.clone()));
        history.record(MemberEvent::DocumentApproved { member, document, expires: Some(expires) });
    }
    let first = ends.iter().take(guarded.documents.len()).min().unwrap().timestamp_micros();
    let line = last(&history).into_iter().find(|line| line.starts_with("+ members")).unwrap();
    assert!(line.ends_with(&format!("true {first}")), "{line}");
}

#[test]
fn a_refusal_changes_nothing_and_is_told_without_what_was_made_up() {
    let mut history = acme();
    let refuse = |target: &str, rule: &str, message: &str| {
        OrganisationEvent::CommandRefused(Box::new(CommandRefused {
            actor: "tom".into(),
            command: "AssignRole".into(),
            target: target.into(),
            rule: rule.into(),
            message: message.into(),
            occurrence: 2,
        }))
    };
    history.record(refuse("member/tom", "self_change", "nobody changes their own access here"));
    assert_eq!(last(&history), Vec::<String>::new());
    assert_eq!(entry(&history, "member"), "tom".into());
    assert_eq!(entry(&history, "rule"), "self_change".into());
    let sentence = "tom tried to give a role to themselves: refused (self_change): nobody changes their own access here \
                    (for the 2nd time within the hour)";
    assert_eq!(entry(&history, "sentence"), sentence.into());
    history.record(refuse("member/Anita.Rossi", "unknown", "there is no member `Anita.Rossi`"));
    assert_eq!(entry(&history, "member"), Value::Null);
    let sentence = "tom tried to give a role to somebody unknown: refused (unknown) (for the 2nd time within the hour)";
    assert_eq!(entry(&history, "sentence"), sentence.into());
}

#[test]
fn an_entry_has_what_was_before_and_what_is_after() {
    let mut history = acme();
    history.by("henry").because("covers for Priya").assign("tom", "approver", Some("acacia"), Window::default());
    let columns = ["actor", "member", "role_name", "scope", "scope_name", "after", "reason", "outcome"];
    let found = columns.map(|column| entry(&history, column));
    let expected = ["henry", "tom", "Approver", "acacia", "Acacia", "{}", "covers for Priya", "allowed"];
    assert_eq!(found, expected.map(Value::from));
    assert_eq!(entry(&history, "before"), Value::Null);
    assert_eq!(entry(&history, "sentence"), "henry gave the role Approver in Acacia to tom".into());
}

/// Names, addresses and numbers, readable or sealed, in every event that can carry them.
#[test]
fn no_personal_data_enters_a_table() {
    let mut history = acme();
    let details = |name: &str| {
        let clear = |text: &str| Some(Personal::Clear(text.into()));
        Details {
            name: clear(name),
            email: clear("secret@example.org"),
            phone: Some(Personal::Sealed("secret".into())),
        }
    };
    let member = MemberId::known("ann");
    history.by("tom").record(MemberEvent::MemberAdded {
        member: member.clone(),
        kind: MemberKind::Person,
        account_type: AccountTypeKey::known("user"),
        details: details("Secret Ann"),
        scope: MemberScope::All,
    });
    let (before, after) = (details("Secret Ann"), details("Secret Anna"));
    history.record(MemberEvent::MemberDetailsChanged { member: member.clone(), before, after });
    let (document, reference) = (DocumentKind::known("id"), Some("secret.pdf".into()));
    history.record(MemberEvent::DocumentSubmitted { member: member.clone(), document, reference });
    history.assign("ann", "approver", None, Window::default());
    history.by("ann").record(MemberEvent::MemberSuspended { member: MemberId::known("tom") });
    let roles = Vec::new();
    history.record(MemberEvent::MemberRemoved { member: MemberId::known("tom"), roles });
    history.record(MemberEvent::PersonalDataErased { member });
    let mut before = AccessState::default();
    for recorded in &history.events {
        let mut after = before.clone();
        after.apply(&recorded.event, recorded.stamp);
        let mut out = Vec::new();
        changes(&before, recorded, &after, &mut out);
        let written = format!("{out:?}");
        if !matches!(recorded.event, Event::Organisation(_)) {
            assert!(!written.to_lowercase().contains("secret"), "{written}");
            assert!(!written.contains("Becker"), "{written}");
        }
        before = after;
    }
}
