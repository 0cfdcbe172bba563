//! One organisation's way from commands to events.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use chancery_aggregates::event::{CommandRefused, MemberEvent, Metadata, OrganisationEvent, Recorded};
use chancery_aggregates::vocabulary::{Actor, MemberId, OrganisationId};
use chancery_aggregates::{AccessState, Command, Event, Refusal, refused};
use parking_lot::Mutex as SyncMutex;
use tokio::sync::Mutex;
use tracing::Instrument as _;

use super::digest;
use super::framework::RequestStore;
use super::published::Published;
use super::replay;
use super::snapshots::Snapshots;
use super::transaction::Transaction;
use super::{Condition, Engine, EngineError, Outcome, Request, Step, Watch};
use crate::store::{Append, Appended, Idempotency, StoreError};
use crate::traces;
use crate::vault::{self, Sealing, VaultError};

/// How often a request is decided again because another process was first.
const ATTEMPTS: u32 = 200;

/// The hot access state of an organisation, and whose turn it is to change it.
#[derive(Debug)]
pub(super) struct Lane {
    organisation: OrganisationId,
    state: ArcSwap<AccessState>,
    published: Arc<Published>,
    turn: Mutex<()>,
    /// Position at which the next snapshot is due; only changed by whoever has the turn.
    snapshot_due: AtomicU64,
    /// Refusals that were passed over since the last recorded one with the same key.
    unrecorded: SyncMutex<HashMap<String, u32>>,
}

impl Lane {
    pub(super) fn new(organisation: OrganisationId) -> Self {
        Self {
            organisation,
            state: ArcSwap::default(),
            published: Arc::default(),
            turn: Mutex::default(),
            snapshot_due: AtomicU64::new(Snapshots::due_after(&AccessState::default())),
            unrecorded: SyncMutex::default(),
        }
    }

    /// Whether somebody reads what is published: another lane's versions would pass them by.
    pub(super) fn is_watched(&self) -> bool {
        Arc::strong_count(&self.published) > 1
    }

    pub(super) fn published(&self) -> Arc<Published> {
        self.published.clone()
    }

