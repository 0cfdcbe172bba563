//! Rows of a store as what `cqrs-es` makes of them.

use std::collections::HashMap;
use std::sync::Arc;

use chancery_aggregates::event::Event;
use cqrs_es::persist::SerializedEvent;
use parking_lot::Mutex;

use super::InteropError;
use crate::store::{EventRow, Range, Store, Visit};

/// Some rows of a range, as far as they can be read.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// The key by which the range is ordered, of the last row that was read.
    pub(super) last: Option<u64>,
    /// Why the row behind it cannot be read.
    pub(super) failure: Option<InteropError>,
}

/// Reads up to `limit` rows of a range; `make` may pass rows over.
pub(super) async fn page<T: Send + 'static>(
    store: &dyn Store,
    range: Range,
    limit: usize,
    mut make: impl FnMut(EventRow<'_>) -> Result<Option<T>, InteropError> + Send + 'static,
) -> Result<Page<T>, InteropError> {
    let page = Arc::new(Mutex::new(Page { items: Vec::new(), last: None, failure: None }));
    let sink = page.clone();
    let by_organisation = matches!(range, Range::Organisation { .. });
    let mut rows = 0;
    let visitor = move |row: EventRow<'_>| {
        let mut page = sink.lock();
        match make(row) {
            Ok(item) => {
                page.items.extend(item);
                page.last = Some(if by_organisation { row.position } else { row.global_position });
            }
            Err(error) => page.failure = Some(error),
        }
        rows += 1;
        if rows == limit || page.failure.is_some() { Visit::Break(()) } else { Visit::Continue(()) }
    };
    store.scan(range, Box::new(visitor)).await?;
    let read = std::mem::replace(&mut *page.lock(), Page { items: Vec::new(), last: None, failure: None });
    Ok(read)
}

/// The event of a row, in the contract of today.
pub(super) fn event(row: EventRow<'_>) -> Result<Event, InteropError> {
    Event::parse(row.aggregate_type, row.event_type, row.event_version, row.payload)
        .map_err(|source| InteropError::Event { global_position: row.global_position, source })
}

/// The metadata of a row, and what stands in columns of its own that `cqrs-es` does not know.
pub(super) fn metadata(row: EventRow<'_>) -> Result<HashMap<String, String>, InteropError> {
    let mut metadata: HashMap<String, String> = serde_json::from_str(row.metadata)
        .map_err(|source| InteropError::Metadata { global_position: row.global_position, source })?;
    let columns = [
        ("organisation", row.organisation.to_owned()),
        ("position", row.position.to_string()),
        ("global_position", row.global_position.to_string()),
        ("time", row.time.to_string()),
    ];
    metadata.extend(columns.map(|(name, value)| (name.to_owned(), value)));
    Ok(metadata)
}

/// A row as a repository hands it out.
pub(super) fn serialized(row: EventRow<'_>) -> Result<SerializedEvent, InteropError> {
    let unreadable = |source| InteropError::Metadata { global_position: row.global_position, source };
    let event = event(row)?;
    let payload = match &event {
        Event::Organisation(event) => serde_json::to_value(event),
        Event::Role(event) => serde_json::to_value(event),
        Event::Member(event) => serde_json::to_value(event),
        Event::Scope(event) => serde_json::to_value(event),
        Event::Review(event) => serde_json::to_value(event),
    };
    Ok(SerializedEvent {
        aggregate_id: row.aggregate_id.to_owned(),
        sequence: usize::try_from(row.sequence).unwrap_or(usize::MAX),
        aggregate_type: row.aggregate_type.to_owned(),
        event_type: row.event_type.to_owned(),
        event_version: chancery_aggregates::event::EVENT_VERSION.to_owned(),
        payload: payload.map_err(unreadable)?,
        metadata: serde_json::to_value(metadata(row)?).map_err(unreadable)?,
    })
}
