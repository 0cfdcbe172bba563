//! One line's surroundings: the store, the organisation, who acts.

mod served;
mod store;
mod view;

use std::sync::{Arc, OnceLock};

use chancery_aggregates::access::Decision;
use chancery_aggregates::vocabulary::{Actor, OrganisationId};
use chancery_aggregates::{AccessState, Command};
use store::open_to_rehearse;
pub(super) use store::{open_store, store_path, vault_keys};
pub use view::View;

use super::error::{CliError, Exit};
use super::options::Options;
use super::output::Output;
use super::sentence;
use super::served::Confined;
use crate::engine::{Context, Engine, Outcome, Request};
use crate::store::sqlite::Access;
use crate::vault::LocalKeys;

/// What a line came to.
#[derive(Debug)]
pub enum Done {
    /// Something was shown.
    Shown,
    /// A change was made, or was so already.
    Wrote(Outcome),
    /// A question was answered.
    Decided(Decision),
    /// Several lines were run, and this is how the first one ended that failed, if one did.
    Ran(Exit),
    /// Something was looked at, and is not as it should be.
    Amiss,
}

impl Done {
    /// How the program ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Shown | Self::Wrote(_) => Exit::Done,
            Self::Decided(decision) if decision.is_allowed() => Exit::Done,
            Self::Decided(_) => Exit::Refused,
            Self::Ran(exit) => *exit,
            Self::Amiss => Exit::Failed,
        }
    }
}

/// What is recorded and told about a change besides what it does.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// What made the actor act.
    pub(super) causation: Option<String>,
    /// More to tell programs.
    pub(super) fields: serde_json::Map<String, serde_json::Value>,
    /// More to tell people.
    pub(super) notes: Vec<String>,
}

impl Aside {
    pub(super) fn caused_by(causation: String) -> Self {
        Self { causation: Some(causation), ..Self::default() }
    }
}

/// One line's surroundings.
#[derive(Debug)]
pub struct Session {
    options: Options,
    needs: Option<Access>,
    /// Opened when it is first asked for: a line with a mistake leaves no file behind.
    engine: OnceLock<Engine>,
    /// The engine below, where the line is only rehearsed.
    below: OnceLock<Engine>,
    organisation: Option<OrganisationId>,
    output: Output,
    /// Whether the engine ends with this line.
    owned: bool,
    /// The bounds of a line that a service runs for somebody.
    confined: Option<Confined>,
}

impl Session {
    /// A line that opens the store itself, for what it needs.
    pub(super) fn new(options: &Options, needs: Option<Access>, output: Output) -> Self {
        let organisation = options.organisation.clone();
        let (engine, below) = (OnceLock::new(), OnceLock::new());
        Self { options: options.clone(), needs, engine, below, organisation, output, owned: true, confined: None }
    }

    /// A line on an engine that is open already.
    pub(super) fn on(engine: Engine, organisation: OrganisationId, options: &Options, output: Output) -> Self {
        let organisation = Some(options.organisation.clone().unwrap_or(organisation));
        let engine = OnceLock::from(if options.dry_run { engine.rehearsal() } else { engine });
        let below = OnceLock::new();
        Self {
            options: options.clone(),
            needs: None,
            engine,
            below,
            organisation,
            output,
            owned: false,
            confined: None,
        }
    }

    /// A line that a service runs for somebody, on its own engine.
    pub(super) fn confined(engine: Engine, options: &Options, output: Output, confined: Confined) -> Self {
        let organisation = confined.organisation().cloned();
        let engine = OnceLock::from(if options.dry_run { engine.rehearsal() } else { engine });
        let (options, below, confined) = (options.clone(), OnceLock::new(), Some(confined));
        Self { options, needs: None, engine, below, organisation, output, owned: false, confined }
    }

    pub(super) async fn close(&self) {
        for engine in [self.engine.get(), self.below.get()].into_iter().flatten().filter(|_| self.owned) {
            engine.close().await;
        }
    }

