//! From one checkpoint to the end of the log: read, project, write, each while the others are at work.

use std::sync::Arc;

use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use super::batch::Batch;
use super::page::{Entry, Page, page};
use super::work::{Trouble, Work};
use super::{LeaveOut, ProjectorError, Watch};
use crate::engine::Snapshots;
use crate::store::projection::{ApplyError, Control, Failure, Generation, ProjectionWriter, Step, TableRows};
use crate::store::{Store, StoreError};

/// Events read at once.
const PAGE: usize = 2048;

/// Rows that are held back while a generation is filled, at most: some hundreds of bytes each.
const HELD: usize = 1_000_000;

type Written = (Box<dyn ProjectionWriter>, Result<(), ApplyError>);

/// A generation on its way along the log.
pub(super) struct Run {
    store: Arc<dyn Store>,
    /// Of no use to a generation that is made or compared: that is to be of the log alone.
    snapshots: Option<Snapshots>,
    watch: Arc<dyn Watch>,
    /// Absent while a write is under way.
    writer: Option<Box<dyn ProjectionWriter>>,
    writing: Option<(JoinHandle<Written>, u64)>,
    generation: u64,
    live: bool,
    /// Rows that make a transaction large enough.
    enough: usize,
    /// What is in the database.
    checkpoint: u64,
    /// What is in the batch too.
    reached: u64,
    /// While it is sought which of the events up to here does not fit, each has its own transaction.
    slow_until: Option<u64>,
    work: Work,
}

/// How a run along the log ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// At the end, or at the bound.
    End,
    /// At a limit of what can be held back: the generation needs its indexes now.
    Full,
}

impl Run {
    /// Goes on with a generation. One at checkpoint 0 that is not live is filled from nothing.
    pub(super) fn new(
        store: &Arc<dyn Store>,
        writer: Box<dyn ProjectionWriter>,
        generation: &Generation,
        watch: &Arc<dyn Watch>,
        leave_out: LeaveOut,
    ) -> Self {
        let filling = !generation.live && generation.checkpoint == 0;
        let enough = writer.rows_at_once();
        Self {
            store: store.clone(),
            snapshots: generation.live.then(|| Snapshots::new(store.clone())),
            watch: watch.clone(),
            writer: Some(writer),
            writing: None,
            generation: generation.number,
            live: generation.live,
            enough,
            checkpoint: generation.checkpoint,
            reached: generation.checkpoint,
            slow_until: None,
            work: Work { batch: Batch::new(filling), leave_out, generation: generation.number, ..Work::empty() },
        }
    }

    /// Leaves out what a generation leaves out.
    pub(super) fn omit_as(mut self, control: &Control, generation: u64) -> Self {
        let own = control.omissions.iter().filter(|omission| omission.generation == generation);
        let own = own.map(|omission| (omission.failure.organisation.clone(), omission.failure.global_position));
        self.work.omitted.extend(own);
        self
    }

    pub(super) fn checkpoint(&self) -> u64 {
        self.checkpoint
    }

    /// The writer, between two writes.
    pub(super) fn writer(&mut self) -> Result<&mut Box<dyn ProjectionWriter>, StoreError> {
        self.writer.as_mut().ok_or(StoreError::Closed)
    }

    /// Projects all events up to a global position, or up to the end of the log, and writes them.
    /// A generation that is filled keeps what is open for [`Run::finish`].
    ///
    /// # Errors
    /// [`ProjectorError::Poison`] with everything before the event written.
    pub(super) async fn advance(&mut self, until: u64, stop: impl Fn() -> bool) -> Result<Reached, ProjectorError> {
        let until = self.slow_until.unwrap_or(until);
        let mut reading = Some(self.read_ahead(self.reached, until));
        while let Some(read) = reading.take() {
            let page = read.await.unwrap_or_else(|error| Err(ended(error)))?;
            let Some(last) = page.last() else { break };
            let more = page.is_full && !stop();
            if more {
                reading = Some(self.read_ahead(last, until));
            }
            match self.project(page, last).await? {
                Ok(()) => {}
                Err(Trouble::Before(failure)) => {
                    self.write_all().await?;
                    return Err(ProjectorError::Poison(Box::new(failure)));
                }
                Err(Trouble::Within(failure)) => {
                    self.written().await?;
                    let alone = self.slow_until.is_some() || self.work.batch.is_filling();
                    let reason = failure.reason.clone();
                    return Err(if alone {
                        ProjectorError::Poison(Box::new(failure))
                    } else {
                        ProjectorError::Misfit(ApplyError::Misfit { table: "", reason })
                    });
                }
            }
            if self.work.batch.held() > HELD && self.work.batch.is_filling() {
                self.write_all().await?;
                return Ok(Reached::Full);
            }
            self.write_if_due().await?;
        }
        self.write_all().await?;
        if stop() && self.work.batch.is_filling() { Err(ProjectorError::Stopped) } else { Ok(Reached::End) }
    }

    fn read_ahead(&self, after: u64, until: u64) -> JoinHandle<Result<Page, StoreError>> {
        let (store, limit) = (self.store.clone(), if self.slow_until.is_some() { 1 } else { PAGE });
        tokio::spawn(async move { page(store.as_ref(), after, until, limit).await })
    }

