//! Erasing a member's personal data, and doing it again in a store that was restored from before.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use chancery_aggregates::Command;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::event::{Event, MemberEvent};
use chancery_aggregates::vocabulary::{Actor, MemberId, OrganisationId, Time};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::engine::{Context, Engine, EngineError, Request};
use crate::store::keys::Purged;
use crate::vault::{Cleared, VaultError};

/// What an erasure did, to be kept outside the store: a line of the log of erasures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ErasureReceipt, example = json!({"organisation": "acme", "member": "omar", "position": 57,
    "time": "2026-03-03T14:30:00Z", "by": "olivia", "key_destroyed": true, "key_encryption_key_before": "k-4f1c",
    "key_encryption_key": "k-9a20"}))]
pub struct Receipt {
    /// Whose log.
    pub organisation: String,
    /// Whose data.
    pub member: String,
    /// The event `PersonalDataErased`.
    pub position: u64,
    /// Its time.
    #[schema(value_type = String, format = DateTime)]
    pub time: Time,
    /// Who asked for it.
    pub by: String,
    /// Whether a key was destroyed now.
    pub key_destroyed: bool,
    /// Name of the key-encryption key before, which was destroyed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub key_encryption_key_before: Option<String>,
    /// Its name now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub key_encryption_key: Option<String>,
    /// What is still to be done, in words: files that hold traces, keys to be rotated, values from before sealing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
}

/// A request to erase.
#[derive(Debug)]
pub struct Erasure {
    /// Whose log.
    pub organisation: OrganisationId,
    /// Whose data.
    pub member: MemberId,
    /// Who asks for it.
    pub actor: Actor,
    /// Why, from where.
    pub context: Context,
}

impl Erasure {
    /// Erases: records it, destroys the member's key, and makes copies of the key worthless. A second time it only does
    /// what the first time did not get to.
    ///
    /// # Errors
    /// When a rule refuses it, or the store fails.
    pub async fn carry_out(self, engine: &Engine) -> Result<Receipt, EngineError> {
        let Self { organisation, member, actor, context } = self;
        let request = Request {
            organisation: organisation.clone(),
            commands: vec![Command::Member(member.clone(), MemberCommand::ErasePersonalData)],
            actor,
            context,
            idempotency_key: None,
        };
        // The lane destroys the key as soon as the event is durable.
        let done = engine.execute(request).await?;
        finish(engine, &organisation, &member, !done.events.is_empty()).await
    }
}

/// Does what is to be done once an erasure is in the log: everything that the event alone does not see to. `now` says
/// whether the event was written just now. It may be done again at any time.
///
/// # Errors
/// When the member's data is not erased, or the store fails.
pub async fn finish(
    engine: &Engine,
    organisation: &OrganisationId,
    member: &MemberId,
    now: bool,
) -> Result<Receipt, EngineError> {
    let mut receipt = receipt(engine, organisation, member).await?;
    receipt.key_destroyed = now;
    if !now && let Some(vault) = engine.vault() {
        receipt.key_destroyed = vault.destroy(organisation.as_str(), member.as_str()).await?;
    }
    engine.store().forget_snapshots(Some(organisation.as_str())).await?;
    match engine.vault() {
        Some(vault) => {
            let cleared = vault.clear(receipt.key_destroyed).await?;
            note(&mut receipt, &cleared);
        }
        None => receipt.left.push("this store does not seal personal data".to_owned()),
    }
    Ok(receipt)
}

impl Receipt {
    /// Adds the receipt to a log of erasures, and returns when it is durable there.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append_to(&self, path: &Path) -> std::io::Result<()> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        file.write_all(line.as_bytes())?;
        file.sync_all()
    }
}

fn note(receipt: &mut Receipt, cleared: &Cleared) {
    if let Some(rotated) = &cleared.rotated {
        receipt.key_encryption_key_before.clone_from(&rotated.before);
        receipt.key_encryption_key = Some(rotated.after.clone()).filter(|name| !name.is_empty());
    }
    receipt.left.extend(cleared.not_rotated.clone());
    if let Some(lost) = cleared.rotated.as_ref().map(|rotated| rotated.lost).filter(|lost| *lost > 0) {
        receipt.left.push(format!(
            "{lost} members' keys are under a key that is gone, as a restored backup has them: take newer ones in by \
             `chancery gdpr keys import`"
        ));
    }
    if let Purged::Partly(what) = &cleared.purged {
        receipt.left.push(what.clone());
    }
}

