//! Reading the audit log forward.

use std::ops::ControlFlow;

use chancery_aggregates::AccessState;
use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::OrganisationId;
use chancery_projections::audit::{Entry, Filter};

use crate::engine::{Engine, EngineError, Moment};
use crate::views::log::read;

/// Events that are read at a time.
const STRETCH: u64 = 1_000;

/// The entries of a stretch of the log, from its beginning on.
#[derive(Debug)]
pub(crate) struct Entries {
    engine: Engine,
    organisation: OrganisationId,
    filter: Filter,
    /// After the last event that was read: names are those of then.
    state: AccessState,
    until: u64,
}

impl Entries {
    /// The entries with `after < position <= until` that a reader wants.
    ///
    /// # Errors
    /// The store fails.
    pub(crate) async fn new(
        engine: &Engine,
        organisation: &OrganisationId,
        after: u64,
        until: u64,
        filter: Filter,
    ) -> Result<Self, EngineError> {
        let state = match after {
            0 => AccessState::default(),
            after => engine.replay(organisation, Moment::Position(after.min(until))).await?.state.as_ref().clone(),
        };
        let state = engine.revealed(organisation, state);
        Ok(Self { engine: engine.clone(), organisation: organisation.clone(), filter, state, until })
    }

    /// Position of the last event that was read.
    pub(crate) fn read_until(&self) -> u64 {
        self.state.position()
    }

    /// The entries that are wanted among the next events, each with its event; none at the end.
    ///
    /// # Errors
    /// The store fails, or an event cannot be read.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<(Entry, Recorded)>>, EngineError> {
        let after = self.state.position();
        if after >= self.until {
            return Ok(None);
        }
        let until = self.until.min(after + STRETCH);
        let filter = self.filter.clone();
        let start = (std::mem::take(&mut self.state), Vec::new());
        let (state, found) =
            read(&self.engine, &self.organisation, after, until, start, move |(state, found), recorded| {
                state.apply(&recorded.event, recorded.stamp);
                if filter.takes(&recorded) {
                    found.push((Entry::of(state, &recorded), recorded));
                }
                ControlFlow::Continue(())
            })
            .await?;
        self.state = state;
        if self.state.position() == after {
            // The log ends earlier than its head said.
            self.until = after;
        }
        Ok(Some(found))
    }
}
