//! Committing a batch over a connection that may be lost at any moment.

use std::time::Duration;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use super::batch::{self, Answer};
use super::connection::{Connector, Patience, Session};
use super::error::{in_words, is_cancelled, is_lost};
use super::usual;
use crate::store::StoreError;
use crate::store::hashed::Hashed;

/// Times that a batch is sent because the connection was lost before it was committed.
const ATTEMPTS: usize = 10;

/// Beyond the server's own time-out: then the network is at fault.
const GRACE: Duration = Duration::from_secs(5);

/// Why a batch has no answers.
pub(super) enum Failure {
    /// For a reason that does not lie in a request.
    Whole(StoreError),
    /// Perhaps for one of its requests. Nothing of the batch was written.
    Statement(Error),
}

/// The connection that writes.
pub(super) struct Committer {
    pub(super) connector: Connector,
    session: Option<(Session, Uuid)>,
    batch: i64,
}

/// What was sent when a connection was lost.
struct Lost {
    writer: Uuid,
    batch: i64,
}

impl Committer {
    pub(super) fn new(connector: Connector) -> Self {
        Self { connector, session: None, batch: 0 }
    }

    /// Opens the connection now, so that a mistake shows at once.
    pub(super) async fn open(&mut self) -> Result<(), StoreError> {
        let session = self.connector.connect().await.map_err(|error| self.connector.location.translate(&error))?;
        let writer = Uuid::new_v4();
        register(&session, writer).await.map_err(|error| self.connector.location.translate(&error))?;
        self.session = Some((session, writer));
        Ok(())
    }

    /// Writes the requests. After `Ok` what was answered with `Ok` is durable, whatever happened to
    /// the connection; after `Err` the error says what is known.
    pub(super) async fn commit(&mut self, requests: &[&Hashed]) -> Result<Vec<Answer>, Failure> {
        let mut patience = self.connector.patience();
        let mut lost = None;
        for _ in 0..ATTEMPTS {
            if let Some(lost) = &lost
                && let Some(answers) = self.resolve(lost, requests, &mut patience).await?
            {
                return Ok(answers);
            }
            // What was sent before is known to be without effect.
            let (session, writer) = self.session(false, &mut patience).await?;
            self.batch += 1;
            let sent = Lost { writer, batch: self.batch };
            let limit = self.connector.options.statement_timeout + GRACE;
            let attempt = tokio::time::timeout(limit, try_commit(&session, &self.connector, &sent, requests)).await;
            match attempt {
                Ok(Ok(Some(answers))) => {
                    self.session = Some((session, writer));
                    return Ok(answers);
                }
                Ok(Err(error)) if !is_lost(&error) => {
                    self.session = Some((session, writer));
                    return Err(self.classify(error));
                }
                // Fenced, lost, or silent.
                Ok(Ok(None) | Err(_)) | Err(_) => lost = Some(sent),
            }
        }
        // Perhaps it is this very batch that brings the connection down.
        match &lost {
            Some(lost) => match self.resolve(lost, requests, &mut patience).await? {
                Some(answers) => Ok(answers),
                None => {
                    Err(Failure::Whole(unknown(&self.connector.location, "the connection is lost each time", false)))
                }
            },
            None => Err(Failure::Whole(StoreError::Closed)),
        }
    }

    /// The open connection, or a new one. It is taken out, so that one which fails is gone.
    async fn session(&mut self, sent: bool, patience: &mut Patience) -> Result<(Session, Uuid), Failure> {
        if let Some(open) = self.session.take().filter(|(session, _)| !session.client.is_closed()) {
            return Ok(open);
        }
        let location = &self.connector.location;
        loop {
            let writer = Uuid::new_v4();
            let session = self.connector.session().await.map_err(|error| unreachable(location, error, sent))?;
            match register(&session, writer).await {
                Ok(()) => return Ok((session, writer)),
                Err(error) if is_lost(&error) && patience.again().await => {}
                Err(error) => return Err(Failure::Whole(unknown(location, &in_words(&error), sent))),
            }
        }
    }

