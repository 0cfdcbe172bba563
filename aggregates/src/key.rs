//! Keys with which programs act as a member: what the log keeps of them, and how long they last.
//!
//! A key is a secret that is shown once, and a digest of it that the log keeps. The digest is of a
//! random token of 256 bits, so it needs no salt and nobody finds the token from it.

use chrono::TimeDelta;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::profile::document::Policy;
use crate::vocabulary::{MemberKind, Time};

/// Days that a key lasts when nobody says how long.
pub const USUAL_DAYS: u32 = 90;
/// The most days that a person's key lasts, unless the profile says otherwise.
pub const LONGEST_PERSONAL_DAYS: u32 = 366;
/// How long a key goes on counting after another took its place.
pub const ROTATION_GRACE: TimeDelta = TimeDelta::days(1);
/// The most keys of one member that count at a time.
pub const MOST_KEYS: usize = 25;

/// SHA-256 of a token. Written as `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

const SCHEME: &str = "sha256:";

impl KeyHash {
    /// The digest of a token.
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The bytes. Compare them in constant time.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads what [`Display`](std::fmt::Display) writes.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(SCHEME)?.as_bytes();
        let mut digest = [0; 32];
        if digits.len() != 2 * digest.len() {
            return None;
        }
        for (byte, pair) in digest.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+'))?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(digest))
    }
}

impl std::fmt::Display for KeyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(SCHEME)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyHash({self})")
    }
}

impl Serialize for KeyHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("a key's digest is `sha256:` and 64 hexadecimal digits"))
    }
}

/// When a key is to end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyExpiry {
    /// After the usual time: [`USUAL_DAYS`], or as long as the key that is replaced was made for.
    #[default]
    Usual,
    /// At an instant.
    At(Time),
    /// Never: for service accounts, where the profile sets no bound.
    Never,
}

/// The most days that a member's key may last; none where it may be without end.
pub fn longest_days(policy: &Policy, kind: MemberKind) -> Option<u32> {
    policy.longest_key_days.or(match kind {
        MemberKind::Person => Some(LONGEST_PERSONAL_DAYS),
        MemberKind::Service => None,
    })
}
