//! What every store refuses before it looks at its rows.

use super::{AdoptedKey, Append, NewEvent, StoreError};

/// Positions and sequences are signed 64-bit numbers in every database we know.
const LARGEST: u64 = i64::MAX.unsigned_abs();

/// Checks all of a request that can be checked without the log.
pub(super) fn request(request: &Append) -> Result<(), StoreError> {
    if request.events.is_empty() {
        return Err(StoreError::Invalid("a request to append needs at least one event"));
    }
    name(&request.organisation, "the organisation's name is empty")?;
    if let Some(idempotency) = &request.idempotency {
        name(&idempotency.key, "the idempotency key is empty")?;
        name(&idempotency.fingerprint, "the fingerprint of the idempotency key is empty")?;
    }
    let mut latest = i64::MIN;
    for event in &request.events {
        new_event(event)?;
        not_before(latest, event.time)?;
        latest = event.time;
    }
    Ok(())
}

/// Checks all of an event taken over that can be checked without the log.
pub(super) fn adopted(organisation: &str, event: &NewEvent) -> Result<(), StoreError> {
    name(organisation, "the organisation's name is empty")?;
    new_event(event)
}

/// Checks all of a key taken over that can be checked without the log.
pub(super) fn key(key: &AdoptedKey) -> Result<(), StoreError> {
    name(&key.organisation, "the organisation's name is empty")?;
    name(&key.key, "the idempotency key is empty")?;
    name(&key.fingerprint, "the fingerprint of the idempotency key is empty")?;
    if key.first_position == 0 || key.last_position < key.first_position || key.last_position > LARGEST {
        return Err(StoreError::Invalid("the positions of an idempotency key make no sense"));
    }
    Ok(())
}

/// Checks that time does not go backwards from `head`, the time of the organisation's last event.
pub(super) fn not_before(head: i64, time: i64) -> Result<(), StoreError> {
    if time < head {
        return Err(StoreError::Invalid("the time of an event is before the time of the event before it"));
    }
    Ok(())
}

fn new_event(event: &NewEvent) -> Result<(), StoreError> {
    name(&event.aggregate_type, "the aggregate type of an event is empty")?;
    name(&event.aggregate_id, "the aggregate id of an event is empty")?;
    name(&event.event_type, "the type of an event is empty")?;
    name(&event.event_version, "the version of an event is empty")?;
    name(&event.payload, "the payload of an event is empty")?;
    name(&event.metadata, "the metadata of an event is empty")?;
    if event.sequence == 0 || event.sequence > LARGEST {
        return Err(StoreError::Invalid("the sequence of an event is not between 1 and 2^63 - 1"));
    }
    Ok(())
}

/// PostgreSQL's text cannot hold a NUL, and what one store takes all must take.
fn name(text: &str, when_empty: &'static str) -> Result<(), StoreError> {
    if text.is_empty() {
        return Err(StoreError::Invalid(when_empty));
    }
    if text.as_bytes().contains(&0) {
        return Err(StoreError::Invalid("a text of the request contains a NUL character"));
    }
    Ok(())
}
