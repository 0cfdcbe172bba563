//! A member's data key, and the values sealed under it.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use zeroize::Zeroizing;

use super::VaultError;

/// The first byte of every sealed value.
const VERSION: u8 = 1;
const NONCE: usize = 12;
/// Version, sequence and nonce stand before the ciphertext.
const HEADER: usize = 1 + 8 + NONCE;

/// The piece that says from where a member's request came.
pub const ORIGIN: &str = "origin";

/// A key of 256 bits; wiped from memory when it goes.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DataKey(…)")
    }
}

/// What a sealed value is bound to: opened anywhere else, it is no value at all.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// Whose log.
    pub organisation: &'a str,
    /// Whose data.
    pub member: &'a str,
    /// Which piece: a field of the personal data by its name, or [`ORIGIN`].
    pub field: &'a str,
    /// The event of the member's stream that the value was first written with; later events repeat the value as it is.
    /// Of an origin, which is never repeated, the event's position in the organisation's log.
    pub sequence: u64,
}

impl Binding<'_> {
    /// Each part with its length before it, so that no two bindings have the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let stream = crate::interop::aggregate_id(self.organisation, self.member);
        let sequence = self.sequence.to_be_bytes();
        let parts: [&[u8]; 6] = [
            b"chancery personal data 1",
            self.organisation.as_bytes(),
            stream.as_bytes(),
            &sequence,
            self.member.as_bytes(),
            self.field.as_bytes(),
        ];
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }
}

impl DataKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| VaultError::Randomness)?;
        Ok(Self(bytes))
    }

    /// A key that was wrapped.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// The key itself, to be wrapped.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// A digest of a text that only holders of the key can work out, so that nobody else tests guesses against it, and
    /// nobody at all once the key is gone.
    pub fn digest(&self, purpose: &str, text: &str) -> [u8; 32] {
        let keyed = |key: &[u8], parts: [&[u8]; 2]| {
            let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
            parts.iter().for_each(|part| context.update(part));
            context.sign()
        };
        // A key of its own: what seals does nothing else.
        let derived = keyed(self.as_bytes(), [b"chancery digest 1 ", purpose.as_bytes()]);
        let mut digest = [0; 32];
        digest.copy_from_slice(keyed(derived.as_ref(), [text.as_bytes(), b""]).as_ref());
        digest
    }

    fn cipher(&self) -> Option<Aes256Gcm> {
        Aes256Gcm::new_from_slice(self.as_bytes()).ok()
    }

    /// Seals a text: `base64url(version, sequence, nonce, ciphertext, tag)`.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn seal(&self, text: &str, binding: &Binding<'_>) -> Result<String, VaultError> {
        // At random, under a key that seals a few values in its life.
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| VaultError::Randomness)?;
        let payload = Payload { msg: text.as_bytes(), aad: &binding.bytes() };
        let sealed = self.cipher().and_then(|cipher| cipher.encrypt(&Nonce::from(nonce), payload).ok());
        let sealed = sealed.ok_or(VaultError::Cipher)?;
        let mut bytes = Vec::with_capacity(HEADER + sealed.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&binding.sequence.to_be_bytes());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Opens what was sealed for this organisation, member and field; nothing when it was sealed for another one, under
    /// another key, or was changed.
    pub fn open(&self, sealed: &str, organisation: &str, member: &str, field: &str) -> Option<Zeroizing<String>> {
        self.open_if(sealed, |sequence| Some(Binding { organisation, member, field, sequence }))
    }

    /// Opens what was sealed for exactly this place, its sequence included.
    pub fn open_at(&self, sealed: &str, binding: Binding<'_>) -> Option<Zeroizing<String>> {
        self.open_if(sealed, |sequence| (sequence == binding.sequence).then_some(binding))
    }

    /// `place` makes the binding of the sequence that the value names.
    fn open_if<'a>(&self, sealed: &str, place: impl FnOnce(u64) -> Option<Binding<'a>>) -> Option<Zeroizing<String>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (header, ciphertext) = bytes.split_at_checked(HEADER)?;
        let (version, header) = header.split_first()?;
        let (sequence, nonce) = header.split_first_chunk::<8>()?;
        if *version != VERSION {
            return None;
        }
        let binding = place(u64::from_be_bytes(*sequence))?;
        let payload = Payload { msg: ciphertext, aad: &binding.bytes() };
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let opened = self.cipher()?.decrypt(&Nonce::from(nonce), payload).ok()?;
        String::from_utf8(opened).ok().map(Zeroizing::new)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    const EMAIL: &str = "email";

    fn binding(sequence: u64) -> Binding<'static> {
        Binding { organisation: "acme", member: "tom", field: EMAIL, sequence }
    }

    #[test]
    fn a_sealed_value_opens_where_it_was_sealed_and_nowhere_else() {
        let key = DataKey::random().unwrap();
        let sealed = key.seal("tom@example.com", &binding(7)).unwrap();
        let open = |organisation, member, field| key.open(&sealed, organisation, member, field);
        assert_eq!(open("acme", "tom", EMAIL).unwrap().as_str(), "tom@example.com");
        assert!(open("acne", "tom", EMAIL).is_none());
        assert!(open("acme", "tim", EMAIL).is_none());
        assert!(open("acme", "tom", "name").is_none());
        assert!(DataKey::random().unwrap().open(&sealed, "acme", "tom", EMAIL).is_none());
    }

    #[test]
    fn a_sealed_value_with_any_byte_changed_does_not_open() {
        let key = DataKey::random().unwrap();
        let sealed = URL_SAFE_NO_PAD.decode(key.seal("Tom", &binding(1)).unwrap()).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert!(key.open(&changed, "acme", "tom", EMAIL).is_none(), "byte {at}");
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_to_the_same_value() {
        let key = DataKey::random().unwrap();
        assert_ne!(key.seal("Tom", &binding(1)).unwrap(), key.seal("Tom", &binding(1)).unwrap());
    }

    #[test]
    fn an_origin_opens_at_its_position_and_at_no_other() {
        let key = DataKey::random().unwrap();
        let at = |sequence| Binding { organisation: "acme", member: "tom", field: ORIGIN, sequence };
        let sealed = key.seal("{}", &at(7)).unwrap();
        assert_eq!(key.open_at(&sealed, at(7)).unwrap().as_str(), "{}");
        assert!(key.open_at(&sealed, at(8)).is_none());
        assert!(key.open(&sealed, "acme", "tom", EMAIL).is_none());
    }

    #[test]
    fn a_digest_tells_texts_purposes_and_keys_apart() {
        let (key, other) = (DataKey::random().unwrap(), DataKey::random().unwrap());
        let digest = key.digest("name", "Tom");
        assert_eq!(digest, key.clone().digest("name", "Tom"));
        for another in [key.digest("name", "Tim"), key.digest("email", "Tom"), other.digest("name", "Tom")] {
            assert_ne!(digest, another);
        }
    }
}