    /// What every subcommand takes.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Where the answer goes.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// The engine over the store.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub fn engine(&self) -> Result<&Engine, CliError> {
        if let Some(engine) = self.engine.get() {
            return Ok(engine);
        }
        let needs = self.needs.unwrap_or(Access::Read);
        if !self.options.dry_run {
            let engine = Engine::new(open_store(&self.options.store, needs)?).with_vault(self.vault_keys()?);
            return Ok(self.engine.get_or_init(|| engine));
        }
        let below = Engine::new(open_to_rehearse(&self.options.store, needs)?).with_vault(self.vault_keys()?);
        Ok(self.engine.get_or_init(|| self.below.get_or_init(|| below).rehearsal()))
    }

    fn vault_keys(&self) -> Result<Arc<LocalKeys>, CliError> {
        vault_keys(&self.options.store, self.options.vault_key.as_ref())
    }

    /// Who acts.
    ///
    /// # Errors
    /// When nobody is named.
    pub fn actor(&self) -> Result<&Actor, CliError> {
        self.options.actor.as_ref().ok_or(CliError::ActorRequired)
    }

    /// Carries out commands as one change, and tells what happened.
    ///
    /// # Errors
    /// When nobody is named who acts, or a rule refuses.
    pub async fn execute(&self, commands: Vec<Command>) -> Result<Done, CliError> {
        self.execute_with(commands, Aside::default()).await
    }

    /// [`Session::execute`], with what is recorded and told besides.
    pub(in crate::cli) async fn execute_with(&self, commands: Vec<Command>, aside: Aside) -> Result<Done, CliError> {
        let (outcome, before) = self.make(commands, aside.causation.clone()).await?;
        self.tell(outcome, before, &aside).await
    }

    /// Carries out commands as one change, and says what became of it, with the state before.
    pub(in crate::cli) async fn make(
        &self,
        commands: Vec<Command>,
        causation: Option<String>,
    ) -> Result<(Outcome, Arc<AccessState>), CliError> {
        let actor = self.actor()?.clone();
        let organisation = self.organisation().await?;
        let engine = self.engine()?;
        // Tells of a misspelt organisation with the nearest name.
        let before = engine.state(&organisation).await?;
        let idempotency_key = self.idempotency_key();
        let context = Context { causation, ..self.context() };
        let request = Request { organisation, commands, actor, context, idempotency_key };
        Ok((engine.execute(request).await?, before))
    }

    /// Tells what became of a change.
    pub(in crate::cli) async fn tell(
        &self,
        outcome: Outcome,
        before: Arc<AccessState>,
        aside: &Aside,
    ) -> Result<Done, CliError> {
        let organisation = self.organisation().await?;
        let (outcome, before) = self.as_first(&organisation, outcome, before).await?;
        sentence::tell(&outcome, &before, aside, &self.output)?;
        Ok(Done::Wrote(outcome))
    }

    /// Records an export before it is written. Who may not is refused, and that is on record.
    ///
    /// # Errors
    /// When nobody is named who acts, or who acts may not export.
    pub(in crate::cli) async fn export(&self, export: Command) -> Result<Outcome, CliError> {
        Ok(self.make(vec![export], None).await?.0)
    }

    /// What is recorded besides who acts.
    pub fn context(&self) -> Context {
        let (reason, on_behalf_of) = (self.options.reason.clone(), self.options.on_behalf_of.clone());
        if let Some(Confined { context, .. }) = &self.confined {
            let (reason, on_behalf_of) =
                (reason.or(context.reason.clone()), on_behalf_of.or(context.on_behalf_of.clone()));
            return Context { reason, on_behalf_of, ..context.clone() };
        }
        Context {
            reason,
            on_behalf_of,
            source: Some("local".to_owned()),
            agent: Some(concat!("chancery/", env!("CARGO_PKG_VERSION")).to_owned()),
            ..Context::default()
        }
    }
}
