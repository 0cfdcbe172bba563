//! A store of one's own, the program on it, and everything it leaves behind.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chancery::aggregates::vocabulary::OrganisationId;
use chancery::engine::Engine;
use chancery::store::postgres::{self, PostgresStore};
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Access, Snapshot, Store};
use tempfile::TempDir;

use crate::store_contract::postgres::cluster::{Cluster, Database, connect};

pub(crate) struct Place {
    pub(crate) directory: TempDir,
    server: Option<(Database, Cluster)>,
    key: bool,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self { directory: TempDir::new().unwrap(), server: None, key: true }
    }

    /// On a server of its own, whose files can be looked through.
    pub(crate) fn postgres() -> Self {
        let cluster = Cluster::start();
        let database = Database::on(&cluster.url("postgres"));
        Self { directory: TempDir::new().unwrap(), server: Some((database, cluster)), key: true }
    }

    pub(crate) fn without_key(self) -> Self {
        Self { key: false, ..self }
    }

    pub(crate) fn store(&self) -> String {
        match &self.server {
            None => format!("sqlite:{}", self.directory.path().join("log.db").display()),
            Some((database, _)) => database.url(),
        }
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.directory.path().join(if self.server.is_some() { "postgres.vault-key" } else { "log.db.vault-key" })
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        for name in ["CHANCERY_STORE", "CHANCERY_ORGANISATION", "CHANCERY_AS", "CHANCERY_VAULT_KEY"] {
            command.env_remove(name);
        }
        command.current_dir(self.directory.path()).args(["--store", &self.store()]);
        if self.key && self.server.is_some() {
            command.env("CHANCERY_VAULT_KEY", format!("file:{}", self.key_file().display()));
        }
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command().args(words).output().unwrap()
    }

    pub(crate) fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// One number, by SQL.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        match &self.server {
            None => {
                let connection = rusqlite::Connection::open(self.directory.path().join("log.db")).unwrap();
                connection.query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Some((database, _)) => runtime().block_on(async {
                let client = connect(&database.url()).await.unwrap();
                client.batch_execute("SET search_path TO chancery").await.unwrap();
                client.query_one(sql, &[]).await.unwrap().get(0)
            }),
        }
    }

    /// The members' wrapped keys, as the database has them.
    pub(crate) fn wrapped_key(&self, member: &str) -> Option<Vec<u8>> {
        let sql = format!("SELECT wrapped FROM personal_keys WHERE member = '{member}'");
        match &self.server {
            None => {
                let connection = rusqlite::Connection::open(self.directory.path().join("log.db")).unwrap();
                connection.query_row(&sql, [], |row| row.get(0)).unwrap()
            }
            Some((database, _)) => runtime().block_on(async {
                let client = connect(&database.url()).await.unwrap();
                client.batch_execute("SET search_path TO chancery").await.unwrap();
                client.query_one(&sql, &[]).await.unwrap().get(0)
            }),
        }
    }

    pub(crate) fn open(&self) -> std::sync::Arc<dyn Store> {
        match &self.server {
            None => std::sync::Arc::new(SqliteStore::open(self.directory.path().join("log.db")).unwrap()),
            Some((database, _)) => {
                let options = postgres::OpenOptions::new(Access::Write);
                std::sync::Arc::new(PostgresStore::open_with(&database.url(), &options).unwrap())
            }
        }
    }

    /// As the engine writes them every few thousand events.
    pub(crate) fn write_snapshot(&self) {
        runtime().block_on(async {
            let engine = Engine::new(self.open());
            let state = engine.state(&OrganisationId::known("acme")).await.unwrap();
            let snapshot = Snapshot {
                organisation: "acme".to_owned(),
                position: state.position(),
                time: state.time().unwrap().timestamp_micros(),
                layout: chancery::aggregates::state::snapshot::SNAPSHOT_VERSION,
                body: state.to_snapshot().unwrap(),
            };
            engine.store().save_snapshot(snapshot).await.unwrap();
            engine.close().await;
        });
    }

    /// A key of the member's own, who may have one from then on.
    pub(crate) fn key_of(&self, member: &str) -> String {
        if member != "olivia" {
            let role = ["role", "create", "Keyholder", "--id", "keyholder", "--permission", "api_keys.create"];
            self.ok(&[&["--as", "olivia"], &role[..]].concat());
            self.ok(&["--as", "olivia", "member", "assign", member, "keyholder"]);
        }
        let issue = ["--as", member, "--format", "json", "key", "issue", "--self", "--label", "test"];
        let issued: serde_json::Value = serde_json::from_str(&self.ok(&issue)).unwrap();
        issued["token"].as_str().unwrap().to_owned()
    }

    /// Keeps a backup of the store, once.
    pub(crate) fn back_up(&self, outside: &Path) {
        match &self.server {
            None => drop(std::fs::copy(self.directory.path().join("log.db"), outside.join("log.db")).unwrap()),
            Some((database, _)) => database.save(),
        }
    }

    /// Puts the backup in the store's place.
    pub(crate) fn restore(&self, outside: &Path) {
        match &self.server {
            None => drop(std::fs::copy(outside.join("log.db"), self.directory.path().join("log.db")).unwrap()),
            Some((database, _)) => database.restore(),
        }
    }

    /// Every row of every table as text.
    pub(crate) fn dump(&self) -> String {
        match &self.server {
            None => {
                let connection = rusqlite::Connection::open(self.directory.path().join("log.db")).unwrap();
                let mut tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
                let tables: Vec<String> =
                    tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
                tables.iter().map(|table| rows(&connection, table)).collect()
            }
            Some((database, _)) => {
                let binaries = "find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -n1";
                let script = format!("\"$({binaries})\"/pg_dump --inserts '{}'", database.url());
                let dumped = Command::new("bash").args(["-c", &script]).output().unwrap();
                assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
                String::from_utf8(dumped.stdout).unwrap()
            }
        }
    }

    /// Where the database's files are.
    pub(crate) fn files(&self) -> PathBuf {
        match &self.server {
            None => self.directory.path().to_owned(),
            Some((_, cluster)) => cluster.authority().parent().unwrap().to_owned(),
        }
    }

    /// Has the server write its pages to its files.
    pub(crate) fn settle(&self) {
        if let Some((database, _)) = &self.server {
            database.execute("CHECKPOINT");
        }
    }
}

