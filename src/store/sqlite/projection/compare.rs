//! Two generations, row for row.

use chancery_projections::tables::{TABLES, Table};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, OptionalExtension as _, Row};

use crate::store::projection::{Comparison, columns, comparison_sql, difference, name};

/// Compares a generation with the live one, in one read transaction.
pub(super) fn compare(connection: &Connection, generation: u64) -> Result<Comparison, Error> {
    let transaction = connection.unchecked_transaction()?;
    let sql = "SELECT l.generation FROM projection_generations AS l JOIN projection_generations AS r
               ON r.generation = ?1 AND r.checkpoint = l.checkpoint WHERE l.live = 1";
    let live: Option<u64> = transaction.query_row(sql, [generation], |row| row.get(0)).optional()?;
    let Some(live) = live else { return Ok(Comparison::Apart) };
    let mut rows = 0;
    for table in TABLES {
        if let Some(found) = first(&transaction, table, live, generation)? {
            return Ok(Comparison::Different(Box::new(found)));
        }
        let sql = format!("SELECT count(*) FROM {}", name(live, table));
        rows += transaction.query_row(&sql, [], |row| row.get::<_, u64>(0))?;
    }
    Ok(Comparison::Same { rows })
}

fn first(
    connection: &Connection,
    table: &'static Table,
    live: u64,
    rebuilt: u64,
) -> Result<Option<crate::store::projection::Difference>, Error> {
    let width = columns(table).len();
    let sql = |one, other, missing| comparison_sql(table, one, other, "IS NOT", |column| column, missing);
    let pair = |row: &Row<'_>| {
        let one = texts(row, 1, width)?;
        let other = if row.get(0)? { None } else { Some(texts(row, 1 + width, width)?) };
        Ok((one, other))
    };
    if let Some((live, rebuilt)) = connection.query_row(&sql(live, rebuilt, false), [], pair).optional()? {
        return Ok(Some(difference(table, Some(live), rebuilt)));
    }
    let missing = connection.query_row(&sql(rebuilt, live, true), [], pair).optional()?;
    Ok(missing.map(|(rebuilt, _)| difference(table, None, Some(rebuilt))))
}

fn texts(row: &Row<'_>, first: usize, width: usize) -> Result<Vec<String>, Error> {
    (first..first + width).map(|column| row.get_ref(column).map(text)).collect()
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}
