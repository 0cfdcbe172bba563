//! Following the log: what other processes write, and waiting for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use chancery_aggregates::AccessState;
use chancery_aggregates::vocabulary::OrganisationId;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::{Engine, EngineError};
use crate::store::{EventRow, Range, StoreError, Visit};

/// How long the log may be silent before the follower looks whether it still hears.
const SILENCE: Duration = Duration::from_secs(1);

/// Between two attempts while the store cannot be read.
const RETRY: Duration = Duration::from_millis(200);

/// An engine that follows its log, so that a check asks no database: it takes the access state as the
/// follower left it, which is what the store had a moment ago. Ends when the last copy is dropped.
///
/// How far behind it may be: a write of this process is seen at once; one of another process after
/// the way of a notification (PostgreSQL, some milliseconds) or 20 milliseconds (SQLite), and after a
/// second when the notification is lost. While the store cannot be read the state grows old; when it
/// may be older than `patience`, [`state`](Self::state) asks the store as [`Engine::state`] does, and
/// fails if that does. Who must see a certain write asks for its position:
/// [`Engine::state_at_least`].
///
/// ```no_run
/// # async fn example(engine: chancery::engine::Engine) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use chancery::aggregates::vocabulary::OrganisationId;
///
/// let follower = engine.follow(Duration::from_secs(5));
/// let acme = OrganisationId::parse("acme")?;
/// let state = follower.state(&acme).await?; // reads the log once
/// let state = follower.state(&acme).await?; // and from now on nothing
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Follower {
    engine: Engine,
    patience: Duration,
    /// An instant at which the hot states had everything that the store had.
    abreast: Arc<ArcSwapOption<Instant>>,
    /// The last global position that the hot states have everything up to.
    seen: watch::Receiver<u64>,
    _task: Arc<Task>,
}

#[derive(Debug)]
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Engine {
    /// Begins to follow the log in the background, for checks that ask no database. A state that may be
    /// older than `patience` is not used; a few seconds are enough, since the follower makes sure once
    /// a second.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[must_use]
    pub fn follow(&self, patience: Duration) -> Follower {
        let abreast = Arc::new(ArcSwapOption::empty());
        let (seeing, seen) = watch::channel(0);
        let task = tokio::spawn(follow(self.clone(), Arc::clone(&abreast), seeing)).abort_handle();
        Follower { engine: self.clone(), patience, abreast, seen, _task: Arc::new(Task(task)) }
    }

    /// The access state of an organisation when it has reached a position, for example one that another
    /// process has told: waits until the store has it.
    ///
    /// # Errors
    /// [`EngineError::Behind`] when the position is not reached within `timeout`, and as
    /// [`Engine::state`]: an organisation that does not exist by then is not there.
    pub async fn state_at_least(
        &self,
        organisation: &OrganisationId,
        position: u64,
        timeout: Duration,
    ) -> Result<Arc<AccessState>, EngineError> {
        let start = Instant::now();
        let mut head = 0;
        loop {
            let left = timeout.saturating_sub(start.elapsed());
            // Known before the state is read: what comes in between ends the next wait at once.
            let known = self.store.changed(head, left).await?;
            let over = known <= head;
            match self.state(organisation).await {
                Ok(state) if state.position() >= position => return Ok(state),
                Ok(state) if over || start.elapsed() >= timeout => {
                    let (organisation, head) = (organisation.to_string(), state.position());
                    return Err(EngineError::Behind { organisation, asked: position, head, waited: timeout });
                }
                Err(EngineError::Refused { .. }) if !over && start.elapsed() < timeout => {}
                Ok(_) => {}
                Err(error) => return Err(error),
            }
            head = known;
        }
    }

    /// Brings the loaded organisations up to what was appended after a global position; returns the
    /// last one that was seen.
    async fn catch_up_from(&self, after: u64) -> Result<u64, EngineError> {
        let seen = Arc::new(Mutex::new((after, HashMap::<String, u64>::new())));
        let sink = Arc::clone(&seen);
        let visitor = move |row: EventRow<'_>| {
            let (last, heads) = &mut *sink.lock();
            *last = row.global_position;
            match heads.get_mut(row.organisation) {
                Some(head) => *head = row.position,
                None => drop(heads.insert(row.organisation.to_owned(), row.position)),
            }
            Visit::Continue(())
        };
        self.store.scan(Range::Store { after }, Box::new(visitor)).await?;
        let (last, heads) = std::mem::take(&mut *seen.lock());
        for (organisation, head) in heads {
            // One that is being loaded right now is there already, and has to be waited for: it may
            // have been read before the event was written.
            let lane = self.lanes.lock().get(&OrganisationId::known(organisation.as_str()));
            if let Some(lane) = lane.filter(|lane| lane.state().position() < head) {
                lane.catch_up(self).await?;
            }
        }
        Ok(last)
    }
}

