//! The log, for programs.

use std::ops::ControlFlow;
use std::sync::Arc;

use chancery_aggregates::event::{EVENT_VERSION, Event, Recorded};
use chancery_aggregates::vocabulary::{OrganisationId, Time};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::engine::{Engine, EngineError, Moment};
use crate::store::Visit;

/// Reads a stretch of the log, `after < position <= until`, with something that grows on the way.
pub(crate) async fn read<T: Send + Default + 'static>(
    engine: &Engine,
    organisation: &OrganisationId,
    after: u64,
    until: u64,
    start: T,
    mut visit: impl FnMut(&mut T, Recorded) -> Visit + Send + 'static,
) -> Result<T, EngineError> {
    let shared = Arc::new(Mutex::new(start));
    let growing = shared.clone();
    let visitor = move |recorded| visit(&mut growing.lock(), recorded);
    engine.events(organisation, after, until, visitor).await?;
    Ok(std::mem::take(&mut *shared.lock()))
}

/// The events with `after < position <= until`.
pub(crate) async fn events(
    engine: &Engine,
    organisation: &OrganisationId,
    after: u64,
    until: u64,
) -> Result<Vec<Recorded>, EngineError> {
    read(engine, organisation, after, until, Vec::new(), |events, recorded| {
        events.push(recorded);
        ControlFlow::Continue(())
    })
    .await
}

/// Position of the last event up to an instant; 0 where there is none.
pub(crate) async fn last_until(engine: &Engine, organisation: &OrganisationId, at: Time) -> Result<u64, EngineError> {
    match engine.replay(organisation, Moment::Time(at)).await {
        Ok(then) => Ok(then.state.position()),
        Err(EngineError::BeforeFounding { .. }) => Ok(0),
        Err(error) => Err(error),
    }
}

/// Position of the last event before an instant; 0 where there is none.
pub(crate) async fn last_before(engine: &Engine, organisation: &OrganisationId, at: Time) -> Result<u64, EngineError> {
    // Instants of events are whole microseconds.
    let before = at.checked_sub_signed(chrono::TimeDelta::nanoseconds(1)).unwrap_or(Time::MIN_UTC);
    last_until(engine, organisation, before).await
}

/// An event with everything that was recorded about it, for programs.
pub(crate) fn event_json(organisation: &OrganisationId, recorded: &Recorded) -> Value {
    // INVARIANT: events are plain data, which always has a JSON form.
    let payload = recorded.event.payload().ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
    json!({
        "organisation": organisation,
        "position": recorded.stamp.position,
        "global_position": recorded.global_position,
        "time": recorded.stamp.time,
        "stream": stream(&recorded.event),
        "sequence": recorded.sequence,
        "type": recorded.event.name(),
        "version": EVENT_VERSION,
        "event": payload,
        "metadata": recorded.metadata,
    })
}

/// The stream of an event as a person names it.
pub(crate) fn stream(event: &Event) -> String {
    match event {
        Event::Organisation(_) => "organisation".to_owned(),
        Event::Role(event) => format!("role/{}", event.role()),
        Event::Member(event) => format!("member/{}", event.member()),
        Event::Scope(event) => format!("scope/{}", event.scope()),
        Event::Review(event) => format!("review/{}", event.review()),
    }
}

/// Which events.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Of these types; all where it is empty.
    pub(crate) kinds: Vec<String>,
    /// By this actor, as the log has it.
    pub(crate) actor: Option<String>,
    /// Of this stream, such as `role/auditor`.
    pub(crate) stream: Option<String>,
}

impl Wanted {
    /// Whether an event is among them.
    pub(crate) fn has(&self, recorded: &Recorded) -> bool {
        let kind = recorded.event.name();
        (self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted.eq_ignore_ascii_case(kind)))
            && self.actor.as_ref().is_none_or(|actor| recorded.metadata.actor == *actor)
            && self.stream.as_ref().is_none_or(|wanted| stream(&recorded.event) == *wanted)
    }
}
