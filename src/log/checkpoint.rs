//! Checkpoints (C2SP `tlog-checkpoint`) and proofs that carry one (C2SP `tlog-proof`).

use super::note::{NoteError, Signer, Verifier};
use super::proof::Proof;
use super::tree::Hash;

/// How many events a log has, and the root of their tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: [`origin`] of the organisation.
    pub origin: String,
    /// Events, from the first on.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// The name of an organisation's log, and of the keys that sign its checkpoints.
#[must_use]
pub fn origin(organisation: &str) -> String {
    format!("chancery/{organisation}")
}

impl Checkpoint {
    /// The checkpoint of an organisation.
    #[must_use]
    pub fn new(organisation: &str, size: u64, root: Hash) -> Self {
        Self { origin: origin(organisation), size, root }
    }

    /// As a signed note.
    #[must_use]
    pub fn sign(&self, signer: &Signer) -> String {
        signer.sign(&self.origin, &format!("{}\n{}\n{}\n", self.origin, self.size, self.root))
    }

    /// Reads a signed note.
    ///
    /// # Errors
    /// When the key did not sign it, or it is no checkpoint of the key's log.
    pub fn open(note: &str, verifier: &Verifier) -> Result<Self, NoteError> {
        let checkpoint = Self::read(verifier.open(note)?).ok_or(NoteError::Malformed)?;
        if checkpoint.origin == verifier.name() { Ok(checkpoint) } else { Err(NoteError::Malformed) }
    }

    /// Reads the text of a note, whoever signed it. Lines after the third are extensions, and passed over.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = lines.next().filter(|origin| !origin.is_empty())?.to_owned();
        let digits = lines.next().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        if digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        let size = digits.parse().ok()?;
        let root = Hash::parse(lines.next()?)?;
        Some(Self { origin, size, root })
    }
}

/// That an event is in the tree of a checkpoint, as a file that carries the checkpoint.
#[must_use]
pub fn write_proof(leaf: u64, proof: &Proof, checkpoint: &str) -> String {
    let hashes: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
    format!("c2sp.org/tlog-proof@v1\nindex {leaf}\n{hashes}\n{checkpoint}")
}

/// Reads such a file: leaf, hashes and checkpoint. Extra data, which we do not write, is passed over.
#[must_use]
pub fn read_proof(text: &str) -> Option<(u64, Proof, &str)> {
    let (head, checkpoint) = text.strip_prefix("c2sp.org/tlog-proof@v1\n")?.split_once("\n\n")?;
    let mut lines = head.lines().skip_while(|line| line.starts_with("extra "));
    let leaf = lines.next()?.strip_prefix("index ")?.parse().ok()?;
    let proof: Option<Proof> = lines.map(Hash::parse).collect();
    Some((leaf, proof?, checkpoint))
}
