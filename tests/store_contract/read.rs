//! Reading: ranges, bounds, paging while somebody writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chancery::store::{EventRow, FoldRow, Head, Range, Store, Visit};

use super::{Place, all, append_next, event, next, page, request, rows};

pub(crate) async fn organisations_are_isolated(place: &dyn Place) {
    let store = place.open().await;
    for head in 0..5 {
        store.append(next("acme", head)).await.unwrap();
        store.append(next("acme/2", head)).await.unwrap();
    }
    let own = rows(&*store, all("acme")).await;
    assert_eq!(own.len(), 5);
    assert!(own.iter().all(|row| row.organisation == "acme" && row.event.aggregate_id == "acme/manager"));
    assert_eq!(rows(&*store, all("nobody")).await, []);
    assert_eq!(store.head("nobody").await.unwrap(), None);
}

pub(crate) async fn a_stream_is_read_by_sequence(place: &dyn Place) {
    let store = place.open().await;
    let mut request = request("acme", 0, 1..=3);
    for (number, stream) in [(4, "acme/auditor"), (5, "acme/manager"), (6, "acme/auditor")] {
        request.events.push(event(stream, number));
    }
    let mut namesake = event("acme/manager", 7);
    namesake.aggregate_type = "member".to_owned();
    request.events.push(namesake);
    store.append(request).await.unwrap();

    let stream = |aggregate_type: &str, aggregate_id: &str| Range::Stream {
        aggregate_type: aggregate_type.to_owned(),
        aggregate_id: aggregate_id.to_owned(),
    };
    let sequences = async |range| rows(&*store, range).await.iter().map(|row| row.event.sequence).collect::<Vec<_>>();
    assert_eq!(sequences(stream("role", "acme/manager")).await, [1, 2, 3, 5]);
    assert_eq!(sequences(stream("role", "acme/auditor")).await, [4, 6]);
    assert_eq!(sequences(stream("member", "acme/manager")).await, [7]);
    assert_eq!(sequences(stream("role", "Acme/manager")).await, [0u64; 0]);
    let row = rows(&*store, stream("member", "acme/manager")).await.remove(0);
    assert_eq!((row.organisation.as_str(), row.position, row.global_position), ("acme", 7, 7));
}

pub(crate) async fn a_scan_stops_at_its_upper_bound(place: &dyn Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=9)).await.unwrap();
    let positions = async |after, until| {
        let range = Range::Organisation { organisation: "acme".to_owned(), after, until };
        rows(&*store, range).await.iter().map(|row| row.position).collect::<Vec<_>>()
    };
    assert_eq!(positions(0, 0).await, [0u64; 0]);
    assert_eq!(positions(0, 1).await, [1]);
    assert_eq!(positions(3, 6).await, [4, 5, 6]);
    assert_eq!(positions(7, 99).await, [8, 9]);
    assert_eq!(positions(6, 3).await, [0u64; 0]);
    assert_eq!(positions(9, 99).await, [0u64; 0]);
}

pub(crate) async fn a_fold_visits_what_a_scan_visits(place: &dyn Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=9)).await.unwrap();
    store.append(next("other", 0)).await.unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    let folder = move |row: FoldRow<'_>| {
        let texts = [row.aggregate_type, row.event_type, row.event_version, row.payload].map(str::to_owned);
        send.send((row.position, row.time, texts)).unwrap();
        if row.position < 7 { Visit::Continue(()) } else { Visit::Break(()) }
    };
    store.fold("acme", 2, 8, Box::new(folder)).await.unwrap();
    let scanned = rows(&*store, Range::Organisation { organisation: "acme".to_owned(), after: 2, until: 7 }).await;
    let expected: Vec<_> = scanned
        .into_iter()
        .map(|row| {
            let event = row.event;
            (row.position, event.time, [event.aggregate_type, event.event_type, event.event_version, event.payload])
        })
        .collect();
    assert_eq!(receive.into_iter().collect::<Vec<_>>(), expected);
}

pub(crate) async fn a_scan_stops_when_the_visitor_breaks(place: &dyn Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=9)).await.unwrap();
    assert_eq!(page(&*store, all("acme"), 4).await.len(), 4);
    assert_eq!(page(&*store, Range::Store { after: 5 }, 1).await[0].global_position, 6);
}

pub(crate) async fn bounds_beyond_every_position_are_allowed(place: &dyn Place) {
    let store = place.open().await;
    store.append(next("acme", 0)).await.unwrap();
    let range = Range::Organisation { organisation: "acme".to_owned(), after: u64::MAX, until: u64::MAX };
    assert_eq!(rows(&*store, range).await, []);
    assert_eq!(rows(&*store, Range::Store { after: u64::MAX }).await, []);
}