    /// Finds out, on a new connection, what became of a batch whose answer was lost. `None` when
    /// nothing of it was or will be written.
    async fn resolve(
        &mut self,
        lost: &Lost,
        requests: &[&Hashed],
        patience: &mut Patience,
    ) -> Result<Option<Vec<Answer>>, Failure> {
        loop {
            let (session, writer) = self.session(true, patience).await?;
            match resolve_on(&session, lost, requests).await {
                Ok(answers) => {
                    self.session = Some((session, writer));
                    return Ok(answers);
                }
                // The lost statement may still be at work, and its row locked.
                Err(_) if patience.again().await => {}
                Err(error) => {
                    return Err(Failure::Whole(unknown(&self.connector.location, &in_words(&error), true)));
                }
            }
        }
    }

    fn classify(&self, error: Error) -> Failure {
        match error.code() {
            Some(&(SqlState::LOCK_NOT_AVAILABLE | SqlState::READ_ONLY_SQL_TRANSACTION | SqlState::DISK_FULL)) => {
                Failure::Whole(self.connector.location.translate(&error))
            }
            _ if is_cancelled(&error) => Failure::Whole(self.connector.location.translate(&error)),
            _ => Failure::Statement(error),
        }
    }

    /// What an error of a request alone says about it.
    pub(super) async fn blame(&mut self, request: &Hashed, error: &Error) -> Answer {
        let location = &self.connector.location;
        let constraint = error.as_db_error().and_then(|error| error.constraint());
        match (error.code(), constraint) {
            (Some(&SqlState::UNIQUE_VIOLATION), Some("events_pkey")) => {
                let Some((session, _)) = &self.session else { return None };
                match batch::taken(session, request).await {
                    Ok(taken) => taken.map(Err),
                    Err(error) => Some(Err(location.translate(&error))),
                }
            }
            // Its key was used meanwhile: the next attempt finds what for. And deadlocks pass.
            (Some(&SqlState::UNIQUE_VIOLATION), Some("requests_pkey")) => None,
            (Some(&SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE), _) => None,
            _ => Some(Err(location.translate(error))),
        }
    }

    pub(super) async fn close(&mut self) {
        if let Some((session, writer)) = self.session.take() {
            // A row that is left is removed by those who come later.
            let _ = session.query("DELETE FROM writers WHERE writer = $1", &[&writer]).await;
            session.close().await;
        }
    }
}

async fn try_commit(
    session: &Session,
    connector: &Connector,
    sent: &Lost,
    requests: &[&Hashed],
) -> Result<Option<Vec<Answer>>, Error> {
    let lock = connector.location.lock_key();
    if let Some(answers) = usual::append(session, lock, sent.writer, sent.batch, requests).await? {
        return Ok(Some(answers));
    }
    let Some(mut answers) = batch::append(session, lock, sent.writer, sent.batch, requests).await? else {
        return Ok(None);
    };
    batch::explain(session, requests, &mut answers).await?;
    Ok(Some(answers))
}

async fn resolve_on(session: &Session, lost: &Lost, requests: &[&Hashed]) -> Result<Option<Vec<Answer>>, Error> {
    let Some(mut answers) = batch::fence(session, lost.writer, lost.batch, requests).await? else { return Ok(None) };
    batch::explain(session, requests, &mut answers).await?;
    Ok(Some(answers))
}

/// Makes the connection known, and forgets those of processes that are long gone.
async fn register(session: &Session, writer: Uuid) -> Result<(), Error> {
    let sql = "WITH gone AS (DELETE FROM writers WHERE used < now() - interval '7 days')
               INSERT INTO writers (writer) VALUES ($1)";
    session.query(sql, &[&writer]).await.map(drop)
}

fn unreachable(location: &super::location::Location, error: StoreError, sent: bool) -> Failure {
    match error {
        StoreError::Failed { source, .. } => Failure::Whole(unknown(location, &source.to_string(), sent)),
        other => Failure::Whole(other),
    }
}

fn unknown(location: &super::location::Location, reason: &str, sent: bool) -> StoreError {
    location.failed(if sent {
        format!("{reason}; whether this request was written is not known")
    } else {
        format!("{reason}; nothing of this request was written")
    })
}
