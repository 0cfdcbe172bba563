//! Reading: short questions on one shared connection, ranges page by page on connections of their own.
//!
//! A page starts behind the last row that was visited, which in a log that is only added to gives the
//! same rows as one long statement would; but no transaction stays open, a visitor that breaks leaves
//! little behind, and a scan goes on after the server was restarted.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::batch;
use super::connection::{Connector, Session};
use super::cursor::{Cursor, Sink};
use super::error::{is_cancelled, is_lost};
use super::hashes;
use crate::store::{
    AdoptedKey, Appended, Bound, Head, Idempotency, KeyUse, Range, RowHashes, Snapshot, StoreError, StoredCheckpoint,
    Visit,
};

/// Connections kept for the next scan.
const KEPT: usize = 4;

/// The connections that read.
const SNAPSHOT_BY_POSITION: &str = "SELECT s.organisation, s.position, s.time, s.layout, s.body
     FROM state_snapshots AS s JOIN events AS e USING (organisation, position, time)
     WHERE s.organisation = $1 AND s.layout = $2 AND s.position <= $3 ORDER BY s.position DESC LIMIT 1";

const SNAPSHOT_BY_TIME: &str = "SELECT s.organisation, s.position, s.time, s.layout, s.body
     FROM state_snapshots AS s JOIN events AS e USING (organisation, position, time)
     WHERE s.organisation = $1 AND s.layout = $2 AND s.time <= $3 ORDER BY s.position DESC LIMIT 1";

#[derive(Debug)]
pub(super) struct Readers {
    connector: Connector,
    /// Questions of many callers travel on it one behind the other, without waiting for each other.
    shared: tokio::sync::Mutex<Option<Arc<Session>>>,
    /// `None` after the store was closed.
    idle: Mutex<Option<Vec<Session>>>,
    /// Scans at once.
    permits: Semaphore,
}

impl Readers {
    pub(super) fn new(connector: Connector) -> Self {
        let permits = Semaphore::new(connector.options.scans);
        Self { connector, shared: tokio::sync::Mutex::default(), idle: Mutex::new(Some(Vec::new())), permits }
    }

    pub(super) async fn close(&self) {
        let idle = self.idle.lock().take().unwrap_or_default();
        self.permits.close();
        for session in idle {
            session.close().await;
        }
        if let Some(session) = self.shared.lock().await.take().and_then(Arc::into_inner) {
            session.close().await;
        }
    }

    pub(super) fn refuse_if_closed(&self) -> Result<(), StoreError> {
        if self.idle.lock().is_some() { Ok(()) } else { Err(StoreError::Closed) }
    }

    pub(super) async fn head(&self, organisation: &str) -> Result<Option<Head>, StoreError> {
        let sql = "SELECT organisation, position, time FROM organisations WHERE organisation = $1";
        self.ask(sql, &[&organisation], |rows| rows.first().map(head).transpose()).await
    }

    pub(super) async fn heads(&self) -> Result<Vec<Head>, StoreError> {
        let sql = "SELECT organisation, position, time FROM organisations ORDER BY organisation";
        self.ask(sql, &[], |rows| rows.iter().map(head).collect()).await
    }

    /// The newest snapshot within the bound whose last event is the log's.
    pub(super) async fn snapshot(
        &self,
        organisation: &str,
        layout: u32,
        bound: Bound,
    ) -> Result<Option<Snapshot>, StoreError> {
        let (sql, limit) = match bound {
            Bound::Position(position) => (SNAPSHOT_BY_POSITION, i64::try_from(position).unwrap_or(i64::MAX)),
            Bound::Time(time) => (SNAPSHOT_BY_TIME, time),
        };
        let layout = i32::try_from(layout).unwrap_or(i32::MAX);
        self.ask(sql, &[&organisation, &layout, &limit], |rows| rows.first().map(snapshot).transpose()).await
    }

