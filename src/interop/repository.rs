//! The log as a repository of `cqrs-es`.

use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::persist::{
    PersistedEventRepository, PersistenceError, ReplayFeed, ReplayStream, SerializedEvent, SerializedSnapshot,
};
use serde_json::Value;

use super::InteropError;
use super::reading::{Page, page, serialized};
use crate::store::{Range, Store};

/// Rows read at once while all events are streamed.
const PAGE: usize = 1000;

/// Events that wait in a stream for whoever reads it.
const AHEAD: usize = 200;

/// Reads the log of any store as a `PersistedEventRepository`. Aggregate ids are those of
/// [`aggregate_id`](super::aggregate_id).
///
/// Metadata has, besides what was recorded, what stands in columns of its own: `organisation`,
/// `position`, `global_position` and `time` (microseconds since 1970).
#[derive(Debug, Clone)]
pub struct LogRepository {
    store: Arc<dyn Store>,
}

impl LogRepository {
    /// A repository over a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    async fn stream_of(&self, aggregate_type: &str, id: &str) -> Result<Page<SerializedEvent>, InteropError> {
        let range = Range::Stream { aggregate_type: aggregate_type.to_owned(), aggregate_id: id.to_owned() };
        page(&*self.store, range, usize::MAX, |row| serialized(row).map(Some)).await
    }

    /// Feeds all events of a type, page by page, so that no more of them than a page are in memory.
    async fn feed_all(&self, aggregate_type: &'static str, feed: &mut ReplayFeed) -> Result<(), PersistenceError> {
        let mut after = 0;
        loop {
            let make = move |row: crate::store::EventRow<'_>| {
                if row.aggregate_type == aggregate_type { serialized(row).map(Some) } else { Ok(None) }
            };
            let page = page(&*self.store, Range::Store { after }, PAGE, make).await;
            let page = match page {
                Ok(page) => page,
                Err(error) => return feed.push(Err(persistence(error))).await,
            };
            let Some(last) = push(feed, page).await? else { return Ok(()) };
            after = last;
        }
    }
}

/// Hands a page on, and its failure; the last key when there may be more.
async fn push(feed: &mut ReplayFeed, page: Page<SerializedEvent>) -> Result<Option<u64>, PersistenceError> {
    for event in page.items {
        feed.push(Ok(event)).await?;
    }
    match page.failure {
        Some(error) => feed.push(Err(persistence(error))).await.map(|()| None),
        None => Ok(page.last),
    }
}

fn persistence(error: InteropError) -> PersistenceError {
    match error {
        InteropError::Store(_) => PersistenceError::ConnectionError(error.into()),
        InteropError::Event { .. } | InteropError::Metadata { .. } => {
            PersistenceError::DeserializationError(error.into())
        }
        InteropError::ReadOnly => PersistenceError::UnknownError(error.into()),
    }
}

impl PersistedEventRepository for LogRepository {
    async fn get_events<A: Aggregate>(&self, aggregate_id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let page = self.stream_of(A::TYPE, aggregate_id).await.map_err(persistence)?;
        page.failure.map_or(Ok(page.items), |error| Err(persistence(error)))
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let mut events = self.get_events::<A>(aggregate_id).await?;
        events.retain(|event| event.sequence > last_sequence);
        Ok(events)
    }

    /// There are no snapshots.
    async fn get_snapshot<A: Aggregate>(&self, _: &str) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Ok(None)
    }

    /// Refuses.
    async fn persist<A: Aggregate>(
        &self,
        _: &[SerializedEvent],
        _: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        Err(persistence(InteropError::ReadOnly))
    }

    async fn stream_events<A: Aggregate>(&self, aggregate_id: &str) -> Result<ReplayStream, PersistenceError> {
        let page = self.stream_of(A::TYPE, aggregate_id).await.map_err(persistence)?;
        let (mut feed, stream) = ReplayStream::new(AHEAD);
        // A reader that goes away ends it.
        tokio::spawn(async move { push(&mut feed, page).await });
        Ok(stream)
    }

    /// In the order of the whole log, where `postgres-es` orders by the number in each stream.
    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        let (mut feed, stream) = ReplayStream::new(AHEAD);
        let repository = self.clone();
        tokio::spawn(async move { repository.feed_all(A::TYPE, &mut feed).await });
        Ok(stream)
    }
}
