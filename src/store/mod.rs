//! The event log: one trait, several stores, one contract.
//!
//! A store keeps rows and knows nothing of roles or members. What it promises, and what
//! `tests/store_contract` checks of every implementation:
//!
//! - an [`append`](Store::append) that returned `Ok` survives the end of the process and of the machine;
//! - it is applied whole or not at all, also when the caller goes away;
//! - it succeeds only when [`Append::expected_head`] is the organisation's head;
//! - positions of an organisation are gapless from 1, global positions grow in commit order, and a
//!   reader that pages by either never misses an event;
//! - events are never changed or removed: the database itself refuses it;
//! - the same idempotency key answers with the first result again.

mod adopt;
mod beside;
mod hashed;
pub mod keys;
pub mod memory;
mod memory_keys;
mod notify;
pub mod postgres;
pub mod projection;
pub mod sqlite;
mod validate;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use adopt::{Adopted, AdoptedKey, Adoption};
use async_trait::async_trait;
pub use beside::{Group, GroupWatch, KeyUse};
use parking_lot::Mutex;

use crate::log::{Hashes, Node};

/// One event, ready to be written. Positions are given by the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// `organisation`, `role`, `member` or `scope`.
    pub aggregate_type: String,
    /// `{organisation}/{id}`: unique in the whole store, as `postgres-es` needs it.
    pub aggregate_id: String,
    /// Number of the event in its stream, from 1.
    pub sequence: u64,
    /// `RoleCreated`, `PermissionToggled`, …
    pub event_type: String,
    /// Version of the event's contract, `1` today.
    pub event_version: String,
    /// Canonical JSON of the event; these very bytes are kept.
    pub payload: String,
    /// Canonical JSON of who, why and from where: a flat object of strings.
    pub metadata: String,
    /// Microseconds since 1970-01-01T00:00:00Z; never decreases within an organisation.
    pub time: i64,
}

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading only. Works where nothing may be written.
    Read,
    /// Reading and appending; the store must exist.
    Write,
    /// Reading and appending; a missing store is made.
    Create,
}

/// A request to append events to one organisation's log, all or none.
#[derive(Debug, Clone)]
pub struct Append {
    /// Whose log.
    pub organisation: String,
    /// Position of the organisation's last event as the caller knows it; 0 founds the log.
    pub expected_head: u64,
    /// Makes a retry answer as the first time.
    pub idempotency: Option<Idempotency>,
    /// At least one event.
    pub events: Vec<NewEvent>,
}

/// A caller's name for a request, and what the request was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Chosen by the caller, unique per organisation.
    pub key: String,
    /// Digest of the request: the same key with another request is a mistake, not a retry.
    pub fingerprint: String,
}

/// Stands for a digest that is not kept: the key answers as the first time, whatever is asked under it.
pub const FORGOTTEN: &str = "-";

impl Idempotency {
    /// Whether a request whose digest is kept is this one, as far as can be told.
    pub(crate) fn is_same(&self, kept: &str) -> bool {
        kept == self.fingerprint || kept == FORGOTTEN
    }
}

/// Where appended events ended up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Position in the organisation of the first event.
    pub first_position: u64,
    /// Position in the organisation of the last event.
    pub last_position: u64,
    /// Global position of the last event.
    pub last_global_position: u64,
    /// True when an earlier request with this idempotency key did the work.
    pub repeated: bool,
}

/// One stored event, borrowed from the store's buffer for the length of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of `NewEvent`, and the positions given by the store")]
pub struct EventRow<'a> {
    pub global_position: u64,
    pub organisation: &'a str,
    pub position: u64,
    pub aggregate_type: &'a str,
    pub aggregate_id: &'a str,
    pub sequence: u64,
    pub event_type: &'a str,
    pub event_version: &'a str,
    pub payload: &'a str,
    pub metadata: &'a str,
    pub time: i64,
}

/// As much of a stored event as it takes to fold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of `EventRow`")]
pub struct FoldRow<'a> {
    pub position: u64,
    pub time: i64,
    pub aggregate_type: &'a str,
    pub event_type: &'a str,
    pub event_version: &'a str,
    pub payload: &'a str,
}

impl<'a> From<EventRow<'a>> for FoldRow<'a> {
    fn from(row: EventRow<'a>) -> Self {
        let EventRow { position, time, aggregate_type, event_type, event_version, payload, .. } = row;
        Self { position, time, aggregate_type, event_type, event_version, payload }
    }
}

