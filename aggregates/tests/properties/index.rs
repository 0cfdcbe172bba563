//! The access index is the state's twin: kept along event by event or made anew, it gives the answers that
//! the state gives, denials with their reasons included.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::index::{AccessIndex, Page, Resource, ResourceItem, SubjectItem};
use chancery_aggregates::access::{
    Decision, Ownership, Place, Question, Reading, Request, evaluate, evaluate_question, holdings, turning_points,
};
use chancery_aggregates::event::{
    Details, Event, MemberEvent, OrganisationEvent, RoleCreated, RoleEvent, ScopeEvent, Stamp,
};
use chancery_aggregates::profile::{BUILT_IN, check::check, document::AssignedBy};
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::vocabulary::{
    AccountTypeKey, MemberId, MemberKind, MemberScope, OrganisationId, PermissionKey, RoleId, RoleRef, ScopeId,
    ScopeRef, Time, Window,
};
use chrono::TimeDelta;

use crate::world::{Script, World, play};

/// Applies what the world's log has beyond a state.
fn catch_up(state: &mut AccessState, world: &World) {
    for line in &world.log[state.position() as usize..] {
        state.apply(&line.event, line.stamp);
    }
}

fn instants(state: &AccessState, now: Time) -> Vec<Time> {
    let turns = state.members().flat_map(|(ix, _)| turning_points(state, ix, Time::MIN_UTC));
    let turns: Vec<Time> = turns.take(3).collect();
    let just_before = turns.iter().map(|at| *at - TimeDelta::microseconds(1)).collect::<Vec<_>>();
    [now, now + TimeDelta::days(400), now - TimeDelta::days(30)].into_iter().chain(turns).chain(just_before).collect()
}

fn places(state: &AccessState) -> Vec<Place> {
    let scopes = state.scopes().map(|(ix, _)| Place::Scope(ix));
    [Place::Organisation, Place::Nowhere].into_iter().chain(scopes).collect()
}

fn compare(state: &AccessState, index: &AccessIndex, now: Time) {
    assert_eq!(index.position(), state.position());
    for at in instants(state, now) {
        for place in places(state) {
            for (subject, member) in state.members() {
                compare_decisions(state, index, subject, place, at);
                let held = holdings(state, subject, place, at, Reading::Actual);
                assert_eq!(index.holdings(subject, place, at), held, "{member:?} {place:?} {at}");
            }
        }
        compare_requests(state, index, at);
        compare_lists(state, index, at);
    }
}

fn compare_decisions(state: &AccessState, index: &AccessIndex, subject: MemberIx, place: Place, at: Time) {
    let profile = state.profile().unwrap();
    for key in profile.permissions() {
        let permission = profile.permission_ix(key.key.as_str()).unwrap();
        for ownership in [Ownership::Unnamed, Ownership::Subject, Ownership::Other] {
            let question = Question { subject, permission, place, ownership, at };
            let decision = evaluate_question(state, &question);
            let yes = decision == Decision::Allowed { only_own: false };
            assert_eq!(index.permits_question(&question), yes, "{question:?}");
            assert_eq!(index.decide(&question), decision, "{question:?}");
        }
    }
}

/// By id: whatever is known, and what is not.
fn compare_requests(state: &AccessState, index: &AccessIndex, at: Time) {
    let members: Vec<&str> = state.members().map(|(_, member)| member.id.as_str()).chain(["nobody", ""]).collect();
    let scopes = state.scopes().map(|(_, scope)| Some(scope.id.as_str()));
    let scopes: Vec<Option<&str>> = scopes.chain([None, Some("nowhere")]).collect();
    let permissions = state.profile().unwrap().permissions().iter().map(|permission| permission.key.as_str());
    for permission in permissions.take(3).chain(["no.such.permission"]) {
        for (subject, scope) in members.iter().flat_map(|member| scopes.iter().map(move |scope| (*member, *scope))) {
            for owner in [None, Some(subject), Some("somebody-else")] {
                let request = Request { subject, permission, scope, owner, at };
                let decision = evaluate(state, &request);
                assert_eq!(index.permits(&request), decision == Decision::Allowed { only_own: false }, "{request:?}");
                assert_eq!(index.evaluate(&request), decision, "{request:?}");
            }
        }
    }
    for (ix, member) in state.members() {
        assert_eq!((index.member_id(ix), index.member_ix(member.id.as_str())), (Some(member.id.as_str()), Some(ix)));
    }
    for (ix, scope) in state.scopes() {
        assert_eq!((index.scope_id(ix), index.scope_ix(scope.id.as_str())), (Some(scope.id.as_str()), Some(ix)));
    }
}

