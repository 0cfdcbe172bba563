//! The log in a schema of a PostgreSQL database: many processes, one log.
//!
//! One connection writes, batch by batch, each batch in one statement that commits itself and is
//! durable before it is answered (`append.sql` explains how it orders the log, `append_usual.sql` is the
//! quicker one for what usually comes). Readers have
//! connections of their own. All connections live on one thread of the store's, and come back by
//! themselves after the server was restarted.

mod adopt;
mod batch;
mod commit;
mod connection;
mod cursor;
mod error;
mod follow;
mod hashes;
mod keys;
mod location;
mod projection;
mod reader;
mod schema;
mod text;
mod tls;
mod usual;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use self::adopt::Adopter;
use self::commit::Committer;
use self::connection::Connector;
use self::cursor::Sink;
use self::follow::Follow;
use self::keys::Keys;
use self::location::Location;
use self::projection::Projections;
use self::reader::Readers;
use self::writer::{Job, Queue, Writer};
use super::hashed::{Frontiers, Prepared};
use super::keys::KeyStore;
use super::projection::ProjectionStore;
use super::{
    Access, AdoptedKey, Adoption, Append, Appended, Bound, Folder, GroupWatch, HashedVisitor, Head, Idempotency,
    KeyUse, Range, RowHashes, Snapshot, Store, StoreError, StoredCheckpoint, Visitor, beside::Groups, validate,
};

/// How a store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOptions {
    /// What for.
    pub access: Access,
    /// How long a batch waits for other processes' batches before [`StoreError::Busy`].
    pub lock_timeout: Duration,
    /// How long the server may work on one statement.
    pub statement_timeout: Duration,
    /// How long callers wait for a lost connection to come back, for example while the server restarts.
    pub reconnect_timeout: Duration,
    /// Scans that may run at once, each on a connection of its own; more wait for `lock_timeout`.
    pub scans: usize,
}

impl OpenOptions {
    /// The usual options.
    #[must_use]
    pub fn new(access: Access) -> Self {
        Self {
            access,
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            reconnect_timeout: Duration::from_secs(30),
            scans: 8,
        }
    }
}

/// An event log in PostgreSQL.
///
/// Dropping it without [`close`](Store::close) loses nothing that was acknowledged.
#[derive(Debug)]
pub struct PostgresStore {
    readers: Arc<Readers>,
    follow: Arc<Follow>,
    adopter: Adopter,
    frontiers: Frontiers,
    /// Requests for the writer; closing it ends the store's thread.
    queue: Queue,
    connector: Connector,
    groups: Groups,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl PostgresStore {
    /// Opens the store at a URL, `postgres://user@host:port/database?schema=chancery`, and brings its
    /// schema up to date unless it is for reading. Blocks the thread until the server has answered.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] when the URL cannot be read, and when the database or the schema is
    /// missing, of another application or of a newer version (it is not changed then);
    /// [`StoreError::Failed`] when the server cannot be reached or refuses.
    pub fn open_with(url: &str, options: &OpenOptions) -> Result<Self, StoreError> {
        let location = Location::new(url, options.access)?;
        let name = location.clone();
        let (queue, jobs) = Queue::new();
        let (opened, opening) = std::sync::mpsc::channel();
        let options = options.clone();
        let groups = Groups::default();
        let told = groups.clone();
        let thread = std::thread::Builder::new().name("chancery-postgres".to_owned()).spawn(move || {
            // Who opens the store waits for it, once.
            let mut tell = |result| drop(opened.send(result));
            match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => match Connector::new(location, options, runtime.handle().clone()) {
                    Ok(connector) => runtime.block_on(live(connector, jobs, told, &mut tell)),
                    Err(error) => tell(Err(error)),
                },
                Err(error) => tell(Err(location.failed(error))),
            }
        });
        let thread = thread.map_err(|error| name.failed(error))?;
        let connector = opening.recv().unwrap_or(Err(StoreError::Closed))?;
        let readers = Arc::new(Readers::new(connector.clone()));
        let follow = Follow::new(Arc::clone(&readers));
        connector.home.spawn(Arc::clone(&follow).tell());
        let (adopter, frontiers) = (Adopter::default(), Frontiers::default());
        Ok(Self { readers, follow, adopter, frontiers, queue, connector, groups, thread: Mutex::new(Some(thread)) })
    }
}

/// The life of the store's thread: looks at the schema, connects to write, tells how that went, and
/// writes until the queue is closed.
async fn live(
    connector: Connector,
    jobs: mpsc::Receiver<Job>,
    groups: Groups,
    tell: &mut (dyn FnMut(Result<Connector, StoreError>) + Send),
) {
    let mut committer = Committer::new(connector.clone());
    let opened = async {
        schema::prepare(&connector).await?;
        if connector.options.access != Access::Read {
            committer.open().await?;
        }
        Ok(())
    };
    match opened.await {
        Ok(()) => {
            tell(Ok(connector));
            Writer::new(committer, jobs, groups).run().await;
        }
        Err(error) => tell(Err(error)),
    }
}

