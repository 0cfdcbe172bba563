//! Reading the log: the head, the tail, and any past instant.

use std::sync::Arc;

use chancery_aggregates::event::{Metadata, Recorded, Stamp};
use chancery_aggregates::vocabulary::{OrganisationId, Time};
use chancery_aggregates::{AccessState, Event};
use chrono::{DateTime, SecondsFormat};
use parking_lot::Mutex;

use super::past::PastState;
use super::snapshots::{Snapshots, wanted};
use super::{Engine, EngineError};
use crate::store::{Beginning, EventRow, FoldRow, Range, Visit};

/// After this event, keys of the organisation's members that are still in memory may be of one who has none.
const ERASURE: &str = "PersonalDataErased";

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
        let (until, last) = match moment {
            Moment::Now => return Ok(Replayed { at: self.now().max(head.time().unwrap_or_default()), state: head }),
            Moment::Time(at) if head.time().is_some_and(|time| time <= at) => return Ok(Replayed { state: head, at }),
            Moment::Time(at) => (u64::MAX, at),
            Moment::Position(asked) if asked > head.position() => {
                let organisation = organisation.to_string();
                return Err(EngineError::BeyondHead { organisation, asked, head: head.position() });
            }
            Moment::Position(asked) => (asked, Time::MAX_UTC),
        };
        let state = self.past_state(organisation, until, last).await?;
        if state.founded().is_none() {
            let founded = head.founded().map(|stamp| stamp.time.to_rfc3339_opts(SecondsFormat::Secs, true));
            let organisation = organisation.to_string();
            return Err(EngineError::BeforeFounding { organisation, founded: founded.unwrap_or_default() });
        }
        let at = match moment {
            Moment::Time(at) => at,
            Moment::Now | Moment::Position(_) => state.time().unwrap_or_default(),
        };
        Ok(Replayed { state, at })
    }

    /// The state after the last event that has neither a later position nor a later time.
    async fn past_state(
        &self,
        organisation: &OrganisationId,
        until: u64,
        last: Time,
    ) -> Result<Arc<AccessState>, EngineError> {
        let known = match until {
            u64::MAX => self.past.lock().at_time(organisation, last),
            position => self.past.lock().at_position(organisation, position),
        };
        if let Some(state) = known {
            return Ok(state);
        }
        let folded = fold_until(self, organisation, Folded::default(), until, last).await?;
        let state = Arc::new(folded.state);
        // Without the next event's time it is not known how long the state stood.
        let next = folded.next.or(state.time()).unwrap_or_default();
        if state.founded().is_some() {
            self.past.lock().keep(PastState { state: state.clone(), next });
        }
        Ok(state)
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

/// What a fold came to.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// The state after the last event within the bounds.
    pub(super) state: AccessState,
    /// Position at which the next snapshot is due.
    pub(super) snapshot_due: u64,
    /// Time of the first event after the bounds, where it was met.
    next: Option<Time>,
    failure: Option<EngineError>,
}

impl Folded {
    /// Where a fold goes on from a state that a snapshot gave.
    pub(super) fn from_snapshot(state: AccessState) -> Self {
        Self { snapshot_due: Snapshots::due_after(&state), state, ..Self::default() }
    }
}

/// Applies the organisation's events after the state's position. A snapshot is due at a position.
pub(super) async fn fold(
    engine: &Engine,
    organisation: &OrganisationId,
    state: AccessState,
    snapshot_due: u64,
) -> Result<Folded, EngineError> {
    let folded = Folded { state, snapshot_due, ..Folded::default() };
    fold_until(engine, organisation, folded, u64::MAX, Time::MAX_UTC).await
}

/// Applies events until one has a later position, or a later time. An empty state starts from the
/// nearest snapshot; on the way, states are handed over to become snapshots.
pub(super) async fn fold_until(
    engine: &Engine,
    organisation: &OrganisationId,
    mut start: Folded,
    until: u64,
    last: Time,
) -> Result<Folded, EngineError> {
    let after = start.state.position();
    start.state = engine.revealed(organisation, start.state);
    let name = organisation.to_string();
    let vault = engine.vault.clone();
    let snapshots = engine.snapshots.clone();
    let folded = Arc::new(Mutex::new(start));
    let sink = folded.clone();
    let folder = move |row: FoldRow<'_>| {
        let mut folded = sink.lock();
        if row.event_type == ERASURE
            && let Some(vault) = &vault
        {
            vault.forget(&name);
        }
        let visit = apply(&mut folded.state, &row, last);
        if visit == Ok(Visit::Break(())) {
            folded.next = instant(row.time).ok();
        }
        if folded.state.position() >= folded.snapshot_due {
            folded.snapshot_due = Snapshots::due_after(&folded.state);
            snapshots.keep(folded.state.clone());
        }
        visit.unwrap_or_else(|reason| {
            let organisation = name.clone();
            folded.failure = Some(EngineError::Unreadable { organisation, position: row.position, reason });
            Visit::Break(())
        })
    };
    if after == 0 {
        let begin = from_snapshot(engine, organisation, folded.clone());
        engine.store.fold_on(organisation.as_str(), wanted(until, last), begin, until, Box::new(folder)).await?;
    } else {
        engine.store.fold(organisation.as_str(), after, until, Box::new(folder)).await?;
    }
    let mut folded = std::mem::take(&mut *folded.lock());
    folded.failure.take().map_or(Ok(folded), Err)
}

/// Begins a fold with the state of a snapshot.
fn from_snapshot(engine: &Engine, organisation: &OrganisationId, folded: Arc<Mutex<Folded>>) -> Beginning {
    let (snapshots, organisation) = (engine.snapshots.clone(), organisation.clone());
    let reveal = engine.reveal(&organisation);
    Box::new(move |snapshot| {
        let state = snapshots.state(&organisation, snapshot).with_reveal(reveal);
        let position = state.position();
        *folded.lock() = Folded::from_snapshot(state);
        position
    })
}

/// Applies one event, unless it is later than `last`: then the fold is over.
pub(crate) fn apply(state: &mut AccessState, row: &FoldRow<'_>, last: Time) -> Result<Visit, String> {
    let time = instant(row.time)?;
    if time > last {
        return Ok(Visit::Break(()));
    }
    if row.position != state.position() + 1 {
        return Err(format!("it follows position {}", state.position()));
    }
    let event = Event::parse(row.aggregate_type, row.event_type, row.event_version, row.payload);
    state.apply(&event.map_err(|error| error.to_string())?, Stamp { position: row.position, time });
    Ok(Visit::Continue(()))
}

/// Reads one event with all that was recorded about it.
pub(crate) fn read(row: EventRow<'_>) -> Result<Recorded, EngineError> {
    let unreadable = |reason: String| EngineError::Unreadable {
        organisation: row.organisation.to_owned(),
        position: row.position,
        reason,
    };
    let metadata: Metadata = serde_json::from_str(row.metadata).map_err(|error| unreadable(error.to_string()))?;
    let event = Event::parse(row.aggregate_type, row.event_type, row.event_version, row.payload);
    Ok(Recorded {
        stamp: Stamp { position: row.position, time: instant(row.time).map_err(unreadable)? },
        global_position: row.global_position,
        sequence: row.sequence,
        event: event.map_err(|error| unreadable(error.to_string()))?,
        metadata,
    })
}

fn instant(micros: i64) -> Result<Time, String> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| "its time is out of range".to_owned())
}
