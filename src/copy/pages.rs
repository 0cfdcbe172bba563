//! Reading a store page by page: a page is written while the next is read.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::Placed;
use crate::store::{Adopted, EventRow, Range, Store, StoreError, Visit};

/// Events in a page at most: a transaction of the target's that holds others up for a moment only.
const EVENTS: usize = 4096;

/// Bytes of payloads and metadata in a page, about.
const BYTES: usize = 8 << 20;

/// In which order, and of what, rows are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Everything, by global position.
    Store,
    /// One organisation, by position.
    Organisation(String),
}

impl Way {
    fn key(&self, row: &EventRow<'_>) -> u64 {
        match self {
            Self::Store => row.global_position,
            Self::Organisation(_) => row.position,
        }
    }

    fn range(&self, after: u64, until: u64) -> Range {
        match self {
            Self::Store => Range::Store { after },
            Self::Organisation(name) => Range::Organisation { organisation: name.clone(), after, until },
        }
    }
}

/// Whether there are more pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum End {
    #[default]
    Reached,
    Ahead,
}

/// Some rows that follow each other.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) rows: Vec<Placed>,
    /// Key of the last row, to go on after it.
    pub(super) last: u64,
    pub(super) end: End,
    bytes: usize,
}

/// Reads rows with `after < key <= until`.
pub(super) async fn read(store: &dyn Store, way: &Way, after: u64, until: u64) -> Result<Page, StoreError> {
    if after >= until {
        return Ok(Page { last: after, ..Page::default() });
    }
    let page = Arc::new(Mutex::new(Page { last: after, ..Page::default() }));
    let (sink, order) = (Arc::clone(&page), way.clone());
    let visitor = move |row: EventRow<'_>| {
        let mut page = sink.lock();
        let key = order.key(&row);
        if key > until {
            return Visit::Break(());
        }
        page.last = key;
        page.bytes += row.payload.len() + row.metadata.len();
        page.rows.push(Placed { global_position: row.global_position, adopted: Adopted::from(row) });
        if key == until {
            return Visit::Break(());
        }
        if page.rows.len() == EVENTS || page.bytes >= BYTES {
            page.end = End::Ahead;
            return Visit::Break(());
        }
        Visit::Continue(())
    };
    store.scan(way.range(after, until), Box::new(visitor)).await?;
    let page = std::mem::take(&mut *page.lock());
    Ok(page)
}

/// The last global position of a store, read now.
pub(super) async fn end(store: &dyn Store) -> Result<u64, StoreError> {
    store.changed(u64::MAX, Duration::ZERO).await
}
