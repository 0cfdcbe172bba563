//! One case's organisation, and the command line on it.

use std::sync::Arc;

use chancery::aggregates::vocabulary::OrganisationId;
use chancery::cli::script::{self, Step};
use chancery::cli::{CliError, Done, run_line};
use chancery::engine::{Engine, ManualClock};
use chancery::store::memory::MemoryStore;
use chancery::vault::{LocalKeys, Source};

pub(super) const ORGANISATION: &str = "case";

pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) clock: Arc<ManualClock>,
    pub(super) profile: String,
    /// Where the key of the members' keys is.
    _keys: tempfile::TempDir,
    /// What the last command printed.
    pub(super) output: String,
    /// The last refusal.
    pub(super) message: String,
}

impl World {
    pub(super) async fn founded(profile: &str) -> Result<Self, String> {
        let clock = Arc::new(ManualClock::new(script::instant("2026-01-05 09:00").unwrap()));
        let keys = tempfile::tempdir().unwrap();
        let source = Source::beside(&keys.path().join("case"));
        let engine = Engine::with_clock(Arc::new(MemoryStore::new()), clock.clone());
        let engine = engine.with_vault(Arc::new(LocalKeys::new(source)));
        let (output, message) = (String::new(), String::new());
        let mut world = Self { engine, clock, profile: profile.to_owned(), _keys: keys, output, message };
        let founding =
            ["organisation", "found", ORGANISATION, "--profile", profile, "--name", "Case", "--owner", "founder"];
        world.run(&founding.map(str::to_owned)).await.map_err(|error| error.to_string())?;
        Ok(world)
    }

    pub(super) async fn arrange(&mut self, line: &str) -> Result<(), String> {
        match script::read(line).map_err(|error| error.to_string())? {
            Some(Step::Time(time)) => self.clock.set(time),
            Some(Step::Command { actor, words, ends_with: None }) => {
                self.run_as(&actor, words).await.map_err(|error| format!("{} ({error})", error.rule()))?;
            }
            other => return Err(format!("a situation has no such line: {other:?}")),
        }
        Ok(())
    }

    pub(super) async fn run_as(&mut self, actor: &str, words: Vec<String>) -> Result<Done, CliError> {
        let all: Vec<String> = ["--as".to_owned(), actor.to_owned()].into_iter().chain(words).collect();
        self.run(&all).await
    }

    pub(super) async fn run(&mut self, words: &[String]) -> Result<Done, CliError> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = run_line(&self.engine, &OrganisationId::known(ORGANISATION), &words).await;
        self.output = ran.output;
        self.message = ran.result.as_ref().err().map(ToString::to_string).unwrap_or_default();
        ran.result
    }
}