    /// Keeps a snapshot in place of the one there.
    pub(super) async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let sql = "INSERT INTO state_snapshots (organisation, position, time, layout, body)
                   VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT (organisation, layout, position) DO UPDATE SET time = excluded.time, body = excluded.body";
        let position = i64::try_from(snapshot.position).unwrap_or(i64::MAX);
        let layout = i32::try_from(snapshot.layout).unwrap_or(i32::MAX);
        let parameters: [&(dyn ToSql + Sync); 5] =
            [&snapshot.organisation, &position, &snapshot.time, &layout, &snapshot.body];
        self.ask(sql, &parameters, |_| Ok(())).await
    }

    /// Deletes snapshots, and counts them.
    pub(super) async fn forget_snapshots(&self, organisation: Option<&str>) -> Result<u64, StoreError> {
        let sql = "WITH deleted AS (
                       DELETE FROM state_snapshots WHERE $1::text IS NULL OR organisation = $1 RETURNING 1
                   ) SELECT count(*) FROM deleted";
        self.ask(sql, &[&organisation], |rows| rows.first().map_or(Ok(0), |row| row.try_get::<_, i64>(0)))
            .await
            .map(i64::cast_unsigned)
    }

    /// Keeps when keys were last used, unless later uses are known.
    pub(super) async fn note_key_uses(&self, uses: &[KeyUse]) -> Result<(), StoreError> {
        let sql = "INSERT INTO key_uses (organisation, key, time)
                   SELECT organisation, key, max(time) FROM unnest($1::text[], $2::text[], $3::bigint[])
                       AS used (organisation, key, time) GROUP BY organisation, key ORDER BY organisation, key
                   ON CONFLICT (organisation, key) DO UPDATE SET time = excluded.time
                   WHERE key_uses.time < excluded.time";
        let organisations: Vec<&str> = uses.iter().map(|used| used.organisation.as_str()).collect();
        let keys: Vec<&str> = uses.iter().map(|used| used.key.as_str()).collect();
        let times: Vec<i64> = uses.iter().map(|used| used.time).collect();
        self.ask(sql, &[&organisations, &keys, &times], |_| Ok(())).await
    }

    /// A schema that nobody wrote to since it got the table has none.
    pub(super) async fn key_uses(&self, organisation: &str) -> Result<Vec<KeyUse>, StoreError> {
        let there = "SELECT to_regclass('key_uses') IS NOT NULL";
        if !self.ask(there, &[], |rows| rows.first().map_or(Ok(false), |row| row.try_get(0))).await? {
            return Ok(Vec::new());
        }
        let sql = "SELECT key, time FROM key_uses WHERE organisation = $1 ORDER BY key";
        let used = |row: &Row| {
            Ok(KeyUse { organisation: organisation.to_owned(), key: row.try_get(0)?, time: row.try_get(1)? })
        };
        self.ask(sql, &[&organisation], |rows| rows.iter().map(used).collect()).await
    }

    pub(super) async fn keys(
        &self,
        organisation: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<AdoptedKey>, StoreError> {
        let sql = "SELECT key, fingerprint, first_position, last_position FROM requests
                   WHERE organisation = $1 AND key > $2 ORDER BY key LIMIT $3";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let key = |row: &Row| {
            Ok(AdoptedKey {
                organisation: organisation.to_owned(),
                key: row.try_get(0)?,
                fingerprint: row.try_get(1)?,
                first_position: row.try_get::<_, i64>(2)?.cast_unsigned(),
                last_position: row.try_get::<_, i64>(3)?.cast_unsigned(),
            })
        };
        self.ask(sql, &[&organisation, &after, &limit], |rows| rows.iter().map(key).collect()).await
    }

    pub(super) async fn hashes_at(&self, organisation: &str, positions: &[u64]) -> Result<Vec<RowHashes>, StoreError> {
        self.ask(hashes::AT, &[&organisation, &hashes::positions(positions)], hashes::found).await
    }

    pub(super) async fn checkpoints(
        &self,
        organisation: &str,
        sql: &'static str,
    ) -> Result<Vec<StoredCheckpoint>, StoreError> {
        let there = "SELECT to_regclass('log_checkpoints') IS NOT NULL";
        if !self.ask(there, &[], |rows| rows.first().map_or(Ok(false), |row| row.try_get(0))).await? {
            // A store of an older program that is only read.
            return Ok(Vec::new());
        }
        self.ask(sql, &[&organisation], |rows| rows.iter().map(hashes::checkpoint).collect()).await
    }

    pub(super) async fn times(&self, organisation: &str, positions: &[u64]) -> Result<BTreeMap<u64, i64>, StoreError> {
        let sql = "SELECT position, time FROM events WHERE organisation = $1 AND position = ANY($2::bigint[])";
        let positions: Vec<i64> =
            positions.iter().map(|position| i64::try_from(*position).unwrap_or(i64::MAX)).collect();
        let time = |row: &Row| Ok((row.try_get::<_, i64>(0)?.cast_unsigned(), row.try_get(1)?));
        self.ask(sql, &[&organisation, &positions], |rows| rows.iter().map(time).collect()).await
    }

    pub(super) async fn kinds(
        &self,
        organisation: &str,
        after: u64,
        until: u64,
    ) -> Result<BTreeMap<String, u64>, StoreError> {
        let sql = "SELECT event_type, count(*) FROM events
                   WHERE organisation = $1 AND position > $2 AND position <= $3 GROUP BY event_type";
        let [after, until] = [after, until].map(|position| i64::try_from(position).unwrap_or(i64::MAX));
        let kind = |row: &Row| Ok((row.try_get(0)?, row.try_get::<_, i64>(1)?.cast_unsigned()));
        self.ask(sql, &[&organisation, &after, &until], |rows| rows.iter().map(kind).collect()).await
    }

    /// Keeps a checkpoint, unless it is there.
    pub(super) async fn save_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<(), StoreError> {
        let StoredCheckpoint { organisation, size, verifier, note, time } = checkpoint;
        let size = i64::try_from(*size).unwrap_or(i64::MAX);
        self.ask(hashes::SAVE, &[organisation, &size, verifier, note, time], |_| Ok(())).await
    }

    pub(super) async fn global_head(&self) -> Result<u64, StoreError> {
        let sql = "SELECT global_position FROM log_head";
        self.ask(sql, &[], |rows| rows.first().map_or(Ok(0), |row| row.try_get::<_, i64>(0)).map(i64::cast_unsigned))
            .await
    }

    /// Tells whoever listens that there is something new to read.
    pub(super) async fn notify(&self) -> Result<(), StoreError> {
        self.ask("SELECT pg_notify(current_schema(), '')", &[], |_| Ok(())).await
    }

    pub(super) async fn earlier(
        &self,
        organisation: &str,
        idempotency: &Idempotency,
    ) -> Result<Option<Appended>, StoreError> {
        let sql = "SELECT fingerprint, first_position, last_position, last_global_position FROM requests
                   WHERE organisation = $1 AND key = $2";
        let parameters: [&(dyn ToSql + Sync); 2] = [&organisation, &idempotency.key];
        self.ask(sql, &parameters, |rows| rows.first().map_or(Ok(Ok(None)), |row| batch::earlier(row, 0, idempotency)))
            .await?
    }

    pub(super) async fn ask<T>(
        &self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
        read: impl Fn(&[Row]) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let mut patience = self.connector.patience();
        loop {
            let session = self.shared().await?;
            match session.query(sql, parameters).await.and_then(|rows| read(&rows)) {
                Ok(answer) => return Ok(answer),
                Err(error) if is_lost(&error) && patience.again().await => {}
                Err(error) => return Err(self.failure(&error)),
            }
        }
    }

    async fn shared(&self) -> Result<Arc<Session>, StoreError> {
        let mut shared = self.shared.lock().await;
        self.refuse_if_closed()?;
        match &*shared {
            Some(session) if !session.client.is_closed() => Ok(session.clone()),
            _ => Ok(shared.insert(Arc::new(self.connector.session().await?)).clone()),
        }
    }

    /// A connection that ends because the store is closed is no failure of the server.
    fn failure(&self, error: &Error) -> StoreError {
        match self.refuse_if_closed() {
            Ok(()) => self.connector.location.translate(error),
            Err(closed) => closed,
        }
    }

    /// Visits a range. Waits for its turn when many scan at once.
    pub(super) async fn scan(&self, range: Range, mut sink: Sink) -> Result<(), StoreError> {
        let patience = self.connector.options.lock_timeout;
        let permit = match tokio::time::timeout(patience, self.permits.acquire()).await {
            Ok(permit) => permit.map_err(|_| StoreError::Closed)?,
            Err(_) => return Err(self.connector.location.failed("too many scans at once")),
        };
        let mut cursor = Cursor::new(&range);
        let mut session = self.take().await?;
        let mut patience = self.connector.patience();
        loop {
            let before = cursor.clone();
            match page(&session, &range, &mut cursor, &mut sink).await {
                Ok(Visit::Continue(())) => {
                    patience = self.connector.patience();
                    tokio::task::yield_now().await;
                }
                Ok(Visit::Break(())) => break,
                // A slow visitor holds the statement up: what it has not seen is asked for again.
                Err(error) if is_cancelled(&error) && cursor != before => {}
                Err(error) if is_lost(&error) && self.refuse_if_closed().is_ok() && patience.again().await => {
                    session = self.connector.session().await?;
                }
                Err(error) => return Err(self.failure(&error)),
            }
        }
        self.put_back(session);
        drop(permit);
        Ok(())
    }

    async fn take(&self) -> Result<Session, StoreError> {
        loop {
            let idle = self.idle.lock().as_mut().ok_or(StoreError::Closed)?.pop();
            match idle {
                Some(session) if session.client.is_closed() => {}
                Some(session) => return Ok(session),
                None => return self.connector.session().await,
            }
        }
    }

    fn put_back(&self, session: Session) {
        if let Some(idle) = self.idle.lock().as_mut()
            && idle.len() < KEPT
        {
            idle.push(session);
        }
    }
}

