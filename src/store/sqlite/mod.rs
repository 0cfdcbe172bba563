//! The log in one SQLite file: the embedded default, without a server.
//!
//! One thread owns the connection that writes and commits requests in groups; readers have
//! connections of their own and wait for nobody. Other processes may use the same file: the write
//! lock is taken for each batch, and heads are checked under it. Commits are durable before they are
//! answered (write-ahead log, `synchronous=FULL`).

mod adopt;
mod append;
mod checkpoint;
mod connection;
mod counts;
mod error;
mod follow;
mod hashes;
mod key_uses;
mod keys;
mod projection;
mod reader;
mod schema;
mod snapshots;
mod writer;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::{JoinError, spawn_blocking};

use self::adopt::Adopter;
use self::error::Location;
use self::keys::{Keys, SharedKeys};
use self::projection::Projections;
use self::reader::Readers;
use self::snapshots::Snapshots;
use self::writer::Writer;
pub use super::Access;
use super::hashed::{Frontiers, Prepared};
use super::keys::KeyStore;
use super::projection::ProjectionStore;
use super::{
    AdoptedKey, Adoption, Append, Appended, Beginning, Bound, EventRow, Folder, GroupWatch, HashedVisitor, Head,
    Idempotency, KeyUse, Range, RowHashes, Snapshot, Store, StoreError, StoredCheckpoint, Visit, Visitor,
    beside::Groups, notify::News, validate,
};

/// How a store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOptions {
    /// What for.
    pub access: Access,
    /// How long to wait for another process's write lock before [`StoreError::Busy`].
    pub busy_timeout: Duration,
}

impl OpenOptions {
    /// The usual options: five seconds of patience.
    #[must_use]
    pub fn new(access: Access) -> Self {
        Self { access, busy_timeout: Duration::from_secs(5) }
    }
}

/// An event log in a SQLite file.
///
/// Dropping it without [`close`](Store::close) loses nothing that was acknowledged.
#[derive(Debug)]
pub struct SqliteStore {
    location: Arc<Location>,
    readers: Arc<Readers>,
    /// `None` when the store was opened for reading.
    writer: Option<Arc<Writer>>,
    snapshots: Arc<Snapshots>,
    adopter: Arc<Adopter>,
    frontiers: Frontiers,
    keys: Arc<Keys>,
    busy_timeout: Duration,
    news: News,
    groups: Groups,
    /// Of those who wait for news, one looks for all.
    turn: tokio::sync::Mutex<()>,
}

impl SqliteStore {
    /// Opens an existing store for reading and appending.
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, &OpenOptions::new(Access::Write))
    }

    /// Opens a store for reading and appending, and makes it when there is no such file.
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with).
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, &OpenOptions::new(Access::Create))
    }

    /// Opens an existing store for reading; [`append`](Store::append) then fails with
    /// [`StoreError::ReadOnly`]. It may leave an empty `-wal` and a `-shm` file beside the store, which
    /// the next process that writes removes.
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with).
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, &OpenOptions::new(Access::Read))
    }

    /// Opens a store and, unless it is for reading, brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] when the file is missing, damaged, of another application or of a newer
    /// version (it is not changed then), [`StoreError::ReadOnly`] when it may not be written,
    /// [`StoreError::Full`] and [`StoreError::Busy`] when it could not be made or migrated.
    pub fn open_with(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self, StoreError> {
        let location = Arc::new(Location::new(path.as_ref())?);
        let read_only = options.access == Access::Read;
        let readers = Arc::new(Readers::new(Arc::clone(&location), options.busy_timeout, read_only));
        let groups = Groups::default();
        let writer = if read_only {
            readers.check()?;
            None
        } else {
            let create = options.access == Access::Create;
            let (connection, checkpoints) = connection::open_writer(&location, create, options.busy_timeout)?;
            let started = Writer::start(connection, checkpoints, Arc::clone(&location), groups.clone());
            Some(Arc::new(started.map_err(|error| location.failed(error))?))
        };
        let timeout = options.busy_timeout;
        let keys = Keys::new(Arc::clone(&location), Arc::clone(&readers), timeout, writer.is_some());
        Ok(Self {
            keys: Arc::new(keys),
            snapshots: Arc::new(Snapshots::new(Arc::clone(&location), options.busy_timeout)),
            location,
            readers,
            writer,
            adopter: Arc::default(),
            frontiers: Frontiers::default(),
            busy_timeout: options.busy_timeout,
            news: News::default(),
            groups,
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// [`Store::scan`] on the caller's thread, with a visitor that may borrow.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn scan_blocking(
        &self,
        range: &Range,
        visitor: &mut dyn FnMut(EventRow<'_>) -> Visit,
    ) -> Result<(), StoreError> {
        self.readers.scan(range, visitor)
    }

    /// Writes on a thread that may block what is beside the log.
    async fn write_beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Snapshots) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.refuse_if_closed()?;
        if self.writer.is_none() {
            return Err(self.location.read_only());
        }
        let snapshots = Arc::clone(&self.snapshots);
        spawn_blocking(move || work(&snapshots)).await.unwrap_or_else(|error| Err(resume(error)))
    }

    /// Reads on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Readers) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let readers = Arc::clone(&self.readers);
        spawn_blocking(move || work(&readers)).await.unwrap_or_else(|error| Err(resume(error)))
    }
}

