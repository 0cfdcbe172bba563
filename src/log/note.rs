//! Signed notes (C2SP `signed-note`): a text and who signed it, readable by people and other programs.
//!
//! The key is Ed25519. A note names it by a name and four bytes, so one secret can sign the checkpoints of
//! many organisations, each under a name of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};

/// The signature type of Ed25519 in a signed note.
const ED25519_TYPE: u8 = 1;

/// What stands before the 32 bytes of a secret in PKCS #8 (RFC 8410, section 7).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// What stands before the 32 bytes of a public key in its DER form (RFC 8410, section 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// Why a note or a key is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a note at all.
    #[error("it is not a signed note")]
    Malformed,
    /// None of its signatures is by the key.
    #[error("it is not signed by the key `{key}`")]
    Unsigned {
        /// The key that was looked for.
        key: String,
    },
    /// The signature does not fit the text.
    #[error("its signature by `{key}` is wrong")]
    Forged {
        /// The key that it claims.
        key: String,
    },
    /// Not a public key of a note.
    #[error("`{0}` is not the public key of a signed note")]
    BadKey(String),
    /// Not a private key of Ed25519.
    #[error("it holds no private key of Ed25519 in PEM (PKCS #8)")]
    BadSecret,
}

/// A public key under a name: `<name>+<hash>+<key>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    hash: [u8; 4],
    key: [u8; 32],
}

impl Verifier {
    /// A key under a name, which has neither spaces nor `+`.
    #[must_use]
    pub fn new(name: &str, key: [u8; 32]) -> Self {
        let digest = Sha256::new().chain_update(name).chain_update([b'\n', ED25519_TYPE]).chain_update(key).finalize();
        let [a, b, c, d, ..] = <[u8; 32]>::from(digest);
        Self { name: name.to_owned(), hash: [a, b, c, d], key }
    }

    /// Reads a key as it is published.
    ///
    /// # Errors
    /// [`NoteError::BadKey`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let bad = || NoteError::BadKey(text.to_owned());
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad());
        };
        let bytes = STANDARD.decode(key).map_err(|_| bad())?;
        let key: [u8; 32] = match bytes.split_first() {
            Some((&ED25519_TYPE, key)) => key.try_into().map_err(|_| bad())?,
            _ => return Err(bad()),
        };
        let verifier = Self::new(name, key);
        if name.is_empty() || name.contains(char::is_whitespace) || verifier.hash_text() != hash {
            return Err(bad());
        }
        Ok(verifier)
    }

    /// The name under which it signs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The four bytes that tell it from other keys, in hexadecimal.
    #[must_use]
    pub fn hash_text(&self) -> String {
        self.hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The key for OpenSSL.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let der = STANDARD.encode([SPKI.as_slice(), self.key.as_slice()].concat());
        format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n")
    }

    /// The text of a note that this key signed, with its last newline.
    ///
    /// # Errors
    /// When it is no note, or this key did not sign it.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        let (text, signatures) = split(note)?;
        for (name, hash, signature) in signatures {
            if name == self.name && hash == self.hash {
                let key = UnparsedPublicKey::new(&ED25519, self.key);
                let forged = |_| NoteError::Forged { key: self.to_string() };
                return key.verify(text.as_bytes(), &signature).map(|()| text).map_err(forged);
            }
        }
        Err(NoteError::Unsigned { key: self.to_string() })
    }
}

impl std::fmt::Display for Verifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = STANDARD.encode([[ED25519_TYPE].as_slice(), self.key.as_slice()].concat());
        write!(formatter, "{}+{}+{key}", self.name, self.hash_text())
    }
}

type Signature<'a> = (&'a str, [u8; 4], Vec<u8>);

/// The text, and name, key hash and bytes of each signature.
fn split(note: &str) -> Result<(&str, Vec<Signature<'_>>), NoteError> {
    let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
    let text = note.get(..=text.len()).ok_or(NoteError::Malformed)?;
    if !signatures.ends_with('\n') || note.contains(|c: char| c.is_control() && c != '\n') {
        return Err(NoteError::Malformed);
    }
    let read = |line: &'_ str| -> Option<(usize, [u8; 4], Vec<u8>)> {
        let line = line.strip_prefix("\u{2014} ")?;
        let (name, encoded) = line.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (hash, signature) = bytes.split_first_chunk::<4>()?;
        (!name.is_empty()).then(|| (name.len(), *hash, signature.to_vec()))
    };
    let mut found = Vec::new();
    for line in signatures.lines() {
        let (length, hash, signature) = read(line).ok_or(NoteError::Malformed)?;
        let start = "\u{2014} ".len();
        found.push((line.get(start..start + length).ok_or(NoteError::Malformed)?, hash, signature));
    }
    Ok((text, found))
}

/// A private key. Signs under any name.
pub struct Signer(Ed25519KeyPair);

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Signer").field(&self.0.public_key()).finish()
    }
}

impl Signer {
    /// From a secret of 32 random bytes.
    ///
    /// # Errors
    /// Never in practice: all secrets are keys.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, NoteError> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| NoteError::BadSecret)
    }

    /// Reads PEM, as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// [`NoteError::BadSecret`].
    pub fn from_pem(pem: &str) -> Result<Self, NoteError> {
        let mut lines = pem.lines().map(str::trim).skip_while(|line| *line != "-----BEGIN PRIVATE KEY-----").skip(1);
        let body: String = lines.by_ref().take_while(|line| !line.starts_with("-----")).collect();
        let der = zeroize::Zeroizing::new(STANDARD.decode(body).map_err(|_| NoteError::BadSecret)?);
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map(Self).map_err(|_| NoteError::BadSecret)
    }

    /// A secret as PEM.
    #[must_use]
    pub fn seed_to_pem(seed: &[u8; 32]) -> zeroize::Zeroizing<String> {
        let der = STANDARD.encode([PKCS8.as_slice(), seed.as_slice()].concat());
        zeroize::Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n"))
    }

    /// The public key under a name.
    #[must_use]
    pub fn verifier(&self, name: &str) -> Verifier {
        // INVARIANT: public keys of Ed25519 have 32 bytes.
        Verifier::new(name, self.0.public_key().as_ref().try_into().unwrap_or_default())
    }

    /// The note with this text, which ends in a newline, signed under a name.
    #[must_use]
    pub fn sign(&self, name: &str, text: &str) -> String {
        let hash = self.verifier(name).hash;
        let signature = self.0.sign(text.as_bytes());
        let encoded = STANDARD.encode([hash.as_slice(), signature.as_ref()].concat());
        format!("{text}\n\u{2014} {name} {encoded}\n")
    }
}
