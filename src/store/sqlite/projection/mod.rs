//! The tables beside the log, in the same file.

mod compare;
mod control;
mod rows;
mod writer;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use self::writer::{Desk, Writer};
use super::error::Location;
use super::reader::Readers;
use super::resume;
use crate::store::StoreError;
use crate::store::projection::{self, Control, Duty, ProjectionStore, ProjectionWriter};

const TABLES_SQL: &str = include_str!("../../../../migrations/sqlite/projections/tables.sql");
const VIEWS_SQL: &str = include_str!("../../../../migrations/sqlite/projections/views.sql");

/// The projections of a store.
#[derive(Debug)]
pub(super) struct Projections {
    pub(super) location: Arc<Location>,
    pub(super) readers: Arc<Readers>,
    pub(super) writable: bool,
}

#[async_trait]
impl ProjectionStore for Projections {
    fn format(&self) -> String {
        projection::format_of(TABLES_SQL, VIEWS_SQL)
    }

    async fn control(&self) -> Result<Control, StoreError> {
        let readers = Arc::clone(&self.readers);
        let reading = spawn_blocking(move || readers.read(control::read));
        reading.await.unwrap_or_else(|error| Err(resume(error)))
    }

    async fn is_taken(&self, duty: Duty) -> Result<bool, StoreError> {
        match File::open(lock_path(&self.location, duty)) {
            Ok(file) => Ok(matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.location.failed(error)),
        }
    }

    async fn take(&self, duty: Duty) -> Result<Option<Box<dyn ProjectionWriter>>, StoreError> {
        if !self.writable {
            return Err(self.location.read_only());
        }
        let (location, format, timeout) = (Arc::clone(&self.location), self.format(), self.readers.timeout());
        let taking = spawn_blocking(move || {
            let Some(lock) = lock(&location, duty)? else { return Ok(None) };
            let desk = Desk::open(location, lock, format, timeout)?;
            Ok(Some(Box::new(Writer::new(desk)) as Box<dyn ProjectionWriter>))
        });
        taking.await.unwrap_or_else(|error| Err(resume(error)))
    }
}

/// A file of its own: locks on the store's file are SQLite's. It is never removed, because somebody
/// may be waiting for it.
fn lock_path(location: &Location, duty: Duty) -> PathBuf {
    location.beside(match duty {
        Duty::Follow => "-projector",
        Duty::Build => "-rebuild",
    })
}

/// Held for as long as the file is open, so until the process dies at the latest.
fn lock(location: &Location, duty: Duty) -> Result<Option<File>, StoreError> {
    let path = lock_path(location, duty);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let file = file.map_err(|error| location.failed(error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(location.failed(error)),
    }
}
