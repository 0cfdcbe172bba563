//! Rows into a generation's tables.

use std::collections::HashMap;
use std::pin::pin;

use bytes::{BufMut as _, Bytes, BytesMut};
use chancery_projections::tables::{ColumnKind, Shape, Table, Value};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{IsNull, ToSql, Type, accepts, to_sql_checked};
use tokio_postgres::{Client, CopyInSink, Error, Statement};

use crate::store::projection::{Mark, Row, TableRows, columns, name};

/// PostgreSQL counts microseconds from the year 2000.
const EPOCH: i64 = 946_684_800_000_000;

/// A value as PostgreSQL takes it.
#[derive(Debug)]
struct Cell<'a>(&'a Value);

impl ToSql for Cell<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Boolean(yes) => out.put_u8(u8::from(*yes)),
            Value::Integer(number) => out.put_i64(*number),
            Value::Time(time) => out.put_i64(time.saturating_sub(EPOCH)),
            // It cannot keep this one character.
            Value::Text(text) if text.contains('\0') => {
                out.extend_from_slice(text.replace('\0', "\u{fffd}").as_bytes())
            }
            Value::Text(text) => out.extend_from_slice(text.as_bytes()),
        }
        Ok(IsNull::No)
    }

    accepts!(BOOL, INT8, TIMESTAMPTZ, TEXT);
    to_sql_checked!();
}

fn type_of(kind: ColumnKind) -> Type {
    match kind {
        ColumnKind::Boolean => Type::BOOL,
        ColumnKind::Integer => Type::INT8,
        ColumnKind::Time => Type::TIMESTAMPTZ,
        ColumnKind::Text => Type::TEXT,
    }
}