/// Which events a scan visits, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Range {
    /// Events of one organisation with `after < position <= until`.
    Organisation {
        /// Whose log.
        organisation: String,
        /// Exclusive lower bound; 0 starts at the first event.
        after: u64,
        /// Inclusive upper bound.
        until: u64,
    },
    /// Events of one stream, all of them, by sequence.
    Stream {
        /// `organisation`, `role`, `member` or `scope`.
        aggregate_type: String,
        /// `{organisation}/{id}`.
        aggregate_id: String,
    },
    /// Events of the whole store with a global position above `after`.
    Store {
        /// Exclusive lower bound; 0 starts at the first event.
        after: u64,
    },
}

/// Whether a visitor wants the next row.
pub type Visit = std::ops::ControlFlow<()>;

/// Takes the rows of a scan, one by one.
pub type Visitor = Box<dyn for<'row> FnMut(EventRow<'row>) -> Visit + Send + 'static>;

/// Takes the rows of a fold, one by one.
pub type Folder = Box<dyn for<'row> FnMut(FoldRow<'row>) -> Visit + Send + 'static>;

/// Takes the snapshot from which a fold can begin, if there is one, and tells after which position events are wanted.
pub type Beginning = Box<dyn FnOnce(Option<Snapshot>) -> u64 + Send + 'static>;

/// Takes the rows of a range with the hashes that each keeps, one by one.
pub type HashedVisitor = Box<dyn FnMut(EventRow<'_>, &[u8]) -> Visit + Send + 'static>;

/// The hashes that an event's row keeps of its organisation's tree: those that are final with it. The node of level `n` whose
/// last leaf the event is stands at `32 * n`; after the nodes stand the tiles that are full with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowHashes {
    /// Position of the event.
    pub position: u64,
    /// One hash after the other, 32 bytes each.
    pub hashes: Vec<u8>,
}

impl RowHashes {
    /// The hashes of those nodes that stand in these rows.
    pub(crate) fn find(rows: &[Self], nodes: &[Node]) -> Hashes {
        let mut found = Hashes::with_capacity_and_hasher(nodes.len(), Default::default());
        for row in rows {
            let here = nodes.iter().filter(|node| node.position() == row.position);
            found.extend(here.filter_map(|node| Some((*node, node.hash_in(&row.hashes)?))));
        }
        found
    }
}

/// A signed statement of an organisation's size and root, as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// Whose log.
    pub organisation: String,
    /// Position of its last event then.
    pub size: u64,
    /// The public key, as the verifiers of signed notes are written.
    pub verifier: String,
    /// The signed note.
    pub note: String,
    /// When it was made, microseconds since 1970.
    pub time: i64,
}

/// The head of one organisation's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Whose log.
    pub organisation: String,
    /// Position of its last event.
    pub position: u64,
    /// Time of its last event, microseconds since 1970.
    pub time: i64,
}

/// An access state as bytes: a shortcut to what the log says up to one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Whose log.
    pub organisation: String,
    /// Position of the last event that is in it.
    pub position: u64,
    /// Time of that event, microseconds since 1970.
    pub time: i64,
    /// Version of the layout of the bytes.
    pub layout: u32,
    /// The bytes.
    pub body: Vec<u8>,
}

