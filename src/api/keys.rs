//! The keys of the organisations, as their access states have them, and those of the operator.

use std::collections::HashMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chancery_aggregates::AccessState;
use chancery_aggregates::key::KeyHash;
use parking_lot::Mutex;

use super::authentication::{Bearer, Identity, Keys};
use super::problem::Answer;
use crate::engine::Engine;
use crate::keys::{Caller, OPERATOR_PREFIX, OperatorToken, Token, authenticate};

/// The keys in the log: no database is asked where the organisation is in memory, and a revocation
/// counts from the event on.
#[derive(Debug)]
pub struct EngineKeys {
    engine: Engine,
    operators: OperatorKeys,
    /// By organisation and key: where the rates are counted.
    identities: Mutex<HashMap<String, Arc<Identity>>>,
}

impl EngineKeys {
    /// The keys of an engine's organisations, and the operator's.
    pub fn new(engine: Engine, operators: OperatorKeys) -> Self {
        Self { engine, operators, identities: Mutex::default() }
    }

    fn operator(&self, text: &str) -> Option<Arc<Identity>> {
        let token = OperatorToken::parse(text).ok()?;
        let known = token.is_one_of(&self.operators.0);
        known.then(|| self.identity(format!("{OPERATOR_PREFIX}{}", token.key()), || Bearer::Operator))
    }

    fn member(&self, state: &AccessState, token: &Token) -> Option<Arc<Identity>> {
        let now = self.engine.now();
        let now = state.time().map_or(now, |head| head.max(now));
        match authenticate(state, token, now) {
            Ok(Caller { organisation, member, key }) => {
                let name = Token::hint(&organisation, &key);
                Some(self.identity(name, || Bearer::Member { organisation, member }))
            }
            Err(because) => {
                tracing::info!(key = Token::hint(token.organisation(), token.key()), %because, "a key was turned away");
                None
            }
        }
    }

    fn identity(&self, name: String, bearer: impl FnOnce() -> Bearer) -> Arc<Identity> {
        let mut identities = self.identities.lock();
        match identities.get(&name) {
            Some(identity) => identity.clone(),
            None => {
                let identity = Arc::new(Identity::new(name.clone(), bearer()));
                identities.insert(name, identity.clone());
                identity
            }
        }
    }
}

#[async_trait]
impl Keys for EngineKeys {
    fn known(&self, text: &str) -> Option<Arc<Identity>> {
        if text.starts_with(OPERATOR_PREFIX) {
            return self.operator(text);
        }
        let token = Token::parse(text).ok()?;
        self.member(self.engine.hot_state(token.organisation())?.as_ref(), &token)
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
    /// Reads the digests, one a line; where there is no file, makes one with a new key, which is
    /// returned to be shown.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn read_or_make(path: &Path) -> Result<(Self, Option<OperatorToken>), OperatorKeysError> {
        let file = |source| OperatorKeysError::File { path: path.to_owned(), source };
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
                let digests: Option<Vec<KeyHash>> = lines.map(KeyHash::parse).collect();
                let digests = digests.ok_or_else(|| OperatorKeysError::Line { path: path.to_owned() })?;
                Ok((Self(digests), None))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let token = OperatorToken::generate()?;
                let mut made =
                    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(file)?;
                let text = format!("# Digests of the operator's keys, one a line.\n{}\n", token.hash());
                made.write_all(text.as_bytes()).and_then(|()| made.sync_all()).map_err(file)?;
                Ok((Self(vec![token.hash()]), Some(token)))
            }
            Err(error) => Err(file(error)),
        }
    }
}
