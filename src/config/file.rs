//! Settings from a file and from the environment, with names that are none refused.

use std::path::{Path, PathBuf};

use chancery_aggregates::refusal::nearest;
use serde::Deserialize;

use super::{Given, NAMES};

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("`{}` cannot be read: {source}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML, or a value is of the wrong kind.
    #[error("`{}`: {reason}", .path.display())]
    Bad {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// A name that no setting has.
    #[error("`{}` has a setting `{name}`, which there is not{}", .path.display(), hint(.nearest))]
    Unknown {
        /// Which file.
        path: PathBuf,
        /// The name.
        name: String,
        /// The most similar name that there is.
        nearest: Option<String>,
    },
    /// A variable that is nearly the name of a setting.
    #[error("the environment has `{name}`, which is no setting: did you mean `{nearest}`?")]
    Variable {
        /// The name.
        name: String,
        /// The most similar name that there is.
        nearest: String,
    },
    /// Two settings that need each other.
    #[error("{0}")]
    Pair(&'static str),
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |nearest| format!(": did you mean `{nearest}`?"))
}

/// What a file says: the settings, and where the log is.
#[derive(Debug, Default, Deserialize)]
pub struct File {
    /// Where the log is.
    pub store: Option<String>,
    /// The settings.
    #[serde(flatten)]
    pub given: Given,
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, or has a setting that there is not.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let bad = |error: toml::de::Error| ConfigError::Bad {
            path: path.to_owned(),
            reason: error.to_string().trim_end().replace('\n', "\n  "),
        };
        let table: toml::Table = toml::from_str(text).map_err(bad)?;
        let known = || std::iter::once("store").chain(NAMES.iter().map(|(name, _)| *name));
        if let Some(name) = table.keys().find(|name| known().all(|known| known != name.as_str())) {
            let nearest = nearest(name, known()).map(String::from);
            return Err(ConfigError::Unknown { path: path.to_owned(), name: name.clone(), nearest });
        }
        table.try_into().map_err(bad)
    }
}

/// Refuses variables whose name is nearly that of a setting: a slip of the pen must not leave a
/// service without its limits. `others` are the names of variables that mean something else.
///
/// # Errors
/// [`ConfigError::Variable`].
pub fn check_environment(names: impl Iterator<Item = String>, others: &[&str]) -> Result<(), ConfigError> {
    let known = || NAMES.iter().map(|(_, variable)| *variable).chain(others.iter().copied());
    for name in names.filter(|name| name.starts_with("CHANCERY_") && known().all(|known| known != name.as_str())) {
        // The prefix is common to all: likeness is judged without it.
        let own = |name: &'static str| name.strip_prefix("CHANCERY_").unwrap_or(name);
        let rest = name.strip_prefix("CHANCERY_").unwrap_or(&name);
        if let Some(like) = nearest(rest, NAMES.iter().map(|(_, variable)| own(variable))) {
            return Err(ConfigError::Variable { nearest: format!("CHANCERY_{like}"), name });
        }
    }
    Ok(())
}
