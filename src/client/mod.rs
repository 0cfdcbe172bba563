//! A client of the service: what `chancery --server` and [`Replica`] stand on.
//!
//! ```no_run
//! # async fn ask() -> Result<(), Box<dyn std::error::Error>> {
//! use chancery::client::{Client, Connecting, Secret};
//!
//! let key = Secret::new(&std::env::var("CHANCERY_KEY")?)?;
//! let client = Client::new("https://access.example.com", key, Connecting::default())?;
//! let page = client.get("/v1/organisations/acme/members?limit=10").await?;
//! println!("{}", page["items"]);
//! # Ok(()) }
//! ```
//!
//! A client has one connection at a time, opened when it is needed and kept. Redirections are not followed: the key
//! is for the service that was named. What may be repeated is, within [`Connecting::patience`]: reads, and changes
//! under an idempotency key, which a repetition leaves made once. An answer that is lost is so asked for again.

mod connection;
mod error;
mod feed;
pub(crate) mod once;
mod replica;
pub(crate) mod tls;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::header::{HeaderValue, RETRY_AFTER};
use hyper::{Method, StatusCode};
use serde_json::Value;
use zeroize::Zeroizing;

use self::connection::{Answer, Connections, Failure, Prepared};
pub use self::error::ClientError;
pub use self::feed::{Feed, FeedEvent};
pub use self::replica::Replica;
use crate::api::lines::{Line, LineAnswer};
use crate::api::problem::ProblemDetails;

/// The pauses before something is tried again: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// A key. It shows in no debug output, and leaves memory when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A key as it was issued.
    ///
    /// # Errors
    /// When it cannot be one: it is empty, or has other characters than visible ones of ASCII.
    pub fn new(text: &str) -> Result<Self, ClientError> {
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(Zeroizing::new(text.to_owned()))) } else { Err(ClientError::BadKey) }
    }

    fn header(&self) -> Result<HeaderValue, ClientError> {
        let text = Zeroizing::new(format!("Bearer {}", self.0.as_str()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| ClientError::BadKey)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How a service is reached.
#[derive(Debug, Clone)]
pub struct Connecting {
    /// A PEM file with the authorities that its certificate may be of; without it, those of the system.
    pub authority: Option<PathBuf>,
    /// How long a connection may take to be made, its TLS included.
    pub connect: Duration,
    /// How long an answer may take.
    pub answer: Duration,
    /// For how long something that broke, or that the service cannot do now, is tried again.
    pub patience: Duration,
}

impl Default for Connecting {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { authority: None, connect: seconds(10), answer: seconds(60), patience: seconds(30) }
    }
}

/// Whether a request may be sent again when its answer is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeat {
    /// No: it would do something else, or do it twice.
    Never,
    /// Yes: it changes nothing.
    Freely,
    /// Yes, under this idempotency key.
    ByKey(String),
}

/// A client of a service. Requests take turns on its connection.
#[derive(Debug)]
pub struct Client {
    connections: Connections,
    patience: Duration,
}

impl Client {
    /// A client of the service at an address: `https://HOST` or `http://HOST:PORT`, with a path before `/v1` where
    /// a proxy has one. Nothing is sent before the first request.
    ///
    /// # Errors
    /// When the address makes no sense, or the authority's file cannot be read.
    pub fn new(url: &str, key: Secret, connecting: Connecting) -> Result<Self, ClientError> {
        let patience = connecting.patience;
        Ok(Self { connections: Connections::new(url, key.header()?, &connecting)?, patience })
    }

