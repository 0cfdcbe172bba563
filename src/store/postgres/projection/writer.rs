//! The connection that writes tables. It holds the duty's advisory lock, so that they end together.

use async_trait::async_trait;
use chancery_projections::tables::{TABLES, Table};
use tokio_postgres::Error;

use super::control::{self, number};
use super::rows::{Failed, Statements, write};
use super::{TABLES_SQL, VIEWS_SQL, compare};
use crate::store::StoreError;
use crate::store::postgres::connection::Session;
use crate::store::postgres::error::in_words;
use crate::store::postgres::location::Location;
use crate::store::projection::{
    ApplyError, Comparison, Generation, ProjectionWriter, RecordedFailure, Step, TableRows, identity, name, script,
    statements,
};

/// Rows of a transaction that follows the log, where it is behind: some tens of megabytes on their way. Those who
/// append do not wait for it.
const ROWS_AT_ONCE: usize = 65_536;

/// The session that has the duty.
#[derive(Debug)]
pub(super) struct Writer {
    session: Session,
    location: Location,
    format: String,
    prepared: Statements,
}

impl Writer {
    pub(super) fn new(session: Session, location: Location, format: String) -> Self {
        Self { session, location, format, prepared: Statements::default() }
    }

    async fn run(&self, sql: &str) -> Result<(), Error> {
        self.session.client.batch_execute(sql).await
    }

    /// Ends a transaction: well, or as if it had not been.
    async fn end<T, E>(&self, outcome: Result<T, E>, translate: impl FnOnce(Error) -> E) -> Result<T, E> {
        match outcome {
            Ok(done) => self.run("COMMIT").await.map(|()| done).map_err(translate),
            Err(error) => {
                // A connection that is lost has rolled back by itself.
                let _ = self.run("ROLLBACK").await;
                Err(error)
            }
        }
    }

    fn translate(&self, error: Error) -> StoreError {
        self.location.translate(&error)
    }

    fn failed(&self, failed: Failed) -> ApplyError {
        match failed {
            Failed::Missing(table) => ApplyError::Misfit { table, reason: "a row that ends is not there".to_owned() },
            Failed::Refused(table, error) => ApplyError::Misfit { table, reason: in_words(&error) },
            Failed::Database(error) => ApplyError::Store(self.location.translate(&error)),
        }
    }

    async fn try_create(&self) -> Result<Generation, Error> {
        let client = &self.session.client;
        let row = client.query_one("UPDATE projection_numbers SET last = last + 1 RETURNING last", &[]).await?;
        let number = number(&row, 0)?;
        for statement in statements(TABLES_SQL, number).iter().filter(is_table) {
            self.run(statement).await?;
        }
        for table in TABLES {
            self.run(&format!("ALTER TABLE {} DROP CONSTRAINT {}", name(number, table), primary_key(number, table)))
                .await?;
        }
        let sql = "INSERT INTO projection_generations (generation, format, checkpoint, live) VALUES ($1, $2, 0, false)";
        client.execute(sql, &[&number.cast_signed(), &self.format]).await?;
        Ok(Generation { number, format: self.format.clone(), checkpoint: 0, live: false })
    }

    async fn move_checkpoint(&mut self, step: &Step) -> Result<(), ApplyError> {
        let sql = "UPDATE projection_generations SET checkpoint = $3
                   WHERE generation = $1 AND checkpoint = $2 AND live = $4";
        let client = &self.session.client;
        let moved = async {
            let statement = self.prepared.prepare(client, sql.to_owned()).await?;
            let (generation, after, until) =
                (step.generation.cast_signed(), step.after.cast_signed(), step.until.cast_signed());
            let moved = client.execute(&statement, &[&generation, &after, &until, &step.live]).await?;
            for omission in &step.omissions {
                control::omit(client, omission).await?;
            }
            Ok(moved)
        };
        match moved.await {
            Ok(1) => Ok(()),
            Ok(_) => Err(ApplyError::Overtaken),
            Err(error) => Err(ApplyError::Store(self.location.translate(&error))),
        }
    }

    async fn try_apply(&mut self, step: &Step, tables: &[TableRows]) -> Result<(), ApplyError> {
        // First of all: whoever comes second waits here, and then finds the checkpoint moved.
        self.move_checkpoint(step).await?;
        for table in tables {
            let written = write(&self.session.client, &mut self.prepared, step.generation, table).await;
            written.map_err(|failed| self.failed(failed))?;
        }
        Ok(())
    }