pub(crate) async fn paging_by_position_during_writes_misses_and_repeats_nothing(place: &dyn Place) {
    let store = place.open().await;
    let (writers, done) = start_writers(&store, 300);
    let mut seen = 0;
    loop {
        let last = done.load(Ordering::Acquire);
        let range = Range::Organisation { organisation: "acme".to_owned(), after: seen, until: u64::MAX };
        for row in page(&*store, range, 17).await {
            assert_eq!(row.position, seen + 1);
            seen = row.position;
        }
        if last && Some(seen) == store.head("acme").await.unwrap().map(|head| head.position) {
            break;
        }
        tokio::task::yield_now().await;
    }
    writers.await.unwrap();
    assert_eq!(seen, 300);
}

pub(crate) async fn paging_by_global_position_during_writes_misses_and_repeats_nothing(place: &dyn Place) {
    let store = place.open().await;
    let (writers, done) = start_writers(&store, 300);
    let mut seen = Vec::new();
    loop {
        let last = done.load(Ordering::Acquire);
        let after = seen.last().map_or(0, |row: &super::Row| row.global_position);
        let new = page(&*store, Range::Store { after }, 17).await;
        if last && new.is_empty() {
            break;
        }
        seen.extend(new);
        tokio::task::yield_now().await;
    }
    writers.await.unwrap();
    assert!(seen.is_sorted_by(|one, next| one.global_position < next.global_position));
    assert_eq!(seen, rows(&*store, Range::Store { after: 0 }).await);
    assert_eq!(seen.len(), 600);
}

/// Four tasks append to two organisations until each has `count` events; the flag tells the end.
fn start_writers(store: &Arc<dyn Store>, count: u64) -> (tokio::task::JoinHandle<()>, Arc<AtomicBool>) {
    let done = Arc::new(AtomicBool::new(false));
    let (store, flag) = (store.clone(), Arc::clone(&done));
    let writers = tokio::spawn(async move {
        let tasks = ["acme", "beta", "acme", "beta"].map(|organisation| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..count / 2 {
                    append_next(&*store, organisation).await;
                }
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        flag.store(true, Ordering::Release);
    });
    (writers, done)
}

pub(crate) async fn a_visitor_may_use_the_store(place: &dyn Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=5)).await.unwrap();
    let inner = store.clone();
    let runtime = tokio::runtime::Handle::current();
    let visitor = Box::new(move |row: EventRow<'_>| {
        let (store, head) = (inner.clone(), row.position - 1);
        // On a thread of its own: a memory store's visitor runs on an async thread, which may not block.
        let runtime = runtime.clone();
        let append_and_look = move || {
            runtime.block_on(async {
                store.append(next("beta", head)).await.unwrap();
                store.head("beta").await.unwrap().map(|head| head.position)
            })
        };
        assert_eq!(std::thread::spawn(append_and_look).join().unwrap(), Some(head + 1));
        Visit::Continue(())
    });
    store.scan(all("acme"), visitor).await.unwrap();
    assert_eq!(rows(&*store, all("beta")).await.len(), 5);
}

pub(crate) async fn texts_are_kept_byte_for_byte(place: &dyn Place) {
    let store = place.open().await;
    let texts = [
        r#"{"name":"O'Brien \"Bob\"; DROP TABLE events; --"}"#,
        "{ \"spaces\" :\t1.0,\r\n \"again\" : 1 , \"again\": 2 }\n",
        "{\"name\":\"Żółć 🦀 e\u{301} \u{202e} \u{feff} \u{7f} ` \\u0000\"}",
        "not JSON at all % ? $1 :name",
    ];
    let mut wanted = request("Zoë & Söhne «GmbH» '\"", 0, 1..=4);
    for (event, text) in wanted.events.iter_mut().zip(texts) {
        event.payload = text.to_owned();
        event.metadata = text.chars().rev().collect();
    }
    store.append(wanted.clone()).await.unwrap();
    let stored = rows(&*store, all(&wanted.organisation)).await;
    assert!(stored.iter().all(|row| row.organisation == wanted.organisation));
    assert_eq!(stored.into_iter().map(|row| row.event).collect::<Vec<_>>(), wanted.events);
}

pub(crate) async fn large_events_are_kept_whole(place: &dyn Place) {
    let store = place.open().await;
    let mut wanted = request("acme", 0, 1..=5);
    for (event, filling) in wanted.events.iter_mut().zip(["a", "ä", "🦀", "\"", "\n"]) {
        event.payload = filling.repeat((1 << 20) / filling.len() + 1);
    }
    store.append(wanted.clone()).await.unwrap();
    let stored = rows(&*store, all("acme")).await;
    assert!(stored.into_iter().map(|row| row.event).eq(wanted.events));
}

pub(crate) async fn heads_are_listed_by_name(place: &dyn Place) {
    let store = place.open().await;
    assert_eq!(store.heads().await.unwrap(), []);
    for (organisation, count) in [("beta", 2), ("acme", 3), ("gamma", 1)] {
        store.append(request(organisation, 0, 1..=count)).await.unwrap();
    }
    let head = |organisation: &str, position: u64| Head {
        organisation: organisation.to_owned(),
        position,
        time: position.cast_signed(),
    };
    assert_eq!(store.heads().await.unwrap(), [head("acme", 3), head("beta", 2), head("gamma", 1)]);
    assert_eq!(store.head("acme").await.unwrap(), Some(head("acme", 3)));
}
