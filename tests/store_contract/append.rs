//! Appending: positions, conflicts, what is refused.

use std::time::Duration;

use chancery::store::{Appended, Range, StoreError};

use super::{Place, all, append_next, assert_gapless, event, next, request, rows};

pub(crate) async fn positions_are_gapless_from_one(place: &dyn Place) {
    let store = place.open().await;
    let first = store.append(request("acme", 0, 1..=3)).await.unwrap();
    let second = store.append(request("acme", 3, 4..=4)).await.unwrap();
    let other = store.append(request("beta", 0, 1..=2)).await.unwrap();
    let appended = |first_position, last_position, last_global_position| Appended {
        first_position,
        last_position,
        last_global_position,
        repeated: false,
    };
    assert_eq!((first, second, other), (appended(1, 3, 3), appended(4, 4, 4), appended(1, 2, 6)));
    assert_gapless(&*store, "acme", 4).await;
    assert_gapless(&*store, "beta", 2).await;
}

pub(crate) async fn many_tasks_append_to_one_organisation_without_a_gap(place: &dyn Place) {
    let store = place.open().await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    append_next(&*store, "acme").await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_gapless(&*store, "acme", 160).await;
}

pub(crate) async fn many_tasks_append_to_many_organisations(place: &dyn Place) {
    let store = place.open().await;
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for head in 0..25 {
                    let appended = store.append(next(&format!("organisation {task}"), head)).await.unwrap();
                    assert_eq!((appended.first_position, appended.last_position), (head + 1, head + 1));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for task in 0..16 {
        assert_gapless(&*store, &format!("organisation {task}"), 25).await;
    }
    let globals: Vec<u64> =
        rows(&*store, Range::Store { after: 0 }).await.iter().map(|row| row.global_position).collect();
    assert_eq!(globals, (1..=400).collect::<Vec<_>>());
}

pub(crate) async fn a_stale_head_is_a_conflict_and_nothing_is_written(place: &dyn Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=2)).await.unwrap();
    for expected in [0, 1, 3, u64::MAX] {
        let mut stale = request("acme", expected, 3..=3);
        stale.events[0].time = 0; // The conflict is told first: a stale caller cannot know better.
        match store.append(stale).await {
            Err(StoreError::Conflict { organisation, expected: told, head }) => {
                assert_eq!((organisation.as_str(), told, head), ("acme", expected, 2));
            }
            other => panic!("{other:?}"),
        }
    }
    let unknown = store.append(request("beta", 7, 1..=1)).await;
    assert!(matches!(unknown, Err(StoreError::Conflict { head: 0, .. })), "{unknown:?}");
    assert_gapless(&*store, "acme", 2).await;
    assert_eq!(store.head("beta").await.unwrap(), None);
}

pub(crate) async fn a_sequence_cannot_be_taken_twice(place: &dyn Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=2)).await.unwrap();
    // Its first event would be fine: it must go with the second.
    let mut taken = request("acme", 2, 3..=3);
    taken.events.push(event("acme/manager", 2));
    taken.events[1].time = 3;
    match store.append(taken).await {
        Err(StoreError::SequenceTaken { aggregate_id, sequence }) => {
            assert_eq!((aggregate_id.as_str(), sequence), ("acme/manager", 2));
        }
        other => panic!("{other:?}"),
    }
    assert_gapless(&*store, "acme", 2).await;
    store.append(next("acme", 2)).await.unwrap();
    assert_gapless(&*store, "acme", 3).await;
}

pub(crate) async fn a_sequence_cannot_be_taken_twice_within_a_request(place: &dyn Place) {
    let store = place.open().await;
    let mut twice = request("acme", 0, 1..=1);
    twice.events.push(event("acme/manager", 1));
    let outcome = store.append(twice).await;
    assert!(matches!(outcome, Err(StoreError::SequenceTaken { sequence: 1, .. })), "{outcome:?}");
    assert_eq!(store.heads().await.unwrap(), []);
}

