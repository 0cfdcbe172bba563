//! What every request needs: the engine, the keys, the settings, the meters.

use std::sync::Arc;
use std::time::Duration;

use chancery_aggregates::AccessState;
use chancery_aggregates::vocabulary::{OrganisationId, Time};
use tokio::sync::watch;

use super::authentication::Keys;
use super::document::Document;
use super::lines::Lines;
use super::meters::Meters;
use super::problem::{Answer, Problem};
use crate::config::{Settings, Size};
pub use crate::console::SignOnError;
use crate::console::{Orders, Sessions, SignOn};
use crate::engine::{Engine, EngineError, Follower};
use crate::history::History;
use crate::log::sign::sign;
use crate::store::Group;

/// The service, as handlers have it.
pub type Shared = Arc<Service>;

/// What every request needs.
#[derive(Debug)]
pub struct Service {
    /// The engine.
    pub engine: Engine,
    /// Who may call.
    pub keys: Arc<dyn Keys>,
    /// The limits.
    pub settings: Settings,
    /// What is counted.
    pub meters: Meters,
    /// Who is signed in to the console.
    pub(crate) console: Sessions,
    /// What logs look like over time, as far as somebody looked.
    pub(crate) history: History,
    /// Members of each organisation by name, for its lists.
    pub(crate) orders: Orders,
    /// Who signs people in to it by OpenID Connect, if anybody does.
    pub(crate) sign_on: Option<SignOn>,
    /// The description of the interface.
    pub(super) document: Document,
    /// Who runs lines of the command line, if anybody does.
    pub(super) lines: Option<Arc<dyn Lines>>,
    /// Held by whoever clears away what an erasure leaves: it is about the store as a whole.
    pub(super) erasing: tokio::sync::Mutex<()>,
    /// Keeps the access states abreast of what other processes write.
    follower: Follower,
    stopping: watch::Sender<bool>,
}

impl Service {
    /// A service over an engine, which begins to follow its log.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn new(engine: Engine, keys: Arc<dyn Keys>, settings: Settings) -> Self {
        let document = Document::new(&settings);
        let engine = match settings.memory {
            Some(Size(bytes)) => engine.with_memory(bytes),
            None => engine,
        };
        let follower = engine.follow(settings.patience.0);
        let meters = Meters::new();
        let (appends, groups) = (meters.appends.clone(), meters.groups.clone());
        engine.store().watch_groups(Arc::new(move |group: Group| {
            appends.observe(group.took.as_secs_f64());
            groups.observe(group.requests as f64);
        }));
        let stopping = watch::Sender::new(false);
        Self {
            follower,
            engine,
            keys,
            settings,
            meters,
            console: Sessions::default(),
            history: History::default(),
            orders: Orders::default(),
            sign_on: None,
            document,
            lines: None,
            erasing: tokio::sync::Mutex::default(),
            stopping,
        }
    }

    /// Has people signed in to the console by the issuer that the settings name, if they name one.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn with_sign_on(mut self) -> Result<Self, SignOnError> {
        self.sign_on = SignOn::new(&self.settings)?;
        Ok(self)
    }

    /// Has lines of the command line run, for `chancery --server`.
    #[must_use]
    pub fn with_lines(mut self, lines: Arc<dyn Lines>) -> Self {
        self.lines = Some(lines);
        self
    }

    /// Tells load balancers to send nobody here any more, and ends what would go on for ever.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the service is about to end.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Whether people reach the service by TLS, here or at what stands before it.
    pub(crate) fn is_reached_by_tls(&self) -> bool {
        self.settings.url().starts_with("https://")
    }

    /// Waits until the service is about to end.
    pub async fn stopped(&self) {
        // INVARIANT: the sender is in `self`.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// The global position that [`state`](Self::state) has everything up to.
    pub(super) fn seen(&self) -> u64 {
        self.follower.seen()
    }

    /// Waits for what is after a global position, but not longer than this, nor past the end of the service.
    pub(super) async fn beyond(&self, after: u64, longest: Duration) -> u64 {
        tokio::select! {
            seen = self.follower.beyond(after, longest) => seen,
            () = self.stopped() => self.seen(),
        }
    }

    /// The access state of an organisation that the caller is known to belong to: from memory, where
    /// it is loaded. With `at_least`, as of that position or later.
    ///
    /// # Errors
    /// When the organisation is not there, the store fails, or the position is not reached in time.
    pub async fn state(&self, organisation: &OrganisationId, at_least: Option<u64>) -> Answer<Arc<AccessState>> {
        let state = self.follower.state(organisation).await.map_err(|error| unknown(organisation, error))?;
        match at_least {
            Some(asked) if asked > state.position() => Box::pin(self.wait_for(organisation, asked)).await,
            _ => Ok(state),
        }
    }

    /// Waits for a position that another process is still writing, or has just written.
    async fn wait_for(&self, organisation: &OrganisationId, asked: u64) -> Answer<Arc<AccessState>> {
        match self.engine.state_at_least(organisation, asked, self.settings.read_wait.0).await {
            Err(EngineError::Behind { head, .. }) => {
                let detail = format!("position {asked} is not reached: the organisation is at {head}");
                let problem = Problem::new(axum::http::StatusCode::PRECONDITION_FAILED, "not_reached", detail);
                Err(problem.field(super::headers::AT_LEAST.as_str()))
            }
            other => Ok(other?),
        }
    }

    /// Signs an organisation's log now, and not when it is due, where there is a key that signs: what a change ended has
    /// its checkpoint at once. The change is made by then; a log that cannot be signed is reported, and due as before.
    pub(crate) async fn sign(&self, organisation: &OrganisationId) {
        let Some(place) = &self.settings.log_key else { return };
        let signed = match place.signer() {
            Ok(signer) => sign(&self.engine, organisation, &signer).await.map(drop).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = signed {
            tracing::error!(%organisation, error, "a log was not signed");
        }
    }

    /// The instant at which assignments of a present state are judged: never before its last event.
    pub fn now(&self, state: &AccessState) -> Time {
        let now = self.engine.now();
        state.time().map_or(now, |head| head.max(now))
    }
}

/// An organisation that is not there is told of without the names of others.
fn unknown(organisation: &OrganisationId, error: EngineError) -> Problem {
    match error {
        EngineError::Refused { .. } => Problem::no_organisation(organisation.as_str()),
        other => other.into(),
    }
}
