//! Keys that go with an organisation to another store.

use std::collections::HashMap;

use chancery_aggregates::vocabulary::MemberId;
use chrono::Utc;

use super::key::DataKey;
use super::{Vault, VaultError};
use crate::store::keys::PersonalKey;

/// Keys in one transaction.
const BATCH: usize = 1000;

impl Vault {
    /// Takes over the keys of an organisation whose events were copied: wrapped under this vault's key, and erased
    /// where they are erased there. Those that are here already stay. Returns how many came.
    ///
    /// # Errors
    /// When a key cannot be unwrapped or wrapped, or a store fails.
    pub async fn take_over(&self, source: &Self, organisation: &str) -> Result<u64, VaultError> {
        let here = self.store.keys_blocking(organisation, None)?;
        let here: HashMap<_, _> = here.into_iter().map(|found| (found.member, found.key)).collect();
        let mut fresh: Vec<(MemberId, DataKey)> = Vec::new();
        for found in source.store.keys_blocking(organisation, None)? {
            match (found.key, here.get(&found.member)) {
                (PersonalKey::Erased, Some(PersonalKey::Erased)) | (PersonalKey::Wrapped { .. }, Some(_)) => {}
                (PersonalKey::Erased, _) => {
                    self.store.erase(organisation, &found.member, Utc::now().timestamp_micros()).await?;
                }
                (PersonalKey::Wrapped { kek, bytes }, None) => {
                    fresh.push((MemberId::known(&found.member), source.encryption.unwrap(&kek, &bytes)?));
                }
            }
        }
        for batch in fresh.chunks(BATCH) {
            let batch: Vec<_> = batch.iter().map(|(member, key)| (member, key)).collect();
            self.wrap_and_add(organisation, &batch).await?;
        }
        Ok(fresh.len() as u64)
    }
}
