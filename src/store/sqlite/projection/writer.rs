//! The connection that writes tables, for whoever has the duty.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::{Connection, params};
use tokio::task::spawn_blocking;

use super::{TABLES_SQL, VIEWS_SQL, compare, control, rows};
use crate::store::StoreError;
use crate::store::projection::{
    ApplyError, Comparison, Generation, ProjectionWriter, RecordedFailure, Step, TableRows, name, script, statements,
};
use crate::store::sqlite::checkpoint::Checkpoints;
use crate::store::sqlite::connection::open_to_write;
use crate::store::sqlite::error::Location;
use crate::store::sqlite::resume;

/// Rows that are loaded in one transaction: those who append wait for its end.
const SLICE: usize = 8192;

/// Rows of a transaction that follows the log, where it is behind. It moves the checkpoint, so it cannot be cut
/// into slices; those who append wait for some hundred milliseconds then.
const ROWS_AT_ONCE: usize = 32_768;

/// Those who append try again at growing intervals; in their first tenth of a second, none is longer.
const LONGEST_REST: Duration = Duration::from_millis(25);

/// What a row takes in the write-ahead log, with its share of the indexes: an estimate.
const ROW_BYTES: usize = 256;

/// Page cache, in KiB. Rows come in any order, and a page that has to leave the cache before the transaction ends is
/// written, and perhaps read and written again; the sorting for an index works in as much memory too.
const CACHE: u32 = 128 << 10;

/// Statements that are kept: some for each table.
const STATEMENTS: usize = 128;

/// The connection, and the lock that makes it the only one.
#[derive(Debug)]
pub(super) struct Desk {
    location: Arc<Location>,
    connection: Connection,
    checkpoints: Checkpoints,
    format: String,
    /// Before this, the write lock is left to others.
    rest: Instant,
    _lock: File,
}

impl Desk {
    pub(super) fn open(
        location: Arc<Location>,
        lock: File,
        format: String,
        timeout: Duration,
    ) -> Result<Self, StoreError> {
        let connection = open_to_write(&location, false, timeout)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // What a power cut takes away is projected again: rows and checkpoint go together.
        let quicker = connection.pragma_update(None, "synchronous", "NORMAL");
        let quicker = quicker.and_then(|()| connection.pragma_update(None, "cache_size", -i64::from(CACHE)));
        quicker.map_err(|error| location.translate(&error))?;
        let checkpoints = Checkpoints::new(open_to_write(&location, false, timeout)?);
        Ok(Self { location, connection, checkpoints, format, rest: Instant::now(), _lock: lock })
    }

    /// Does work in a transaction that is short enough for others to wait, and leaves them a gap.
    fn transaction<T>(
        &mut self,
        written: usize,
        work: impl FnOnce(&Connection) -> Result<T, ApplyError>,
    ) -> Result<T, ApplyError> {
        let wait = self.rest.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
        let translate = |error: rusqlite::Error| ApplyError::Store(self.location.translate(&error));
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(translate)?;
        let begun = Instant::now();
        let outcome = work(&self.connection)
            .and_then(|done| self.connection.execute_batch("COMMIT").map(|()| done).map_err(translate));
        // A failed commit may or may not have ended the transaction already.
        if outcome.is_err() && !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.rest = Instant::now() + (begun.elapsed() / 3).min(LONGEST_REST);
        self.checkpoints.count_bytes(written * ROW_BYTES);
        self.checkpoints.committed(&self.connection);
        outcome
    }

