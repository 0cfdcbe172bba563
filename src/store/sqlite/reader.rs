//! Reading, on connections of its own: readers and the writer do not wait for each other.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, Row, Statement, ToSql, params};

use super::connection::{self, Reading};
use super::error::Location;
use super::{append, snapshots};
use crate::store::{
    AdoptedKey, Appended, Bound, EventRow, FoldRow, Head, Idempotency, Range, Snapshot, StoreError, Visit,
};

/// Connections kept for the next reader. More are opened when more read at once, so that a visitor
/// which reads on its own account never waits for itself.
const KEPT: usize = 4;

/// All columns but `organisation`, which stands after them where it is not known already: fetching
/// columns takes a good part of a scan's time.
pub(super) const COLUMNS: &str = "global_position, position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
                       payload, metadata, time";

/// The number of the column after them: of `organisation` when it is read.
pub(super) const ORGANISATION: usize = 10;

/// The connections that read.
#[derive(Debug)]
pub(super) struct Readers {
    location: Arc<Location>,
    timeout: Duration,
    /// True when the file is only read by us, and perhaps may not be written.
    read_only: bool,
    /// `None` after the store was closed.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(location: Arc<Location>, timeout: Duration, read_only: bool) -> Self {
        Self { location, timeout, read_only, idle: Mutex::new(Some(Vec::new())) }
    }

    /// Drops the idle connections; those in use follow when their reading ends.
    pub(super) fn close(&self) {
        *self.idle.lock() = None;
    }

    /// Finds out whether the file can be read.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.read(|_| Ok(()))
    }

    /// How long to wait for another process.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn refuse_if_closed(&self) -> Result<(), StoreError> {
        if self.idle.lock().is_some() { Ok(()) } else { Err(StoreError::Closed) }
    }

    pub(super) fn head(&self, organisation: &str) -> Result<Option<Head>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT organisation, position, time FROM organisations WHERE organisation = ?1")?;
            statement.query_map([organisation], head)?.next().transpose()
        })
    }

    pub(super) fn heads(&self) -> Result<Vec<Head>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT organisation, position, time FROM organisations ORDER BY organisation")?;
            statement.query_map([], head)?.collect()
        })
    }

    pub(super) fn keys(&self, organisation: &str, after: &str, limit: usize) -> Result<Vec<AdoptedKey>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT key, fingerprint, first_position, last_position FROM requests
                       WHERE organisation = ?1 AND key > ?2 ORDER BY key LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let key = |row: &Row<'_>| {
                Ok(AdoptedKey {
                    organisation: organisation.to_owned(),
                    key: row.get(0)?,
                    fingerprint: row.get(1)?,
                    first_position: row.get(2)?,
                    last_position: row.get(3)?,
                })
            };
            statement.query_map(params![organisation, after, limit], key)?.collect()
        })
    }

    pub(super) fn global_head(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let sql = "SELECT coalesce(max(global_position), 0) FROM events";
            connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
        })
    }

    pub(super) fn earlier(&self, organisation: &str, key: &Idempotency) -> Result<Option<Appended>, StoreError> {
        self.read(|connection| append::earlier(connection, organisation, key))?
    }

    pub(super) fn snapshot(
        &self,
        organisation: &str,
        layout: u32,
        bound: Bound,
    ) -> Result<Option<Snapshot>, StoreError> {
        self.read(|connection| snapshots::newest(connection, organisation, layout, bound))
    }

    /// One statement, so one consistent view of the log, however long it takes.
    pub(super) fn scan(&self, range: &Range, visitor: &mut dyn FnMut(EventRow<'_>) -> Visit) -> Result<(), StoreError> {
        self.read(|connection| match range {
            Range::Organisation { organisation, after, until } => {
                let sql = format!(
                    "SELECT {COLUMNS} FROM events
                     WHERE organisation = ?1 AND position > ?2 AND position <= ?3 ORDER BY position"
                );
                let parameters = params![organisation, signed(*after), signed(*until)];
                visit(&mut *connection.prepare_cached(&sql)?, parameters, Some(organisation), visitor)
            }
            Range::Stream { aggregate_type, aggregate_id } => {
                let sql = format!(
                    "SELECT {COLUMNS}, organisation FROM events
                     WHERE aggregate_type = ?1 AND aggregate_id = ?2 ORDER BY sequence"
                );
                let parameters = params![aggregate_type, aggregate_id];
                visit(&mut *connection.prepare_cached(&sql)?, parameters, None, visitor)
            }
            Range::Store { after } => {
                let sql = format!(
                    "SELECT {COLUMNS}, organisation FROM events WHERE global_position > ?1 ORDER BY global_position"
                );
                visit(&mut *connection.prepare_cached(&sql)?, params![signed(*after)], None, visitor)
            }
        })
    }

    /// As a scan of an organisation, without the columns that a fold does not look at: each takes time.
    pub(super) fn fold(
        &self,
        organisation: &str,
        after: u64,
        until: u64,
        folder: &mut dyn FnMut(FoldRow<'_>) -> Visit,
    ) -> Result<(), StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT position, time, aggregate_type, event_type, event_version, payload FROM events
                 WHERE organisation = ?1 AND position > ?2 AND position <= ?3 ORDER BY position",
            )?;
            let mut rows = statement.query(params![organisation, signed(after), signed(until)])?;
            while let Some(row) = rows.next()? {
                let row = FoldRow {
                    position: number(row, 0)?,
                    time: row.get_ref(1)?.as_i64()?,
                    aggregate_type: text(row, 2)?,
                    event_type: text(row, 3)?,
                    event_version: text(row, 4)?,
                    payload: text(row, 5)?,
                };
                if let Visit::Break(()) = folder(row) {
                    break;
                }
            }
            Ok(())
        })
    }

    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let (connection, reading) = self.take()?;
        let outcome = work(&connection).map_err(|error| self.location.translate(&error));
        if reading == Reading::Shared
            && let Some(idle) = self.idle.lock().as_mut()
            && idle.len() < KEPT
        {
            idle.push(connection);
        }
        outcome
    }

    /// As `read`, for work that is done sooner than another thread is woken; nothing where no connection is at hand.
    pub(super) fn read_at_hand<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Option<Result<T, StoreError>> {
        let connection = self.idle.lock().as_mut()?.pop()?;
        let outcome = work(&connection).map_err(|error| self.location.translate(&error));
        if let Some(idle) = self.idle.lock().as_mut()
            && idle.len() < KEPT
        {
            idle.push(connection);
        }
        Some(outcome)
    }

    fn take(&self) -> Result<(Connection, Reading), StoreError> {
        if let Some(connection) = self.idle.lock().as_mut().ok_or(StoreError::Closed)?.pop() {
            return Ok((connection, Reading::Shared));
        }
        if self.read_only {
            return connection::open_read_only(&self.location, self.timeout);
        }
        match connection::open_reader(&self.location, self.timeout) {
            Ok(connection) => Ok((connection, Reading::Shared)),
            Err(error) => Err(self.location.translate(&error)),
        }
    }
}