pub(crate) async fn a_refused_request_does_not_harm_those_beside_it(place: &dyn Place) {
    let store = place.open().await;
    store.append(next("taken", 0)).await.unwrap();
    let tasks: Vec<_> = (0..60)
        .map(|task| {
            let store = store.clone();
            let organisation = format!("organisation {task}");
            tokio::spawn(async move {
                let mut request = next(&organisation, 0);
                match task % 3 {
                    0 => {
                        request.events[0].aggregate_id = "taken/manager".to_owned();
                        let outcome = store.append(request).await;
                        assert!(matches!(outcome, Err(StoreError::SequenceTaken { .. })), "{outcome:?}");
                    }
                    1 => {
                        request.expected_head = 9;
                        let outcome = store.append(request).await;
                        assert!(matches!(outcome, Err(StoreError::Conflict { .. })), "{outcome:?}");
                    }
                    _ => {
                        store.append(request).await.unwrap();
                        assert_gapless(&*store, &organisation, 1).await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let globals: Vec<u64> =
        rows(&*store, Range::Store { after: 0 }).await.iter().map(|row| row.global_position).collect();
    assert_eq!(globals, (1..=21).collect::<Vec<_>>());
}

pub(crate) async fn names_are_case_sensitive(place: &dyn Place) {
    let store = place.open().await;
    for organisation in ["Acme", "acme", "ACME", "ácme", "Ácme"] {
        store.append(next(organisation, 0)).await.unwrap();
    }
    assert_eq!(rows(&*store, all("acme")).await.len(), 1);
    assert_eq!(rows(&*store, all("Acme")).await[0].organisation, "Acme");
    let names: Vec<String> = store.heads().await.unwrap().into_iter().map(|head| head.organisation).collect();
    assert_eq!(names, ["ACME", "Acme", "acme", "Ácme", "ácme"]);
}

pub(crate) async fn a_request_without_events_is_invalid(place: &dyn Place) {
    let store = place.open().await;
    let mut empty = next("acme", 0);
    empty.events.clear();
    let outcome = store.append(empty).await;
    assert!(matches!(outcome, Err(StoreError::Invalid(_))), "{outcome:?}");
}

pub(crate) async fn empty_names_and_nul_characters_are_invalid(place: &dyn Place) {
    let store = place.open().await;
    let spoil: [fn(&mut chancery::store::Append); 9] = [
        |request| request.organisation.clear(),
        |request| request.organisation.push('\0'),
        |request| request.idempotency = Some(super::idempotency("", "fingerprint")),
        |request| request.idempotency = Some(super::idempotency("key", "")),
        |request| request.events[0].aggregate_id.clear(),
        |request| request.events[0].event_type.clear(),
        |request| request.events[0].payload.push('\0'),
        |request| request.events[0].sequence = 0,
        |request| request.events[0].sequence = u64::MAX,
    ];
    for spoil in spoil {
        let mut request = next("acme", 0);
        spoil(&mut request);
        let outcome = store.append(request).await;
        assert!(matches!(outcome, Err(StoreError::Invalid(_))), "{outcome:?}");
    }
    assert_eq!(store.heads().await.unwrap(), []);
}

pub(crate) async fn time_cannot_go_backwards_within_an_organisation(place: &dyn Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=5)).await.unwrap();
    let mut earlier = next("acme", 5);
    earlier.events[0].time = 4;
    let outcome = store.append(earlier).await;
    assert!(matches!(outcome, Err(StoreError::Invalid(_))), "{outcome:?}");

    let mut falling = request("acme", 5, 6..=7);
    falling.events[0].time = 8;
    let outcome = store.append(falling).await;
    assert!(matches!(outcome, Err(StoreError::Invalid(_))), "{outcome:?}");

    let mut same = next("acme", 5);
    same.events[0].time = 5;
    store.append(same).await.unwrap();
    assert_eq!(store.head("acme").await.unwrap().map(|head| (head.position, head.time)), Some((6, 5)));
}

pub(crate) async fn time_may_differ_between_organisations(place: &dyn Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=5)).await.unwrap();
    let mut before_1970 = next("beta", 0);
    before_1970.events[0].time = -1;
    store.append(before_1970).await.unwrap();
    assert_eq!(rows(&*store, all("beta")).await[0].event.time, -1);
}

pub(crate) async fn a_dropped_future_leaves_all_or_nothing(place: &dyn Place) {
    let store = place.open().await;
    let mut head = 0;
    for round in 0..200 {
        let ten = request("acme", head, head + 1..=head + 10);
        // From before it is queued to after it is durable.
        let _ = tokio::time::timeout(Duration::from_micros(round * 5), store.append(ten)).await;
        // The request may still be under way; what is queued after it is durable after it.
        store.append(next("beta", round)).await.unwrap();
        let now = store.head("acme").await.unwrap().map_or(0, |head| head.position);
        assert!(now == head || now == head + 10, "from {head} to {now}");
        head = now;
    }
    assert!(head > 0);
    assert_gapless(&*store, "acme", head).await;
}

pub(crate) async fn a_closed_store_says_so(place: &dyn Place) {
    let store = place.open().await;
    store.append(next("acme", 0)).await.unwrap();
    store.close().await;
    store.close().await;
    assert!(matches!(store.append(next("acme", 1)).await, Err(StoreError::Closed)));
    assert!(matches!(store.head("acme").await, Err(StoreError::Closed)));
    assert!(matches!(store.heads().await, Err(StoreError::Closed)));
    let visitor = Box::new(|_: chancery::store::EventRow<'_>| chancery::store::Visit::Continue(()));
    assert!(matches!(store.scan(all("acme"), visitor).await, Err(StoreError::Closed)));
}
