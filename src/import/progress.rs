//! How far an import has come, for whoever watches.

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading a file; counted in bytes.
    Reading,
    /// Deciding commands; counted in commands.
    Deciding,
    /// Writing events, all at once; counted in events.
    Writing,
}

/// Watches an import.
pub trait Progress: Send + Sync {
    /// A phase begins, of so much in all.
    fn begin(&self, phase: Phase, total: u64);
    /// So much of the phase is done.
    fn advance(&self, done: u64);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _: Phase, _: u64) {}
    fn advance(&self, _: u64) {}
}
