//! What a store must still know when it is opened again, or by somebody else.

use chancery::store::{Range, StoreError};

use super::{Place, append_next, assert_gapless, next, request, rows, with_key};

pub(crate) async fn everything_is_there_after_reopening(place: &dyn Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=7)).await.unwrap();
    let before = rows(&*store, Range::Store { after: 0 }).await;
    store.close().await;

    let store = place.open().await;
    assert_eq!(rows(&*store, Range::Store { after: 0 }).await, before);
    assert_eq!(store.append(next("acme", 7)).await.unwrap().last_global_position, 8);
    assert_gapless(&*store, "acme", 8).await;
}

pub(crate) async fn a_store_dropped_without_closing_loses_nothing(place: &dyn Place) {
    for head in 0..20 {
        let store = place.open().await;
        store.append(next("acme", head)).await.unwrap();
        drop(store);
    }
    assert_gapless(&*place.open().await, "acme", 20).await;
}

pub(crate) async fn a_retry_is_answered_after_reopening(place: &dyn Place) {
    let request = with_key(next("acme", 0), "key", "same");
    let store = place.open().await;
    store.append(request.clone()).await.unwrap();
    store.close().await;
    assert!(place.open().await.append(request).await.unwrap().repeated);
}

pub(crate) async fn two_handles_append_to_one_organisation_without_a_gap(place: &dyn Place) {
    let (one, other) = (place.open().await, place.open().await);
    let tasks = [one.clone(), other, one.clone()].map(|store| {
        tokio::spawn(async move {
            for _ in 0..50 {
                append_next(&*store, "acme").await;
            }
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    assert_gapless(&*one, "acme", 150).await;
}

pub(crate) async fn a_conflict_with_another_handle_is_seen(place: &dyn Place) {
    let (one, other) = (place.open().await, place.open().await);
    one.append(next("acme", 0)).await.unwrap();
    let stale = other.append(next("acme", 0)).await;
    assert!(matches!(stale, Err(StoreError::Conflict { head: 1, .. })), "{stale:?}");
    other.append(next("acme", 1)).await.unwrap();
    assert_gapless(&*one, "acme", 2).await;
}
