//! An organisation on a store, and a server for it with real keys.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use chancery::aggregates::vocabulary::OrganisationId;
use chancery::api::keys::{EngineKeys, OperatorKeys};
use chancery::api::server::Listener;
use chancery::api::service::Service;
use chancery::cli::run_line;
use chancery::config::{File, Given, KeyPlace, Settings};
use chancery::engine::Engine;
use chancery::log::key::KeySource;
use chancery::log::sign::sign;
use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Access, Store, StoredCheckpoint};
use chancery::vault::{LocalKeys, Source};
use tokio::runtime::Runtime;

use super::browser::Browser;
use super::cluster::Database;

/// A name that would do harm if it were not shown as text.
pub(super) const HOSTILE: &str = "<script>alert(1)</script>\"'><img/src=x/onerror=alert(2)>";

/// Acme (profile `buildings`): Olivia administers, Hugo manages access in Tower, Mei and Omar work.
const ACME: &[&str] = &[
    "organisation found acme --profile buildings --name Acme --owner olivia",
    "--as olivia scope create tower Tower",
    "--as olivia scope create library Library",
    "--as olivia role create Viewer --permission assets.view",
    "--as olivia role create Tasker --permission tasks.complete tasks.manage_own_only",
    "--as olivia role create Lead --permission assets.view users.manage_access",
    "--as olivia role create Spare",
    "--as olivia member add hugo --account-type member --role lead --in tower",
    "--as olivia member add mei --account-type member --role viewer --in tower",
    "--as olivia member add omar --account-type member --role viewer --in library",
    "--as olivia member add ann --account-type admin --role admin",
];

/// Studio (profile `workspace`): Nora owns it, Adam administers and holds less.
const STUDIO: &[&str] = &[
    "organisation found studio --profile workspace --name Studio --owner nora",
    "--as nora member add adam --role admin",
    "--as nora role create Helper",
];

pub(super) struct World {
    pub(super) address: SocketAddr,
    pub(super) engine: Engine,
    /// Where the database is, if it is a file.
    pub(super) database: Option<PathBuf>,
    runtime: Runtime,
    _place: Box<dyn std::any::Any>,
}

impl World {
    pub(super) fn on_sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self::in_file(directory, |listen| settings("", listen))
    }

    /// With a key that signs the log.
    pub(super) fn with_log_key() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let key = KeyPlace(directory.path().join("log.key").to_string_lossy().into_owned());
        Self::in_file(directory, |listen| Settings { log_key: Some(key), ..settings("", listen) })
    }

    fn in_file(directory: tempfile::TempDir, settings: impl FnOnce(SocketAddr) -> Settings) -> Self {
        let database = directory.path().join("console.db");
        let store = SqliteStore::open_or_create(&database).unwrap();
        let world = Self::on(runtime(), Arc::new(store), settings, Box::new(directory));
        Self { database: Some(database), ..world }
    }

    /// Signs the log as it is now, with the key of the service.
    pub(super) fn sign(&self, organisation: &str) -> StoredCheckpoint {
        let path = self.database.as_ref().unwrap().with_file_name("log.key");
        let (signer, _) = KeySource::File(path).load().unwrap();
        self.runtime.block_on(sign(&self.engine, &OrganisationId::known(organisation), &signer)).unwrap()
    }

    /// Runs SQL with whatever forbids it switched off, as somebody with every right in the database may.
    pub(super) fn forge(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.database.as_ref().unwrap()).unwrap();
        let triggers = "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_schema WHERE type = 'trigger'";
        let drop: Option<String> = connection.query_row(triggers, [], |row| row.get(0)).unwrap();
        connection.execute_batch(&drop.unwrap_or_default()).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    /// With settings as a file has them. The service is reached where it listens.
    pub(super) fn with_settings(file: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self::in_file(directory, |listen| settings(file, listen))
    }

    pub(super) fn on_postgres() -> Self {
        let (runtime, database) = (runtime(), Database::new());
        let entered = runtime.enter();
        let store = PostgresStore::open_with(&database.url(), &OpenOptions::new(Access::Create)).unwrap();
        drop(entered);
        Self::on(runtime, Arc::new(store), |listen| settings("", listen), Box::new(database))
    }

    fn on(
        runtime: Runtime,
        store: Arc<dyn Store>,
        settings: impl FnOnce(SocketAddr) -> Settings,
        place: Box<dyn std::any::Any>,
    ) -> Self {
        let vault = tempfile::tempdir().unwrap();
        let source = Source::beside(&vault.path().join("console.db"));
        let engine = Engine::new(store).with_vault(Arc::new(LocalKeys::new(source)));
        let address = runtime.block_on(async {
            let keys = Arc::new(EngineKeys::new(engine.clone(), OperatorKeys::default()));
            let listen = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
            let service = Service::new(engine.clone(), keys, settings(listen));
            let service = Arc::new(service.with_sign_on().unwrap());
            let router = chancery::api::endpoints(service.clone());
            let listener = Listener::bind(listen, router, None, service).await.unwrap();
            let address = listener.address().unwrap();
            tokio::spawn(listener.serve(std::future::pending()));
            address
        });
        let world = Self { address, engine, database: None, runtime, _place: Box::new((place, vault)) };
        for (organisation, lines) in [("acme", ACME), ("studio", STUDIO)] {
            for line in lines {
                world.line(organisation, line);
            }
        }
        world
    }

    /// Runs a line of the command line on the same engine.
    pub(super) fn line(&self, organisation: &str, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let ran = self.runtime.block_on(run_line(&self.engine, &OrganisationId::known(organisation), &words));
        ran.result.unwrap_or_else(|error| panic!("{line}: {error}"));
        ran.output
    }

    pub(super) fn position(&self, organisation: &str) -> u64 {
        self.runtime.block_on(self.engine.state(&OrganisationId::known(organisation))).unwrap().position()
    }

    /// A key of a member's own.
    pub(super) fn key(&self, organisation: &str, member: &str) -> String {
        let output = self.line(organisation, &format!("--as {member} key issue --self --label test"));
        output.split_whitespace().find(|word| word.starts_with("chancery_")).unwrap().to_owned()
    }

    /// A browser that nobody has signed in with.
    pub(super) fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// A browser with a member signed in.
    pub(super) fn signed_in(&self, organisation: &str, member: &str) -> Browser {
        let mut browser = self.browser();
        let key = self.key(organisation, member);
        let page = browser.post("/console/-/sign-in", &[("key", &key)]);
        assert_eq!(page.status, 303, "{page:?}");
        browser
    }
}

fn settings(file: &str, listen: SocketAddr) -> Settings {
    let file: File = toml::from_str(file).unwrap();
    Settings::resolve(Given { listen: Some(listen), ..file.given }, Given::default()).unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
