//! One line's surroundings: the store, the organisation, who acts.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use chancery_aggregates::access::Decision;
use chancery_aggregates::vocabulary::{Actor, OrganisationId};
use chancery_aggregates::{AccessState, Command, Facts};

use super::error::{CliError, Exit};
use super::options::{At, Options};
use super::output::Output;
use super::served::Confined;
use super::{Ran, run_line, sentence};
use crate::engine::{Context, Engine, Moment, Outcome, Replayed, Request};
use crate::store::Head;
use crate::store::memory::MemoryStore;
use crate::store::postgres::{self, PostgresStore};
use crate::store::sqlite::{Access, OpenOptions, SqliteStore};
use crate::views::log;

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

/// An organisation at a point of its history, as somebody may see it.
#[derive(Debug)]
pub struct View {
    /// The state, the instant, and the reader: the operator where nobody is named. In the past
    /// it is the operator too: whoever may replay the past sees all of it.
    pub facts: Facts,
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
            let engine = Engine::new(open_store(&self.options.store, needs)?);
            return Ok(self.engine.get_or_init(|| engine));
        }
        let below = Engine::new(open_to_rehearse(&self.options.store, needs)?);
        Ok(self.engine.get_or_init(|| self.below.get_or_init(|| below).rehearsal()))
    }

    /// The organisation that the line is about: the named one, or the only one.
    ///
    /// # Errors
    /// When none is named and the store has none or several; when it does not reach the position of
    /// `--at-least` in time.
    pub async fn organisation(&self) -> Result<OrganisationId, CliError> {
        let organisation = self.named_organisation().await?;
        // Asking several times costs little: what was reached stays reached.
        if let Some(position) = self.options.at_least {
            self.engine()?.state_at_least(&organisation, position, self.options.wait).await?;
        }
        Ok(organisation)
    }

    async fn named_organisation(&self) -> Result<OrganisationId, CliError> {
        if let Some(organisation) = &self.organisation {
            return Ok(organisation.clone());
        }
        if self.is_of_operator() {
            return Err(CliError::NotForOperator);
        }
        let heads = self.engine()?.store().heads().await?;
        match heads.as_slice() {
            [] => Err(CliError::NoOrganisation),
            [only] => Ok(OrganisationId::known(only.organisation.as_str())),
            _ => Err(CliError::WhichOrganisation { known: heads.into_iter().map(|head| head.organisation).collect() }),
        }
    }

    /// The heads of the store's organisations, by id. A member who is named sees those only in which
    /// they take part; otherwise it is the operator who looks, and no log is read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn heads(&self) -> Result<Vec<Head>, CliError> {
        let engine = self.engine()?;
        let mut heads = engine.store().heads().await?;
        if let Some(own) = self.confined.as_ref().and_then(Confined::organisation) {
            heads.retain(|head| head.organisation == own.as_str());
        }
        let Some(actor @ (Actor::Member(_) | Actor::System)) = self.options.actor.clone() else { return Ok(heads) };
        let mut seen = Vec::new();
        for head in heads {
            let state = engine.state(&OrganisationId::known(head.organisation.as_str())).await?;
            let facts = Facts { state: state.as_ref().clone(), actor: actor.clone(), now: engine.now() };
            if facts.acting().is_ok() {
                seen.push(head);
            }
        }
        Ok(seen)
    }

    /// Who acts.
    ///
    /// # Errors
    /// When nobody is named.
    pub fn actor(&self) -> Result<&Actor, CliError> {
        self.options.actor.as_ref().ok_or(CliError::ActorRequired)
    }

    /// The organisation at its head, with whoever reads.
    ///
    /// # Errors
    /// When there is no such organisation, or the reader is not an active member of it.
    pub async fn head(&self) -> Result<View, CliError> {
        self.view_of(Moment::Now).await
    }

    /// The organisation at the point of history that `--at` names, with whoever reads.
    ///
    /// # Errors
    /// As [`Session::head`], and when the reader may not replay the past.
    pub async fn view(&self, at: &At) -> Result<View, CliError> {
        self.view_of(at.moment(self.engine()?.now())).await
    }

    /// The organisation at a moment, with whoever reads.
    ///
    /// # Errors
    /// As [`Session::view`].
    pub async fn view_of(&self, moment: Moment) -> Result<View, CliError> {
        let (engine, organisation) = (self.engine()?, self.organisation().await?);
        let actor = self.options.actor.clone().unwrap_or(Actor::Operator);
        let facts =
            |replayed: Replayed, actor| Facts { state: replayed.state.as_ref().clone(), actor, now: replayed.at };
        let head = facts(engine.replay(&organisation, Moment::Now).await?, actor.clone());
        head.acting()?;
        if moment == Moment::Now {
            return Ok(View { facts: head });
        }
        let replayed = engine.replay(&organisation, moment).await?;
        if replayed.at >= head.now {
            return Ok(View { facts: facts(replayed, actor) });
        }
        head.may_replay()?;
        Ok(View { facts: facts(replayed, Actor::Operator) })
    }

    /// The organisation at its head, with whoever makes a change. Whether they may act at all is
    /// left to the engine, which records a refusal.
    ///
    /// # Errors
    /// When nobody is named who acts, or there is no such organisation.
    pub(super) async fn facts_for_change(&self) -> Result<Facts, CliError> {
        let actor = self.actor()?.clone();
        let (engine, organisation) = (self.engine()?, self.organisation().await?);
        let replayed = engine.replay(&organisation, Moment::Now).await?;
        Ok(Facts { state: replayed.state.as_ref().clone(), actor, now: replayed.at })
    }

    /// Carries out commands as one change, and tells what happened.
    ///
    /// # Errors
    /// When nobody is named who acts, or a rule refuses.
    pub async fn execute(&self, commands: Vec<Command>) -> Result<Done, CliError> {
        let actor = self.actor()?.clone();
        let organisation = self.organisation().await?;
        let engine = self.engine()?;
        // Tells of a misspelt organisation with the nearest name.
        let before = engine.state(&organisation).await?;
        let idempotency_key = self.idempotency_key();
        let context = self.context();
        let request = Request { organisation: organisation.clone(), commands, actor, context, idempotency_key };
        let outcome = engine.execute(request).await?;
        let (outcome, before) = self.as_first(&organisation, outcome, before).await?;
        sentence::tell(&outcome, &before, &self.output)?;
        Ok(Done::Wrote(outcome))
    }

    /// An outcome as it was told the first time, with the state before it, where the caller asks again only
    /// because an answer was lost.
    pub(super) async fn as_first(
        &self,
        organisation: &OrganisationId,
        outcome: Outcome,
        before: Arc<AccessState>,
    ) -> Result<(Outcome, Arc<AccessState>), CliError> {
        let Some(confined) = self.confined.as_ref().filter(|_| outcome.repeated) else { return Ok((outcome, before)) };
        confined.told.lock().replayed = true;
        if self.options.idempotency_key.is_some() {
            return Ok((outcome, before));
        }
        let (engine, since) = (self.engine()?, outcome.since);
        let before = match since {
            0 => Arc::default(),
            since => engine.replay(organisation, Moment::Position(since)).await?.state,
        };
        let events = log::read(engine, organisation, since, outcome.position, Vec::new(), |events, recorded| {
            events.push(recorded);
            ControlFlow::Continue(())
        });
        Ok((Outcome { events: events.await?, repeated: false, ..outcome }, before))
    }

    /// What makes a repeated change answer as the first time: as the line says it, or as the program that sent it.
    pub(super) fn idempotency_key(&self) -> Option<String> {
        let confined = self.confined.as_ref().and_then(|confined| confined.idempotency_key.clone());
        self.options.idempotency_key.clone().or(confined)
    }

    /// Whether the line may be one that was run before.
    pub(super) fn is_repeatable(&self) -> bool {
        self.options.idempotency_key.is_some() || self.confined.as_ref().is_some_and(|confined| confined.again)
    }

    /// Whether it is the operator of a service who asks, who is shown no organisation.
    pub(super) fn is_of_operator(&self) -> bool {
        self.confined.as_ref().is_some_and(|confined| confined.organisation().is_none())
    }

    /// Whether somebody else's service runs the line.
    pub(super) fn is_served(&self) -> bool {
        self.confined.is_some()
    }

    /// After which position the log is to be listed by the stretch, if it is.
    pub(super) fn after(&self) -> Option<u64> {
        self.confined.as_ref()?.after
    }

    /// Tells where a stretch of the log goes on.
    pub(super) fn goes_on_after(&self, position: u64) {
        if let Some(confined) = &self.confined {
            confined.told.lock().next = Some(position);
        }
    }

    /// What a file has that the line names.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn file(&self, name: &str) -> std::io::Result<Vec<u8>> {
        match &self.confined {
            Some(confined) => confined.file(name),
            None => std::fs::read(name),
        }
    }

    /// Runs a line of a list, by its number there, on the same engine and within the same bounds.
    pub(super) async fn line(&self, words: &[&str], number: usize) -> Result<Ran, CliError> {
        let (engine, organisation) = (self.engine()?, self.organisation().await?);
        Ok(match &self.confined {
            Some(confined) => confined.run_listed(engine, words, number).await,
            None => run_line(engine, &organisation, words).await,
        })
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

/// Opens the store that a text names.
///
/// # Errors
/// When the text names none, or it cannot be opened.
pub(super) fn open_store(text: &str, access: Access) -> Result<Arc<dyn crate::store::Store>, CliError> {
    if is_postgres(text) {
        return Ok(Arc::new(PostgresStore::open_with(text, &postgres::OpenOptions::new(access))?));
    }
    let path = store_path(text)?;
    Ok(Arc::new(SqliteStore::open_with(path, &OpenOptions::new(access))?))
}

/// Opens a store for reading only, whatever the line needs: what a rehearsal cannot do is write. A file
/// that would be made is not.
fn open_to_rehearse(text: &str, needs: Access) -> Result<Arc<dyn crate::store::Store>, CliError> {
    if needs == Access::Create && !is_postgres(text) && !store_path(text)?.exists() {
        return Ok(Arc::new(MemoryStore::new()));
    }
    open_store(text, Access::Read)
}

fn is_postgres(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// The file that a text names as a store.
///
/// # Errors
/// When it names none.
pub(super) fn store_path(text: &str) -> Result<PathBuf, CliError> {
    match text.split_once(':') {
        // Only the demonstration asks for a file in particular.
        Some(("postgres" | "postgresql", _)) => Err(CliError::DemoNeedsFile),
        Some(("memory", _)) => Err(CliError::MemoryStore),
        Some(("sqlite", file)) if !file.is_empty() => Ok(PathBuf::from(file.strip_prefix("//").unwrap_or(file))),
        _ => Err(CliError::UnknownStore { given: text.to_owned() }),
    }
}
