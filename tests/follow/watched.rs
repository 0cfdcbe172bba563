//! A store that counts the questions it is asked, and can be made to fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chancery::store::{
    AdoptedKey, Adoption, Append, Appended, Bound, Folder, HashedVisitor, Head, Idempotency, KeyUse, Range, RowHashes,
    Snapshot, Store, StoreError, StoredCheckpoint, Visitor,
};

#[derive(Debug)]
pub(super) struct Watched {
    store: Arc<dyn Store>,
    /// Questions about one organisation.
    pub(super) questions: AtomicU64,
    /// Nothing is heard of what others write.
    pub(super) deaf: AtomicBool,
}

impl Watched {
    pub(super) fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { store, questions: AtomicU64::new(0), deaf: AtomicBool::new(false) })
    }

    fn count(&self) {
        self.questions.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Store for Watched {
    async fn append(&self, request: Append) -> Result<Appended, StoreError> {
        self.store.append(request).await
    }

    async fn scan(&self, range: Range, visitor: Visitor) -> Result<(), StoreError> {
        self.store.scan(range, visitor).await
    }

    async fn fold(&self, organisation: &str, after: u64, until: u64, folder: Folder) -> Result<(), StoreError> {
        self.count();
        self.store.fold(organisation, after, until, folder).await
    }

    async fn head(&self, organisation: &str) -> Result<Option<Head>, StoreError> {
        self.count();
        self.store.head(organisation).await
    }

    async fn heads(&self) -> Result<Vec<Head>, StoreError> {
        self.store.heads().await
    }

    async fn earlier(&self, organisation: &str, idempotency: &Idempotency) -> Result<Option<Appended>, StoreError> {
        self.store.earlier(organisation, idempotency).await
    }

    async fn note_key_uses(&self, uses: Vec<KeyUse>) -> Result<(), StoreError> {
        self.store.note_key_uses(uses).await
    }

    async fn key_uses(&self, organisation: &str) -> Result<Vec<KeyUse>, StoreError> {
        self.store.key_uses(organisation).await
    }

    async fn keys(&self, organisation: &str, after: &str, limit: usize) -> Result<Vec<AdoptedKey>, StoreError> {
        self.store.keys(organisation, after, limit).await
    }

    async fn adopt(&self, adoption: Adoption) -> Result<(), StoreError> {
        self.store.adopt(adoption).await
    }

    async fn scan_hashed(
        &self,
        organisation: &str,
        after: u64,
        until: u64,
        visitor: HashedVisitor,
    ) -> Result<(), StoreError> {
        self.store.scan_hashed(organisation, after, until, visitor).await
    }

    async fn hashes_at(&self, organisation: &str, positions: &[u64]) -> Result<Vec<RowHashes>, StoreError> {
        self.store.hashes_at(organisation, positions).await
    }

    async fn save_checkpoint(&self, checkpoint: StoredCheckpoint) -> Result<(), StoreError> {
        self.store.save_checkpoint(checkpoint).await
    }

    async fn checkpoints(&self, organisation: &str) -> Result<Vec<StoredCheckpoint>, StoreError> {
        self.store.checkpoints(organisation).await
    }

    async fn changed(&self, after: u64, timeout: Duration) -> Result<u64, StoreError> {
        if self.deaf.load(Ordering::SeqCst) {
            return Err(StoreError::Busy { location: "test".to_owned() });
        }
        self.store.changed(after, timeout).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), StoreError> {
        self.store.save_snapshot(snapshot).await
    }

    async fn snapshot(&self, organisation: &str, layout: u32, bound: Bound) -> Result<Option<Snapshot>, StoreError> {
        self.count();
        self.store.snapshot(organisation, layout, bound).await
    }

    async fn forget_snapshots(&self, organisation: Option<&str>) -> Result<u64, StoreError> {
        self.store.forget_snapshots(organisation).await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
