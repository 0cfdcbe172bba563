//! Leaf and node hashes, and the root of a growing tree (RFC 6962, section 2.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::proof::Node;
use super::tile::{self, LEVELS, WIDTH};

/// Bytes of a hash.
pub const SIZE: usize = 32;

/// A SHA-256 hash of the tree. Reads and writes itself as base64, as checkpoints and proofs have it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; SIZE]);

impl Hash {
    /// The hash of a leaf with these bytes.
    #[must_use]
    pub fn of_leaf(leaf: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into())
    }

    /// The hash of the node over two subtrees.
    #[must_use]
    pub fn of_node(left: &Self, right: &Self) -> Self {
        let mut bytes = [1; 1 + 2 * SIZE];
        let (_, children) = bytes.split_at_mut(1);
        let (one, other) = children.split_at_mut(SIZE);
        one.copy_from_slice(&left.0);
        other.copy_from_slice(&right.0);
        Self(Sha256::digest(bytes).into())
    }

    /// The root of the tree without leaves.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// Reads base64.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_slice(&STANDARD.decode(text).ok()?)
    }

    /// From exactly 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&STANDARD.encode(self.0))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{self}")
    }
}

/// The right edge of a tree: all that it takes to add leaves, and to tell the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of the full subtrees, largest first: one for each bit of the size.
    peaks: Vec<Hash>,
    /// The hashes of the tiles that are not full, as far as they are known.
    open: Vec<Vec<Hash>>,
}

impl Frontier {
    /// The frontier of a tree of this size from the hashes of [`nodes`](Self::nodes), in their order.
    #[must_use]
    pub fn new(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks, open: Vec::new() })
    }

    /// The frontier of a tree of this size with all that it takes to go on writing its rows, from the hashes of
    /// [`edge`](Self::edge).
    pub(crate) fn of_edge(size: u64, hash: impl Fn(&Node) -> Option<Hash>) -> Option<Self> {
        let peaks: Option<Vec<Hash>> = Self::nodes(size).iter().map(&hash).collect();
        let open: Option<Vec<Vec<Hash>>> =
            tile::open(size).iter().map(|nodes| nodes.iter().map(&hash).collect()).collect();
        Some(Self { open: open?, ..Self::new(size, peaks?)? })
    }

    /// [`nodes`](Self::nodes), and those of the tiles that are not full.
    pub(crate) fn edge(size: u64) -> Vec<Node> {
        let mut nodes = Self::nodes(size);
        nodes.extend(tile::open(size).into_iter().flatten());
        nodes
    }

    /// The nodes of which a tree of this size is made, from the left.
    #[must_use]
    pub fn nodes(size: u64) -> Vec<Node> {
        super::proof::Span { from: 0, until: size }.nodes()
    }

    /// How many leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of [`nodes`](Self::nodes).
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Adds a leaf, and returns the hashes that are final with it: its own, and those of the nodes
    /// whose last leaf it is, one level after the other. The node of `level` stands at `32 * level`. After them
    /// stand the tiles that are full with it: each has the hashes of 32 neighbours of one level.
    pub fn push(&mut self, leaf: Hash) -> Vec<u8> {
        let levels = self.size.trailing_ones() as usize;
        let mut completed = Vec::with_capacity(SIZE * (levels + 1));
        let mut hash = leaf;
        completed.extend_from_slice(&hash.0);
        for _ in 0..levels {
            // INVARIANT: there is a peak for each bit of the size.
            let Some(left) = self.peaks.pop() else { break };
            hash = Hash::of_node(&left, &hash);
            completed.extend_from_slice(&hash.0);
        }
        self.peaks.push(hash);
        self.size += 1;
        self.fill_tiles(levels, &mut completed);
        completed
    }

    /// Adds the hashes up to a level, which are all that `completed` has, to their tiles; those that are full are moved
    /// behind them.
    fn fill_tiles(&mut self, levels: usize, completed: &mut Vec<u8>) {
        for (tile, level) in (0..=levels).step_by(LEVELS as usize).enumerate() {
            let Some(hash) = completed.get(SIZE * level..SIZE * (level + 1)).and_then(Hash::from_slice) else { break };
            if self.open.len() <= tile {
                self.open.push(Vec::new());
            }
            let Some(open) = self.open.get_mut(tile) else { break };
            open.push(hash);
            if levels >= level + LEVELS as usize {
                // One whose beginning was not known is left out.
                if open.len() == WIDTH {
                    completed.extend(open.iter().flat_map(|hash| hash.0));
                }
                open.clear();
            }
        }
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.peaks).unwrap_or_else(Hash::of_nothing)
    }
}

/// The hash over adjacent subtrees, each at least as large as the one after it.
pub(super) fn fold(subtrees: &[Hash]) -> Option<Hash> {
    let (last, others) = subtrees.split_last()?;
    Some(others.iter().rev().fold(*last, |right, left| Hash::of_node(left, &right)))
}
