//! Hearing of what other processes append to the file.
//!
//! SQLite tells nobody of a commit. Its head is a look at the right edge of a tree in shared memory,
//! some microseconds, so it is looked at while somebody waits. Appends of this process are announced.

use std::convert::Infallible;
use std::time::Duration;

use super::SqliteStore;
use super::reader::Readers;
use crate::store::StoreError;

/// Between two looks: as long as another process's append may stay unnoticed.
const POLL: Duration = Duration::from_millis(20);

impl SqliteStore {
    pub(super) async fn wait(&self, after: u64, timeout: Duration) -> Result<u64, StoreError> {
        self.readers.refuse_if_closed()?;
        self.news.wait(after, timeout, self.look(), self.read(Readers::global_head)).await
    }

    /// Of those who wait, one looks for all.
    async fn look(&self) -> Result<Infallible, StoreError> {
        let _turn = self.turn.lock().await;
        loop {
            self.news.announce(self.read(Readers::global_head).await?);
            tokio::time::sleep(POLL).await;
        }
    }
}