    /// The indexes, in any order; what contradicts them is told by its table's name in the message.
    async fn index(&self, generation: u64) -> Result<(), Error> {
        for table in TABLES {
            let columns: Vec<String> = identity(table).iter().map(|name| format!("\"{name}\"")).collect();
            self.run(&format!(
                "ALTER TABLE {} ADD CONSTRAINT {} PRIMARY KEY ({})",
                name(generation, table),
                primary_key(generation, table),
                columns.join(", ")
            ))
            .await?;
        }
        for statement in statements(TABLES_SQL, generation).iter().filter(|sql| !is_table(sql)) {
            self.run(statement).await?;
        }
        for table in TABLES {
            self.run(&format!("ANALYZE {}", name(generation, table))).await?;
        }
        Ok(())
    }

    async fn try_publish(&self, generation: u64) -> Result<bool, Error> {
        let client = &self.session.client;
        // The live projector's next step waits for this, and then finds its generation not live.
        let sql = "SELECT checkpoint FROM projection_generations WHERE live FOR UPDATE";
        let live = client.query_opt(sql, &[]).await?.map(|row| number(&row, 0)).transpose()?;
        let sql = "SELECT checkpoint FROM projection_generations WHERE generation = $1 FOR UPDATE";
        let own = number(&client.query_one(sql, &[&generation.cast_signed()]).await?, 0)?;
        if live.is_some_and(|live| live > own) {
            return Ok(false);
        }
        client.execute("UPDATE projection_generations SET live = false WHERE live", &[]).await?;
        let sql = "UPDATE projection_generations SET live = true WHERE generation = $1";
        client.execute(sql, &[&generation.cast_signed()]).await?;
        client.execute("DELETE FROM projection_failure", &[]).await?;
        self.run(&script(VIEWS_SQL, generation)).await?;
        Ok(true)
    }
}

fn is_table(sql: &&String) -> bool {
    sql.starts_with("CREATE TABLE")
}

fn primary_key(generation: u64, table: &Table) -> String {
    format!("\"g{generation}_{}_pkey\"", table.name)
}

#[async_trait]
impl ProjectionWriter for Writer {
    fn rows_at_once(&self) -> usize {
        ROWS_AT_ONCE
    }

    async fn create(&mut self) -> Result<Generation, StoreError> {
        self.run("BEGIN").await.map_err(|error| self.translate(error))?;
        let created = self.try_create().await;
        self.end(created, |error| error).await.map_err(|error| self.translate(error))
    }

    async fn drop_generation(&mut self, generation: u64) -> Result<(), StoreError> {
        for table in TABLES {
            let dropped = self.run(&format!("DROP TABLE IF EXISTS {}", name(generation, table))).await;
            dropped.map_err(|error| self.translate(error))?;
        }
        let sql = "DELETE FROM projection_generations WHERE generation = $1 AND NOT live";
        let deleted = self.session.client.execute(sql, &[&generation.cast_signed()]).await;
        deleted.map(drop).map_err(|error| self.translate(error))
    }

    async fn load(&mut self, generation: u64, rows: Vec<TableRows>) -> Result<(), ApplyError> {
        for table in rows {
            let written = write(&self.session.client, &mut self.prepared, generation, &table).await;
            written.map_err(|failed| self.failed(failed))?;
        }
        Ok(())
    }

    async fn finish(&mut self, step: Step) -> Result<(), ApplyError> {
        if let Err(error) = self.index(step.generation).await {
            let contradicts = error.code().is_some_and(|code| code.code().starts_with("23"));
            return Err(match contradicts {
                true => ApplyError::Misfit { table: "", reason: in_words(&error) },
                false => ApplyError::Store(self.translate(error)),
            });
        }
        self.apply(step, Vec::new()).await
    }

    async fn apply(&mut self, step: Step, mut rows: Vec<TableRows>) -> Result<(), ApplyError> {
        rows.iter_mut().for_each(TableRows::sort);
        let begun = self.run("BEGIN").await;
        begun.map_err(|error| ApplyError::Store(self.translate(error)))?;
        let applied = self.try_apply(&step, &rows).await;
        self.end(applied, |error| ApplyError::Store(self.translate(error))).await
    }

    async fn publish(&mut self, generation: u64) -> Result<bool, StoreError> {
        self.run("BEGIN").await.map_err(|error| self.translate(error))?;
        let published = self.try_publish(generation).await;
        self.end(published, |error| error).await.map_err(|error| self.translate(error))
    }

    async fn record(&mut self, failure: Option<RecordedFailure>) -> Result<(), StoreError> {
        let recorded = control::record(&mut self.session.client, failure.as_ref()).await;
        recorded.map_err(|error| self.location.translate(&error))
    }

    async fn compare(&mut self, generation: u64) -> Result<Comparison, StoreError> {
        let compared = compare::compare(&mut self.session.client, generation).await;
        compared.map_err(|error| self.location.translate(&error))
    }
}