/// A list is what many checks say, in pages of any size.
fn compare_lists(state: &AccessState, index: &AccessIndex, at: Time) {
    let profile = state.profile().unwrap();
    for (key, size) in profile.permissions().iter().step_by(7).zip([1, 2, 1000].into_iter().cycle()) {
        let permission = profile.permission_ix(key.key.as_str()).unwrap();
        let allowed = |subject, place| {
            let question = Question { subject, permission, place, ownership: Ownership::Unnamed, at };
            match evaluate_question(state, &question) {
                Decision::Allowed { only_own } => Some(only_own),
                Decision::Denied(_) => None,
            }
        };
        for place in places(state) {
            let listed = pages(|from| index.subjects(permission, place, at, from, size).unwrap(), size);
            let checked = state
                .members()
                .filter_map(|(subject, _)| allowed(subject, place).map(|only_own| SubjectItem { subject, only_own }));
            assert_eq!(listed, checked.collect::<Vec<_>>());
        }
        for (subject, _) in state.members() {
            let listed = pages(|from| index.resources(subject, permission, at, from, size).unwrap(), size);
            let scopes = state.scopes().map(|(ix, _)| Resource::Scope(ix));
            let checked = [Resource::Organisation].into_iter().chain(scopes).filter_map(|resource| {
                allowed(subject, resource.into()).map(|only_own| ResourceItem { resource, only_own })
            });
            assert_eq!(listed, checked.collect::<Vec<_>>());
        }
    }
}

fn pages<T>(mut page: impl FnMut(Option<u64>) -> Page<T>, size: usize) -> Vec<T> {
    let mut items = Vec::new();
    let mut from = None;
    loop {
        let page = page(from);
        assert!(page.items.len() == size || page.next.is_none(), "a page in the middle is not full");
        items.extend(page.items);
        from = page.next;
        if from.is_none() {
            return items;
        }
    }
}

pub(crate) fn the_index_gives_the_states_answers(profile: &str, script: &Script) {
    let mut kept = AccessState::default().with_index();
    // In the form for very many members, from somewhere in the middle on.
    let mut compact: Option<AccessState> = None;
    let mut looked = 0;
    // Older versions, which must not change any more.
    let mut versions: Vec<(AccessState, Time)> = Vec::new();
    let world = play(profile, script, |world, _| {
        catch_up(&mut kept, world);
        looked += 1;
        match &mut compact {
            Some(compact) => catch_up(compact, world),
            None if looked == 20 => compact = Some(kept.clone().with_compact_index()),
            None => {}
        }
        if looked % 25 == 0 {
            versions.push((kept.clone(), world.now));
        }
    });
    for (state, now) in &versions {
        compare(state, state.index().unwrap(), *now);
    }
    assert_eq!(kept.position(), world.state.position());
    compare(&world.state, kept.index().unwrap(), world.now);
    compare(&world.state, world.state.clone().with_index().index().unwrap(), world.now);
    compare(&world.state, world.state.clone().with_compact_index().index().unwrap(), world.now);
    if let Some(compact) = compact {
        compare(&world.state, compact.index().unwrap(), world.now);
    }
}

/// Members, scopes and what roles give are each more than a page of the tables that common answers read.
#[test]
fn tables_of_many_pages_give_the_states_answers() {
    let mut state = many();
    let state_of_one = state.clone().with_index();
    let compact = state.clone().with_compact_index();
    // Kept along with the events after it, it is what it is when it is made anew.
    let mut kept = state.clone().with_index();
    for event in (0..500).map(|n| assigned(n * 3, n, n.is_multiple_of(2))) {
        for state in [&mut state, &mut kept] {
            let position = state.position() + 1;
            state.apply(&event, Stamp { position, time: Time::UNIX_EPOCH });
        }
    }
    compare_sample(&many(), state_of_one.index().unwrap());
    compare_sample(&many(), compact.index().unwrap());
    compare_sample(&state, kept.index().unwrap());
    compare_sample(&state, state.clone().with_index().index().unwrap());
}

