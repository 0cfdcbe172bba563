//! Verifying a log, event by event, and naming the first place that is wrong.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::checkpoint::{Checkpoint, origin};
use super::line::Line;
use super::note::{NoteError, Verifier};
use super::tree::{Frontier, Hash, SIZE};
use crate::store::{EventRow, Store, StoreError, StoredCheckpoint, Visit};

/// The first thing that is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is no event where one must be.
    #[error("event #{position} is missing: #{found} follows the one before it")]
    Missing {
        /// Its position.
        position: u64,
        /// The position that is there instead.
        found: u64,
    },
    /// An event is not the one whose hash was kept.
    #[error("event #{position} was changed: it is not the one whose hash was kept with it")]
    Changed {
        /// Its position.
        position: u64,
    },
    /// The hashes of inner nodes are not those of the events.
    #[error("among the events #{from} to #{until} one was changed, or the hashes kept with #{until}")]
    Inner {
        /// First event below the node.
        from: u64,
        /// Last event below the node.
        until: u64,
    },
    /// Events were cut off at the end.
    #[error("the events from #{from} on are missing: {what} covers {size}")]
    CutOff {
        /// The first that is missing.
        from: u64,
        /// What knows of them.
        what: String,
        /// How many there were.
        size: u64,
    },
    /// The log is another one than was signed.
    #[error("among the events #{from} to #{until} one is not the one that was signed: {what} has another root")]
    Differs {
        /// The first event that may be another one.
        from: u64,
        /// The last event that may be another one.
        until: u64,
        /// What was signed.
        what: String,
    },
    /// A checkpoint is not one, or not signed by its key.
    #[error("{what} is not good: {reason}")]
    BadNote {
        /// Which one.
        what: String,
        /// Why.
        reason: NoteError,
    },
    /// A checkpoint is signed with a key that the log has not published before it.
    #[error("{what} is signed with the key `{key}`, which is not a key of this log")]
    ForeignKey {
        /// Which one.
        what: String,
        /// The key.
        key: String,
    },
    /// A proof does not show what it should.
    #[error("{what} does not hold")]
    BadProof {
        /// Which one.
        what: String,
    },
    /// A pack is not what its manifest says.
    #[error("the pack is not whole: {what}")]
    BadPack {
        /// What is wrong.
        what: String,
    },
}

/// A log that is as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Whose log.
    pub organisation: String,
    /// Events that were looked at.
    pub events: u64,
    /// The root over them (and over those before them, in a pack).
    pub root: Hash,
    /// Checkpoints that fit.
    pub checkpoints: usize,
    /// The keys that the log has published, and where.
    pub keys: Vec<(u64, String)>,
}

/// A root that was stated for a size, and by what.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) size: u64,
    pub(super) root: Hash,
    pub(super) what: String,
}

