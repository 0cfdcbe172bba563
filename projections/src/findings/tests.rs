use chancery_aggregates::event::{MemberEvent, ScopeEvent};
use chancery_aggregates::profile::BUILT_IN;
use chancery_aggregates::profile::document::SeparationDocument;
use chancery_aggregates::vocabulary::{MemberId, MemberScope, Window};

use super::*;
use crate::sample::{History, at, selected, until};

/// PropLink, where reading sites and approving invoices are kept apart.
fn estate() -> History {
    let text = BUILT_IN.iter().find(|(name, _)| *name == "proplink").unwrap().1;
    let mut profile = chancery_aggregates::profile::check::check(text).unwrap();
    profile.separations.push(SeparationDocument {
        key: "payments".into(),
        label: "Payments".into(),
        description: String::new(),
        one: vec!["invoice.create".into()],
        other: vec!["invoice.approve".into()],
    });
    let mut history = History::founded_by(profile);
    history.add_role("reader", "Reader", &["site.read", "unit.read"], &[]);
    history.add_role("clerk", "Clerk", &["invoice.create"], &["reader"]);
    history.add_role("approver", "Approver", &["invoice.approve"], &[]);
    history.add_scope("north", "North Estate", "estate", None);
    history.add_scope("acacia", "Acacia Avenue", "site", Some("north"));
    history.add_scope("birch", "Birch Road", "site", None);
    let scope = selected(&history, &["north"]);
    history.add_member("tom", "Tom", "user", scope);
    history
}

fn found(history: &History, kind: Kind) -> Vec<Finding> {
    findings(&history.state, history.now, &[kind], &Options::default(), Some(&LastActed::new()))
}

/// The sentences, and what each rests on: `sentence | #3 what`.
fn told(history: &History, kind: Kind) -> Vec<String> {
    let evidence = |evidence: &Evidence| match evidence.position {
        Some(position) => format!(" | #{position} {}", evidence.what),
        None => format!(" | {}", evidence.what),
    };
    let tell = |finding: Finding| finding.sentence.clone() + &finding.evidence.iter().map(evidence).collect::<String>();
    found(history, kind).into_iter().map(tell).collect()
}

fn suspend(history: &mut History, member: &str) -> u64 {
    history.record(MemberEvent::MemberSuspended { member: MemberId::known(member) })
}

#[test]
fn separated_duties_in_one_hand_are_told_with_place_and_path() {
    let mut history = estate();
    let clerk = history.assign("tom", "clerk", None, Window::default());
    history.assign("tom", "approver", Some("birch"), Window::default());
    assert_eq!(told(&history, Kind::Separation), [""; 0], "not on the same place");
    let approver = history.assign("tom", "approver", Some("acacia"), Window::default());
    let expected = format!(
        "Tom holds both invoice.create and invoice.approve in Acacia Avenue: “Payments” keeps them apart \
         | #{clerk} by the role Clerk: invoice.create \
         | #{approver} by the role Approver in Acacia Avenue: invoice.approve"
    );
    assert_eq!(told(&history, Kind::Separation), [expected]);
}

#[test]
fn a_role_that_joins_separated_duties_is_told_before_anybody_holds_it() {
    let mut history = estate();
    let toggled = history.toggle("clerk", "invoice.approve", true);
    let found = found(&history, Kind::JoiningRole);
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!(finding.roles, [history.role("clerk")]);
    assert!(finding.evidence.iter().any(|evidence| evidence.position == Some(toggled)), "{finding:?}");
}

#[test]
fn sensitive_permissions_are_told_with_every_path() {
    let mut history = estate();
    let sensitive = history.profile().permissions().iter().find(|permission| permission.sensitive).unwrap();
    let key = sensitive.key.as_str().to_owned();
    history.add_role("keeper", "Keeper", &[&key], &[]);
    let given = history.assign("tom", "keeper", None, until("2026-06-01T00:00:00Z"));
    let toggled = history.toggle_member("tom", &key, true);
    let found = found(&history, Kind::Privileged);
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!(finding.sentence, format!("Tom holds 1 sensitive permission in North Estate with the one in it: {key}"));
    let evidence: Vec<_> = finding.evidence.iter().map(|evidence| (evidence.position, evidence.what.clone())).collect();
    assert_eq!(
        evidence,
        [
            (Some(given), format!("by the role Keeper until 31 May 2026: {key}")),
            (Some(toggled), format!("allowed directly: {key}")),
        ]
    );
}

