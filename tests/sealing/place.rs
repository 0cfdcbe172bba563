//! A store of one's own, the program on it, and everything it leaves behind.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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

/// What a look at the running service gave.
pub(crate) struct Served {
    pub(crate) members: String,
    pub(crate) metrics: String,
    pub(crate) log: String,
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

    /// Serves, looks at members and metrics, and ends; everything that the service said is its log.
    pub(crate) fn serve_and_look(&self) -> Served {
        let issued = self.ok(&["--as", "olivia", "--format", "json", "key", "issue", "--self", "--label", "test"]);
        let issued: serde_json::Value = serde_json::from_str(&issued).unwrap();
        let token = issued["token"].as_str().unwrap();
        let operators = self.directory.path().join("operator.keys");
        let flags = ["serve", "--listen", "127.0.0.1:0", "--operator-keys", operators.to_str().unwrap()];
        let mut command = self.command();
        command.args(flags).args(["--log-format", "json", "--log", "trace"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut told).unwrap();
        let operator = told.trim().rsplit(' ').next().unwrap();
        let mut reader = BufReader::new(child.stderr.take().unwrap());
        let mut log = String::new();
        let address = loop {
            let start = log.len();
            assert_ne!(reader.read_line(&mut log).unwrap(), 0, "the service ended: {log}");
            let line: serde_json::Value = serde_json::from_str(&log[start..]).unwrap_or_default();
            if let Some(address) = line["address"].as_str() {
                break address.to_owned();
            }
        };
        // The rest is read as well, so that the program never waits for it.
        let rest = std::thread::spawn(move || {
            let mut rest = String::new();
            reader.read_to_string(&mut rest).unwrap();
            rest
        });
        let get = |path: &str, token: &str| {
            let request =
                ureq::get(format!("http://{address}{path}")).header("authorization", format!("Bearer {token}"));
            request.call().unwrap().into_body().read_to_string().unwrap()
        };
        let members = get("/v1/organisations/acme/members?search=vandermolen", token)
            + &get("/v1/organisations/acme/members/m1", token);
        let metrics = get("/metrics", operator);
        child.kill().unwrap();
        child.wait().unwrap();
        log.push_str(&rest.join().unwrap());
        Served { members, metrics, log }
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

    pub(crate) fn with(mut self, what: &str, text: String) -> Self {
        self.0.push((what.to_owned(), text.into_bytes()));
        self
    }

    pub(crate) fn holding(&self, wanted: &[u8]) -> Vec<&str> {
        let has = |bytes: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
        self.0.iter().filter(|(_, bytes)| has(bytes)).map(|(name, _)| name.as_str()).collect()
    }

    pub(crate) fn have_no(&self, planted: &str) {
        assert_eq!(self.holding(planted.as_bytes()), Vec::<&str>::new(), "`{planted}` is in clear");
    }
}
