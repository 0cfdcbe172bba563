//! Destroying keys, and renewing the one that wraps them.

use std::collections::HashSet;

use chrono::Utc;

use super::{Vault, VaultError};
use crate::store::keys::{PersonalKey, Purged};

/// Keys wrapped anew in one transaction.
const BATCH: usize = 1000;

/// What a rotation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// Name of the key-encryption key before; absent when the store had none.
    pub before: Option<String>,
    /// Its name now.
    pub after: String,
    /// Members' keys that were wrapped anew.
    pub keys: u64,
    /// Members' keys that are under a key which is gone: those of a backup that was restored without its newer keys.
    pub lost: u64,
}

/// What an erasure came to, besides its event.
#[derive(Debug)]
pub struct Cleared {
    /// Whether a key was destroyed now; false when it was gone already, or there was none.
    pub destroyed: bool,
    /// The rotation that makes older copies of the database worthless; absent where it has to be done outside.
    pub rotated: Option<Rotated>,
    /// Why there was none.
    pub not_rotated: Option<String>,
    /// Traces in the database's own files.
    pub purged: Purged,
}

impl Vault {
    /// Destroys a member's key.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn destroy(&self, organisation: &str, member: &str) -> Result<bool, VaultError> {
        if self.below.is_some() {
            return Ok(false);
        }
        let destroyed = self.store.erase(organisation, member, Utc::now().timestamp_micros()).await?;
        self.forget(organisation);
        Ok(destroyed)
    }

    /// Makes what is left of destroyed keys worthless: renews the key-encryption key, so that copies of the database
    /// from before hold nothing that can be unwrapped, and removes deleted rows from its files.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn clear(&self, destroyed: bool) -> Result<Cleared, VaultError> {
        let (rotated, not_rotated) = match self.rotate().await {
            Ok(rotated) => (Some(rotated), None),
            Err(error @ (VaultError::RotateOutside { .. } | VaultError::Unset)) => (None, Some(error.to_string())),
            Err(error) => return Err(error),
        };
        let purged = self.store.purge().await?;
        Ok(Cleared { destroyed, rotated, not_rotated, purged })
    }

    /// Renews the key-encryption key, wraps all members' keys anew and destroys the key before. Interrupted, it goes on
    /// where it was when it is called again.
    ///
    /// # Errors
    /// When the keys or the store cannot be written.
    pub async fn rotate(&self) -> Result<Rotated, VaultError> {
        let before = self.store.kek().await?;
        if before.is_none() {
            return Ok(Rotated { before, after: String::new(), keys: 0, lost: 0 });
        }
        let after = self.encryption.renew()?;
        self.store.renew(&after).await?;
        let (mut keys, mut lost) = (0, HashSet::new());
        loop {
            // Those that are lost stay, and are met again each time.
            let mut batch = self.store.wrapped_otherwise(&after, BATCH + lost.len()).await?;
            batch.retain(|member| !lost.contains(&(member.organisation.clone(), member.member.clone())));
            if batch.is_empty() {
                break;
            }
            let mut wrapped = Vec::with_capacity(batch.len());
            for mut member in batch {
                let PersonalKey::Wrapped { kek, bytes } = &mut member.key else { continue };
                match self.encryption.unwrap(kek, bytes) {
                    Ok(key) => {
                        *bytes = self.encryption.wrap(&after, &key)?;
                        kek.clone_from(&after);
                        wrapped.push(member);
                    }
                    Err(VaultError::UnknownKey { .. }) => {
                        lost.insert((member.organisation, member.member));
                    }
                    Err(error) => return Err(error),
                }
            }
            keys += wrapped.len() as u64;
            self.store.rewrap(wrapped).await?;
        }
        self.encryption.retire()?;
        self.forget_all();
        Ok(Rotated { before, after, keys, lost: lost.len() as u64 })
    }

    /// Drops all that is in memory: every key may be another one by now.
    pub(super) fn forget_all(&self) {
        let mut memory = self.memory.lock();
        memory.wrapped.clear();
        memory.asked.clear();
        memory.cache.clear();
    }
}
