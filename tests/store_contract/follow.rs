//! Waiting for news.

use std::sync::Arc;
use std::time::Duration;

use chancery::store::StoreError;

use super::{Place, next};

/// Longer than any of these tests: whoever waits so long was not woken.
pub(super) const LONG: Duration = Duration::from_secs(120);

pub(super) async fn what_is_there_already_is_told_at_once(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.changed(0, Duration::ZERO).await.unwrap(), 0);
    store.append(next("acme", 0)).await.unwrap();
    store.append(next("other", 0)).await.unwrap();
    assert_eq!(store.changed(0, LONG).await.unwrap(), 2);
    assert_eq!(store.changed(1, LONG).await.unwrap(), 2);
}

pub(super) async fn a_wait_in_vain_ends_and_tells_the_head(place: &impl Place) {
    let store = place.open().await;
    store.append(next("acme", 0)).await.unwrap();
    assert_eq!(store.changed(1, Duration::from_millis(30)).await.unwrap(), 1);
    assert_eq!(store.changed(100, Duration::ZERO).await.unwrap(), 1);
}

pub(super) async fn an_append_wakes_all_who_wait(place: &impl Place) {
    let store = place.open().await;
    store.append(next("acme", 0)).await.unwrap();
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.changed(1, LONG).await.unwrap() })
        })
        .collect();
    tokio::task::yield_now().await;
    store.append(next("acme", 1)).await.unwrap();
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), 2);
    }
}

pub(super) async fn whoever_waits_from_news_to_news_misses_nothing(place: &impl Place) {
    const COUNT: u64 = 100;
    let store = place.open().await;
    let writer = Arc::clone(&store);
    let writing = tokio::spawn(async move {
        for head in 0..COUNT {
            writer.append(next("acme", head)).await.unwrap();
        }
    });
    let mut seen = 0;
    while seen < COUNT {
        let head = store.changed(seen, LONG).await.unwrap();
        assert!(head > seen);
        seen = head;
    }
    writing.await.unwrap();
    assert_eq!(seen, COUNT);
}

pub(super) async fn a_wait_that_is_dropped_leaves_the_others_waiting(place: &impl Place) {
    let store = place.open().await;
    let wait = || {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.changed(0, LONG).await.unwrap() })
    };
    let (first, second) = (wait(), wait());
    tokio::time::sleep(Duration::from_millis(50)).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    place.open().await.append(next("acme", 0)).await.unwrap();
    assert_eq!(second.await.unwrap(), 1);
}

pub(super) async fn closing_ends_the_waiting(place: &impl Place) {
    let store = place.open().await;
    let waiting = Arc::clone(&store);
    let waiting = tokio::spawn(async move { waiting.changed(0, LONG).await });
    tokio::task::yield_now().await;
    store.close().await;
    assert!(matches!(waiting.await.unwrap(), Err(StoreError::Closed)));
    assert!(matches!(store.changed(0, LONG).await, Err(StoreError::Closed)));
}

pub(super) async fn an_append_of_another_handle_wakes_who_waits(place: &impl Place) {
    let (one, other) = (place.open().await, place.open().await);
    for head in 0..20 {
        let waiting = Arc::clone(&one);
        let waiting = tokio::spawn(async move { waiting.changed(head, LONG).await.unwrap() });
        other.append(next("acme", head)).await.unwrap();
        assert_eq!(waiting.await.unwrap(), head + 1);
    }
}
