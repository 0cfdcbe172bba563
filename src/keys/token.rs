//! The text that a caller presents: which organisation, which key, and the secret.

use std::str::FromStr;

use chancery_aggregates::key::KeyHash;
use chancery_aggregates::vocabulary::{KeyId, OrganisationId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What every token of a member begins with, so that scanners for leaked secrets know it.
pub const PREFIX: &str = "chancery_";

/// 43 of 62 letters and digits are a little over 256 bits.
const SECRET_LETTERS: usize = 43;
/// 6 letters and digits hold the 32 bits of the checksum.
const CHECKSUM_LETTERS: usize = 6;
/// 71 bits: no two keys of an organisation meet by chance.
pub(super) const ID_LETTERS: usize = 12;
/// Nothing that is longer is looked at.
const LONGEST: usize = 512;

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// An organisation's id may have any letters; the token has only those that need no quoting anywhere.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.');

/// Why a text is no token. None of the reasons shows any of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Another kind of credential, or none.
    #[error("this is not a key of Chancery: those of members begin with `chancery_`")]
    Prefix,
    /// Cut off, or pasted together with something else.
    #[error("the key is not whole: it has an organisation, an id and a secret, with `_` between them")]
    Shape,
    /// The organisation cannot be one.
    #[error("the organisation in the key cannot be read")]
    Organisation,
    /// Something was added or left out.
    #[error("the secret of the key has a wrong length")]
    Length,
    /// A letter is another one than it was.
    #[error("the key has a mistake in it: its checksum does not fit")]
    Checksum,
}

/// A key as its holder has it. Its text leaves it by [`reveal`](Token::reveal) only, and is
/// overwritten when it is dropped.
#[derive(Clone)]
pub struct Token {
    organisation: OrganisationId,
    key: KeyId,
    text: Zeroizing<String>,
}

impl Token {
    /// A new key of an organisation, with an id and a secret from the system's random source.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate(organisation: &OrganisationId) -> Result<Self, getrandom::Error> {
        let key = random_letters(ID_LETTERS)?;
        let text = seal(PREFIX, &[organisation_text(organisation).as_str(), key.as_str()])?;
        Ok(Self { organisation: organisation.clone(), key: KeyId::known(key.as_str()), text })
    }

    /// Reads what a caller presents.
    ///
    /// # Errors
    /// What is wrong with it, without any of it.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let [organisation, key] = open(PREFIX, text)?;
        let organisation = organisation_named(organisation).ok_or(TokenError::Organisation)?;
        Ok(Self { organisation, key: KeyId::known(key), text: Zeroizing::new(text.to_owned()) })
    }

    /// Whose key it says it is.
    pub fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    /// Which key it says it is.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// The digest that the log keeps. It is of the whole text, so that a key of one organisation
    /// never is one of another.
    pub fn hash(&self) -> KeyHash {
        digest(&self.text)
    }

    /// The digest that the log would keep of a text, if it is a key.
    pub(crate) fn hash_of(text: &str) -> KeyHash {
        digest(text)
    }

    /// The text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The part of the text that is no secret: enough to tell one key from another.
    pub fn hint(organisation: &OrganisationId, key: &KeyId) -> String {
        format!("{PREFIX}{}_{key}", organisation_text(organisation))
    }
}

/// Shows which key it is, and nothing of its secret.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({}_…)", Self::hint(&self.organisation, &self.key))
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        Self::parse(text)
    }
}

fn organisation_text(organisation: &OrganisationId) -> String {
    utf8_percent_encode(organisation.as_str(), ESCAPED).to_string().replace('%', "~")
}

/// The organisation that the text of a token names; most need no escape.
fn organisation_named(text: &str) -> Option<OrganisationId> {
    if !text.contains('~') {
        return OrganisationId::parse(text).ok();
    }
    let text = text.replace('~', "%");
    let decoded = percent_decode_str(&text).decode_utf8().ok()?;
    OrganisationId::parse(&decoded).ok()
}

/// The digest of a whole token.
pub(super) fn digest(text: &str) -> KeyHash {
    KeyHash::new(Sha256::digest(text.as_bytes()).into())
}

/// A text of these parts with a new secret and the checksum of it all.
pub(super) fn seal(prefix: &str, parts: &[&str]) -> Result<Zeroizing<String>, getrandom::Error> {
    let secret = random_letters(SECRET_LETTERS)?;
    // Made at once at full length: a text that grows leaves copies of itself behind.
    let mut text = Zeroizing::new(String::with_capacity(LONGEST + prefix.len()));
    text.push_str(prefix);
    for part in parts {
        text.push_str(part);
        text.push('_');
    }
    text.push_str(&secret);
    let checksum = checksum(&text);
    text.extend(checksum.map(char::from));
    Ok(text)
}

/// The parts between the prefix and the secret, of a text that is whole.
pub(super) fn open<'a, const PARTS: usize>(prefix: &str, text: &'a str) -> Result<[&'a str; PARTS], TokenError> {
    let rest = text.strip_prefix(prefix).ok_or(TokenError::Prefix)?;
    let (parts, secret) = rest.rsplit_once('_').filter(|_| text.len() <= LONGEST).ok_or(TokenError::Shape)?;
    let mut named = parts.split('_');
    let mut parts = [""; PARTS];
    for part in &mut parts {
        *part = named.next().ok_or(TokenError::Shape)?;
    }
    let letters = |part: &str| part.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-.~".contains(&letter));
    if named.next().is_some() || parts.iter().any(|part| part.is_empty() || !letters(part)) {
        return Err(TokenError::Shape);
    }
    if secret.len() != SECRET_LETTERS + CHECKSUM_LETTERS || !secret.bytes().all(|letter| letter.is_ascii_alphanumeric())
    {
        return Err(TokenError::Length);
    }
    let (before, given) = text.split_at_checked(text.len() - CHECKSUM_LETTERS).ok_or(TokenError::Shape)?;
    if checksum(before) == given.as_bytes() { Ok(parts) } else { Err(TokenError::Checksum) }
}

/// Tells a mistyped token from a wrong one without looking anything up. It protects nothing.
fn checksum(text: &str) -> [u8; CHECKSUM_LETTERS] {
    let digest = Sha256::digest(text.as_bytes());
    let mut number = digest.iter().take(4).fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    let mut letters = [b'0'; CHECKSUM_LETTERS];
    for letter in letters.iter_mut().rev() {
        *letter = LETTERS.get((number % 62) as usize).copied().unwrap_or(b'0');
        number /= 62;
    }
    letters
}

/// Letters and digits, each as likely as the others.
pub(super) fn random_letters(count: usize) -> Result<Zeroizing<String>, getrandom::Error> {
    let mut letters = Zeroizing::new(String::with_capacity(count));
    let mut bytes = Zeroizing::new([0u8; 64]);
    while letters.len() < count {
        getrandom::fill(bytes.as_mut_slice())?;
        // 6 bits of each; what names no letter is passed over.
        let drawn = bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte & 63)));
        let missing = count - letters.len();
        letters.extend(drawn.map(|letter| char::from(*letter)).take(missing));
    }
    Ok(letters)
}
