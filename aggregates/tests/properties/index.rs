//! The access index is the state's twin: kept along event by event or made anew, it gives the answers that
//! the state gives, denials with their reasons included.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::index::{AccessIndex, Page, Resource, ResourceItem, SubjectItem};
use chancery_aggregates::access::{
    Decision, Ownership, Place, Question, Reading, Request, evaluate, evaluate_question, holdings, turning_points,
};
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::vocabulary::Time;
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

mod the_index_gives_the_states_answers {
    crate::on_every_profile!(super::the_index_gives_the_states_answers, 6, 0..100);
}
