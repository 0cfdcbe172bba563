//! Rows into a generation's tables.

use chancery_projections::tables::{Shape, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Error, ErrorCode, ToSql};

use crate::store::projection::{ApplyError, Mark, TableRows, columns, name};
use crate::store::sqlite::error::Location;

/// A value as SQLite takes it.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Boolean(yes) => ValueRef::Integer(i64::from(*yes)),
            Value::Integer(number) | Value::Time(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// Writes what is to be written to one table, within a transaction.
pub(super) fn write(
    connection: &Connection,
    location: &Location,
    generation: u64,
    rows: &TableRows,
) -> Result<(), ApplyError> {
    try_write(connection, generation, rows).map_err(|failed| match failed {
        Failed::Missing => misfit(rows, "a row that ends is not there"),
        Failed::Database(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            misfit(rows, error.to_string())
        }
        Failed::Database(error) => ApplyError::Store(location.translate(&error)),
    })
}

fn misfit(rows: &TableRows, reason: impl Into<String>) -> ApplyError {
    ApplyError::Misfit { table: rows.table.name, reason: reason.into() }
}

enum Failed {
    Missing,
    Database(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

fn try_write(connection: &Connection, generation: u64, rows: &TableRows) -> Result<(), Failed> {
    let TableRows { table, endings, cut, rows } = rows;
    let name = name(generation, table);
    let end = |key: usize| {
        let key: Vec<String> =
            table.columns.iter().take(key).map(|column| format!("\"{}\" = ?", column.name)).collect();
        connection.prepare_cached(&format!(
            "UPDATE {name} SET until_position = ?, until_time = ? WHERE {} AND until_position IS NULL",
            key.join(" AND ")
        ))
    };
    if !endings.is_empty() {
        let mut statement = end(table.key)?;
        for ending in endings {
            let next = bind_mark(&mut statement, 1, ending.until)?;
            bind(&mut statement, next, &ending.key)?;
            if statement.raw_execute()? != 1 {
                return Err(Failed::Missing);
            }
        }
    }
    for (organisation, until) in cut {
        let mut statement = end(1)?;
        let next = bind_mark(&mut statement, 1, *until)?;
        bind(&mut statement, next, std::slice::from_ref(organisation))?;
        statement.raw_execute()?;
    }
    if rows.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = columns(table).iter().map(|column| format!("\"{column}\"")).collect();
    let marks = vec!["?"; names.len()].join(", ");
    let sql = format!("INSERT INTO {name} ({}) VALUES ({marks})", names.join(", "));
    let mut statement = connection.prepare_cached(&sql)?;
    for row in rows {
        let next = bind(&mut statement, 1, &row.values)?;
        if table.shape == Shape::Interval {
            let next = bind_mark(&mut statement, next, row.from)?;
            statement.raw_bind_parameter(next, row.until.map(|until| until.position))?;
            statement.raw_bind_parameter(next + 1, row.until.map(|until| until.time))?;
        }
        statement.raw_execute()?;
    }
    Ok(())
}

fn bind(statement: &mut CachedStatement<'_>, first: usize, values: &[Value]) -> Result<usize, Error> {
    for (index, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(first + index, Bound(value))?;
    }
    Ok(first + values.len())
}

fn bind_mark(statement: &mut CachedStatement<'_>, first: usize, mark: Mark) -> Result<usize, Error> {
    statement.raw_bind_parameter(first, mark.position)?;
    statement.raw_bind_parameter(first + 1, mark.time)?;
    Ok(first + 2)
}
