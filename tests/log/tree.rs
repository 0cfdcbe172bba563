//! Our tree against published vectors, and against other people's trees.

use chancery::log::Hash;
use chancery::log::proof::{self, Plan};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;
use tlog_tiles::tlog;

use super::Tree;

/// The leaves that the implementations of RFC 6962 are tested with, and the root after each.
const PUBLISHED: [(&str, &str); 8] = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
];

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap();
    (0..hexadecimal.len()).step_by(2).map(byte).collect()
}

fn hash(hexadecimal: &str) -> Hash {
    Hash::from_slice(&bytes(hexadecimal)).unwrap()
}

fn published() -> Tree {
    let mut tree = Tree::default();
    for (leaf, _) in PUBLISHED {
        tree.push(&bytes(leaf));
    }
    tree
}

#[test]
fn the_published_leaves_give_the_published_roots() {
    assert_eq!(Hash::of_nothing(), hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    let mut tree = Tree::default();
    for (leaf, root) in PUBLISHED {
        tree.push(&bytes(leaf));
        assert_eq!(tree.frontier.root(), hash(root), "after {} leaves", tree.frontier.size());
    }
}

#[test]
fn the_published_inclusion_and_consistency_proofs_are_ours() {
    let tree = published();
    let inclusion = tree.prove(&Plan::inclusion(5, 8).unwrap());
    assert_eq!(
        inclusion,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
        .map(hash)
    );
    let consistency = tree.prove(&Plan::consistency(6, 8).unwrap());
    assert_eq!(
        consistency,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
        .map(hash)
    );
}

#[test]
fn impossible_proofs_are_not_planned_and_not_believed() {
    let tree = published();
    let root = tree.root(8);
    assert_eq!((Plan::inclusion(8, 8), Plan::inclusion(0, 0)), (None, None));
    assert_eq!((Plan::consistency(0, 8), Plan::consistency(9, 8)), (None, None));
    assert!(!proof::includes(&[], 0, root, 0, root));
    assert!(!proof::includes(&[root], 0, root, 1, root));
    assert!(!proof::extends(&[root], 8, root, 8, root));
    assert!(!proof::extends(&[], 7, root, 8, root));
    assert!(proof::extends(&[], 8, root, 8, root));
    assert!(!proof::extends(&[], 8, root, 8, tree.root(7)));
}

/// The hashes of a tree in the order of Go's `tlog`.
struct Stored(Vec<tlog::Hash>);

impl tlog::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
    }
}

fn ours(hashes: &[tlog::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(hash.0)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn roots_and_proofs_are_those_of_ct_merkle_and_of_tlog(
        leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..140),
        one in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let (mut tree, mut ct, mut stored) = (Tree::default(), MemoryBackedTree::<Sha256, _>::new(), Stored(Vec::new()));
        for (number, leaf) in (0..).zip(&leaves) {
            tree.push(leaf);
            ct.push(leaf.clone());
            let completed = tlog::stored_hashes(number, leaf, &stored).unwrap();
            let nodes: Vec<u8> = ours(&completed).iter().flat_map(|hash| hash.0).collect();
            let row = tree.rows.last().unwrap();
            let (own, tile) = row.split_at_checked(nodes.len()).unwrap();
            prop_assert_eq!(own, nodes);
            // Behind its nodes, every 32nd row has the leaves that are below it.
            let below = if number % 32 == 31 { &leaves[number as usize - 31..=number as usize] } else { &leaves[..0] };
            prop_assert_eq!(tile, below.iter().flat_map(|leaf| Hash::of_leaf(leaf).0).collect::<Vec<u8>>());
            stored.0.extend(completed);
        }
        let size = leaves.len() as u64;
        let root = tree.frontier.root();
        prop_assert_eq!(root.0.to_vec(), ct.root().as_bytes().to_vec());
        prop_assert_eq!(root, Hash(tlog::tree_hash(size, &stored).unwrap().0));

        let leaf = one.index(leaves.len());
        let inclusion = tree.prove(&Plan::inclusion(leaf as u64, size).unwrap());
        let theirs = ct.prove_inclusion(leaf);
        prop_assert_eq!(inclusion.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>(), theirs.as_bytes());
        prop_assert_eq!(&inclusion, &ours(&tlog::prove_record(size, leaf as u64, &stored).unwrap()));
        let leaf_hash = Hash::of_leaf(&leaves[leaf]);
        prop_assert!(proof::includes(&inclusion, leaf as u64, leaf_hash, size, root));

        let earlier = other.index(leaves.len()) as u64 + 1;
        let consistency = tree.prove(&Plan::consistency(earlier, size).unwrap());
        prop_assert_eq!(&consistency, &ours(&tlog::prove_tree(size, earlier, &stored).unwrap()));
        let before = tree.root(earlier);
        prop_assert!(proof::extends(&consistency, earlier, before, size, root));
        if earlier < size {
            let theirs = ct.prove_consistency(usize::try_from(size - earlier).unwrap());
            prop_assert_eq!(consistency.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>(), theirs.as_bytes());
        }

        // What is shown holds for nothing else.
        for at in 0..inclusion.len() {
            let mut wrong = inclusion.clone();
            wrong[at].0[other.index(32)] ^= 1;
            prop_assert!(!proof::includes(&wrong, leaf as u64, leaf_hash, size, root));
        }
        for at in 0..consistency.len() {
            let mut wrong = consistency.clone();
            wrong[at].0[one.index(32)] ^= 1;
            prop_assert!(!proof::extends(&wrong, earlier, before, size, root));
        }
        prop_assert!(!proof::includes(&inclusion, leaf as u64, Hash::of_leaf(b"another leaf"), size, root));
        prop_assert!(!proof::extends(&consistency, earlier, Hash::of_leaf(b"another root"), size, root));
    }
}
