//! Following the log: one projector of a database is at work, the others stand by.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::run::Run;
use super::{LeaveOut, ProjectorError, Stage, Watch, build, projections};
use crate::store::projection::{ApplyError, Duty, Failure, ProjectionStore, ProjectionWriter, RecordedFailure};
use crate::store::{Store, StoreError};

/// How often somebody who stands by tries to take over.
const STAND_BY: Duration = Duration::from_millis(500);

/// How long to wait after the store failed, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Wakes a projector before its next look at the log, and asks it to stop.
#[derive(Debug, Clone, Default)]
pub struct Wake {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    notify: Notify,
    stopping: std::sync::atomic::AtomicBool,
}

impl Wake {
    /// There may be something new in the log.
    pub fn wake(&self) {
        self.inner.notify.notify_one();
    }

    /// The projector is to end after the transaction under way.
    pub fn stop(&self) {
        self.inner.stopping.store(true, std::sync::atomic::Ordering::Release);
        self.inner.notify.notify_one();
    }

    /// Whether it is to end.
    pub fn is_stopping(&self) -> bool {
        self.inner.stopping.load(std::sync::atomic::Ordering::Acquire)
    }

    /// Waits until it is woken, but not longer than this.
    async fn rest(&self, longest: Duration) {
        if !self.is_stopping() {
            let _ = tokio::time::timeout(longest, self.inner.notify.notified()).await;
        }
    }
}

/// How to follow.
#[derive(Debug, Clone)]
pub struct FollowOptions {
    /// End when all that is in the log at the start is projected, by whomever.
    pub once: bool,
    /// How often to look at the log when nobody wakes the projector.
    pub poll: Duration,
    /// Organisations that may be left out rather than stop the projector.
    pub leave_out: LeaveOut,
    /// Wakes and stops it.
    pub wake: Wake,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self { once: false, poll: Duration::from_millis(250), leave_out: LeaveOut::default(), wake: Wake::default() }
    }
}

/// How following ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything up to this global position is projected.
    CaughtUp(u64),
    /// It was asked to stop.
    Stopped,
}

