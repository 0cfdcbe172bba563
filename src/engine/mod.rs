//! The engine: the only write path.
//!
//! One lane per organisation takes a request at a time: its commands are decided against the access
//! state at the head, the events are appended if that is still the head, and only when they are
//! durable is the new state published to readers. Readers never wait for a lane.
//!
//! Several processes may use one store, and a check on any of them sees what the others wrote:
//! [`Engine::state`] asks the store for its head each time; [`Engine::follow`] follows the log in the
//! background instead, and answers without asking; [`Engine::state_at_least`] waits for a position that
//! another process has told.

mod clock;
mod digest;
mod follow;
mod framework;
mod lane;
mod lanes;
mod narrate;
mod past;
mod published;
mod rehearsal;
mod replay;
mod snapshots;
mod transaction;

use std::sync::{Arc, Weak};

use chancery_aggregates::command::OrganisationCommand;
use chancery_aggregates::event::{Origin, Recorded};
use chancery_aggregates::founding::{self, Founder};
use chancery_aggregates::profile::Profile;
use chancery_aggregates::profile::document::ProfileDocument;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::state::Reveal;
use chancery_aggregates::vocabulary::{Actor, LONGEST_TEXT, OrganisationId};
use chancery_aggregates::{AccessState, Command, Refusal};
use chancery_projections::activity::Narrator;
pub use clock::{Clock, ManualClock, SystemClock};
pub use follow::Follower;
use lane::Lane;
use lanes::Lanes;
use parking_lot::Mutex;
use past::Past;
pub use published::Published;
pub use replay::{Moment, Replayed};
pub(crate) use replay::{apply, read};
pub(crate) use snapshots::Snapshots;
use tracing::Instrument as _;

use crate::log::Prover;
use crate::store::{Store, StoreError};
use crate::traces;
use crate::vault::{KeyEncryption, Vault, VaultError};

/// A request: commands that are carried out together or not at all, and who asks, and why.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose organisation.
    pub organisation: OrganisationId,
    /// At least one command, in order.
    pub commands: Vec<Command>,
    /// Who acts.
    pub actor: Actor,
    /// Why, from where, on whose behalf.
    pub context: Context,
    /// Makes a retry answer as the first time.
    pub idempotency_key: Option<String>,
}

/// What is recorded about a request besides who made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Id of the key with which the actor calls, where it is one of the organisation's log.
    pub key: Option<String>,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// On whose behalf the actor acts.
    pub on_behalf_of: Option<String>,
    /// What made the actor act, where another system knows.
    pub causation: Option<String>,
    /// The same for all events of the request; made up when absent.
    pub correlation: Option<String>,
    /// By which way the request came: `local`, `http`, `console`. Anything else is taken for personal data, and sealed.
    pub source: Option<String>,
    /// The address that the request came from. Sealed under the acting member's key.
    pub address: Option<String>,
    /// The program that made the request. Sealed, unless it is a version of this one.
    pub agent: Option<String>,
}

impl Context {
    /// A request that came from there.
    #[must_use]
    pub fn of(origin: &Origin) -> Self {
        let Origin { source, address, agent } = origin.clone();
        Self { source, address, agent, ..Self::default() }
    }

    /// From where the request came.
    pub fn origin(&self) -> Origin {
        Origin { source: self.source.clone(), address: self.address.clone(), agent: self.agent.clone() }
    }
}

