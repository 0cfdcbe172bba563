//! Engines that follow one log, each with a store of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chancery::aggregates::command::{Command, MemberCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId};
use chancery::engine::{Context, Engine, EngineError, Follower, Request};

use super::watched::Watched;
use crate::store_contract::{Place, postgres::ServerPlace, sqlite::FilePlace};

/// Longer than any of these tests.
const LONG: Duration = Duration::from_secs(120);

fn acme() -> OrganisationId {
    OrganisationId::known("acme")
}

async fn founded(place: &impl Place) -> Engine {
    let engine = Engine::new(place.open().await);
    let profile = check(BUILT_IN.iter().find(|(name, _)| *name == "workspace").unwrap().1).unwrap();
    let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
    engine.found(&acme(), "Acme", &profile, &founder, Context::default()).await.unwrap();
    engine
}

/// Adds a member; the position of the log afterwards.
async fn add(engine: &Engine, member: &str) -> u64 {
    let add = MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: None,
        details: Details::default(),
        scope: None,
    };
    let request = Request {
        organisation: acme(),
        commands: vec![Command::Member(MemberId::known(member), add)],
        actor: Actor::Member(MemberId::known("founder")),
        context: Context::default(),
        idempotency_key: None,
    };
    engine.execute(request).await.unwrap().position
}

/// Waits until the follower has what the store has, without ever asking for it by position.
async fn comes_to(follower: &Follower, position: u64) {
    let reached = async {
        while follower.state(&acme()).await.unwrap().position() < position {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LONG, reached).await.expect("the follower never came to the position");
}

async fn a_follower_answers_without_asking_and_sees_what_others_write(place: &impl Place) {
    let writer = founded(place).await;
    let watched = Watched::new(place.open().await);
    let follower = Engine::new(watched.clone()).follow(LONG);
    while !follower.is_abreast() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    follower.state(&acme()).await.unwrap();
    for round in 0..10 {
        let position = add(&writer, &format!("member-{round}")).await;
        comes_to(&follower, position).await;
        let before = watched.questions.load(Ordering::SeqCst);
        for _ in 0..100 {
            let state = follower.state(&acme()).await.unwrap();
            assert!(state.member_by_id(&format!("member-{round}")).is_some());
        }
        assert_eq!(watched.questions.load(Ordering::SeqCst), before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_on_sqlite_answers_without_asking_and_sees_what_others_write() {
    a_follower_answers_without_asking_and_sees_what_others_write(&FilePlace::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_on_postgres_answers_without_asking_and_sees_what_others_write() {
    a_follower_answers_without_asking_and_sees_what_others_write(&ServerPlace::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_hears_nothing_asks_the_store_for_every_answer() {
    let place = FilePlace::new();
    let writer = founded(&place).await;
    let watched = Watched::new(place.open().await);
    watched.deaf.store(true, Ordering::SeqCst);
    let follower = Engine::new(watched.clone()).follow(LONG);
    for round in 0..10 {
        let position = add(&writer, &format!("member-{round}")).await;
        assert_eq!(follower.state(&acme()).await.unwrap().position(), position);
        assert!(!follower.is_abreast());
    }
    watched.deaf.store(false, Ordering::SeqCst);
    while !follower.is_abreast() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_without_patience_asks_the_store_for_every_answer() {
    let place = FilePlace::new();
    let writer = founded(&place).await;
    let follower = Engine::new(place.open().await).follow(Duration::ZERO);
    for round in 0..20 {
        let position = add(&writer, &format!("member-{round}")).await;
        assert_eq!(follower.state(&acme()).await.unwrap().position(), position);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organisations_that_are_loaded_while_others_write_are_not_left_behind() {
    let place = FilePlace::new();
    let writer = Arc::new(founded(&place).await);
    for round in 0..20 {
        let follower = Engine::new(place.open().await).follow(LONG);
        while !follower.is_abreast() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The load and the write at the same time, in either order.
        let name = format!("member-{round}");
        let acme = acme();
        let (state, position) = tokio::join!(follower.state(&acme), add(&writer, &name));
        state.unwrap();
        comes_to(&follower, position).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_least_a_position_waits_for_another_process() {
    let (file, server) = (FilePlace::new(), ServerPlace::new());
    for place in [&file as &dyn Place, &server] {
        let reader = Engine::new(place.open().await);
        // Not even the organisation is there yet.
        let waiting = tokio::spawn({
            let reader = reader.clone();
            async move { reader.state_at_least(&acme(), 1, LONG).await.unwrap().position() }
        });
        let writer = Engine::new(place.open().await);
        let profile = check(BUILT_IN[0].1).unwrap();
        let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
        let outcome = writer.found(&acme(), "Acme", &profile, &founder, Context::default()).await.unwrap();
        assert_eq!(waiting.await.unwrap(), outcome.position);
        let waiting = tokio::spawn({
            let reader = reader.clone();
            async move { reader.state_at_least(&acme(), outcome.position + 1, LONG).await.unwrap().position() }
        });
        let position = add(&writer, "tom").await;
        assert!(waiting.await.unwrap() <= position);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_that_does_not_come_is_told_with_where_the_organisation_stands() {
    let place = FilePlace::new();
    let engine = founded(&place).await;
    let head = engine.state(&acme()).await.unwrap().position();
    for wait in [Duration::ZERO, Duration::from_millis(50)] {
        match engine.state_at_least(&acme(), head + 3, wait).await {
            Err(EngineError::Behind { organisation, asked, head: told, waited }) => {
                assert_eq!((organisation.as_str(), asked, told, waited), ("acme", head + 3, head, wait));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(engine.state_at_least(&acme(), head, wait).await.unwrap().position(), head);
        let unknown = engine.state_at_least(&OrganisationId::known("acne"), 1, wait).await;
        assert!(matches!(unknown, Err(EngineError::Refused { .. })), "{unknown:?}");
    }
}