/// The erasure as the log has it.
async fn receipt(engine: &Engine, organisation: &OrganisationId, member: &MemberId) -> Result<Receipt, EngineError> {
    let state = engine.state(organisation).await?;
    let of_member = member.clone();
    let found = std::sync::Arc::new(Mutex::new((None, 0_u64, 0_u64)));
    let sink = found.clone();
    let visit = move |recorded: chancery_aggregates::event::Recorded| {
        let placed = || !recorded.metadata.clear_origin().take_personal().is_empty();
        if recorded.metadata.actor == of_member.as_str() && placed() {
            sink.lock().2 += 1;
        }
        if let Event::Member(event) = &recorded.event
            && *event.member() == of_member
        {
            let mut found = sink.lock();
            match event {
                MemberEvent::PersonalDataErased { .. } => {
                    found.0 = Some((recorded.stamp, recorded.metadata.actor.clone()));
                }
                MemberEvent::MemberAdded { details, .. } if details.is_clear() => found.1 += 1,
                MemberEvent::MemberDetailsChanged { before, after, .. } if before.is_clear() || after.is_clear() => {
                    found.1 += 1;
                }
                _ => {}
            }
        }
        std::ops::ControlFlow::Continue(())
    };
    engine.events(organisation, 0, state.position(), visit).await?;
    let (erased, clear, placed) = found.lock().clone();
    let (stamp, by) = erased.ok_or_else(|| EngineError::Internal("the erasure is not in the log".to_owned()))?;
    let mut left = Vec::new();
    if clear > 0 {
        left.push(format!(
            "{clear} events from before personal data was sealed hold it in clear, and cannot be changed: copy the \
             organisation's data anew, or delete the store, to be rid of them"
        ));
    }
    if placed > 0 {
        left.push(format!(
            "{placed} events from before addresses were sealed say in clear from where the member acted, and cannot be \
             changed"
        ));
    }
    Ok(Receipt {
        organisation: organisation.to_string(),
        member: member.to_string(),
        position: stamp.position,
        time: stamp.time,
        by,
        key_destroyed: false,
        key_encryption_key_before: None,
        key_encryption_key: None,
        left,
    })
}

/// What came of a line of the log of erasures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reapplied {
    /// Whose log.
    pub organisation: String,
    /// Whose data.
    pub member: String,
    /// `erased` when it was done again, `was_erased` when it needed no doing, `unknown` when the store has no such member.
    pub outcome: &'static str,
}

/// Does erasures again, in a store that was restored from before them.
///
/// # Errors
/// When the store fails. What was done until then stays.
pub async fn reapply(engine: &Engine, receipts: &[Receipt], context: &Context) -> Result<Vec<Reapplied>, EngineError> {
    let mut results = Vec::new();
    let mut destroyed = false;
    for receipt in receipts {
        let (organisation, member) = (OrganisationId::known(&receipt.organisation), MemberId::known(&receipt.member));
        let known = match engine.state(&organisation).await {
            Ok(state) => state.member_by_id(member.as_str()).is_some(),
            Err(EngineError::Refused { .. }) => false,
            Err(error) => return Err(error),
        };
        let mut outcome = "unknown";
        if known {
            let reason = format!("erased first on {}, position {}", receipt.time.to_rfc3339(), receipt.position);
            let request = Request {
                organisation: organisation.clone(),
                commands: vec![Command::Member(member.clone(), MemberCommand::ReapplyErasure)],
                actor: Actor::Operator,
                context: Context { reason: Some(reason), ..context.clone() },
                idempotency_key: None,
            };
            let fresh = !engine.execute(request).await?.events.is_empty();
            outcome = if fresh { "erased" } else { "was_erased" };
            let left_over = match engine.vault() {
                Some(vault) => vault.destroy(organisation.as_str(), member.as_str()).await?,
                None => false,
            };
            destroyed |= fresh || left_over;
            engine.store().forget_snapshots(Some(organisation.as_str())).await?;
        }
        let Receipt { organisation, member, .. } = receipt.clone();
        results.push(Reapplied { organisation, member, outcome });
    }
    if destroyed && let Some(vault) = engine.vault() {
        match vault.clear(true).await {
            // The restored keys are wrapped under one that is gone already: nothing is left to make worthless.
            Ok(_) | Err(VaultError::UnknownKey { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(results)
}