/// Why rows were not written.
#[derive(Debug)]
pub(super) enum Failed {
    /// A row that ends is not there, or not open.
    Missing(&'static str),
    /// The database refuses a row.
    Refused(&'static str, Error),
    /// Something else.
    Database(Error),
}

impl Failed {
    fn of(table: &'static Table, error: Error) -> Self {
        // Integrity constraints, and data that a column does not take.
        let class = error.code().map(|code| code.code().get(..2).unwrap_or_default().to_owned());
        match class.as_deref() {
            Some("22" | "23") => Self::Refused(table.name, error),
            _ => Self::Database(error),
        }
    }
}

/// Statements by their text.
#[derive(Debug, Default)]
pub(super) struct Statements(HashMap<String, Statement>);

impl Statements {
    pub(super) async fn prepare(&mut self, client: &Client, sql: String) -> Result<Statement, Error> {
        if let Some(statement) = self.0.get(&sql) {
            return Ok(statement.clone());
        }
        let statement = client.prepare(&sql).await?;
        self.0.insert(sql, statement.clone());
        Ok(statement)
    }
}

/// Writes what is to be written to one table.
pub(super) async fn write(
    client: &Client,
    statements: &mut Statements,
    generation: u64,
    rows: &TableRows,
) -> Result<(), Failed> {
    let failed = |error| Failed::of(rows.table, error);
    if !rows.endings.is_empty() {
        let ended = end(client, statements, generation, rows).await.map_err(failed)?;
        if ended != rows.endings.len() as u64 {
            return Err(Failed::Missing(rows.table.name));
        }
    }
    for (organisation, until) in &rows.cut {
        let sql = format!(
            "UPDATE {} SET until_position = $1, until_time = $2 WHERE organisation = $3 AND until_position IS NULL",
            name(generation, rows.table)
        );
        let statement = statements.prepare(client, sql).await.map_err(failed)?;
        let position = until.position.cast_signed();
        client
            .execute(&statement, &[&position, &Cell(&Value::Time(until.time)), &Cell(organisation)])
            .await
            .map_err(failed)?;
    }
    if rows.rows.is_empty() { Ok(()) } else { copy(client, statements, generation, rows).await.map_err(failed) }
}

/// Ends open rows by their keys, all in one statement; how many there were.
async fn end(client: &Client, statements: &mut Statements, generation: u64, rows: &TableRows) -> Result<u64, Error> {
    let key: Vec<_> = rows.table.columns.iter().take(rows.table.key).collect();
    let arrays: Vec<String> =
        (1..).zip(&key).map(|(number, column)| format!("${number}::{}[]", type_of(column.kind).name())).collect();
    let same: Vec<String> =
        (1..).zip(&key).map(|(number, column)| format!("t.\"{}\" = e.k{number}", column.name)).collect();
    let names: Vec<String> = (1..=key.len()).map(|number| format!("k{number}")).collect();
    let sql = format!(
        "UPDATE {} AS t SET until_position = e.until_position, until_time = e.until_time
         FROM unnest({}, ${}::bigint[], ${}::timestamptz[]) AS e ({}, until_position, until_time)
         WHERE {} AND t.until_position IS NULL",
        name(generation, rows.table),
        arrays.join(", "),
        key.len() + 1,
        key.len() + 2,
        names.join(", "),
        same.join(" AND ")
    );
    let statement = statements.prepare(client, sql).await?;
    let keys: Vec<Vec<Cell<'_>>> = (0..key.len())
        .map(|column| rows.endings.iter().filter_map(|ending| ending.key.get(column)).map(Cell).collect())
        .collect();
    let positions: Vec<i64> = rows.endings.iter().map(|ending| ending.until.position.cast_signed()).collect();
    let times: Vec<Value> = rows.endings.iter().map(|ending| Value::Time(ending.until.time)).collect();
    let times: Vec<Cell<'_>> = times.iter().map(Cell).collect();
    let mut parameters: Vec<&(dyn ToSql + Sync)> = keys.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
    parameters.extend([&positions as &(dyn ToSql + Sync), &times]);
    client.execute(&statement, &parameters).await
}

/// Adds rows by binary COPY.
async fn copy(client: &Client, statements: &mut Statements, generation: u64, rows: &TableRows) -> Result<(), Error> {
    let TableRows { table, rows, .. } = rows;
    let names: Vec<String> = columns(table).iter().map(|column| format!("\"{column}\"")).collect();
    let sql = format!("COPY {} ({}) FROM STDIN BINARY", name(generation, table), names.join(", "));
    let statement = statements.prepare(client, sql).await?;
    let mut types: Vec<Type> = table.columns.iter().map(|column| type_of(column.kind)).collect();
    if table.shape == Shape::Interval {
        types.extend([Type::INT8, Type::TIMESTAMPTZ, Type::INT8, Type::TIMESTAMPTZ]);
    }
    let sink: CopyInSink<Bytes> = client.copy_in(&statement).await?;
    let mut copy = pin!(BinaryCopyInWriter::new(sink, &types));
    for row in rows {
        let marks = match table.shape {
            Shape::Interval => Some(interval(row)),
            Shape::Log => None,
        };
        copy.as_mut().write_raw(Cells { own: &row.values, marks: marks.as_ref(), next: 0 }).await?;
    }
    copy.finish().await.map(drop)
}

fn interval(row: &Row) -> [Value; 4] {
    let mark = |mark: Mark| [Value::Integer(mark.position.cast_signed()), Value::Time(mark.time)];
    let [from_position, from_time] = mark(row.from);
    let [until_position, until_time] = row.until.map_or([Value::Null, Value::Null], mark);
    [from_position, from_time, until_position, until_time]
}

/// The cells of a row: one by one, because a list of them for each row would only be thrown away.
struct Cells<'a> {
    own: &'a [Value],
    marks: Option<&'a [Value; 4]>,
    next: usize,
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        let value = match self.own.get(self.next) {
            Some(value) => value,
            None => self.marks?.get(self.next - self.own.len())?,
        };
        self.next += 1;
        Some(Cell(value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.own.len() + self.marks.map_or(0, |marks| marks.len()) - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Cells<'_> {}
