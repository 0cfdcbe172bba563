//! The log that others can verify.

mod line;
mod note;
mod prove;
mod tree;

use chancery::log::proof::Plan;
use chancery::log::{Frontier, Hash, Hashes, Node, Proof};

/// A tree with the hashes that rows would have.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) frontier: Frontier,
    rows: Vec<Vec<u8>>,
}

impl Tree {
    pub(crate) fn push(&mut self, leaf: &[u8]) {
        self.rows.push(self.frontier.push(Hash::of_leaf(leaf)));
    }

    fn node(&self, node: Node) -> Hash {
        let row = usize::try_from(node.position()).unwrap() - 1;
        node.hash_in(&self.rows[row]).unwrap()
    }

    fn root(&self, size: u64) -> Hash {
        let peaks = Frontier::nodes(size).into_iter().map(|node| self.node(node)).collect();
        Frontier::new(size, peaks).unwrap().root()
    }

    fn prove(&self, plan: &Plan) -> Proof {
        let hashes: Hashes = plan.nodes().into_iter().map(|node| (node, self.node(node))).collect();
        plan.assemble(&hashes).unwrap()
    }
}
