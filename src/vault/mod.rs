//! Sealing: personal data is encrypted before it is hashed or stored, each member's under a key of their own, and
//! those keys are wrapped by a key-encryption key outside the database.
//!
//! The engine seals what a command brings in (`Vault::sealing`, in the lane, before the event is serialised); states,
//! snapshots, projections and the log hold ciphertext. Whoever shows a name asks the state, which asks the vault
//! ([`Reveal`]). Rules never do. Destroying a member's key makes all that was ever sealed under it unreadable, in every
//! copy of the log, and breaks no hash.

mod cache;
mod carry;
mod encryption;
mod file;
mod kept;
mod key;
mod purge;
mod sealing;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use cache::{Cache, Known};
use chancery_aggregates::AccessState;
use chancery_aggregates::state::{Reveal, Shown};
use chancery_aggregates::vocabulary::{Field, MemberId, OrganisationId};
pub use encryption::{KeyEncryption, LocalKeys, Source};
pub use kept::{ImportError, Imported, Row};
pub use key::{Binding, DataKey, ORIGIN};
use parking_lot::Mutex;
pub use purge::{Cleared, Rotated};
pub(crate) use sealing::{Sealing, with_present_values, written_by};

use crate::store::StoreError;
use crate::store::keys::{KeyStore, MemberKey, PersonalKey};

/// After so many keys of an organisation that were looked up one by one, all are read at once.
const ONE_BY_ONE: usize = 24;

