//! Past states asked for lately: whoever looks at an instant mostly asks about it more than once.

use std::collections::VecDeque;
use std::sync::Arc;

use chancery_aggregates::AccessState;
use chancery_aggregates::vocabulary::{OrganisationId, Time};

/// States kept.
const KEPT: usize = 16;

/// A state, and when it ended.
#[derive(Debug, Clone)]
pub(super) struct PastState {
    pub(super) state: Arc<AccessState>,
    /// Time of the event after it; it stood until then.
    pub(super) next: Time,
}

/// The states asked for last, the latest first.
#[derive(Debug, Default)]
pub(super) struct Past {
    kept: VecDeque<PastState>,
}

impl Past {
    /// The state after an event.
    pub(super) fn at_position(&mut self, organisation: &OrganisationId, position: u64) -> Option<Arc<AccessState>> {
        self.find(|past| past.state.organisation() == organisation && past.state.position() == position)
    }

    /// The state at an instant.
    pub(super) fn at_time(&mut self, organisation: &OrganisationId, at: Time) -> Option<Arc<AccessState>> {
        self.find(|past| {
            let since = past.state.time().is_some_and(|time| time <= at);
            past.state.organisation() == organisation && since && at < past.next
        })
    }

    pub(super) fn keep(&mut self, past: PastState) {
        self.kept.truncate(KEPT - 1);
        self.kept.push_front(past);
    }

    fn find(&mut self, is_meant: impl Fn(&PastState) -> bool) -> Option<Arc<AccessState>> {
        let at = self.kept.iter().position(is_meant)?;
        let past = self.kept.remove(at)?;
        let state = past.state.clone();
        self.kept.push_front(past);
        Some(state)
    }
}
