use chancery_aggregates::AccessState;
use chancery_aggregates::event::{AuditExported, Details, MemberEvent, Metadata, OrganisationEvent, Recorded};
use chancery_aggregates::vocabulary::{MemberId, MemberScope, Personal, Time, Window};
use proptest::prelude::*;

use super::*;
use crate::sample::{History, at, until};

/// The entries of events.
fn entries(events: &[Recorded]) -> Vec<Entry> {
    let mut state = AccessState::default();
    let entry = |recorded: &Recorded| {
        state.apply(&recorded.event, recorded.stamp);
        Entry::of(&state, recorded)
    };
    events.iter().map(entry).collect()
}

fn last(history: &History) -> Entry {
    entries(&history.events).pop().unwrap()
}

fn named(id: &str, name: &str) -> Option<Named> {
    Some(Named { id: id.to_owned(), name: Some(name.to_owned()) })
}

fn tom() -> MemberId {
    MemberId::known("tom")
}

/// PropLink with Sam and Tom; Sam acts from now on.
fn acme() -> History {
    let mut history = History::founded("proplink");
    history.add_role("manager", "Manager", &["invoice.approve"], &[]);
    history.add_role("viewer", "Viewer", &[], &[]);
    history.add_scope("acacia", "Acacia Avenue", "site", None);
    history.add_member("sam", "Sam", "user", MemberScope::All);
    history.add_member("tom", "Tom", "user", MemberScope::None);
    history.by("sam");
    history
}

fn refused(actor: &str, target: &str) -> OrganisationEvent {
    OrganisationEvent::CommandRefused(Box::new(CommandRefused {
        actor: actor.into(),
        command: "AssignRole".into(),
        target: target.into(),
        rule: "escalation".into(),
        message: "`tom` does not hold it".to_owned(),
        occurrence: 2,
    }))
}