fn visit(
    statement: &mut Statement<'_>,
    parameters: &[&dyn ToSql],
    organisation: Option<&str>,
    visitor: &mut dyn FnMut(EventRow<'_>) -> Visit,
) -> Result<(), rusqlite::Error> {
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        if let Visit::Break(()) = visitor(event_row(row, organisation)?) {
            break;
        }
    }
    Ok(())
}

pub(super) fn event_row<'a>(row: &'a Row<'_>, organisation: Option<&'a str>) -> Result<EventRow<'a>, rusqlite::Error> {
    Ok(EventRow {
        global_position: number(row, 0)?,
        organisation: match organisation {
            Some(organisation) => organisation,
            None => text(row, ORGANISATION)?,
        },
        position: number(row, 1)?,
        aggregate_type: text(row, 2)?,
        aggregate_id: text(row, 3)?,
        sequence: number(row, 4)?,
        event_type: text(row, 5)?,
        event_version: text(row, 6)?,
        payload: text(row, 7)?,
        metadata: text(row, 8)?,
        time: row.get_ref(9)?.as_i64()?,
    })
}

/// Borrowed from SQLite's buffer of the row.
fn text<'row>(row: &'row Row<'_>, column: usize) -> Result<&'row str, rusqlite::Error> {
    Ok(row.get_ref(column)?.as_str()?)
}

/// INVARIANT: the table's checks keep positions and sequences above 0.
pub(super) fn number(row: &Row<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    Ok(row.get_ref(column)?.as_i64()?.cast_unsigned())
}

fn head(row: &Row<'_>) -> Result<Head, rusqlite::Error> {
    Ok(Head { organisation: row.get(0)?, position: row.get(1)?, time: row.get(2)? })
}

/// A bound as SQLite's signed number; no position is above the largest.
pub(super) fn signed(bound: u64) -> i64 {
    i64::try_from(bound).unwrap_or(i64::MAX)
}
