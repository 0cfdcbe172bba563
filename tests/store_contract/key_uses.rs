//! When keys were last used, which a store keeps beside the log.

use chancery::store::KeyUse;

use super::Place;

fn used(organisation: &str, key: &str, time: i64) -> KeyUse {
    KeyUse { organisation: organisation.to_owned(), key: key.to_owned(), time }
}

pub(super) async fn the_latest_use_of_each_key_is_kept(place: &dyn Place) {
    let store = place.open().await;
    assert_eq!(store.key_uses("acme").await.unwrap(), []);
    store.note_key_uses(vec![used("acme", "b", 5), used("acme", "a", 7), used("other", "a", 1)]).await.unwrap();
    store.note_key_uses(vec![used("acme", "a", 6), used("acme", "b", 9), used("acme", "b", 8)]).await.unwrap();
    store.note_key_uses(Vec::new()).await.unwrap();
    assert_eq!(store.key_uses("acme").await.unwrap(), [used("acme", "a", 7), used("acme", "b", 9)]);
    assert_eq!(store.key_uses("other").await.unwrap(), [used("other", "a", 1)]);
    assert_eq!(store.key_uses("ac").await.unwrap(), []);
    store.close().await;
}
