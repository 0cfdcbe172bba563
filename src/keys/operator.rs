//! The operator's key: for whoever keeps the store, and founds organisations over the network.

use chancery_aggregates::key::KeyHash;
use chancery_aggregates::vocabulary::KeyId;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::token::{ID_LETTERS, TokenError, digest, open, random_letters, seal};

/// What every key of an operator begins with. No organisation's key does.
pub const OPERATOR_PREFIX: &str = "chancery-operator_";

/// A key of an operator, as its holder has it. Treats its text as [`Token`](super::Token) does.
#[derive(Clone)]
pub struct OperatorToken {
    key: KeyId,
    text: Zeroizing<String>,
}

impl OperatorToken {
    /// A new key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let key = random_letters(ID_LETTERS)?;
        let text = seal(OPERATOR_PREFIX, &[key.as_str()])?;
        Ok(Self { key: KeyId::known(key.as_str()), text })
    }

    /// Reads what a caller presents.
    ///
    /// # Errors
    /// What is wrong with it, without any of it.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let [key] = open(OPERATOR_PREFIX, text)?;
        Ok(Self { key: KeyId::known(key), text: Zeroizing::new(text.to_owned()) })
    }

    /// Which key it says it is: no secret.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// The digest to be kept.
    pub fn hash(&self) -> KeyHash {
        digest(&self.text)
    }

    /// The text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Whether it is one of the keys whose digests were kept. All are compared, in constant time.
    pub fn is_one_of<'a>(&self, kept: impl IntoIterator<Item = &'a KeyHash>) -> bool {
        let own = self.hash();
        let found = kept.into_iter().fold(Choice::from(0), |found, hash| found | hash.bytes().ct_eq(own.bytes()));
        found.into()
    }
}

/// Shows which key it is, and nothing of its secret.
impl std::fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OperatorToken({OPERATOR_PREFIX}{}_…)", self.key)
    }
}
