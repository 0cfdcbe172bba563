//! Taking over events of another store.

use chancery::store::{Adopted, AdoptedKey, Adoption, Range, StoreError};

use super::{Place, Row, assert_gapless, event, next, page, request, rows, with_key};

fn adopted(organisation: &str, position: u64) -> Adopted {
    Adopted {
        organisation: organisation.to_owned(),
        position,
        event: event(&format!("{organisation}/manager"), position),
    }
}

fn adoption(events: impl IntoIterator<Item = (&'static str, u64)>) -> Adoption {
    let events = events.into_iter().map(|(organisation, position)| adopted(organisation, position)).collect();
    Adoption { events, ..Adoption::default() }
}

fn key(organisation: &str, key: &str, fingerprint: &str, positions: (u64, u64)) -> AdoptedKey {
    AdoptedKey {
        organisation: organisation.to_owned(),
        key: key.to_owned(),
        fingerprint: fingerprint.to_owned(),
        first_position: positions.0,
        last_position: positions.1,
    }
}

pub(super) async fn events_are_taken_over_as_they_are_in_their_order(place: &impl Place) {
    let store = place.open().await;
    let mut wanted = adoption([("acme", 1), ("other", 1), ("acme", 2), ("acme", 3), ("other", 2)]);
    let strange = &mut wanted.events[2].event;
    (strange.payload, strange.metadata) = (r#"{"a" : 1.0e0, "ü":"\u0000"}"#.to_owned(), "not JSON".to_owned());
    store.adopt(wanted.clone()).await.unwrap();
    let there: Vec<(u64, Adopted)> = rows(&*store, Range::Store { after: 0 })
        .await
        .into_iter()
        .map(|Row { global_position, organisation, position, event }| {
            (global_position, Adopted { organisation, position, event })
        })
        .collect();
    assert_eq!(there, (1..).zip(wanted.events).collect::<Vec<_>>());
    // The log goes on as any other.
    store.append(next("acme", 3)).await.unwrap();
    store.adopt(adoption([("other", 3), ("new", 1)])).await.unwrap();
    store.append(next("new", 1)).await.unwrap();
    assert_gapless(&*store, "other", 3).await;
    assert_gapless(&*store, "new", 2).await;
    assert_eq!(store.changed(0, std::time::Duration::MAX).await.unwrap(), 9);
}

pub(super) async fn an_event_that_does_not_follow_is_refused_and_nothing_is_written(place: &impl Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=2)).await.unwrap();
    for (events, expected, head) in [
        (adoption([("other", 1), ("acme", 4)]), 3, 2),
        (adoption([("other", 1), ("acme", 2)]), 1, 2),
        (adoption([("acme", 3), ("acme", 5)]), 4, 3),
        (adoption([("other", 2)]), 1, 0),
    ] {
        match store.adopt(events).await {
            Err(StoreError::Conflict { expected: told, head: there, .. }) => {
                assert_eq!((told, there), (expected, head))
            }
            outcome => panic!("{outcome:?}"),
        }
    }
    let mut early = adoption([("other", 1), ("acme", 3)]);
    early.events[1].event.time = 1;
    assert!(matches!(store.adopt(early).await, Err(StoreError::Invalid(_))));
    let mut taken = adoption([("other", 1), ("acme", 3)]);
    taken.events[1].event.sequence = 2;
    let outcome = store.adopt(taken).await;
    assert!(matches!(&outcome, Err(StoreError::SequenceTaken { sequence: 2, .. })), "{outcome:?}");
    let mut unnamed = adoption([("other", 1), ("acme", 3)]);
    unnamed.events[1].event.event_type.clear();
    assert!(matches!(store.adopt(unnamed).await, Err(StoreError::Invalid(_))));

    assert_gapless(&*store, "acme", 2).await;
    assert_eq!(store.head("other").await.unwrap(), None);
    store.adopt(adoption([("acme", 3)])).await.unwrap();
    assert_gapless(&*store, "acme", 3).await;
}

pub(super) async fn a_global_head_that_is_another_is_refused(place: &impl Place) {
    let store = place.open().await;
    let at = |global_head, position| Adoption { global_head: Some(global_head), ..adoption([("acme", position)]) };
    store.adopt(at(0, 1)).await.unwrap();
    store.append(next("other", 0)).await.unwrap();
    let outcome = store.adopt(at(1, 2)).await;
    assert!(matches!(&outcome, Err(StoreError::Moved { expected: 1, head: 2 })), "{outcome:?}");
    store.adopt(at(2, 2)).await.unwrap();
    assert_gapless(&*store, "acme", 2).await;
}

