//! The root of the Merkle tree over decided lines, as RFC 6962 (section 2.1) builds it.

use compact_str::CompactString;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Reviewed;
use crate::event::{Decision, ReviewLine};
use crate::vocabulary::MemberId;

/// A leaf: a line as it was decided, as canonical JSON.
#[derive(Serialize)]
struct Leaf<'a> {
    line: &'a ReviewLine,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<&'a Decision>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a MemberId>,
}

/// The root over all lines in order, undecided ones included, in hexadecimal digits.
pub fn root<'a>(lines: impl IntoIterator<Item = &'a Reviewed>) -> CompactString {
    let leaves: Vec<[u8; 32]> = lines.into_iter().map(leaf).collect();
    let mut written = CompactString::default();
    for byte in tree(&leaves) {
        written.push_str(&compact_str::format_compact!("{byte:02x}"));
    }
    written
}

fn leaf(reviewed: &Reviewed) -> [u8; 32] {
    let decided = reviewed.decided.as_ref();
    let leaf = Leaf {
        line: &reviewed.line,
        decision: decided.map(|decided| &decided.decision),
        by: decided.map(|decided| &decided.by),
    };
    // INVARIANT: a line is strings and numbers, which always have a JSON form.
    let bytes = serde_json::to_vec(&leaf).unwrap_or_default();
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

fn tree(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            // The left half is the largest power of two below the number of leaves.
            let left = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(left);
            Sha256::new().chain_update([1]).chain_update(tree(left)).chain_update(tree(right)).finalize().into()
        }
    }
}
