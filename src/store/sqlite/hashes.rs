//! Hashes and checkpoints: reading them, writing checkpoints, and filling in what older logs lack.

use std::fmt::Write as _;

use rusqlite::{Connection, params};

use super::reader::{self, event_row};
use crate::log::Frontier;
use crate::log::line::Line;
use crate::store::{EventRow, RowHashes, StoredCheckpoint, Visit, hashed};

/// The hashes of rows. One statement for all of them: each statement begins and ends a transaction, and takes locks for it.
pub(super) fn at(
    connection: &Connection,
    organisation: &str,
    positions: &[u64],
) -> Result<Vec<RowHashes>, rusqlite::Error> {
    let sql = "SELECT position, hashes FROM json_each(?2) CROSS JOIN events ON organisation = ?1 AND position = value";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![organisation, json(positions)])?;
    let mut found = Vec::with_capacity(positions.len());
    while let Some(row) = rows.next()? {
        let hashes = row.get_ref(1)?.as_blob()?.to_owned();
        found.push(RowHashes { position: reader::number(row, 0)?, hashes });
    }
    Ok(found)
}

/// As a list in JSON.
fn json(positions: &[u64]) -> String {
    let mut text = String::with_capacity(12 * positions.len() + 2);
    for position in positions {
        text.push(if text.is_empty() { '[' } else { ',' });
        // Greater numbers than SQLite has are of no row.
        let _ = write!(text, "{}", reader::signed(*position));
    }
    if text.is_empty() { "[]".to_owned() } else { text + "]" }
}

/// The right edge of an organisation's tree of this size. Its nodes are there: they are written with the events.
pub(super) fn frontier(
    connection: &Connection,
    organisation: &str,
    size: u64,
) -> Result<Option<Frontier>, rusqlite::Error> {
    let nodes = Frontier::edge(size);
    let rows = at(connection, organisation, &hashed::positions(&nodes))?;
    Ok(hashed::frontier(size, &RowHashes::find(&rows, &nodes)))
}

pub(super) fn scan(
    connection: &Connection,
    organisation: &str,
    after: u64,
    until: u64,
    visitor: &mut dyn FnMut(EventRow<'_>, &[u8]) -> Visit,
) -> Result<(), rusqlite::Error> {
    let sql = format!(
        "SELECT {}, hashes FROM events WHERE organisation = ?1 AND position > ?2 AND position <= ?3 ORDER BY position",
        reader::COLUMNS
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![organisation, reader::signed(after), reader::signed(until)])?;
    while let Some(row) = rows.next()? {
        if visitor(event_row(row, Some(organisation))?, row.get_ref(reader::ORGANISATION)?.as_blob()?).is_break() {
            break;
        }
    }
    Ok(())
}

/// All checkpoints of an organisation, by size.
pub(super) const ALL: &str =
    "SELECT size, verifier, note, time FROM log_checkpoints WHERE organisation = ?1 ORDER BY size, time";

/// The one that covers most.
pub(super) const LAST: &str = "SELECT size, verifier, note, time FROM log_checkpoints WHERE organisation = ?1
     ORDER BY size DESC, time DESC LIMIT 1";

pub(super) fn checkpoints(
    connection: &Connection,
    organisation: &str,
    sql: &str,
) -> Result<Vec<StoredCheckpoint>, rusqlite::Error> {
    let there = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'log_checkpoints'";
    if !connection.prepare_cached(there)?.exists([])? {
        // A store of an older program that is only read.
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(StoredCheckpoint {
            organisation: organisation.to_owned(),
            size: row.get(0)?,
            verifier: row.get(1)?,
            note: row.get(2)?,
            time: row.get(3)?,
        })
    };
    statement.query_map([organisation], read)?.collect()
}

/// Keeps a checkpoint, unless it is there.
pub(super) fn save(connection: &Connection, checkpoint: &StoredCheckpoint) -> Result<(), rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO log_checkpoints (organisation, size, verifier, note, time)
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (
             SELECT 1 FROM log_checkpoints WHERE organisation = ?1 AND size = ?2 AND verifier = ?3)",
    )?;
    let StoredCheckpoint { organisation, size, verifier, note, time } = checkpoint;
    statement.execute(params![organisation, size, verifier, note, time]).map(drop)
}

/// Works out the hashes of a log that was written before they were kept.
pub(super) fn fill(connection: &Connection) -> Result<(), rusqlite::Error> {
    let mut heads = connection.prepare("SELECT organisation FROM organisations")?;
    let names: Vec<String> = heads.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut update = connection.prepare("UPDATE events SET hashes = ?2 WHERE global_position = ?1")?;
    for name in names {
        let (mut frontier, mut line, mut after) = (Frontier::default(), Line::default(), 0);
        loop {
            // What a statement reads must not change under it: a page is read, then written.
            let mut page = Vec::new();
            scan(connection, &name, after, u64::MAX, &mut |row, _| {
                page.push((row.global_position, frontier.push(line.hash(&row))));
                after = row.position;
                if page.len() < FILLED_AT_ONCE { Visit::Continue(()) } else { Visit::Break(()) }
            })?;
            for (global_position, hashes) in &page {
                update.execute(params![global_position, hashes])?;
            }
            if page.len() < FILLED_AT_ONCE {
                break;
            }
        }
    }
    Ok(())
}

const FILLED_AT_ONCE: usize = 4096;
