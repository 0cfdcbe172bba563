//! Leaf and node hashes, and the root of a growing tree (RFC 6962, section 2.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::proof::Node;

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
}

impl Frontier {
    /// The frontier of a tree of this size from the hashes of [`nodes`](Self::nodes), in their order.
    #[must_use]
    pub fn new(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
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
    /// whose last leaf it is, one level after the other. The node of `level` stands at `32 * level`.
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
        completed
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
