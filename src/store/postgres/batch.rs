//! One batch of requests as one statement, and what its rows say.

use std::collections::HashSet;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::connection::Session;
use super::text::{self, Json};
use crate::store::hashed::Hashed;
use crate::store::{Append, Appended, Idempotency, StoreError, validate};

const APPEND: &str = include_str!("append.sql");
const OUTCOME: &str = include_str!("outcome.sql");

/// What became of one request; `None` when it has to be tried again.
pub(super) type Answer = Option<Result<Appended, StoreError>>;

/// Sends the batch. Returns the answers of those that were accepted, or `None` when this connection
/// is fenced and nothing happened.
pub(super) async fn append(
    session: &Session,
    lock: i64,
    writer: Uuid,
    batch: i64,
    requests: &[&Hashed],
) -> Result<Option<Vec<Answer>>, Error> {
    let heads = Heads::of(requests);
    let events = Events::of(requests);
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&lock, &writer, &batch];
    parameters.extend(heads.parameters());
    parameters.extend(events.parameters());
    let rows = session.query(APPEND, &parameters).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut answers: Vec<Answer> = requests.iter().map(|_| None).collect();
    for row in &rows {
        let (Some(number), Some(last)) = (row.try_get::<_, Option<i64>>(0)?, row.try_get::<_, Option<i64>>(1)?) else {
            continue;
        };
        set(&mut answers, number, |request| Ok(appended(request, last.cast_unsigned())), requests);
    }
    Ok(Some(answers))
}

/// Finds out why requests were not accepted, and fills their answers in.
pub(super) async fn explain(session: &Session, requests: &[&Hashed], answers: &mut [Answer]) -> Result<(), Error> {
    if answers.iter().all(Option::is_some) {
        return Ok(());
    }
    let organisations: Vec<&str> = requests.iter().map(|request| request.organisation.as_str()).collect();
    let keys: Vec<Option<&str>> = requests.iter().map(|request| key(request)).collect();
    for row in session.query(OUTCOME, &[&organisations, &keys]).await? {
        let number: i64 = row.try_get(0)?;
        let position: Option<i64> = row.try_get(1)?;
        let time: Option<i64> = row.try_get(2)?;
        let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
        let (Some(request), Some(answer @ None)) = (requests.get(index), answers.get_mut(index)) else { continue };
        *answer = match &request.idempotency {
            Some(idempotency) => earlier(&row, 3, idempotency)?.transpose(),
            None => None,
        };
        if answer.is_none() {
            *answer = refusal(request, position.unwrap_or(0).cast_unsigned(), time).map(Err);
        }
    }
    Ok(())
}

/// Why the log's head, if it is this one, does not take a request.
fn refusal(request: &Append, head: u64, time: Option<i64>) -> Option<StoreError> {
    if head != request.expected_head {
        let organisation = request.organisation.clone();
        return Some(StoreError::Conflict { organisation, expected: request.expected_head, head });
    }
    let first = request.events.first().map_or(i64::MAX, |event| event.time);
    validate::not_before(time.unwrap_or(i64::MIN), first).err()
}

/// What the request with this key did, from columns that are NULL when there was none. The outer error
/// is the driver's, the inner one a reused key.
pub(super) fn earlier(
    row: &Row,
    column: usize,
    idempotency: &Idempotency,
) -> Result<Result<Option<Appended>, StoreError>, Error> {
    let Some(fingerprint) = row.try_get::<_, Option<&str>>(column)? else { return Ok(Ok(None)) };
    if !idempotency.is_same(fingerprint) {
        return Ok(Err(StoreError::KeyReused { key: idempotency.key.clone() }));
    }
    Ok(Ok(Some(Appended {
        first_position: row.try_get::<_, i64>(column + 1)?.cast_unsigned(),
        last_position: row.try_get::<_, i64>(column + 2)?.cast_unsigned(),
        last_global_position: row.try_get::<_, i64>(column + 3)?.cast_unsigned(),
        repeated: true,
    })))
}

