//! Making checkpoints of organisations.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chancery_aggregates::Command;
use chancery_aggregates::command::OrganisationCommand;
use chancery_aggregates::vocabulary::{Actor, OrganisationId};

use super::checkpoint::{Checkpoint, origin};
use super::note::Signer;
use super::tree::{Frontier, Hash};
use crate::engine::{Context, Engine, EngineError, Request};
use crate::store::{Store, StoreError, StoredCheckpoint};

/// How often it is looked which logs are due, at least.
const LOOK: Duration = Duration::from_secs(1);

/// Why a log was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key could not be published.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log is not what was signed before. Nothing is signed then.
    #[error(
        "the log of organisation `{organisation}` is not the one whose {size} events were signed before: \
         run `chancery audit verify`; nothing was signed"
    )]
    Forked {
        /// Whose log.
        organisation: String,
        /// Events in the checkpoint that does not fit.
        size: u64,
    },
}

/// The root of the first `size` events, from the hashes that are kept with them.
///
/// # Errors
/// When the store cannot be read, or hashes are missing.
pub async fn root_at(store: &dyn Store, organisation: &str, size: u64) -> Result<Hash, StoreError> {
    let nodes = Frontier::nodes(size);
    let hashes = store.nodes(organisation, &nodes).await?;
    let peaks: Option<Vec<Hash>> = nodes.iter().map(|node| hashes.get(node).copied()).collect();
    let missing = || StoreError::Foreign {
        location: organisation.to_owned(),
        reason: format!("hashes of its first {size} events are missing"),
    };
    peaks.and_then(|peaks| Frontier::new(size, peaks)).map(|frontier| frontier.root()).ok_or_else(missing)
}

/// Signs an organisation's log as it is now, unless that was done already. A key that did not sign the last
/// checkpoint is published first, as an event of the log.
///
/// # Errors
/// [`SignError::Forked`] when the log does not continue what was signed last.
pub async fn sign(
    engine: &Engine,
    organisation: &OrganisationId,
    signer: &Signer,
) -> Result<StoredCheckpoint, SignError> {
    let (store, name) = (engine.store(), organisation.as_str());
    let verifier = signer.verifier(&origin(name)).to_string();
    let last = store.checkpoints(name).await?.pop();
    if let Some(last) = &last {
        let kept = Checkpoint::read(&last.note).map(|checkpoint| checkpoint.root);
        let there = store.head(name).await?.is_some_and(|head| head.position >= last.size);
        if !there || kept != Some(root_at(&**store, name, last.size).await?) {
            return Err(SignError::Forked { organisation: name.to_owned(), size: last.size });
        }
    }
    if last.as_ref().is_none_or(|last| last.verifier != verifier) {
        publish(engine, organisation, &verifier).await?;
    }
    let size = store.head(name).await?.map_or(0, |head| head.position);
    if let Some(last) = last.filter(|last| last.size == size && last.verifier == verifier) {
        return Ok(last);
    }
    let note = Checkpoint::new(name, size, root_at(&**store, name, size).await?).sign(signer);
    let time = engine.now().timestamp_micros();
    let checkpoint = StoredCheckpoint { organisation: name.to_owned(), size, verifier, note, time };
    store.save_checkpoint(checkpoint.clone()).await?;
    Ok(checkpoint)
}

async fn publish(engine: &Engine, organisation: &OrganisationId, key: &str) -> Result<(), EngineError> {
    let command = Command::Organisation(OrganisationCommand::PublishLogKey { key: key.into() });
    let context =
        Context { agent: Some(concat!("chancery/", env!("CARGO_PKG_VERSION")).to_owned()), ..Context::default() };
    let request = Request {
        organisation: organisation.clone(),
        commands: vec![command],
        actor: Actor::Operator,
        context,
        idempotency_key: None,
    };
    engine.execute(request).await.map(drop)
}

/// When a log is due to be signed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// After so many events.
    pub events: u64,
    /// After so much time, if there was an event at all.
    pub time: Duration,
}

/// What has become of an organisation since it was last signed.
#[derive(Debug, Clone, Copy)]
struct Signed {
    size: u64,
    at: Instant,
}

/// Signs the organisations of a store when they are due, for as long as the process lives. What fails is
/// reported and tried again.
pub async fn keep_signing(engine: Engine, signer: Signer, schedule: Schedule, report: impl Fn(&str, &SignError)) {
    let mut signed: HashMap<String, Signed> = HashMap::new();
    let mut interval = tokio::time::interval(schedule.time.min(LOOK).max(Duration::from_millis(50)));
    loop {
        interval.tick().await;
        let heads = match engine.store().heads().await {
            Ok(heads) => heads,
            Err(StoreError::Closed) => return,
            Err(error) => {
                report("", &error.into());
                continue;
            }
        };
        for head in heads {
            let due = signed.get(&head.organisation).is_none_or(|last| {
                let news = head.position.saturating_sub(last.size);
                news >= schedule.events || (news > 0 && last.at.elapsed() >= schedule.time)
            });
            if !due {
                continue;
            }
            match sign(&engine, &OrganisationId::known(head.organisation.as_str()), &signer).await {
                Ok(checkpoint) => {
                    signed.insert(head.organisation, Signed { size: checkpoint.size, at: Instant::now() });
                }
                Err(error) => report(&head.organisation, &error),
            }
        }
    }
}