    /// Reads a path, such as `/v1/organisations/acme/roles`.
    ///
    /// # Errors
    /// When the service refuses it, or cannot be asked.
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        let prepared = Prepared::new(Method::GET, path);
        self.json(&self.send(&prepared, None, &Repeat::Freely).await?)
    }

    /// All items of a list, page by page.
    ///
    /// # Errors
    /// As [`Client::get`], and when a page cannot be understood.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>, ClientError> {
        let mark = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut next) = (Vec::new(), path.to_owned());
        loop {
            let mut page = self.get(&next).await?;
            match page.get_mut("items").map(Value::take) {
                Some(Value::Array(more)) => items.extend(more),
                _ => return Err(self.connections.strange(StatusCode::OK)),
            }
            match page.get("next").and_then(Value::as_str) {
                Some(cursor) => next = format!("{path}{mark}cursor={cursor}"),
                None => return Ok(items),
            }
        }
    }

    /// Changes something: `body` is sent with a method to a path.
    ///
    /// # Errors
    /// When the service refuses it, or cannot be asked. [`ClientError::Lost`] where it is not known what became of it.
    pub async fn change(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        repeat: &Repeat,
    ) -> Result<Value, ClientError> {
        let mut prepared = Prepared::new(method, path);
        prepared.body = Bytes::from(body.to_string());
        self.json(&self.send(&prepared, None, repeat).await?)
    }

    /// Has a line of the command line run.
    ///
    /// # Errors
    /// As [`Client::change`]. A line that is refused is an answer.
    pub async fn line(&self, line: &Line, repeat: Repeat) -> Result<LineAnswer, ClientError> {
        let body = |again| {
            // INVARIANT: a line is texts and numbers, which always have a JSON form.
            Bytes::from(serde_json::to_vec(&Line { again, ..line.clone() }).unwrap_or_default())
        };
        let mut prepared = Prepared::new(Method::POST, "/v1/lines");
        prepared.body = body(false);
        let answer = self.send(&prepared, Some(body(true)), &repeat).await?;
        let told: LineAnswer =
            serde_json::from_slice(&answer.body).map_err(|_| self.connections.strange(answer.status))?;
        let rule = told.error.as_ref().and_then(|error| error.get("rule")).and_then(Value::as_str);
        let named = line.words.iter().any(|word| word.starts_with("--idempotency-key"));
        // It was made the first time. What it says in relation to the present is no longer the same.
        if answer.again && !named && rule == Some("key_reused") {
            return Err(ClientError::MadeUnseen { server: self.connections.name().to_owned() });
        }
        Ok(told)
    }

    /// The events of an organisation after a position, as they come.
    pub fn feed(&self, organisation: &str, after: u64) -> Feed<'_> {
        Feed::new(&self.connections, organisation, after)
    }

    fn json(&self, answer: &Answer) -> Result<Value, ClientError> {
        serde_json::from_slice(&answer.body).map_err(|_| self.connections.strange(answer.status))
    }

    /// Sends a request until it is answered, as far as it may be repeated. `again` is its body from the second time on.
    async fn send(&self, first: &Prepared, again: Option<Bytes>, repeat: &Repeat) -> Result<Answer, ClientError> {
        let (begun, mut pause) = (Instant::now(), PAUSES.0);
        let mut prepared = first.clone();
        if let Repeat::ByKey(key) = repeat {
            prepared.idempotency_key = Some(key.clone());
        }
        // Whether the service may have got it: what was never reached is told at once.
        let mut reached = false;
        loop {
            let (failed, wait) = match self.connections.send(&prepared).await {
                Ok(answer) if answer.status.is_success() => return Ok(Answer { again: reached, ..answer }),
                Ok(answer) => {
                    reached = true;
                    let problem = self.problem(&answer);
                    match answer.status {
                        StatusCode::TOO_MANY_REQUESTS => (problem, retry_after(&answer)),
                        StatusCode::SERVICE_UNAVAILABLE if *repeat != Repeat::Never => (problem, retry_after(&answer)),
                        _ => return Err(problem),
                    }
                }
                Err(Failure { error, sent: true }) if *repeat == Repeat::Never => return Err(self.lost(error)),
                Err(Failure { error, sent }) => {
                    reached |= sent;
                    if !reached {
                        return Err(error);
                    }
                    (error, None)
                }
            };
            let wait = wait.unwrap_or(pause);
            if begun.elapsed() + wait > self.patience {
                let in_doubt = reached && matches!(repeat, Repeat::ByKey(_));
                return Err(if in_doubt { self.lost(failed) } else { failed });
            }
            tokio::time::sleep(wait).await;
            pause = PAUSES.1.min(pause * 2);
            if let Some(body) = &again {
                prepared.body = body.clone();
            }
        }
    }

    /// A change whose answer did not come.
    fn lost(&self, error: ClientError) -> ClientError {
        match error {
            // Said before anything was done.
            ClientError::Problem(problem) if problem.rule != "timed_out" => ClientError::Problem(problem),
            because => ClientError::Lost { server: self.connections.name().to_owned(), because: because.to_string() },
        }
    }

    fn problem(&self, answer: &Answer) -> ClientError {
        match serde_json::from_slice::<ProblemDetails>(&answer.body) {
            Ok(details) => ClientError::Problem(Box::new(details)),
            Err(_) => self.connections.strange(answer.status),
        }
    }
}

fn retry_after(answer: &Answer) -> Option<Duration> {
    let seconds = answer.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
