//! Snapshots, on a connection of their own: they never delay a request to append by more than their own
//! short transaction, and need not be durable.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::connection;
use super::error::Location;
use crate::store::{Bound, Snapshot, StoreError};

/// Writes snapshots.
#[derive(Debug)]
pub(super) struct Snapshots {
    location: Arc<Location>,
    timeout: Duration,
    /// Opened when the first snapshot is written.
    connection: Mutex<Option<Connection>>,
}

impl Snapshots {
    pub(super) fn new(location: Arc<Location>, timeout: Duration) -> Self {
        Self { location, timeout, connection: Mutex::default() }
    }

    pub(super) fn save(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.write(|connection| {
            let mut statement = connection.prepare_cached(
                "INSERT OR REPLACE INTO state_snapshots (organisation, position, time, layout, body)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            let Snapshot { organisation, position, time, layout, body } = snapshot;
            statement.execute(params![organisation, position, time, layout, body]).map(drop)
        })
    }

    pub(super) fn forget(&self, organisation: Option<&str>) -> Result<u64, StoreError> {
        self.write(|connection| {
            let mut statement =
                connection.prepare_cached("DELETE FROM state_snapshots WHERE ?1 IS NULL OR organisation = ?1")?;
            statement.execute([organisation]).map(|deleted| deleted as u64)
        })
    }

    pub(super) fn close(&self) {
        *self.connection.lock() = None;
    }

    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let mut kept = self.connection.lock();
        let connection = match &mut *kept {
            Some(connection) => connection,
            None => kept.insert(connection::open_beside(&self.location, self.timeout)?),
        };
        work(connection).map_err(|error| self.location.translate(&error))
    }
}

/// The newest snapshot within the bound whose last event is the log's.
pub(super) fn newest(
    connection: &Connection,
    organisation: &str,
    layout: u32,
    bound: Bound,
) -> Result<Option<Snapshot>, rusqlite::Error> {
    let (column, limit) = match bound {
        Bound::Position(position) => ("position", i64::try_from(position).unwrap_or(i64::MAX)),
        Bound::Time(time) => ("time", time),
    };
    let sql = format!(
        "SELECT s.organisation, s.position, s.time, s.layout, s.body
         FROM state_snapshots AS s JOIN events AS e USING (organisation, position, time)
         WHERE s.organisation = ?1 AND s.layout = ?2 AND s.{column} <= ?3 ORDER BY s.position DESC LIMIT 1"
    );
    connection.prepare_cached(&sql)?.query_row(params![organisation, layout, limit], snapshot).optional()
}

fn snapshot(row: &Row<'_>) -> Result<Snapshot, rusqlite::Error> {
    Ok(Snapshot {
        organisation: row.get(0)?,
        position: row.get(1)?,
        time: row.get(2)?,
        layout: row.get(3)?,
        body: row.get(4)?,
    })
}