pub(super) async fn a_key_that_was_taken_over_answers_as_the_first_time(place: &impl Place) {
    let store = place.open().await;
    store.append(next("other", 0)).await.unwrap();
    let keys = vec![key("acme", "a", "one", (1, 2)), key("acme", "b", "two", (3, 3))];
    let wanted = Adoption { keys: keys.clone(), ..adoption([("acme", 1), ("acme", 2), ("acme", 3)]) };
    store.adopt(wanted).await.unwrap();
    let again = store.append(with_key(request("acme", 0, 1..=2), "a", "one")).await.unwrap();
    assert_eq!((again.first_position, again.last_position, again.last_global_position), (1, 2, 3));
    assert!(again.repeated);
    let other = store.append(with_key(next("acme", 3), "b", "three")).await;
    assert!(matches!(other, Err(StoreError::KeyReused { .. })), "{other:?}");

    // Once more is nothing new; but a key cannot come to mean something else, nor without its events.
    store.adopt(Adoption { keys: keys.clone(), ..Adoption::default() }).await.unwrap();
    for other in [key("acme", "a", "other", (1, 2)), key("acme", "a", "one", (1, 3))] {
        let outcome = store.adopt(Adoption { keys: vec![other], ..adoption([("acme", 4)]) }).await;
        assert!(matches!(&outcome, Err(StoreError::KeyReused { key }) if key == "a"), "{outcome:?}");
    }
    let outcome = store.adopt(Adoption { keys: vec![key("acme", "c", "one", (4, 4))], ..Adoption::default() }).await;
    assert!(matches!(&outcome, Err(StoreError::Invalid(_))), "{outcome:?}");
    assert_gapless(&*store, "acme", 3).await;

    assert_eq!(store.keys("acme", "", 10).await.unwrap(), keys);
    assert_eq!(store.keys("acme", "", 1).await.unwrap(), keys[..1]);
    assert_eq!(store.keys("acme", "a", 10).await.unwrap(), keys[1..]);
    assert_eq!(store.keys("other", "", 10).await.unwrap(), []);
}

pub(super) async fn keys_are_listed_by_their_bytes(place: &impl Place) {
    let store = place.open().await;
    for (head, key) in ["ü", "a", "B", "a/b", "Z"].iter().enumerate() {
        store.append(with_key(next("acme", head as u64), key, "print")).await.unwrap();
    }
    let keys = store.keys("acme", "", 10).await.unwrap();
    let names: Vec<&str> = keys.iter().map(|key| key.key.as_str()).collect();
    assert_eq!(names, ["B", "Z", "a", "a/b", "ü"]);
    assert_eq!((keys[0].first_position, keys[0].last_position, keys[0].fingerprint.as_str()), (3, 3, "print"));
}

pub(super) async fn taking_over_and_appending_at_once_leave_no_gap(place: &impl Place) {
    let store = place.open().await;
    let appending = tokio::spawn({
        let store = store.clone();
        async move {
            for head in 0..50 {
                store.append(next("own", head)).await.unwrap();
            }
        }
    });
    for position in 0..25 {
        store.adopt(adoption([("acme", 2 * position + 1), ("acme", 2 * position + 2)])).await.unwrap();
    }
    appending.await.unwrap();
    assert_gapless(&*store, "acme", 50).await;
    assert_gapless(&*store, "own", 50).await;
    let all = page(&*store, Range::Store { after: 0 }, usize::MAX).await;
    assert!(all.iter().map(|row| row.global_position).eq(1..=100));
}

pub(super) async fn a_closed_store_takes_nothing_over(place: &impl Place) {
    let store = place.open().await;
    store.adopt(adoption([("acme", 1)])).await.unwrap();
    store.close().await;
    assert!(matches!(store.adopt(adoption([("acme", 2)])).await, Err(StoreError::Closed)));
    assert!(matches!(store.keys("acme", "", 1).await, Err(StoreError::Closed)));
}

pub(super) async fn what_was_taken_over_is_there_after_reopening(place: &impl Place) {
    let store = place.open().await;
    let keys = vec![key("acme", "a", "one", (1, 2))];
    store.adopt(Adoption { keys: keys.clone(), ..adoption([("acme", 1), ("acme", 2)]) }).await.unwrap();
    store.close().await;
    let store = place.open().await;
    assert_gapless(&*store, "acme", 2).await;
    assert_eq!(store.keys("acme", "", 10).await.unwrap(), keys);
    store.append(next("acme", 2)).await.unwrap();
}