#[test]
fn a_suspended_member_with_roles_is_told_until_they_are_taken_away() {
    let mut history = estate();
    let given = history.assign("tom", "clerk", None, Window::default());
    let suspended = suspend(&mut history, "tom");
    let expected =
        format!("Tom is suspended and would get 1 role back | #{suspended} suspended | #{given} the role Clerk");
    assert_eq!(told(&history, Kind::SuspendedWithRoles), [expected]);
    history.unassign("tom", "clerk", None);
    assert_eq!(told(&history, Kind::SuspendedWithRoles), [""; 0]);
}

#[test]
fn leaving_ends_what_was_given_and_a_log_that_gives_it_afterwards_is_told() {
    let mut history = estate();
    history.assign("tom", "clerk", None, Window::default());
    history.record(MemberEvent::MemberRemoved { member: MemberId::known("tom"), roles: Vec::new() });
    assert_eq!(told(&history, Kind::LeftWithAccess), [""; 0]);
    history.assign("tom", "clerk", None, Window::default());
    assert_eq!(found(&history, Kind::LeftWithAccess)[0].sentence, "Tom has left and is still given 1 role");
}

#[test]
fn grants_without_effect_say_why() {
    let mut history = estate();
    history.add_role("empty", "Empty", &[], &[]);
    history.add_member("ann", "Ann", "user", MemberScope::None);
    history.assign("tom", "clerk", None, Window::default());
    history.assign("tom", "reader", None, Window::default());
    history.assign("tom", "approver", Some("birch"), Window::default());
    history.assign("tom", "empty", None, Window::default());
    history.assign("tom", "reader", Some("birch"), until("2026-01-02T00:00:00Z"));
    history.assign("ann", "reader", None, Window::default());
    let birch = history.scope("birch");
    history.record(ScopeEvent::ScopeArchived { scope: birch });
    history.on("2026-01-05T09:00:00Z");
    let sentences: Vec<String> = found(&history, Kind::DormantGrant).into_iter().map(|found| found.sentence).collect();
    assert_eq!(
        sentences,
        [
            "Tom gets nothing by the role Reader: the role Clerk gives as much",
            "Tom gets nothing by the role Approver in Birch Road: where it works is archived",
            "Tom gets nothing by the role Empty: the role permits nothing",
            "Tom gets nothing by the role Reader in Birch Road until 1 January 2026: its time is over",
            "Ann gets nothing by the role Reader: the member has no scope",
        ]
    );
}

#[test]
fn a_switch_that_changes_nothing_is_told_allowed_or_withheld() {
    let mut history = estate();
    history.assign("tom", "clerk", None, Window::default());
    let allowed = history.toggle_member("tom", "invoice.create", true);
    let withheld = history.toggle_member("tom", "invoice.approve", false);
    history.toggle_member("tom", "site.read", false);
    let told = told(&history, Kind::DormantGrant);
    assert!(told[0].starts_with("Tom was allowed “Create invoice” (invoice.create) directly"), "{told:?}");
    assert!(told[0].ends_with(&format!("#{allowed} as it was switched")), "{told:?}");
    assert!(told[1].contains("is withheld from Tom, who would not have it anyway"), "{told:?}");
    assert!(told[1].ends_with(&format!("#{withheld} as it was switched")), "{told:?}");
    assert_eq!(told.len(), 2);
}

#[test]
fn what_waits_or_is_still_to_begin_is_not_without_effect() {
    let mut history = estate();
    let later = Window { from: Some(at("2026-06-01T00:00:00Z")), until: None };
    history.assign("tom", "clerk", None, later);
    suspend(&mut history, "tom");
    assert_eq!(told(&history, Kind::DormantGrant), [""; 0]);
}

#[test]
fn unused_and_empty_roles_are_told_those_of_the_profile_last() {
    let mut history = estate();
    history.add_role("empty", "Empty", &[], &[]);
    history.assign("tom", "approver", None, until("2026-01-02T00:00:00Z"));
    history.on("2026-02-01T09:00:00Z");
    let unused: Vec<String> = found(&history, Kind::UnusedRole).into_iter().map(|found| found.sentence).collect();
    assert_eq!(
        unused,
        [
            // Reader serves Clerk, which inherits from it.
            "nobody holds the role Clerk",
            "nobody holds the role Approver any more: the last assignment ran until 1 January 2026",
            "nobody holds the role Empty",
        ]
    );
    let empty: Vec<String> = found(&history, Kind::EmptyRole).into_iter().map(|found| found.sentence).collect();
    assert_eq!(empty, ["the role Empty permits nothing"]);
}