/// What was kept with an event.
pub(super) enum Kept<'a> {
    /// All hashes of its row.
    Row(&'a [u8]),
    /// The hash of the event alone.
    Leaf(&'a [u8]),
}

/// Takes events in their order, and finds the first that is wrong.
#[derive(Debug)]
pub(super) struct Auditor {
    frontier: Frontier,
    /// By size; those that are before the first event are left out.
    statements: VecDeque<Statement>,
    /// The size up to which all is known to be as it was signed.
    agreed: u64,
}

impl Auditor {
    pub(super) fn new(frontier: Frontier, mut statements: Vec<Statement>) -> Self {
        statements.retain(|statement| statement.size >= frontier.size());
        statements.sort_by_key(|statement| statement.size);
        Self { agreed: frontier.size(), frontier, statements: statements.into() }
    }

    pub(super) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    pub(super) fn push(&mut self, position: u64, leaf: Hash, kept: &Kept<'_>) -> Result<(), Problem> {
        let next = self.frontier.size() + 1;
        if position != next {
            return Err(Problem::Missing { position: next, found: position });
        }
        let hashes = self.frontier.push(leaf);
        let (kept, all) = match kept {
            Kept::Row(kept) => (*kept, true),
            Kept::Leaf(kept) => (*kept, false),
        };
        if kept.get(..SIZE) != hashes.get(..SIZE) {
            return Err(Problem::Changed { position });
        }
        let levels = position.trailing_zeros();
        // A row that was written before there were tiles has the nodes alone.
        let without_tiles = SIZE * (levels as usize + 1);
        if all && kept != hashes && (kept.len() != without_tiles || !hashes.starts_with(kept)) {
            let same = kept.chunks(SIZE).zip(hashes.chunks(SIZE)).take_while(|(one, other)| one == other).count();
            let below = 1_u64 << levels.min(u32::try_from(same).unwrap_or(0));
            return Err(Problem::Inner { from: position.saturating_sub(below) + 1, until: position });
        }
        self.compare()
    }

    /// Compares the statements about the size reached.
    pub(super) fn compare(&mut self) -> Result<(), Problem> {
        let size = self.frontier.size();
        while let Some(statement) = self.statements.pop_front_if(|statement| statement.size == size) {
            if statement.root != self.frontier.root() {
                let Statement { size: until, what, .. } = statement;
                return Err(Problem::Differs { from: (self.agreed + 1).min(until), until, what });
            }
            self.agreed = size;
        }
        Ok(())
    }

    /// Tells what is missing at the end.
    pub(super) fn finish(&self) -> Result<(), Problem> {
        match self.statements.front() {
            Some(Statement { size, what, .. }) => {
                Err(Problem::CutOff { from: self.frontier.size() + 1, what: what.clone(), size: *size })
            }
            None => Ok(()),
        }
    }
}

/// Why a log could not be verified, or what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is not as it should be.
    #[error("{0}")]
    Problem(#[from] Problem),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of a pack cannot be read.
    #[error("`{path}`: {source}")]
    File {
        /// Which one.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

struct Live {
    auditor: Auditor,
    line: Line,
    keys: Vec<(u64, String)>,
    problem: Option<Problem>,
}

impl Live {
    fn visit(&mut self, row: &EventRow<'_>, hashes: &[u8]) -> Visit {
        if let Err(problem) = self.auditor.push(row.position, self.line.hash(row), &Kept::Row(hashes)) {
            self.problem = Some(problem);
            return Visit::Break(());
        }
        if row.event_type == "LogKeyPublished" {
            self.keys.extend(published_key(row.payload).map(|key| (row.position, key)));
        }
        Visit::Continue(())
    }
}

/// The key in the payload of an event that publishes one.
pub(super) fn published_key(payload: &str) -> Option<String> {
    let payload: serde_json::Value = serde_json::from_str(payload).ok()?;
    payload.get("LogKeyPublished")?.get("key")?.as_str().map(str::to_owned)
}

/// Verifies an organisation's log in a store: every event against the hashes kept with it, and the whole
/// against all checkpoints kept in the store, and against `trusted` ones that were kept elsewhere.
/// Without a trusted one, a log that was rewritten with all of its hashes and checkpoints, by somebody
/// who holds the key, or a tail that was cut off with its checkpoints, cannot be told from a true one.
///
/// # Errors
/// The first problem; or the store cannot be read.
pub async fn verify(
    store: &dyn Store,
    organisation: &str,
    trusted: &[String],
    advance: impl Fn() + Send + 'static,
) -> Result<Verified, VerifyError> {
    let checkpoints = store.checkpoints(organisation).await?;
    let mut statements = Vec::new();
    for checkpoint in &checkpoints {
        statements.push(kept_statement(checkpoint)?);
    }
    for note in trusted {
        statements.push(trusted_statement(note, organisation)?);
    }
    let head = store.head(organisation).await?.map_or(0, |head| head.position);
    let auditor = Auditor::new(Frontier::default(), statements);
    let live = Live { auditor, line: Line::default(), keys: Vec::new(), problem: None };
    let live = Arc::new(Mutex::new(live));
    let shared = live.clone();
    let visitor = move |row: EventRow<'_>, hashes: &[u8]| {
        advance();
        shared.lock().visit(&row, hashes)
    };
    store.scan_hashed(organisation, 0, u64::MAX, Box::new(visitor)).await?;
    let mut live = live.lock();
    if let Some(problem) = live.problem.take() {
        return Err(problem.into());
    }
    live.auditor.finish()?;
    let events = live.auditor.frontier().size();
    if events < head {
        return Err(Problem::CutOff { from: events + 1, what: "the organisation's head".to_owned(), size: head }.into());
    }
    for checkpoint in &checkpoints {
        check_signature(checkpoint, &live.keys)?;
    }
    for note in trusted {
        check_trusted(note, organisation, &live.keys)?;
    }
    Ok(Verified {
        organisation: organisation.to_owned(),
        events,
        root: live.auditor.frontier().root(),
        checkpoints: checkpoints.len() + trusted.len(),
        keys: std::mem::take(&mut live.keys),
    })
}

pub(super) fn kept_statement(kept: &StoredCheckpoint) -> Result<Statement, Problem> {
    let what = format!("the checkpoint at #{}", kept.size);
    let read = Checkpoint::read(&kept.note);
    match read.filter(|read| read.size == kept.size && read.origin == origin(&kept.organisation)) {
        Some(Checkpoint { size, root, .. }) => Ok(Statement { size, root, what }),
        None => Err(Problem::BadNote { what, reason: NoteError::Malformed }),
    }
}

pub(super) fn trusted_statement(note: &str, organisation: &str) -> Result<Statement, Problem> {
    let read = Checkpoint::read(note).filter(|read| read.origin == origin(organisation));
    match read {
        Some(Checkpoint { size, root, .. }) => {
            Ok(Statement { size, root, what: format!("the trusted checkpoint at #{size}") })
        }
        None => Err(Problem::BadNote { what: "the trusted checkpoint".to_owned(), reason: NoteError::Malformed }),
    }
}

pub(super) fn check_signature(kept: &StoredCheckpoint, keys: &[(u64, String)]) -> Result<(), Problem> {
    let what = || format!("the checkpoint at #{}", kept.size);
    if !keys.iter().any(|(position, key)| *position <= kept.size && *key == kept.verifier) {
        return Err(Problem::ForeignKey { what: what(), key: kept.verifier.clone() });
    }
    let opened = Verifier::parse(&kept.verifier).and_then(|verifier| Checkpoint::open(&kept.note, &verifier));
    opened.map(drop).map_err(|reason| Problem::BadNote { what: what(), reason })
}

/// The log must have published the key with which a trusted checkpoint is signed: else its key was replaced.
fn check_trusted(note: &str, organisation: &str, keys: &[(u64, String)]) -> Result<(), Problem> {
    let size = trusted_statement(note, organisation)?.size;
    let what = || format!("the trusted checkpoint at #{size}");
    let mut reason = NoteError::Malformed;
    for (_, key) in keys.iter().filter(|(position, _)| *position <= size) {
        match Verifier::parse(key).and_then(|verifier| Checkpoint::open(note, &verifier)) {
            Ok(_) => return Ok(()),
            Err(error) => reason = error,
        }
    }
    match keys.iter().any(|(position, _)| *position <= size) {
        true => Err(Problem::BadNote { what: what(), reason }),
        false => Err(Problem::ForeignKey { what: what(), key: "another".to_owned() }),
    }
}
