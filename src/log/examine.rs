//! One event checked against the last checkpoint, step by step, for who wants to see it being done.
//!
//! [`verify`](super::verify::verify) reads every event and answers with the first problem. Here a few dozen rows are
//! read, whatever the log's length, and each step tells what was compared with what.

use std::sync::Arc;

use parking_lot::Mutex;

use super::line::Line;
use super::note::{NoteError, Verifier};
use super::proof::{Climb, Plan, climb, extends};
use super::sign::root_at;
use super::tree::{Hash, SIZE};
use super::verify::{Problem, Statement, check_signature, kept_statement, published_key};
use crate::interop::aggregate_id;
use crate::store::{EventRow, Range, Store, StoreError, StoredCheckpoint, Visit};

/// An event held against a checkpoint.
#[derive(Debug, Clone)]
pub struct Examination {
    /// The event's position.
    pub position: u64,
    /// The checkpoint.
    pub checkpoint: StoredCheckpoint,
    /// What was looked at, in order. A step is made although one before it failed.
    pub steps: Vec<Step>,
}

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is claimed.
    pub claim: &'static str,
    /// What was compared.
    pub shown: Vec<Shown>,
    /// What is wrong with it.
    pub problem: Option<Problem>,
}

/// Something that a step compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A text, and what it is.
    Text(&'static str, String),
    /// Bytes as they are hashed or signed, and what they are.
    Bytes(&'static str, String),
    /// One step of the way to the root.
    Climb(Climb),
}

impl Examination {
    /// The first step that does not hold, counted from 1, and what is wrong.
    #[must_use]
    pub fn problem(&self) -> Option<(usize, &Problem)> {
        let numbered = self.steps.iter().enumerate();
        numbered.filter_map(|(number, step)| Some((number + 1, step.problem.as_ref()?))).next()
    }
}

/// Examines an event against a checkpoint that covers it, and the checkpoint against the log's key and head.
///
/// # Errors
/// When the store cannot be read. What is wrong with the log is in the steps.
pub async fn examine(
    store: &dyn Store,
    checkpoint: StoredCheckpoint,
    position: u64,
) -> Result<Examination, StoreError> {
    let statement = kept_statement(&checkpoint);
    let (leaf, own) = leaf(store, &checkpoint.organisation, position).await?;
    let stated = statement.as_ref().ok();
    let steps = vec![
        signature(store, &checkpoint, statement.as_ref().err()).await?,
        own,
        way(store, &checkpoint, position, leaf, stated).await?,
        head(store, &checkpoint, stated).await?,
    ];
    Ok(Examination { position, checkpoint, steps })
}

/// The checkpoint is whole, and signed with a key that the log has published before.
async fn signature(
    store: &dyn Store,
    checkpoint: &StoredCheckpoint,
    unreadable: Option<&Problem>,
) -> Result<Step, StoreError> {
    let keys = published(store, &checkpoint.organisation).await?;
    let mut shown = vec![Shown::Bytes("Signed note", checkpoint.note.clone())];
    if let Some((position, key)) = keys.iter().find(|(_, key)| *key == checkpoint.verifier) {
        shown.push(Shown::Text("Public key", key.clone()));
        shown.push(Shown::Text("Published with", format!("#{position}")));
        shown.extend(Verifier::parse(key).ok().map(|key| Shown::Text("Key in short", key.hash_text())));
    }
    let problem = unreadable.cloned().or_else(|| check_signature(checkpoint, &keys).err());
    Ok(Step { claim: "The checkpoint is signed with the key that this log has published", shown, problem })
}

/// The keys that a log has published, and where.
async fn published(store: &dyn Store, organisation: &str) -> Result<Vec<(u64, String)>, StoreError> {
    let found = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&found);
    let visitor = move |row: EventRow<'_>| {
        if row.event_type == "LogKeyPublished" {
            sink.lock().extend(published_key(row.payload).map(|key| (row.position, key)));
        }
        Visit::Continue(())
    };
    // The organisation's own stream has few events, however long the log is.
    let stream =
        Range::Stream { aggregate_type: "organisation".to_owned(), aggregate_id: aggregate_id(organisation, "") };
    store.scan(stream, Box::new(visitor)).await?;
    Ok(std::mem::take(&mut *found.lock()))
}

