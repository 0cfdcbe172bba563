//! Writing a pack. The events go through, however many there are; no more than a row is in memory.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Manifest, PackError};
use crate::log::checkpoint::{origin, write_proof};
use crate::log::line::Line;
use crate::log::proof::Plan;
use crate::log::tree::SIZE;
use crate::log::{Checkpoint, Frontier, Hash, Proof, Verifier};
use crate::store::{EventRow, Store, StoreError, StoredCheckpoint, Visit};

/// What others need to check a pack by themselves.
const README: &str = include_str!("README.md");
const VERIFY_GO: &str = include_str!("verify.go.txt");

/// What goes into a pack.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whose log.
    pub organisation: String,
    /// Position of the first event.
    pub from: u64,
    /// Position of the last event.
    pub until: u64,
    /// What it is proved against: made at `until` or later.
    pub checkpoint: StoredCheckpoint,
    /// When it is made, RFC 3339.
    pub made: String,
}

/// Writes a pack into a directory, which must not have files of these names yet. `advance` is called for
/// each event.
///
/// # Errors
/// As [`PackError`] names them. What was written until then is left.
pub async fn write(
    store: &dyn Store,
    wanted: &Wanted,
    directory: &Path,
    advance: impl Fn() + Send + 'static,
) -> Result<Manifest, PackError> {
    let pack = Pack { store, wanted, directory };
    let before = pack.frontier(wanted.from - 1).await?;
    let manifest = pack.manifest(&before).await?;
    pack.entries(before, advance).await?;
    pack.checkpoints().await?;
    pack.proofs(&manifest).await?;
    pack.text("verify.go", VERIFY_GO)?;
    pack.text("README.md", &README.replace("{organisation}", &wanted.organisation))?;
    // The manifest comes last: a directory with one is whole.
    let json = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    pack.text("manifest.json", &format!("{json}\n"))?;
    Ok(manifest)
}

struct Pack<'a> {
    store: &'a dyn Store,
    wanted: &'a Wanted,
    directory: &'a Path,
}

