//! Two organisations on one store, their keys, and a server for them.

use std::sync::Arc;

use async_trait::async_trait;
use chancery::aggregates::vocabulary::{MemberId, OrganisationId};
use chancery::api::authentication::{Bearer, FixedKeys, Identity, Keys};
use chancery::api::keys::{EngineKeys, OperatorKeys};
use chancery::api::problem::Problem;
use chancery::cli::run_line;
use chancery::config::Settings;
use chancery::engine::Engine;
use chancery::store::Access;
use chancery::store::Store;
use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::sqlite::SqliteStore;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::server::{Answer, Request, Server};
use crate::store_contract::postgres::cluster::Database;

/// The token of the operator.
pub(super) const OPERATOR: &str = "operator-token";

/// Where the store is, for as long as it is needed.
pub(super) enum Place {
    Directory(#[allow(dead_code, reason = "kept until it is dropped")] tempfile::TempDir),
    Database(#[allow(dead_code, reason = "kept until it is dropped")] Database),
}

/// Keys that are named here, and those of the log.
#[derive(Debug)]
struct TestKeys {
    fixed: FixedKeys,
    log: EngineKeys,
}

#[async_trait]
impl Keys for TestKeys {
    fn known(&self, token: &str) -> Option<Arc<Identity>> {
        self.fixed.known(token).or_else(|| self.log.known(token))
    }

    async fn find(&self, token: &str) -> Result<Option<Arc<Identity>>, Problem> {
        self.log.find(token).await
    }
}

/// Acme (profile `buildings`) and Other, with members whose tokens are `acme/olivia` and so on.
pub(super) struct World {
    pub(super) server: Server,
    pub(super) engine: Engine,
    _place: Place,
}

/// Mei works in Tower, with tasks of her own only; Hugo manages access there; Omar works in Library.
const ACME: &[&str] = &[
    "organisation found acme --profile buildings --name Acme --owner olivia",
    "--as olivia scope create tower Tower",
    "--as olivia scope create library Library",
    "--as olivia role create Viewer --permission assets.view",
    "--as olivia role create Tasker --permission tasks.complete tasks.manage_own_only",
    "--as olivia role create Lead --permission assets.view users.manage_access",
    "--as olivia member add hugo --account-type member --role lead --in tower",
    "--as olivia member add mei --account-type member --role viewer --in tower",
    "--as olivia member assign mei tasker --in tower",
    "--as olivia member add omar --account-type member --role viewer --in library",
];

const OTHER: &[&str] = &[
    "organisation found other --profile buildings --name Other --owner olivia",
    "--as olivia scope create harbour Harbour",
];

impl World {
    pub(super) fn on_sqlite() -> Self {
        Self::with(Settings::default())
    }

    pub(super) fn with(settings: Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open_or_create(directory.path().join("api.db")).unwrap());
        Self::on(runtime(), store, Place::Directory(directory), settings)
    }

    pub(super) fn on_postgres() -> Self {
        let runtime = runtime();
        let database = Database::new();
        let entered = runtime.enter();
        let store = PostgresStore::open_with(&database.url(), &OpenOptions::new(Access::Create)).unwrap();
        drop(entered);
        Self::on(runtime, Arc::new(store), Place::Database(database), Settings::default())
    }

    fn on(runtime: Runtime, store: Arc<dyn Store>, place: Place, settings: Settings) -> Self {
        let engine = Engine::new(store);
        for (organisation, lines) in [("acme", ACME), ("other", OTHER)] {
            for line in lines {
                run(&runtime, &engine, organisation, line);
            }
        }
        let keys = Arc::new(TestKeys { fixed: keys(), log: EngineKeys::new(engine.clone(), OperatorKeys::default()) });
        let noting = keys.clone();
        runtime.spawn(async move { noting.log.note_uses().await });
        Self { server: Server::start(runtime, engine.clone(), keys, settings), engine, _place: place }
    }

    /// Runs a line of the command line on the same engine.
    pub(super) fn line(&self, organisation: &str, line: &str) {
        run(&self.server.runtime, &self.engine, organisation, line);
    }

    pub(super) fn position(&self, organisation: &str) -> u64 {
        let organisation = OrganisationId::known(organisation);
        self.server.runtime.block_on(self.engine.state(&organisation)).unwrap().position()
    }

    pub(super) fn request(&self, method: &str, path: &str) -> Request {
        self.server.request(method, path)
    }

    pub(super) fn get(&self, path: &str, token: &str) -> Answer {
        self.request("GET", path).key(token).send()
    }

    pub(super) fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.request("POST", path).key(token).json(body).send()
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn run(runtime: &Runtime, engine: &Engine, organisation: &str, line: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    let ran = runtime.block_on(run_line(engine, &OrganisationId::known(organisation), &words));
    ran.result.unwrap_or_else(|error| panic!("{line}: {error}"));
}

fn keys() -> FixedKeys {
    let members = [
        "acme/olivia",
        "acme/hugo",
        "acme/mei",
        "acme/omar",
        "acme/ann",
        "acme/rita",
        "acme/nobody",
        "other/olivia",
        "links/olivia",
        "props/olivia",
    ];
    let key = |token: &str| {
        let (organisation, member) = token.split_once('/').unwrap();
        let bearer =
            Bearer::Member { organisation: OrganisationId::known(organisation), member: MemberId::known(member) };
        (token.to_owned(), Identity::new(token, bearer))
    };
    let operator = (OPERATOR.to_owned(), Identity::new("operator", Bearer::Operator));
    members.into_iter().map(key).chain([operator]).collect()
}