/// Why personal data cannot be sealed or its keys not be changed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// No key-encryption key was named.
    #[error(
        "personal data cannot be written: no key is configured to keep it under; name one with --vault-key file:PATH or \
         env:NAME (CHANCERY_VAULT_KEY)"
    )]
    Unset,
    /// The variable is not there.
    #[error("personal data cannot be sealed: the environment has no variable `{name}`")]
    NoVariable {
        /// Its name.
        name: String,
    },
    /// The file is not there, although the store's data were sealed with it.
    #[error(
        "personal data cannot be sealed or read: its key file `{path}` is missing; restore it from where you keep it"
    )]
    NoFile {
        /// Which file.
        path: PathBuf,
    },
    /// Others than the owner can read the file.
    #[error("the key file `{path}` can be read by others; allow it to its owner alone (chmod 600)")]
    Exposed {
        /// Which file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("the key file `{path}` cannot be used: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The source holds something else than keys.
    #[error("`{place}` does not hold keys: each is 32 bytes in base64")]
    NotKeys {
        /// The file or the variable.
        place: String,
    },
    /// The key-encryption key is not in the source.
    #[error("the store's personal data is kept under the key `{name}`, which `{place}` does not have")]
    UnknownKey {
        /// Name of the key.
        name: String,
        /// The file or the variable.
        place: String,
    },
    /// The keys are looked after by somebody else.
    #[error("the keys come from the environment: put a new one before the old one in `{name}`, and try again")]
    RotateOutside {
        /// Name of the variable.
        name: String,
    },
    /// The system has no randomness to give.
    #[error("the system gives no randomness")]
    Randomness,
    /// A key does not fit what it should open.
    #[error("a key does not fit what it should open or seal")]
    Cipher,
    /// The store seals personal data, and this program was not told with which key.
    #[error("this store seals personal data, and the program was given no vault to seal it with")]
    NoVault,
    /// The member's data were erased.
    #[error("the personal data of `{member}` were erased, and none can be written again")]
    Erased {
        /// Which member.
        member: String,
    },
    /// The key-encryption key changed again and again.
    #[error("the store's key `{store}` is another one than the key at hand, `{here}`")]
    OtherKey {
        /// The store's.
        store: String,
        /// The source's.
        here: String,
    },
    /// A rotation did not come to its end.
    #[error(
        "some members' keys are still kept under the key `{name}`: finish with `chancery gdpr rotate`, or import the keys that a restored backup lacks"
    )]
    Unfinished {
        /// Name of the older key.
        name: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The members' keys of one store.
#[derive(Debug)]
pub struct Vault {
    store: Arc<dyn KeyStore>,
    encryption: Arc<dyn KeyEncryption>,
    memory: Mutex<Memory>,
    /// A rehearsal's: the vault below is only read, and new keys stay in memory.
    below: Option<Arc<Vault>>,
}

#[derive(Debug, Default)]
struct Memory {
    cache: Cache,
    /// Wrapped keys of organisations whose keys were read at once.
    wrapped: HashMap<String, HashMap<String, PersonalKey>>,
    /// Members whose keys were looked up one by one.
    asked: HashMap<String, usize>,
}

impl Vault {
    /// The vault of a store, with what wraps its keys.
    pub fn new(store: Arc<dyn KeyStore>, encryption: Arc<dyn KeyEncryption>) -> Self {
        Self { store, encryption, memory: Mutex::default(), below: None }
    }

    /// A vault that seals as this one does and keeps nothing.
    pub(crate) fn rehearsal(self: &Arc<Self>) -> Self {
        let (store, encryption) = (self.store.clone(), self.encryption.clone());
        Self { store, encryption, memory: Mutex::default(), below: Some(self.clone()) }
    }

    /// Whoever shows personal data of an organisation asks this.
    pub(crate) fn reveal(self: &Arc<Self>, organisation: &OrganisationId) -> Arc<dyn Reveal> {
        Arc::new(Opener { vault: self.clone(), organisation: organisation.clone() })
    }

    /// Drops what is in memory of an organisation: a key of it was destroyed.
    pub(crate) fn forget(&self, organisation: &str) {
        let mut memory = self.memory.lock();
        memory.cache.forget(organisation);
        memory.wrapped.remove(organisation);
        memory.asked.remove(organisation);
        drop(memory);
        if let Some(below) = &self.below {
            below.forget(organisation);
        }
    }

    /// What is known of a member's key; nothing when none was made yet.
    fn known(&self, organisation: &str, member: &str) -> Result<Option<Known>, VaultError> {
        if let Some(known) = self.memory.lock().cache.get(organisation, member) {
            return Ok(Some(known));
        }
        if let Some(below) = &self.below {
            return below.known(organisation, member);
        }
        let Some(stored) = self.stored(organisation, member)? else { return Ok(None) };
        let known = match stored {
            PersonalKey::Erased => Known::Erased,
            PersonalKey::Wrapped { kek, bytes } => match self.encryption.unwrap(&kek, &bytes) {
                // Wrapped anew since it was read.
                Err(VaultError::UnknownKey { .. }) => return self.wrapped_anew(organisation, member),
                unwrapped => Known::Key(unwrapped?),
            },
        };
        self.memory.lock().cache.put(organisation, member, known.clone());
        Ok(Some(known))
    }

    fn wrapped_anew(&self, organisation: &str, member: &str) -> Result<Option<Known>, VaultError> {
        self.memory.lock().wrapped.remove(organisation);
        Ok(match self.store.keys_blocking(organisation, Some(member))?.pop().map(|found| found.key) {
            None => None,
            Some(PersonalKey::Erased) => Some(Known::Erased),
            Some(PersonalKey::Wrapped { kek, bytes }) => Some(Known::Key(self.encryption.unwrap(&kek, &bytes)?)),
        })
    }

    /// A member's key as the store has it.
    fn stored(&self, organisation: &str, member: &str) -> Result<Option<PersonalKey>, VaultError> {
        let all = {
            let mut memory = self.memory.lock();
            if let Some(key) = memory.wrapped.get(organisation).and_then(|keys| keys.get(member)) {
                return Ok(Some(key.clone()));
            }
            let asked = memory.asked.entry(organisation.to_owned()).or_default();
            *asked += 1;
            *asked == ONE_BY_ONE
        };
        if !all {
            return Ok(self.store.keys_blocking(organisation, Some(member))?.pop().map(|found| found.key));
        }
        let keys = self.store.keys_blocking(organisation, None)?;
        let keys: HashMap<_, _> = keys.into_iter().map(|found| (found.member, found.key)).collect();
        let found = keys.get(member).cloned();
        self.memory.lock().wrapped.insert(organisation.to_owned(), keys);
        Ok(found)
    }

    /// Keys for members whose personal data are about to be written; new ones where they have none. Nothing is stored
    /// before [`Vault::keep`]. A request that may be a repeated one is sealed with the keys of the first time.
    pub(crate) fn sealing(
        &self,
        state: &AccessState,
        organisation: &OrganisationId,
        members: HashSet<&MemberId>,
        repeatable: bool,
    ) -> Result<Sealing, VaultError> {
        let organisation = organisation.as_str();
        let mut sealing = Sealing::new(organisation);
        for member in members {
            // Whoever is added has no key, unless an earlier attempt left one: then keeping a second one fails.
            let known = match state.member_by_id(member.as_str()) {
                None if !repeatable => self.memory.lock().cache.get(organisation, member.as_str()),
                _ => self.known(organisation, member.as_str())?,
            };
            match known {
                Some(Known::Key(key)) => sealing.add(member, key, false),
                // Left to the rules, which know of the erasure too and say so as a refusal.
                Some(Known::Erased) => {}
                None => sealing.add(member, DataKey::random()?, true),
            }
        }
        Ok(sealing)
    }

    /// Adds the key of the member who acts, under which it is sealed from where they did. Without one it is not recorded:
    /// a member whose data were erased, or a vault that has no key to keep another under.
    pub(crate) fn add_actor(&self, sealing: &mut Sealing, actor: &MemberId) {
        if sealing.has(actor) || !self.encryption.is_set() {
            return;
        }
        let known = self.known(sealing.organisation(), actor.as_str()).and_then(|known| match known {
            Some(Known::Key(key)) => Ok(Some((key, false))),
            Some(Known::Erased) => Ok(None),
            None => DataKey::random().map(|key| Some((key, true))),
        });
        match known {
            Ok(Some((key, fresh))) => sealing.add(actor, key, fresh),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "from where a request came is not recorded"),
        }
    }

    /// Keeps the new keys that were sealed with, before anything sealed under them is written; false when another
    /// process was first with one of them, and all is to be sealed again.
    pub(crate) async fn keep(&self, sealing: &Sealing) -> Result<bool, VaultError> {
        let organisation = sealing.organisation();
        let fresh: Vec<_> = sealing.fresh().collect();
        if fresh.is_empty() {
            return Ok(true);
        }
        let kept = self.below.is_some() || self.wrap_and_add(organisation, &fresh).await?;
        if !kept {
            // Into the cache, for the next attempt.
            for (member, _) in fresh {
                self.known(organisation, member.as_str())?;
            }
            return Ok(false);
        }
        let mut memory = self.memory.lock();
        for (member, key) in fresh {
            memory.cache.put(organisation, member.as_str(), Known::Key(key.clone()));
        }
        Ok(true)
    }

    async fn wrap_and_add(&self, organisation: &str, fresh: &[(&MemberId, &DataKey)]) -> Result<bool, VaultError> {
        let mut names = (String::new(), String::new());
        for attempt in 0..20 {
            let store = self.store.kek().await?;
            let here = self.encryption.current(store.is_none())?;
            if store.as_ref().is_none_or(|store| *store == here) {
                let wrap = |(member, key): &(&MemberId, &DataKey)| {
                    let bytes = self.encryption.wrap(&here, key)?;
                    let key = PersonalKey::Wrapped { kek: here.clone(), bytes };
                    Ok(MemberKey { organisation: organisation.to_owned(), member: member.to_string(), key })
                };
                let keys = fresh.iter().map(wrap).collect::<Result<Vec<_>, VaultError>>()?;
                match self.store.add(&here, keys).await? {
                    crate::store::keys::Added::Kept => return Ok(true),
                    crate::store::keys::Added::Taken => return Ok(false),
                    crate::store::keys::Added::Renewed => {}
                }
            }
            // A rotation is under way, unless this goes on.
            names = (store.unwrap_or_default(), here);
            tokio::time::sleep(std::time::Duration::from_millis(5 << attempt.min(6))).await;
        }
        Err(VaultError::OtherKey { store: names.0, here: names.1 })
    }
}

