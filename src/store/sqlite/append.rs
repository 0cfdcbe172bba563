//! One request to append, inside the writer's transaction.

use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension as _, params};

use super::error::Location;
use crate::store::hashed::Hashed;
use crate::store::{Appended, Idempotency, NewEvent, StoreError, validate};

pub(super) const INSERT: &str = "
    INSERT INTO events (global_position, organisation, position, aggregate_type, aggregate_id, sequence, event_type,
        event_version, payload, metadata, time, hashes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

pub(super) const MOVE_HEAD: &str = "
    INSERT INTO organisations (organisation, position, time) VALUES (?1, ?2, ?3)
    ON CONFLICT (organisation) DO UPDATE SET position = excluded.position, time = excluded.time";

/// The statements of the writer, prepared once for a batch.
pub(super) struct Statements<'a> {
    connection: &'a Connection,
    location: &'a Location,
    head: CachedStatement<'a>,
    insert_event: CachedStatement<'a>,
    move_head: CachedStatement<'a>,
    /// Global position of the log's last event.
    global_position: u64,
}

/// What a request that was looked at came to.
pub(super) enum Outcome {
    /// Its answer. Nothing was written, or all of it.
    Answer(Result<Appended, StoreError>),
    /// It broke in the middle: the transaction must be rolled back.
    Broken(StoreError),
}

impl From<rusqlite::Error> for Step {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Step {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

/// Why a request is not carried on with.
enum Step {
    /// Before anything was written.
    Refused(StoreError),
    /// Perhaps after something was written.
    Broken(StoreError),
    /// By SQLite, perhaps after something was written.
    Database(rusqlite::Error),
}

impl<'a> Statements<'a> {
    pub(super) fn prepare(connection: &'a Connection, location: &'a Location) -> Result<Self, rusqlite::Error> {
        let mut last = connection.prepare_cached("SELECT coalesce(max(global_position), 0) FROM events")?;
        Ok(Self {
            connection,
            location,
            head: connection.prepare_cached("SELECT position, time FROM organisations WHERE organisation = ?1")?,
            insert_event: connection.prepare_cached(INSERT)?,
            move_head: connection.prepare_cached(MOVE_HEAD)?,
            global_position: last.query_row([], |row| row.get(0))?,
        })
    }

    /// Writes one request, or says why not.
    pub(super) fn append(&mut self, request: &Hashed) -> Outcome {
        match self.try_append(request) {
            Ok(appended) => Outcome::Answer(Ok(appended)),
            Err(Step::Refused(error)) => Outcome::Answer(Err(error)),
            Err(Step::Broken(error)) => Outcome::Broken(error),
            Err(Step::Database(error)) => Outcome::Broken(self.location.translate(&error)),
        }
    }

    fn try_append(&mut self, request: &Hashed) -> Result<Appended, Step> {
        if let Some(idempotency) = &request.idempotency
            && let Some(earlier) = earlier(self.connection, &request.organisation, idempotency)??
        {
            return Ok(earlier);
        }
        let head = self.head.query_row([&request.organisation], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let (head, head_time): (u64, i64) = head.unwrap_or((0, i64::MIN));
        if head != request.expected_head {
            let organisation = request.organisation.clone();
            let expected = request.expected_head;
            return Err(Step::Refused(StoreError::Conflict { organisation, expected, head }));
        }
        let (Some(first), Some(last)) = (request.events.first(), request.events.last()) else {
            return Err(Step::Refused(StoreError::Invalid("a request to append needs at least one event")));
        };
        validate::not_before(head_time, first.time)?;

        let mut position = head;
        for (event, hashes) in request.events.iter().zip(&request.hashes) {
            position += 1;
            self.global_position += 1;
            self.insert(&request.organisation, position, event, hashes)?;
        }
        self.move_head.execute(params![request.organisation, position, last.time])?;
        let appended = Appended {
            first_position: head + 1,
            last_position: position,
            last_global_position: self.global_position,
            repeated: false,
        };
        self.remember(request, &appended)?;
        Ok(appended)
    }

    fn insert(&mut self, organisation: &str, position: u64, event: &NewEvent, hashes: &[u8]) -> Result<(), Step> {
        let inserted = self.insert_event.execute(params![
            self.global_position,
            organisation,
            position,
            event.aggregate_type,
            event.aggregate_id,
            event.sequence,
            event.event_type,
            event.event_version,
            event.payload,
            event.metadata,
            event.time,
            hashes,
        ]);
        let Err(error) = inserted else { return Ok(()) };
        Err(match taken(self.connection, event, &error)? {
            Some(taken) => Step::Broken(taken),
            None => Step::Database(error),
        })
    }

    fn remember(&self, request: &Hashed, appended: &Appended) -> Result<(), rusqlite::Error> {
        let Some(idempotency) = &request.idempotency else { return Ok(()) };
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO requests (organisation, key, fingerprint, first_position, last_position, last_global_position)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        statement.execute(params![
            request.organisation,
            idempotency.key,
            idempotency.fingerprint,
            appended.first_position,
            appended.last_position,
            appended.last_global_position,
        ])?;
        Ok(())
    }
}

/// What the request with this key did. The outer error is SQLite's, the inner one a reused key.
pub(super) fn earlier(
    connection: &Connection,
    organisation: &str,
    idempotency: &Idempotency,
) -> Result<Result<Option<Appended>, StoreError>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT fingerprint, first_position, last_position, last_global_position
         FROM requests WHERE organisation = ?1 AND key = ?2",
    )?;
    let found = statement
        .query_row(params![organisation, idempotency.key], |row| {
            let appended = Appended {
                first_position: row.get(1)?,
                last_position: row.get(2)?,
                last_global_position: row.get(3)?,
                repeated: true,
            };
            Ok((idempotency.is_same(row.get_ref(0)?.as_str()?), appended))
        })
        .optional()?;
    Ok(match found {
        Some((true, appended)) => Ok(Some(appended)),
        Some((false, _)) => Err(StoreError::KeyReused { key: idempotency.key.clone() }),
        None => Ok(None),
    })
}

/// Whether an event was refused because its stream has its sequence already: constraints and triggers
/// guard several things.
pub(super) fn taken(
    connection: &Connection,
    event: &NewEvent,
    error: &rusqlite::Error,
) -> Result<Option<StoreError>, rusqlite::Error> {
    if !is_constraint(error) {
        return Ok(None);
    }
    let sql = "SELECT 1 FROM events WHERE aggregate_type = ?1 AND aggregate_id = ?2 AND sequence = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let taken = statement.exists(params![event.aggregate_type, event.aggregate_id, event.sequence])?;
    Ok(taken.then(|| StoreError::SequenceTaken { aggregate_id: event.aggregate_id.clone(), sequence: event.sequence }))
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
