//! The keys of the organisations, as their access states have them, and those of the operator.

use std::collections::HashMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use async_trait::async_trait;
use chancery_aggregates::AccessState;
use chancery_aggregates::key::KeyHash;
use chancery_aggregates::vocabulary::{KeyId, OrganisationId, Time};
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::authentication::{Bearer, Identity, Keys};
use super::problem::Answer;
use crate::engine::Engine;
use crate::keys::{Caller, OPERATOR_PREFIX, OperatorToken, Token, authenticate};
use crate::store::KeyUse;

/// Which key: the operator's are of no organisation.
type Named = (Option<OrganisationId>, KeyId);

/// The keys in the log: no database is asked where the organisation is in memory, and a revocation
/// counts from the event on.
#[derive(Debug)]
pub struct EngineKeys {
    engine: Engine,
    operators: ArcSwap<OperatorKeys>,
    /// Where the rates are counted.
    identities: Mutex<HashMap<Named, Arc<Identity>, RandomState>>,
    recognised: RecognisedKeys,
    /// Uses that are still to be written down.
    uses: mpsc::Sender<KeyUse>,
    waiting: Mutex<Option<mpsc::Receiver<KeyUse>>>,
}

/// Uses that may wait to be written down; what is more is noted another time.
const WAITING: usize = 4_096;
/// Uses are gathered for so long, so that many of them are one transaction.
const GATHERED: Duration = Duration::from_millis(500);

impl EngineKeys {
    /// The keys of an engine's organisations, and the operator's.
    pub fn new(engine: Engine, operators: OperatorKeys) -> Self {
        let (uses, waiting) = mpsc::channel(WAITING);
        Self {
            engine,
            operators: ArcSwap::from_pointee(operators),
            identities: Mutex::default(),
            recognised: RecognisedKeys::default(),
            uses,
            waiting: Mutex::new(Some(waiting)),
        }
    }

    /// Takes these for the operator's keys from now on.
    pub fn renew_operators(&self, operators: OperatorKeys) {
        self.operators.store(Arc::new(operators));
    }

    /// Writes down when keys are used, behind the requests, until it is dropped. Whoever calls it first
    /// does it; what cannot be written is passed over.
    pub async fn note_uses(&self) {
        let Some(mut waiting) = self.waiting.lock().take() else { return };
        let mut uses = Vec::new();
        while waiting.recv_many(&mut uses, WAITING).await > 0 {
            tokio::time::sleep(GATHERED).await;
            while let Ok(used) = waiting.try_recv() {
                uses.push(used);
            }
            if let Err(error) = self.engine.store().note_key_uses(std::mem::take(&mut uses)).await {
                tracing::debug!(%error, "the use of keys cannot be noted");
            }
        }
    }

    fn note(&self, identity: &Identity, now: Time) {
        let Bearer::Member { organisation, .. } = &identity.bearer else { return };
        let (Some(key), time) = (&identity.id, now.timestamp_micros()) else { return };
        if identity.is_to_be_noted(time) {
            let (organisation, key) = (organisation.to_string(), key.to_string());
            let _ = self.uses.try_send(KeyUse { organisation, key, time });
        }
    }

    fn operator(&self, text: &str) -> Option<Arc<Identity>> {
        let token = OperatorToken::parse(text).ok()?;
        let known = token.is_one_of(&self.operators.load().0);
        known.then(|| {
            let name = || format!("{OPERATOR_PREFIX}{}", token.key());
            self.identity((None, token.key().clone()), || Identity::new(name(), Bearer::Operator))
        })
    }

    fn now(&self, state: &AccessState) -> Time {
        let now = self.engine.now();
        state.time().map_or(now, |head| head.max(now))
    }

    /// Whose key it is that has this digest, if it was recognised before, and nothing has changed since.
    fn again(&self, digest: &KeyHash) -> Option<Arc<Identity>> {
        let recognised = self.recognised.find(digest)?;
        let Bearer::Member { organisation, .. } = &recognised.identity.bearer else { return None };
        let state = self.engine.hot_state(organisation)?;
        let now = self.now(&state);
        if !recognised.counts(&state, now) {
            return None;
        }
        self.note(&recognised.identity, now);
        Some(recognised.identity.clone())
    }

    fn remember(&self, state: &Arc<AccessState>, token: &Token, identity: &Arc<Identity>) {
        let until = state.key(token.key().as_str()).and_then(|key| key.expires);
        let (digest, state, identity) = (token.hash(), Arc::downgrade(state), identity.clone());
        self.recognised.keep(Recognised { digest, state, until, identity });
    }

    fn member(&self, state: &AccessState, token: &Token) -> Option<Arc<Identity>> {
        let now = self.now(state);
        match authenticate(state, token, now) {
            Ok(Caller { organisation, member, key }) => {
                let identity = self.identity((Some(organisation.clone()), key.clone()), || {
                    let name = Token::hint(&organisation, &key);
                    Identity::new(name, Bearer::Member { organisation, member }).with_id(key)
                });
                self.note(&identity, now);
                Some(identity)
            }
            Err(because) => {
                tracing::info!(key = Token::hint(token.organisation(), token.key()), %because, "a key was turned away");
                None
            }
        }
    }

    fn identity(&self, named: Named, new: impl FnOnce() -> Identity) -> Arc<Identity> {
        self.identities.lock().entry(named).or_insert_with(|| Arc::new(new())).clone()
    }
}

