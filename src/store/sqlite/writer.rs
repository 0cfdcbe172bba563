//! The thread that owns the writing connection and commits requests in groups, and members' new keys with them.
//!
//! While one batch is being made durable, the next requests queue up; they become the next batch.
//! So a lone client never waits for company, and many clients share each fsync.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::append::{Outcome, Statements};
use super::checkpoint::Checkpoints;
use super::error::Location;
use super::keys::{self, NewKeys};
use crate::store::beside::Groups;
use crate::store::hashed::Hashed;
use crate::store::keys::Added;
use crate::store::{Appended, StoreError};

/// Requests in one transaction at most: enough for a good share of an fsync, and few enough that the
/// first of them does not wait long for the last.
const BATCH: usize = 256;

/// Requests that may wait before those who append wait to queue.
const QUEUE: usize = 1024;

/// How long the last checkpoint waits for writers of other processes.
const LAST_CHECKPOINT_TIMEOUT: Duration = Duration::from_millis(250);

/// What is to be written.
enum Work {
    /// Events.
    Append(Hashed),
    /// Members' keys. They share the transactions of events, so that they neither wait for the lock nor pay for an fsync
    /// of their own; what is sealed with them is queued when they are durable.
    Keys(NewKeys),
}

/// What became of it.
enum Done {
    Append(Appended),
    Keys(Added),
}

/// Work, and who waits for its answer.
struct Job {
    work: Work,
    answer: oneshot::Sender<Result<Done, StoreError>>,
}

