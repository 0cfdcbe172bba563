//! When keys were last used: written beside the log as snapshots are, and as rarely.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::snapshots::Snapshots;
use crate::store::{KeyUse, StoreError};

impl Snapshots {
    pub(super) fn note_key_uses(&self, uses: &[KeyUse]) -> Result<(), StoreError> {
        self.write(|connection| {
            let transaction = connection.unchecked_transaction()?;
            {
                let mut statement = transaction.prepare_cached(
                    "INSERT INTO key_uses (organisation, key, time) VALUES (?1, ?2, ?3)
                     ON CONFLICT (organisation, key) DO UPDATE SET time = max(time, excluded.time)",
                )?;
                for KeyUse { organisation, key, time } in uses {
                    statement.execute(params![organisation, key, time])?;
                }
            }
            transaction.commit()
        })
    }
}

/// The uses of an organisation's keys. A file that nobody wrote to since it got the table has none.
pub(super) fn of(connection: &Connection, organisation: &str) -> Result<Vec<KeyUse>, rusqlite::Error> {
    let mut there = connection.prepare_cached("SELECT 1 FROM sqlite_schema WHERE name = 'key_uses'")?;
    if there.query_row([], |_| Ok(())).optional()?.is_none() {
        return Ok(Vec::new());
    }
    let mut statement =
        connection.prepare_cached("SELECT key, time FROM key_uses WHERE organisation = ?1 ORDER BY key")?;
    let used = |row: &rusqlite::Row<'_>| {
        Ok(KeyUse { organisation: organisation.to_owned(), key: row.get(0)?, time: row.get(1)? })
    };
    statement.query_map([organisation], used)?.collect()
}
