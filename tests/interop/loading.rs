//! Loading our aggregates with `cqrs-es`.

use chancery::interop::{InteropError, LogRepository, Member, Organisation, Role, Scope, aggregate_id};
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore, PersistenceError, QueryReplay};
use cqrs_es::{Aggregate, AggregateContext as _, EventStore as _};

use super::following::Seen;
use super::{acme, add, append_from_the_future, execute, found};
use crate::store_contract::Place;

async fn loaded<A: Aggregate>(repository: &LogRepository, id: &str) -> A {
    let store = PersistedEventStore::<_, A>::new_event_store(repository.clone());
    std::mem::take(store.load_aggregate(&aggregate_id("acme", id)).await.unwrap().aggregate())
}

pub(super) async fn an_aggregate_is_loaded_as_the_engine_has_it(place: &dyn Place) {
    let (engine, store) = acme(place).await;
    let state = engine.state(&chancery::aggregates::vocabulary::OrganisationId::known("acme")).await.unwrap();
    let repository = LogRepository::new(store);
    assert_eq!(loaded::<Organisation>(&repository, "").await, Organisation::of(&state));
    assert_eq!(loaded::<Role>(&repository, "auditor").await, Role::of(&state, state.role_by_id("auditor").unwrap()));
    assert_eq!(loaded::<Member>(&repository, "tom").await, Member::of(&state, state.member_by_id("tom").unwrap()));
    assert_eq!(loaded::<Scope>(&repository, "nowhere").await, Scope::default());
    assert_ne!(loaded::<Role>(&repository, "auditor").await, Role::default());
}

pub(super) async fn events_are_listed_with_their_positions(place: &dyn Place) {
    let (_, store) = acme(place).await;
    let repository = LogRepository::new(store.clone());
    let last = repository.get_last_events::<Role>("acme/auditor", 1).await.unwrap();
    let [renamed] = last.as_slice() else { panic!("{last:?}") };
    assert_eq!(
        (renamed.sequence, renamed.event_type.as_str(), renamed.event_version.as_str()),
        (2, "RoleRenamed", "1")
    );
    assert_eq!(
        (renamed.metadata["actor"].as_str(), renamed.metadata["organisation"].as_str()),
        (Some("founder"), Some("acme"))
    );
    let head = store.head("acme").await.unwrap().unwrap();
    let tom = repository.get_events::<Member>("acme/tom").await.unwrap();
    let position = tom.last().unwrap().metadata["position"].as_str().unwrap();
    assert_eq!(position, head.position.to_string());
    assert!(repository.get_snapshot::<Role>("acme/auditor").await.unwrap().is_none());
}

pub(super) async fn all_events_of_a_type_are_streamed_in_the_order_of_the_log(place: &dyn Place) {
    let (engine, store) = acme(place).await;
    found(&engine, "globex").await;
    for number in 0..600 {
        // Two events each: more than are read at once.
        execute(&engine, if number % 2 == 0 { "acme" } else { "globex" }, add(&format!("member-{number}"))).await;
    }
    let seen = Seen::default();
    let replay = QueryReplay::<_, _, Member>::new(LogRepository::new(store), seen.clone());
    replay.replay_all().await.unwrap();
    let all = seen.take();
    assert!(all.len() > 1000, "{}", all.len());
    assert!(all.is_sorted_by(|before, after| before.global_position < after.global_position));
    let joined =
        |organisation: &str| all.iter().filter(|one| one.is("MemberAdded") && one.organisation == organisation).count();
    assert_eq!((joined("acme"), joined("globex")), (302, 301));

    replay.replay("acme/tom").await.unwrap();
    assert!(seen.take().iter().all(|one| one.aggregate_id == "acme/tom"));
}

pub(super) async fn nothing_is_written_through_a_repository(place: &dyn Place) {
    let (_, store) = acme(place).await;
    let head = store.head("acme").await.unwrap();
    let repository = LogRepository::new(store.clone());
    let events = repository.get_events::<Role>("acme/auditor").await.unwrap();
    let refused = repository.persist::<Role>(&events, None).await.unwrap_err();
    assert_eq!(refused.to_string(), InteropError::ReadOnly.to_string());
    assert_eq!(store.head("acme").await.unwrap(), head);
}

pub(super) async fn a_log_that_cannot_be_read_ends_a_stream_with_an_error(place: &dyn Place) {
    let (_, store) = acme(place).await;
    append_from_the_future(&*store, "acme").await;
    let repository = LogRepository::new(store.clone());
    for mut stream in [
        repository.stream_all_events::<Role>().await.unwrap(),
        repository.stream_events::<Role>("acme/auditor").await.unwrap(),
    ] {
        let (mut read, mut last) = (0, None);
        while let Some(event) = stream.next::<Role>(&[]).await {
            read += usize::from(event.is_ok());
            last = Some(event);
        }
        assert!(read >= 2, "{read}");
        let Some(Err(error @ PersistenceError::DeserializationError(_))) = last else { panic!("{last:?}") };
        assert!(error.to_string().contains("`RoleTeleported`"), "{error}");
    }
    store.close().await;
    let closed = repository.get_events::<Role>("acme/auditor").await;
    assert!(matches!(closed, Err(PersistenceError::ConnectionError(_))), "{closed:?}");
}
