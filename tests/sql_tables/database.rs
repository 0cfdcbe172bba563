//! A database with the tables in it, and a plain way to fill them: one statement per change.

use std::fmt::Write as _;

use chancery::aggregates::AccessState;
use chancery::aggregates::event::{Recorded, Stamp};
use chancery::projections::tables::{Change, Value, changes};
use chrono::DateTime;
use tokio_postgres::SimpleQueryMessage;

use crate::cluster;

const SQLITE: [&str; 2] = [
    include_str!("../../migrations/sqlite/projections/tables.sql"),
    include_str!("../../migrations/sqlite/projections/views.sql"),
];
const POSTGRES: [&str; 2] = [
    include_str!("../../migrations/postgres/projections/tables.sql"),
    include_str!("../../migrations/postgres/projections/views.sql"),
];
const AT_ON_SQLITE: &str = include_str!("../../migrations/sqlite/projections/effective_permissions_at.sql");

pub(super) enum Database {
    Sqlite(rusqlite::Connection),
    Postgres { client: tokio_postgres::Client, runtime: tokio::runtime::Runtime, _database: cluster::Database },
}

/// What a query answers, everything as text.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Option<String>>>,
}

impl Database {
    pub(super) fn sqlite() -> Self {
        let database = Self::Sqlite(rusqlite::Connection::open_in_memory().unwrap());
        database.set_up();
        database
    }

    pub(super) fn postgres() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let database = cluster::Database::new();
        let client = runtime.block_on(cluster::connect(&database.url())).unwrap();
        let database = Self::Postgres { client, runtime, _database: database };
        database.execute("SET timezone = 'UTC'; CREATE SCHEMA chancery; SET search_path = chancery, public");
        database.set_up();
        database
    }

    /// One of each kind.
    pub(super) fn both() -> [Self; 2] {
        [Self::sqlite(), Self::postgres()]
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres { .. } => "postgres",
        }
    }

    fn set_up(&self) {
        self.create_tables("g1_");
        self.point_views_at("g1_");
    }

    pub(super) fn create_tables(&self, generation: &str) {
        self.execute(&self.files()[0].replace("{g}", generation));
    }

    pub(super) fn point_views_at(&self, generation: &str) {
        self.execute(&format!("BEGIN; {} COMMIT;", self.files()[1].replace("{g}", generation)));
    }

    pub(super) fn files(&self) -> [&'static str; 2] {
        match self {
            Self::Sqlite(_) => SQLITE,
            Self::Postgres { .. } => POSTGRES,
        }
    }

    pub(super) fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql).unwrap_or_else(|error| panic!("{error}: {sql}")),
            Self::Postgres { client, runtime, .. } => {
                runtime.block_on(client.batch_execute(sql)).unwrap_or_else(|error| panic!("{error:?}: {sql}"));
            }
        }
    }

    pub(super) fn query(&self, sql: &str) -> Answer {
        match self {
            Self::Sqlite(connection) => query_sqlite(connection, sql).unwrap_or_else(|error| panic!("{error}: {sql}")),
            Self::Postgres { client, runtime, .. } => {
                let messages = runtime.block_on(client.simple_query(sql));
                read(messages.unwrap_or_else(|error| panic!("{error:?}: {sql}")))
            }
        }
    }

    /// An instant as the database writes it in a query.
    pub(super) fn instant(&self, micros: i64) -> String {
        match self {
            Self::Sqlite(_) => micros.to_string(),
            Self::Postgres { .. } => format!("timestamptz '{}'", DateTime::from_timestamp_micros(micros).unwrap()),
        }
    }

    /// A query for what everybody could do at an instant.
    pub(super) fn effective_at(&self, organisation: &str, micros: i64) -> String {
        let at = self.instant(micros);
        match self {
            Self::Sqlite(_) => AT_ON_SQLITE.replace(":organisation", &format!("'{organisation}'")).replace(":at", &at),
            Self::Postgres { .. } => format!("SELECT * FROM effective_permissions_at('{organisation}', {at})"),
        }
    }

    /// Takes the events of one organisation, from its first one.
    pub(super) fn project(&self, events: &[Recorded]) {
        let mut script = "BEGIN;\n".to_owned();
        let mut state = AccessState::default();
        let mut out = Vec::new();
        for recorded in events {
            let before = state.clone();
            state.apply(&recorded.event, recorded.stamp);
            changes(&before, recorded, &state, &mut out);
            for change in out.drain(..) {
                self.write(&mut script, &change, recorded.stamp);
            }
        }
        script.push_str("COMMIT;\nANALYZE;");
        self.execute(&script);
    }

    fn write(&self, script: &mut String, change: &Change, stamp: Stamp) {
        let (position, time) = (stamp.position, self.instant(stamp.time.timestamp_micros()));
        match change {
            Change::Open { table, values } => {
                let values = self.literals(values);
                writeln!(script, "INSERT INTO g1_{} VALUES ({values}, {position}, {time}, NULL, NULL);", table.name)
            }
            Change::Close { table, key } => {
                let key: Vec<String> = table
                    .columns
                    .iter()
                    .zip(key)
                    .map(|(column, value)| format!("{} = {}", column.name, self.literal(value)))
                    .collect();
                writeln!(
                    script,
                    "UPDATE g1_{} SET until_position = {position}, until_time = {time} \
                     WHERE {} AND until_position IS NULL;",
                    table.name,
                    key.join(" AND ")
                )
            }
            Change::Add { table, values } => {
                writeln!(script, "INSERT INTO g1_{} VALUES ({});", table.name, self.literals(values))
            }
        }
        .unwrap();
    }

    fn literals(&self, values: &[Value]) -> String {
        values.iter().map(|value| self.literal(value)).collect::<Vec<_>>().join(", ")
    }

    fn literal(&self, value: &Value) -> String {
        match value {
            Value::Null => "NULL".to_owned(),
            Value::Boolean(yes) => yes.to_string(),
            Value::Integer(number) => number.to_string(),
            Value::Time(micros) => self.instant(*micros),
            Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        }
    }
}

fn query_sqlite(connection: &rusqlite::Connection, sql: &str) -> Result<Answer, rusqlite::Error> {
    let mut statement = connection.prepare(sql)?;
    let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let width = columns.len();
    let rows = statement.query_map([], |row| {
        let cell = |at| {
            Ok(match row.get::<_, rusqlite::types::Value>(at)? {
                rusqlite::types::Value::Null => None,
                rusqlite::types::Value::Integer(number) => Some(number.to_string()),
                rusqlite::types::Value::Text(text) => Some(text),
                other => Some(format!("{other:?}")),
            })
        };
        (0..width).map(cell).collect()
    })?;
    let rows = rows.collect::<Result<_, _>>()?;
    Ok(Answer { columns, rows })
}

fn read(messages: Vec<SimpleQueryMessage>) -> Answer {
    let mut answer = Answer { columns: Vec::new(), rows: Vec::new() };
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                answer.columns = columns.iter().map(|column| column.name().to_owned()).collect();
            }
            SimpleQueryMessage::Row(row) => {
                answer.rows.push((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect());
            }
            _ => {}
        }
    }
    answer
}
