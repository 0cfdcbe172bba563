//! Key-encryption keys: what wraps members' keys, and lives outside the database.

use std::path::{Path, PathBuf};

use aes_gcm::aead::KeyInit as _;
use aes_kw::KwpAes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::RwLock;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::VaultError;
use super::file;
use super::key::DataKey;

/// Wraps and unwraps members' keys. A key-management service implements this; calls may block.
pub trait KeyEncryption: Send + Sync + std::fmt::Debug {
    /// Whether keys are to be had at all: where none was named, personal data that nobody has to write is left out.
    fn is_set(&self) -> bool {
        true
    }

    /// The name of the key that wraps from now on: no secret, made up by the implementation. A missing key may be made
    /// only if it is the store's `first`.
    ///
    /// # Errors
    /// When there is none, or it cannot be had.
    fn current(&self, first: bool) -> Result<String, VaultError>;

    /// Wraps a member's key under the named one.
    ///
    /// # Errors
    /// When there is no such key, or it cannot be had.
    fn wrap(&self, name: &str, key: &DataKey) -> Result<Vec<u8>, VaultError>;

    /// Unwraps a member's key.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] when the key that wrapped it is not there any more, and when it was wrapped otherwise.
    fn unwrap(&self, name: &str, wrapped: &[u8]) -> Result<DataKey, VaultError>;

    /// Makes a new current key, and keeps the one before for unwrapping until it is retired.
    ///
    /// # Errors
    /// [`VaultError::RotateOutside`] where somebody else looks after the keys.
    fn renew(&self) -> Result<String, VaultError>;

    /// Destroys every key but the current one.
    ///
    /// # Errors
    /// When they cannot be destroyed.
    fn retire(&self) -> Result<(), VaultError>;
}

/// Where a key-encryption key is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In a file; `make` says whether a missing one is made at the first use.
    File {
        /// Which file.
        path: PathBuf,
        /// Whether it may be made.
        make: bool,
    },
    /// In a variable of the environment: base64, several with spaces between them, the current one first.
    Environment(String),
    /// Nowhere yet.
    Unset,
}

impl Source {
    /// `file:PATH` or `env:NAME`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("file", path) if !path.is_empty() => Some(Self::File { path: PathBuf::from(path), make: true }),
            ("env", name) if !name.is_empty() => Some(Self::Environment(name.to_owned())),
            _ => None,
        }
    }

    /// The file beside a SQLite store: `FILE.vault-key`.
    pub fn beside(store: &Path) -> Self {
        let mut path = store.as_os_str().to_owned();
        path.push(".vault-key");
        Self::File { path: PathBuf::from(path), make: true }
    }
}

/// Key-encryption keys of this machine: AES-256, wrapping by AES-KWP (RFC 5649).
#[derive(Debug)]
pub struct LocalKeys {
    source: Source,
    /// The current one first; empty before they were read.
    ring: RwLock<Vec<LocalKey>>,
}

#[derive(Clone)]
struct LocalKey {
    name: String,
    bytes: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for LocalKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("LocalKey").field(&self.name).finish()
    }
}

impl LocalKey {
    /// A key and its name, which is a digest: nobody has to keep it, and it says nothing about the key.
    fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        let digest =
            Sha256::new_with_prefix(b"chancery key-encryption key 1").chain_update(bytes.as_slice()).finalize();
        let name = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { name, bytes }
    }

    fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| VaultError::Randomness)?;
        Ok(Self::new(bytes))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut decoded = STANDARD.decode(text).ok()?;
        let bytes = decoded.as_slice().try_into().ok().map(Zeroizing::new);
        decoded.zeroize();
        bytes.map(Self::new)
    }

    fn cipher(&self) -> Result<KwpAes256, VaultError> {
        KwpAes256::new_from_slice(self.bytes.as_slice()).map_err(|_| VaultError::Cipher)
    }
}

impl LocalKeys {
    /// Keys from a source, which is read when they are first needed.
    pub fn new(source: Source) -> Self {
        Self { source, ring: RwLock::default() }
    }

    /// Where they are kept.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Reads the source anew: another process may have renewed the keys.
    fn read(&self, make: bool) -> Result<Vec<LocalKey>, VaultError> {
        let text = match &self.source {
            Source::Unset => return Err(VaultError::Unset),
            Source::Environment(name) => {
                let text = std::env::var(name).map_err(|_| VaultError::NoVariable { name: name.clone() })?;
                Zeroizing::new(text)
            }
            Source::File { path, make: may } => match file::read(path)? {
                Some(text) => text,
                None if make && *may => {
                    let key = LocalKey::random()?;
                    if file::make(path, &written(&[key]))? {
                        tell_of_new(path);
                    }
                    file::read(path)?.ok_or_else(|| VaultError::NoFile { path: path.clone() })?
                }
                None => return Err(VaultError::NoFile { path: path.clone() }),
            },
        };
        let keys = text.split_whitespace().map(LocalKey::parse).collect::<Option<Vec<_>>>();
        let keys = keys.filter(|keys| !keys.is_empty()).ok_or_else(|| VaultError::NotKeys { place: self.place() })?;
        *self.ring.write() = keys.clone();
        Ok(keys)
    }

    fn place(&self) -> String {
        match &self.source {
            Source::File { path, .. } => path.display().to_string(),
            Source::Environment(name) => name.clone(),
            Source::Unset => String::new(),
        }
    }