#[async_trait]
impl Keys for EngineKeys {
    fn known(&self, text: &str) -> Option<Arc<Identity>> {
        if text.starts_with(OPERATOR_PREFIX) {
            return self.operator(text);
        }
        if let Some(identity) = self.again(&Token::hash_of(text)) {
            return Some(identity);
        }
        let token = Token::parse(text).ok()?;
        let state = self.engine.hot_state(token.organisation())?;
        let identity = self.member(&state, &token)?;
        self.remember(&state, &token, &identity);
        Some(identity)
    }

    async fn find(&self, text: &str) -> Answer<Option<Arc<Identity>>> {
        let Ok(token) = Token::parse(text) else { return Ok(None) };
        let organisation = token.organisation();
        // Whoever makes up keys must not make the store work for each.
        if self.engine.hot_state(organisation).is_some() {
            return Ok(None);
        }
        if self.engine.store().head(organisation.as_str()).await?.is_none() {
            return Ok(None);
        }
        let state = self.engine.state(organisation).await?;
        Ok(self.member(&state, &token))
    }
}

/// A key that was recognised. Only its digest is kept of it.
#[derive(Debug)]
struct Recognised {
    digest: KeyHash,
    /// What it was recognised by.
    state: Weak<AccessState>,
    /// When the key ends, if it does.
    until: Option<Time>,
    identity: Arc<Identity>,
}

impl Recognised {
    /// Whether it would be recognised again: a key or its member changes by an event, and each event makes another state.
    fn counts(&self, state: &Arc<AccessState>, now: Time) -> bool {
        std::ptr::eq(self.state.as_ptr(), Arc::as_ptr(state)) && self.until.is_none_or(|until| now < until)
    }
}

/// The keys recognised last, each at the place that its digest names.
#[derive(Debug)]
struct RecognisedKeys(Box<[ArcSwapOption<Recognised>]>);

/// How many there are, at most.
const RECOGNISED: usize = 1_024;

impl Default for RecognisedKeys {
    fn default() -> Self {
        Self(std::iter::repeat_with(ArcSwapOption::empty).take(RECOGNISED).collect())
    }
}

impl RecognisedKeys {
    /// Digests are compared as quickly as can be: a digest that is nearly right brings nobody nearer to a key.
    fn find(&self, digest: &KeyHash) -> Option<Arc<Recognised>> {
        self.place(digest)?.load_full().filter(|recognised| recognised.digest == *digest)
    }

    fn keep(&self, recognised: Recognised) {
        if let Some(place) = self.place(&recognised.digest) {
            place.store(Some(Arc::new(recognised)));
        }
    }

    fn place(&self, digest: &KeyHash) -> Option<&ArcSwapOption<Recognised>> {
        let [first, second, ..] = *digest.bytes();
        self.0.get(usize::from(u16::from_le_bytes([first, second])) % RECOGNISED)
    }
}

/// The digests of the operator's keys.
#[derive(Debug, Clone, Default)]
pub struct OperatorKeys(Vec<KeyHash>);

/// Why the operator's keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OperatorKeysError {
    /// The file cannot be read or made.
    #[error("`{}` cannot be used for the operator's keys: {source}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is no digest.
    #[error("`{}` has a line that is no digest: write `sha256:` and 64 hexadecimal digits", .path.display())]
    Line {
        /// Which file.
        path: PathBuf,
    },
    /// The system has no randomness to give.
    #[error("no key can be made: {0}")]
    Random(#[from] getrandom::Error),
}

impl OperatorKeys {
    /// Reads the digests, one a line.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn read(path: &Path) -> Result<Self, OperatorKeysError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| OperatorKeysError::File { path: path.to_owned(), source })?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let digests: Option<Vec<KeyHash>> = lines.map(KeyHash::parse).collect();
        digests.map(Self).ok_or_else(|| OperatorKeysError::Line { path: path.to_owned() })
    }

    /// Reads the digests; where there is no file, makes one with a new key, which is returned to be shown.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn read_or_make(path: &Path) -> Result<(Self, Option<OperatorToken>), OperatorKeysError> {
        match Self::read(path) {
            Ok(keys) => Ok((keys, None)),
            Err(OperatorKeysError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                let token = Self::add(path)?;
                Ok((Self(vec![token.hash()]), Some(token)))
            }
            Err(error) => Err(error),
        }
    }

    /// Makes a new key, and adds its digest to the file, which is made where it is not there. A service
    /// that runs takes it over when it is told to read its files again.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(path: &Path) -> Result<OperatorToken, OperatorKeysError> {
        let file = |source| OperatorKeysError::File { path: path.to_owned(), source };
        let token = OperatorToken::generate()?;
        let mut options = std::fs::OpenOptions::new();
        let mut kept = options.append(true).create(true).mode(0o600).open(path).map_err(file)?;
        let begun = kept.metadata().map_err(file)?.len() > 0;
        let head = if begun { "" } else { "# Digests of the operator's keys, one a line.\n" };
        // Whoever wrote the last line may have left it open; an empty one is passed over.
        let text = format!("{head}\n{}\n", token.hash());
        kept.write_all(text.as_bytes()).and_then(|()| kept.sync_all()).map_err(file)?;
        Ok(token)
    }
}
