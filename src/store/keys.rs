//! Members' wrapped keys, which a store keeps beside its log: rows that can be destroyed, unlike events.

use async_trait::async_trait;

use super::StoreError;

/// What is kept of a member's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonalKey {
    /// The key, wrapped.
    Wrapped {
        /// Name of the key-encryption key.
        kek: String,
        /// AES-KWP, 40 bytes.
        bytes: Vec<u8>,
    },
    /// The key was destroyed; none is kept for this member again.
    Erased,
}

/// A member's key with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberKey {
    /// Whose log.
    pub organisation: String,
    /// Whose key.
    pub member: String,
    /// What is kept.
    pub key: PersonalKey,
}

/// What became of keys that were to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// They are durable.
    Kept,
    /// None was: one of the members has a key already, or had one.
    Taken,
    /// None was: the store has another current key-encryption key by now.
    Renewed,
}

/// How far the traces of what was deleted are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purged {
    /// The database's own files have none.
    Whole,
    /// Some may be left; where.
    Partly(String),
}

/// The tables of a store's vault. What they promise, and what the contract suite checks of every implementation: a key
/// that was kept is durable; a key is never replaced but by the same key under another key-encryption key; an erased
/// one never comes back.
#[async_trait]
pub trait KeyStore: Send + Sync + std::fmt::Debug {
    /// The keys of an organisation, or of one of its members. Waits on the caller's thread: names are shown where
    /// nobody can wait otherwise. A store that is only read, and is older than vaults are, has none.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn keys_blocking(&self, organisation: &str, member: Option<&str>) -> Result<Vec<MemberKey>, StoreError>;

    /// The name of the current key-encryption key, once there is one.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn kek(&self) -> Result<Option<String>, StoreError>;

    /// Keeps new keys, all or none, durably, if `kek` is the current key-encryption key; the first one that is named
    /// becomes it.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn add(&self, kek: &str, keys: Vec<MemberKey>) -> Result<Added, StoreError>;

    /// Destroys a member's key for good, also where there was none; whether there was one.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn erase(&self, organisation: &str, member: &str, time: i64) -> Result<bool, StoreError>;

    /// Names another key-encryption key the current one: from then on no key is kept under the one before.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn renew(&self, kek: &str) -> Result<(), StoreError>;

    /// Some keys that are wrapped under another key-encryption key than the named one, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn wrapped_otherwise(&self, kek: &str, limit: usize) -> Result<Vec<MemberKey>, StoreError>;

    /// Puts keys that were wrapped anew in the place of the same keys. Those erased meanwhile stay so.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn rewrap(&self, keys: Vec<MemberKey>) -> Result<(), StoreError>;

    /// Removes what is left of deleted rows in the database's own files.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn purge(&self) -> Result<Purged, StoreError>;
}
