//! An organisation of a service, kept in this process.

use std::sync::Arc;

use chancery_aggregates::AccessState;
use chancery_aggregates::event::{Event, Stamp};

use super::{Client, ClientError, Feed, FeedEvent};
use crate::embed::Organisation;
use crate::engine::Published;

/// An organisation of a service, folded from its feed: checks ask nobody, and answer as of the last event that came.
/// The key has to be of a member who may read the whole audit log.
///
/// ```no_run
/// # async fn keep(client: &chancery::client::Client) -> Result<(), chancery::client::ClientError> {
/// let mut replica = client.replica("acme");
/// let acme = replica.organisation(); // for whoever checks, on any thread
/// loop {
///     replica.advance().await?;
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Replica<'a> {
    feed: Feed<'a>,
    state: AccessState,
    published: Arc<Published>,
}

impl Client {
    /// A replica of an organisation; empty until it [advances](Replica::advance).
    pub fn replica(&self, organisation: &str) -> Replica<'_> {
        let state = AccessState::default().with_index();
        Replica { feed: self.feed(organisation, 0), state, published: Arc::default() }
    }
}

impl Replica<'_> {
    /// What answers checks: always the newest version.
    pub fn organisation(&self) -> Organisation {
        Organisation::new(self.published.clone())
    }

    /// The access state, for what an index does not tell.
    pub fn state(&self) -> &AccessState {
        &self.state
    }

    /// Waits for the next event and takes it in; answers its position. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// When the service refuses to go on, or sends what cannot be read: the replica stays as of the event before.
    pub async fn advance(&mut self) -> Result<u64, ClientError> {
        let sent = self.feed.next().await?;
        // After an event that could not be read, the later ones mean nothing.
        if sent.position != self.state.position() + 1 {
            return Err(ClientError::Gap { after: self.state.position(), got: sent.position });
        }
        let event = read(&sent)?;
        self.state.apply(&event, Stamp { position: sent.position, time: sent.time });
        if let Some(index) = self.state.index() {
            self.published.publish(index.clone());
        }
        Ok(sent.position)
    }
}

fn read(sent: &FeedEvent) -> Result<Event, ClientError> {
    let aggregate = sent.subject.split('/').next().unwrap_or_default();
    let name = sent.kind.strip_prefix("chancery.").unwrap_or(&sent.kind);
    Event::parse(aggregate, name, &sent.eventversion, sent.data.get())
        .map_err(|error| ClientError::Unreadable { position: sent.position, reason: error.to_string() })
}
