//! What only a SQLite file can do wrong.

mod child;
mod file;
mod permission;
mod process;
mod refusal;
mod space;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Range, Store, Visit};
use tempfile::TempDir;

use super::{Place, request};

/// A store file in a directory of its own.
pub(crate) struct FilePlace {
    directory: TempDir,
}

impl FilePlace {
    pub(crate) fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// As the command line takes it.
    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    pub(crate) fn path(&self) -> PathBuf {
        // A name that would mean something in a `file:` URI.
        self.directory().join("store 100%25?#&.db")
    }

    fn store(&self) -> SqliteStore {
        SqliteStore::open_or_create(self.path()).unwrap()
    }

    /// Makes a store with this many events of `acme`, and closes it.
    async fn filled(count: u64) -> Self {
        let place = Self::new();
        let store = place.store();
        store.append(request("acme", 0, 1..=count)).await.unwrap();
        store.close().await;
        place
    }

    /// The names of the files in the directory.
    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.directory()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[async_trait]
impl Place for FilePlace {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.store())
    }
}

fn count(store: &SqliteStore) -> usize {
    let mut count = 0;
    let mut visitor = |_: chancery::store::EventRow<'_>| {
        count += 1;
        Visit::Continue(())
    };
    store.scan_blocking(&Range::Store { after: 0 }, &mut visitor).unwrap();
    count
}
