//! Checks inside your own process: no server, no socket, no lock.
//!
//! ```no_run
//! # async fn answer() -> Result<(), Box<dyn std::error::Error>> {
//! use chancery::embed::{Chancery, Request};
//!
//! let chancery = Chancery::open("sqlite:access.db", chancery::store::Access::Write)?;
//! let fairmont = chancery.organisation("fairmont").await?;
//! let request = Request {
//!     subject: "tom", permission: "invoice.approve", scope: Some("acacia"), owner: None, at: chancery.now(),
//! };
//! if fairmont.check(&request).is_allowed() { /* … */ }
//! # Ok(()) }
//! ```
//!
//! - [`Chancery`] is an open store. [`Chancery::engine`] writes.
//! - [`Organisation`] answers from the newest version of one organisation's [access index](AccessIndex). It asks
//!   nobody: it sees a command of this process when the command is acknowledged, and other processes' when this
//!   one learns of them ([`Chancery::catch_up`]).
//! - [`Access`] is one version, held fast: for several questions that must be answered alike, for batches and lists.
//! - [`Subject`], [`Action`] and [`Resource`] are things looked up beforehand, and a [`Resolved`] is a question made of them:
//!   checks by it are the fastest.
//!
//! The instant of a question comes from the caller. Reading a clock takes longer than a check; one reading
//! serves a whole request or batch.

mod access;
mod handle;
mod organisations;
mod page;

use std::sync::Arc;

pub use access::{Access, Organisation};
pub use chancery_aggregates::access::index::AccessIndex;
pub use chancery_aggregates::access::{Decision, Denial, DenialKind, Holdings, Ownership, Request};
pub use handle::{Action, ForeignHandle, Resolved, Resource, Subject};
pub use organisations::Organisations;
pub use page::{Cursor, Page, PageError};

use crate::engine::{Engine, EngineError};
use crate::store::memory::MemoryStore;
use crate::store::postgres::{self, PostgresStore};
use crate::store::sqlite::{OpenOptions, SqliteStore};
use crate::store::{Access as Mode, Store, StoreError};
use crate::vault::{LocalKeys, Source};
use chancery_aggregates::vocabulary::{OrganisationId, Time};

/// An open store with its organisations. Cheap to share.
#[derive(Debug, Clone)]
pub struct Chancery {
    engine: Engine,
    organisations: Arc<Organisations>,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not a place of a store.
    #[error("`{0}` names no store: `sqlite:FILE`, `postgres://…` or `memory:` does")]
    UnknownStore(String),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Chancery {
    /// Opens a store: `sqlite:FILE`, `postgres://…`, or `memory:` for one that is gone when the process ends. Personal
    /// data is sealed under the key that `CHANCERY_VAULT_KEY` names, else under `FILE.vault-key`; elsewhere none can be
    /// written without it.
    ///
    /// # Errors
    /// When the text names no store, or it cannot be opened.
    pub fn open(location: &str, mode: Mode) -> Result<Self, OpenError> {
        let unknown = || OpenError::UnknownStore(location.to_owned());
        let mut keys = Source::Unset;
        let store: Arc<dyn Store> = match location.split_once(':') {
            Some(("postgres" | "postgresql", _)) => {
                Arc::new(PostgresStore::open_with(location, &postgres::OpenOptions::new(mode))?)
            }
            Some(("sqlite", file)) if !file.is_empty() => {
                let file = file.strip_prefix("//").unwrap_or(file);
                keys = Source::beside(std::path::Path::new(file));
                Arc::new(SqliteStore::open_with(file, &OpenOptions::new(mode))?)
            }
            Some(("memory", "")) => Arc::new(MemoryStore::new()),
            _ => return Err(unknown()),
        };
        if let Some(named) = std::env::var("CHANCERY_VAULT_KEY").ok().and_then(|text| Source::parse(&text)) {
            keys = named;
        }
        Ok(Self::over(Engine::new(store).with_vault(Arc::new(LocalKeys::new(keys)))))
    }

    /// Checks over an engine that is there already.
    #[must_use]
    pub fn over(engine: Engine) -> Self {
        Self { engine, organisations: Arc::default() }
    }

    /// Commands, replay, the log.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The instant that counts as now.
    pub fn now(&self) -> Time {
        self.engine.now()
    }

    /// An organisation. The first time its log is read; later this asks nobody.
    ///
    /// # Errors
    /// When there is no such organisation, or the store fails.
    pub async fn organisation(&self, id: &str) -> Result<Organisation, EngineError> {
        if let Some(organisation) = self.organisations.get(id) {
            return Ok(organisation);
        }
        let published = self.engine.published(&OrganisationId::known(id)).await?;
        Ok(self.organisations.insert(id, Organisation::new(published)))
    }

    /// The organisations that are loaded.
    pub fn organisations(&self) -> &Organisations {
        &self.organisations
    }

    /// Learns what other processes wrote to an organisation before this call.
    ///
    /// # Errors
    /// When there is no such organisation, or the store fails.
    pub async fn catch_up(&self, id: &str) -> Result<(), EngineError> {
        self.engine.state(&OrganisationId::known(id)).await.map(|_| ())
    }

    /// Waits for commands under way and closes the store. Organisations go on answering from their last version.
    pub async fn close(&self) {
        self.engine.close().await;
    }
}
