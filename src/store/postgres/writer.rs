//! The task that commits requests in groups, on the store's own thread.
//!
//! While one batch is being made durable, the next requests queue up; they become the next batch.
//! So a lone client never waits for company, and many clients share each fsync.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::commit::{Committer, Failure};
use crate::store::beside::Groups;
use crate::store::{Append, Appended, StoreError};

/// Requests in one statement at most: enough for a good share of an fsync, and few enough that the
/// first of them does not wait long for the last.
const BATCH: usize = 256;

/// Bytes of payloads and metadata in one statement, about; a single request may have more.
const BYTES: usize = 4 << 20;

/// Requests that may wait before those who append wait to queue.
const QUEUE: usize = 1024;

/// Clients that are few enough to be waited for.
const FEW: usize = 24;

/// How long a batch that is not alone waits for those who were just answered, and will mostly ask for
/// more at once: less than a commit takes, so that sharing one is worth it.
const COMPANY: Duration = Duration::from_micros(150);

/// Times that a request is tried because others were in its way, or the connection was lost.
const ATTEMPTS: usize = 5;

/// A request, and who waits for its answer.
pub(super) struct Job {
    request: Append,
    attempts: usize,
    answer: oneshot::Sender<Result<Appended, StoreError>>,
}

/// The way to the writer's task.
#[derive(Debug)]
pub(super) struct Queue(Mutex<Option<mpsc::Sender<Job>>>);

impl Queue {
    pub(super) fn new() -> (Self, mpsc::Receiver<Job>) {
        let (sender, jobs) = mpsc::channel(QUEUE);
        (Self(Mutex::new(Some(sender))), jobs)
    }

    /// Queues a request and waits for its answer. When the caller goes away before the request was
    /// queued nothing happens, and afterwards it is carried out whole or not at all.
    pub(super) async fn append(&self, request: Append) -> Result<Appended, StoreError> {
        let queue = self.0.lock().clone().ok_or(StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        queue.send(Job { request, attempts: 0, answer }).await.map_err(|_| StoreError::Closed)?;
        drop(queue);
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Takes no more requests. The task ends after what is queued.
    pub(super) fn close(&self) {
        *self.0.lock() = None;
    }
}

/// What is queued, and how it is committed.
pub(super) struct Writer {
    committer: Committer,
    jobs: mpsc::Receiver<Job>,
    groups: Groups,
    waiting: VecDeque<Job>,
    /// How many are waiting or were just answered, and until when it is worth waiting for all of them.
    company: Option<(usize, Instant)>,
}

impl Writer {
    pub(super) fn new(committer: Committer, jobs: mpsc::Receiver<Job>, groups: Groups) -> Self {
        Self { committer, jobs, groups, waiting: VecDeque::new(), company: None }
    }

    /// Ends by itself when the store is closed or dropped, after what is queued.
    pub(super) async fn run(mut self) {
        while let Some(batch) = self.next_batch().await {
            self.commit(batch).await;
        }
        self.committer.close().await;
    }

    /// Waits for a request, and takes with it what else is queued: at most one request of an
    /// organisation, because the second depends on what becomes of the first.
    async fn next_batch(&mut self) -> Option<Vec<Job>> {
        if self.waiting.is_empty() {
            self.waiting.push_back(self.jobs.recv().await?);
        }
        self.take_queued();
        self.wait_for_company().await;
        let mut organisations = HashSet::new();
        let mut batch = Vec::with_capacity(self.waiting.len().min(BATCH));
        let mut later = VecDeque::new();
        let mut bytes = 0;
        for job in self.waiting.drain(..) {
            if job.answer.is_closed() {
                continue; // Nobody waits for it any more, and nothing of it was done.
            }
            let fits = batch.is_empty() || (batch.len() < BATCH && bytes < BYTES);
            // One that has to wait holds up those of its organisation behind it.
            if organisations.insert(job.request.organisation.clone()) && fits {
                bytes +=
                    job.request.events.iter().map(|event| event.payload.len() + event.metadata.len()).sum::<usize>();
                batch.push(job);
            } else {
                later.push_back(job);
            }
        }
        self.waiting = later;
        Some(batch)
    }

    fn take_queued(&mut self) {
        while self.waiting.len() < QUEUE {
            match self.jobs.try_recv() {
                Ok(job) => self.waiting.push_back(job),
                Err(_) => break,
            }
        }
    }

    /// A few clients would else fall into two halves, each of which waits for the other's commits. With
    /// many there is no need: either half makes a good batch, and one decides while the other commits.
    async fn wait_for_company(&mut self) {
        let Some((crowd, until)) = self.company.take().filter(|(crowd, _)| *crowd <= FEW) else { return };
        while self.waiting.len() < crowd && Instant::now() < until {
            // The timer is too coarse for this. Whoever is to come gets the processor.
            std::thread::yield_now();
            tokio::task::yield_now().await;
            self.take_queued();
        }
    }

    async fn commit(&mut self, batch: Vec<Job>) {
        match self.attempt(&batch).await {
            Ok(answers) => self.answer(batch, answers),
            Err(Failure::Whole(error)) => {
                let location = &self.committer.connector.location;
                // The same for all of them: trying each would only wait again and again.
                let mut first = Some(error);
                for job in batch {
                    let error = first.take().unwrap_or_else(|| location.failed("the batch could not be written"));
                    let _ = job.answer.send(Err(error));
                }
            }
            Err(Failure::Statement(error)) if batch.len() == 1 => {
                for job in batch {
                    let answer = self.committer.blame(&job.request, &error).await;
                    self.answer(vec![job], vec![answer]);
                }
            }
            // One request may have spoilt the batch for all: each gets its own commit and answer.
            Err(Failure::Statement(_)) => {
                for job in batch {
                    Box::pin(self.commit(vec![job])).await;
                }
            }
        }
    }

    async fn attempt(&mut self, batch: &[Job]) -> Result<Vec<super::batch::Answer>, Failure> {
        let requests: Vec<&Append> = batch.iter().map(|job| &job.request).collect();
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let began = Instant::now();
        let answers = self.committer.commit(&requests).await?;
        self.groups.written(requests.len(), began.elapsed());
        Ok(answers)
    }

    /// A caller that went away meanwhile needs no answer.
    fn answer(&mut self, batch: Vec<Job>, answers: Vec<super::batch::Answer>) {
        self.take_queued();
        self.company = Some((self.waiting.len() + batch.len(), Instant::now() + COMPANY));
        for (mut job, answer) in batch.into_iter().zip(answers).rev() {
            job.attempts += 1;
            match answer {
                Some(answer) => drop(job.answer.send(answer)),
                None if job.attempts < ATTEMPTS => self.waiting.push_front(job),
                None => drop(job.answer.send(Err(self.committer.connector.location.busy()))),
            }
        }
    }
}
