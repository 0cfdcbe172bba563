//! Members' keys of the store in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use parking_lot::RwLock;

use super::StoreError;
use super::keys::{Added, KeyStore, MemberKey, PersonalKey, Purged};

/// Keys that are gone when the process ends.
#[derive(Debug, Default)]
pub(super) struct MemoryKeys(RwLock<Kept>);

#[derive(Debug, Default)]
struct Kept {
    kek: Option<String>,
    keys: BTreeMap<(String, String), PersonalKey>,
}

fn member_key(((organisation, member), key): (&(String, String), &PersonalKey)) -> MemberKey {
    MemberKey { organisation: organisation.clone(), member: member.clone(), key: key.clone() }
}

#[async_trait]
impl KeyStore for MemoryKeys {
    fn keys_blocking(&self, organisation: &str, member: Option<&str>) -> Result<Vec<MemberKey>, StoreError> {
        let kept = self.0.read();
        let wanted = |(whose, of): &(String, String)| whose == organisation && member.is_none_or(|member| member == of);
        Ok(kept.keys.iter().filter(|(name, _)| wanted(name)).map(member_key).collect())
    }

    async fn kek(&self) -> Result<Option<String>, StoreError> {
        Ok(self.0.read().kek.clone())
    }

    async fn add(&self, kek: &str, keys: Vec<MemberKey>) -> Result<Added, StoreError> {
        let mut kept = self.0.write();
        if kept.kek.get_or_insert_with(|| kek.to_owned()) != kek {
            return Ok(Added::Renewed);
        }
        let named = |key: MemberKey| ((key.organisation, key.member), key.key);
        let keys: Vec<_> = keys.into_iter().map(named).collect();
        if keys.iter().any(|(name, _)| kept.keys.contains_key(name)) {
            return Ok(Added::Taken);
        }
        kept.keys.extend(keys);
        Ok(Added::Kept)
    }

    async fn erase(&self, organisation: &str, member: &str, _: i64) -> Result<bool, StoreError> {
        let name = (organisation.to_owned(), member.to_owned());
        let before = self.0.write().keys.insert(name, PersonalKey::Erased);
        Ok(matches!(before, Some(PersonalKey::Wrapped { .. })))
    }

    async fn renew(&self, kek: &str) -> Result<(), StoreError> {
        self.0.write().kek = Some(kek.to_owned());
        Ok(())
    }

    async fn wrapped_otherwise(&self, current: &str, limit: usize) -> Result<Vec<MemberKey>, StoreError> {
        let other = |key: &PersonalKey| matches!(key, PersonalKey::Wrapped { kek, .. } if kek != current);
        Ok(self.0.read().keys.iter().filter(|(_, key)| other(key)).take(limit).map(member_key).collect())
    }

    async fn rewrap(&self, keys: Vec<MemberKey>) -> Result<(), StoreError> {
        let mut kept = self.0.write();
        for MemberKey { organisation, member, key } in keys {
            if let Some(present @ PersonalKey::Wrapped { .. }) = kept.keys.get_mut(&(organisation, member)) {
                *present = key;
            }
        }
        Ok(())
    }

    async fn purge(&self) -> Result<Purged, StoreError> {
        Ok(Purged::Whole)
    }
}
