//! Connections: how they are opened, what is set on them, and that they come back after the server does.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Duration, sleep};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::OpenOptions;
use super::error::is_passing;
use super::location::Location;
use crate::store::{Access, StoreError};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long it is worth trying again, with growing pauses.
pub(super) struct Patience {
    deadline: Instant,
    pause: Duration,
}

impl Patience {
    pub(super) fn new(length: Duration) -> Self {
        Self { deadline: Instant::now() + length, pause: FIRST_PAUSE }
    }

    /// Waits a while; false when it has been long enough.
    pub(super) async fn again(&mut self) -> bool {
        if Instant::now() + self.pause > self.deadline {
            return false;
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

/// An open connection, and the statements that were prepared on it.
pub(super) struct Session {
    pub(super) client: Client,
    statements: Mutex<HashMap<&'static str, Statement>>,
    /// Moves the bytes.
    driver: JoinHandle<()>,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("closed", &self.client.is_closed()).finish_non_exhaustive()
    }
}

impl Session {
    /// Prepares a statement once.
    pub(super) async fn statement(&self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(statement) = self.statements.lock().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.lock().insert(sql, statement.clone());
        Ok(statement)
    }

    pub(super) async fn query(&self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        self.client.query(&self.statement(sql).await?, parameters).await
    }

    /// Says goodbye to the server, rather than vanishing.
    pub(super) async fn close(self) {
        drop((self.client, self.statements));
        let _ = tokio::time::timeout(Duration::from_secs(1), self.driver).await;
    }
}

/// Opens connections. They live on the store's own thread, so that nothing which blocks elsewhere
/// holds them up.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) location: Location,
    pub(super) options: OpenOptions,
    pub(super) tls: MakeRustlsConnect,
    pub(super) home: Handle,
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connector").field("location", &self.location.name()).finish_non_exhaustive()
    }
}

impl Connector {
    pub(super) fn new(location: Location, options: OpenOptions, home: Handle) -> Result<Self, StoreError> {
        let tls = location.trust.connector().map_err(|reason| location.foreign(reason))?;
        Ok(Self { location, options, tls, home })
    }

    /// Opens a connection now, or says why not.
    pub(super) async fn connect(&self) -> Result<Session, Error> {
        let (client, connection) = self.location.config.connect(self.tls.clone()).await?;
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer learns of the failure.
            let _ = connection.await;
        });
        client.batch_execute(&self.settings()).await?;
        Ok(Session { client, statements: Mutex::default(), driver })
    }

    /// The plans are few, known, and all of them along an index, however small the tables are now.
    fn settings(&self) -> String {
        let OpenOptions { access, lock_timeout, statement_timeout, .. } = &self.options;
        let read_only = if *access == Access::Read { "on" } else { "off" };
        format!(
            "SET search_path TO {schema}, pg_temp; SET lock_timeout TO {lock}; SET statement_timeout TO {statement};
             SET default_transaction_read_only TO {read_only}; SET default_transaction_isolation TO 'read committed';
             SET client_encoding TO 'UTF8'; SET jit TO off; SET plan_cache_mode TO force_generic_plan;
             SET enable_seqscan TO off; SET enable_bitmapscan TO off;
             SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')",
            schema = self.location.schema,
            lock = milliseconds(*lock_timeout),
            statement = milliseconds(*statement_timeout),
        )
    }

    /// Opens a connection, trying again for as long as the options say while the server restarts.
    async fn connect_patiently(self) -> Result<Session, StoreError> {
        let mut patience = self.patience();
        loop {
            match self.connect().await {
                Ok(session) => return Ok(session),
                Err(error) if is_passing(&error) && patience.again().await => {}
                Err(error) => return Err(self.location.translate(&error)),
            }
        }
    }

    /// How long to try again after a loss.
    pub(super) fn patience(&self) -> Patience {
        Patience::new(self.options.reconnect_timeout)
    }

    /// [`connect_patiently`](Self::connect_patiently) from any thread.
    pub(super) async fn session(&self) -> Result<Session, StoreError> {
        self.at_home(self.clone().connect_patiently()).await
    }

    /// Runs work on the store's own thread.
    pub(super) async fn at_home<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.home.spawn(work).await.unwrap_or(Err(StoreError::Closed))
    }
}

/// As PostgreSQL takes it: 0 would mean for ever.
fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX).max(1)
}
