use chancery_aggregates::event::{
    AuditExported, CommandRefused, Details, MemberEvent, OrganisationEvent, RoleEvent, ScopeEvent,
};
use chancery_aggregates::key::KeyHash;
use chancery_aggregates::vocabulary::{DocumentKind, KeyId, MemberId, MemberScope, Personal, Window};

use compact_str::CompactString;

use super::*;
use crate::sample::{History, at, until};

/// PropLink with Sam and Tom; Sam acts from now on.
fn acme() -> History {
    let mut history = History::founded("proplink");
    history.add_role("manager", "Manager", &["invoice.approve"], &[]);
    history.add_scope("acacia", "Acacia Avenue", "site", None);
    history.add_member("sam", "Sam", "user", MemberScope::All);
    history.add_member("tom", "Tom", "user", MemberScope::None);
    history.by("sam");
    history
}

fn tell(history: &History) -> Vec<Entry> {
    let mut narrator = Narrator::default();
    history.events.iter().map(|recorded| narrator.tell(recorded)).collect()
}

fn last(history: &History) -> String {
    tell(history).pop().unwrap().sentence
}

fn tom() -> MemberId {
    MemberId::known("tom")
}

#[test]
fn the_story_of_a_founding_reads_well() {
    let history = acme();
    let told: Vec<String> = tell(&history).into_iter().map(|entry| entry.sentence).collect();
    assert_eq!(
        told,
        [
            "The operator founded Acme with the rules of PropLink (profile proplink)",
            "The operator created the role Manager with 1 permission",
            "The operator created the site Acacia Avenue",
            "The operator added Sam as User, for the whole organisation",
            "The operator added Tom as User, without a scope",
        ]
    );
}

#[test]
fn giving_a_role_says_where_until_when_and_why() {
    let mut history = acme();
    history.because("cover for Priya").assign("tom", "manager", Some("acacia"), until("2026-07-01T00:00:00Z"));
    assert_eq!(
        last(&history),
        "Sam gave the role Manager in Acacia Avenue to Tom until 30 June 2026, because “cover for Priya”"
    );
    let (role, before) = (history.role("manager"), Some(until("2026-07-01T00:00:00Z")));
    let window = Window { from: None, until: Some(at("2026-08-01T17:30:00Z")) };
    history.record(MemberEvent::RoleAssigned { member: tom(), role, scope: None, window, before });
    assert_eq!(
        last(&history),
        "Sam changed how long Tom has the role Manager: until 1 August 2026 at 17:30 UTC; it was until 30 June 2026"
    );
    history.assign("sam", "manager", None, Window::default());
    assert_eq!(last(&history), "Sam gave the role Manager to themselves");
    history.by("@system").unassign("tom", "manager", Some("acacia"));
    assert_eq!(last(&history), "The system took the role Manager in Acacia Avenue from Tom");
}

#[test]
fn a_refused_command_says_what_was_tried_by_which_rule_it_failed_and_how_often() {
    let mut history = acme();
    history.by("tom").because("please").record(OrganisationEvent::CommandRefused(Box::new(CommandRefused {
        actor: "tom".into(),
        command: "AssignRole".into(),
        target: "member/sam".into(),
        rule: "escalation".into(),
        message: "`sam` would gain `invoice.approve`, which `tom` does not hold there".to_owned(),
        occurrence: 4,
    })));
    assert_eq!(
        last(&history),
        "Tom tried to give a role to Sam, because “please”: refused (escalation): `sam` would gain \
         `invoice.approve`, which `tom` does not hold there (for the 4th time within the hour)"
    );
}

#[test]
fn before_and_after_are_both_told() {
    let mut history = acme();
    let (role, permission) = (history.role("manager"), history.permission_ref("invoice.approve"));
    let label = permission.name.clone();
    history.record(RoleEvent::PermissionToggled { role, permission: permission.clone(), before: true, after: false });
    assert_eq!(last(&history), format!("Sam switched off “{label}” (invoice.approve) for the role Manager"));
    history.record(RoleEvent::RoleRenamed {
        role: history.role("manager").id,
        before: "Manager".into(),
        after: "Boss".into(),
    });
    assert_eq!(last(&history), "Sam renamed the role Manager to Boss");
    let before = Some(true);
    history.record(MemberEvent::MemberPermissionToggled { member: tom(), permission, before, after: false });
    let withheld = format!("Sam withheld “{label}” (invoice.approve) from Tom, which was allowed directly before");
    assert_eq!(last(&history), withheld);
    let after = MemberScope::Selected(vec![history.scope("acacia")]);
    history.record(MemberEvent::MemberScopeChanged { member: tom(), before: MemberScope::None, after });
    assert_eq!(last(&history), "Sam changed Tom’s scope from nowhere to Acacia Avenue");
    let scope = history.scope("acacia");
    history.record(ScopeEvent::ScopeMoved { scope: scope.clone(), before: None, after: Some(scope) });
    assert_eq!(last(&history), "Sam moved Acacia Avenue from the top to Acacia Avenue");
}

