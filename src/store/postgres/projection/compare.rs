//! Two generations, row for row.

use chancery_projections::tables::{TABLES, Table};
use tokio_postgres::{Client, Error, IsolationLevel, Row, Transaction};

use super::control::number;
use crate::store::projection::{Comparison, Difference, columns, comparison_sql, difference, name};

/// Compares a generation with the live one, on one snapshot.
pub(super) async fn compare(client: &mut Client, generation: u64) -> Result<Comparison, Error> {
    let builder = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let transaction = builder.start().await?;
    let sql = "SELECT l.generation FROM projection_generations AS l JOIN projection_generations AS r
               ON r.generation = $1 AND r.checkpoint = l.checkpoint WHERE l.live";
    let Some(row) = transaction.query_opt(sql, &[&generation.cast_signed()]).await? else {
        return Ok(Comparison::Apart);
    };
    let live = number(&row, 0)?;
    let mut rows = 0;
    for table in TABLES {
        if let Some(found) = first(&transaction, table, live, generation).await? {
            return Ok(Comparison::Different(Box::new(found)));
        }
        let sql = format!("SELECT count(*) FROM {}", name(live, table));
        rows += number(&transaction.query_one(&sql, &[]).await?, 0)?;
    }
    transaction.commit().await?;
    Ok(Comparison::Same { rows })
}

async fn first(
    transaction: &Transaction<'_>,
    table: &'static Table,
    live: u64,
    rebuilt: u64,
) -> Result<Option<Difference>, Error> {
    let width = columns(table).len();
    let sql = |one, other, missing| {
        let text = |column| format!("coalesce({column}::text, 'NULL')");
        comparison_sql(table, one, other, "IS DISTINCT FROM", text, missing)
    };
    if let Some(row) = transaction.query_opt(&sql(live, rebuilt, false), &[]).await? {
        let other = if row.try_get(0)? { None } else { Some(texts(&row, 1 + width, width)?) };
        return Ok(Some(difference(table, Some(texts(&row, 1, width)?), other)));
    }
    match transaction.query_opt(&sql(rebuilt, live, true), &[]).await? {
        Some(row) => Ok(Some(difference(table, None, Some(texts(&row, 1, width)?)))),
        None => Ok(None),
    }
}

fn texts(row: &Row, first: usize, width: usize) -> Result<Vec<String>, Error> {
    (first..first + width).map(|column| row.try_get(column)).collect()
}
