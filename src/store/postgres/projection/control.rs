//! What is known of the projections.

use tokio_postgres::{Client, Error, GenericClient, Row};

use crate::store::projection::{Control, Failure, Generation, Omission, RecordedFailure};

pub(super) async fn read(client: &Client) -> Result<Control, Error> {
    let head = client.query_one("SELECT global_position FROM log_head", &[]).await?;
    let mut control = Control { head: number(&head, 0)?, ..Control::default() };
    // A store that nobody wrote to since projections came up has no such tables.
    let known = client.query_one("SELECT to_regclass('projection_generations') IS NOT NULL", &[]).await?;
    if !known.try_get::<_, bool>(0)? {
        return Ok(control);
    }
    let sql = "SELECT generation, format, checkpoint, live FROM projection_generations ORDER BY generation";
    for row in client.query(sql, &[]).await? {
        control.generations.push(Generation {
            number: number(&row, 0)?,
            format: row.try_get(1)?,
            checkpoint: number(&row, 2)?,
            live: row.try_get(3)?,
        });
    }
    let sql =
        "SELECT global_position, organisation, position, event_type, reason, program, time FROM projection_failure";
    if let Some(row) = client.query_opt(sql, &[]).await? {
        let (program, time) = (row.try_get(5)?, row.try_get(6)?);
        control.failure = Some(RecordedFailure { failure: failure(&row)?, program, time });
    }
    let sql = "SELECT global_position, organisation, position, event_type, failure, generation, reason, time
               FROM projection_omissions ORDER BY time, generation, organisation";
    for row in client.query(sql, &[]).await? {
        control.omissions.push(Omission {
            generation: number(&row, 5)?,
            failure: failure(&row)?,
            reason: row.try_get(6)?,
            time: row.try_get(7)?,
        });
    }
    Ok(control)
}

fn failure(row: &Row) -> Result<Failure, Error> {
    Ok(Failure {
        global_position: number(row, 0)?,
        organisation: row.try_get(1)?,
        position: number(row, 2)?,
        event_type: row.try_get(3)?,
        reason: row.try_get(4)?,
    })
}

/// INVARIANT: what is kept as a position was one.
pub(super) fn number(row: &Row, column: usize) -> Result<u64, Error> {
    Ok(row.try_get::<_, i64>(column)?.cast_unsigned())
}

/// Records where the projector stopped, or that it goes on.
pub(super) async fn record(client: &mut Client, recorded: Option<&RecordedFailure>) -> Result<(), Error> {
    let transaction = client.transaction().await?;
    transaction.execute("DELETE FROM projection_failure", &[]).await?;
    if let Some(RecordedFailure { failure, program, time }) = recorded {
        let sql = "INSERT INTO projection_failure
                       (global_position, organisation, position, event_type, reason, program, time)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let (global_position, position) = (failure.global_position.cast_signed(), failure.position.cast_signed());
        let reason = failure.reason.replace('\0', "\u{fffd}");
        transaction
            .execute(
                sql,
                &[&global_position, &failure.organisation, &position, &failure.event_type, &reason, program, time],
            )
            .await?;
    }
    transaction.commit().await
}

/// Records that a generation leaves an organisation out.
pub(super) async fn omit(client: &impl GenericClient, omission: &Omission) -> Result<(), Error> {
    let Omission { generation, failure, reason, time } = omission;
    let sql = "INSERT INTO projection_omissions
                   (generation, organisation, position, global_position, event_type, failure, reason, time)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (generation, position) = (generation.cast_signed(), failure.position.cast_signed());
    let (global_position, why) = (failure.global_position.cast_signed(), failure.reason.replace('\0', "\u{fffd}"));
    client
        .execute(
            sql,
            &[
                &generation,
                &failure.organisation,
                &position,
                &global_position,
                &failure.event_type,
                &why,
                &reason.replace('\0', "\u{fffd}"),
                time,
            ],
        )
        .await
        .map(drop)
}