/// The last event that a snapshot may have in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The one at this position.
    Position(u64),
    /// The last one that is not later than this, in microseconds since 1970.
    Time(i64),
}

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else appended first, or the caller's view was stale. Load the tail and decide again.
    #[error("organisation `{organisation}` is at position {head}, not at {expected}")]
    Conflict {
        /// Whose log.
        organisation: String,
        /// What the caller expected.
        expected: u64,
        /// What the store has.
        head: u64,
    },
    /// Somebody else wrote to a store whose global positions were to be kept.
    #[error("the store's last event has global position {head}, not {expected}")]
    Moved {
        /// What the caller expected.
        expected: u64,
        /// What the store has.
        head: u64,
    },
    /// The idempotency key was used before for a request with another content.
    #[error("idempotency key `{key}` was used before for another request")]
    KeyReused {
        /// The key.
        key: String,
    },
    /// A stream already has an event with this sequence: the caller's stream state is wrong.
    #[error("stream `{aggregate_id}` already has an event with sequence {sequence}")]
    SequenceTaken {
        /// The stream.
        aggregate_id: String,
        /// The sequence.
        sequence: u64,
    },
    /// The request itself makes no sense (no events, empty names, time going backwards …).
    #[error("{0}")]
    Invalid(&'static str),
    /// The file or server is not a Chancery store, is damaged, or is of another version.
    #[error("`{location}` is not a usable Chancery store: {reason}")]
    Foreign {
        /// What was opened.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No space is left for the log; nothing was written.
    #[error("no space left to write the log at `{location}`: nothing of this request was written")]
    Full {
        /// What was written to.
        location: String,
    },
    /// The store may only be read.
    #[error("the store `{location}` is read-only")]
    ReadOnly {
        /// What was written to.
        location: String,
    },
    /// Another process held the store's write lock for longer than the time-out.
    #[error("the store `{location}` is busy: another process holds its write lock")]
    Busy {
        /// What was written to.
        location: String,
    },
    /// The store was closed, or its writer ended.
    #[error("the store is closed")]
    Closed,
    /// Anything else the database said.
    #[error("the store `{location}` failed: {source}")]
    Failed {
        /// What was used.
        location: String,
        /// What the driver reported.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// An append-only log of events of many organisations. See the module for what it promises.
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Appends all events of the request, or none. Returns when they are durable.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the head is another one; the others as they are named.
    async fn append(&self, request: Append) -> Result<Appended, StoreError>;

    /// Visits the rows of a range in ascending order, until its end or until the visitor breaks.
    /// Rows appended after the call started may or may not be visited; nothing before them is missed.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn scan(&self, range: Range, visitor: Visitor) -> Result<(), StoreError>;

    /// Visits the events of one organisation with `after < position <= until` as [`Store::scan`] does,
    /// reading no more of them than a fold needs.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn fold(&self, organisation: &str, after: u64, until: u64, mut folder: Folder) -> Result<(), StoreError> {
        let range = Range::Organisation { organisation: organisation.to_owned(), after, until };
        self.scan(range, Box::new(move |row| folder(row.into()))).await
    }

    /// Hands over the newest snapshot as [`Store::snapshot`] finds it, then visits the events that are wanted after it, up
    /// to `until`, as [`Store::fold`] does. A snapshot that cannot be had is as good as none.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn fold_on(
        &self,
        organisation: &str,
        (layout, bound): (u32, Bound),
        begin: Beginning,
        until: u64,
        folder: Folder,
    ) -> Result<(), StoreError> {
        let snapshot = self.snapshot(organisation, layout, bound).await.unwrap_or_default();
        self.fold(organisation, begin(snapshot), until, folder).await
    }

    /// The head of one organisation's log, if it has one.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn head(&self, organisation: &str) -> Result<Option<Head>, StoreError>;

    /// The heads of all organisations, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn heads(&self) -> Result<Vec<Head>, StoreError>;

    /// What an earlier request with this key did, so that a retry need not be decided again.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] when the key belongs to a request with another fingerprint.
    async fn earlier(&self, organisation: &str, idempotency: &Idempotency) -> Result<Option<Appended>, StoreError>;

    /// Keeps a snapshot, in place of one of the same layout at the same position. Need not survive the
    /// end of the machine.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), StoreError>;

    /// The newest snapshot of a layout within a bound that belongs to this log: one whose last event has
    /// the same position and time here. (A log that was restored from a backup may have gone another way
    /// since.)
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn snapshot(&self, organisation: &str, layout: u32, bound: Bound) -> Result<Option<Snapshot>, StoreError>;

    /// Deletes the snapshots of one organisation or of all, and tells how many there were.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn forget_snapshots(&self, organisation: Option<&str>) -> Result<u64, StoreError>;

    /// Keeps when keys were last used; what is known to be later stays. Need not survive the end of the
    /// machine.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn note_key_uses(&self, uses: Vec<KeyUse>) -> Result<(), StoreError>;

    /// When the keys of an organisation were last used, by key; those that never were are not listed.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn key_uses(&self, organisation: &str) -> Result<Vec<KeyUse>, StoreError>;

    /// The idempotency keys of an organisation that come after `after` by their bytes, in order, at most
    /// `limit`; the empty string is before all.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn keys(&self, organisation: &str, after: &str, limit: usize) -> Result<Vec<AdoptedKey>, StoreError>;

    /// Takes over events and keys of another store as they are, all or none, durably. The events get
    /// the next global positions, in their order; a key that is there already, and did the same, is
    /// passed over. The database watches over it as over an append.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when an event does not follow its organisation's head,
    /// [`StoreError::Moved`] when [`Adoption::global_head`] is not the store's, [`StoreError::KeyReused`]
    /// when a key did something else here; the others as they are named.
    async fn adopt(&self, adoption: Adoption) -> Result<(), StoreError>;

    /// Visits the events of one organisation with `after < position <= until`, and with each the hashes
    /// that its row keeps, as [`RowHashes`] has them.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn scan_hashed(
        &self,
        organisation: &str,
        after: u64,
        until: u64,
        visitor: HashedVisitor,
    ) -> Result<(), StoreError>;

    /// The hashes that the rows at these positions keep, in any order; rows that are not there (yet) are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn hashes_at(&self, organisation: &str, positions: &[u64]) -> Result<Vec<RowHashes>, StoreError>;

    /// The hashes of nodes of an organisation's tree; those that it does not have (yet) are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn nodes(&self, organisation: &str, nodes: &[Node]) -> Result<Hashes, StoreError> {
        let rows = self.hashes_at(organisation, &hashed::positions(nodes)).await?;
        Ok(RowHashes::find(&rows, nodes))
    }

    /// Keeps a checkpoint, durably and for good. One that is there already is passed over.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn save_checkpoint(&self, checkpoint: StoredCheckpoint) -> Result<(), StoreError>;

    /// The checkpoints of an organisation, by size.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn checkpoints(&self, organisation: &str) -> Result<Vec<StoredCheckpoint>, StoreError>;

    /// The checkpoint of an organisation that covers most, the latest of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn last_checkpoint(&self, organisation: &str) -> Result<Option<StoredCheckpoint>, StoreError> {
        Ok(self.checkpoints(organisation).await?.pop())
    }

    /// The times of the events at positions of an organisation, in microseconds since 1970, by position; those that
    /// it does not have are left out. Looks up, and reads nothing else of the log.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn times(&self, organisation: &str, positions: &[u64]) -> Result<BTreeMap<u64, i64>, StoreError> {
        let found = Arc::new(Mutex::new(BTreeMap::new()));
        for position in positions.iter().filter_map(|position| position.checked_sub(1)) {
            let sink = Arc::clone(&found);
            let folder = move |row: FoldRow<'_>| {
                sink.lock().insert(row.position, row.time);
                Visit::Continue(())
            };
            self.fold(organisation, position, position + 1, Box::new(folder)).await?;
        }
        Ok(std::mem::take(&mut *found.lock()))
    }

    /// How many events of each type an organisation has with `after < position <= until`, by the type's name.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn kinds(&self, organisation: &str, after: u64, until: u64) -> Result<BTreeMap<String, u64>, StoreError> {
        let found = Arc::new(Mutex::new(BTreeMap::<String, u64>::new()));
        let sink = Arc::clone(&found);
        let folder = move |row: FoldRow<'_>| {
            let mut found = sink.lock();
            match found.get_mut(row.event_type) {
                Some(count) => *count += 1,
                None => drop(found.insert(row.event_type.to_owned(), 1)),
            }
            Visit::Continue(())
        };
        self.fold(organisation, after, until, Box::new(folder)).await?;
        Ok(std::mem::take(&mut *found.lock()))
    }

    /// Waits until the log has an event with a global position above `after`, and returns the global
    /// position of its last event; after `timeout`, returns that as it is then, read anew.
    ///
    /// An append of this process is noticed at once, one of another process after a notification's way
    /// (PostgreSQL) or 20 milliseconds (SQLite); a lost notification costs a second. Whoever passes what
    /// the last call returned misses nothing. Many may wait at the same time: they share one connection.
    ///
    /// # Errors
    /// When the store cannot be read, or is closed meanwhile.
    async fn changed(&self, after: u64, timeout: Duration) -> Result<u64, StoreError>;

    /// Tells of each group of requests that becomes durable, on the thread that writes: be quick. A store
    /// that writes each request by itself tells nothing, and only the first who asks is told.
    fn watch_groups(&self, _watch: GroupWatch) {}

    /// The tables that are kept beside the log, where the store can keep any.
    fn projections(&self) -> Option<std::sync::Arc<dyn projection::ProjectionStore>> {
        None
    }

    /// The members' wrapped keys that are kept beside the log, where the store can keep any.
    fn key_store(&self) -> Option<std::sync::Arc<dyn keys::KeyStore>> {
        None
    }

    /// Waits for what is under way, and releases what the store holds. Later calls fail with
    /// [`StoreError::Closed`].
    async fn close(&self);
}
