//! Taking over events of another store, in one transaction on a connection of its own.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::append::{self, INSERT, MOVE_HEAD};
use super::checkpoint::Checkpoints;
use super::connection;
use super::error::Location;
use super::hashes;
use crate::store::adopt::Tip;
use crate::store::hashed::Adopting;
use crate::store::{Adopted, AdoptedKey, Adoption, Idempotency, StoreError};

/// The write-ahead log is copied into the file after so many bytes.
const DUE: usize = 16 << 20;

/// The connections, kept for the next adoption.
#[derive(Debug, Default)]
pub(super) struct Adopter(Mutex<Option<Open>>);

struct Open {
    writer: Connection,
    checkpoints: Checkpoints,
    bytes: usize,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Open").finish_non_exhaustive()
    }
}

/// Why nothing was taken over.
enum Failure {
    Refused(StoreError),
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl Adopter {
    /// Takes over all or nothing; the last global position afterwards.
    pub(super) fn adopt(&self, location: &Location, timeout: Duration, adoption: &Adoption) -> Result<u64, StoreError> {
        let mut kept = self.0.lock();
        let mut open = match kept.take() {
            Some(open) => open,
            None => {
                let (writer, checkpoints) = connection::open_writer(location, false, timeout)?;
                Open { writer, checkpoints, bytes: 0 }
            }
        };
        let outcome = transact(&open.writer, adoption).map_err(|failure| match failure {
            Failure::Refused(error) => error,
            Failure::Database(error) => location.translate(&error),
        });
        open.bytes += adoption.events.iter().map(|adopted| size(&adopted.event)).sum::<usize>();
        if open.bytes > DUE {
            open.bytes = 0;
            open.checkpoints.run(&open.writer);
        }
        *kept = Some(open);
        outcome
    }

    pub(super) fn close(&self) {
        if let Some(open) = self.0.lock().take() {
            open.checkpoints.run(&open.writer);
        }
    }
}

fn size(event: &crate::store::NewEvent) -> usize {
    event.payload.len() + event.metadata.len() + 256
}

/// The transaction is rolled back when it is dropped.
fn transact(writer: &Connection, adoption: &Adoption) -> Result<u64, Failure> {
    let transaction = rusqlite::Transaction::new_unchecked(writer, rusqlite::TransactionBehavior::Immediate)?;
    let sql = "SELECT coalesce(max(global_position), 0) FROM events";
    let mut head: u64 = transaction.query_row(sql, [], |row| row.get(0))?;
    let mut tips = tips(&transaction, adoption)?;
    let mut adopting = Adopting::default();
    for (name, tip) in &tips {
        let Some(frontier) = hashes::frontier(&transaction, name, tip.position)? else {
            return Err(StoreError::Invalid("hashes of the events before those to be taken over are missing").into());
        };
        adopting.start(name, frontier);
    }
    adoption.check(head, &mut tips)?;
    {
        let mut insert = transaction.prepare_cached(INSERT)?;
        for adopted @ Adopted { organisation, position, event } in &adoption.events {
            head += 1;
            let written = insert.execute(params![
                head,
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
                adopting.push(adopted),
            ]);
            if let Err(error) = written {
                return Err(match append::taken(&transaction, event, &error)? {
                    Some(taken) => taken.into(),
                    None => error.into(),
                });
            }
        }
        let mut move_head = transaction.prepare_cached(MOVE_HEAD)?;
        for name in adoption.organisations() {
            if let Some(tip) = tips.get(name) {
                move_head.execute(params![name, tip.position, tip.time])?;
            }
        }
    }
    adoption.keys.iter().try_for_each(|key| write_key(&transaction, key))?;
    transaction.commit()?;
    Ok(head)
}

fn tips(connection: &Connection, adoption: &Adoption) -> Result<HashMap<String, Tip>, rusqlite::Error> {
    let sql = "SELECT position, time FROM organisations WHERE organisation = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut tips = HashMap::new();
    for name in adoption.organisations() {
        let tip = statement.query_row([name], |row| Ok(Tip { position: row.get(0)?, time: row.get(1)? })).optional()?;
        if let Some(tip) = tip {
            tips.insert(name.to_owned(), tip);
        }
    }
    Ok(tips)
}

fn write_key(connection: &Connection, key: &AdoptedKey) -> Result<(), Failure> {
    let idempotency = Idempotency { key: key.key.clone(), fingerprint: key.fingerprint.clone() };
    match append::earlier(connection, &key.organisation, &idempotency)?? {
        Some(earlier) if key.did(&key.fingerprint, &earlier) => return Ok(()),
        Some(_) => return Err(StoreError::KeyReused { key: idempotency.key }.into()),
        None => {}
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO requests (organisation, key, fingerprint, first_position, last_position, last_global_position)
         SELECT ?1, ?2, ?3, ?4, ?5, global_position FROM events WHERE organisation = ?1 AND position = ?5",
    )?;
    let AdoptedKey { organisation, key, fingerprint, first_position, last_position } = key;
    match statement.execute(params![organisation, key, fingerprint, first_position, last_position])? {
        0 => Err(AdoptedKey::without_events().into()),
        _ => Ok(()),
    }
}
