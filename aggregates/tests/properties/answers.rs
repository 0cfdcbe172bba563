//! (c) The one evaluation, in all its forms, gives the oracle's answers.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{
    self, Decision, DenialKind, Ownership, Question, Request, evaluate, explain, holdings,
};
use chancery_aggregates::vocabulary::Time;
use chrono::TimeDelta;

use crate::oracle::{Answer, Grip, Oracle, Owner, Place, Reading};
use crate::world::{Script, World, play};

fn instants(world: &World, oracle: &Oracle) -> Vec<Time> {
    let mut instants = vec![world.now, world.now + TimeDelta::days(400), world.now - TimeDelta::days(30)];
    // Windows close and documents expire at the very instant.
    instants.extend(oracle.members.keys().flat_map(|member| oracle.turning_points(member)).take(2));
    instants
}

fn places(oracle: &Oracle) -> Vec<Place> {
    let scopes = oracle.scopes.keys().cloned().map(Place::Scope);
    [Place::Organisation, Place::Scope("nowhere".to_owned())].into_iter().chain(scopes).collect()
}

fn compare(world: &World) {
    let oracle = world.oracle();
    let mut permissions: Vec<_> = world.telling().iter().map(|key| key.as_str().to_owned()).collect();
    permissions.extend(["no.such.permission".to_owned(), "added.1.read".to_owned(), "added.1.own_only".to_owned()]);
    let mut members: Vec<_> = oracle.members.keys().cloned().collect();
    members.push("nobody".to_owned());
    for at in instants(world, &oracle) {
        for place in places(&oracle) {
            for member in &members {
                compare_holdings(world, &oracle, member, &place, at);
                for permission in &permissions {
                    compare_answers(&world.state, &oracle, member, permission, &place, at);
                }
            }
        }
    }
}

fn compare_answers(state: &AccessState, oracle: &Oracle, subject: &str, permission: &str, place: &Place, at: Time) {
    let scope = match place {
        Place::Organisation => None,
        Place::Scope(scope) => Some(scope.as_str()),
    };
    for owner in [Owner::Unnamed, Owner::Subject, Owner::Other] {
        let named = match owner {
            Owner::Unnamed => None,
            Owner::Subject => Some(subject),
            Owner::Other => Some("somebody-else"),
        };
        let request = Request { subject, permission, scope, owner: named, at };
        let decision = evaluate(state, &request);
        let given = match &decision {
            Decision::Allowed { only_own } => Answer::Allowed { only_own: *only_own },
            Decision::Denied(denial) if denial.kind() == DenialKind::NotFound => Answer::NotFound,
            Decision::Denied(_) => Answer::Forbidden,
        };
        let expected = if matches!(place, Place::Scope(scope) if !oracle.scopes.contains_key(scope)) {
            // Nobody finds what is not there; who is shut out learns only that.
            if oracle.takes_part(subject, at) && oracle.permissions.contains_key(permission)
                || !oracle.members.contains_key(subject)
            {
                Answer::NotFound
            } else {
                Answer::Forbidden
            }
        } else {
            oracle.answer(subject, permission, place, owner, at)
        };
        assert_eq!(given, expected, "{request:?} was answered {decision:?}");
        compare_explanation(state, &request, &decision);
    }
}

fn compare_explanation(state: &AccessState, request: &Request<'_>, decision: &Decision) {
    let permission = state.profile().and_then(|profile| profile.permission_ix(request.permission));
    let (Some(subject), Some(permission)) = (state.member_ix(request.subject), permission) else { return };
    let ownership = match request.owner {
        None => Ownership::Unnamed,
        Some(owner) if owner == request.subject => Ownership::Subject,
        Some(_) => Ownership::Other,
    };
    let place = access::Place::named(state, request.scope);
    let explanation = explain(state, &Question { subject, permission, place, ownership, at: request.at });
    assert_eq!(explanation.decision, *decision, "{request:?}");
    for cause in &explanation.causes {
        assert!((1..=state.position()).contains(&cause.position), "{request:?}: {cause:?}");
    }
    assert!(!decision.is_allowed() || !explanation.causes.is_empty(), "{request:?} is allowed for no reason");
}

fn compare_holdings(world: &World, oracle: &Oracle, member: &str, place: &Place, at: Time) {
    let state = &world.state;
    let Some(ix) = state.member_ix(member) else { return };
    let named = match place {
        Place::Organisation => access::Place::Organisation,
        Place::Scope(scope) => access::Place::named(state, Some(scope)),
    };
    let actual = holdings(state, ix, named, at, access::Reading::Actual);
    let potential = holdings(state, ix, named, at, access::Reading::Potential);
    let profile = state.profile().unwrap();
    assert_eq!(profile.permissions().len(), oracle.permissions.len());
    let hands = [Reading::Actual, Reading::Potential].map(|reading| match place {
        Place::Scope(scope) if !oracle.scopes.contains_key(scope) => None,
        _ => oracle.hand(member, place, at, reading),
    });
    for permission in profile.permissions() {
        let key = permission.key.as_str();
        let number = profile.permission_ix(key).unwrap();
        let ask = |ownership| {
            let question = Question { subject: ix, permission: number, place: named, ownership, at };
            access::evaluate_question(state, &question).is_allowed()
        };
        assert_eq!(actual.any.contains(number), ask(Ownership::Unnamed), "{member} {key} {place:?} {at}");
        assert_eq!(actual.full.contains(number), ask(Ownership::Other), "{member} {key} {place:?} {at}");
        for (holdings, hand) in [(&actual, &hands[0]), (&potential, &hands[1])] {
            let grip = match (holdings.any.contains(number), holdings.full.contains(number)) {
                (_, true) => Grip::Full,
                (true, false) => Grip::Own,
                (false, false) => Grip::No,
            };
            let expected = hand.as_ref().map_or(Grip::No, |hand| oracle.grip(hand, key));
            assert_eq!(grip, expected, "{member} {key} {place:?} {at}");
        }
    }
}

pub(crate) fn the_evaluation_agrees_with_the_oracle(profile: &str, script: &Script) {
    let mut asked = 0;
    let world = play(profile, script, |world, _| {
        asked += 1;
        if asked % 40 == 0 {
            compare(world);
        }
    });
    compare(&world);
}

mod the_evaluation_agrees_with_the_oracle {
    crate::on_every_profile!(super::the_evaluation_agrees_with_the_oracle, 8, 0..100);
}