#[test]
fn names_are_those_of_the_time_and_are_gone_after_erasure() {
    let mut history = acme();
    let named = |name: &str| Details { name: Some(Personal::Clear(name.into())), ..Details::default() };
    history.record(MemberEvent::MemberDetailsChanged { member: tom(), before: named("Tom"), after: named("Thomas") });
    assert_eq!(last(&history), "Sam changed Tom’s name: now Thomas");
    history.record(MemberEvent::MemberSuspended { member: tom() });
    assert_eq!(last(&history), "Sam suspended Thomas");
    history.record(MemberEvent::PersonalDataErased { member: tom() });
    assert_eq!(last(&history), "Sam erased the personal data of tom");
    let (member, document) = (tom(), DocumentKind::known("gas_safe"));
    history.by("tom").record(MemberEvent::DocumentSubmitted { member, document, reference: None });
    assert_eq!(last(&history), "tom handed in their own document `gas_safe`");
}

#[test]
fn filters_find_entries_by_what_they_are_about() {
    let mut history = acme();
    history.assign("tom", "manager", Some("acacia"), Window::default());
    history.toggle("manager", "invoice.read", true);
    let entries = tell(&history);
    let found = |filter: Filter| -> Vec<u64> {
        let kept = entries.iter().filter(|entry| filter.matches(entry)).map(|entry| entry.position).collect();
        if filter.search.is_none() {
            let taken = history.events.iter().filter(|recorded| filter.may_take(recorded));
            assert_eq!(taken.map(|recorded| recorded.stamp.position).collect::<Vec<_>>(), kept, "{filter:?}");
        }
        kept
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(found(Filter { actor: some("sam"), ..Filter::default() }), [6, 7]);
    assert_eq!(found(Filter { member: some("tom"), ..Filter::default() }), [5, 6]);
    assert_eq!(found(Filter { role: some("manager"), ..Filter::default() }), [2, 6, 7]);
    assert_eq!(found(Filter { permission: some("invoice.read"), ..Filter::default() }), [7]);
    assert_eq!(found(Filter { scope: some("acacia"), ..Filter::default() }), [3, 6]);
    assert_eq!(found(Filter { kinds: vec!["roleassigned".to_owned()], ..Filter::default() }), [6]);
    assert_eq!(found(Filter { search: some("gave ACACIA"), ..Filter::default() }), [6]);
    let at_four = entries[3].time;
    assert_eq!(found(Filter { since: Some(at_four), until: Some(at_four), ..Filter::default() }), [4]);
}

#[test]
fn keys_are_told_without_their_digests() {
    let mut history = acme();
    let (member, key, label) = (tom(), KeyId::known("k1"), CompactString::from("nightly sync"));
    let issued = |expires, replaces| MemberEvent::KeyIssued {
        member: tom(),
        key: KeyId::known("k2"),
        label: "nightly sync".into(),
        hash: KeyHash::new([7; 32]),
        expires,
        replaces,
    };
    history.record(issued(Some(at("2026-07-01T00:00:00Z")), None));
    assert_eq!(last(&history), "Sam issued Tom’s key “nightly sync”, valid until 30 June 2026");
    history.record(issued(None, Some(key.clone())));
    assert_eq!(last(&history), "Sam renewed Tom’s key “nightly sync”, valid without end");
    let after = at("2026-05-01T10:00:00Z");
    let (before, limited) = (None, label.clone());
    history.record(MemberEvent::KeyExpiryChanged {
        member: member.clone(),
        key: key.clone(),
        label: limited,
        before,
        after,
    });
    assert_eq!(last(&history), "Sam limited Tom’s former key “nightly sync”, valid until 1 May 2026 at 10:00 UTC");
    history.by("tom").record(MemberEvent::KeyRevoked { member, key, label, expires: None });
    assert_eq!(last(&history), "Tom revoked their own key “nightly sync”");
    assert!(tell(&history).iter().all(|entry| !entry.sentence.contains("0707")));
}

#[test]
fn an_export_says_what_left() {
    let mut history = acme();
    let mut told = |filters: &[(&str, &str)]| {
        let filters = filters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let export = AuditExported { from: 1, until: 5, format: "csv".into(), filters };
        history.record(OrganisationEvent::AuditExported(export));
        last(&history)
    };
    assert_eq!(
        told(&[("report", "role_definitions"), ("member", "tom")]),
        "Sam exported a report (role definitions) of the audit log from #1 to #5 as csv, only member tom"
    );
    assert_eq!(
        told(&[("review", "q1")]),
        "Sam exported the evidence of the review q1 in the audit log from #1 to #5 as csv"
    );
    assert_eq!(told(&[]), "Sam exported the audit log from #1 to #5 as csv");
}
