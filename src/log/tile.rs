//! Tiles: what a proof needs of the tree, in few rows.
//!
//! A tile is thirty-two neighbours of every fifth level. The row of the last event below it has the hashes of all of them,
//! so that a proof takes a row for five levels, and works the hashes between out.

use super::proof::Node;
use super::tree::{Hash, SIZE};

/// Levels of the tree in a tile.
pub(crate) const LEVELS: u32 = 5;
/// Nodes at the lowest of them.
pub(crate) const WIDTH: usize = 1 << LEVELS;

/// Nodes of all its levels.
const NODES: usize = 2 * WIDTH - 2;

/// A tile: the nodes `index * 32 ..` of level `level * 5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tile {
    /// 0 has the leaves.
    pub(crate) level: u32,
    /// Number within its level, from 0.
    pub(crate) index: u64,
}

impl Tile {
    /// The tile that a node is worked out from.
    pub(crate) fn of(node: Node) -> Self {
        let (level, within) = (node.level / LEVELS, node.level % LEVELS);
        Self { level, index: node.index >> (LEVELS - within) }
    }

    /// Position of the event whose row has the tile, if there can be so many.
    pub(crate) fn position(self) -> Option<u64> {
        let leaves = 1_u64.checked_shl(LEVELS * (self.level + 1))?;
        (self.index + 1).checked_mul(leaves)
    }

    /// The nodes within it, from the hashes of its row; none where the row is one without tiles, as those that were written
    /// before there were any.
    pub(crate) fn nodes_in(self, row: &[u8]) -> Option<Vec<(Node, Hash)>> {
        let own_levels = self.position()?.trailing_zeros() as usize + 1;
        let start = SIZE * (own_levels + WIDTH * self.level as usize);
        let lowest = row.get(start..start + SIZE * WIDTH)?.chunks_exact(SIZE).filter_map(Hash::from_slice);
        let (level, first) = (self.level * LEVELS, self.index << LEVELS);
        let mut nodes = Vec::with_capacity(NODES);
        nodes.extend((first..).map(|index| Node { level, index }).zip(lowest));
        // Each pair makes the node above it. What is above the last pair is of the next tile.
        let mut pairs = (0..).step_by(2);
        while nodes.len() < NODES
            && let Some([(node, left), (_, right)]) = pairs.next().and_then(|at: usize| nodes.get(at..at + 2))
        {
            let above = Node { level: node.level + 1, index: node.index / 2 };
            let hash = Hash::of_node(left, right);
            nodes.push((above, hash));
        }
        Some(nodes)
    }
}

/// The nodes of the tiles of a tree of this size that are not full yet, level by level.
pub(crate) fn open(size: u64) -> Vec<Vec<Node>> {
    let mut tiles = Vec::new();
    for level in (0..u64::BITS).step_by(LEVELS as usize).take_while(|level| size >> level > 0) {
        let until = size >> level;
        let first = until - until % WIDTH as u64;
        tiles.push((first..until).map(|index| Node { level, index }).collect());
    }
    tiles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Frontier;

    fn leaf(number: u64) -> Hash {
        Hash::of_leaf(&number.to_be_bytes())
    }

    /// The rows of a tree, as a store keeps them.
    fn rows(size: u64) -> Vec<Vec<u8>> {
        let mut frontier = Frontier::default();
        (0..size).map(|number| frontier.push(leaf(number))).collect()
    }

    #[test]
    fn a_tile_has_the_nodes_that_their_own_rows_have() {
        let rows = rows(2_048);
        let row = |position: u64| rows.get(usize::try_from(position - 1).unwrap()).unwrap();
        let mut seen = 0;
        for (level, tiles) in [(0, 64), (1, 2)] {
            for tile in (0..tiles).map(|index| Tile { level, index }) {
                let nodes = tile.nodes_in(row(tile.position().unwrap())).unwrap();
                assert_eq!(nodes.len(), 62);
                for (node, hash) in nodes {
                    assert_eq!(Tile::of(node), tile);
                    assert_eq!(node.hash_in(row(node.position())), Some(hash), "{node:?}");
                    seen += 1;
                }
            }
        }
        assert_eq!(seen, 66 * 62);
    }

    #[test]
    fn a_row_without_tiles_has_none() {
        let rows = rows(64);
        let row = rows.last().unwrap();
        let tile = Tile { level: 0, index: 1 };
        assert!(tile.nodes_in(row).is_some());
        assert!(tile.nodes_in(row.get(..7 * SIZE).unwrap()).is_none(), "as it was written before there were tiles");
        assert!(Tile { level: 1, index: 0 }.nodes_in(row).is_none(), "that one is not full");
    }

    #[test]
    fn tiles_are_as_full_as_the_tree() {
        for size in [0, 1, 31, 32, 33, 1_023, 1_024, 1_056] {
            let counts: Vec<u64> = open(size).iter().map(|tile| tile.len() as u64).collect();
            let digits: Vec<u64> = std::iter::successors(Some(size), |rest| Some(rest / 32))
                .take_while(|rest| *rest > 0)
                .map(|rest| rest % 32)
                .collect();
            assert_eq!(counts, digits);
        }
    }

    #[test]
    fn what_cannot_be_is_of_no_row() {
        for node in [Node { level: 60, index: 0 }, Node { level: 0, index: u64::MAX - 1 }] {
            let _ = Tile::of(node).position();
        }
        assert_eq!(Tile { level: 12, index: 0 }.position(), None);
    }
}
