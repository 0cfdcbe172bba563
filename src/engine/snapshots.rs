//! Shortcuts through long logs: where a fold starts, and what of it is kept for the next one.
//!
//! A snapshot is due after so many events that reading them takes about as long as reading it, so the
//! space they take stays a fraction of the log's, and any past instant is a snapshot and a short fold
//! away. They are written behind the answers, by one task. Losing them costs time only.

use std::sync::Arc;

use chancery_aggregates::state::snapshot::{ProfileCache, SNAPSHOT_VERSION};
use chancery_aggregates::vocabulary::OrganisationId;
use chancery_aggregates::{AccessState, vocabulary::Time};
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::store::{Bound, Snapshot, Store, StoreError};

/// Events between two snapshots of a small organisation.
const SHORTEST: u64 = 500;

/// Bytes that a state takes in memory for each event up to the next snapshot. As one it is about a fiftieth of that, so
/// snapshots take some thirty bytes of the store an event, and reading one takes as long as reading half of the events up to the
/// next. Then a check at any instant of 1,000,000 events takes some milliseconds (`docs/performance.md`).
const BYTES_PER_EVENT: usize = 1_600;

/// How hard zstd tries: the least, since every past instant begins with reading one and every long fold writes many.
const COMPRESSION: i32 = 1;

/// States waiting to be written. When the store is slower than that, some snapshots are left out.
const QUEUE: usize = 256;

/// What the engine keeps about snapshots.
#[derive(Debug)]
pub(crate) struct Snapshots {
    store: Arc<dyn Store>,
    profiles: Mutex<ProfileCache>,
    saver: Mutex<Saver>,
}

#[derive(Debug, Default)]
enum Saver {
    #[default]
    Idle,
    Running {
        states: mpsc::Sender<AccessState>,
        task: JoinHandle<()>,
    },
    /// The store cannot be written, or the engine was closed.
    Off,
}

impl Snapshots {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, profiles: Mutex::default(), saver: Mutex::default() }
    }

    /// The newest state within a bound that a snapshot gives; an empty one where there is none, or where
    /// it cannot be had: a store that is only read may be older than snapshots are.
    pub(crate) async fn newest(&self, organisation: &OrganisationId, until: u64, last: Time) -> AccessState {
        let (layout, bound) = wanted(until, last);
        let snapshot = self.store.snapshot(organisation.as_str(), layout, bound).await;
        self.state(organisation, snapshot.unwrap_or_default())
    }

    /// The state that a snapshot gives; a damaged one is as good as none, and none is an empty state.
    pub(super) fn state(&self, organisation: &OrganisationId, snapshot: Option<Snapshot>) -> AccessState {
        let Some(snapshot) = snapshot else { return AccessState::default() };
        let Ok(body) = zstd::stream::decode_all(&*snapshot.body) else { return AccessState::default() };
        let state = AccessState::from_snapshot(&body, &mut self.profiles.lock()).unwrap_or_default();
        let fits = state.position() == snapshot.position && state.organisation() == organisation;
        if fits { state } else { AccessState::default() }
    }

    /// The position at which the next snapshot after one of this state is due.
    pub(super) fn due_after(state: &AccessState) -> u64 {
        state.position() + SHORTEST.max((state.approximate_bytes() / BYTES_PER_EVENT) as u64)
    }

    /// Keeps a state, if the store can be written and the writer of snapshots is not too far behind.
    pub(super) fn keep(&self, state: AccessState) {
        let mut saver = self.saver.lock();
        if matches!(*saver, Saver::Idle) && tokio::runtime::Handle::try_current().is_ok() {
            let (states, queue) = mpsc::channel(QUEUE);
            *saver = Saver::Running { states, task: tokio::spawn(save_all(self.store.clone(), queue)) };
        }
        if let Saver::Running { states, .. } = &*saver {
            let _ = states.try_send(state);
        }
    }

    /// Waits until all that is to be kept is, and keeps nothing more.
    pub(super) async fn close(&self) {
        self.end(Saver::Off).await;
    }

    /// Waits until all that is to be kept is.
    pub(super) async fn written(&self) {
        self.end(Saver::Idle).await;
    }

    async fn end(&self, next: Saver) {
        let running = std::mem::replace(&mut *self.saver.lock(), next);
        if let Saver::Running { states, task } = running {
            drop(states);
            let _ = task.await;
        }
    }
}

/// The layout of snapshots that are read, and the bound of a fold up to a position and an instant.
pub(super) fn wanted(until: u64, last: Time) -> (u32, Bound) {
    let bound = if last == Time::MAX_UTC { Bound::Position(until) } else { Bound::Time(last.timestamp_micros()) };
    (SNAPSHOT_VERSION, bound)
}

async fn save_all(store: Arc<dyn Store>, mut states: mpsc::Receiver<AccessState>) {
    while let Some(state) = states.recv().await {
        let (Some(time), Ok(body)) = (state.time(), state.to_snapshot()) else { continue };
        let Ok(body) = zstd::bulk::compress(&body, COMPRESSION) else { continue };
        let snapshot = Snapshot {
            organisation: state.organisation().to_string(),
            position: state.position(),
            time: time.timestamp_micros(),
            layout: SNAPSHOT_VERSION,
            body,
        };
        // A store that is read only, full or away is told of by those who write events.
        if let Err(StoreError::ReadOnly { .. } | StoreError::Closed) = store.save_snapshot(snapshot).await {
            return;
        }
    }
}
