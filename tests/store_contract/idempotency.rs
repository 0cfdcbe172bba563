//! The same key answers with the first result again.

use chancery::store::{Appended, StoreError};

use super::{Place, assert_gapless, idempotency, next, request, with_key};

pub(crate) async fn a_retry_answers_as_the_first_time(place: &dyn Place) {
    let store = place.open().await;
    store.append(next("beta", 0)).await.unwrap();
    let request = with_key(request("acme", 0, 1..=2), "key", "found acme");
    assert_eq!(store.earlier("acme", &idempotency("key", "found acme")).await.unwrap(), None);
    let first = store.append(request.clone()).await.unwrap();
    assert_eq!(first, Appended { first_position: 1, last_position: 2, last_global_position: 3, repeated: false });
    store.append(next("acme", 2)).await.unwrap();

    let again = Appended { repeated: true, ..first };
    assert_eq!(store.append(request).await.unwrap(), again);
    assert_eq!(store.earlier("acme", &idempotency("key", "found acme")).await.unwrap(), Some(again));
    assert_gapless(&*store, "acme", 3).await;
}

pub(crate) async fn a_retry_is_answered_whatever_head_it_expects(place: &dyn Place) {
    let store = place.open().await;
    let first = store.append(with_key(request("acme", 0, 1..=2), "key", "same")).await.unwrap();
    for expected in [0, 1, 2, 99] {
        let retry = with_key(next("acme", expected), "key", "same");
        assert_eq!(store.append(retry).await.unwrap(), Appended { repeated: true, ..first });
    }
    assert_gapless(&*store, "acme", 2).await;
}

pub(crate) async fn concurrent_retries_do_the_work_once(place: &dyn Place) {
    let store = place.open().await;
    for round in 0..20 {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                let request = with_key(next("acme", round), &format!("key {round}"), "same");
                tokio::spawn(async move { store.append(request).await.unwrap() })
            })
            .collect();
        let mut first = 0;
        for task in tasks {
            let appended = task.await.unwrap();
            assert_eq!(appended.last_position, round + 1);
            first += u32::from(!appended.repeated);
        }
        assert_eq!(first, 1);
    }
    assert_gapless(&*store, "acme", 20).await;
}

pub(crate) async fn a_key_cannot_be_reused_for_another_request(place: &dyn Place) {
    let store = place.open().await;
    store.append(with_key(next("acme", 0), "key", "one")).await.unwrap();
    match store.append(with_key(next("acme", 1), "key", "other")).await {
        Err(StoreError::KeyReused { key }) => assert_eq!(key, "key"),
        other => panic!("{other:?}"),
    }
    let earlier = store.earlier("acme", &idempotency("key", "other")).await;
    assert!(matches!(earlier, Err(StoreError::KeyReused { .. })), "{earlier:?}");
    assert_gapless(&*store, "acme", 1).await;
}

pub(crate) async fn a_key_belongs_to_its_organisation(place: &dyn Place) {
    let store = place.open().await;
    for organisation in ["acme", "Acme", "beta"] {
        let appended = store.append(with_key(next(organisation, 0), "key", organisation)).await.unwrap();
        assert!(!appended.repeated);
    }
    assert!(!store.append(with_key(next("acme", 1), "Key", "another case")).await.unwrap().repeated);
}

pub(crate) async fn a_refused_request_does_not_use_its_key_up(place: &dyn Place) {
    let store = place.open().await;
    let stale = store.append(with_key(next("acme", 5), "key", "same")).await;
    assert!(matches!(stale, Err(StoreError::Conflict { .. })), "{stale:?}");
    assert_eq!(store.earlier("acme", &idempotency("key", "same")).await.unwrap(), None);
    assert!(!store.append(with_key(next("acme", 0), "key", "same")).await.unwrap().repeated);
}
