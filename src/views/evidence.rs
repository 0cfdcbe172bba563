//! The log as evidence: checkpoints, the keys that signed them, and proofs that events are in it.

use chrono::DateTime;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::log::checkpoint::write_proof;
use crate::log::{Checkpoint, ProveError, Verifier};
use crate::store::StoredCheckpoint;

/// What a checkpoint says the log comes to; empty where it cannot be read.
pub(crate) fn root(checkpoint: &StoredCheckpoint) -> String {
    Checkpoint::read(&checkpoint.note).map(|read| read.root.to_string()).unwrap_or_default()
}

pub(crate) fn checkpoint_json(checkpoint: &StoredCheckpoint) -> Value {
    json!({
        "size": checkpoint.size,
        "root": root(checkpoint),
        "time": DateTime::from_timestamp_micros(checkpoint.time).unwrap_or_default(),
        "key": checkpoint.verifier,
        "note": checkpoint.note,
    })
}

/// A public key, and the first and the last checkpoint that it signed.
pub(crate) struct SigningKey<'a> {
    pub(crate) key: &'a str,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl SigningKey<'_> {
    pub(crate) fn json(&self) -> Value {
        json!({ "key": self.key, "first_checkpoint": self.first, "last_checkpoint": self.last })
    }
}

/// The keys that signed checkpoints, in the order in which they first did.
pub(crate) fn signing_keys(made: &[StoredCheckpoint]) -> Vec<SigningKey<'_>> {
    let mut keys: Vec<SigningKey<'_>> = Vec::new();
    for one in made {
        match keys.iter_mut().find(|known| known.key == one.verifier) {
            Some(known) => known.last = one.size,
            None => keys.push(SigningKey { key: &one.verifier, first: one.size, last: one.size }),
        }
    }
    keys
}

/// A key in short.
pub(crate) fn key_hash(checkpoint: &StoredCheckpoint) -> String {
    Verifier::parse(&checkpoint.verifier).map(|key| key.hash_text()).unwrap_or_default()
}

/// That an event is in the log, by C2SP's `tlog-proof`.
#[derive(Debug)]
pub(crate) struct Proof {
    /// The event's position.
    pub(crate) position: u64,
    /// How many events the checkpoint covers.
    pub(crate) size: u64,
    /// The proof with its checkpoint.
    pub(crate) text: String,
}

impl Proof {
    pub(crate) fn json(&self) -> Value {
        json!({ "position": self.position, "size": self.size, "proof": self.text })
    }
}

/// The proof that an event is in the log, up to the newest checkpoint.
pub(crate) async fn proof(engine: &Engine, made: &[StoredCheckpoint], position: u64) -> Result<Proof, ProveError> {
    let newest = made.last().ok_or(ProveError::NotCovered)?;
    let proof = engine.prover().inclusion(&**engine.store(), newest, position).await?;
    let leaf = position.saturating_sub(1);
    Ok(Proof { position, size: newest.size, text: write_proof(leaf, &proof, &newest.note) })
}
