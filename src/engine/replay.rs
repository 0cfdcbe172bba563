//! Reading the log: the head, the tail, and any past instant.

use std::sync::Arc;

use chancery_aggregates::event::{Metadata, Recorded, Stamp};
use chancery_aggregates::vocabulary::{OrganisationId, Time};
use chancery_aggregates::{AccessState, Event};
use chrono::{DateTime, SecondsFormat};
use parking_lot::Mutex;

use super::{Engine, EngineError};
use crate::store::{EventRow, Range, Visit};

/// A point of an organisation's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The present.
    Now,
    /// An instant: all events up to it, and assignments that count at it.
    Time(Time),
    /// A position: all events up to it, at the time of the last of them.
    Position(u64),
}

/// An organisation as it was.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// Its access state.
    pub state: Arc<AccessState>,
    /// The instant for which assignments and documents are judged.
    pub at: Time,
}

impl Engine {
    /// The organisation at a point of its history.
    ///
    /// # Errors
    /// When there is no such organisation, or it was not founded then, or the position is not reached yet.
    pub async fn replay(&self, organisation: &OrganisationId, moment: Moment) -> Result<Replayed, EngineError> {
        let head = self.state(organisation).await?;
        let (until, before) = match moment {
            Moment::Now => return Ok(Replayed { at: self.now().max(head.time().unwrap_or_default()), state: head }),
            Moment::Time(at) if head.time().is_some_and(|time| time <= at) => return Ok(Replayed { state: head, at }),
            Moment::Time(at) => (u64::MAX, at),
            Moment::Position(asked) if asked > head.position() => {
                let organisation = organisation.to_string();
                return Err(EngineError::BeyondHead { organisation, asked, head: head.position() });
            }
            Moment::Position(asked) => (asked, Time::MAX_UTC),
        };
        let state = fold_until(self, organisation, AccessState::default(), until, before).await?;
        if state.founded().is_none() {
            let founded = head.founded().map(|stamp| stamp.time.to_rfc3339_opts(SecondsFormat::Secs, true));
            let organisation = organisation.to_string();
            return Err(EngineError::BeforeFounding { organisation, founded: founded.unwrap_or_default() });
        }
        let at = match moment {
            Moment::Time(at) => at,
            Moment::Now | Moment::Position(_) => state.time().unwrap_or_default(),
        };
        Ok(Replayed { state: Arc::new(state), at })
    }

    /// Hands the events of an organisation with `after < position <= until` to a visitor, in order.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn events(
        &self,
        organisation: &OrganisationId,
        after: u64,
        until: u64,
        mut visit: impl FnMut(Recorded) -> Visit + Send + 'static,
    ) -> Result<(), EngineError> {
        let range = Range::Organisation { organisation: organisation.to_string(), after, until };
        let failure = Arc::new(Mutex::new(None));
        let sink = failure.clone();
        let visitor = move |row: EventRow<'_>| match read(row) {
            Ok(recorded) => visit(recorded),
            Err(error) => {
                *sink.lock() = Some(error);
                Visit::Break(())
            }
        };
        self.store.scan(range, Box::new(visitor)).await?;
        failure.lock().take().map_or(Ok(()), Err)
    }
}

/// Applies the organisation's events after the state's position, up to a position.
pub(super) async fn fold(
    engine: &Engine,
    organisation: &OrganisationId,
    state: AccessState,
    until: u64,
) -> Result<AccessState, EngineError> {
    fold_until(engine, organisation, state, until, Time::MAX_UTC).await
}

async fn fold_until(
    engine: &Engine,
    organisation: &OrganisationId,
    state: AccessState,
    until: u64,
    last: Time,
) -> Result<AccessState, EngineError> {
    let range = Range::Organisation { organisation: organisation.to_string(), after: state.position(), until };
    let folded = Arc::new(Mutex::new((state, None)));
    let sink = folded.clone();
    let visitor = move |row: EventRow<'_>| {
        let mut folded = sink.lock();
        match apply(&mut folded.0, row, last) {
            Ok(visit) => visit,
            Err(error) => {
                folded.1 = Some(error);
                Visit::Break(())
            }
        }
    };
    engine.store.scan(range, Box::new(visitor)).await?;
    let (state, failure) = std::mem::take(&mut *folded.lock());
    failure.map_or(Ok(state), Err)
}

fn apply(state: &mut AccessState, row: EventRow<'_>, last: Time) -> Result<Visit, EngineError> {
    let time = instant(row)?;
    if time > last {
        return Ok(Visit::Break(()));
    }
    if row.position != state.position() + 1 {
        return Err(unreadable(row, format!("it follows position {}", state.position())));
    }
    state.apply(&parse(row)?, Stamp { position: row.position, time });
    Ok(Visit::Continue(()))
}

/// Reads one event with all that was recorded about it.
fn read(row: EventRow<'_>) -> Result<Recorded, EngineError> {
    let metadata: Metadata = serde_json::from_str(row.metadata).map_err(|error| unreadable(row, error.to_string()))?;
    Ok(Recorded {
        stamp: Stamp { position: row.position, time: instant(row)? },
        global_position: row.global_position,
        sequence: row.sequence,
        event: parse(row)?,
        metadata,
    })
}

fn parse(row: EventRow<'_>) -> Result<Event, EngineError> {
    Event::parse(row.aggregate_type, row.event_type, row.event_version, row.payload)
        .map_err(|error| unreadable(row, error.to_string()))
}

fn instant(row: EventRow<'_>) -> Result<Time, EngineError> {
    DateTime::from_timestamp_micros(row.time).ok_or_else(|| unreadable(row, "its time is out of range".to_owned()))
}

fn unreadable(row: EventRow<'_>, reason: String) -> EngineError {
    EngineError::Unreadable { organisation: row.organisation.to_owned(), position: row.position, reason }
}
