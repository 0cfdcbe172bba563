//! Reading the log a page at a time, decoded where it is read.

use std::sync::Arc;

use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::OrganisationId;
use parking_lot::Mutex;

use crate::engine::{EngineError, read};
use crate::store::projection::{Failure, Mark};
use crate::store::{EventRow, Range, Store, StoreError, Visit};

/// Bytes of payloads and metadata in a page, about.
const BYTES: usize = 8 << 20;

/// An event of the store's log, or why it cannot be read.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) global_position: u64,
    pub(super) organisation: OrganisationId,
    pub(super) mark: Mark,
    /// Boxed: entries are moved about.
    pub(super) recorded: Result<Box<Recorded>, Failure>,
}

/// Consecutive events of the store's log.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    /// Whether there may be more behind it.
    pub(super) is_full: bool,
    bytes: usize,
}

/// Reads at most `limit` events with `after < global position <= until`.
pub(super) async fn page(store: &dyn Store, after: u64, until: u64, limit: usize) -> Result<Page, StoreError> {
    if after >= until {
        return Ok(Page::default());
    }
    let page = Arc::new(Mutex::new(Page::default()));
    let sink = page.clone();
    let visitor = move |row: EventRow<'_>| {
        let mut page = sink.lock();
        if row.global_position > until {
            return Visit::Break(());
        }
        page.take(row);
        if page.entries.len() >= limit || page.bytes >= BYTES {
            page.is_full = true;
            return Visit::Break(());
        }
        Visit::Continue(())
    };
    store.scan(Range::Store { after }, Box::new(visitor)).await?;
    let page = std::mem::take(&mut *page.lock());
    Ok(page)
}

impl Page {
    pub(super) fn last(&self) -> Option<u64> {
        self.entries.last().map(|entry| entry.global_position)
    }

    fn take(&mut self, row: EventRow<'_>) {
        self.bytes += row.payload.len() + row.metadata.len();
        let organisation = match self.entries.last() {
            Some(entry) if entry.organisation.as_str() == row.organisation => entry.organisation.clone(),
            _ => OrganisationId::known(row.organisation),
        };
        let failure = |reason: String| Failure {
            global_position: row.global_position,
            organisation: row.organisation.to_owned(),
            position: row.position,
            event_type: row.event_type.to_owned(),
            reason,
        };
        let recorded = read(row).map(Box::new).map_err(|error| match error {
            EngineError::Unreadable { reason, .. } => failure(reason),
            other => failure(other.to_string()),
        });
        let mark = Mark { position: row.position, time: row.time };
        self.entries.push(Entry { global_position: row.global_position, organisation, mark, recorded });
    }
}
