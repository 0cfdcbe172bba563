//! Hashes and checkpoints: reading them, and filling in what older logs lack.

use tokio_postgres::{Error, Row};

use super::connection::Session;
use super::cursor;
use crate::log::Frontier;
use crate::log::line::Line;
use crate::store::{RowHashes, StoredCheckpoint, hashed};

pub(super) const AT: &str =
    "SELECT position, hashes FROM events WHERE organisation = $1 AND position = ANY($2::bigint[])";

pub(super) const CHECKPOINTS: &str = "SELECT organisation, size, verifier, note, time FROM log_checkpoints
     WHERE organisation = $1 ORDER BY size, time";

pub(super) const LAST_CHECKPOINT: &str = "SELECT organisation, size, verifier, note, time FROM log_checkpoints
     WHERE organisation = $1 ORDER BY size DESC, time DESC LIMIT 1";

pub(super) const SAVE: &str = "INSERT INTO log_checkpoints (organisation, size, verifier, note, time)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

/// Events whose hashes are filled in by one statement.
const FILLED_AT_ONCE: i64 = 4096;

/// Positions for [`AT`].
pub(super) fn positions(positions: &[u64]) -> Vec<i64> {
    positions.iter().map(|position| i64::try_from(*position).unwrap_or(i64::MAX)).collect()
}

/// What [`AT`] found.
pub(super) fn found(rows: &[Row]) -> Result<Vec<RowHashes>, Error> {
    let row = |row: &Row| {
        let position = row.try_get::<_, i64>(0)?.cast_unsigned();
        Ok(RowHashes { position, hashes: row.try_get(1)? })
    };
    rows.iter().map(row).collect()
}

/// The right edge of an organisation's tree of this size.
pub(super) async fn frontier(session: &Session, organisation: &str, size: u64) -> Result<Option<Frontier>, Error> {
    let nodes = Frontier::edge(size);
    let rows = session.query(AT, &[&organisation, &positions(&hashed::positions(&nodes))]).await?;
    Ok(hashed::frontier(size, &RowHashes::find(&found(&rows)?, &nodes)))
}

pub(super) fn checkpoint(row: &Row) -> Result<StoredCheckpoint, Error> {
    Ok(StoredCheckpoint {
        organisation: row.try_get(0)?,
        size: row.try_get::<_, i64>(1)?.cast_unsigned(),
        verifier: row.try_get(2)?,
        note: row.try_get(3)?,
        time: row.try_get(4)?,
    })
}

/// Works out the hashes of a log that was written before they were kept.
pub(super) async fn fill(session: &Session) -> Result<(), Error> {
    let update = "UPDATE events AS e SET hashes = f.hashes
                  FROM unnest($2::bigint[], $3::bytea[]) AS f (position, hashes)
                  WHERE e.organisation = $1 AND e.position = f.position";
    for head in session.query("SELECT organisation FROM organisations", &[]).await? {
        let organisation: String = head.try_get(0)?;
        let (mut frontier, mut line, mut after) = (Frontier::default(), Line::default(), 0_i64);
        loop {
            let rows = session.query(cursor::PAGE, &[&organisation, &after, &i64::MAX, &FILLED_AT_ONCE]).await?;
            let (mut positions, mut hashes) = (Vec::new(), Vec::new());
            for row in &rows {
                let row = cursor::event_row(row)?;
                after = row.position.cast_signed();
                positions.push(after);
                hashes.push(frontier.push(line.hash(&row)));
            }
            if rows.is_empty() {
                break;
            }
            session.query(update, &[&organisation, &positions, &hashes]).await?;
        }
    }
    Ok(())
}
