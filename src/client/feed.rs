//! The event feed of a service, read as Server-Sent Events and resumed by position.

use std::time::Duration;

use bytes::Bytes;
use chancery_aggregates::vocabulary::Time;
use http_body_util::BodyExt as _;
use hyper::Method;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, HeaderValue};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::connection::{Connections, Prepared};
use super::{ClientError, PAUSES};
use crate::api::problem::ProblemDetails;

/// The longest silence before a connection counts as broken: the service gives a sign of life every 15 seconds.
const SILENCE: Duration = Duration::from_secs(60);
/// The longest event, in bytes.
const LONGEST: usize = 16 << 20;

/// An event, as the feed has it (CloudEvents 1.0).
#[derive(Debug, Deserialize)]
pub struct FeedEvent {
    /// The position in the organisation's log.
    pub position: u64,
    /// When it was recorded.
    pub time: Time,
    /// `chancery.` and the event's name in the log.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of what: `organisation`, `role/ID`, `member/ID` or `scope/ID`.
    pub subject: String,
    /// The version of the event's contract.
    pub eventversion: String,
    /// A member's id, `@system` or `@operator`.
    pub actor: String,
    /// The event by its contract.
    pub data: Box<RawValue>,
}

/// The events of an organisation, as they come. A connection that breaks is opened anew, and goes on after the last
/// event that was handed out: nothing is left out and nothing comes twice.
#[derive(Debug)]
pub struct Feed<'a> {
    connections: &'a Connections,
    path: String,
    after: u64,
    body: Option<Incoming>,
    /// What has come and is not handed out yet.
    buffer: Vec<u8>,
    pause: Duration,
}

/// What a block of the stream says.
enum Block {
    Event(Box<FeedEvent>),
    Problem(Box<ProblemDetails>),
    Nothing,
}

impl<'a> Feed<'a> {
    pub(super) fn new(connections: &'a Connections, organisation: &str, after: u64) -> Self {
        let name = percent_encoding::utf8_percent_encode(organisation, percent_encoding::NON_ALPHANUMERIC);
        let path = format!("/v1/organisations/{name}/feed");
        Self { connections, path, after, body: None, buffer: Vec::new(), pause: PAUSES.0 }
    }

    /// The position of the last event that was handed out.
    pub fn position(&self) -> u64 {
        self.after
    }

    /// The next event; waits for it, across breaks of the connection and restarts of the service. Nothing is lost when
    /// the future is dropped.
    ///
    /// # Errors
    /// When the service refuses: the key ended, the right is gone, or the log is shorter than the position.
    pub async fn next(&mut self) -> Result<FeedEvent, ClientError> {
        loop {
            while let Some(block) = self.take_block() {
                match self.read(&block)? {
                    Block::Nothing => {}
                    Block::Event(event) => {
                        if event.position != self.after + 1 {
                            return Err(ClientError::Gap { after: self.after, got: event.position });
                        }
                        self.after = event.position;
                        self.pause = PAUSES.0;
                        return Ok(*event);
                    }
                    Block::Problem(problem) if problem.status >= 500 => self.hang_up(),
                    Block::Problem(problem) => return Err(ClientError::Problem(problem)),
                }
            }
            if self.body.is_none() {
                self.connect().await?;
            }
            self.receive().await?;
        }
    }

    /// Opens a connection; where there is none to be had, after a while.
    async fn connect(&mut self) -> Result<(), ClientError> {
        let mut prepared = Prepared::new(Method::GET, &format!("{}?after={}", self.path, self.after));
        prepared.headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        loop {
            match self.connections.stream(&prepared).await {
                Ok(response) if response.status().is_success() => {
                    self.body = Some(response.into_body());
                    return Ok(());
                }
                Ok(response) if response.status().is_server_error() || response.status().as_u16() == 429 => {}
                Ok(response) => {
                    let status = response.status();
                    let body = response.into_body().collect().await.map_err(|error| self.connections.broken(error))?;
                    return Err(match serde_json::from_slice(&body.to_bytes()) {
                        Ok(problem) => ClientError::Problem(Box::new(problem)),
                        Err(_) => self.connections.strange(status),
                    });
                }
                Err(ClientError::Unreachable { .. } | ClientError::Broken { .. }) => {}
                Err(error) => return Err(error),
            }
            tokio::time::sleep(self.pause).await;
            self.pause = PAUSES.1.min(self.pause * 2);
        }
    }

    /// Takes in what comes next.
    async fn receive(&mut self) -> Result<(), ClientError> {
        let Some(body) = &mut self.body else { return Ok(()) };
        match tokio::time::timeout(SILENCE, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                let data: Bytes = frame.into_data().unwrap_or_default();
                self.buffer.extend_from_slice(&data);
                if self.buffer.len() > LONGEST {
                    return Err(self.connections.broken("an event is longer than any"));
                }
            }
            // The rest of a block comes again.
            Ok(Some(Err(_)) | None) | Err(_) => self.hang_up(),
        }
        Ok(())
    }

    fn hang_up(&mut self) {
        self.body = None;
        self.buffer.clear();
    }

    /// The next whole block, without the empty line that ends it.
    fn take_block(&mut self) -> Option<String> {
        let end = self.buffer.windows(2).position(|pair| pair == b"\n\n")?;
        let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
        Some(String::from_utf8_lossy(&block).into_owned())
    }

    fn read(&self, block: &str) -> Result<Block, ClientError> {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        let Some(data) = field("data: ") else { return Ok(Block::Nothing) };
        let unreadable = |error: serde_json::Error| self.connections.broken(error);
        if field("event: ") == Some("problem") {
            return Ok(Block::Problem(serde_json::from_str(data).map_err(unreadable)?));
        }
        Ok(Block::Event(serde_json::from_str(data).map_err(unreadable)?))
    }
}
