//! `effective_permissions` says what `evaluate` says: for everybody, everything and everywhere, now
//! and at past instants.

use std::collections::BTreeSet;

use chancery::aggregates::AccessState;
use chancery::aggregates::access::{Decision, Ownership, Place, Question, evaluate_question};
use chancery::aggregates::event::{Metadata, Recorded};
use chancery::aggregates::vocabulary::Time;
use proptest::prelude::*;

use super::database::{Answer, Database};
use crate::world::{Script, World, play, scripts};

/// Member, permission, scope, and whether only for what is the member's own.
type Held = BTreeSet<(String, String, String, bool)>;

fn evaluated(state: &AccessState, at: Time) -> Held {
    let profile = state.profile().unwrap();
    let mut places = vec![(Place::Organisation, String::new())];
    places.extend(state.scopes().map(|(ix, scope)| (Place::Scope(ix), scope.id.to_string())));
    let mut held = Held::new();
    for (subject, member) in state.members() {
        for key in profile.permissions().iter().map(|permission| &permission.key) {
            let permission = profile.permission_ix(key.as_str()).unwrap();
            for (place, scope) in &places {
                let question = Question { subject, permission, place: *place, ownership: Ownership::Unnamed, at };
                if let Decision::Allowed { only_own } = evaluate_question(state, &question) {
                    held.insert((member.id.to_string(), key.to_string(), scope.clone(), only_own));
                }
            }
        }
    }
    held
}

fn told(answer: &Answer) -> Held {
    let column = |name: &str| answer.columns.iter().position(|column| column == name).unwrap();
    let columns = ["member", "permission", "scope", "only_own"].map(column);
    let mut held = Held::new();
    for row in &answer.rows {
        let [member, permission, scope, only_own] = columns.map(|at| row[at].clone().unwrap());
        assert!(held.insert((member, permission, scope, only_own == "1" || only_own == "t")), "{row:?} twice");
    }
    held
}

fn assert_same(found: &Held, expected: &Held, context: &str) {
    let (missing, surplus) = (expected.difference(found).next(), found.difference(expected).next());
    assert!(missing.is_none() && surplus.is_none(), "{context}: missing {missing:?}, too much {surplus:?}");
}

fn events(world: &World) -> Vec<Recorded> {
    let recorded = |line: &crate::world::Line| Recorded {
        stamp: line.stamp,
        global_position: line.stamp.position,
        sequence: 1,
        event: line.event.clone(),
        metadata: Metadata { actor: line.actor.to_string(), ..Metadata::default() },
    };
    world.log.iter().map(recorded).collect()
}

fn state_at(events: &[Recorded], at: Time) -> AccessState {
    let mut state = AccessState::default();
    for recorded in events.iter().take_while(|recorded| recorded.stamp.time <= at) {
        state.apply(&recorded.event, recorded.stamp);
    }
    state
}

fn sql_says_what_evaluate_says(database: &Database, profile: &str, script: &Script) {
    let world = play(profile, script, |_, _| {});
    let events = events(&world);
    database.project(&events);
    // Windows and documents that the history ends with turn later.
    let later = [1, 30].map(|days| world.now + chrono::TimeDelta::days(days));
    let past = events.iter().rev().step_by(29).take(5).map(|recorded| recorded.stamp.time);
    for at in past.chain(later) {
        let expected = evaluated(&state_at(&events, at), at);
        let found = told(&database.query(&database.effective_at("org", at.timestamp_micros())));
        assert_same(&found, &expected, &format!("{} at {at}", database.name()));
    }
    // A history may go on beyond this moment: the current rows are those at its end.
    let now = chrono::Utc::now();
    let found = told(&database.query("SELECT * FROM effective_permissions WHERE organisation = 'org'"));
    assert_same(&found, &evaluated(&world.state, now), database.name());
}

/// `CHANCERY_PROPTEST_CASES=20 cargo test --test sql_tables` looks harder.
fn cases() -> ProptestConfig {
    let wanted = std::env::var("CHANCERY_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = wanted.unwrap_or(2);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 50, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn sqlite_says_what_evaluate_says(
        propops in scripts(0..100), proplink in scripts(0..120), workspace in scripts(0..120), buildings in scripts(0..120)
    ) {
        sql_says_what_evaluate_says(&Database::sqlite(), "propops", &propops);
        sql_says_what_evaluate_says(&Database::sqlite(), "proplink", &proplink);
        sql_says_what_evaluate_says(&Database::sqlite(), "workspace", &workspace);
        sql_says_what_evaluate_says(&Database::sqlite(), "buildings", &buildings);
    }

    #[test]
    fn postgres_says_what_evaluate_says(
        propops in scripts(0..100), proplink in scripts(0..120), workspace in scripts(0..120), buildings in scripts(0..120)
    ) {
        sql_says_what_evaluate_says(&Database::postgres(), "propops", &propops);
        sql_says_what_evaluate_says(&Database::postgres(), "proplink", &proplink);
        sql_says_what_evaluate_says(&Database::postgres(), "workspace", &workspace);
        sql_says_what_evaluate_says(&Database::postgres(), "buildings", &buildings);
    }
}
