//! A review in a snapshot.

use serde::{Deserialize, Serialize};

use super::{StampImage, stamp, stamp_image};
use crate::state::ReviewEntry;
use crate::state::snapshot::SnapshotError;
use crate::vocabulary::ReviewId;

#[derive(Serialize, Deserialize)]
pub(super) struct ReviewImage {
    id: ReviewId,
    /// As JSON: events leave fields out, which the form of the image has no way to.
    review: String,
    opened: StampImage,
    closed: Option<StampImage>,
    modified: u64,
    sequence: u64,
}

impl ReviewImage {
    pub(super) fn of(entry: &ReviewEntry) -> Result<Self, serde_json::Error> {
        let ReviewEntry { id, review, opened, closed, modified, sequence } = entry;
        Ok(Self {
            id: id.clone(),
            review: serde_json::to_string(review)?,
            opened: stamp_image(*opened),
            closed: closed.map(stamp_image),
            modified: *modified,
            sequence: *sequence,
        })
    }

    pub(super) fn entry(self) -> Result<ReviewEntry, SnapshotError> {
        Ok(ReviewEntry {
            id: self.id,
            review: serde_json::from_str(&self.review).map_err(|_| SnapshotError::Damaged("a review"))?,
            opened: stamp(self.opened)?,
            closed: self.closed.map(stamp).transpose()?,
            modified: self.modified,
            sequence: self.sequence,
        })
    }
}
