//! What is known of the projections.

use rusqlite::{Connection, Error, Row, params};

use crate::store::projection::{Control, Failure, Generation, Omission, RecordedFailure};

/// Reads it in one transaction.
pub(super) fn read(connection: &Connection) -> Result<Control, Error> {
    let transaction = connection.unchecked_transaction()?;
    let head = transaction.query_row("SELECT coalesce(max(global_position), 0) FROM events", [], |row| row.get(0))?;
    let mut control = Control { head, ..Control::default() };
    // A store that nobody wrote to since projections came up has no such tables.
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'projection_generations')";
    if transaction.query_row(sql, [], |row| row.get(0))? {
        control.generations = generations(&transaction)?;
        control.failure = transaction
            .prepare("SELECT global_position, organisation, position, event_type, reason, program, time FROM projection_failure")?
            .query_map([], |row| {
                Ok(RecordedFailure { failure: failure(row, 0)?, program: row.get(5)?, time: row.get(6)? })
            })?
            .next()
            .transpose()?;
        control.omissions = transaction
            .prepare(
                "SELECT global_position, organisation, position, event_type, failure, generation, reason, time
                 FROM projection_omissions ORDER BY time, generation, organisation",
            )?
            .query_map([], |row| {
                let (generation, reason, time) = (row.get(5)?, row.get(6)?, row.get(7)?);
                Ok(Omission { generation, failure: failure(row, 0)?, reason, time })
            })?
            .collect::<Result<_, _>>()?;
    }
    transaction.commit()?;
    Ok(control)
}

fn generations(connection: &Connection) -> Result<Vec<Generation>, Error> {
    let sql = "SELECT generation, format, checkpoint, live FROM projection_generations ORDER BY generation";
    let generation = |row: &Row<'_>| {
        Ok(Generation { number: row.get(0)?, format: row.get(1)?, checkpoint: row.get(2)?, live: row.get(3)? })
    };
    connection.prepare(sql)?.query_map([], generation)?.collect()
}

fn failure(row: &Row<'_>, first: usize) -> Result<Failure, Error> {
    Ok(Failure {
        global_position: row.get(first)?,
        organisation: row.get(first + 1)?,
        position: row.get(first + 2)?,
        event_type: row.get(first + 3)?,
        reason: row.get(first + 4)?,
    })
}

/// Records where the projector stopped, or that it goes on.
pub(super) fn record(connection: &Connection, failure: Option<&RecordedFailure>) -> Result<(), Error> {
    connection.execute("DELETE FROM projection_failure", [])?;
    let Some(RecordedFailure { failure, program, time }) = failure else { return Ok(()) };
    connection.execute(
        "INSERT INTO projection_failure (only_row, global_position, organisation, position, event_type, reason, program, time)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            failure.global_position,
            failure.organisation,
            failure.position,
            failure.event_type,
            failure.reason,
            program,
            time
        ],
    )?;
    Ok(())
}

/// Records that a generation leaves an organisation out.
pub(super) fn omit(connection: &Connection, omission: &Omission) -> Result<(), Error> {
    let Omission { generation, failure, reason, time } = omission;
    connection.execute(
        "INSERT INTO projection_omissions
             (generation, organisation, position, global_position, event_type, failure, reason, time)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            generation,
            failure.organisation,
            failure.position,
            failure.global_position,
            failure.event_type,
            failure.reason,
            reason,
            time
        ],
    )?;
    Ok(())
}