/// The way to the writer's thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. It ends by itself when the writer is dropped, after what is queued.
    pub(super) fn start(
        connection: Connection,
        checkpoints: Checkpoints,
        location: Arc<Location>,
        groups: Groups,
    ) -> std::io::Result<Self> {
        let (sender, jobs) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new().name("chancery-writer".to_owned()).spawn(move || {
            Batches { connection, checkpoints, location, groups, jobs, waiting: VecDeque::new() }.run()
        })?;
        Ok(Self { queue: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Queues a request and waits for its answer. When the caller goes away before the request was
    /// queued nothing happens, and afterwards it is carried out whole or not at all.
    pub(super) async fn append(&self, request: Hashed) -> Result<Appended, StoreError> {
        match self.work(Work::Append(request)).await? {
            Done::Append(appended) => Ok(appended),
            // INVARIANT: each work has its own kind of answer.
            Done::Keys(_) => Err(StoreError::Closed),
        }
    }

    /// Queues members' keys and waits until they are durable, or refused.
    pub(super) async fn keep(&self, keys: NewKeys) -> Result<Added, StoreError> {
        match self.work(Work::Keys(keys)).await? {
            Done::Keys(added) => Ok(added),
            // INVARIANT: as above.
            Done::Append(_) => Err(StoreError::Closed),
        }
    }

    async fn work(&self, work: Work) -> Result<Done, StoreError> {
        let queue = self.queue.lock().clone().ok_or(StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        queue.send(Job { work, answer }).await.map_err(|_| StoreError::Closed)?;
        drop(queue);
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Takes no more requests. The thread, which the first caller gets, ends after what is queued.
    pub(super) fn stop(&self) -> Option<JoinHandle<()>> {
        *self.queue.lock() = None;
        self.thread.lock().take()
    }
}

/// Why a batch was rolled back.
enum Failure {
    /// The write lock could not be had, so no request can be written.
    Begin(rusqlite::Error),
    /// Something in it failed, or its commit did.
    Within(StoreError),
}

struct Batches {
    connection: Connection,
    checkpoints: Checkpoints,
    location: Arc<Location>,
    groups: Groups,
    jobs: mpsc::Receiver<Job>,
    waiting: VecDeque<Job>,
}

impl Batches {
    fn run(mut self) {
        while let Some(batch) = self.next_batch() {
            self.commit(batch);
            self.checkpoints.committed(&self.connection);
        }
        self.last_checkpoint();
    }

    /// Waits for a request, and takes with it what else is queued: at most one request of an
    /// organisation, because the second depends on what becomes of the first.
    fn next_batch(&mut self) -> Option<Vec<Job>> {
        if self.waiting.is_empty() {
            self.waiting.push_back(self.jobs.blocking_recv()?);
        }
        while self.waiting.len() < QUEUE {
            match self.jobs.try_recv() {
                Ok(job) => self.waiting.push_back(job),
                Err(_) => break,
            }
        }
        let mut organisations = HashSet::new();
        let mut batch = Vec::with_capacity(self.waiting.len().min(BATCH));
        let mut later = VecDeque::new();
        for job in self.waiting.drain(..) {
            if job.answer.is_closed() {
                continue; // Nobody waits for it any more, and nothing of it was done.
            }
            let joins = match &job.work {
                Work::Append(request) => organisations.insert(request.organisation.clone()),
                Work::Keys(_) => true,
            };
            if batch.len() < BATCH && joins {
                batch.push(job);
            } else {
                later.push_back(job);
            }
        }
        self.waiting = later;
        Some(batch)
    }

    fn commit(&mut self, batch: Vec<Job>) {
        if batch.is_empty() {
            return;
        }
        match self.try_commit(&batch) {
            Ok(answers) => {
                for (job, answer) in batch.into_iter().zip(answers) {
                    self.reply(job, answer);
                }
            }
            // Trying each would only wait for the lock again and again.
            Err(Failure::Begin(error)) => {
                for job in batch {
                    self.reply(job, Err(self.location.translate(&error)));
                }
            }
            Err(Failure::Within(error)) => self.commit_one_by_one(batch, error),
        }
    }

    /// One request may have spoilt the batch for all: each gets its own transaction and answer.
    fn commit_one_by_one(&mut self, batch: Vec<Job>, error: StoreError) {
        let alone = batch.len() == 1;
        let mut error = Some(error);
        for job in batch {
            let outcome = match error.take() {
                Some(error) if alone => Err(Failure::Within(error)),
                _ => self.try_commit(std::slice::from_ref(&job)),
            };
            let answer = match outcome {
                Ok(mut answers) => answers.pop().unwrap_or(Err(StoreError::Closed)),
                Err(Failure::Begin(error)) => Err(self.location.translate(&error)),
                Err(Failure::Within(error)) => Err(error),
            };
            self.reply(job, answer);
        }
    }

    /// Writes the requests in one transaction. After `Ok` what was answered with `Ok` is durable, and
    /// after `Err` nothing of the batch is in the log.
    fn try_commit(&self, batch: &[Job]) -> Result<Vec<Result<Done, StoreError>>, Failure> {
        let began = Instant::now();
        self.execute("BEGIN IMMEDIATE").map_err(Failure::Begin)?;
        let outcome = self.apply(batch).and_then(|answers| match self.execute("COMMIT") {
            Ok(()) => Ok(answers),
            Err(error) => Err(Failure::Within(self.location.translate(&error))),
        });
        // A failed commit may or may not have ended the transaction already.
        if outcome.is_err() && !self.connection.is_autocommit() {
            // What a failed rollback leaves open makes the next BEGIN fail, loudly.
            let _ = self.execute("ROLLBACK");
        }
        if outcome.is_ok() {
            let requests = batch.iter().filter(|job| matches!(job.work, Work::Append(_))).count();
            if requests > 0 {
                self.groups.written(requests, began.elapsed());
            }
        }
        outcome
    }

    fn apply(&self, batch: &[Job]) -> Result<Vec<Result<Done, StoreError>>, Failure> {
        let mut statements = Statements::prepare(&self.connection, &self.location)
            .map_err(|error| Failure::Within(self.location.translate(&error)))?;
        let mut answers = Vec::with_capacity(batch.len());
        for job in batch {
            match &job.work {
                Work::Append(request) => match statements.append(request) {
                    Outcome::Answer(answer) => answers.push(answer.map(Done::Append)),
                    Outcome::Broken(error) => return Err(Failure::Within(error)),
                },
                Work::Keys(new) => match keys::add(&self.connection, new) {
                    Ok(added) => answers.push(Ok(Done::Keys(added))),
                    Err(error) => return Err(Failure::Within(self.location.translate(&error))),
                },
            }
        }
        Ok(answers)
    }

    fn execute(&self, sql: &str) -> Result<(), rusqlite::Error> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Leaves as little as possible in the log. Closing the last connection to the file does the rest.
    fn last_checkpoint(&self) {
        let _ = self.connection.busy_timeout(LAST_CHECKPOINT_TIMEOUT);
        self.checkpoints.run(&self.connection);
    }

    /// A caller that went away meanwhile needs no answer.
    fn reply(&mut self, job: Job, answer: Result<Done, StoreError>) {
        match (&job.work, &answer) {
            (Work::Append(request), Ok(Done::Append(appended))) if !appended.repeated => {
                self.checkpoints.count(request);
            }
            (Work::Keys(new), Ok(Done::Keys(Added::Kept))) => self.checkpoints.count_bytes(new.bytes()),
            _ => {}
        }
        let _ = job.answer.send(answer);
    }
}
