//! What a process knows of how far the log has come, and who waits for more.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

use super::StoreError;

/// The highest global position that this process has heard of. It only grows.
#[derive(Debug, Default)]
pub(super) struct News(watch::Sender<Known>);

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    head: u64,
    closed: bool,
}

impl News {
    /// Wakes those who wait for this position or an earlier one.
    pub(super) fn announce(&self, head: u64) {
        self.0.send_if_modified(|known| {
            let more = head > known.head;
            known.head = known.head.max(head);
            more
        });
    }

    /// Whoever waits is told that the store is closed.
    pub(super) fn close(&self) {
        self.0.send_modify(|known| known.closed = true);
    }

    /// Waits until a position above `after` is known.
    async fn beyond(&self, after: u64) -> Result<u64, StoreError> {
        let mut known = self.0.subscribe();
        let known = known.wait_for(|known| known.closed || known.head > after).await;
        match known {
            Ok(known) if !known.closed => Ok(known.head),
            _ => Err(StoreError::Closed),
        }
    }

    /// [`Store::changed`](super::Store::changed): `look` announces what it finds for as long as it is
    /// polled, and `read` reads the head once, at the end of a wait in vain.
    pub(super) async fn wait(
        &self,
        after: u64,
        timeout: Duration,
        look: impl Future<Output = Result<Infallible, StoreError>>,
        read: impl Future<Output = Result<u64, StoreError>>,
    ) -> Result<u64, StoreError> {
        tokio::select! {
            biased;
            known = self.beyond(after) => known,
            failure = look => failure.map(|never| match never {}),
            () = tokio::time::sleep(timeout) => {
                let head = read.await?;
                self.announce(head);
                Ok(head)
            }
        }
    }
}