    fn in_store<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>) -> Result<T, StoreError> {
        let location = Arc::clone(&self.location);
        let outcome = self.transaction(0, |connection| {
            work(connection).map_err(|error| ApplyError::Store(location.translate(&error)))
        });
        outcome.map_err(|error| match error {
            ApplyError::Store(error) => error,
            other => location.failed(other),
        })
    }

    fn create(&mut self) -> Result<Generation, StoreError> {
        let format = self.format.clone();
        self.in_store(|connection| {
            let sql = "UPDATE projection_numbers SET last = last + 1 RETURNING last";
            let number: u64 = connection.query_row(sql, [], |row| row.get(0))?;
            for statement in statements(TABLES_SQL, number).iter().filter(is_table) {
                connection.execute_batch(statement)?;
            }
            connection.execute(
                "INSERT INTO projection_generations (generation, format, checkpoint, live) VALUES (?1, ?2, 0, 0)",
                params![number, format],
            )?;
            Ok(Generation { number, format, checkpoint: 0, live: false })
        })
    }

    fn drop_generation(&mut self, generation: u64) -> Result<(), StoreError> {
        // Table by table: each gives its pages back, which takes a while.
        for table in chancery_projections::tables::TABLES.iter().rev() {
            let sql = format!("DROP TABLE IF EXISTS {}", name(generation, table));
            self.in_store(|connection| connection.execute_batch(&sql))?;
        }
        let sql = "DELETE FROM projection_generations WHERE generation = ?1 AND live = 0";
        self.in_store(|connection| connection.execute(sql, [generation]).map(drop))
    }

    fn load(&mut self, generation: u64, tables: Vec<TableRows>) -> Result<(), ApplyError> {
        let location = Arc::clone(&self.location);
        for mut table in tables {
            table.sort();
            while !table.rows.is_empty() {
                let rest = table.rows.split_off(table.rows.len().min(SLICE));
                self.transaction(table.rows.len(), |connection| {
                    rows::write(connection, &location, generation, &table)
                })?;
                table.rows = rest;
            }
        }
        Ok(())
    }

    fn finish(&mut self, step: &Step) -> Result<(), ApplyError> {
        let location = Arc::clone(&self.location);
        for statement in statements(TABLES_SQL, step.generation).iter().filter(|sql| !is_table(sql)) {
            self.transaction(SLICE, |connection| {
                connection.execute_batch(statement).map_err(|error| match error.sqlite_error_code() {
                    Some(rusqlite::ErrorCode::ConstraintViolation) => {
                        ApplyError::Misfit { table: "", reason: error.to_string() }
                    }
                    _ => ApplyError::Store(location.translate(&error)),
                })
            })?;
        }
        self.apply(step, &[])
    }

    fn apply(&mut self, step: &Step, tables: &[TableRows]) -> Result<(), ApplyError> {
        let location = Arc::clone(&self.location);
        let written = tables.iter().map(|table| table.rows.len() + table.endings.len()).sum();
        self.transaction(written, |connection| {
            let translate = |error: rusqlite::Error| ApplyError::Store(location.translate(&error));
            let mut moved = connection
                .prepare_cached(
                    "UPDATE projection_generations SET checkpoint = ?3
                     WHERE generation = ?1 AND checkpoint = ?2 AND live = ?4",
                )
                .map_err(translate)?;
            if moved.execute(params![step.generation, step.after, step.until, step.live]).map_err(translate)? != 1 {
                return Err(ApplyError::Overtaken);
            }
            for omission in &step.omissions {
                control::omit(connection, omission).map_err(translate)?;
            }
            tables.iter().try_for_each(|table| rows::write(connection, &location, step.generation, table))
        })
    }

    fn publish(&mut self, generation: u64) -> Result<bool, StoreError> {
        self.in_store(|connection| {
            let sql = "SELECT checkpoint >= coalesce((SELECT checkpoint FROM projection_generations WHERE live = 1), 0)
                       FROM projection_generations WHERE generation = ?1";
            if !connection.query_row(sql, [generation], |row| row.get::<_, bool>(0))? {
                return Ok(false);
            }
            connection.execute("UPDATE projection_generations SET live = 0 WHERE live = 1", [])?;
            connection.execute("UPDATE projection_generations SET live = 1 WHERE generation = ?1", [generation])?;
            connection.execute("DELETE FROM projection_failure", [])?;
            connection.execute_batch(&script(VIEWS_SQL, generation))?;
            Ok(true)
        })
    }
}

fn is_table(sql: &&String) -> bool {
    sql.starts_with("CREATE TABLE")
}

/// The desk, on threads that may block.
#[derive(Debug)]
pub(super) struct Writer(Arc<Mutex<Desk>>);

impl Writer {
    pub(super) fn new(desk: Desk) -> Self {
        Self(Arc::new(Mutex::new(desk)))
    }

    async fn at<T, E>(&self, work: impl FnOnce(&mut Desk) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let desk = Arc::clone(&self.0);
        spawn_blocking(move || work(&mut desk.lock())).await.unwrap_or_else(|error| Err(resume(error).into()))
    }
}

#[async_trait]
impl ProjectionWriter for Writer {
    fn rows_at_once(&self) -> usize {
        ROWS_AT_ONCE
    }

    async fn create(&mut self) -> Result<Generation, StoreError> {
        self.at(Desk::create).await
    }

    async fn drop_generation(&mut self, generation: u64) -> Result<(), StoreError> {
        self.at(move |desk| desk.drop_generation(generation)).await
    }

    async fn load(&mut self, generation: u64, rows: Vec<TableRows>) -> Result<(), ApplyError> {
        self.at(move |desk| desk.load(generation, rows)).await
    }

    async fn finish(&mut self, step: Step) -> Result<(), ApplyError> {
        self.at(move |desk| desk.finish(&step)).await
    }

    async fn apply(&mut self, step: Step, mut rows: Vec<TableRows>) -> Result<(), ApplyError> {
        self.at(move |desk| {
            rows.iter_mut().for_each(TableRows::sort);
            desk.apply(&step, &rows)
        })
        .await
    }

    async fn publish(&mut self, generation: u64) -> Result<bool, StoreError> {
        self.at(move |desk| desk.publish(generation)).await
    }

    async fn record(&mut self, failure: Option<RecordedFailure>) -> Result<(), StoreError> {
        self.at(move |desk| desk.in_store(|connection| control::record(connection, failure.as_ref()))).await
    }

    async fn compare(&mut self, generation: u64) -> Result<Comparison, StoreError> {
        self.at(move |desk| {
            compare::compare(&desk.connection, generation).map_err(|error| desk.location.translate(&error))
        })
        .await
    }
}