/// A visitor's panic goes on in its caller; otherwise the runtime is shutting down.
fn resume(error: JoinError) -> StoreError {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => StoreError::Closed,
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn append(&self, request: Append) -> Result<Appended, StoreError> {
        validate::request(&request)?;
        match &self.writer {
            Some(writer) => {
                let (request, frontier) = match self.frontiers.prepare(self, request).await? {
                    Prepared::New(request, frontier) => (request, frontier),
                    Prepared::Repeated(appended) => return Ok(appended),
                };
                let organisation = request.organisation.clone();
                let appended = writer.append(request).await?;
                if !appended.repeated {
                    self.frontiers.keep(organisation, frontier);
                }
                self.news.announce(appended.last_global_position);
                Ok(appended)
            }
            None => self.readers.refuse_if_closed().and_then(|()| Err(self.location.read_only())),
        }
    }

    async fn scan(&self, range: Range, mut visitor: Visitor) -> Result<(), StoreError> {
        self.read(move |readers| readers.scan(&range, &mut visitor)).await
    }

    async fn fold(&self, organisation: &str, after: u64, until: u64, mut folder: Folder) -> Result<(), StoreError> {
        let organisation = organisation.to_owned();
        self.read(move |readers| readers.fold(&organisation, after, until, &mut folder)).await
    }

    /// In one piece: the snapshot is decoded where it was read, and no thread waits for another in between.
    async fn fold_on(
        &self,
        organisation: &str,
        (layout, bound): (u32, Bound),
        begin: Beginning,
        until: u64,
        mut folder: Folder,
    ) -> Result<(), StoreError> {
        let organisation = organisation.to_owned();
        self.read(move |readers| {
            let snapshot = readers.snapshot(&organisation, layout, bound).unwrap_or_default();
            readers.fold(&organisation, begin(snapshot), until, &mut folder)
        })
        .await
    }

    async fn head(&self, organisation: &str) -> Result<Option<Head>, StoreError> {
        let organisation = organisation.to_owned();
        self.read(move |readers| readers.head(&organisation)).await
    }

    async fn heads(&self) -> Result<Vec<Head>, StoreError> {
        self.read(Readers::heads).await
    }

    async fn earlier(&self, organisation: &str, idempotency: &Idempotency) -> Result<Option<Appended>, StoreError> {
        let (organisation, idempotency) = (organisation.to_owned(), idempotency.clone());
        self.read(move |readers| readers.earlier(&organisation, &idempotency)).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), StoreError> {
        self.write_beside(move |snapshots| snapshots.save(&snapshot)).await
    }

    async fn snapshot(&self, organisation: &str, layout: u32, bound: Bound) -> Result<Option<Snapshot>, StoreError> {
        let organisation = organisation.to_owned();
        self.read(move |readers| readers.snapshot(&organisation, layout, bound)).await
    }

    async fn forget_snapshots(&self, organisation: Option<&str>) -> Result<u64, StoreError> {
        let organisation = organisation.map(str::to_owned);
        self.write_beside(move |snapshots| snapshots.forget(organisation.as_deref())).await
    }

    fn projections(&self) -> Option<Arc<dyn ProjectionStore>> {
        let (location, readers) = (Arc::clone(&self.location), Arc::clone(&self.readers));
        Some(Arc::new(Projections { location, readers, writable: self.writer.is_some() }))
    }

    async fn note_key_uses(&self, uses: Vec<KeyUse>) -> Result<(), StoreError> {
        self.write_beside(move |beside| beside.note_key_uses(&uses)).await
    }

    async fn key_uses(&self, organisation: &str) -> Result<Vec<KeyUse>, StoreError> {
        let organisation = organisation.to_owned();
        self.read(move |readers| readers.read(|connection| key_uses::of(connection, &organisation))).await
    }

    fn watch_groups(&self, watch: GroupWatch) {
        self.groups.watch(watch);
    }

    async fn keys(&self, organisation: &str, after: &str, limit: usize) -> Result<Vec<AdoptedKey>, StoreError> {
        let (organisation, after) = (organisation.to_owned(), after.to_owned());
        self.read(move |readers| readers.keys(&organisation, &after, limit)).await
    }

    async fn adopt(&self, adoption: Adoption) -> Result<(), StoreError> {
        self.readers.refuse_if_closed()?;
        if self.writer.is_none() {
            return Err(self.location.read_only());
        }
        let (adopter, location, timeout) = (self.adopter.clone(), self.location.clone(), self.busy_timeout);
        let work = spawn_blocking(move || adopter.adopt(&location, timeout, &adoption));
        self.news.announce(work.await.unwrap_or_else(|error| Err(resume(error)))?);
        Ok(())
    }

    async fn scan_hashed(
        &self,
        organisation: &str,
        after: u64,
        until: u64,
        mut visitor: HashedVisitor,
    ) -> Result<(), StoreError> {
        let organisation = organisation.to_owned();
        self.read(move |readers| {
            readers.read(|connection| hashes::scan(connection, &organisation, after, until, &mut visitor))
        })
        .await
    }

    async fn hashes_at(&self, organisation: &str, positions: &[u64]) -> Result<Vec<RowHashes>, StoreError> {
        // A proof is a few rows: waking another thread takes longer than reading them.
        if let Some(found) = self.readers.read_at_hand(|connection| hashes::at(connection, organisation, positions)) {
            return found;
        }
        let (organisation, positions) = (organisation.to_owned(), positions.to_vec());
        self.read(move |readers| readers.read(|connection| hashes::at(connection, &organisation, &positions))).await
    }

    async fn save_checkpoint(&self, checkpoint: StoredCheckpoint) -> Result<(), StoreError> {
        self.write_beside(move |snapshots| snapshots.save_checkpoint(&checkpoint)).await
    }

    async fn checkpoints(&self, organisation: &str) -> Result<Vec<StoredCheckpoint>, StoreError> {
        let organisation = organisation.to_owned();
        let all = hashes::ALL;
        self.read(move |readers| readers.read(|connection| hashes::checkpoints(connection, &organisation, all))).await
    }

    async fn last_checkpoint(&self, organisation: &str) -> Result<Option<StoredCheckpoint>, StoreError> {
        let (organisation, last) = (organisation.to_owned(), hashes::LAST);
        let found =
            self.read(move |readers| readers.read(|connection| hashes::checkpoints(connection, &organisation, last)));
        Ok(found.await?.pop())
    }

    async fn times(&self, organisation: &str, positions: &[u64]) -> Result<BTreeMap<u64, i64>, StoreError> {
        let (organisation, positions) = (organisation.to_owned(), positions.to_vec());
        self.read(move |readers| readers.read(|connection| counts::times(connection, &organisation, &positions))).await
    }

    async fn kinds(&self, organisation: &str, after: u64, until: u64) -> Result<BTreeMap<String, u64>, StoreError> {
        let organisation = organisation.to_owned();
        self.read(move |readers| readers.read(|connection| counts::kinds(connection, &organisation, after, until)))
            .await
    }

    async fn changed(&self, after: u64, timeout: Duration) -> Result<u64, StoreError> {
        self.wait(after, timeout).await
    }

    fn key_store(&self) -> Option<Arc<dyn KeyStore>> {
        Some(Arc::new(SharedKeys { keys: Arc::clone(&self.keys), writer: self.writer.clone() }))
    }

    async fn close(&self) {
        self.keys.close();
        self.snapshots.close();
        self.news.close();
        self.readers.close();
        let adopter = self.adopter.clone();
        let _ = spawn_blocking(move || adopter.close()).await;
        if let Some(thread) = self.writer.as_ref().and_then(|writer| writer.stop()) {
            // The thread reports its failures to those who wait for answers.
            let _ = spawn_blocking(move || thread.join()).await;
        }
    }
}
