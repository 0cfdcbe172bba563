//! The batch that meets nothing unusual, in a statement that is cheaper for the server.

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::batch::{Answer, appended};
use super::connection::Session;
use super::text::{self, Json};
use crate::store::hashed::Hashed;

const APPEND: &str = include_str!("append_usual.sql");

/// Sends the batch, when it is of this kind. `None` when it is not, or when the log was not as the
/// requests expect it, or the connection is fenced: then nothing happened.
pub(super) async fn append(
    session: &Session,
    lock: i64,
    writer: Uuid,
    batch: i64,
    requests: &[&Hashed],
) -> Result<Option<Vec<Answer>>, Error> {
    let Some((heads, events)) = Heads::of(requests).and_then(|heads| Some((heads, Events::of(requests)?))) else {
        return Ok(None);
    };
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&lock, &writer, &batch];
    parameters.extend(heads.parameters());
    parameters.extend(events.parameters());
    let rows = match session.query(APPEND, &parameters).await {
        Err(error) if error.code() == Some(&SqlState::DIVISION_BY_ZERO) => return Ok(None),
        rows => rows?,
    };
    let Some(row) = rows.first() else { return Ok(None) };
    let mut last = row.try_get::<_, i64>(0)?.cast_unsigned();
    let answer = |request: &&Hashed| {
        last += request.events.len() as u64;
        Some(Ok(appended(request, last)))
    };
    Ok(Some(requests.iter().map(answer).collect()))
}

/// The requests of a batch by columns.
#[derive(Default)]
struct Heads<'a> {
    organisations: Vec<&'a str>,
    expected: Vec<i64>,
    next: Vec<i64>,
    first_times: Vec<i64>,
    last_times: Vec<i64>,
}

impl<'a> Heads<'a> {
    fn of(requests: &[&'a Hashed]) -> Option<Self> {
        let mut heads = Self::default();
        for request in requests {
            if request.expected_head == 0 || request.idempotency.is_some() {
                return None;
            }
            let expected = i64::try_from(request.expected_head).ok()?;
            heads.organisations.push(&request.organisation);
            heads.expected.push(expected);
            heads.next.push(expected.checked_add(i64::try_from(request.events.len()).ok()?)?);
            heads.first_times.push(request.events.first()?.time);
            heads.last_times.push(request.events.last()?.time);
        }
        Some(heads)
    }

    fn parameters(&self) -> [&(dyn ToSql + Sync); 5] {
        [&self.organisations, &self.expected, &self.next, &self.first_times, &self.last_times]
    }
}

/// The events of a batch by columns.
#[derive(Default)]
struct Events<'a> {
    numbers: Vec<i64>,
    organisations: Vec<&'a str>,
    positions: Vec<i64>,
    aggregate_types: Vec<&'a str>,
    aggregate_ids: Vec<&'a str>,
    sequences: Vec<i64>,
    event_types: Vec<&'a str>,
    event_versions: Vec<&'a str>,
    payloads: Vec<Json<'a>>,
    metadata: Vec<Json<'a>>,
    times: Vec<i64>,
    hashes: Vec<&'a [u8]>,
}

impl<'a> Events<'a> {
    fn of(requests: &[&'a Hashed]) -> Option<Self> {
        let mut events = Self::default();
        for request in requests {
            let hashed = request.events.iter().zip(&request.hashes);
            for (position, (event, hashes)) in (request.expected_head.checked_add(1)?..).zip(hashed) {
                let ((payload, None), (metadata, None)) = (text::split(&event.payload), text::split(&event.metadata))
                else {
                    return None;
                };
                events.numbers.push(i64::try_from(events.numbers.len() + 1).ok()?);
                events.organisations.push(&request.organisation);
                events.positions.push(i64::try_from(position).ok()?);
                events.aggregate_types.push(&event.aggregate_type);
                events.aggregate_ids.push(&event.aggregate_id);
                events.sequences.push(i64::try_from(event.sequence).ok()?);
                events.event_types.push(&event.event_type);
                events.event_versions.push(&event.event_version);
                events.payloads.push(payload);
                events.metadata.push(metadata);
                events.times.push(event.time);
                events.hashes.push(hashes);
            }
        }
        Some(events)
    }

    fn parameters(&self) -> [&(dyn ToSql + Sync); 12] {
        [
            &self.numbers,
            &self.organisations,
            &self.positions,
            &self.aggregate_types,
            &self.aggregate_ids,
            &self.sequences,
            &self.event_types,
            &self.event_versions,
            &self.payloads,
            &self.metadata,
            &self.times,
            &self.hashes,
        ]
    }
}
