//! The tables beside the log, in the same schema.

mod compare;
mod control;
mod rows;
mod writer;

use async_trait::async_trait;
use tokio_postgres::{Error, Row};

use self::writer::Writer;
use super::connection::Connector;
use super::error::is_lost;
use crate::store::projection::{self, Control, Duty, ProjectionStore, ProjectionWriter};
use crate::store::{Access, StoreError};

const TABLES_SQL: &str = include_str!("../../../../migrations/postgres/projections/tables.sql");
const VIEWS_SQL: &str = include_str!("../../../../migrations/postgres/projections/views.sql");

/// On a connection with a duty: a dead process is noticed soon, and what a crash of the server takes
/// away is projected again, because rows and checkpoint go together.
const SETTINGS: &str = "SET synchronous_commit TO off; SET idle_session_timeout TO 0;
    SET tcp_keepalives_idle TO 3; SET tcp_keepalives_interval TO 1; SET tcp_keepalives_count TO 3";

/// Where whole tables are gone through.
const BUILD_SETTINGS: &str = "SET statement_timeout TO 0; SET enable_seqscan TO on; SET enable_bitmapscan TO on;
    SET plan_cache_mode TO auto; SET maintenance_work_mem TO '128MB'";

/// The projections of a store.
#[derive(Debug)]
pub(super) struct Projections {
    connector: Connector,
}

impl Projections {
    pub(super) fn new(connector: Connector) -> Self {
        Self { connector }
    }

    /// Asks once, on a connection of its own.
    async fn ask(&self, sql: &'static str, key: i64) -> Result<bool, StoreError> {
        let session = self.connector.session().await?;
        let answer = session.query(sql, &[&key]).await.and_then(|rows| yes(&rows));
        session.close().await;
        answer.map_err(|error| self.connector.location.translate(&error))
    }

    /// The number of the advisory lock: next to that of the log.
    fn key(&self, duty: Duty) -> i64 {
        let distance: i64 = match duty {
            Duty::Follow => 1,
            Duty::Build => 2,
        };
        self.connector.location.lock_key() ^ (distance << 32)
    }
}

fn yes(rows: &[Row]) -> Result<bool, Error> {
    Ok(rows.first().map(|row| row.try_get::<_, Option<bool>>(0)).transpose()?.flatten().unwrap_or(false))
}

#[async_trait]
impl ProjectionStore for Projections {
    fn format(&self) -> String {
        projection::format_of(TABLES_SQL, VIEWS_SQL)
    }

    async fn control(&self) -> Result<Control, StoreError> {
        let mut patience = self.connector.patience();
        loop {
            let session = self.connector.session().await?;
            match control::read(&session.client).await {
                Ok(control) => {
                    session.close().await;
                    return Ok(control);
                }
                Err(error) if is_lost(&error) && patience.again().await => {}
                Err(error) => return Err(self.connector.location.translate(&error)),
            }
        }
    }

    async fn is_taken(&self, duty: Duty) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (
                       SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                       AND (classid::bigint << 32 | objid::bigint) = $1
                   )";
        self.ask(sql, self.key(duty)).await
    }

    async fn take(&self, duty: Duty) -> Result<Option<Box<dyn ProjectionWriter>>, StoreError> {
        let location = &self.connector.location;
        if self.connector.options.access == Access::Read {
            return Err(location.read_only());
        }
        let session = self.connector.session().await?;
        let taken = async {
            let settings = if duty == Duty::Build { BUILD_SETTINGS } else { "" };
            session.client.batch_execute(&format!("{SETTINGS}; {settings}")).await?;
            yes(&session.query("SELECT pg_try_advisory_lock($1)", &[&self.key(duty)]).await?)
        };
        match taken.await {
            Ok(true) => Ok(Some(Box::new(Writer::new(session, location.clone(), self.format())))),
            Ok(false) => {
                session.close().await;
                Ok(None)
            }
            Err(error) => Err(location.translate(&error)),
        }
    }
}
