//! A store that does not put up with what the head check is there to prevent.
//!
//! Unique indexes stand behind the head check, and the engine would decide again: without this, the check
//! could be missing and nobody would notice.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chancery::store::projection::ProjectionStore;
use chancery::store::{
    AdoptedKey, Adoption, Append, Appended, Bound, Folder, HashedVisitor, Head, Idempotency, KeyUse, Range, RowHashes,
    Snapshot, Store, StoreError, StoredCheckpoint, Visitor,
};

/// A store, and a panic when two appends meet anywhere but at the head of their organisation.
#[derive(Debug)]
pub(super) struct Guarded<S>(pub(super) S);

/// PostgreSQL's `unique_violation`, as the store's errors cite it.
const NOT_UNIQUE: &str = "SQLSTATE 23505";

#[async_trait]
impl<S: Store> Store for Guarded<S> {
    async fn append(&self, request: Append) -> Result<Appended, StoreError> {
        let appended = self.0.append(request).await;
        if let Err(error) = &appended {
            let got_past = matches!(error, StoreError::SequenceTaken { .. }) || error.to_string().contains(NOT_UNIQUE);
            assert!(!got_past, "a stale request got past the head check: {error}");
        }
        appended
    }

    async fn scan(&self, range: Range, visitor: Visitor) -> Result<(), StoreError> {
        self.0.scan(range, visitor).await
    }

    async fn fold(&self, organisation: &str, after: u64, until: u64, folder: Folder) -> Result<(), StoreError> {
        self.0.fold(organisation, after, until, folder).await
    }

    async fn head(&self, organisation: &str) -> Result<Option<Head>, StoreError> {
        self.0.head(organisation).await
    }

    async fn heads(&self) -> Result<Vec<Head>, StoreError> {
        self.0.heads().await
    }

    async fn earlier(&self, organisation: &str, idempotency: &Idempotency) -> Result<Option<Appended>, StoreError> {
        self.0.earlier(organisation, idempotency).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), StoreError> {
        self.0.save_snapshot(snapshot).await
    }

    async fn snapshot(&self, organisation: &str, layout: u32, bound: Bound) -> Result<Option<Snapshot>, StoreError> {
        self.0.snapshot(organisation, layout, bound).await
    }

    async fn forget_snapshots(&self, organisation: Option<&str>) -> Result<u64, StoreError> {
        self.0.forget_snapshots(organisation).await
    }

    async fn note_key_uses(&self, uses: Vec<KeyUse>) -> Result<(), StoreError> {
        self.0.note_key_uses(uses).await
    }

    async fn key_uses(&self, organisation: &str) -> Result<Vec<KeyUse>, StoreError> {
        self.0.key_uses(organisation).await
    }

    async fn keys(&self, organisation: &str, after: &str, limit: usize) -> Result<Vec<AdoptedKey>, StoreError> {
        self.0.keys(organisation, after, limit).await
    }

    async fn adopt(&self, adoption: Adoption) -> Result<(), StoreError> {
        self.0.adopt(adoption).await
    }

    async fn scan_hashed(
        &self,
        organisation: &str,
        after: u64,
        until: u64,
        visitor: HashedVisitor,
    ) -> Result<(), StoreError> {
        self.0.scan_hashed(organisation, after, until, visitor).await
    }

    async fn hashes_at(&self, organisation: &str, positions: &[u64]) -> Result<Vec<RowHashes>, StoreError> {
        self.0.hashes_at(organisation, positions).await
    }

    async fn save_checkpoint(&self, checkpoint: StoredCheckpoint) -> Result<(), StoreError> {
        self.0.save_checkpoint(checkpoint).await
    }

    async fn checkpoints(&self, organisation: &str) -> Result<Vec<StoredCheckpoint>, StoreError> {
        self.0.checkpoints(organisation).await
    }

    async fn changed(&self, after: u64, timeout: Duration) -> Result<u64, StoreError> {
        self.0.changed(after, timeout).await
    }

    fn projections(&self) -> Option<Arc<dyn ProjectionStore>> {
        self.0.projections()
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
