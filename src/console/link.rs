//! Links that sign somebody in, once.
//!
//! A link is a key of the member's own that ends after some minutes, under a label that says what it is for.
//! It is used by being revoked: the log decides who was first, whichever process they asked. Nothing is kept
//! beside the log, and who may have a key made, and see that one was, is judged as with any other.

use chancery_aggregates::Command;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::key::KeyExpiry;
use chancery_aggregates::vocabulary::{Actor, MemberId, OrganisationId};
use chrono::TimeDelta;

use crate::engine::{Context, Engine, EngineError, Request};
use crate::keys::Token;

/// What the log calls a link.
pub(super) const LABEL: &str = "one-time link to the console";
/// How long a link waits to be used.
const LASTS: TimeDelta = TimeDelta::minutes(15);

/// The address that a token signs in at. `base` has no slash at its end.
pub(crate) fn link_to(base: &str, token: &Token) -> String {
    format!("{base}/console/-/enter?key={}", token.reveal())
}

/// Makes a link for a member, as that member.
///
/// # Errors
/// When the member may have no key made, or the store fails.
pub(crate) async fn make(
    engine: &Engine,
    organisation: &OrganisationId,
    member: &MemberId,
) -> Result<Token, EngineError> {
    let token = Token::generate(organisation).map_err(|error| EngineError::Internal(error.to_string()))?;
    let (key, hash) = (token.key().clone(), token.hash());
    let now = engine.now();
    let expires = KeyExpiry::At(now.checked_add_signed(LASTS).unwrap_or(now));
    let issue = MemberCommand::IssueKey { key, label: LABEL.into(), hash, expires };
    engine.execute(request(organisation, member, issue)).await?;
    Ok(token)
}

/// Uses a link up. False when somebody did before.
///
/// # Errors
/// When the store fails.
pub(super) async fn use_up(engine: &Engine, token: &Token, member: &MemberId) -> Result<bool, EngineError> {
    let revoke = MemberCommand::RevokeKey { key: token.key().clone() };
    let outcome = engine.execute(request(token.organisation(), member, revoke)).await?;
    Ok(!outcome.events.is_empty())
}

fn request(organisation: &OrganisationId, member: &MemberId, command: MemberCommand) -> Request {
    Request {
        organisation: organisation.clone(),
        commands: vec![Command::Member(member.clone(), command)],
        actor: Actor::Member(member.clone()),
        context: Context { source: Some("console".to_owned()), ..Context::default() },
        idempotency_key: None,
    }
}
