//! What a request has done so far: the working state and the events to append.

use chancery_aggregates::event::{Metadata, Recorded, Stamp};
use chancery_aggregates::vocabulary::Time;
use chancery_aggregates::{AccessState, Event};

use super::EngineError;
use crate::interop::aggregate_id;
use crate::store::NewEvent;
use crate::vault::Sealing;

/// The commands of one request build on each other's events; nothing is visible outside until all
/// of them are appended.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) state: AccessState,
    pub(super) now: Time,
    pub(super) metadata: Metadata,
    pub(super) events: Vec<NewEvent>,
    pub(super) recorded: Vec<Recorded>,
    /// Personal data in what is staged is sealed with these.
    pub(super) sealing: Sealing,
    organisation: String,
}

impl Transaction {
    pub(super) fn new(organisation: &str, state: AccessState, now: Time, metadata: Metadata) -> Self {
        Self {
            now: state.time().map_or(now, |head| head.max(now)),
            state,
            metadata,
            events: Vec::new(),
            recorded: Vec::new(),
            sealing: Sealing::default(),
            organisation: organisation.to_owned(),
        }
    }

    /// Stages one event: its bytes for the log, its effect on the working state.
    pub(super) fn stage(&mut self, event: Event, id: &str, sequence: u64) -> Result<(), EngineError> {
        let unserialisable = |error: serde_json::Error| EngineError::Internal(error.to_string());
        let event = self.sealing.seal(event, sequence)?;
        let metadata = self.sealing.seal_origin(&self.metadata, self.state.position() + 1)?;
        let stamp = Stamp { position: self.state.position() + 1, time: self.now };
        self.events.push(NewEvent {
            aggregate_type: event.aggregate_type().to_owned(),
            aggregate_id: aggregate_id(&self.organisation, id),
            sequence,
            event_type: event.name().to_owned(),
            event_version: chancery_aggregates::event::EVENT_VERSION.to_owned(),
            payload: event.payload().map_err(unserialisable)?,
            metadata: serde_json::to_string(&metadata).map_err(unserialisable)?,
            time: self.now.timestamp_micros(),
        });
        self.state.apply(&event, stamp);
        self.recorded.push(Recorded { stamp, global_position: 0, sequence, event, metadata });
        Ok(())
    }
}