#[test]
fn an_entry_says_who_did_what_to_whom_where_and_why() {
    let mut history = acme();
    history.because("cover").assign("tom", "manager", Some("acacia"), until("2026-07-01T00:00:00Z"));
    let recorded = history.events.last_mut().unwrap();
    recorded.metadata = Metadata {
        on_behalf_of: Some("@system".to_owned()),
        key: Some("k1".to_owned()),
        source: Some("http".to_owned()),
        agent: Some("curl".to_owned()),
        correlation: Some("c1".to_owned()),
        ..recorded.metadata.clone()
    };
    let entry = last(&history);
    assert_eq!((entry.kind, entry.outcome), ("RoleAssigned", Outcome::Allowed));
    assert_eq!(Some(entry.actor), named("sam", "Sam"));
    assert_eq!(entry.on_behalf_of, named("@system", "the system"));
    assert_eq!(entry.subject, named("tom", "Tom"));
    assert_eq!((entry.role, entry.scope), (named("manager", "Manager"), named("acacia", "Acacia Avenue")));
    assert_eq!((entry.before.as_deref(), entry.after.as_deref()), (None, Some(r#"{"until":"2026-07-01T00:00:00Z"}"#)));
    assert_eq!((entry.reason.as_deref(), entry.key.as_deref()), (Some("cover"), Some("k1")));
    assert_eq!((entry.source.as_deref(), entry.agent.as_deref()), (Some("http"), Some("curl")));
    assert_eq!(entry.correlation.as_deref(), Some("c1"));
    assert!(entry.impersonal.starts_with("sam, on behalf of @system, gave the role Manager"), "{}", entry.impersonal);
    assert!(!entry.impersonal.contains("cover") && !entry.impersonal.contains("Tom"), "{}", entry.impersonal);
}

#[test]
fn before_and_after_are_json_in_json() {
    let mut history = acme();
    history.toggle("manager", "invoice.approve", false);
    let value = serde_json::to_value(last(&history)).unwrap();
    assert_eq!((&value["before"], &value["after"]), (&json!(true), &json!(false)));
    assert_eq!(value["outcome"], "allowed");
}

#[test]
fn names_are_those_of_then() {
    let mut history = acme();
    let before = Details { name: Some(Personal::Clear("Tom".into())), ..Details::default() };
    let after = Details { name: Some(Personal::Clear("Thomas".into())), ..before.clone() };
    history.record(MemberEvent::MemberDetailsChanged { member: tom(), before, after });
    let all = entries(&history.events);
    let [earlier @ .., entry] = all.as_slice() else { panic!() };
    assert_eq!(earlier.last().unwrap().subject, named("tom", "Tom"));
    assert_eq!(entry.subject, named("tom", "Thomas"));
    assert_eq!(entry.before.as_deref(), Some(r#"{"changed":["name"],"name":"Tom"}"#));
    assert_eq!(entry.after.as_deref(), Some(r#"{"changed":["name"],"name":"Thomas"}"#));
    let bare = Some(json!({ "changed": ["name"] }));
    assert_eq!(entry.impersonal_change(), [bare.clone(), bare]);
}

#[test]
fn what_cannot_be_read_says_so() {
    let mut history = acme();
    for (id, name, shown) in [("eva", Personal::Erased, "(erased)"), ("sue", Personal::Sealed("x".into()), "(sealed)")]
    {
        history.add_member(id, "", "user", MemberScope::None);
        let before = Details::default();
        let after = Details { name: Some(name), ..Details::default() };
        history.record(MemberEvent::MemberDetailsChanged { member: MemberId::known(id), before, after });
        assert_eq!(last(&history).subject, named(id, shown));
    }
}

#[test]
fn a_refusal_and_an_export_are_entries() {
    let mut history = acme();
    history.by("tom").record(refused("tom", "member/nobody"));
    let entry = last(&history);
    assert_eq!((entry.outcome, entry.command.as_deref()), (Outcome::Refused, Some("AssignRole")));
    assert_eq!(entry.subject, None, "only what exists is repeated");
    let refusal = entry.refusal.unwrap();
    assert_eq!(
        (refusal.rule.as_str(), refusal.target.as_str(), refusal.occurrence),
        ("escalation", "member/nobody", 2)
    );
    let filters = [("actor".into(), "tom".into())].into();
    history.record(OrganisationEvent::AuditExported(AuditExported {
        from: 1,
        until: 5,
        format: "csv".into(),
        filters,
    }));
    let after = last(&history).after.unwrap();
    assert_eq!(after, r#"{"from":1,"until":5,"format":"csv","filters":{"actor":"tom"}}"#);
}

#[test]
fn a_value_that_is_none_is_named() {
    assert_eq!(Filter::kind("roleassigned"), Ok("RoleAssigned"));
    let error = Filter::kind("RoleAsigned").unwrap_err();
    assert_eq!(error.to_string(), "no event is of the type `RoleAsigned`; did you mean `RoleAssigned`?");
    assert_eq!(
        Filter::outcome("denied").unwrap_err().to_string(),
        "`denied` is no outcome: write `allowed` or `refused`"
    );
}

/// What one event of a random history is about, written down as it is made.
#[derive(Debug, Clone)]
struct Fact {
    kind: &'static str,
    actors: Vec<&'static str>,
    members: Vec<&'static str>,
    roles: Vec<&'static str>,
    permissions: Vec<&'static str>,
    scopes: Vec<&'static str>,
    refused: bool,
    time: Time,
}

const MEMBERS: [&str; 2] = ["sam", "tom"];
const ROLES: [&str; 2] = ["manager", "viewer"];
const KINDS: [&str; 5] =
    ["RoleAssigned", "PermissionToggled", "MemberPermissionToggled", "CommandRefused", "MemberSuspended"];

type Step = (usize, usize, usize, bool, bool);

fn play(history: &mut History, step: Step) -> Fact {
    let (what, actor, member, with_scope, on_behalf) = step;
    let (actor, member, role) = (MEMBERS[actor], MEMBERS[member], ROLES[member]);
    let scope = with_scope.then_some("acacia");
    let mut fact = Fact {
        kind: KINDS[what],
        actors: vec![actor],
        members: vec![member],
        roles: Vec::new(),
        permissions: Vec::new(),
        scopes: Vec::new(),
        refused: false,
        time: history.now,
    };
    history.by(actor);
    match what {
        0 => {
            history.assign(member, role, scope, Window::default());
            (fact.roles, fact.scopes) = (vec![role], scope.into_iter().collect());
        }
        1 => {
            history.toggle(role, "invoice.approve", with_scope);
            (fact.members, fact.roles, fact.permissions) = (Vec::new(), vec![role], vec!["invoice.approve"]);
        }
        2 => {
            history.toggle_member(member, "invoice.approve", with_scope);
            fact.permissions = vec!["invoice.approve"];
        }
        3 => {
            history.record(refused(actor, &format!("member/{member}")));
            fact.refused = true;
        }
        _ => drop(history.record(MemberEvent::MemberSuspended { member: MemberId::known(member) })),
    }
    if on_behalf {
        history.events.last_mut().unwrap().metadata.on_behalf_of = Some("@system".to_owned());
        fact.actors.push("@system");
    }
    fact
}

fn some(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![2 => Just(Vec::new()), 1 => prop::sample::subsequence(of, 1..=of.len())]
}

fn owned(of: &[&str]) -> Vec<String> {
    of.iter().map(|text| (*text).to_owned()).collect()
}

proptest! {
    #[test]
    fn a_filter_keeps_what_a_naive_one_keeps(
        steps in prop::collection::vec((0..5_usize, 0..2_usize, 0..2_usize, any::<bool>(), any::<bool>()), 1..30),
        actors in some(&["sam", "tom", "@system", "nobody"]),
        members in some(&["sam", "tom", "nobody"]),
        roles in some(&ROLES),
        permissions in some(&["invoice.approve", "invoice.view"]),
        scopes in some(&["acacia", "beech"]),
        kinds in some(&KINDS),
        refusals in prop::option::of(any::<bool>()),
        since in prop::option::of(0..30_i64),
        minutes in prop::option::of(0..30_i64),
    ) {
        let mut history = acme();
        let (start, before) = (history.now, history.events.len());
        let facts: Vec<Fact> = steps.into_iter().map(|step| play(&mut history, step)).collect();
        let after = |minutes: i64| start + chrono::TimeDelta::minutes(minutes);
        let filter = Filter {
            actors: owned(&actors),
            subjects: owned(&members),
            roles: owned(&roles),
            permissions: owned(&permissions),
            scopes: owned(&scopes),
            kinds: kinds.clone(),
            outcomes: refusals.map(|refused| if refused { Outcome::Refused } else { Outcome::Allowed }).into_iter().collect(),
            since: since.map(after),
            until: minutes.map(after),
        };
        let kept: Vec<u64> = history.events.iter().skip(before).filter(|recorded| filter.takes(recorded)).map(|recorded| recorded.stamp.position).collect();
        let fits = |wanted: &[&str], there: &[&str]| wanted.is_empty() || there.iter().any(|id| wanted.contains(id));
        let naive: Vec<u64> = (before as u64 + 1..).zip(&facts).filter(|(_, fact)| {
            fits(&actors, &fact.actors)
                && fits(&members, &fact.members)
                && fits(&roles, &fact.roles)
                && fits(&permissions, &fact.permissions)
                && fits(&scopes, &fact.scopes)
                && fits(&kinds, &[fact.kind])
                && refusals.is_none_or(|refused| refused == fact.refused)
                && since.is_none_or(|minutes| after(minutes) <= fact.time)
                && minutes.is_none_or(|minutes| fact.time <= after(minutes))
        }).map(|(position, _)| position).collect();
        prop_assert_eq!(kept, naive);
    }
}

#[test]
fn an_instant_at_either_end_belongs_to_the_stretch() {
    let mut history = acme();
    history.on("2026-02-01T10:00:00Z").toggle("manager", "invoice.approve", false);
    let recorded = history.events.last().unwrap();
    let time = Some(at("2026-02-01T10:00:00Z"));
    assert!(Filter { since: time, until: time, ..Filter::default() }.takes(recorded));
    let later = Some(at("2026-02-01T10:00:00.000001Z"));
    assert!(!Filter { since: later, ..Filter::default() }.takes(recorded));
}