/// Gives up a connection whose answer to a batch was lost: finds out which of its requests were
/// accepted, and makes sure that none will be later.
pub(super) async fn fence(
    session: &Session,
    writer: Uuid,
    batch: i64,
    requests: &[&Hashed],
) -> Result<Option<Vec<Answer>>, Error> {
    // Waits for a statement that is still at work. Asking twice gives the same answer.
    let sql = "UPDATE writers SET fenced = true WHERE writer = $1 RETURNING batch, after, until";
    let rows = session.query(sql, &[&writer]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    if row.try_get::<_, i64>(0)? != batch {
        return Ok(None);
    }
    let (after, until): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
    let organisations: Vec<&str> = requests.iter().map(|request| request.organisation.as_str()).collect();
    let firsts: Vec<i64> = requests.iter().map(|request| expected(request).saturating_add(1)).collect();
    let sql = "SELECT r.number, e.global_position
               FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS r (organisation, position, number)
               JOIN events AS e ON e.organisation = r.organisation AND e.position = r.position
               WHERE e.global_position > $3 AND e.global_position <= $4";
    let mut answers: Vec<Answer> = requests.iter().map(|_| None).collect();
    for row in session.query(sql, &[&organisations, &firsts, &after, &until]).await? {
        let first: i64 = row.try_get(1)?;
        let last = |request: &Append| first.cast_unsigned() + request.events.len() as u64 - 1;
        set(&mut answers, row.try_get(0)?, |request| Ok(appended(request, last(request))), requests);
    }
    Ok(Some(answers))
}

/// Which event of a request took a sequence that a stream has already.
pub(super) async fn taken(session: &Session, request: &Append) -> Result<Option<StoreError>, Error> {
    let taken =
        |aggregate_id: &str, sequence| StoreError::SequenceTaken { aggregate_id: aggregate_id.to_owned(), sequence };
    let mut seen = HashSet::new();
    for event in &request.events {
        if !seen.insert((&event.aggregate_type, &event.aggregate_id, event.sequence)) {
            return Ok(Some(taken(&event.aggregate_id, event.sequence)));
        }
    }
    let types: Vec<&str> = request.events.iter().map(|event| event.aggregate_type.as_str()).collect();
    let ids: Vec<&str> = request.events.iter().map(|event| event.aggregate_id.as_str()).collect();
    let sequences: Vec<i64> = request.events.iter().map(|event| event.sequence.cast_signed()).collect();
    let sql = "SELECT r.id, r.sequence
               FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS r (type, id, sequence, number)
               JOIN events AS e ON e.aggregate_type = r.type AND e.aggregate_id = r.id AND e.sequence = r.sequence
               ORDER BY r.number LIMIT 1";
    let rows = session.query(sql, &[&types, &ids, &sequences]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(taken(row.try_get(0)?, row.try_get::<_, i64>(1)?.cast_unsigned())))
}

fn set(
    answers: &mut [Answer],
    number: i64,
    answer: impl Fn(&Append) -> Result<Appended, StoreError>,
    requests: &[&Hashed],
) {
    let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
    if let (Some(slot), Some(request)) = (answers.get_mut(index), requests.get(index)) {
        *slot = Some(answer(request));
    }
}

pub(super) fn appended(request: &Append, last_global_position: u64) -> Appended {
    Appended {
        first_position: request.expected_head + 1,
        last_position: request.expected_head + request.events.len() as u64,
        last_global_position,
        repeated: false,
    }
}

/// As PostgreSQL's signed number; no head is -1.
fn expected(request: &Append) -> i64 {
    i64::try_from(request.expected_head).unwrap_or(-1)
}

fn key(request: &Append) -> Option<&str> {
    request.idempotency.as_ref().map(|idempotency| idempotency.key.as_str())
}

/// The requests of a batch by columns.
#[derive(Default)]
struct Heads<'a> {
    organisations: Vec<&'a str>,
    expected: Vec<i64>,
    counts: Vec<i64>,
    first_times: Vec<i64>,
    last_times: Vec<i64>,
    keys: Vec<Option<&'a str>>,
    fingerprints: Vec<Option<&'a str>>,
}

impl<'a> Heads<'a> {
    fn of(requests: &[&'a Hashed]) -> Self {
        let mut heads = Self::default();
        for request in requests {
            heads.organisations.push(&request.organisation);
            heads.expected.push(expected(request));
            heads.counts.push(i64::try_from(request.events.len()).unwrap_or(i64::MAX));
            heads.first_times.push(request.events.first().map_or(0, |event| event.time));
            heads.last_times.push(request.events.last().map_or(0, |event| event.time));
            heads.keys.push(key(request));
            heads.fingerprints.push(request.idempotency.as_ref().map(|idempotency| idempotency.fingerprint.as_str()));
        }
        heads
    }

    fn parameters(&self) -> [&(dyn ToSql + Sync); 7] {
        [
            &self.organisations,
            &self.expected,
            &self.counts,
            &self.first_times,
            &self.last_times,
            &self.keys,
            &self.fingerprints,
        ]
    }
}

/// The events of a batch by columns.
#[derive(Default)]
struct Events<'a> {
    numbers: Vec<i64>,
    indexes: Vec<i64>,
    aggregate_types: Vec<&'a str>,
    aggregate_ids: Vec<&'a str>,
    sequences: Vec<i64>,
    event_types: Vec<&'a str>,
    event_versions: Vec<&'a str>,
    payloads: Vec<Json<'a>>,
    payload_texts: Vec<Option<&'a str>>,
    metadata: Vec<Json<'a>>,
    metadata_texts: Vec<Option<&'a str>>,
    times: Vec<i64>,
    hashes: Vec<&'a [u8]>,
}

impl<'a> Events<'a> {
    fn of(requests: &[&'a Hashed]) -> Self {
        let mut events = Self::default();
        for (number, request) in (1..).zip(requests) {
            for (index, (event, hashes)) in (1..).zip(request.events.iter().zip(&request.hashes)) {
                events.numbers.push(number);
                events.indexes.push(index);
                events.aggregate_types.push(&event.aggregate_type);
                events.aggregate_ids.push(&event.aggregate_id);
                events.sequences.push(event.sequence.cast_signed());
                events.event_types.push(&event.event_type);
                events.event_versions.push(&event.event_version);
                let (payload, payload_text) = text::split(&event.payload);
                events.payloads.push(payload);
                events.payload_texts.push(payload_text);
                let (metadata, metadata_text) = text::split(&event.metadata);
                events.metadata.push(metadata);
                events.metadata_texts.push(metadata_text);
                events.times.push(event.time);
                events.hashes.push(hashes);
            }
        }
        events
    }

    fn parameters(&self) -> [&(dyn ToSql + Sync); 13] {
        [
            &self.numbers,
            &self.indexes,
            &self.aggregate_types,
            &self.aggregate_ids,
            &self.sequences,
            &self.event_types,
            &self.event_versions,
            &self.payloads,
            &self.payload_texts,
            &self.metadata,
            &self.metadata_texts,
            &self.times,
            &self.hashes,
        ]
    }
}
