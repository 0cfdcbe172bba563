//! What is asked of a log in numbers: when events were, and how many of each type.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::reader::signed;

pub(super) fn times(
    connection: &Connection,
    organisation: &str,
    positions: &[u64],
) -> Result<BTreeMap<u64, i64>, rusqlite::Error> {
    let sql = "SELECT time FROM events WHERE organisation = ?1 AND position = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut times = BTreeMap::new();
    for position in positions {
        let time: Option<i64> =
            statement.query_row(params![organisation, signed(*position)], |row| row.get(0)).optional()?;
        times.extend(time.map(|time| (*position, time)));
    }
    Ok(times)
}

pub(super) fn kinds(
    connection: &Connection,
    organisation: &str,
    after: u64,
    until: u64,
) -> Result<BTreeMap<String, u64>, rusqlite::Error> {
    let sql = "SELECT event_type, count(*) FROM events WHERE organisation = ?1 AND position > ?2 AND position <= ?3
               GROUP BY event_type";
    let mut statement = connection.prepare_cached(sql)?;
    let counted = statement.query_map(params![organisation, signed(after), signed(until)], |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
    })?;
    counted.collect()
}