/// Visits the next page; `Break` when the range, or the visitor's interest, is at its end.
async fn page(session: &Session, range: &Range, cursor: &mut Cursor, sink: &mut Sink) -> Result<Visit, Error> {
    let statement = session.statement(sink.sql(range)).await?;
    let parameters = cursor.parameters(range);
    let mut rows = pin!(session.client.query_raw(&statement, parameters).await?);
    let mut count = 0;
    while let Some(row) = rows.try_next().await? {
        count += 1;
        let (key, visit) = sink.visit(range, &row)?;
        cursor.visited(key);
        if visit.is_break() {
            return Ok(visit);
        }
    }
    if count < cursor.page() {
        return Ok(Visit::Break(()));
    }
    if !cursor.is_bounded() {
        // A scan ends where the range ended when it turned out to be a long one: writers may be as
        // fast as the visitor.
        let rows = session.query(Cursor::bound_sql(range), &Cursor::names(range)).await?;
        cursor.bound(rows.first().map(|row| row.try_get(0)).transpose()?.flatten());
    }
    cursor.grow();
    Ok(Visit::Continue(()))
}

fn snapshot(row: &Row) -> Result<Snapshot, Error> {
    Ok(Snapshot {
        organisation: row.try_get(0)?,
        position: row.try_get::<_, i64>(1)?.cast_unsigned(),
        time: row.try_get(2)?,
        layout: row.try_get::<_, i32>(3)?.cast_unsigned(),
        body: row.try_get(4)?,
    })
}

fn head(row: &Row) -> Result<Head, Error> {
    Ok(Head {
        organisation: row.try_get(0)?,
        position: row.try_get::<_, i64>(1)?.cast_unsigned(),
        time: row.try_get(2)?,
    })
}