impl PostgresStore {
    fn refuse_if_read_only(&self) -> Result<(), StoreError> {
        match self.connector.options.access {
            Access::Read => self.readers.refuse_if_closed().and_then(|()| Err(self.connector.location.read_only())),
            Access::Write | Access::Create => Ok(()),
        }
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn append(&self, request: Append) -> Result<Appended, StoreError> {
        validate::request(&request)?;
        self.refuse_if_read_only()?;
        let (request, frontier) = match self.frontiers.prepare(self, request).await? {
            Prepared::New(request, frontier) => (request, frontier),
            Prepared::Repeated(appended) => return Ok(appended),
        };
        let organisation = request.organisation.clone();
        let appended = self.queue.append(request).await?;
        if !appended.repeated {
            self.frontiers.keep(organisation, frontier);
            self.follow.announce(appended.last_global_position);
        }
        Ok(appended)
    }

    async fn scan(&self, range: Range, visitor: Visitor) -> Result<(), StoreError> {
        self.readers.scan(range, Sink::Scan(visitor)).await
    }

    async fn fold(&self, organisation: &str, after: u64, until: u64, folder: Folder) -> Result<(), StoreError> {
        let range = Range::Organisation { organisation: organisation.to_owned(), after, until };
        self.readers.scan(range, Sink::Fold(folder)).await
    }

    async fn head(&self, organisation: &str) -> Result<Option<Head>, StoreError> {
        self.readers.head(organisation).await
    }

    async fn heads(&self) -> Result<Vec<Head>, StoreError> {
        self.readers.heads().await
    }

    async fn earlier(&self, organisation: &str, idempotency: &Idempotency) -> Result<Option<Appended>, StoreError> {
        self.readers.earlier(organisation, idempotency).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), StoreError> {
        self.refuse_if_read_only()?;
        self.readers.save_snapshot(&snapshot).await
    }

    async fn snapshot(&self, organisation: &str, layout: u32, bound: Bound) -> Result<Option<Snapshot>, StoreError> {
        self.readers.snapshot(organisation, layout, bound).await
    }

    async fn forget_snapshots(&self, organisation: Option<&str>) -> Result<u64, StoreError> {
        self.refuse_if_read_only()?;
        self.readers.forget_snapshots(organisation).await
    }

    async fn note_key_uses(&self, uses: Vec<KeyUse>) -> Result<(), StoreError> {
        self.refuse_if_read_only()?;
        self.readers.note_key_uses(&uses).await
    }

    async fn key_uses(&self, organisation: &str) -> Result<Vec<KeyUse>, StoreError> {
        self.readers.key_uses(organisation).await
    }

    fn watch_groups(&self, watch: GroupWatch) {
        self.groups.watch(watch);
    }

    async fn keys(&self, organisation: &str, after: &str, limit: usize) -> Result<Vec<AdoptedKey>, StoreError> {
        self.readers.keys(organisation, after, limit).await
    }

    async fn adopt(&self, adoption: Adoption) -> Result<(), StoreError> {
        self.readers.refuse_if_closed()?;
        if self.connector.options.access == Access::Read {
            return Err(self.connector.location.read_only());
        }
        self.follow.announce(self.adopter.adopt(&self.connector, &adoption).await?);
        Ok(())
    }

    async fn scan_hashed(
        &self,
        organisation: &str,
        after: u64,
        until: u64,
        visitor: HashedVisitor,
    ) -> Result<(), StoreError> {
        let range = Range::Organisation { organisation: organisation.to_owned(), after, until };
        self.readers.scan(range, Sink::Hashed(visitor)).await
    }

    async fn hashes_at(&self, organisation: &str, positions: &[u64]) -> Result<Vec<RowHashes>, StoreError> {
        self.readers.hashes_at(organisation, positions).await
    }

    async fn save_checkpoint(&self, checkpoint: StoredCheckpoint) -> Result<(), StoreError> {
        self.refuse_if_read_only()?;
        self.readers.save_checkpoint(&checkpoint).await
    }

    async fn checkpoints(&self, organisation: &str) -> Result<Vec<StoredCheckpoint>, StoreError> {
        self.readers.checkpoints(organisation, hashes::CHECKPOINTS).await
    }

    async fn last_checkpoint(&self, organisation: &str) -> Result<Option<StoredCheckpoint>, StoreError> {
        Ok(self.readers.checkpoints(organisation, hashes::LAST_CHECKPOINT).await?.pop())
    }

    async fn times(&self, organisation: &str, positions: &[u64]) -> Result<BTreeMap<u64, i64>, StoreError> {
        self.readers.times(organisation, positions).await
    }

    async fn kinds(&self, organisation: &str, after: u64, until: u64) -> Result<BTreeMap<String, u64>, StoreError> {
        self.readers.kinds(organisation, after, until).await
    }

    async fn changed(&self, after: u64, timeout: Duration) -> Result<u64, StoreError> {
        self.follow.wait(&self.connector, after, timeout).await
    }

    fn projections(&self) -> Option<std::sync::Arc<dyn ProjectionStore>> {
        Some(std::sync::Arc::new(Projections::new(self.connector.clone())))
    }

    fn key_store(&self) -> Option<Arc<dyn KeyStore>> {
        Some(Arc::new(Keys::new(Arc::clone(&self.readers), self.connector.clone())))
    }

    async fn close(&self) {
        // The connections end with the thread, and the thread with its queue.
        self.follow.close().await;
        self.adopter.close().await;
        self.queue.close();
        self.readers.close().await;
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // The thread reports its failures to those who wait for answers.
            let _ = spawn_blocking(move || thread.join()).await;
        }
    }
}