/// Opens what was sealed in one organisation.
#[derive(Debug)]
struct Opener {
    vault: Arc<Vault>,
    organisation: OrganisationId,
}

impl Reveal for Opener {
    fn reveal(&self, member: &MemberId, field: Field, sealed: &str) -> Shown {
        let organisation = self.organisation.as_str();
        match self.vault.known(organisation, member.as_str()) {
            Ok(Some(Known::Key(key))) => shown(key.open(sealed, organisation, member.as_str(), field.as_str())),
            Ok(Some(Known::Erased)) => Shown::Erased,
            Ok(None) | Err(_) => Shown::Sealed,
        }
    }

    fn reveal_origin(&self, actor: &MemberId, position: u64, sealed: &str) -> Shown {
        let (organisation, member) = (self.organisation.as_str(), actor.as_str());
        match self.vault.known(organisation, member) {
            Ok(Some(Known::Key(key))) => {
                shown(key.open_at(sealed, Binding { organisation, member, field: ORIGIN, sequence: position }))
            }
            Ok(Some(Known::Erased)) => Shown::Erased,
            Ok(None) | Err(_) => Shown::Sealed,
        }
    }
}

fn shown(opened: Option<zeroize::Zeroizing<String>>) -> Shown {
    opened.map_or(Shown::Sealed, |text| Shown::Text(text.to_string()))
}
