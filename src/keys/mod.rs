//! API keys: the token that a caller presents, and whom it lets in.
//!
//! A key is bound to a member of one organisation, and the caller's authority is that member's, by
//! the same `evaluate` as everywhere. The log keeps the digest of the token; the access state has it
//! at hand, so that authentication asks no database, and a revocation counts from the event on.

mod operator;
mod token;

use chancery_aggregates::AccessState;
use chancery_aggregates::vocabulary::{KeyId, MemberId, OrganisationId, Time};
pub use operator::{OPERATOR_PREFIX, OperatorToken};
use subtle::ConstantTimeEq;
pub use token::{PREFIX, Token, TokenError};

/// Whom a key lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose rules.
    pub organisation: OrganisationId,
    /// Who acts.
    pub member: MemberId,
    /// With which key.
    pub key: KeyId,
}

/// Why a key lets nobody in. A caller from outside is told no more than that: only a log of the
/// service tells which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// There is no such key, or the secret is another one.
    #[error("the key is not known")]
    Unknown,
    /// Somebody ended it.
    #[error("the key was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the key has expired")]
    Expired,
    /// Its member has left or is suspended.
    #[error("the key's member does not take part")]
    Shut,
}

/// Whom a token lets in at an instant, by the access state of the organisation that it names.
///
/// Why somebody with the right secret is not let in is found out only after the secret was compared.
///
/// # Errors
/// Why it lets nobody in.
pub fn authenticate(state: &AccessState, token: &Token, now: Time) -> Result<Caller, NotAdmitted> {
    // A key that is not there takes as long as one whose secret is another.
    let entry = state.key(token.key().as_str());
    let kept = entry.map_or([0; 32], |entry| *entry.hash.bytes());
    let equal = bool::from(kept.ct_eq(token.hash().bytes()));
    let entry = entry.filter(|_| equal && state.organisation() == token.organisation()).ok_or(NotAdmitted::Unknown)?;
    if entry.revoked.is_some() {
        return Err(NotAdmitted::Revoked);
    }
    if !entry.lasts(now) {
        return Err(NotAdmitted::Expired);
    }
    let member = state.member(entry.member).filter(|_| state.admits(entry, now)).ok_or(NotAdmitted::Shut)?;
    Ok(Caller { organisation: token.organisation().clone(), member: member.id.clone(), key: entry.id.clone() })
}
