use chancery_aggregates::event::MemberEvent;
use chancery_aggregates::vocabulary::{MemberId, MemberScope, Window};

use super::*;
use crate::sample::{History, at, selected, until};

fn block() -> History {
    let mut history = History::founded("buildings");
    history.add_role("keeper", "Keeper", &["assets.view", "assets.update", "tasks.complete"], &[]);
    history.add_role("helper", "Helper", &["tasks.complete", "tasks.manage_own_only"], &[]);
    history.add_scope("elm", "Elm Court", "building", None);
    history.add_scope("oak", "Oak House", "building", None);
    let scope = selected(&history, &["oak"]);
    history.add_member("tom", "Tom", "member", scope);
    history.add_member("ann", "Ann", "member", MemberScope::None);
    history.assign("tom", "keeper", Some("elm"), until("2026-07-01T00:00:00Z"));
    history.assign("tom", "helper", Some("oak"), Window::default());
    history.assign("ann", "helper", Some("elm"), Window::default());
    history
}

#[test]
fn the_table_has_a_row_for_every_role_with_what_it_gives_there_and_then() {
    let history = block();
    let rows = |at| -> Vec<(String, String, String, usize)> {
        let table = access_table(&history.state, at, &Filter::default());
        let row = |member: &MemberAccess, role: &RoleAccess| {
            let reach = crate::words::member_scope(&role.reach);
            (member.member.to_string(), role.role.name.to_string(), reach, role.permissions)
        };
        table.members.iter().flat_map(|m| m.roles.iter().map(move |role| row(m, role))).collect()
    };
    let expect = |keeper| {
        [("Tom", "Keeper", "Elm Court", keeper), ("Tom", "Helper", "Oak House", 1), ("Ann", "Helper", "Elm Court", 1)]
            .map(|(member, role, place, number)| (member.to_owned(), role.to_owned(), place.to_owned(), number))
    };
    assert_eq!(rows(at("2026-06-30T23:59:59Z")), expect(3));
    assert_eq!(rows(at("2026-07-01T00:00:00Z")), expect(0));
}

#[test]
fn the_table_says_what_keeps_a_member_out_and_leaves_out_who_left() {
    let mut history = block();
    history.record(MemberEvent::MemberSuspended { member: MemberId::known("tom") });
    history.record(MemberEvent::MemberRemoved { member: MemberId::known("ann"), roles: Vec::new() });
    let table = access_table(&history.state, history.now, &Filter::default());
    let [tom] = &table.members[..] else { panic!("{table:?}") };
    assert_eq!(tom.barrier.as_deref(), Some("the member is suspended"));
    assert!(tom.roles.iter().all(|role| role.permissions == 0));
    let all = access_table(&history.state, history.now, &Filter { removed: true, ..Filter::default() });
    assert_eq!(all.members.len(), 2);
}

#[test]
fn filters_choose_by_role_and_by_scope() {
    let mut history = block();
    history.toggle_member("ann", "assets.view", true);
    let names = |filter: &Filter| -> Vec<String> {
        let table = access_table(&history.state, history.now, filter);
        table.members.iter().map(|member| member.member.to_string()).collect()
    };
    assert_eq!(names(&Filter { role: Some("keeper".into()), ..Filter::default() }), ["Tom"]);
    assert_eq!(names(&Filter { scope: history.state.scope_ix("oak"), ..Filter::default() }), ["Tom"]);
    assert_eq!(names(&Filter { scope: history.state.scope_ix("elm"), ..Filter::default() }), ["Tom", "Ann"]);
    assert_eq!(names(&Filter { member: Some(history.member_ix("ann")), ..Filter::default() }), ["Ann"]);
}

#[test]
fn permissions_are_grouped_and_marked_where_they_are_for_own_things_only() {
    let history = block();
    let held = |place| -> Vec<String> {
        let categories = permissions_of(&history.state, history.member_ix("tom"), place, history.now);
        let mark = |held: &Held| format!(" {}{}", held.key, if held.only_own { " (own)" } else { "" });
        let line = |c: &Category| {
            format!("{} {}/{}:{}", c.label, c.held.len(), c.size, c.held.iter().map(mark).collect::<String>())
        };
        categories.iter().map(line).collect()
    };
    // The restriction is not counted among what can be held.
    assert_eq!(held(history.place("elm")), ["Assets 2/4: assets.view assets.update", "Tasks 1/6: tasks.complete"]);
    assert_eq!(held(history.place("oak")), ["Tasks 1/6: tasks.complete (own)"]);
    assert!(held(Place::Organisation).is_empty());
}