/// The event is the one whose hash is kept with it.
async fn leaf(store: &dyn Store, organisation: &str, position: u64) -> Result<(Option<Hash>, Step), StoreError> {
    let found = Arc::new(Mutex::new(None));
    let sink = Arc::clone(&found);
    let visitor = move |row: EventRow<'_>, hashes: &[u8]| {
        let mut line = Line::default();
        let text = String::from_utf8_lossy(line.of(&row)).into_owned();
        *sink.lock() = Some((text, line.hash(&row), hashes.get(..SIZE).and_then(Hash::from_slice)));
        Visit::Break(())
    };
    store.scan_hashed(organisation, position.saturating_sub(1), position, Box::new(visitor)).await?;
    let claim = "The entry is the one whose hash was kept when it was written";
    let Some((text, worked_out, kept)) = found.lock().take() else {
        let problem = Some(Problem::Missing { position, found: position + 1 });
        return Ok((None, Step { claim, shown: Vec::new(), problem }));
    };
    let mut shown = vec![
        Shown::Bytes("The entry's line in an export", text),
        Shown::Text("Its hash, worked out now", worked_out.to_string()),
    ];
    shown.extend(kept.map(|kept| Shown::Text("The hash that was kept", kept.to_string())));
    let problem = (kept != Some(worked_out)).then_some(Problem::Changed { position });
    Ok((Some(worked_out), Step { claim, shown, problem }))
}

/// The event's hash leads to the root that was signed.
async fn way(
    store: &dyn Store,
    checkpoint: &StoredCheckpoint,
    position: u64,
    leaf: Option<Hash>,
    stated: Option<&Statement>,
) -> Result<Step, StoreError> {
    let claim = "The entry's hash leads to the root that was signed";
    let broken = |what: &str| {
        let what = format!("the way from #{position} to the root of the checkpoint at #{}{what}", checkpoint.size);
        Some(Problem::BadProof { what })
    };
    let (Some(leaf), Some(stated)) = (leaf, stated) else {
        return Ok(Step { claim, shown: Vec::new(), problem: broken("") });
    };
    let index = position.saturating_sub(1);
    let proof = match Plan::inclusion(index, stated.size) {
        Some(plan) => plan.assemble(&store.nodes(&checkpoint.organisation, &plan.nodes()).await?),
        None => None,
    };
    let Some(steps) = proof.and_then(|proof| climb(&proof, index, leaf, stated.size)) else {
        return Ok(Step { claim, shown: Vec::new(), problem: broken(": hashes on it are missing, so it") });
    };
    let reached = steps.last().map_or(leaf, |last| last.result);
    let mut shown: Vec<Shown> = steps.into_iter().map(Shown::Climb).collect();
    shown.push(Shown::Text("The root that it leads to", reached.to_string()));
    shown.push(Shown::Text("The root that was signed", stated.root.to_string()));
    let problem = if reached == stated.root { None } else { broken("") };
    Ok(Step { claim, shown, problem })
}

/// The log still begins with what was signed.
async fn head(
    store: &dyn Store,
    checkpoint: &StoredCheckpoint,
    stated: Option<&Statement>,
) -> Result<Step, StoreError> {
    let claim = "The log as it is now begins with all that was signed";
    let name = checkpoint.organisation.as_str();
    let what = format!("the checkpoint at #{}", checkpoint.size);
    let Some(stated) = stated else {
        let problem = Some(Problem::BadNote { what, reason: NoteError::Malformed });
        return Ok(Step { claim, shown: Vec::new(), problem });
    };
    let head = store.head(name).await?.map_or(0, |head| head.position);
    let mut shown = vec![Shown::Text("Entries that were signed", stated.size.to_string())];
    shown.push(Shown::Text("Entries there are now", head.to_string()));
    let (size, earlier) = (stated.size, stated.root);
    if head < size {
        let problem = Some(Problem::CutOff { from: head + 1, what, size });
        return Ok(Step { claim, shown, problem });
    }
    let broken = || Some(Problem::BadProof { what: format!("that the log goes on from {what}") });
    let proof = match Plan::consistency(size, head) {
        Some(plan) => plan.assemble(&store.nodes(name, &plan.nodes()).await?),
        None => None,
    };
    let root = match root_at(store, name, head).await {
        Ok(root) => Some(root),
        // Hashes are missing: that is the answer, and no failure of the store.
        Err(StoreError::Foreign { .. }) => None,
        Err(error) => return Err(error),
    };
    let (Some(proof), Some(root)) = (proof, root) else { return Ok(Step { claim, shown, problem: broken() }) };
    shown.extend(proof.iter().map(|hash| Shown::Text("A hash of the proof", hash.to_string())));
    shown.push(Shown::Text("The root over all entries", root.to_string()));
    let problem = if extends(&proof, size, earlier, head, root) { None } else { broken() };
    Ok(Step { claim, shown, problem })
}
