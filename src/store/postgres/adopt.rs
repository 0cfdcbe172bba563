//! Taking over events of another store, in one transaction on a connection of its own.
//!
//! It takes the lock that orders batches, so between two of its statements nothing moves: here, unlike
//! in `append.sql`, heads may be read before they are written.

use std::collections::HashMap;
use std::pin::pin;

use tokio_postgres::Error;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use super::batch;
use super::connection::{Connector, Session};
use super::hashes;
use super::text;
use crate::store::adopt::Tip;
use crate::store::hashed::Adopting;
use crate::store::{AdoptedKey, Adoption, Append, StoreError};

/// Why nothing was taken over.
enum Failure {
    Refused(StoreError),
    Database(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

/// The connection, kept for the next adoption.
#[derive(Debug, Default)]
pub(super) struct Adopter(tokio::sync::Mutex<Option<Session>>);

impl Adopter {
    /// Takes over all or nothing; the last global position afterwards.
    pub(super) async fn adopt(&self, connector: &Connector, adoption: &Adoption) -> Result<u64, StoreError> {
        let mut kept = self.0.lock().await;
        // Taken out: when this is given up in the middle, the connection ends and the server rolls back.
        let session = match kept.take().filter(|session| !session.client.is_closed()) {
            Some(session) => session,
            None => connector.session().await?,
        };
        match transact(&session, connector.location.lock_key(), adoption).await {
            Ok(head) => {
                *kept = Some(session);
                Ok(head)
            }
            Err(failure) => {
                let rolled_back = session.client.batch_execute("ROLLBACK").await;
                let error = match failure {
                    Failure::Refused(error) => error,
                    Failure::Database(error) => match taken(&session, adoption, &error).await {
                        Some(taken) => taken,
                        None => connector.location.translate(&error),
                    },
                };
                if rolled_back.is_ok() {
                    *kept = Some(session);
                }
                Err(error)
            }
        }
    }

    pub(super) async fn close(&self) {
        if let Some(session) = self.0.lock().await.take() {
            session.close().await;
        }
    }
}

async fn transact(session: &Session, lock: i64, adoption: &Adoption) -> Result<u64, Failure> {
    session.client.batch_execute("BEGIN").await?;
    session.query("SELECT pg_advisory_xact_lock($1)", &[&lock]).await?;
    let rows = session.query("SELECT global_position FROM log_head FOR UPDATE", &[]).await?;
    let head = rows.first().map_or(Ok(0), |row| row.try_get::<_, i64>(0))?;
    let mut tips = tips(session, adoption).await?;
    let mut adopting = Adopting::default();
    for (name, tip) in &tips {
        let Some(frontier) = hashes::frontier(session, name, tip.position).await? else {
            return Err(StoreError::Invalid("hashes of the events before those to be taken over are missing").into());
        };
        adopting.start(name, frontier);
    }
    adoption.check(head.cast_unsigned(), &mut tips)?;
    if !adoption.events.is_empty() {
        write_events(session, head, adoption, &mut adopting).await?;
        move_heads(session, adoption, &tips).await?;
    }
    if !adoption.keys.is_empty() {
        write_keys(session, &adoption.keys).await?;
    }
    session.client.batch_execute("COMMIT").await?;
    Ok(head.cast_unsigned() + adoption.events.len() as u64)
}

async fn tips(session: &Session, adoption: &Adoption) -> Result<HashMap<String, Tip>, Error> {
    let sql = "SELECT organisation, position, time FROM organisations WHERE organisation = ANY($1) FOR UPDATE";
    let rows = session.query(sql, &[&adoption.organisations()]).await?;
    rows.iter()
        .map(|row| {
            let tip = Tip { position: row.try_get::<_, i64>(1)?.cast_unsigned(), time: row.try_get(2)? };
            Ok((row.try_get(0)?, tip))
        })
        .collect()
}

async fn write_events(session: &Session, head: i64, adoption: &Adoption, adopting: &mut Adopting) -> Result<(), Error> {
    let sql =
        "COPY events (global_position, organisation, position, aggregate_type, aggregate_id, sequence, event_type,
                            event_version, payload, payload_text, metadata, metadata_text, time, hashes) FROM STDIN BINARY";
    let types = [
        Type::INT8,
        Type::TEXT,
        Type::INT8,
        Type::TEXT,
        Type::TEXT,
        Type::INT8,
        Type::TEXT,
        Type::TEXT,
        Type::JSON,
        Type::TEXT,
        Type::JSON,
        Type::TEXT,
        Type::INT8,
        Type::BYTEA,
    ];
    let mut writer = pin!(BinaryCopyInWriter::new(session.client.copy_in(sql).await?, &types));
    for (global_position, adopted) in (head + 1..).zip(&adoption.events) {
        let event = &adopted.event;
        let (payload, payload_text) = text::split(&event.payload);
        let (metadata, metadata_text) = text::split(&event.metadata);
        let row: [&(dyn ToSql + Sync); 14] = [
            &global_position,
            &adopted.organisation,
            &adopted.position.cast_signed(),
            &event.aggregate_type,
            &event.aggregate_id,
            &event.sequence.cast_signed(),
            &event.event_type,
            &event.event_version,
            &payload,
            &payload_text,
            &metadata,
            &metadata_text,
            &event.time,
            &adopting.push(adopted),
        ];
        writer.as_mut().write(&row).await?;
    }
    writer.finish().await.map(drop)
}

async fn move_heads(session: &Session, adoption: &Adoption, tips: &HashMap<String, Tip>) -> Result<(), Error> {
    let (mut names, mut positions, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for name in adoption.organisations() {
        if let Some(tip) = tips.get(name) {
            names.push(name);
            positions.push(tip.position.cast_signed());
            times.push(tip.time);
        }
    }
    let sql = "INSERT INTO organisations (organisation, position, time)
               SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
               ON CONFLICT (organisation) DO UPDATE SET position = EXCLUDED.position, time = EXCLUDED.time";
    session.query(sql, &[&names, &positions, &times]).await?;
    let count = i64::try_from(adoption.events.len()).unwrap_or(i64::MAX);
    session.query("UPDATE log_head SET global_position = global_position + $1", &[&count]).await.map(drop)
}

async fn write_keys(session: &Session, keys: &[AdoptedKey]) -> Result<(), Failure> {
    let organisations: Vec<&str> = keys.iter().map(|key| key.organisation.as_str()).collect();
    let names: Vec<&str> = keys.iter().map(|key| key.key.as_str()).collect();
    let fingerprints: Vec<&str> = keys.iter().map(|key| key.fingerprint.as_str()).collect();
    let firsts: Vec<i64> = keys.iter().map(|key| key.first_position.cast_signed()).collect();
    let lasts: Vec<i64> = keys.iter().map(|key| key.last_position.cast_signed()).collect();
    let parameters: [&(dyn ToSql + Sync); 5] = [&organisations, &names, &fingerprints, &firsts, &lasts];
    let sql =
        "INSERT INTO requests (organisation, key, fingerprint, first_position, last_position, last_global_position)
               SELECT k.*, e.global_position
               FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
                   AS k (organisation, key, fingerprint, first, last)
               JOIN events AS e ON e.organisation = k.organisation AND e.position = k.last
               ON CONFLICT DO NOTHING";
    session.query(sql, &parameters).await?;
    // Those which are there now and did something else, and those which are not there for want of events.
    let sql = "SELECT k.key, q.key IS NULL
               FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
                   AS k (organisation, key, fingerprint, first, last)
               LEFT JOIN requests AS q ON q.organisation = k.organisation AND q.key = k.key
               WHERE (q.first_position, q.last_position) IS DISTINCT FROM (k.first, k.last)
                   OR q.fingerprint <> k.fingerprint AND '-' NOT IN (q.fingerprint, k.fingerprint)
               LIMIT 1";
    match session.query(sql, &parameters).await?.first() {
        None => Ok(()),
        Some(row) if row.try_get(1)? => Err(AdoptedKey::without_events().into()),
        Some(row) => Err(StoreError::KeyReused { key: row.try_get(0)? }.into()),
    }
}

/// Which event took a sequence that its stream has already, if that was the trouble.
async fn taken(session: &Session, adoption: &Adoption, error: &Error) -> Option<StoreError> {
    let constraint = error.as_db_error().and_then(|error| error.constraint());
    if (error.code(), constraint) != (Some(&SqlState::UNIQUE_VIOLATION), Some("events_pkey")) {
        return None;
    }
    let events = adoption.events.iter().map(|adopted| adopted.event.clone()).collect();
    let request = Append { organisation: String::new(), expected_head: 0, idempotency: None, events };
    batch::taken(session, &request).await.ok().flatten()
}