/// A server's files are many megabytes: what is skipped is skipped fast.
fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    let (first, others) = wanted.split_first().unwrap();
    let mut rest = bytes;
    while !rest.is_empty() {
        rest.skip_until(*first).unwrap();
        if rest.starts_with(others) && !others.is_empty() {
            return true;
        }
    }
    false
}

fn rows(connection: &rusqlite::Connection, table: &str) -> String {
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut text = String::new();
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            let value = row.get_ref(column).unwrap();
            let bytes = value.as_bytes().map(String::from_utf8_lossy);
            text.push_str(&bytes.map_or_else(|_| format!("{value:?}"), std::borrow::Cow::into_owned));
            text.push('\n');
        }
    }
    text
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

/// Bytes that a run left behind, with where.
pub(crate) struct Traces(Vec<(String, Vec<u8>)>);

impl Traces {
    /// All files of the database: tables, indexes, free pages, write-ahead log.
    pub(crate) fn of(place: &Place) -> Self {
        place.settle();
        let mut traces = Self(Vec::new());
        traces.gather(&place.files());
        assert!(!traces.0.is_empty());
        traces
    }

    fn gather(&mut self, directory: &Path) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.gather(&path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                self.0.push((path.display().to_string(), bytes));
            }
        }
    }

    /// Files that were written besides.
    pub(crate) fn and(mut self, directory: &Path) -> Self {
        self.gather(directory);
        self
    }

    pub(crate) fn with_bytes(mut self, what: &str, bytes: Vec<u8>) -> Self {
        self.0.push((what.to_owned(), bytes));
        self
    }

    pub(crate) fn with(mut self, what: &str, text: String) -> Self {
        self.0.push((what.to_owned(), text.into_bytes()));
        self
    }

    pub(crate) fn holding(&self, wanted: &[u8]) -> Vec<&str> {
        self.0.iter().filter(|(_, bytes)| has(bytes, wanted)).map(|(name, _)| name.as_str()).collect()
    }

    pub(crate) fn have_no(&self, planted: &str) {
        assert_eq!(self.holding(planted.as_bytes()), Vec::<&str>::new(), "`{planted}` is in clear");
    }
}
