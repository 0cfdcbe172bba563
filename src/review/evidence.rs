//! The evidence of a review: everything that was looked at, decided and carried out, with what proves it.

use std::collections::BTreeMap;

use chancery_aggregates::Facts;
use chancery_aggregates::state::ReviewEntry;
use chancery_aggregates::vocabulary::Time;
use chancery_projections::review::{Deed, Record};
use serde_json::{Value, json};

use super::read::{given, record};
use crate::engine::{Engine, EngineError};
use crate::log::checkpoint::Checkpoint;
use crate::log::sign::root_at;
use crate::store::StoredCheckpoint;
use crate::views::evidence::proof;
use crate::views::key::Uses;
use crate::views::review::{line_json, summary};

/// What the document is called that programs read.
const FORMAT: &str = "chancery-review-evidence/1";

/// The evidence of a review.
#[derive(Debug)]
pub struct Evidence {
    /// The organisation and the reader.
    pub(super) facts: Facts,
    /// The review as the access state has it.
    pub(super) entry: ReviewEntry,
    /// What became of it.
    pub(super) record: Record,
    /// Who gave the access, by position.
    pub(super) given: BTreeMap<u64, Deed>,
    /// When keys were last used.
    pub(super) uses: Uses,
    /// Root of the log up to the reviewed position.
    pub(super) frozen_root: String,
    /// The first checkpoint that covers the end of the review, or the last event where it is open.
    pub(super) checkpoint: Option<StoredCheckpoint>,
    /// The proof that the event of its end is in the log, up to that checkpoint (C2SP `tlog-proof`).
    pub(super) proof: Option<String>,
    /// When the evidence was put together.
    pub(super) made: Time,
}

impl Evidence {
    /// Puts it together. Whether the reader may have it is asked before.
    ///
    /// # Errors
    /// When the log or its hashes cannot be read.
    pub(crate) async fn of(engine: &Engine, facts: &Facts, entry: &ReviewEntry) -> Result<Self, EngineError> {
        let (store, organisation) = (engine.store(), facts.state.organisation());
        let record = record(engine, facts, entry).await?;
        let given = given(engine, organisation, &record.lines).await?;
        let uses = Uses::read(&**store, facts).await?;
        let frozen_root = root_at(&**store, organisation.as_str(), entry.review.frozen.position).await?.to_string();
        let end = entry.closed.map_or(entry.modified, |closed| closed.position);
        let made = store.checkpoints(organisation.as_str()).await?;
        let checkpoint = made.into_iter().find(|checkpoint| checkpoint.size >= end);
        let proof = match &checkpoint {
            Some(checkpoint) if entry.closed.is_some() => {
                proof(engine, std::slice::from_ref(checkpoint), end).await.ok().map(|proof| proof.text)
            }
            _ => None,
        };
        let (facts, entry, made) = (facts.clone(), entry.clone(), engine.now());
        Ok(Self { facts, entry, record, given, uses, frozen_root, checkpoint, proof, made })
    }

    /// Whether the lines are those of the log, and the root is that of the decisions; an open review has no root yet.
    pub fn holds(&self) -> bool {
        self.record.complete && self.record.root_holds().unwrap_or(true)
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let state = &self.facts.state;
        let review = &self.record.review;
        let lines: Vec<Value> = self
            .record
            .lines
            .iter()
            .map(|line| line_json(state, review.deadline, line, self.given.get(&line.line.since), &self.uses))
            .collect();
        json!({
            "format": FORMAT,
            "organisation": { "id": state.organisation(), "name": state.name() },
            "made": self.made,
            "review": summary(&self.facts, &self.entry),
            "frozen": { "position": review.frozen.position, "time": review.frozen.time,
                "events": review.frozen.position, "root": self.frozen_root },
            "opened": self.record.opened,
            "closed": self.record.closed,
            "lines_as_in_the_log": self.record.complete,
            "root": self.record.root,
            "root_as_recorded": self.record.root_holds(),
            "lines": lines,
            "checkpoint": self.checkpoint.as_ref().map(|checkpoint| json!({
                "events": checkpoint.size,
                "root": Checkpoint::read(&checkpoint.note).map(|read| read.root.to_string()),
                "key": checkpoint.verifier,
                "note": checkpoint.note,
            })),
            "proof": self.proof,
        })
    }

    /// The checkpoint that covers the end of the review, as a signed note.
    pub fn note(&self) -> Option<&str> {
        self.checkpoint.as_ref().map(|checkpoint| checkpoint.note.as_str())
    }

    /// The proof that the end of the review is in the log, up to that checkpoint.
    pub fn proof(&self) -> Option<&str> {
        self.proof.as_deref()
    }

    /// As a page to be printed.
    pub fn html(&self) -> String {
        super::html::page(self)
    }
}
