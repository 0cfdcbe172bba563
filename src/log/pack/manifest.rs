//! What a pack says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `manifest.json`. Nothing in it is believed: all of it is proved by the rest of the pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `chancery-audit-pack`.
    pub format: String,
    /// Of the layout of the pack; 1 today.
    pub version: u32,
    /// Whose log.
    pub organisation: String,
    /// The name of the log in checkpoints.
    pub origin: String,
    /// Position of the first entry.
    pub from: u64,
    /// Position of the last entry.
    pub until: u64,
    /// How many entries.
    pub count: u64,
    /// What the entries were chosen by, besides the range.
    pub filters: BTreeMap<String, String>,
    /// When the pack was made, RFC 3339.
    pub made: String,
    /// The program that made it.
    pub program: String,
    /// Root of the log from its first event up to `until`, base64.
    pub root: String,
    /// Events in the checkpoint that the pack is proved against.
    pub checkpoint_size: u64,
    /// Its root, base64.
    pub checkpoint_root: String,
    /// Hashes of the full subtrees before the first entry, from the left, base64: with the entries they
    /// give the root.
    pub before: Vec<String>,
    /// The public keys whose checkpoints are in the pack.
    pub keys: Vec<String>,
}

impl Manifest {
    /// The format's name.
    pub const FORMAT: &'static str = "chancery-audit-pack";
    /// The newest version of the layout.
    pub const VERSION: u32 = 1;
}