#[test]
fn equal_and_nearly_equal_roles_state_what_differs() {
    let mut history = estate();
    history.add_role("viewer", "Viewer", &["site.read", "unit.read"], &[]);
    let found_equal = found(&history, Kind::EqualRoles);
    assert_eq!(found_equal[0].sentence, "the roles Reader and Viewer have the same 2 permissions");
    let similar = |percent: f64| {
        let options = Options { similar: percent, ..Options::default() };
        findings(&history.state, history.now, &[Kind::SimilarRoles], &options, None)
    };
    // Clerk has two of its three from Reader: 2 of 3.
    assert_eq!(similar(0.7), []);
    let found = similar(0.66);
    let sentences: Vec<&str> = found.iter().map(|found| found.sentence.as_str()).collect();
    assert_eq!(
        sentences,
        ["the roles Reader and Clerk share 2 of 3 permissions", "the roles Clerk and Viewer share 2 of 3 permissions"]
    );
    let what: Vec<&str> = found[0].evidence.iter().map(|evidence| evidence.what.as_str()).collect();
    assert_eq!(what, ["Reader has nothing of its own", "only Clerk: invoice.create"]);
}

#[test]
fn what_ends_soon_comes_in_the_order_of_time() {
    let mut history = estate();
    history.assign("tom", "clerk", None, until("2026-01-20T00:00:00Z"));
    history.assign("tom", "approver", None, until("2026-01-10T00:00:00Z"));
    history.assign("tom", "reader", None, until("2026-09-01T00:00:00Z"));
    let sentences: Vec<String> = found(&history, Kind::Expiring).into_iter().map(|found| found.sentence).collect();
    assert_eq!(
        sentences,
        ["Tom has the role Approver until 9 January 2026", "Tom has the role Clerk until 19 January 2026"]
    );
}

#[test]
fn only_one_member_who_can_manage_roles_is_told_and_two_are_not() {
    let mut history = estate();
    let (edit, assign) = ("role.update", "assignment.update");
    history.add_role("chief", "Chief", &[edit, assign], &[]);
    for member in ["ann", "bob"] {
        history.add_member(member, member, "user", MemberScope::All);
    }
    history.assign("ann", "chief", None, Window::default());
    let found_one = found(&history, Kind::SingleManager);
    assert_eq!(found_one[0].sentence, "only ann can edit and assign roles on the whole organisation");
    history.assign("bob", "chief", None, Window::default());
    assert_eq!(found(&history, Kind::SingleManager), []);
}

#[test]
fn who_may_govern_and_gave_no_command_for_long_is_idle() {
    let mut history = estate();
    history.add_role("chief", "Chief", &["role.update", "site.read"], &[]);
    history.add_member("ann", "Ann", "user", MemberScope::All);
    history.assign("ann", "chief", None, Window::default());
    history.assign("tom", "reader", None, Window::default());
    history.on("2026-06-01T09:00:00Z");
    let idle = |acted: &[(&str, &str)]| -> Vec<String> {
        let last = acted.iter().map(|(id, time)| ((*id).to_owned(), at(time))).collect();
        let found = findings(&history.state, history.now, &[Kind::IdleManager], &Options::default(), Some(&last));
        found.into_iter().map(|found| found.sentence).collect()
    };
    assert_eq!(idle(&[]), ["Ann may govern by role.update and has never changed anything"]);
    assert_eq!(
        idle(&[("ann", "2026-01-15T00:00:00Z")]),
        ["Ann may govern by role.update and has changed nothing since 15 January 2026"]
    );
    assert_eq!(idle(&[("ann", "2026-05-15T00:00:00Z")]), [""; 0]);
}

#[test]
fn a_role_that_nobody_can_give_names_what_is_lacking() {
    let mut history = estate();
    history.add_role("chief", "Chief", &["role.update", "assignment.update", "site.read", "unit.read"], &[]);
    history.add_member("ann", "Ann", "user", MemberScope::All);
    history.assign("ann", "chief", None, Window::default());
    let found = found(&history, Kind::UnassignableRole);
    let of = |id: &str| found.iter().find(|finding| finding.roles[0].id.as_str() == id);
    assert_eq!(of("reader"), None);
    let approver = of("approver").unwrap();
    assert_eq!(approver.sentence, "nobody could give the role Approver to anybody");
    assert_eq!(approver.evidence[0].what, "whoever may assign roles and holds most of it lacks invoice.approve");
}

#[test]
fn the_report_is_in_the_order_of_severity_and_the_same_every_time() {
    let mut history = estate();
    history.assign("tom", "clerk", None, Window::default());
    history.assign("tom", "approver", None, Window::default());
    history.add_member("ann", "Ann", "user", MemberScope::None);
    let report = || findings(&history.state, history.now, &Kind::ALL, &Options::default(), None);
    let severities: Vec<Severity> = report().iter().map(|finding| finding.severity).collect();
    assert!(severities.is_sorted() && severities[0] == Severity::High);
    assert_eq!(report(), report());
}
