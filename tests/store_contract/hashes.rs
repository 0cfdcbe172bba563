//! Every event keeps the hashes that are final with it, however it came into the log.

use std::sync::Arc;

use chancery::log::line::Line;
use chancery::log::proof::{self, Plan};
use chancery::log::{Frontier, Hash};
use chancery::store::{Adopted, Adoption, EventRow, Range, Store, StoreError, StoredCheckpoint, Visit};
use parking_lot::Mutex;

use super::{Place, all, append_next, next, request, rows};

/// The root of the first fourteen events of [`request`]: whatever keeps them, today and in ten years.
const ROOT: &str = "qZmlAJudRBhc+yaaehnMU+WF1BdP4fsWslnieYMusek=";

/// Works the tree out again from the events, compares every kept hash, and returns the root.
pub(crate) async fn assert_hashed(store: &dyn Store, organisation: &str) -> Hash {
    let tree = Arc::new(Mutex::new((Frontier::default(), Line::default())));
    let shared = Arc::clone(&tree);
    let visitor = move |row: EventRow<'_>, hashes: &[u8]| {
        let (frontier, line) = &mut *shared.lock();
        assert_eq!(hashes, frontier.push(line.hash(&row)), "at position {}", row.position);
        Visit::Continue(())
    };
    store.scan_hashed(organisation, 0, u64::MAX, Box::new(visitor)).await.unwrap();
    tree.lock().0.root()
}

pub(super) async fn the_same_events_have_the_same_root_however_they_were_written(place: &impl Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=1)).await.unwrap();
    store.append(request("acme", 1, 2..=9)).await.unwrap();
    for head in 9..14 {
        store.append(next("acme", head)).await.unwrap();
    }
    let root = assert_hashed(&*store, "acme").await;
    assert_eq!(root.to_string(), ROOT);
    let events = rows(&*store, all("acme")).await.into_iter();
    let events =
        events.map(|row| Adopted { organisation: "other".to_owned(), position: row.position, event: row.event });
    let mut events: Vec<Adopted> = events.collect();
    events.iter_mut().for_each(|adopted| adopted.event.aggregate_id = "other/manager".to_owned());
    let later = events.split_off(5);
    for events in [events, later] {
        store.adopt(Adoption { events, ..Adoption::default() }).await.unwrap();
    }
    store.append(next("other", 14)).await.unwrap();
    assert_ne!(assert_hashed(&*store, "other").await, root);
    assert_eq!(rows(&*store, Range::Store { after: 0 }).await.len(), 29);
}

pub(super) async fn proofs_are_made_of_kept_nodes(place: &impl Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=21)).await.unwrap();
    let root = async |size| {
        let nodes = Frontier::nodes(size);
        let hashes = store.nodes("acme", &nodes).await.unwrap();
        Frontier::new(size, nodes.iter().map(|node| hashes[node]).collect()).unwrap().root()
    };
    let mut line = Line::default();
    for leaf in 0..21 {
        let plan = Plan::inclusion(leaf, 21).unwrap();
        let proof = plan.assemble(&store.nodes("acme", &plan.nodes()).await.unwrap()).unwrap();
        let hash = line.hash_at("acme", leaf + 1, &super::event("acme/manager", leaf + 1));
        assert!(proof::includes(&proof, leaf, hash, 21, root(21).await));
        let plan = Plan::consistency(leaf + 1, 21).unwrap();
        let proof = plan.assemble(&store.nodes("acme", &plan.nodes()).await.unwrap()).unwrap();
        assert!(proof::extends(&proof, leaf + 1, root(leaf + 1).await, 21, root(21).await));
    }
    let beyond = Plan::inclusion(3, 30).unwrap();
    assert_eq!(beyond.assemble(&store.nodes("acme", &beyond.nodes()).await.unwrap()), None);
    assert!(store.nodes("nobody", &beyond.nodes()).await.unwrap().is_empty());
}

pub(super) async fn a_scan_with_hashes_keeps_to_its_bounds(place: &impl Place) {
    let store = place.open().await;
    store.append(request("acme", 0, 1..=9)).await.unwrap();
    let visited = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&visited);
    let visitor = move |row: EventRow<'_>, _: &[u8]| {
        seen.lock().push(row.position);
        if row.position == 6 { Visit::Break(()) } else { Visit::Continue(()) }
    };
    store.scan_hashed("acme", 2, 8, Box::new(visitor)).await.unwrap();
    assert_eq!(*visited.lock(), [3, 4, 5, 6]);
}

fn checkpoint(size: u64, verifier: &str, time: i64) -> StoredCheckpoint {
    let [organisation, verifier, note] = ["acme", verifier, "note"].map(str::to_owned);
    StoredCheckpoint { organisation, size, verifier, note, time }
}

pub(super) async fn checkpoints_are_kept_once_and_listed_by_size(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.checkpoints("acme").await.unwrap(), []);
    let [one, two, other] = [checkpoint(7, "a", 1), checkpoint(3, "a", 2), checkpoint(7, "b", 3)];
    for checkpoint in [&one, &two, &other, &checkpoint(7, "a", 9)] {
        store.save_checkpoint(checkpoint.clone()).await.unwrap();
    }
    assert_eq!(store.checkpoints("acme").await.unwrap(), [two, one, other]);
    assert_eq!(store.checkpoints("beta").await.unwrap(), []);
    assert_eq!(store.last_checkpoint("acme").await.unwrap(), store.checkpoints("acme").await.unwrap().pop());
    assert_eq!(store.last_checkpoint("acme").await.unwrap().map(|last| last.verifier).as_deref(), Some("b"));
    assert_eq!(store.last_checkpoint("beta").await.unwrap(), None);
    store.close().await;
    assert!(matches!(store.checkpoints("acme").await, Err(StoreError::Closed)));
}

pub(super) async fn hashes_go_on_where_another_handle_ended(place: &impl Place) {
    let (one, other) = (place.open().await, place.open().await);
    for _ in 0..5 {
        append_next(&*one, "acme").await;
        append_next(&*one, "acme").await;
        append_next(&*other, "acme").await;
    }
    one.save_checkpoint(checkpoint(15, "a", 1)).await.unwrap();
    assert_hashed(&*other, "acme").await;
    assert_eq!(other.checkpoints("acme").await.unwrap(), [checkpoint(15, "a", 1)]);
}

/// What a program before these hashes wrote, as rows of either database.
pub(crate) const OLD_EVENTS: &str = "INSERT INTO events (global_position, organisation, position, aggregate_type,
        aggregate_id, sequence, event_type, event_version, payload, metadata, time)
    SELECT n, 'acme', n, 'role', 'acme/manager', n, 'PermissionToggled', '1', '{\"number\":' || n || '}',
        '{\"actor\":\"tester\"}', n FROM numbers ORDER BY n";