    fn named(&self, name: &str) -> Result<LocalKey, VaultError> {
        let find = |keys: &[LocalKey]| keys.iter().find(|key| key.name == name).cloned();
        if let Some(key) = find(&self.ring.read()) {
            return Ok(key);
        }
        find(&self.read(false)?).ok_or_else(|| VaultError::UnknownKey { name: name.to_owned(), place: self.place() })
    }
}

impl KeyEncryption for LocalKeys {
    fn is_set(&self) -> bool {
        self.source != Source::Unset
    }

    fn current(&self, first: bool) -> Result<String, VaultError> {
        // Always from the source: whoever wraps under a key that was renewed elsewhere would wrap for nobody.
        self.read(first)?.into_iter().next().map(|key| key.name).ok_or(VaultError::Unset)
    }

    fn wrap(&self, name: &str, key: &DataKey) -> Result<Vec<u8>, VaultError> {
        let mut wrapped = [0; 40];
        let cipher = self.named(name)?.cipher()?;
        cipher.wrap_key(key.as_bytes(), &mut wrapped).map_err(|_| VaultError::Cipher)?;
        Ok(wrapped.to_vec())
    }

    fn unwrap(&self, name: &str, wrapped: &[u8]) -> Result<DataKey, VaultError> {
        let cipher = self.named(name)?.cipher()?;
        let mut bytes = Zeroizing::new([0; 40]);
        let key = cipher.unwrap_key(wrapped, bytes.as_mut_slice()).ok().and_then(DataKey::from_bytes);
        key.ok_or(VaultError::Cipher)
    }

    fn renew(&self) -> Result<String, VaultError> {
        match &self.source {
            Source::Unset => Err(VaultError::Unset),
            // Whoever keeps the variable puts the new key before the old one.
            Source::Environment(name) => match self.read(false)?.as_slice() {
                [current, _, ..] => Ok(current.name.clone()),
                _ => Err(VaultError::RotateOutside { name: name.clone() }),
            },
            Source::File { path, .. } => {
                let mut keys = vec![LocalKey::random()?];
                keys.extend(self.read(false)?);
                file::replace(path, &written(&keys))?;
                self.current(false)
            }
        }
    }

    fn retire(&self) -> Result<(), VaultError> {
        let keys = self.read(false)?;
        if let (Source::File { path, .. }, [current, _, ..]) = (&self.source, keys.as_slice()) {
            file::replace(path, &written(std::slice::from_ref(current)))?;
            self.read(false)?;
        }
        Ok(())
    }
}

fn written(keys: &[LocalKey]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(keys.len() * 45));
    for key in keys {
        text.push_str(&Zeroizing::new(STANDARD.encode(key.bytes.as_slice())));
        text.push('\n');
    }
    text
}

/// On the standard error: answers for programs stay what they are.
fn tell_of_new(path: &Path) {
    let path = path.display();
    tracing::warn!(%path, "made the key that personal data is read with; keep a copy apart from the database");
    anstream::eprintln!(
        "made `{path}`, the key without which names, e-mail addresses and phone numbers cannot be read: keep a copy of \
         it apart from the database and its backups"
    );
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn keys(directory: &tempfile::TempDir) -> LocalKeys {
        LocalKeys::new(Source::beside(&directory.path().join("store.db")))
    }

    #[test]
    fn a_wrapped_key_is_unwrapped_by_whoever_has_the_file_and_by_nobody_else() {
        let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = DataKey::random().unwrap();
        let name = keys(&here).current(true).unwrap();
        let wrapped = keys(&here).wrap(&name, &key).unwrap();
        assert_eq!(keys(&here).unwrap(&name, &wrapped).unwrap().as_bytes(), key.as_bytes());
        keys(&elsewhere).current(true).unwrap();
        assert!(matches!(keys(&elsewhere).unwrap(&name, &wrapped), Err(VaultError::UnknownKey { .. })));
    }

    #[test]
    fn a_retired_key_is_in_the_file_no_more() {
        let directory = tempfile::tempdir().unwrap();
        let keys = keys(&directory);
        let key = DataKey::random().unwrap();
        let old = keys.current(true).unwrap();
        let wrapped = keys.wrap(&old, &key).unwrap();
        let before = std::fs::read_to_string(directory.path().join("store.db.vault-key")).unwrap();
        assert_ne!(keys.renew().unwrap(), old);
        assert!(keys.unwrap(&old, &wrapped).is_ok());
        keys.retire().unwrap();
        assert!(keys.unwrap(&old, &wrapped).is_err());
        let after = std::fs::read_to_string(directory.path().join("store.db.vault-key")).unwrap();
        assert!(!after.contains(before.trim()));
    }

    #[test]
    fn wrapping_is_aes_key_wrap_with_padding() {
        // RFC 5649, section 6, has a 192-bit key; this is a 256-bit one of NIST's key-wrap vectors' form, checked here
        // by what the RFC says of every wrapping: one block more than the padded key, and integrity on the way back.
        let directory = tempfile::tempdir().unwrap();
        let keys = keys(&directory);
        let name = keys.current(true).unwrap();
        let mut wrapped = keys.wrap(&name, &DataKey::random().unwrap()).unwrap();
        assert_eq!(wrapped.len(), 40);
        wrapped.iter_mut().for_each(|byte| *byte ^= 1);
        assert!(matches!(keys.unwrap(&name, &wrapped), Err(VaultError::Cipher)));
    }
}