    /// Makes the state keep an index from now on, and publishes that.
    pub(super) async fn keep_index(&self, engine: &Engine) -> Result<(), EngineError> {
        if self.state.load().index().is_some() {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        self.load_tail(engine).await?;
        let mut state = self.state.load().as_ref().clone();
        engine.share_profile(&mut state);
        self.store(state.with_index());
        Ok(())
    }

    /// The only way to a new state: whoever reads the index sees it too.
    fn store(&self, state: AccessState) {
        if let Some(index) = state.index() {
            self.published.publish(index.clone());
        }
        self.state.store(Arc::new(state));
    }

    pub(super) fn state(&self) -> Arc<AccessState> {
        self.state.load_full()
    }

    /// About how many bytes the state takes.
    pub(super) fn bytes(&self) -> usize {
        let state = self.state.load();
        if state.founded().is_some() { state.approximate_bytes() } else { 0 }
    }

    pub(super) async fn execute(
        &self,
        engine: &Engine,
        request: Request,
        watch: &Watch,
        condition: Option<&Condition>,
    ) -> Result<Outcome, EngineError> {
        let _turn = self.turn.lock().await;
        if self.state.load().founded().is_none() {
            self.load_tail(engine).await?;
        }
        let mut with_origin = true;
        for attempt in 0..ATTEMPTS {
            let sealing = self.sealing(engine, &request, with_origin).await?;
            let idempotency = request
                .idempotency_key
                .as_ref()
                .map(|key| Idempotency { key: key.clone(), fingerprint: digest::of(&request, &sealing) });
            if attempt == 0
                && let Some(idempotency) = &idempotency
                && let Some(earlier) = engine.store.earlier(self.organisation.as_str(), idempotency).await?
            {
                return Ok(repeated(&earlier));
            }
            if condition.is_some_and(|condition| !condition(&self.state.load())) {
                if self.load_tail(engine).await? {
                    continue;
                }
                let (organisation, head) = (self.organisation.to_string(), self.state.load().position());
                return Err(EngineError::Changed { organisation, head });
            }
            let mut transaction = match self.decide(engine, &request, watch, sealing).await? {
                Ok(transaction) => transaction,
                Err((command, refusal)) => {
                    // Decided on a stale state, a refusal may be wrong: look again before telling it.
                    if self.load_tail(engine).await? {
                        continue;
                    }
                    self.record_refusal(engine, &request, command, &refusal).await?;
                    return Err(EngineError::Refused { command, refusal: refusal.into() });
                }
            };
            // Keys before what is sealed with them.
            if let Some(vault) = &engine.vault {
                match vault.keep(&transaction.sealing).await {
                    Ok(true) => {}
                    Ok(false) => continue,
                    // Nobody is kept from working because it cannot be recorded from where.
                    Err(error) if with_origin && vault::written_by(&request.commands).is_empty() => {
                        tracing::warn!(%error, "from where a request came is not recorded");
                        with_origin = false;
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            watch(Step::Writing(transaction.events.len()));
            match self.append(engine, &mut transaction, idempotency.clone()).await {
                Ok(None) => {
                    let position = transaction.state.position();
                    return Ok(Outcome { since: position, position, events: Vec::new(), repeated: false });
                }
                Ok(Some(appended)) if appended.repeated => {
                    self.load_tail(engine).await?;
                    return Ok(repeated(&appended));
                }
                Ok(Some(appended)) => {
                    let outcome = self.publish(engine, transaction, appended);
                    self.destroy_keys(engine, &outcome).await?;
                    return Ok(outcome);
                }
                Err(StoreError::Conflict { .. } | StoreError::SequenceTaken { .. }) => {
                    self.load_tail(engine).await?;
                    if attempt > 2 {
                        tokio::time::sleep(std::time::Duration::from_millis(u64::from(attempt.min(20)))).await;
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::Contended { organisation: self.organisation.to_string(), attempts: ATTEMPTS })
    }

    pub(super) async fn rehearse(
        &self,
        engine: &Engine,
        request: &Request,
    ) -> Result<(AccessState, AccessState, Vec<Recorded>), EngineError> {
        self.catch_up(engine).await?;
        let unwatched: Watch = Arc::new(|_| {});
        let sealing = self.sealing(engine, request, true).await?;
        match self.decide(engine, request, &unwatched, sealing).await? {
            Ok(transaction) => Ok((self.state().as_ref().clone(), transaction.state, transaction.recorded)),
            Err((command, refusal)) => Err(EngineError::Refused { command, refusal: refusal.into() }),
        }
    }

    /// Decides all commands of a request, each on the state that the ones before it leave.
    async fn decide(
        &self,
        engine: &Engine,
        request: &Request,
        watch: &Watch,
        sealing: Sealing,
    ) -> Result<Result<Transaction, (usize, Refusal)>, EngineError> {
        let state = engine.revealed(&self.organisation, self.state.load().as_ref().clone());
        let mut transaction = Transaction::new(self.organisation.as_str(), state, engine.now(), metadata(request));
        transaction.sealing = sealing;
        let store = RequestStore {
            store: engine.store.clone(),
            organisation: self.organisation.to_string(),
            transaction: Arc::new(SyncMutex::new(transaction)),
        };
        for (number, command) in request.commands.iter().enumerate() {
            store.transaction.lock().metadata.command = Some(command.name().to_owned());
            let command = vault::with_present_values(command, &store.transaction.lock().state);
            if let Err(refusal) = store.run(command, &request.actor).await? {
                return Ok(Err((number, refusal)));
            }
            watch(Step::Decided(number + 1));
        }
        let transaction = Arc::into_inner(store.transaction)
            .ok_or_else(|| EngineError::Internal("a command is still running".to_owned()))?;
        Ok(Ok(transaction.into_inner()))
    }

    /// Keys for the personal data that a request brings in, and for where it came from: none for most.
    async fn sealing(&self, engine: &Engine, request: &Request, with_origin: bool) -> Result<Sealing, EngineError> {
        let written = vault::written_by(&request.commands);
        let (state, names) = (self.state(), !written.is_empty());
        let actor = placed_actor(request, &state).filter(|_| with_origin);
        if !names && actor.is_none() {
            return Ok(Sealing::default());
        }
        if let Some(vault) = &engine.vault {
            let repeatable = request.idempotency_key.is_some();
            let mut sealing = vault.sealing(&state, &self.organisation, written, repeatable)?;
            if let Some(actor) = actor {
                vault.add_actor(&mut sealing, actor);
            }
            return Ok(sealing);
        }
        let sealed = match engine.store.key_store() {
            Some(keys) => keys.kek().await?.is_some(),
            None => false,
        };
        match (sealed, names) {
            (false, _) => Ok(Sealing::off()),
            (true, false) => Ok(Sealing::default()),
            (true, true) => Err(VaultError::NoVault.into()),
        }
    }

    /// An erasure's second half. Cut off before it, the log tells who has to have no key any more.
    async fn destroy_keys(&self, engine: &Engine, outcome: &Outcome) -> Result<(), EngineError> {
        for event in &outcome.events {
            if let (Some(vault), Event::Member(MemberEvent::PersonalDataErased { member })) =
                (&engine.vault, &event.event)
            {
                vault.destroy(self.organisation.as_str(), member.as_str()).await?;
            }
        }
        Ok(())
    }

    async fn append(
        &self,
        engine: &Engine,
        transaction: &mut Transaction,
        idempotency: Option<Idempotency>,
    ) -> Result<Option<Appended>, StoreError> {
        let events = std::mem::take(&mut transaction.events);
        if events.is_empty() {
            return Ok(None);
        }
        let expected_head = self.state.load().position();
        let organisation = self.organisation.to_string();
        let span = traces::append(events.len());
        let append = Append { organisation, expected_head, idempotency, events };
        engine.store.append(append).instrument(span).await.map(Some)
    }

    fn publish(&self, engine: &Engine, transaction: Transaction, appended: Appended) -> Outcome {
        let mut events = transaction.recorded;
        let first = appended.last_global_position + 1 - events.len() as u64;
        for (event, global_position) in events.iter_mut().zip(first..) {
            event.global_position = global_position;
        }
        self.keep_if_due(engine, &transaction.state);
        self.store(transaction.state);
        let since = appended.first_position.saturating_sub(1);
        Outcome { since, position: appended.last_position, events, repeated: false }
    }

    /// Brings the hot state to the head of the store.
    pub(super) async fn catch_up(&self, engine: &Engine) -> Result<(), EngineError> {
        let head = engine.store.head(self.organisation.as_str()).await?;
        if head.is_none_or(|head| head.position <= self.state.load().position()) {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        self.load_tail(engine).await.map(|_| ())
    }

    /// Reads what others appended; whether there was anything. Only for whoever has the turn.
    async fn load_tail(&self, engine: &Engine) -> Result<bool, EngineError> {
        let state = self.state.load().as_ref().clone();
        let before = state.position();
        let due = self.snapshot_due.load(Ordering::Relaxed);
        let folded = replay::fold(engine, &self.organisation, state, due).await?;
        let grown = folded.state.position() > before;
        self.snapshot_due.store(folded.snapshot_due, Ordering::Relaxed);
        if grown {
            self.store(folded.state);
        }
        Ok(grown)
    }

    fn keep_if_due(&self, engine: &Engine, state: &AccessState) {
        if state.position() >= self.snapshot_due.load(Ordering::Relaxed) {
            self.snapshot_due.store(Snapshots::due_after(state), Ordering::Relaxed);
            engine.snapshots.keep(state.clone());
        }
    }

    async fn record_refusal(
        &self,
        engine: &Engine,
        request: &Request,
        command: usize,
        refusal: &Refusal,
    ) -> Result<(), EngineError> {
        let (Some(command), true) = (request.commands.get(command), self.state.load().founded().is_some()) else {
            return Ok(());
        };
        for _ in 0..ATTEMPTS {
            let state = self.state.load().as_ref().clone();
            let mut transaction =
                Transaction::new(self.organisation.as_str(), state, engine.now(), refusal_metadata(request, command));
            let unrecorded = |key: &str| self.unrecorded.lock().get(key).copied().unwrap_or(0);
            let attempt =
                refused::attempt(&transaction.state, &request.actor, command, refusal, transaction.now, unrecorded);
            if !attempt.recorded {
                *self.unrecorded.lock().entry(attempt.key).or_insert(0) += 1;
                return Ok(());
            }
            let sequence = transaction.state.sequence() + 1;
            transaction.sealing = self.kept_sealing(engine, request).await?;
            transaction.stage(refusal_event(attempt.refused), "", sequence)?;
            match self.append(engine, &mut transaction, None).await {
                Ok(Some(appended)) => {
                    self.unrecorded.lock().remove(&attempt.key);
                    self.publish(engine, transaction, appended);
                    return Ok(());
                }
                Ok(None) => return Ok(()),
                Err(StoreError::Conflict { .. } | StoreError::SequenceTaken { .. }) => {
                    self.load_tail(engine).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::Contended { organisation: self.organisation.to_string(), attempts: ATTEMPTS })
    }

    /// The keys for where a refused request came from, durable already.
    async fn kept_sealing(&self, engine: &Engine, request: &Request) -> Result<Sealing, EngineError> {
        let asked = Request { commands: Vec::new(), idempotency_key: None, ..request.clone() };
        let sealing = self.sealing(engine, &asked, true).await?;
        let Some(vault) = &engine.vault else { return Ok(sealing) };
        let position = self.state.load().position() + 1;
        sealing.seal_origin(&metadata(request), position)?;
        match vault.keep(&sealing).await {
            Ok(true) => Ok(sealing),
            // Made elsewhere meanwhile.
            Ok(false) => self.sealing(engine, &asked, true).await,
            Err(error) => {
                tracing::warn!(%error, "from where a request came is not recorded");
                Ok(Sealing::default())
            }
        }
    }

    /// Waits for the request under way, if any.
    pub(super) async fn finish(&self) {
        drop(self.turn.lock().await);
    }
}

/// The member who acts, if it is to be sealed from where. For nobody else a key is made.
fn placed_actor<'a>(request: &'a Request, state: &AccessState) -> Option<&'a MemberId> {
    match &request.actor {
        Actor::Member(actor) if !request.context.origin().take_personal().is_empty() => {
            state.member_by_id(actor.as_str()).map(|_| actor)
        }
        _ => None,
    }
}

fn refusal_event(refused: CommandRefused) -> Event {
    Event::Organisation(OrganisationEvent::CommandRefused(Box::new(refused)))
}

fn metadata(request: &Request) -> Metadata {
    let context = &request.context;
    Metadata {
        actor: request.actor.to_string(),
        key: context.key.clone(),
        on_behalf_of: context.on_behalf_of.clone(),
        command: None,
        reason: context.reason.clone(),
        correlation: Some(context.correlation.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string())),
        causation: context.causation.clone(),
        source: context.source.clone(),
        address: context.address.clone(),
        agent: context.agent.clone(),
        origin: None,
    }
}

fn refusal_metadata(request: &Request, command: &Command) -> Metadata {
    Metadata { command: Some(command.name().to_owned()), ..metadata(request) }
}

/// What an earlier request with the same idempotency key did.
fn repeated(earlier: &Appended) -> Outcome {
    let since = earlier.first_position.saturating_sub(1);
    Outcome { since, position: earlier.last_position, events: Vec::new(), repeated: true }
}
