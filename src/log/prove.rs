//! Inclusion proofs of a log that is at hand.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::proof::{Plan, includes};
use super::{Checkpoint, Hashes, Node, Proof};
use crate::store::{Store, StoreError, StoredCheckpoint};

/// The lowest level that is remembered. Below it every proof needs other nodes.
const UPPER: u32 = 5;
/// Nodes that are remembered, about 100 bytes each.
const KEPT: usize = 131_072;

/// Makes inclusion proofs, and checks each against its checkpoint before it is handed out.
///
/// It remembers the upper nodes of the trees that it read: a full subtree never changes, and most of a proof's
/// rows are far apart in the store. A proof that does not hold is made once more from the store alone, so nothing
/// depends on what is remembered, not even where a store was put back to an earlier day behind a running program.
#[derive(Debug, Default)]
pub struct Prover(Mutex<Upper>);

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The checkpoint does not cover the event.
    #[error("the checkpoint does not cover the event")]
    NotCovered,
    /// The hashes that are kept with the events do not lead to the checkpoint's root.
    #[error("the log is not the one of the checkpoint")]
    Damaged,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Default)]
struct Upper {
    trees: HashMap<String, Hashes>,
    nodes: usize,
}

struct Wanted<'a> {
    organisation: &'a str,
    checkpoint: Checkpoint,
    leaf: u64,
    plan: Plan,
}

impl Prover {
    /// The proof that an event is in the tree of a checkpoint, by the event's position.
    ///
    /// # Errors
    /// When the checkpoint does not cover the event, the log is not the one that was signed, or the store fails.
    pub async fn inclusion(
        &self,
        store: &dyn Store,
        checkpoint: &StoredCheckpoint,
        position: u64,
    ) -> Result<Proof, ProveError> {
        let organisation = checkpoint.organisation.as_str();
        let checkpoint = Checkpoint::read(&checkpoint.note).ok_or(ProveError::Damaged)?;
        let leaf = position.checked_sub(1).ok_or(ProveError::NotCovered)?;
        let plan = Plan::inclusion(leaf, checkpoint.size).ok_or(ProveError::NotCovered)?;
        let wanted = Wanted { organisation, checkpoint, leaf, plan };
        if let Some(proof) = self.attempt(store, &wanted).await? {
            return Ok(proof);
        }
        self.0.lock().forget(organisation);
        self.attempt(store, &wanted).await?.ok_or(ProveError::Damaged)
    }

    async fn attempt(&self, store: &dyn Store, wanted: &Wanted<'_>) -> Result<Option<Proof>, StoreError> {
        let nodes = wanted.nodes();
        let mut hashes = self.0.lock().known(wanted.organisation, &nodes);
        let missing: Vec<Node> = nodes.into_iter().filter(|node| !hashes.contains_key(node)).collect();
        let read = store.nodes(wanted.organisation, &missing).await?;
        hashes.extend(&read);
        let proof = wanted.proof(&hashes);
        if proof.is_some() {
            self.0.lock().keep(wanted.organisation, &read);
        }
        Ok(proof)
    }
}

impl Wanted<'_> {
    /// The event's own, and those of the proof.
    fn nodes(&self) -> Vec<Node> {
        let mut nodes = self.plan.nodes();
        nodes.push(self.own());
        nodes
    }

    fn own(&self) -> Node {
        Node { level: 0, index: self.leaf }
    }

    /// The proof, if it holds.
    fn proof(&self, hashes: &Hashes) -> Option<Proof> {
        let (own, proof) = (*hashes.get(&self.own())?, self.plan.assemble(hashes)?);
        let Checkpoint { size, root, .. } = self.checkpoint;
        includes(&proof, self.leaf, own, size, root).then_some(proof)
    }
}

impl Upper {
    fn known(&self, organisation: &str, nodes: &[Node]) -> Hashes {
        let Some(tree) = self.trees.get(organisation) else { return Hashes::default() };
        nodes.iter().filter_map(|node| Some((*node, *tree.get(node)?))).collect()
    }

    fn keep(&mut self, organisation: &str, read: &Hashes) {
        if self.nodes >= KEPT {
            *self = Self::default();
        }
        let upper = read.iter().filter(|(node, _)| node.level >= UPPER);
        let tree = self.trees.entry(organisation.to_owned()).or_default();
        let before = tree.len();
        tree.extend(upper);
        self.nodes += tree.len() - before;
    }

    fn forget(&mut self, organisation: &str) {
        self.nodes -= self.trees.remove(organisation).map_or(0, |tree| tree.len());
    }
}