    /// Projects a page into the batch, up to an event that cannot be.
    async fn project(&mut self, page: Page, last: u64) -> Result<Result<(), Trouble>, ProjectorError> {
        let omitted = &self.work.omitted;
        let left_out = |entry: &Entry| {
            let first = omitted.get(entry.organisation.as_str());
            first.is_some_and(|first| entry.global_position >= *first)
        };
        self.work.states.load(self.store.as_ref(), self.snapshots.as_ref(), &page, left_out).await?;
        let mut work = std::mem::replace(&mut self.work, Work::empty());
        let projecting = spawn_blocking(move || {
            let outcome = work.project(page);
            (work, outcome)
        });
        let (work, outcome) = projecting.await.map_err(|error| ProjectorError::Store(ended(error)))?;
        self.work = work;
        self.reached = match &outcome {
            Ok(()) => last,
            Err(Trouble::Before(failure) | Trouble::Within(failure)) => {
                failure.global_position.saturating_sub(1).max(self.reached)
            }
        };
        Ok(outcome)
    }

    /// Hands the batch over to be written when it is large enough; at the end of the log it is whatever its size.
    /// Whoever is behind gathers: a row that ends in the same transaction in which it began is written once, and
    /// rows in the order of their keys change a page once.
    async fn write_if_due(&mut self) -> Result<(), ProjectorError> {
        let due = self.work.batch.len() >= self.enough || self.slow_until.is_some();
        if due { self.write().await } else { Ok(()) }
    }

    async fn write_all(&mut self) -> Result<(), ProjectorError> {
        self.write().await?;
        self.written().await
    }

    /// Waits for the write under way, and starts the next.
    async fn write(&mut self) -> Result<(), ProjectorError> {
        self.written().await?;
        let step = self.step();
        let filling = self.work.batch.is_filling();
        if step.until == step.after && !filling {
            return Ok(());
        }
        let rows = self.work.batch.take();
        let mut writer = self.writer.take().ok_or(StoreError::Closed)?;
        let until = self.reached;
        if filling {
            // The checkpoint of a filling moves when it is finished.
            self.work.omissions = step.omissions;
            let generation = self.generation;
            let writing = tokio::spawn(async move {
                let outcome = writer.load(generation, rows).await;
                (writer, outcome)
            });
            self.writing = Some((writing, until));
        } else {
            self.writing = Some((tokio::spawn(apply(writer, step, rows)), until));
        }
        Ok(())
    }

    async fn written(&mut self) -> Result<(), ProjectorError> {
        let Some((writing, until)) = self.writing.take() else { return Ok(()) };
        let (writer, outcome) = writing.await.map_err(ended)?;
        self.writer = Some(writer);
        outcome?;
        if !self.work.batch.is_filling() {
            self.checkpoint = until;
        }
        self.watch.at(until);
        Ok(())
    }

    fn step(&mut self) -> Step {
        Step {
            generation: self.generation,
            live: self.live,
            after: self.checkpoint,
            until: self.reached,
            omissions: std::mem::take(&mut self.work.omissions),
        }
    }

    /// Ends a filling: writes what is open, builds the indexes, and sets the checkpoint. From here on
    /// rows go to the database as they come.
    pub(super) async fn finish(&mut self) -> Result<(), ProjectorError> {
        self.written().await?;
        let step = self.step();
        self.work.batch.stop_filling();
        let rows = self.work.batch.take();
        let mut writer = self.writer.take().ok_or(StoreError::Closed)?;
        let until = self.reached;
        let writing = tokio::spawn(async move {
            let outcome = match writer.load(step.generation, rows).await {
                Ok(()) => writer.finish(step).await,
                Err(error) => Err(error),
            };
            (writer, outcome)
        });
        self.writing = Some((writing, until));
        self.written().await
    }

    /// Begins again from the checkpoint, an event at a time, to find out which one does not fit.
    pub(super) fn slowly(&mut self) {
        self.slow_until = Some(self.reached.max(self.checkpoint) + PAGE as u64);
        self.again();
    }

    /// Back to many events at a time.
    pub(super) fn quickly(&mut self) {
        self.slow_until = None;
    }

    pub(super) fn is_slow(&self) -> bool {
        self.slow_until.is_some()
    }

    /// Begins again from the checkpoint. INVARIANT: no write is under way.
    fn again(&mut self) {
        self.work.states.clear();
        self.work.batch = Batch::new(false);
        self.work.omissions.clear();
        self.reached = self.checkpoint;
    }

    /// Leaves the organisation out from an event on, where that is allowed, and begins again.
    pub(super) fn omit(&mut self, failure: &Failure) -> bool {
        if !self.work.may_omit(&failure.organisation) {
            return false;
        }
        self.again();
        self.work.omit(failure.clone());
        true
    }
}

async fn apply(mut writer: Box<dyn ProjectionWriter>, step: Step, rows: Vec<TableRows>) -> Written {
    let outcome = writer.apply(step, rows).await;
    (writer, outcome)
}

/// A task of ours ended by a panic, or because the runtime shuts down.
fn ended(error: JoinError) -> StoreError {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => StoreError::Closed,
    }
}
