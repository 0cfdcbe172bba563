//! Hearing of what other processes append, and telling them.
//!
//! A notification is only a hint to look: it carries nothing, and a lost one costs a polling interval.
//! It is sent after the commit, on the connection for questions, and at most once in a while: inside
//! the append it would hold a lock of the whole server until the commit is on the disk.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, Notify};
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client, Error};

use super::connection::Connector;
use super::reader::Readers;
use crate::store::StoreError;
use crate::store::notify::News;

/// Between two looks while notifications arrive: what a lost one costs.
const POLL: Duration = Duration::from_secs(1);

/// Between two looks while they do not: the connection is lost, or the server is a standby.
const POLL_DEAF: Duration = Duration::from_millis(100);

/// Between two notifications of one process.
const PAUSE: Duration = Duration::from_millis(5);

/// A notification that the server does not take in this time is not sent.
const SENDING: Duration = Duration::from_secs(1);

/// What a store hears and tells.
#[derive(Debug)]
pub(super) struct Follow {
    readers: Arc<Readers>,
    news: News,
    /// Of those who wait, one listens for all. The connection stays when another takes over.
    hearing: Mutex<Hearing>,
    /// Whether there is something to tell, and whoever tells it.
    untold: AtomicBool,
    teller: Notify,
    sending: Mutex<()>,
}

/// How it is heard of news. A connection that cannot be opened is not tried at every look: a standby
/// refuses each.
#[derive(Debug)]
enum Hearing {
    Ears(Ears),
    Opening(JoinHandle<Result<Ears, Error>>),
    DeafUntil(Instant),
}

impl Default for Hearing {
    fn default() -> Self {
        Self::DeafUntil(Instant::now())
    }
}

/// A connection that listens.
#[derive(Debug)]
struct Ears {
    client: Client,
    heard: Arc<Notify>,
}

impl Follow {
    pub(super) fn new(readers: Arc<Readers>) -> Arc<Self> {
        let (news, hearing, untold, teller, sending) = Default::default();
        Arc::new(Self { readers, news, hearing, untold, teller, sending })
    }

    /// Tells this process at once, and the others in a moment.
    pub(super) fn announce(&self, head: u64) {
        self.news.announce(head);
        self.untold.store(true, Ordering::Release);
        self.teller.notify_one();
    }

    /// Tells other processes for as long as the store's thread lives.
    pub(super) async fn tell(self: Arc<Self>) {
        loop {
            self.teller.notified().await;
            self.tell_now().await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn tell_now(&self) {
        // Whoever closes the store waits for what is on its way.
        let _sending = self.sending.lock().await;
        if self.untold.swap(false, Ordering::AcqRel) {
            // Without it the others find out by looking.
            let _ = tokio::time::timeout(SENDING, self.readers.notify()).await;
        }
    }

    pub(super) async fn close(&self) {
        self.tell_now().await;
        self.news.close();
    }

    pub(super) async fn wait(&self, connector: &Connector, after: u64, timeout: Duration) -> Result<u64, StoreError> {
        self.readers.refuse_if_closed()?;
        self.news.wait(after, timeout, self.look(connector), self.readers.global_head()).await
    }

    async fn look(&self, connector: &Connector) -> Result<Infallible, StoreError> {
        let mut hearing = self.hearing.lock().await;
        loop {
            self.news.announce(self.readers.global_head().await?);
            match &mut *hearing {
                Hearing::Ears(ears) if !ears.client.is_closed() => {
                    let _ = tokio::time::timeout(POLL, ears.heard.notified()).await;
                }
                // Then look at once: something may have come before anybody listened.
                Hearing::Opening(opening) => {
                    let opened = tokio::time::timeout(POLL_DEAF, opening).await;
                    match opened {
                        Ok(Ok(Ok(ears))) => *hearing = Hearing::Ears(ears),
                        Ok(_) => *hearing = Hearing::DeafUntil(Instant::now() + POLL),
                        Err(_) => {}
                    }
                }
                Hearing::DeafUntil(next) if *next > Instant::now() => tokio::time::sleep(POLL_DEAF).await,
                // On its own, so that it goes on when whoever waits has waited long enough.
                _ => *hearing = Hearing::Opening(connector.home.spawn(listen(connector.clone()))),
            }
        }
    }
}

/// Opens a connection that listens, on the channel that is named like the schema.
async fn listen(connector: Connector) -> Result<Ears, Error> {
    let heard = Arc::new(Notify::new());
    let (client, mut connection) = connector.location.config.connect(connector.tls.clone()).await?;
    let bell = heard.clone();
    tokio::spawn(poll_fn(move |context| {
        loop {
            match connection.poll_message(context) {
                Poll::Ready(Some(Ok(AsyncMessage::Notification(_)))) => bell.notify_one(),
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(_)) | None) => {
                    bell.notify_one();
                    return Poll::Ready(());
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }));
    client.batch_execute(&format!("LISTEN {}", connector.location.schema)).await?;
    Ok(Ears { client, heard })
}
