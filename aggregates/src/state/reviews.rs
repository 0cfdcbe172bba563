//! The access reviews of an organisation.

use super::AccessState;
use crate::event::{ReviewEvent, Stamp};
use crate::review::Review;
use crate::vocabulary::ReviewId;

/// A review at one position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewEntry {
    /// Its id.
    pub id: ReviewId,
    /// The fold of its stream.
    pub review: Review,
    /// When it was opened.
    pub opened: Stamp,
    /// When it was completed or cancelled.
    pub closed: Option<Stamp>,
    /// Position of its last event.
    pub modified: u64,
    /// Events of its stream so far.
    pub sequence: u64,
}

impl AccessState {
    /// A review by id, closed ones included.
    pub fn review_by_id(&self, id: &str) -> Option<&ReviewEntry> {
        self.reviews.get(self.reviews.find(id)?)
    }

    /// All reviews in the order in which they were opened, closed ones included.
    pub fn reviews(&self) -> impl Iterator<Item = &ReviewEntry> {
        self.reviews.iter().map(|(_, entry)| entry)
    }

    pub(super) fn apply_review(&mut self, event: &ReviewEvent, stamp: Stamp) {
        if let ReviewEvent::ReviewOpened { review, .. } = event {
            let mut opened = Review::default();
            opened.take(event);
            let (id, modified) = (review.id.clone(), stamp.position);
            let entry =
                ReviewEntry { id: id.clone(), review: opened, opened: stamp, closed: None, modified, sequence: 1 };
            self.reviews.insert(id, entry);
            return;
        }
        let Some(entry) = self.reviews.find(event.review()).and_then(|ix| self.reviews.get_mut(ix)) else { return };
        entry.review.take(event);
        entry.modified = stamp.position;
        entry.sequence += 1;
        if matches!(event, ReviewEvent::ReviewCompleted { .. } | ReviewEvent::ReviewCancelled { .. }) {
            entry.closed = Some(stamp);
        }
    }
}
