//! Verifying a pack, without the store that it comes from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use super::Manifest;
use crate::log::checkpoint::{origin, read_proof};
use crate::log::note::{NoteError, Verifier};
use crate::log::proof::{extends, includes};
use crate::log::tree::SIZE;
use crate::log::verify::{Auditor, Kept, Problem, Statement, Verified, VerifyError, trusted_statement};
use crate::log::{Checkpoint, Frontier, Hash};

/// Verifies a pack in a directory: that its entries are what its checkpoints say, and that its checkpoints
/// are of one log and signed. `trusted` are checkpoints, and `keys` public keys, that were kept elsewhere.
/// Without any, the pack proves only that it fits together.
///
/// # Errors
/// The first problem; or a file cannot be read.
pub fn verify(
    directory: &Path,
    trusted: &[String],
    keys: &[Verifier],
    advance: impl Fn(),
) -> Result<Verified, VerifyError> {
    let pack = Pack { directory };
    let manifest = pack.manifest()?;
    let statements = pack.statements(&manifest, keys)?;
    let roots = pack.chain(&manifest, &statements)?;
    let mut expected: Vec<Statement> = statements.values().cloned().collect();
    let root = parse_hash(&manifest.root)?;
    expected.push(Statement { size: manifest.until, root, what: "the manifest".to_owned() });
    for note in trusted {
        let statement = trusted_statement(note, &manifest.organisation)?;
        if statement.size < manifest.from || statement.size > manifest.until {
            // Not among the entries: it must be one of those that the pack connects with them.
            match roots.get(&statement.size) {
                Some(root) if *root == statement.root => {}
                Some(_) => {
                    return Err(Problem::Differs { from: 1, until: statement.size, what: statement.what }.into());
                }
                None => return Err(bad(format!("it has no checkpoint at #{} to compare with", statement.size))),
            }
        } else {
            expected.push(statement);
        }
    }
    expected.retain(|statement| statement.size <= manifest.until);
    let auditor = pack.entries(&manifest, expected, advance)?;
    pack.ends(&manifest)?;
    Ok(Verified {
        organisation: manifest.organisation,
        events: manifest.count,
        root: auditor.frontier().root(),
        checkpoints: statements.len() + trusted.len(),
        keys: manifest.keys.into_iter().map(|key| (0, key)).collect(),
    })
}

fn bad(what: impl Into<String>) -> VerifyError {
    Problem::BadPack { what: what.into() }.into()
}

fn parse_hash(text: &str) -> Result<Hash, VerifyError> {
    Hash::parse(text).ok_or_else(|| bad(format!("`{text}` is not a hash")))
}

struct Pack<'a> {
    directory: &'a Path,
}