#[test]
fn places_with_the_same_permissions_stand_together() {
    let mut history = block();
    history.add_scope("ash", "Ash Lodge", "building", None);
    history.assign("tom", "helper", Some("ash"), Window::default());
    let groups = held_by_place(&history.state, history.member_ix("tom"), history.now);
    let summary: Vec<(&str, usize)> =
        groups.iter().map(|group| (group.places.summary.as_str(), group.categories.len())).collect();
    assert_eq!(summary, [("Elm Court", 2), ("Oak House and Ash Lodge", 1)]);
}

#[test]
fn who_can_names_every_way_to_it() {
    let mut history = block();
    let given = history.assign("ann", "keeper", Some("elm"), Window::default());
    let toggled = history.toggle_member("tom", "tasks.complete", true);
    let holders = |place| who_can(&history.state, history.permission("tasks.complete"), place, history.now);
    let [tom, ann] = &holders(history.place("elm"))[..] else { panic!() };
    assert_eq!((tom.member.to_string(), tom.only_own, tom.through.len()), ("Tom".to_owned(), false, 1));
    assert!(matches!(&ann.through[..], [Grant::Role { .. }, Grant::Role { given_at, .. }] if *given_at == given));
    // On Oak House Tom's role narrows, and the direct toggle does not.
    let [tom] = &holders(history.place("oak"))[..] else { panic!() };
    assert!(!tom.only_own);
    assert!(matches!(&tom.through[..], [Grant::Role { .. }, Grant::Toggle { given_at }] if *given_at == toggled));
}

/// Holders of sensitive permissions, place by place.
fn privileged_slowly(state: &AccessState, at: Time) -> Privileged {
    use chancery_aggregates::access::{Reading, holdings};
    let sensitive = sensitive(state.profile().unwrap());
    let mut counted = Privileged::default();
    for (ix, member) in state.members() {
        let scopes = state.scopes().map(|(scope, _)| Place::Scope(scope));
        let mut keys = std::collections::BTreeSet::new();
        for place in std::iter::once(Place::Organisation).chain(scopes) {
            keys.extend(holdings(state, ix, place, at, Reading::Actual).any.and(&sensitive).iter());
        }
        if !keys.is_empty() {
            counted.members += 1;
            counted.services += usize::from(member.kind == chancery_aggregates::vocabulary::MemberKind::Service);
            counted.permissions += keys.len();
        }
    }
    counted
}

#[test]
fn holders_of_what_is_sensitive_are_counted_wherever_they_hold_it() {
    let mut history = block();
    // Members of the other type can hold only one of them.
    history.add_member("pat", "Pat", "admin", MemberScope::None);
    let oak = selected(&history, &["oak"]);
    history.add_member("tim", "Tim", "admin", oak);
    let profile = history.state.profile().unwrap();
    let of_permissions = |ix| Some(profile.permission(ix)?).filter(|one| one.sensitive).map(|one| one.key.to_string());
    let sensitive: Vec<String> = profile.grants().iter().filter_map(of_permissions).collect();
    let [first, second, ..] = sensitive.as_slice() else { panic!("{sensitive:?}") };
    history.add_role("chief", "Chief", &[first, second], &[]);
    let mut seen = vec![privileged(&history.state, history.now)];
    let mut check = |history: &History, at: Time| {
        let counted = privileged(&history.state, at);
        assert_eq!(counted, privileged_slowly(&history.state, at));
        seen.push(counted);
    };
    history.assign("pat", "chief", None, Window::default());
    check(&history, history.now);
    history.assign("pat", "chief", Some("elm"), until("2026-07-01T00:00:00Z"));
    check(&history, history.now);
    history.toggle_member("tim", first, true);
    check(&history, history.now);
    history.toggle_member("pat", second, false);
    check(&history, history.now);
    check(&history, at("2026-07-01T00:00:00Z"));
    history.record(MemberEvent::MemberSuspended { member: MemberId::known("tim") });
    check(&history, history.now);
    let numbers: Vec<(usize, usize)> = seen.iter().map(|counted| (counted.members, counted.permissions)).collect();
    assert_eq!(numbers, [(0, 0), (0, 0), (1, 2), (2, 3), (2, 2), (1, 1), (1, 1)], "{seen:?}");
}
