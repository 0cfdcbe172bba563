//! Snapshots: an access state as bytes, so that a long log need not be folded from its beginning.
//!
//! A snapshot is only ever a shortcut. It says nothing that the log does not say, may be deleted at
//! any time, and is ignored when another version of the program wrote it or when its checksum is wrong.

mod image;

use std::sync::Arc;

use image::StateImage;

use super::AccessState;
use crate::profile::Profile;

/// The layout of the bytes. Raise it with every change of what the images keep, of what the fold makes of an event, or of
/// how the engine keeps them: snapshots of other versions are not read.
pub const SNAPSHOT_VERSION: u32 = 4;

/// Compiled profiles kept for the next snapshot.
const PROFILES_KEPT: usize = 16;

/// Why bytes are not a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Cut off, changed, or never a snapshot.
    #[error("the snapshot is damaged: {0}")]
    Damaged(&'static str),
    /// The state could not be written down.
    #[error("the state cannot be written as a snapshot: {0}")]
    Unwritable(String),
}

/// Profiles compiled from snapshots read before. Past states of an organisation mostly share one, and
/// compiling it takes longer than reading the rest.
#[derive(Debug, Default)]
pub struct ProfileCache {
    kept: Vec<(String, Arc<Profile>)>,
}

impl ProfileCache {
    fn compiled(&mut self, document: String) -> Result<Arc<Profile>, SnapshotError> {
        if let Some((_, profile)) = self.kept.iter().find(|(known, _)| *known == document) {
            return Ok(profile.clone());
        }
        let parsed = serde_json::from_str(&document).map_err(|_| SnapshotError::Damaged("its profile"))?;
        let profile = Arc::new(Profile::compile(parsed));
        if self.kept.len() >= PROFILES_KEPT {
            self.kept.remove(0);
        }
        self.kept.push((document, profile.clone()));
        Ok(profile)
    }
}

impl AccessState {
    /// The state as bytes of layout [`SNAPSHOT_VERSION`].
    ///
    /// # Errors
    /// Never in practice: a state is plain data.
    pub fn to_snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        let unwritable = |error: &dyn std::error::Error| SnapshotError::Unwritable(error.to_string());
        let profile = self.profile.as_ref().map(|profile| serde_json::to_string(profile.document()));
        let profile = profile.transpose().map_err(|error| unwritable(&error))?;
        let image = StateImage::of(self, profile).map_err(|error| unwritable(&error))?;
        let mut bytes = postcard::to_allocvec(&image).map_err(|error| unwritable(&error))?;
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        Ok(bytes)
    }

    /// The state that [`AccessState::to_snapshot`] wrote.
    ///
    /// # Errors
    /// [`SnapshotError::Damaged`] when the bytes are not whole.
    pub fn from_snapshot(bytes: &[u8], profiles: &mut ProfileCache) -> Result<Self, SnapshotError> {
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(SnapshotError::Damaged("it is too short"))?;
        if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
            return Err(SnapshotError::Damaged("its checksum is wrong"));
        }
        let image: StateImage =
            postcard::from_bytes(body).map_err(|_| SnapshotError::Damaged("its fields do not fit"))?;
        image.state(profiles)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests;