fn compare_sample(state: &AccessState, index: &AccessIndex) {
    let profile = state.profile().unwrap();
    let (mut yes, mut asked) = (0, 0);
    for (subject, _) in state.members().step_by(31) {
        for place in places(state).into_iter().step_by(37) {
            for key in profile.permissions().iter().step_by(5) {
                let permission = profile.permission_ix(key.key.as_str()).unwrap();
                let at = Time::UNIX_EPOCH;
                let question = Question { subject, permission, place, ownership: Ownership::Unnamed, at };
                let decision = evaluate_question(state, &question);
                (yes, asked) = (yes + usize::from(decision.is_allowed()), asked + 1);
                let outright = decision == Decision::Allowed { only_own: false };
                assert_eq!(index.permits_question(&question), outright, "{question:?}");
                assert_eq!(index.decide(&question), decision, "{question:?}");
            }
        }
    }
    assert!(yes > 100 && asked > 10 * yes, "{yes} of {asked}");
}

/// 3,000 members, 2,000 scopes in trees of ten, and 500 roles with a permission each.
fn many() -> AccessState {
    let profile = check(BUILT_IN.iter().find(|(name, _)| *name == "proplink").unwrap().1).unwrap();
    let permissions = profile.categories.iter().flat_map(|category| &category.permissions);
    let permissions: Vec<PermissionKey> =
        permissions.map(|permission| PermissionKey::known(permission.key.as_str())).collect();
    let account_type = AccountTypeKey::known(profile.account_types[0].key.as_str());
    let founded = OrganisationEvent::OrganisationFounded {
        organisation: OrganisationId::known("many"),
        name: "Many".into(),
        profile: Box::new(profile),
    };
    let scopes = (0..2_000).map(|n: usize| {
        let parent = (!n.is_multiple_of(10)).then(|| scope(n - 1));
        ScopeEvent::ScopeCreated { scope: scope(n), kind: "site".into(), parent }.into()
    });
    let roles = (0..500).map(|n| {
        RoleEvent::RoleCreated(Box::new(RoleCreated {
            role: role(n),
            built_in: false,
            description: String::new(),
            colour: None,
            level: None,
            locked: false,
            everywhere: n.is_multiple_of(50),
            assigned: AssignedBy::Hand,
            assigned_only_by: Vec::new(),
            account_types: Vec::new(),
            permissions: vec![permissions[n % permissions.len()].clone()],
            inherits: Vec::new(),
            duplicate_of: None,
        }))
        .into()
    });
    let members = (0..3_000).map(|n| {
        MemberEvent::MemberAdded {
            member: member(n),
            kind: MemberKind::Person,
            account_type: account_type.clone(),
            details: Details::default(),
            scope: if n.is_multiple_of(9) {
                MemberScope::All
            } else {
                MemberScope::Selected(vec![scope(n % 2_000), scope(n * 7 % 2_000)])
            },
        }
        .into()
    });
    let held = (0..6_000).map(|n| assigned(n, n / 3, n.is_multiple_of(5)));
    let mut state = AccessState::default();
    let events = [founded.into()].into_iter().chain(scopes).chain(roles).chain(members).chain(held);
    for (event, position) in events.zip(1..) {
        state.apply(&event, Stamp { position, time: Time::UNIX_EPOCH });
    }
    state
}

fn assigned(n: usize, role_number: usize, scoped: bool) -> Event {
    let (member, role, scope) = (member(n), role(role_number), scoped.then(|| scope(n * 3)));
    MemberEvent::RoleAssigned { member, role, scope, window: Window::default(), before: None }.into()
}

fn member(n: usize) -> MemberId {
    MemberId::known(format!("member-{}", n % 3_000))
}

fn role(n: usize) -> RoleRef {
    RoleRef { id: RoleId::known(format!("role-{}", n % 500)), name: "Role".into() }
}

fn scope(n: usize) -> ScopeRef {
    ScopeRef { id: ScopeId::known(format!("scope-{}", n % 2_000)), name: "Scope".into() }
}

mod the_index_gives_the_states_answers {
    crate::on_every_profile!(super::the_index_gives_the_states_answers, 6, 0..100);
}
