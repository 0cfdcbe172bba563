//! `postgres-es` on our tables. Only with the cargo feature `interop-postgres-es`, because it brings
//! `sqlx`, with which nothing else here is built.

pub use postgres_es;
use postgres_es::PostgresEventRepository;
use sqlx::PgPool;

use super::PostgresTables;

/// The published repository, which reads the log in a schema. It is asked for aggregates by
/// [`aggregate_id`](super::aggregate_id), and its `persist` is refused by the database.
#[must_use]
pub fn repository(pool: PgPool, schema: &str) -> PostgresEventRepository {
    let tables = PostgresTables::in_schema(schema);
    PostgresEventRepository::new(pool).with_tables(&tables.events, &tables.snapshots)
}
