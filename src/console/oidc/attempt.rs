//! A sign-in that was begun: what is to be remembered until the provider sends its answer.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::vault::{Binding, DataKey, VaultError};

/// So long may somebody take at the provider.
const LASTS: TimeDelta = TimeDelta::minutes(10);

/// Kept by the browser that began, and readable by this process alone.
#[derive(Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    /// Where to go then.
    pub(super) to: String,
    pub(super) begun: DateTime<Utc>,
}

/// Seals attempts. The seal of personal data does for them too; the key is of this process, and wrapped nowhere.
#[derive(Debug)]
pub(super) struct Seal(DataKey);

/// No organisation is called so.
const BINDING: Binding<'_> = Binding { organisation: "-", member: "sign-in", field: "attempt", sequence: 0 };

impl Seal {
    pub(super) fn new() -> Result<Self, VaultError> {
        DataKey::random().map(Self)
    }

    pub(super) fn close(&self, attempt: &Attempt) -> Result<String, VaultError> {
        let text = Zeroizing::new(serde_json::to_string(attempt).map_err(|_| VaultError::Cipher)?);
        self.0.seal(&text, &BINDING)
    }

    /// What a cookie says, if this process sealed it and its time is not over.
    pub(super) fn open(&self, sealed: &str, now: DateTime<Utc>) -> Option<Attempt> {
        let text = self.0.open_at(sealed, BINDING)?;
        let attempt: Attempt = serde_json::from_str(&text).ok()?;
        let age = now.signed_duration_since(attempt.begun);
        (age >= TimeDelta::zero() && age < LASTS).then_some(attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_read_by_who_sealed_it_and_not_for_long() {
        let (seal, other) = (Seal::new().unwrap(), Seal::new().unwrap());
        let begun = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let text = |text: &str| text.to_owned();
        let (state, nonce, verifier) = (text("s"), text("n"), text("v"));
        let sealed = seal.close(&Attempt { state, nonce, verifier, to: text("/console"), begun }).unwrap();
        assert_eq!(seal.open(&sealed, begun).unwrap().nonce, "n");
        assert!(other.open(&sealed, begun).is_none());
        assert!(seal.open(&sealed, begun + LASTS).is_none());
        assert!(seal.open(&format!("{sealed}A"), begun).is_none());
        assert!(!sealed.contains('='), "it stands in a cookie");
    }
}
