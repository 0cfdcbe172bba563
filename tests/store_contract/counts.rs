//! What is asked of a log in numbers.

use std::collections::BTreeMap;

use chancery::store::StoreError;

use super::{Place, event, next, request};

pub(crate) async fn events_are_counted_by_type_within_bounds(place: &dyn Place) {
    let store = place.open().await;
    let mut mixed = request("acme", 0, 1..=9);
    for (number, event) in mixed.events.iter_mut().enumerate() {
        event.event_type = if number % 3 == 0 { "RoleCreated" } else { "PermissionToggled" }.to_owned();
    }
    store.append(mixed).await.unwrap();
    store.append(next("beta", 0)).await.unwrap();
    let counted = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
        pairs.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
    };
    let all = counted(&[("PermissionToggled", 6), ("RoleCreated", 3)]);
    assert_eq!(store.kinds("acme", 0, u64::MAX).await.unwrap(), all);
    assert_eq!(store.kinds("acme", 0, 9).await.unwrap(), all);
    assert_eq!(store.kinds("acme", 1, 4).await.unwrap(), counted(&[("PermissionToggled", 2), ("RoleCreated", 1)]));
    assert_eq!(store.kinds("acme", 4, 4).await.unwrap(), counted(&[]));
    assert_eq!(store.kinds("nobody", 0, 9).await.unwrap(), counted(&[]));
    store.close().await;
    assert!(matches!(store.kinds("acme", 0, 9).await, Err(StoreError::Closed)));
}

pub(crate) async fn times_are_looked_up_by_position(place: &dyn Place) {
    let store = place.open().await;
    let mut early = request("acme", 0, 1..=5);
    for (event, time) in early.events.iter_mut().zip([-7, 20, 20, 31, 1_767_225_600_000_000]) {
        event.time = time;
    }
    store.append(early).await.unwrap();
    let mut other = request("beta", 0, 1..=1);
    other.events = vec![event("beta/manager", 1)];
    store.append(other).await.unwrap();
    let found = store.times("acme", &[5, 1, 3, 3, 0, 6, u64::MAX]).await.unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(1, -7), (3, 20), (5, 1_767_225_600_000_000)]);
    assert!(store.times("acme", &[]).await.unwrap().is_empty());
    assert!(store.times("nobody", &[1]).await.unwrap().is_empty());
    store.close().await;
    assert!(matches!(store.times("acme", &[1]).await, Err(StoreError::Closed)));
}
