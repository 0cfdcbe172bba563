//! The private key that signs checkpoints. It is kept outside the database: whoever can write the one
//! cannot sign for it.
//!
//! One key serves the whole installation, under another name for each organisation. Where it is:
//!
//! - `CHANCERY_LOG_KEY` holds the key itself (PEM), or names its file;
//! - else it is the file beside a SQLite store whose name ends in `.log-key`, made when it is first needed.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::note::{NoteError, Signer};

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// None was named, and there is no usual place for one.
    #[error(
        "name the file of the log's key, or give the key itself, in CHANCERY_LOG_KEY: a server's store has no usual place for it"
    )]
    Unnamed,
    /// What was given as a key is none.
    #[error("CHANCERY_LOG_KEY: {0}")]
    Given(NoteError),
    /// The file holds something else.
    #[error("the log's key `{path}`: {reason}")]
    Bad {
        /// Which file.
        path: String,
        /// What is wrong with it.
        reason: NoteError,
    },
    /// Others could sign with it.
    #[error("the log's key `{path}` can be read by others: allow it to its owner alone (chmod 600)")]
    Open {
        /// Which file.
        path: String,
    },
    /// The file cannot be read or made.
    #[error("the log's key `{path}`: {source}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Where the key is.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// The key itself, as PEM.
    Given(Zeroizing<String>),
    /// A file, which is made when it is missing.
    File(PathBuf),
}

impl KeySource {
    /// What `CHANCERY_LOG_KEY` says, or the usual place beside the file of a store.
    ///
    /// # Errors
    /// [`KeyError::Unnamed`].
    pub fn find(variable: Option<String>, store_file: Option<&Path>) -> Result<Self, KeyError> {
        match (variable.filter(|text| !text.trim().is_empty()), store_file) {
            (Some(text), _) if text.contains("-----BEGIN") => Ok(Self::Given(Zeroizing::new(text))),
            (Some(path), _) => Ok(Self::File(PathBuf::from(path))),
            (None, Some(file)) => {
                let mut name = file.as_os_str().to_owned();
                name.push(".log-key");
                Ok(Self::File(PathBuf::from(name)))
            }
            (None, None) => Err(KeyError::Unnamed),
        }
    }

    /// The key, and the path of its file if it was made just now.
    ///
    /// # Errors
    /// When it cannot be read or made, or is no key.
    pub fn load(&self) -> Result<(Signer, Option<&Path>), KeyError> {
        match self {
            Self::Given(pem) => Signer::from_pem(pem).map(|signer| (signer, None)).map_err(KeyError::Given),
            Self::File(path) => match read(path) {
                Err(KeyError::File { source, .. }) if source.kind() == ErrorKind::NotFound => make(path),
                read => read.map(|signer| (signer, None)),
            },
        }
    }
}

fn read(path: &Path) -> Result<Signer, KeyError> {
    let name = || path.display().to_string();
    let file = |source| KeyError::File { path: name(), source };
    let pem = Zeroizing::new(std::fs::read_to_string(path).map_err(file)?);
    if std::fs::metadata(path).map_err(file)?.permissions().mode() & 0o077 != 0 {
        return Err(KeyError::Open { path: name() });
    }
    Signer::from_pem(&pem).map_err(|reason| KeyError::Bad { path: name(), reason })
}

/// Another process may make it at the same time: whoever is first wins, and both use that one. It appears
/// under its name only when it is whole.
fn make(path: &Path) -> Result<(Signer, Option<&Path>), KeyError> {
    let file = |source| KeyError::File { path: path.display().to_string(), source };
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(|error| file(std::io::Error::other(error.to_string())))?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let draft = PathBuf::from(draft);
    let write = || {
        let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        out.write_all(Signer::seed_to_pem(&seed).as_bytes())?;
        out.sync_all()?;
        std::fs::hard_link(&draft, path)
    };
    let made = write();
    let _ = std::fs::remove_file(&draft);
    match made {
        Ok(()) => Ok((read(path)?, Some(path))),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.exists() => Ok((read(path)?, None)),
        Err(error) => Err(file(error)),
    }
}