/// Projects the log as it grows, or stands by while another projector does. Makes the tables first
/// where there are none. Goes on by itself when the store fails for a while.
///
/// # Errors
/// [`ProjectorError::Poison`] at an event that cannot be projected; it is on record then.
/// [`ProjectorError::OtherFormat`] when the tables need a rebuild. With `once`, every failure of the store.
pub async fn follow(
    store: &Arc<dyn Store>,
    options: &FollowOptions,
    watch: &Arc<dyn Watch>,
) -> Result<Ended, ProjectorError> {
    let projections = projections(store)?;
    let target = projections.control().await?.head;
    let follower = Follower { store, projections: projections.as_ref(), options, watch, target };
    let mut pause = PAUSES.0;
    loop {
        match follower.turn().await {
            Ok(Some(ended)) => return Ok(ended),
            Ok(None) | Err(ProjectorError::Overtaken) => pause = PAUSES.0,
            Err(ProjectorError::AlreadyBuilding) => options.wake.rest(STAND_BY).await,
            Err(ProjectorError::Store(error)) if !options.once && may_pass(&error) => {
                watch.stage(Stage::Retrying { error: error.to_string() });
                options.wake.rest(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
            Err(error) => return Err(error),
        }
        if options.wake.is_stopping() {
            return Ok(Ended::Stopped);
        }
    }
}

/// Whether the store may be better later, without anybody changing anything about it.
fn may_pass(error: &StoreError) -> bool {
    matches!(error, StoreError::Busy { .. } | StoreError::Failed { .. } | StoreError::Full { .. })
}

struct Follower<'a> {
    store: &'a Arc<dyn Store>,
    projections: &'a dyn ProjectionStore,
    options: &'a FollowOptions,
    watch: &'a Arc<dyn Watch>,
    target: u64,
}

impl Follower<'_> {
    /// Takes the duty and does it; ends when it is lost, or all is done. Nothing when it starts anew.
    async fn turn(&self) -> Result<Option<Ended>, ProjectorError> {
        let mut told = false;
        let writer = loop {
            match self.projections.take(Duty::Follow).await? {
                Some(writer) => break writer,
                None if !told => self.watch.stage(Stage::StandingBy),
                None => {}
            }
            told = true;
            if self.options.wake.is_stopping() {
                return Ok(Some(Ended::Stopped));
            }
            if self.options.once {
                let checkpoint = self.projections.control().await?.live().map_or(0, |live| live.checkpoint);
                if checkpoint >= self.target && self.target > 0 {
                    return Ok(Some(Ended::CaughtUp(checkpoint)));
                }
            }
            self.options.wake.rest(STAND_BY).await;
        };
        self.watch.stage(Stage::Leading);
        self.lead(writer).await
    }

    async fn lead(&self, mut writer: Box<dyn ProjectionWriter>) -> Result<Option<Ended>, ProjectorError> {
        let control = self.projections.control().await?;
        let Some(live) = control.live() else {
            let stop = || self.options.wake.is_stopping();
            return match build::rebuild(self.store, self.options.leave_out.clone(), self.watch, stop).await {
                Ok(_) => Ok(None),
                Err(ProjectorError::Stopped) => Ok(Some(Ended::Stopped)),
                Err(ProjectorError::Poison(failure)) => {
                    writer.record(Some(recorded(&failure))).await?;
                    Err(ProjectorError::Poison(failure))
                }
                Err(error) => Err(error),
            };
        };
        if live.format != self.projections.format() {
            return Err(ProjectorError::OtherFormat);
        }
        let mut run = Run::new(self.store, writer, live, self.watch, self.options.leave_out.clone())
            .omit_as(&control, live.number);
        let mut on_record = control.failure.is_some();
        loop {
            match self.advance(&mut run).await {
                Ok(()) => {}
                Err(ProjectorError::Poison(failure)) => {
                    run.writer()?.record(Some(recorded(&failure))).await?;
                    return Err(ProjectorError::Poison(failure));
                }
                Err(error) => return Err(error),
            }
            if std::mem::take(&mut on_record) {
                run.writer()?.record(None).await?;
            }
            if self.options.once {
                return Ok(Some(Ended::CaughtUp(run.checkpoint())));
            }
            if self.options.wake.is_stopping() {
                return Ok(Some(Ended::Stopped));
            }
            self.options.wake.rest(self.options.poll).await;
        }
    }

    /// To the end of the log. When rows do not fit, the events are tried again one at a time, which
    /// finds the one that is to blame.
    async fn advance(&self, run: &mut Run) -> Result<(), ProjectorError> {
        let stop = || self.options.wake.is_stopping();
        loop {
            let failure = match run.advance(u64::MAX, stop).await {
                Ok(_) if run.is_slow() && !stop() => {
                    run.quickly();
                    continue;
                }
                Ok(_) => return Ok(()),
                Err(ProjectorError::Misfit(_)) if !run.is_slow() => {
                    run.slowly();
                    continue;
                }
                Err(ProjectorError::Misfit(reason)) => self.blame(run.checkpoint(), reason).await?,
                Err(ProjectorError::Poison(failure)) => *failure,
                Err(error) => return Err(error),
            };
            if !run.omit(&failure) {
                return Err(ProjectorError::Poison(Box::new(failure)));
            }
        }
    }

    /// The event after a checkpoint.
    async fn blame(&self, checkpoint: u64, reason: ApplyError) -> Result<Failure, ProjectorError> {
        let page = super::page::page(self.store.as_ref(), checkpoint, u64::MAX, 1).await?;
        let Some(entry) = page.entries.into_iter().next() else { return Err(ProjectorError::Overtaken) };
        let event_type = entry.recorded.map(|recorded| recorded.event.name().to_owned());
        Ok(Failure {
            global_position: entry.global_position,
            organisation: entry.organisation.to_string(),
            position: entry.mark.position,
            event_type: event_type.unwrap_or_else(|failure| failure.event_type),
            reason: reason.to_string(),
        })
    }
}

fn recorded(failure: &Failure) -> RecordedFailure {
    let time = chrono::Utc::now().timestamp_micros();
    RecordedFailure { failure: failure.clone(), program: env!("CARGO_PKG_VERSION").to_owned(), time }
}
