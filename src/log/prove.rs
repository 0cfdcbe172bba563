//! Inclusion proofs of a log that is at hand.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::proof::{Plan, includes};
use super::tile::{LEVELS, Tile};
use super::{Checkpoint, Hash, Hashes, Node, Proof};
use crate::store::{RowHashes, Store, StoreError, StoredCheckpoint};

/// The lowest level that is remembered: below the upper tiles every proof needs other nodes.
const UPPER: u32 = LEVELS;
/// Nodes that are remembered, about 100 bytes each.
const KEPT: usize = 131_072;

/// Makes inclusion proofs, and checks each against its checkpoint before it is handed out.
///
/// It remembers the upper nodes of the trees that it read: a full subtree never changes, and a proof then takes one row of
/// the store, that of its tile. A proof that does not hold is made once more from the nodes' own rows, so nothing depends on
/// tiles or on what is remembered, not even where a store was put back to an earlier day behind a running program.
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
        let hashes = store.nodes(organisation, &wanted.nodes()).await?;
        wanted.proof(&hashes).ok_or(ProveError::Damaged)
    }

    /// The proof from what is remembered and from tiles, if it holds.
    async fn attempt(&self, store: &dyn Store, wanted: &Wanted<'_>) -> Result<Option<Proof>, StoreError> {
        let nodes = wanted.nodes();
        let mut hashes = self.0.lock().known(wanted.organisation, &nodes);
        let missing = |hashes: &Hashes| nodes.iter().copied().filter(|node| !hashes.contains_key(node)).collect();
        let reading = Reading::new(missing(&hashes), wanted.checkpoint.size);
        let mut read = reading.found_in(&store.hashes_at(wanted.organisation, &reading.positions()).await?);
        hashes.extend(read.iter().copied());
        let left: Vec<Node> = missing(&hashes);
        if !left.is_empty() {
            // Rows that were written before there were tiles.
            read.extend(store.nodes(wanted.organisation, &left).await?);
            hashes.extend(read.iter().copied());
        }
        let proof = wanted.proof(&hashes);
        if proof.is_some() {
            self.0.lock().keep(wanted.organisation, &read);
        }
        Ok(proof)
    }
}

/// What is read for a proof.
#[derive(Debug)]
struct Reading {
    nodes: Vec<Node>,
    /// The tiles that have them.
    tiles: Vec<Tile>,
    /// Those at the right edge, where tiles are not full yet.
    edge: Vec<Node>,
}

impl Reading {
    fn new(nodes: Vec<Node>, size: u64) -> Self {
        let (mut tiles, mut edge) = (Vec::new(), Vec::new());
        for node in &nodes {
            let tile = Tile::of(*node);
            if tile.position().is_none_or(|position| position > size) {
                edge.push(*node);
            } else if !tiles.contains(&tile) {
                tiles.push(tile);
            }
        }
        Self { nodes, tiles, edge }
    }

    fn positions(&self) -> Vec<u64> {
        let tiles = self.tiles.iter().filter_map(|tile| tile.position());
        let mut positions: Vec<u64> = tiles.chain(self.edge.iter().map(|node| node.position())).collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// The nodes, and all others of the upper tiles: the next proof will want them.
    fn found_in(&self, rows: &[RowHashes]) -> Vec<(Node, Hash)> {
        let mut found: Vec<_> = RowHashes::find(rows, &self.edge).into_iter().collect();
        for tile in &self.tiles {
            let row = rows.iter().find(|row| Some(row.position) == tile.position());
            let nodes = row.and_then(|row| tile.nodes_in(&row.hashes)).unwrap_or_default();
            found.extend(nodes.into_iter().filter(|(node, _)| node.level >= UPPER || self.nodes.contains(node)));
        }
        found
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
        let mut known = Hashes::with_capacity_and_hasher(nodes.len(), Default::default());
        if let Some(tree) = self.trees.get(organisation) {
            known.extend(nodes.iter().filter_map(|node| Some((*node, *tree.get(node)?))));
        }
        known
    }

    fn keep(&mut self, organisation: &str, read: &[(Node, Hash)]) {
        if self.nodes >= KEPT {
            *self = Self::default();
        }
        let upper = read.iter().copied().filter(|(node, _)| node.level >= UPPER);
        let tree = self.trees.entry(organisation.to_owned()).or_default();
        let before = tree.len();
        tree.extend(upper);
        self.nodes += tree.len() - before;
    }

    fn forget(&mut self, organisation: &str) {
        self.nodes -= self.trees.remove(organisation).map_or(0, |tree| tree.len());
    }
}