/// What a request did.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Position of the organisation's log before it, also where an earlier request did the work.
    pub since: u64,
    /// Position of the organisation's log after it.
    pub position: u64,
    /// The events that it caused; none when all was so already. Not repeated on a retry.
    pub events: Vec<Recorded>,
    /// True when an earlier request with the same idempotency key did the work.
    pub repeated: bool,
}

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A rule refuses a command; the refusal was recorded.
    #[error("{refusal}")]
    Refused {
        /// Which of the request's commands.
        command: usize,
        /// Which rule, and why.
        refusal: Box<Refusal>,
    },
    /// The store failed; nothing was written unless the error says otherwise.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log has an event that this program cannot read. Nothing is decided on a partial log.
    #[error("event {position} of organisation `{organisation}` cannot be read: {reason}")]
    Unreadable {
        /// Whose log.
        organisation: String,
        /// Which event.
        position: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Others kept writing to the organisation for too long.
    #[error("organisation `{organisation}` is too busy: other writers were first {attempts} times")]
    Contended {
        /// Whose log.
        organisation: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The instant or position that was asked for is before the first event.
    #[error("organisation `{organisation}` did not exist yet: it was founded on {founded}")]
    BeforeFounding {
        /// Whose log.
        organisation: String,
        /// When it was founded.
        founded: String,
    },
    /// The position that was asked for has not been reached.
    #[error("organisation `{organisation}` is at position {head}, and has no position {asked} yet")]
    BeyondHead {
        /// Whose log.
        organisation: String,
        /// The position asked for.
        asked: u64,
        /// Position of the last event.
        head: u64,
    },
    /// What the request was made for is not so any more; nothing was written.
    #[error("organisation `{organisation}` was changed by somebody else, up to position {head}")]
    Changed {
        /// Whose log.
        organisation: String,
        /// Position of the last event.
        head: u64,
    },
    /// The position that was waited for did not come in time.
    #[error("organisation `{organisation}` is at position {head} after waiting {waited:?}, and not yet at {asked}")]
    Behind {
        /// Whose log.
        organisation: String,
        /// The position waited for.
        asked: u64,
        /// Position of the last event.
        head: u64,
        /// How long it was waited for.
        waited: std::time::Duration,
    },
    /// Personal data could not be sealed; nothing was written.
    #[error(transparent)]
    Sealing(#[from] VaultError),
    /// The program itself failed; nothing was acknowledged.
    #[error("internal error: {0}")]
    Internal(String),
}

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many of its commands are decided.
    Decided(usize),
    /// All are, and so many events are being written.
    Writing(usize),
}

/// Is told how far a request has come. A request that is decided again starts from the beginning.
pub type Watch = Arc<dyn Fn(Step) + Send + Sync>;

/// What must be so at the head for a request to be carried out.
pub type Condition = Arc<dyn Fn(&AccessState) -> bool + Send + Sync>;

/// The engine over one store. Cheap to share; all methods take `&self`.
#[derive(Debug, Clone)]
pub struct Engine {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    lanes: Arc<Mutex<Lanes>>,
    snapshots: Arc<Snapshots>,
    past: Arc<Mutex<Past>>,
    vault: Option<Arc<Vault>>,
    prover: Arc<Prover>,
    /// One of each, for the organisations that have equal ones.
    profiles: Arc<Mutex<Vec<Weak<Profile>>>>,
}

impl Engine {
    /// An engine over a store, with the machine's clock.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::with_clock(store, Arc::new(SystemClock))
    }

    /// An engine with a clock of the caller's: for tests and demonstrations.
    pub fn with_clock(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let snapshots = Arc::new(Snapshots::new(store.clone()));
        let (lanes, past, prover, profiles) = (Arc::default(), Arc::default(), Arc::default(), Arc::default());
        Self { store, clock, lanes, snapshots, past, vault: None, prover, profiles }
    }

    /// The engine with keys to seal personal data with, before the first organisation is asked for. Without them it
    /// writes personal data in clear, and refuses to where a store's data were sealed before.
    #[must_use]
    pub fn with_vault(mut self, encryption: Arc<dyn KeyEncryption>) -> Self {
        self.vault = self.store.key_store().map(|keys| Arc::new(Vault::new(keys, encryption)));
        self
    }

    /// The members' keys, where personal data is sealed.
    pub fn vault(&self) -> Option<&Arc<Vault>> {
        self.vault.as_ref()
    }

    /// Somebody to tell an organisation's events from the first one on, with the names that can be read.
    pub(crate) fn narrator(&self, organisation: &OrganisationId) -> Narrator {
        Narrator::new(self.revealed(organisation, AccessState::default()))
    }

    /// A state that shows what is sealed in it, as far as the keys are at hand.
    pub(crate) fn revealed(&self, organisation: &OrganisationId, state: AccessState) -> AccessState {
        state.with_reveal(self.reveal(organisation))
    }

    /// What shows an organisation's sealed data, where it is sealed.
    fn reveal(&self, organisation: &OrganisationId) -> Option<Arc<dyn Reveal>> {
        self.vault.as_ref().map(|vault| vault.reveal(organisation))
    }

    /// The engine with a bound on the memory that access states may take, in bytes. Organisations that
    /// were not asked for longest leave when it is passed, and are loaded again when they are next asked
    /// for. The ones in use stay, whatever they take.
    #[must_use]
    pub fn with_memory(self, bytes: usize) -> Self {
        self.lanes.lock().bound(bytes);
        self
    }

    /// How many organisations are loaded, and about how many bytes their access states take.
    pub fn loaded(&self) -> (usize, usize) {
        self.lanes.lock().loaded()
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What makes proofs that events are in the log.
    pub fn prover(&self) -> &Prover {
        &self.prover
    }

    /// The instant that counts as now.
    pub fn now(&self) -> chancery_aggregates::vocabulary::Time {
        self.clock.now()
    }

    /// Founds an organisation from a profile, with its roles and its founder, as one change.
    ///
    /// # Errors
    /// When it exists already, or the store fails.
    pub async fn found(
        &self,
        organisation: &OrganisationId,
        name: &str,
        profile: &ProfileDocument,
        founder: &Founder,
        context: Context,
    ) -> Result<Outcome, EngineError> {
        self.execute(Request {
            organisation: organisation.clone(),
            commands: founding::commands(organisation, name, profile, founder),
            actor: Actor::Operator,
            context,
            idempotency_key: None,
        })
        .await
    }

    /// Carries out a request and returns when its events are durable. A caller that goes away
    /// leaves everything or nothing.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when a rule refuses a command; then nothing of the request happened,
    /// and the refusal is in the log.
    pub async fn execute(&self, request: Request) -> Result<Outcome, EngineError> {
        self.execute_watched(request, Arc::new(|_| {})).await
    }

    /// [`Engine::execute`] for large requests, with somebody to watch it.
    ///
    /// # Errors
    /// As [`Engine::execute`].
    pub async fn execute_watched(&self, request: Request, watch: Watch) -> Result<Outcome, EngineError> {
        self.execute_when(request, watch, None).await
    }

    /// [`Engine::execute`], only while something is so: for a caller who must not overwrite what it has
    /// not seen. A retry under an idempotency key answers as the first time, whatever is so by then.
    ///
    /// # Errors
    /// [`EngineError::Changed`], and as [`Engine::execute`].
    pub async fn execute_if(&self, request: Request, condition: Condition) -> Result<Outcome, EngineError> {
        self.execute_when(request, Arc::new(|_| {}), Some(condition)).await
    }

    async fn execute_when(
        &self,
        request: Request,
        watch: Watch,
        condition: Option<Condition>,
    ) -> Result<Outcome, EngineError> {
        check_reason(&request)?;
        let lane = self.lane(&request.organisation);
        if lane.state().founded().is_none() && !founds(&request) {
            // Loads it, or tells of a misspelt name with the nearest one.
            self.state(&request.organisation).await?;
        }
        // A caller that goes away in the middle of an append leaves the lane behind the store, never
        // ahead of it: reads look at the store's head, and the next append meets a conflict and catches up.
        let span = traces::commands(request.commands.first().map(Command::name), request.commands.len());
        let executed = lane.execute(self, request, &watch, condition.as_ref()).instrument(span.clone()).await;
        match &executed {
            Ok(outcome) => span.record("chancery.events", outcome.events.len()),
            Err(EngineError::Refused { refusal, .. }) => span.record("error.type", refusal.rule()),
            Err(_) => span.record("error.type", "failed"),
        };
        executed
    }

    /// What a request would do: the state before, and the state after with the events, or the
    /// refusal. Nothing is written.
    ///
    /// # Errors
    /// As [`Engine::execute`].
    pub async fn rehearse(&self, request: &Request) -> Result<(AccessState, AccessState, Vec<Recorded>), EngineError> {
        let lane = self.lane(&request.organisation);
        lane.rehearse(self, request).await
    }

    /// The access state of an organisation at its head, as this process knows it after asking the store.
    ///
    /// # Errors
    /// When there is no such organisation, or the store fails.
    pub async fn state(&self, organisation: &OrganisationId) -> Result<Arc<AccessState>, EngineError> {
        let lane = self.lane(organisation);
        lane.catch_up(self).await?;
        let state = lane.state();
        if state.founded().is_some() {
            return Ok(state);
        }
        self.forget(organisation);
        Err(self.unknown_organisation(organisation).await?)
    }

    /// Where an organisation's access index is published, at its head as this process knows it after asking
    /// the store. From then on it is kept along with every event that this engine learns of.
    ///
    /// # Errors
    /// As [`Engine::state`].
    pub async fn published(&self, organisation: &OrganisationId) -> Result<Arc<Published>, EngineError> {
        self.state(organisation).await?;
        let lane = self.lane(organisation);
        lane.keep_index(self).await?;
        Ok(lane.published())
    }

    /// Makes a state use the profile that another organisation has already, when they are equal.
    fn share_profile(&self, state: &mut AccessState) {
        let mut profiles = self.profiles.lock();
        profiles.retain(|profile| profile.strong_count() > 0);
        if !profiles.iter().filter_map(Weak::upgrade).any(|profile| state.share_profile(&profile)) {
            profiles.extend(state.shared_profile().as_ref().map(Arc::downgrade));
        }
    }

    /// The access state of an organisation as this process has it, without asking the store; none
    /// before it was first asked for.
    pub fn hot_state(&self, organisation: &OrganisationId) -> Option<Arc<AccessState>> {
        let state = self.lanes.lock().get(organisation)?.state();
        state.founded().is_some().then_some(state)
    }

    /// The refusal for an organisation that is not in the store, with the nearest name.
    async fn unknown_organisation(&self, organisation: &OrganisationId) -> Result<EngineError, EngineError> {
        let heads = self.store.heads().await?;
        let known = heads.iter().map(|head| head.organisation.as_str());
        let refusal = Refusal::unknown(Thing::Organisation, organisation.as_str(), known);
        Ok(EngineError::Refused { command: 0, refusal: refusal.into() })
    }

    /// Waits until the snapshots that are due are in the store. Nothing needs it but tests and programs
    /// that prepare a store for others.
    pub async fn snapshots_written(&self) {
        self.snapshots.written().await;
    }

    /// Records what is still to be recorded, and closes the store.
    pub async fn close(&self) {
        let lanes = self.lanes.lock().drain();
        for lane in lanes {
            lane.finish().await;
        }
        self.snapshots.close().await;
        self.store.close().await;
    }

    fn lane(&self, organisation: &OrganisationId) -> Arc<Lane> {
        self.lanes.lock().of(organisation)
    }

    /// No lane is kept for an organisation that does not exist.
    fn forget(&self, organisation: &OrganisationId) {
        self.lanes.lock().forget(organisation);
    }
}

/// Free text that stays in the log for ever has its bounds.
fn check_reason(request: &Request) -> Result<(), EngineError> {
    let length = request.context.reason.as_ref().map_or(0, String::len);
    if length <= LONGEST_TEXT {
        return Ok(());
    }
    let refusal = Refusal::TooLong { what: "reason".into(), most: LONGEST_TEXT as u32 };
    Err(EngineError::Refused { command: 0, refusal: refusal.into() })
}

fn founds(request: &Request) -> bool {
    matches!(request.commands.first(), Some(Command::Organisation(OrganisationCommand::FoundOrganisation { .. })))
}
