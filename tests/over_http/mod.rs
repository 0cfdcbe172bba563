//! The command line over HTTP: the same lines as on the store, run by a service that stands before it.

mod changes;
mod confined;
mod follower;
mod reading;
mod trouble;

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::Ran;
use crate::store_contract::postgres::cluster::Database;

/// Variables that must not come from whoever runs the tests.
const VARIABLES: [&str; 10] = [
    "CHANCERY_STORE",
    "CHANCERY_ORGANISATION",
    "CHANCERY_AS",
    "CHANCERY_SERVER",
    "CHANCERY_KEY",
    "CHANCERY_KEY_FILE",
    "CHANCERY_VAULT_KEY",
    "CHANCERY_CA_FILE",
    "NO_COLOR",
    "CLICOLOR_FORCE",
];

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    VARIABLES.into_iter().for_each(|name| {
        command.env_remove(name);
    });
    command
}

fn run(command: &mut Command, line: &str) -> Ran {
    // A part in quotation marks is one word.
    let words = line.split('"').enumerate().flat_map(|(number, part)| match number % 2 {
        0 => part.split_whitespace().collect::<Vec<_>>(),
        _ => vec![part],
    });
    command.args(words).output().unwrap().into()
}

/// With the key to the demonstration's personal data, which its copies have too.
fn keyed() -> Command {
    let path = demonstration().strip_prefix("sqlite:").unwrap();
    let mut command = program();
    command.env("CHANCERY_VAULT_KEY", format!("file:{path}.vault-key"));
    command
}

/// Runs a line on a copy of the demonstration.
fn on(store: &str, line: &str) -> Ran {
    run(keyed().args(["--store", store]), line)
}

/// A store with the organisations of the demonstration, and who serves it.
struct Desk {
    store: String,
    directory: TempDir,
    _database: Option<Database>,
}

/// The demonstration, made once.
fn demonstration() -> &'static str {
    static MADE: OnceLock<(TempDir, String)> = OnceLock::new();
    let (_, store) = MADE.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let store = format!("sqlite:{}", directory.path().join("demo.db").display());
        run(program().args(["--store", &store]), "demo --no-tour").ok();
        (directory, store)
    });
    store
}

impl Desk {
    fn on_sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = format!("sqlite:{}", directory.path().join("served.db").display());
        Self::at(store, directory, None)
    }

    fn on_postgres() -> Self {
        let database = Database::new();
        Self::at(database.url(), tempfile::tempdir().unwrap(), Some(database))
    }

    fn at(store: String, directory: TempDir, database: Option<Database>) -> Self {
        let line = format!("copy --from {} --to {store} fairmont studio", demonstration());
        run(&mut keyed(), &line).ok();
        Self { store, directory, _database: database }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes a key for somebody of Fairmont, on the store.
    fn key(&self, member: &str) -> String {
        let line = format!("-o fairmont --as {member} --format json key issue --self --label {member}");
        let issued = on(&self.store, &line);
        let issued: Value = serde_json::from_str(&issued.stdout).unwrap_or_else(|error| panic!("{error}: {issued:?}"));
        issued["token"].as_str().unwrap().to_owned()
    }

    fn serve(&self, flags: &[&str]) -> Service {
        Service::start(&self.store, "127.0.0.1:0", flags)
    }

    /// Fairmont's events after a position: what they are and what they say.
    fn events(&self, after: u64) -> Vec<(String, Value)> {
        let told = on(&self.store, &format!("-o fairmont --format json events --after {after}"));
        let event = |line: &str| {
            let mut event: Value = serde_json::from_str(line).unwrap();
            let mut told = event["event"].take();
            leave_out_ciphertext(&mut told);
            (event["type"].as_str().unwrap().to_owned(), told)
        };
        told.ok().lines().map(event).collect()
    }

    fn head(&self) -> u64 {
        let shown = on(&self.store, "-o fairmont --format json organisation show");
        serde_json::from_str::<Value>(shown.ok()).unwrap()["position"].as_u64().unwrap()
    }
}

/// The same name is never sealed to the same value twice.
fn leave_out_ciphertext(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(name, value)| {
                if name == "sealed" {
                    *value = Value::Null;
                } else {
                    leave_out_ciphertext(value);
                }
            });
        }
        Value::Array(values) => values.iter_mut().for_each(leave_out_ciphertext),
        _ => {}
    }
}

/// A running service, killed when the test ends, however it does.
struct Service {
    child: Child,
    address: String,
    /// What it said on standard output first, with the operator's key.
    said: Option<String>,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    fn start(store: &str, listen: &str, flags: &[&str]) -> Self {
        let mut command = keyed();
        command.args(["--store", store, "serve", "--listen", listen, "--log-format", "json"]).args(flags);
        // Whose line it is, the environment of the service does not say.
        command.env("CHANCERY_AS", "nobody").env("CHANCERY_ORGANISATION", "nowhere");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let address = lines.find_map(|line| {
            let line: Value = serde_json::from_str(&line).ok()?;
            line["address"].as_str().map(str::to_owned)
        });
        // The rest is read as well, so that the program never waits for it.
        std::thread::spawn(move || lines.for_each(drop));
        let said = flags.contains(&"--operator-keys").then(|| {
            let mut said = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
            said
        });
        Self { child, address: address.expect("the program says where it listens"), said }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Runs a line by the service.
    fn run(&self, key: &str, line: &str) -> Ran {
        asking(&self.url(), key, line)
    }
}

/// Runs a line by the service at an address.
fn asking(url: &str, key: &str, line: &str) -> Ran {
    run(program().env("CHANCERY_KEY", key).args(["--server", url]), line)
}

/// A port that is free now, for a service that comes back to where it was.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn write(path: &Path, text: &str) -> String {
    std::fs::write(path, text).unwrap();
    path.display().to_string()
}

/// Each test on every store.
macro_rules! on_every_store {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&$crate::over_http::Desk::on_sqlite());
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                super::$name(&$crate::over_http::Desk::on_postgres());
            })*
        }
    };
}
use on_every_store;
