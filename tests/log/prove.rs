use chancery::log::line::Line;
use chancery::log::proof::includes;
use chancery::log::sign::root_at;
use chancery::log::{Checkpoint, ProveError, Prover, Signer};
use chancery::store::memory::MemoryStore;
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
