//! The server that is measured, and how fast something is done on it.

use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use chancery_benches::measure::Processor;

/// A row as long as the payload and the metadata of a command's event.
pub(crate) const PAYLOAD: &str =
    r#"{"RoleAssigned":{"member":"member-0001","role":{"id":"developer","name":"Developer"}}}"#;
pub(crate) const METADATA: &str =
    r#"{"actor":"founder","command":"AssignRole","correlation":"019abcde-f012-7abc-8def-0123456789ab"}"#;

/// The table that `postgres-es` asks for, twice: for it, and for bare INSERTs.
const TABLES: &str = "(
        aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint NOT NULL, event_type text NOT NULL,
        event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)
    )";

pub(crate) struct Server {
    pub(crate) url: String,
    /// Ends when its standard input does.
    _private: Option<Child>,
}

impl Server {
    pub(crate) fn start() -> Self {
        if let Ok(url) = std::env::var("CHANCERY_TEST_POSTGRES") {
            return Self { url, _private: None };
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/private-postgres.sh");
        let mut child = Command::new(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.split_whitespace().nth(1).unwrap_or_else(|| panic!("{line}")).to_owned();
        let url = format!("postgres://chancery@127.0.0.1:{port}/postgres?sslmode=disable");
        Self { url, _private: Some(child) }
    }

    pub(crate) async fn connect(&self) -> tokio_postgres::Client {
        connect(&self.url).await
    }

    /// Every measurement starts with empty tables and a clean log.
    /// Of this process and of the server's.
    pub(crate) async fn processor(&self) -> Processor {
        let process: i32 = self.connect().await.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        Processor::of_server(process.unsigned_abs())
    }

    pub(crate) async fn clear(&self) {
        let owner = self.connect().await;
        let sql = format!(
            "DROP SCHEMA IF EXISTS chancery CASCADE; DROP SCHEMA IF EXISTS bare CASCADE;
             DROP SCHEMA IF EXISTS stock CASCADE; CREATE SCHEMA bare; CREATE SCHEMA stock;
             CREATE TABLE bare.events {TABLES}; CREATE TABLE stock.events {TABLES}"
        );
        owner.batch_execute(&sql).await.unwrap();
        self.checkpoint().await;
    }

    pub(crate) async fn checkpoint(&self) {
        self.connect().await.batch_execute("CHECKPOINT").await.unwrap();
    }

    /// Installs `message-db` with its own script, and returns the URL of its database.
    pub(crate) fn install_message_db(&self) -> Option<String> {
        let directory = std::env::var("CHANCERY_MESSAGE_DB").ok()?;
        let config: tokio_postgres::Config = self.url.parse().unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).env("PGHOST", "127.0.0.1").env("PGSSLMODE", "disable");
            command.env("PGPORT", config.get_ports().first().unwrap().to_string());
            command.env("PGUSER", config.get_user().unwrap()).env("DATABASE_NAME", "message_store");
            command.stdout(Stdio::null()).status().unwrap().success()
        };
        assert!(run("dropdb", &["--if-exists", "message_store"]));
        let installed = run("bash", &[&format!("{directory}/database/install.sh")]);
        assert!(installed, "message-db cannot be installed from {directory}");
        let (server, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (server, _) = server.rsplit_once('/').unwrap();
        Some(format!("{server}/message_store?{query}"))
    }
}

pub(crate) async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Done per second by tasks that say how much each did.
pub(crate) async fn rate(tasks: impl IntoIterator<Item = impl Future<Output = u64> + Send + 'static>) -> f64 {
    let start = Instant::now();
    let running: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut done = 0;
    for task in running {
        done += task.await.unwrap();
    }
    done as f64 / start.elapsed().as_secs_f64()
}
