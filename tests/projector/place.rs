//! A store in a file or a database of its own, and what tests do with it.

use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chancery::aggregates::command::{Command as Change, MemberCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, RoleId, Window};
use chancery::engine::{Context, Engine, Request};
use chancery::store::postgres::{self, PostgresStore};
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Access, Append, NewEvent, Store};
use tempfile::TempDir;

use crate::store_contract::postgres::cluster::{Database, connect};

pub(crate) enum Place {
    Sqlite(TempDir),
    Postgres(Database),
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().unwrap())
    }

    pub(crate) fn postgres() -> Self {
        Self::Postgres(Database::new())
    }

    /// As `--store` takes it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Sqlite(directory) => format!("sqlite:{}", directory.path().join("log.db").display()),
            Self::Postgres(database) => database.url(),
        }
    }

    pub(crate) fn open(&self, access: Access) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(directory) => {
                let options = chancery::store::sqlite::OpenOptions::new(access);
                Arc::new(SqliteStore::open_with(directory.path().join("log.db"), &options).unwrap())
            }
            Self::Postgres(database) => {
                Arc::new(PostgresStore::open_with(&database.url(), &postgres::OpenOptions::new(access)).unwrap())
            }
        }
    }

    /// A connection of a stranger's.
    fn sqlite_connection(directory: &TempDir) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(directory.path().join("log.db")).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection
    }

    pub(crate) fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite(directory) => Self::sqlite_connection(directory).execute_batch(sql).unwrap(),
            Self::Postgres(database) => database.execute(&format!("SET search_path TO chancery; {sql}")),
        }
    }

    /// One number, by SQL, as a stranger asks for it.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        match self {
            Self::Sqlite(directory) => Self::sqlite_connection(directory).query_row(sql, [], |row| row.get(0)).unwrap(),
            Self::Postgres(database) => {
                let url = database.url();
                let work = || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(async {
                        let client = connect(&url).await.unwrap();
                        client.batch_execute("SET search_path TO chancery").await.unwrap();
                        client.query_one(sql, &[]).await.unwrap().get(0)
                    })
                };
                std::thread::scope(|scope| scope.spawn(work).join().unwrap())
            }
        }
    }

    pub(crate) async fn found(&self, organisation: &str) {
        let engine = Engine::new(self.open(Access::Create));
        let profile = check(BUILT_IN.iter().find(|(name, _)| *name == "workspace").unwrap().1).unwrap();
        let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
        let organisation = OrganisationId::known(organisation);
        engine.found(&organisation, "Acme", &profile, &founder, Context::default()).await.unwrap();
        engine.close().await;
    }

    pub(crate) async fn add_member(&self, organisation: &str, number: u64) {
        let engine = Engine::new(self.open(Access::Write));
        add_member(&engine, organisation, number).await;
        engine.close().await;
    }

    /// Appends an event that no program knows.
    pub(crate) async fn append_mystery(&self, organisation: &str) {
        let store = self.open(Access::Write);
        let head = store.head(organisation).await.unwrap().unwrap();
        let event = NewEvent {
            aggregate_type: "member".to_owned(),
            aggregate_id: format!("{organisation}/nobody"),
            sequence: 1,
            event_type: "MemberEnchanted".to_owned(),
            event_version: "1".to_owned(),
            payload: r#"{"MemberEnchanted":{}}"#.to_owned(),
            metadata: r#"{"actor":"founder"}"#.to_owned(),
            time: head.time,
        };
        let events = vec![event];
        let organisation = organisation.to_owned();
        store.append(Append { organisation, expected_head: head.position, idempotency: None, events }).await.unwrap();
        store.close().await;
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        for name in ["CHANCERY_STORE", "CHANCERY_ORGANISATION", "CHANCERY_AS"] {
            command.env_remove(name);
        }
        command.args(["--store", &self.name(), "--format", "json"]).args(words);
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Starts the program.
    pub(crate) fn start(&self, words: &[&str]) -> Running {
        let child = self.command(words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        Running(child)
    }

    /// What `projections status` says, and its exit code.
    pub(crate) fn status(&self) -> (serde_json::Value, i32) {
        let output = self.run(&["projections", "status"]);
        (serde_json::from_slice(&output.stdout).unwrap(), output.status.code().unwrap())
    }
}

/// A process of ours; it does not outlive the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Adds a member with the role Manager: some events that belong together.
pub(crate) async fn add_member(engine: &Engine, organisation: &str, number: u64) {
    let member = MemberId::known(format!("member-{number}"));
    let add = MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: None,
        details: Details::default(),
        scope: None,
    };
    let role = RoleId::known("manager");
    let assign = MemberCommand::AssignRole { role, scope: None, window: Window::default() };
    let commands = vec![Change::Member(member.clone(), add), Change::Member(member, assign)];
    let request = Request {
        organisation: OrganisationId::known(organisation),
        commands,
        actor: Actor::Member(MemberId::known("founder")),
        context: Context::default(),
        idempotency_key: None,
    };
    engine.execute(request).await.unwrap();
}

/// Takes the role away again, or gives it back.
pub(crate) async fn toggle_role(engine: &Engine, organisation: &str, number: u64, give: bool) {
    let member = MemberId::known(format!("member-{number}"));
    let role = RoleId::known("manager");
    let command = match give {
        true => MemberCommand::AssignRole { role, scope: None, window: Window::default() },
        false => MemberCommand::UnassignRole { role, scope: None },
    };
    let request = Request {
        organisation: OrganisationId::known(organisation),
        commands: vec![Change::Member(member, command)],
        actor: Actor::Member(MemberId::known("founder")),
        context: Context::default(),
        idempotency_key: None,
    };
    engine.execute(request).await.unwrap();
}

/// Asks again and again until there is an answer, for half a minute at most.
pub(crate) async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen");
}
