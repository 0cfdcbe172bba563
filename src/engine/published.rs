//! What an organisation's readers see: the newest access index, exchanged as a whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arc_swap::{ArcSwap, Guard};
use chancery_aggregates::access::index::AccessIndex;

/// Where versions of an organisation's access index are published. Readers never wait, neither for each
/// other nor for whoever publishes.
#[derive(Debug)]
pub struct Published {
    number: u32,
    index: ArcSwap<AccessIndex>,
}

impl Default for Published {
    fn default() -> Self {
        Self::new(Arc::default())
    }
}

impl Published {
    /// Begins with a version.
    #[must_use]
    pub fn new(index: Arc<AccessIndex>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), index: ArcSwap::new(index) }
    }

    /// The newest version, kept for as long as the guard lives. Meant for one question, or a few: for more,
    /// take the `Arc`.
    #[inline]
    pub fn load(&self) -> Guard<Arc<AccessIndex>> {
        self.index.load()
    }

    /// Makes a version the newest. Of one organisation only: numbers must keep their meaning.
    pub fn publish(&self, index: Arc<AccessIndex>) {
        self.index.store(index);
    }

    /// No other in this process has it.
    #[inline]
    pub fn number(&self) -> u32 {
        self.number
    }
}
