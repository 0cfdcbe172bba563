//! Import from other systems: what it makes of a policy, what it refuses, and what it never does.

mod bad_lines;
mod command_line;
mod equivalence;
mod existing;
mod mapping;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use chancery::aggregates::AccessState;
use chancery::aggregates::access::{Request, evaluate};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::BUILT_IN;
use chancery::aggregates::profile::check::check;
use chancery::aggregates::profile::document::ProfileDocument;
use chancery::aggregates::vocabulary::{MemberId, OrganisationId};
use chancery::engine::{Context, Engine};
use chancery::import::{Founding, ImportError, Options, Progress, Source, Summary, Target, Unwatched, run};
use chancery::store::memory::MemoryStore;

/// An organisation in memory, and files to import into it.
struct World {
    engine: Engine,
    directory: tempfile::TempDir,
    target: Target,
    options: Options,
}

fn profile(name: &str) -> ProfileDocument {
    static CHECKED: LazyLock<Vec<(&str, ProfileDocument)>> =
        LazyLock::new(|| BUILT_IN.iter().map(|(name, text)| (*name, check(text).unwrap())).collect());
    CHECKED.iter().find(|(key, _)| *key == name).unwrap().1.clone()
}

impl World {
    /// The organisation is founded from the blank profile by the first import.
    fn blank() -> Self {
        let founder = Founder { id: MemberId::known("sam"), details: Details::default() };
        let founding = Founding { name: "Acme".to_owned(), profile: profile("blank"), founder };
        Self {
            engine: Engine::new(Arc::new(MemoryStore::default())),
            directory: tempfile::tempdir().unwrap(),
            target: Target { organisation: OrganisationId::known("acme"), founding: Some(founding) },
            options: Options::default(),
        }
    }

    /// The organisation is there, founded from a profile.
    async fn founded(name: &str) -> Self {
        let mut world = Self::blank();
        let founder = world.target.founding.take().unwrap().founder;
        let organisation = &world.target.organisation;
        world.engine.found(organisation, "Acme", &profile(name), &founder, Context::default()).await.unwrap();
        world
    }

    async fn import(&self, source: &Source) -> Result<Summary, ImportError> {
        let progress: Arc<dyn Progress> = Arc::new(Unwatched);
        run(&self.engine, source, &self.target, &self.options, Context::default(), &progress).await
    }

    async fn casbin(&self, policy: impl AsRef<[u8]>) -> Result<Summary, ImportError> {
        self.import(&Source::Casbin(self.write("policy.csv", policy))).await
    }

    async fn pairs(&self, members: &str, roles: &str) -> Result<Summary, ImportError> {
        let (members, roles) = (self.write("members.csv", members), self.write("roles.csv", roles));
        self.import(&Source::Pairs { members, roles }).await
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> std::path::PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    async fn state(&self) -> Arc<AccessState> {
        self.engine.state(&self.target.organisation).await.unwrap()
    }

    async fn allows(&self, subject: &str, permission: &str, scope: Option<&str>) -> bool {
        allows(self.state().await.as_ref(), subject, permission, scope)
    }

    /// The bad lines, as `line: reason`.
    async fn bad_lines(&self, policy: impl AsRef<[u8]>) -> Vec<String> {
        told(self.casbin(policy).await)
    }
}

fn allows(state: &AccessState, subject: &str, permission: &str, scope: Option<&str>) -> bool {
    let at = state.time().unwrap();
    evaluate(state, &Request { subject, permission, scope, owner: None, at }).is_allowed()
}

fn told(result: Result<Summary, ImportError>) -> Vec<String> {
    match result {
        Err(ImportError::BadLines { lines, total }) => {
            assert!(total >= lines.len());
            lines.iter().map(|bad| format!("{}: {}", bad.line, bad.reason)).collect()
        }
        other => panic!("expected bad lines, got {other:?}"),
    }
}

fn data(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/data").join(name)
}
