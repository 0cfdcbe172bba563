//! Snapshots: shortcuts that a store keeps beside the log.

use std::sync::Arc;

use chancery::store::{Bound, FoldRow, Snapshot, Store, Visit};
use parking_lot::Mutex;

use super::{Place, append_next};

fn snapshot(organisation: &str, position: u64, layout: u32) -> Snapshot {
    let body = format!("{organisation}-{position}-{layout}\0").into_bytes();
    Snapshot { organisation: organisation.to_owned(), position, time: position as i64, layout, body }
}

/// Ten events, whose times are their positions.
async fn ten_events(store: &dyn Store, organisation: &str) {
    for number in 1..=10 {
        assert_eq!(append_next(store, organisation).await.last_position, number);
    }
}

async fn position_of(store: &dyn Store, bound: Bound) -> Option<u64> {
    store.snapshot("acme", 1, bound).await.unwrap().map(|snapshot| snapshot.position)
}

pub(super) async fn the_newest_snapshot_within_the_bound_is_found(place: &dyn Place) {
    let store = place.open().await;
    ten_events(&*store, "acme").await;
    for position in [3, 6, 9] {
        store.save_snapshot(snapshot("acme", position, 1)).await.unwrap();
    }
    assert_eq!(store.snapshot("acme", 1, Bound::Position(7)).await.unwrap(), Some(snapshot("acme", 6, 1)));
    for (bound, found) in [(2, None), (3, Some(3)), (8, Some(6)), (9, Some(9)), (u64::MAX, Some(9))] {
        assert_eq!(position_of(&*store, Bound::Position(bound)).await, found, "{bound}");
        let time = i64::try_from(bound).unwrap_or(i64::MAX);
        assert_eq!(position_of(&*store, Bound::Time(time)).await, found, "{bound}");
    }
    store.close().await;
}

pub(super) async fn a_snapshot_replaces_the_one_at_its_position(place: &dyn Place) {
    let store = place.open().await;
    ten_events(&*store, "acme").await;
    store.save_snapshot(snapshot("acme", 5, 1)).await.unwrap();
    let newer = Snapshot { body: b"other".to_vec(), ..snapshot("acme", 5, 1) };
    store.save_snapshot(newer.clone()).await.unwrap();
    assert_eq!(store.snapshot("acme", 1, Bound::Position(10)).await.unwrap(), Some(newer));
    store.close().await;
}

pub(super) async fn a_snapshot_of_another_log_is_not_found(place: &dyn Place) {
    let store = place.open().await;
    ten_events(&*store, "acme").await;
    store.save_snapshot(snapshot("acme", 4, 1)).await.unwrap();
    // Beyond the log's end, and at another time than its event: what a restored backup leaves behind.
    store.save_snapshot(snapshot("acme", 11, 1)).await.unwrap();
    store.save_snapshot(Snapshot { time: 1_000, ..snapshot("acme", 8, 1) }).await.unwrap();
    assert_eq!(position_of(&*store, Bound::Position(u64::MAX)).await, Some(4));
    assert_eq!(position_of(&*store, Bound::Time(i64::MAX)).await, Some(4));
    store.close().await;
}

/// What a fold begins with, and the positions that it visits.
async fn folded_on(store: &dyn Store, organisation: &str, bound: Bound, until: u64) -> (Option<u64>, Vec<u64>) {
    let seen = Arc::new(Mutex::new((None, Vec::new())));
    let (begun, visited) = (seen.clone(), seen.clone());
    let begin = Box::new(move |snapshot: Option<Snapshot>| {
        begun.lock().0 = snapshot.map(|snapshot| snapshot.position);
        begun.lock().0.unwrap_or_default()
    });
    let folder = Box::new(move |row: FoldRow<'_>| {
        visited.lock().1.push(row.position);
        Visit::Continue(())
    });
    store.fold_on(organisation, (1, bound), begin, until, folder).await.unwrap();
    std::mem::take(&mut *seen.lock())
}

pub(super) async fn a_fold_begins_with_the_newest_snapshot_there_is(place: &dyn Place) {
    let store = place.open().await;
    ten_events(&*store, "acme").await;
    assert_eq!(folded_on(&*store, "acme", Bound::Position(3), 3).await, (None, vec![1, 2, 3]));
    for position in [3, 6] {
        store.save_snapshot(snapshot("acme", position, 1)).await.unwrap();
    }
    assert_eq!(folded_on(&*store, "acme", Bound::Position(5), 5).await, (Some(3), vec![4, 5]));
    assert_eq!(folded_on(&*store, "acme", Bound::Position(6), 6).await, (Some(6), vec![]));
    assert_eq!(folded_on(&*store, "acme", Bound::Time(8), u64::MAX).await, (Some(6), vec![7, 8, 9, 10]));
    assert_eq!(folded_on(&*store, "nobody", Bound::Time(8), u64::MAX).await, (None, vec![]));
    store.close().await;
}

pub(super) async fn snapshots_belong_to_their_organisation_and_layout(place: &dyn Place) {
    let store = place.open().await;
    ten_events(&*store, "acme").await;
    ten_events(&*store, "other").await;
    store.save_snapshot(snapshot("other", 5, 1)).await.unwrap();
    store.save_snapshot(snapshot("acme", 5, 2)).await.unwrap();
    assert_eq!(position_of(&*store, Bound::Position(10)).await, None);
    assert_eq!(store.forget_snapshots(Some("acme")).await.unwrap(), 1);
    assert!(store.snapshot("other", 1, Bound::Position(10)).await.unwrap().is_some());
    assert_eq!(store.forget_snapshots(None).await.unwrap(), 1);
    assert!(store.snapshot("other", 1, Bound::Position(10)).await.unwrap().is_none());
    store.close().await;
}
