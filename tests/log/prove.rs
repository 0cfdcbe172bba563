use chancery::log::line::Line;
use chancery::log::proof::includes;
use chancery::log::sign::root_at;
use chancery::log::verify::verify;
use chancery::log::{Checkpoint, ProveError, Prover, Signer};
use chancery::store::memory::MemoryStore;
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Append, Store, StoredCheckpoint};

use crate::store_contract::event;

const EVENTS: u64 = 300;

/// The log of `acme`, all events of one stream.
async fn log(stream: &str) -> MemoryStore {
    let store = MemoryStore::new();
    let events = (1..=EVENTS).map(|number| event(stream, number)).collect();
    let request = Append { organisation: "acme".to_owned(), expected_head: 0, idempotency: None, events };
    store.append(request).await.unwrap();
    store
}

async fn checkpoint(store: &dyn Store, size: u64) -> StoredCheckpoint {
    let (signer, root) = (Signer::from_seed(&[7; 32]).unwrap(), root_at(store, "acme", size).await.unwrap());
    let note = Checkpoint::new("acme", size, root).sign(&signer);
    let verifier = signer.verifier("chancery/acme").to_string();
    StoredCheckpoint { organisation: "acme".to_owned(), size, verifier, note, time: 0 }
}

async fn assert_all_proved(prover: &Prover, store: &dyn Store, stream: &str, size: u64) {
    let checkpoint = checkpoint(store, size).await;
    let root = Checkpoint::read(&checkpoint.note).unwrap().root;
    let mut line = Line::default();
    for position in 1..=size {
        let hash = line.hash_at("acme", position, &event(stream, position));
        let proof = prover.inclusion(store, &checkpoint, position).await.unwrap();
        assert!(includes(&proof, position - 1, hash, size, root), "{position} of {size}");
    }
    let beyond = prover.inclusion(store, &checkpoint, size + 1).await;
    assert!(matches!(beyond, Err(ProveError::NotCovered)), "{beyond:?}");
    assert!(matches!(prover.inclusion(store, &checkpoint, 0).await, Err(ProveError::NotCovered)));
}

#[tokio::test]
async fn what_is_remembered_makes_the_same_proofs() {
    let (prover, store) = (Prover::default(), log("acme/one").await);
    for size in [EVENTS, 1, 2, 64, 65, 257, EVENTS] {
        assert_all_proved(&prover, &store, "acme/one", size).await;
    }
}

/// As when a store is put back to an earlier day, and goes on otherwise, behind a running program.
#[tokio::test]
async fn another_log_of_the_same_name_is_proved_by_its_own_hashes() {
    let prover = Prover::default();
    for stream in ["acme/one", "acme/other", "acme/one"] {
        assert_all_proved(&prover, &log(stream).await, stream, EVENTS).await;
    }
}

#[tokio::test]
async fn a_proof_that_does_not_lead_to_the_signed_root_is_not_handed_out() {
    let (prover, store, other) = (Prover::default(), log("acme/one").await, log("acme/other").await);
    let foreign = checkpoint(&other, EVENTS).await;
    let refused = prover.inclusion(&store, &foreign, 5).await;
    assert!(matches!(refused, Err(ProveError::Damaged)), "{refused:?}");
    assert_all_proved(&prover, &store, "acme/one", EVENTS).await;
    let refused = prover.inclusion(&store, &foreign, 5).await;
    assert!(matches!(refused, Err(ProveError::Damaged)), "{refused:?}");
}

/// Appends events of one stream up to this number.
async fn append_until(store: &dyn Store, until: u64) {
    let head = store.head("acme").await.unwrap().map_or(0, |head| head.position);
    let events = (head + 1..=until).map(|number| event("acme/one", number)).collect();
    let request = Append { organisation: "acme".to_owned(), expected_head: head, idempotency: None, events };
    store.append(request).await.unwrap();
}

/// How many bytes of hashes a row has.
async fn width(store: &dyn Store, position: u64) -> usize {
    store.hashes_at("acme", &[position]).await.unwrap()[0].hashes.len()
}

#[tokio::test]
async fn a_log_from_before_there_were_tiles_is_proved_and_verified_and_goes_on_with_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.db");
    let forge = |sql: &str| {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute_batch(&format!("DROP TRIGGER IF EXISTS events_are_never_changed; {sql}")).unwrap();
    };
    let store = SqliteStore::open_or_create(&path).unwrap();
    append_until(&store, 70).await;
    store.close().await;
    forge(
        "UPDATE events SET hashes = substr(hashes, 1, 192) WHERE position = 32;
           UPDATE events SET hashes = substr(hashes, 1, 224) WHERE position = 64;",
    );

    let store = SqliteStore::open_or_create(&path).unwrap();
    append_until(&store, 100).await;
    assert_eq!((width(&store, 32).await, width(&store, 64).await, width(&store, 96).await), (192, 224, 192 + 1_024));
    assert_all_proved(&Prover::default(), &store, "acme/one", 100).await;
    assert_eq!(verify(&store, "acme", &[], || {}).await.unwrap().events, 100);
    store.close().await;

    // A tile that was changed is found; what the nodes' own rows prove is proved all the same.
    forge(
        "UPDATE events SET hashes = CAST(substr(hashes, 1, 299) || x'5a' || substr(hashes, 301) AS BLOB) WHERE position = 96;",
    );
    let store = SqliteStore::open_or_create(&path).unwrap();
    let problem = verify(&store, "acme", &[], || {}).await.unwrap_err().to_string();
    assert!(problem.contains("among the events #65 to #96"), "{problem}");
    assert_all_proved(&Prover::default(), &store, "acme/one", 100).await;
    store.close().await;
}