impl Pack<'_> {
    fn open(&self, name: &str) -> Result<File, VerifyError> {
        let path = self.directory.join(name);
        File::open(&path).map_err(|source| VerifyError::File { path: path.display().to_string(), source })
    }

    fn failed(&self, name: &str) -> impl Fn(std::io::Error) -> VerifyError {
        let path = self.directory.join(name).display().to_string();
        move |source| VerifyError::File { path: path.clone(), source }
    }

    fn text(&self, name: &str) -> Result<String, VerifyError> {
        let mut text = String::new();
        self.open(name)?.read_to_string(&mut text).map_err(self.failed(name))?;
        Ok(text)
    }

    fn manifest(&self) -> Result<Manifest, VerifyError> {
        let manifest: Manifest = serde_json::from_str(&self.text("manifest.json")?)
            .map_err(|error| bad(format!("`manifest.json` cannot be read: {error}")))?;
        if manifest.format != Manifest::FORMAT || manifest.version != Manifest::VERSION {
            return Err(bad(format!(
                "its format is {} version {}, which this program does not know",
                manifest.format, manifest.version
            )));
        }
        let Manifest { from, until, count, checkpoint_size, .. } = manifest;
        let fits = from >= 1 && until >= from && until - from + 1 == count && until <= checkpoint_size;
        if !fits || manifest.origin != origin(&manifest.organisation) {
            return Err(bad("its manifest contradicts itself"));
        }
        Ok(manifest)
    }

    /// What the checkpoints of the pack state, by size. Each is signed by a key of the pack, and by one of
    /// `keys` where there are any.
    fn statements(&self, manifest: &Manifest, keys: &[Verifier]) -> Result<BTreeMap<u64, Statement>, VerifyError> {
        let mut known = Vec::new();
        for key in &manifest.keys {
            let verifier =
                Verifier::parse(key).map_err(|reason| Problem::BadNote { what: "a key".to_owned(), reason })?;
            if !keys.is_empty() && !keys.contains(&verifier) {
                return Err(Problem::ForeignKey { what: "a checkpoint".to_owned(), key: key.clone() }.into());
            }
            known.push(verifier);
        }
        let mut statements = BTreeMap::new();
        let listed = std::fs::read_dir(self.directory.join("checkpoints")).map_err(self.failed("checkpoints"))?;
        for entry in listed {
            let name = entry.map_err(self.failed("checkpoints"))?.file_name().to_string_lossy().into_owned();
            let note = self.text(&format!("checkpoints/{name}"))?;
            let Checkpoint { size, root, .. } = open(&note, &known, &name)?;
            let what = format!("the checkpoint at #{size}");
            if let Some(Statement { root: other, .. }) = statements.insert(size, Statement { size, root, what })
                && other != root
            {
                return Err(bad(format!("two checkpoints at #{size} have different roots")));
            }
        }
        let last = open(&self.text("checkpoint.txt")?, &known, "checkpoint.txt")?;
        let stated = (manifest.checkpoint_size, parse_hash(&manifest.checkpoint_root)?);
        if (last.size, last.root) != stated || statements.get(&last.size).is_none_or(|own| own.root != last.root) {
            return Err(bad("its manifest is not about its checkpoint"));
        }
        Ok(statements)
    }

    /// Checks that every size of which the pack speaks begins as the one before; the roots by size.
    fn chain(
        &self,
        manifest: &Manifest,
        statements: &BTreeMap<u64, Statement>,
    ) -> Result<BTreeMap<u64, Hash>, VerifyError> {
        let mut roots: BTreeMap<u64, Hash> = statements.iter().map(|(size, own)| (*size, own.root)).collect();
        roots.entry(manifest.until).or_insert(parse_hash(&manifest.root)?);
        for ((earlier, before), (later, after)) in roots.iter().zip(roots.iter().skip(1)) {
            let name = format!("proofs/{earlier:012}-{later:012}.txt");
            let proof: Result<Vec<Hash>, VerifyError> = self.text(&name)?.lines().map(parse_hash).collect();
            if !extends(&proof?, *earlier, *before, *later, *after) {
                let what = format!("the proof that the log of #{later} continues that of #{earlier}");
                return Err(Problem::BadProof { what }.into());
            }
        }
        Ok(roots)
    }

    fn entries(
        &self,
        manifest: &Manifest,
        expected: Vec<Statement>,
        advance: impl Fn(),
    ) -> Result<Auditor, VerifyError> {
        let before: Result<Vec<Hash>, VerifyError> = manifest.before.iter().map(|hash| parse_hash(hash)).collect();
        let frontier =
            Frontier::new(manifest.from - 1, before?).ok_or_else(|| bad("hashes before its entries are missing"))?;
        let mut auditor = Auditor::new(frontier, expected);
        // A checkpoint right before the first entry is about the hashes before it.
        auditor.compare()?;
        let mut entries = BufReader::with_capacity(1 << 18, self.open("entries.jsonl")?);
        let mut leaves = BufReader::with_capacity(1 << 18, self.open("leaves.bin")?);
        let organisation = serde_json::to_string(&manifest.organisation).unwrap_or_default();
        let mut line = Vec::new();
        for position in manifest.from..=manifest.until {
            line.clear();
            entries.read_until(b'\n', &mut line).map_err(self.failed("entries.jsonl"))?;
            let Some(text) = line.strip_suffix(b"\n") else {
                let what = "the manifest".to_owned();
                return Err(Problem::CutOff { from: position, what, size: manifest.until }.into());
            };
            let there = position_of(text, &organisation)
                .ok_or_else(|| bad(format!("line {} of `entries.jsonl` is no entry", position - manifest.from + 1)))?;
            let mut leaf = [0; SIZE];
            leaves.read_exact(&mut leaf).map_err(|_| bad("`leaves.bin` is cut short"))?;
            auditor.push(there, Hash::of_leaf(text), &Kept::Leaf(&leaf))?;
            advance();
        }
        if entries.fill_buf().map_err(self.failed("entries.jsonl"))?.is_empty() {
            auditor.finish()?;
            return Ok(auditor);
        }
        Err(bad(format!("`entries.jsonl` goes on after #{}", manifest.until)))
    }

    /// The proofs that the first and the last entry are in the checkpoint's tree.
    fn ends(&self, manifest: &Manifest) -> Result<(), VerifyError> {
        let (size, root) = (manifest.checkpoint_size, parse_hash(&manifest.checkpoint_root)?);
        let mut leaves = self.open("leaves.bin")?;
        let mut leaf = |index: u64| -> Result<Hash, VerifyError> {
            use std::io::Seek as _;
            let mut bytes = [0; SIZE];
            let read =
                leaves.seek(std::io::SeekFrom::Start(index * SIZE as u64)).and_then(|_| leaves.read_exact(&mut bytes));
            read.map(|()| Hash(bytes)).map_err(self.failed("leaves.bin"))
        };
        for (name, position) in [("first", manifest.from), ("last", manifest.until)] {
            let text = self.text(&format!("proofs/{name}.tlog-proof"))?;
            let hash = leaf(position - manifest.from)?;
            let holds = read_proof(&text)
                .is_some_and(|(index, proof, _)| index == position - 1 && includes(&proof, index, hash, size, root));
            if !holds {
                return Err(Problem::BadProof { what: format!("the proof that #{position} is in the log") }.into());
            }
        }
        Ok(())
    }
}

fn open(note: &str, keys: &[Verifier], name: &str) -> Result<Checkpoint, VerifyError> {
    let mut reason = NoteError::Malformed;
    for key in keys {
        match Checkpoint::open(note, key) {
            Ok(checkpoint) => return Ok(checkpoint),
            Err(error @ NoteError::Forged { .. }) => reason = error,
            Err(error) if reason == NoteError::Malformed => reason = error,
            Err(_) => {}
        }
    }
    Err(Problem::BadNote { what: format!("the checkpoint `{name}`"), reason }.into())
}

/// The position that a line says it has, when it is a line of this organisation.
fn position_of(line: &[u8], organisation: &str) -> Option<u64> {
    let rest = line.strip_prefix(b"{\"organisation\":")?.strip_prefix(organisation.as_bytes())?;
    let rest = rest.strip_prefix(b",\"position\":")?;
    let digits = rest.split(|byte| *byte == b',').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
