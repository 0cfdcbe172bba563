//! What a store keeps beside the log, and what it tells of its work.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// When a key was last used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// Whose key.
    pub organisation: String,
    /// The key's id.
    pub key: String,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
}

/// A group of requests that was written in one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub requests: usize,
    /// From the beginning of the transaction until it was durable.
    pub took: Duration,
}

/// Is told of each group of requests that became durable.
pub type GroupWatch = Arc<dyn Fn(Group) + Send + Sync>;

/// Who is told of groups, once somebody is.
#[derive(Clone, Default)]
pub(super) struct Groups(Arc<OnceLock<GroupWatch>>);

impl Groups {
    /// Tells somebody from now on. Only the first one who asks is told.
    pub(super) fn watch(&self, watch: GroupWatch) {
        let _ = self.0.set(watch);
    }

    pub(super) fn written(&self, requests: usize, took: Duration) {
        if let Some(watch) = self.0.get() {
            watch(Group { requests, took });
        }
    }
}

impl std::fmt::Debug for Groups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Groups").field("watched", &self.0.get().is_some()).finish()
    }
}
