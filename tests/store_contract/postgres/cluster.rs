//! A PostgreSQL server for the tests: the one that `CHANCERY_TEST_POSTGRES` names, or a private one
//! that `tools/private-postgres.sh` starts and that ends with this process, however it ends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;

/// A server of our own.
pub(crate) struct Cluster {
    port: u16,
    directory: PathBuf,
    /// Closing the first ends the server. Answers come from the second.
    pipes: Mutex<(ChildStdin, BufReader<std::process::ChildStdout>)>,
    _script: Child,
}

impl Cluster {
    /// Starts one; about two seconds.
    pub(crate) fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/private-postgres.sh");
        let mut child =
            Command::new(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["ready", port, directory] = words.as_slice() else {
            panic!("no PostgreSQL for the tests ({}); or name a server with CHANCERY_TEST_POSTGRES", line.trim());
        };
        let pipes = Mutex::new((input, output));
        Self { port: port.parse().unwrap(), directory: directory.into(), pipes, _script: child }
    }

    /// A URL for the database; `host` is `127.0.0.1`, or `localhost` for which the certificate is.
    pub(crate) fn url_at(&self, host: &str, database: &str) -> String {
        format!("postgres://chancery@{host}:{}/{database}", self.port)
    }

    pub(crate) fn url(&self, database: &str) -> String {
        self.url_at("127.0.0.1", database)
    }

    /// The certificate authority of the server's TLS.
    pub(crate) fn authority(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// `restart` (after a crash), `stop` or `start`.
    pub(crate) fn tell(&self, command: &str) {
        let mut pipes = self.pipes.lock();
        writeln!(pipes.0, "{command}").unwrap();
        let mut line = String::new();
        pipes.1.read_line(&mut line).unwrap();
        assert!(!line.is_empty() && !line.starts_with("failed"), "{line}");
    }
}

/// A database of one test, on the server that all tests share. Dropped with it.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn new() -> Self {
        Self::on(shared())
    }

    pub(crate) fn on(server: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("chancery_test_{}_{number}", std::process::id());
        execute(server, &format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"));
        Self { server: server.to_owned(), name }
    }

    pub(crate) fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }

    /// Keeps a copy of the database as it is, for one [`restore`](Self::restore).
    pub(crate) fn save(&self) {
        let name = &self.name;
        execute(&self.server, &format!("CREATE DATABASE {name}_saved TEMPLATE {name}"));
    }

    /// Puts the copy in the database's place.
    pub(crate) fn restore(&self) {
        let name = &self.name;
        execute(&self.server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        execute(&self.server, &format!("ALTER DATABASE {name}_saved RENAME TO {name}"));
    }

    /// Runs statements as a stranger would.
    pub(crate) fn execute(&self, sql: &str) {
        execute(&self.url(), sql);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The server may be gone already, and the database with it.
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = try_execute(&self.server, &sql);
    }
}

/// The URL of a server's own database, to make others.
fn shared() -> &'static str {
    static SHARED: OnceLock<(String, Option<Cluster>)> = OnceLock::new();
    let (url, _) = SHARED.get_or_init(|| match std::env::var("CHANCERY_TEST_POSTGRES") {
        Ok(url) if !url.is_empty() => (url, None),
        _ => {
            let cluster = Cluster::start();
            (cluster.url("postgres"), Some(cluster))
        }
    });
    url
}

fn with_database(url: &str, name: &str) -> String {
    let (before, query) = url.split_once('?').map_or((url, String::new()), |(url, query)| (url, format!("?{query}")));
    let (server, _) = before.rsplit_once('/').unwrap();
    format!("{server}/{name}{query}")
}

fn execute(url: &str, sql: &str) {
    try_execute(url, sql).unwrap();
}

/// On a thread and a runtime of its own, so that it works inside and outside of others.
fn try_execute(url: &str, sql: &str) -> Result<(), String> {
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = connect(url).await?;
            client.batch_execute(sql).await.map_err(|error| format!("{sql}: {error:?}"))
        })
    };
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

/// A connection that knows nothing of the store.
pub(crate) async fn connect(url: &str) -> Result<tokio_postgres::Client, String> {
    let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
    let (client, connection) = connected.map_err(|error| format!("{url}: {error:?}"))?;
    tokio::spawn(connection);
    Ok(client)
}
