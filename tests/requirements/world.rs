//! One case's organisation, and the command line on it: in process, or over HTTP.

use std::sync::Arc;

use chancery::aggregates::vocabulary::OrganisationId;
use chancery::cli::script::{self, Step};
use chancery::cli::{Exit, run_line};
use chancery::engine::{Engine, ManualClock};
use chancery::store::Store;
use chancery::vault::{LocalKeys, Source};
use serde_json::Value;

use super::served::Served;

/// Where cases are played: a store, and how it is reached.
pub(super) struct Stage {
    engine: Engine,
    clock: Arc<ManualClock>,
    /// Where the key of the members' keys is.
    _keys: tempfile::TempDir,
    served: Option<Served>,
}

/// One case's organisation.
pub(super) struct World<'s> {
    stage: &'s Stage,
    organisation: OrganisationId,
    pub(super) profile: String,
    /// What the last command printed.
    pub(super) output: String,
    /// The last refusal.
    pub(super) message: String,
}

/// What a line came to.
#[derive(Debug)]
pub(super) struct Ended {
    /// As the program ends.
    pub(super) exit: u8,
    /// What it failed by, if it did.
    pub(super) rule: Option<String>,
    pub(super) message: String,
    pub(super) output: String,
}

impl Stage {
    /// On a store, in process.
    pub(super) fn on(store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(ManualClock::new(script::instant("2026-01-05 09:00").unwrap()));
        let keys = tempfile::tempdir().unwrap();
        let source = Source::beside(&keys.path().join("case"));
        let engine = Engine::with_clock(store, clock.clone()).with_vault(Arc::new(LocalKeys::new(source)));
        Self { engine, clock, _keys: keys, served: None }
    }

    /// On a store, by a service that stands before it.
    pub(super) async fn over_http(store: Arc<dyn Store>) -> Self {
        let stage = Self::on(store);
        let served = Served::start(stage.engine.clone()).await;
        Self { served: Some(served), ..stage }
    }

    pub(super) async fn close(self) {
        drop(self.served);
        self.engine.close().await;
    }
}

impl<'s> World<'s> {
    /// An organisation of its own for each case: cases share a store.
    pub(super) async fn founded(stage: &'s Stage, id: &str, profile: &str) -> Result<Self, String> {
        stage.clock.set(script::instant("2026-01-05 09:00").unwrap());
        let (output, message) = (String::new(), String::new());
        let organisation = OrganisationId::known(id);
        let mut world = Self { stage, organisation, profile: profile.to_owned(), output, message };
        let founding = ["organisation", "found", id, "--profile", profile, "--name", "Case", "--owner", "founder"];
        match world.run(None, &founding.map(str::to_owned)).await {
            Ended { rule: None, .. } => Ok(world),
            ended => Err(ended.message),
        }
    }

    pub(super) fn set_time(&self, time: chancery::aggregates::vocabulary::Time) {
        self.stage.clock.set(time);
    }

    pub(super) async fn arrange(&mut self, line: &str) -> Result<(), String> {
        match script::read(line).map_err(|error| error.to_string())? {
            Some(Step::Time(time)) => self.set_time(time),
            Some(Step::Command { actor, words, ends_with: None }) => {
                if let Ended { rule: Some(rule), message, .. } = self.run(Some(&actor), &words).await {
                    return Err(format!("{rule} ({message})"));
                }
            }
            other => return Err(format!("a situation has no such line: {other:?}")),
        }
        Ok(())
    }

    /// Runs a line. What the product itself and the keeper of the store do is done beside the service.
    pub(super) async fn run(&mut self, actor: Option<&str>, words: &[String]) -> Ended {
        let beside = words.first().is_some_and(|word| word == "profile" || word == "gdpr");
        let ended = match (&self.stage.served, actor) {
            (Some(served), Some(actor)) if !beside && !actor.starts_with('@') => {
                served.line(self.organisation.as_str(), actor, words).await
            }
            _ => self.in_process(actor, words).await,
        };
        self.output.clone_from(&ended.output);
        self.message.clone_from(&ended.message);
        ended
    }

    /// What `check` says about a member. Over HTTP it is the founder who asks, or the member where the founder does
    /// not see it.
    pub(super) async fn ask(&mut self, member: &str, question: &[String]) -> Result<Value, String> {
        let words: Vec<String> = question.iter().cloned().chain(["--format", "json"].map(str::to_owned)).collect();
        let asks = self.stage.served.is_some().then_some("founder");
        let mut ended = self.run(asks, &words).await;
        if asks.is_some() && ended.is(Exit::NotFound) {
            ended = self.run(Some(member), &words).await;
        }
        serde_json::from_str(&ended.output).map_err(|_| format!("no decision, but {ended:?}"))
    }

    async fn in_process(&self, actor: Option<&str>, words: &[String]) -> Ended {
        let actor = actor.map(|actor| ["--as", actor]);
        let words: Vec<&str> = actor.iter().flatten().copied().chain(words.iter().map(String::as_str)).collect();
        let ran = run_line(&self.stage.engine, &self.organisation, &words).await;
        let exit = match &ran.result {
            Ok(done) => done.exit(),
            Err(error) => error.exit(),
        };
        let error = ran.result.as_ref().err();
        Ended {
            exit: exit as u8,
            rule: error.map(|error| error.rule().to_owned()),
            message: error.map(ToString::to_string).unwrap_or_default(),
            output: ran.output,
        }
    }
}

impl Ended {
    pub(super) fn is(&self, exit: Exit) -> bool {
        self.exit == exit as u8
    }
}