impl Pack<'_> {
    fn damaged(&self) -> PackError {
        PackError::Damaged { organisation: self.wanted.organisation.clone() }
    }

    async fn frontier(&self, size: u64) -> Result<Frontier, PackError> {
        let nodes = Frontier::nodes(size);
        let hashes = self.store.nodes(&self.wanted.organisation, &nodes).await?;
        let peaks: Option<Vec<Hash>> = nodes.iter().map(|node| hashes.get(node).copied()).collect();
        peaks.and_then(|peaks| Frontier::new(size, peaks)).ok_or_else(|| self.damaged())
    }

    async fn prove(&self, plan: Option<Plan>) -> Result<Proof, PackError> {
        let plan = plan.ok_or_else(|| self.damaged())?;
        let hashes = self.store.nodes(&self.wanted.organisation, &plan.nodes()).await?;
        plan.assemble(&hashes).ok_or_else(|| self.damaged())
    }

    /// The checkpoints of the log up to the one that the pack is proved against, by size.
    async fn statements(&self) -> Result<Vec<StoredCheckpoint>, StoreError> {
        let mut checkpoints = self.store.checkpoints(&self.wanted.organisation).await?;
        checkpoints.retain(|checkpoint| checkpoint.size <= self.wanted.checkpoint.size);
        Ok(checkpoints)
    }

    async fn manifest(&self, before: &Frontier) -> Result<Manifest, PackError> {
        let Wanted { organisation, from, until, checkpoint, made } = self.wanted;
        let signed = Checkpoint::read(&checkpoint.note).ok_or_else(|| self.damaged())?;
        let mut keys: Vec<String> = self.statements().await?.into_iter().map(|statement| statement.verifier).collect();
        keys.sort_unstable();
        keys.dedup();
        Ok(Manifest {
            format: Manifest::FORMAT.to_owned(),
            version: Manifest::VERSION,
            organisation: organisation.clone(),
            origin: origin(organisation),
            from: *from,
            until: *until,
            count: until + 1 - from,
            filters: std::collections::BTreeMap::new(),
            made: made.clone(),
            program: concat!("chancery/", env!("CARGO_PKG_VERSION")).to_owned(),
            root: self.frontier(*until).await?.root().to_string(),
            checkpoint_size: checkpoint.size,
            checkpoint_root: signed.root.to_string(),
            before: before.peaks().iter().map(ToString::to_string).collect(),
            keys,
        })
    }

    /// The events, and beside them the hash of each.
    async fn entries(&self, before: Frontier, advance: impl Fn() + Send + 'static) -> Result<(), PackError> {
        let entries = self.create("entries.jsonl")?;
        let leaves = self.create("leaves.bin")?;
        let writing = Arc::new(Mutex::new(Entries {
            entries,
            leaves,
            line: Line::default(),
            next: before.size() + 1,
            failure: None,
        }));
        let shared = writing.clone();
        let visitor = move |row: EventRow<'_>, hashes: &[u8]| {
            advance();
            shared.lock().visit(&row, hashes)
        };
        let Wanted { organisation, from, until, .. } = self.wanted;
        self.store.scan_hashed(organisation, from - 1, *until, Box::new(visitor)).await?;
        let mut writing = writing.lock();
        if let Some(source) = writing.failure.take() {
            return Err(self.failed("entries.jsonl", source));
        }
        if writing.next != until + 1 {
            return Err(self.damaged());
        }
        writing.entries.flush().map_err(|source| self.failed("entries.jsonl", source))?;
        writing.leaves.flush().map_err(|source| self.failed("leaves.bin", source))
    }

    async fn checkpoints(&self) -> Result<(), PackError> {
        for statement in self.statements().await? {
            let Ok(verifier) = Verifier::parse(&statement.verifier) else { return Err(self.damaged()) };
            let key = verifier.hash_text();
            self.text(&format!("checkpoints/{:012}-{key}.txt", statement.size), &statement.note)?;
            self.replace(&format!("keys/{key}.vkey"), &format!("{verifier}\n"))?;
            self.replace(&format!("keys/{key}.pem"), &verifier.to_pem())?;
        }
        self.text("checkpoint.txt", &self.wanted.checkpoint.note)
    }

    /// That the first and the last event are in the log, and that each size of which the pack speaks begins
    /// as the one before it.
    async fn proofs(&self, manifest: &Manifest) -> Result<(), PackError> {
        let Wanted { from, until, checkpoint, .. } = self.wanted;
        for (name, position) in [("first", *from), ("last", *until)] {
            let proof = self.prove(Plan::inclusion(position - 1, checkpoint.size)).await?;
            self.text(&format!("proofs/{name}.tlog-proof"), &write_proof(position - 1, &proof, &checkpoint.note))?;
        }
        let mut sizes: Vec<u64> = self.statements().await?.into_iter().map(|statement| statement.size).collect();
        sizes.push(manifest.until);
        sizes.sort_unstable();
        sizes.dedup();
        for (earlier, later) in sizes.iter().zip(sizes.iter().skip(1)) {
            let proof = self.prove(Plan::consistency(*earlier, *later)).await?;
            let hashes: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
            self.text(&format!("proofs/{earlier:012}-{later:012}.txt"), &hashes)?;
        }
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn failed(&self, name: &str, source: std::io::Error) -> PackError {
        PackError::File { path: self.path(name).display().to_string(), source }
    }

    fn create(&self, name: &str) -> Result<BufWriter<File>, PackError> {
        let path = self.path(name);
        let create = || {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            File::create_new(&path)
        };
        create().map(|file| BufWriter::with_capacity(1 << 18, file)).map_err(|source| self.failed(name, source))
    }

    fn text(&self, name: &str, text: &str) -> Result<(), PackError> {
        let mut file = self.create(name)?;
        file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(|source| self.failed(name, source))
    }

    fn replace(&self, name: &str, text: &str) -> Result<(), PackError> {
        if self.path(name).exists() { Ok(()) } else { self.text(name, text) }
    }
}

struct Entries {
    entries: BufWriter<File>,
    leaves: BufWriter<File>,
    line: Line,
    next: u64,
    failure: Option<std::io::Error>,
}

impl Entries {
    fn visit(&mut self, row: &EventRow<'_>, hashes: &[u8]) -> Visit {
        if row.position != self.next {
            return Visit::Break(());
        }
        self.next += 1;
        let line = self.line.of(row);
        let written = self
            .entries
            .write_all(line)
            .and_then(|()| self.entries.write_all(b"\n"))
            .and_then(|()| self.leaves.write_all(hashes.get(..SIZE).unwrap_or_default()));
        match written {
            Ok(()) => Visit::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                Visit::Break(())
            }
        }
    }
}