impl Follower {
    /// The access state of an organisation, without asking the store where that is safe: see
    /// [`Follower`].
    ///
    /// # Errors
    /// As [`Engine::state`].
    pub async fn state(&self, organisation: &OrganisationId) -> Result<Arc<AccessState>, EngineError> {
        if self.is_abreast() {
            let lane = self.engine.lanes.lock().get(organisation);
            if let Some(state) = lane.map(|lane| lane.state()).filter(|state| state.founded().is_some()) {
                return Ok(state);
            }
        }
        // In a box, so that whoever need not wait carries no room for it.
        Box::pin(self.engine.state(organisation)).await
    }

    /// How long ago the store was last seen to have nothing new; nothing before the first time.
    #[must_use]
    pub fn lag(&self) -> Option<Duration> {
        self.abreast.load().as_ref().map(|instant| instant.elapsed())
    }

    /// Whether states are recent enough to be used without asking.
    #[must_use]
    pub fn is_abreast(&self) -> bool {
        self.lag().is_some_and(|lag| lag <= self.patience)
    }

    /// The global position that [`state`](Self::state) has everything up to.
    #[must_use]
    pub fn seen(&self) -> u64 {
        *self.seen.borrow()
    }

    /// Waits until states have something from after a global position, or for `longest`; returns what
    /// [`seen`](Self::seen) does then. However many wait, the store is asked by one.
    pub async fn beyond(&self, after: u64, longest: Duration) -> u64 {
        let mut seen = self.seen.clone();
        let more = async {
            if seen.wait_for(|seen| *seen > after).await.is_err() {
                // The follower ended with the store: nothing will come.
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(longest, more).await;
        self.seen()
    }

    /// The engine that is followed.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

async fn follow(engine: Engine, abreast: Arc<ArcSwapOption<Instant>>, seeing: watch::Sender<u64>) {
    let mut after = None;
    loop {
        match step(&engine, after, &abreast).await {
            Ok(seen) => {
                after = Some(seen);
                seeing.send_if_modified(|known| std::mem::replace(known, seen) != seen);
            }
            Err(EngineError::Store(StoreError::Closed)) => return,
            // One organisation's trouble, or the store's: those who ask for it are told.
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}

async fn step(engine: &Engine, after: Option<u64>, abreast: &ArcSwapOption<Instant>) -> Result<u64, EngineError> {
    let start = Instant::now();
    let Some(after) = after else {
        // What is loaded already may be behind.
        let head = engine.store.changed(0, Duration::ZERO).await?;
        let lanes = engine.lanes.lock().all();
        for lane in lanes {
            lane.catch_up(engine).await?;
        }
        // What is loaded from now on is read later than the head was.
        abreast.store(Some(Arc::new(start)));
        return Ok(head);
    };
    let head = engine.store.changed(after, SILENCE).await?;
    if head <= after {
        abreast.store(Some(Arc::new(start)));
        return Ok(after);
    }
    let start = Instant::now();
    let seen = engine.catch_up_from(after).await?;
    abreast.store(Some(Arc::new(start)));
    Ok(seen)
}
