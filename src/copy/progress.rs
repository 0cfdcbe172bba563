//! How far a copy has come, for whoever watches.

/// What is being done; all are counted in events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Comparing what the target has already.
    Comparing,
    /// Copying.
    Copying,
    /// Comparing everything.
    Verifying,
}

/// Watches a copy.
pub trait Progress: Send + Sync {
    /// A phase begins, of so many events in all.
    fn begin(&self, phase: Phase, total: u64);
    /// So many more events of the phase are done.
    fn advance(&self, more: u64);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _: Phase, _: u64) {}
    fn advance(&self, _: u64) {}
}
