//! Inclusion and consistency proofs (RFC 6962, sections 2.1.1 and 2.1.2), and where their hashes are.
//!
//! Leaves are counted from 0 here, as in the RFC; the event at position `p` is leaf `p - 1`.

use foldhash::HashMap;

use super::tree::{Hash, fold};

/// A full subtree: `2^level` leaves, the first of them `index * 2^level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// 0 is a leaf.
    pub level: u32,
    /// Number within its level, from 0.
    pub index: u64,
}

impl Node {
    /// Position of the event whose row has the node's hash: the last one below it.
    #[must_use]
    pub fn position(self) -> u64 {
        (self.index + 1) << self.level
    }

    /// The node's hash among those that the row has.
    #[must_use]
    pub fn hash_in(self, hashes: &[u8]) -> Option<Hash> {
        let start = super::tree::SIZE * self.level as usize;
        Hash::from_slice(hashes.get(start..start + super::tree::SIZE)?)
    }
}

/// Hashes of nodes.
pub type Hashes = HashMap<Node, Hash>;

/// Leaves `from..until`, as a proof speaks of them: they make up one subtree, full or at the right edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: u64,
    pub(crate) until: u64,
}

impl Span {
    /// The full subtrees that it consists of, from the left.
    pub(crate) fn nodes(self) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut from = self.from;
        while from < self.until {
            let level = (self.until - from).ilog2();
            nodes.push(Node { level, index: from >> level });
            from += 1 << level;
        }
        nodes
    }
}

/// A proof whose hashes are yet to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan(Vec<Span>);

/// The hashes of a proof, in the order of the RFC.
pub type Proof = Vec<Hash>;

impl Plan {
    /// That a leaf is in the tree of this size.
    #[must_use]
    pub fn inclusion(leaf: u64, size: u64) -> Option<Self> {
        if leaf >= size {
            return None;
        }
        let mut spans = Vec::new();
        let (mut from, mut until) = (0, size);
        while until - from > 1 {
            let middle = from + split(until - from);
            if leaf < middle {
                spans.push(Span { from: middle, until });
                until = middle;
            } else {
                spans.push(Span { from, until: middle });
                from = middle;
            }
        }
        spans.reverse();
        Some(Self(spans))
    }

    /// That the tree of this size begins as one of an earlier size.
    #[must_use]
    pub fn consistency(earlier: u64, size: u64) -> Option<Self> {
        if earlier == 0 || earlier > size {
            return None;
        }
        let mut spans = Vec::new();
        let (mut from, mut until, mut known) = (0, size, true);
        while earlier != until {
            let middle = from + split(until - from);
            if earlier <= middle {
                spans.push(Span { from: middle, until });
                until = middle;
            } else {
                spans.push(Span { from, until: middle });
                from = middle;
                known = false;
            }
        }
        if !known {
            spans.push(Span { from, until });
        }
        spans.reverse();
        Some(Self(spans))
    }

    /// The nodes whose hashes it takes.
    #[must_use]
    pub fn nodes(&self) -> Vec<Node> {
        self.0.iter().flat_map(|span| span.nodes()).collect()
    }

    /// The proof, from the hashes of [`nodes`](Self::nodes); none when one is missing.
    #[must_use]
    pub fn assemble(&self, hashes: &Hashes) -> Option<Proof> {
        let subtree = |span: &Span| {
            let nodes: Option<Vec<Hash>> = span.nodes().iter().map(|node| hashes.get(node).copied()).collect();
            fold(&nodes?)
        };
        self.0.iter().map(subtree).collect()
    }
}

/// Leaves in the left subtree: the largest power of two below `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// One step from a leaf to the root: what is known so far, and its sibling, make the hash above both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Climb {
    /// The sibling's hash, from the proof.
    pub sibling: Hash,
    /// Whether the sibling is on the left.
    pub left: bool,
    /// The hash above both.
    pub result: Hash,
    /// The first leaf below it.
    pub from: u64,
    /// The leaf after the last one below it.
    pub until: u64,
}

/// The way from a leaf to the root of a tree of this size, step by step; none where the proof is not one of this leaf.
#[must_use]
pub fn climb(proof: &[Hash], leaf: u64, leaf_hash: Hash, size: u64) -> Option<Vec<Climb>> {
    let Plan(spans) = Plan::inclusion(leaf, size)?;
    let mut steps = Vec::with_capacity(spans.len());
    let (mut hash, mut from, mut until) = (leaf_hash, leaf, leaf + 1);
    for (span, sibling) in spans.iter().zip(proof) {
        let left = span.from < leaf;
        hash = if left { Hash::of_node(sibling, &hash) } else { Hash::of_node(&hash, sibling) };
        (from, until) = (from.min(span.from), until.max(span.until));
        steps.push(Climb { sibling: *sibling, left, result: hash, from, until });
    }
    (spans.len() == proof.len()).then_some(steps)
}

/// Whether a proof shows that a leaf is in the tree with this root.
#[must_use]
pub fn includes(proof: &[Hash], leaf: u64, leaf_hash: Hash, size: u64, root: Hash) -> bool {
    climb(proof, leaf, leaf_hash, size).is_some_and(|steps| steps.last().map_or(leaf_hash, |last| last.result) == root)
}

/// Whether a proof shows that the tree with this root begins as an earlier one.
#[must_use]
pub fn extends(proof: &[Hash], earlier: u64, earlier_root: Hash, size: u64, root: Hash) -> bool {
    let Some(Plan(spans)) = Plan::consistency(earlier, size) else { return false };
    if spans.len() != proof.len() {
        return false;
    }
    let mut steps = spans.iter().zip(proof);
    // A power of two is a subtree of the later tree, and needs no hash of its own.
    let first = match spans.first() {
        Some(span) if span.until == earlier => steps.next().map(|(_, hash)| *hash),
        _ => Some(earlier_root),
    };
    let Some(first) = first else { return false };
    let (mut old, mut new) = (first, first);
    for (span, hash) in steps {
        if span.from >= earlier {
            new = Hash::of_node(&new, hash);
        } else {
            old = Hash::of_node(hash, &old);
            new = Hash::of_node(hash, &new);
        }
    }
    old == earlier_root && new == root
}
