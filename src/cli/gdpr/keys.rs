//! `gdpr keys` and `gdpr rotate`: the operator's work, for which no member is asked.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::refuse_rehearsal;
use crate::cli::output::Tone;
use crate::cli::{CliError, Done, Session};
use crate::gdpr;
use crate::store::sqlite::Access;
use crate::vault::ImportError;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write members' keys, wrapped, to a file; do so again after each erasure and rotation
    Export {
        /// The file, which is replaced; keep it apart from the key that wraps the keys
        file: PathBuf,
    },
    /// Take such a file into a store that was restored from an older backup
    Import {
        /// The file
        file: PathBuf,
    },
}

/// Where members' keys are kept besides.
#[derive(Debug, Clone, clap::Args)]
pub struct Rotate {
    /// Write members' keys as they are afterwards to this file, as `gdpr keys export` does
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

impl Rotate {
    /// Writes them, where that was asked for.
    pub(super) async fn write(&self, session: &Session) -> Result<(), CliError> {
        match &self.keys {
            Some(file) => write(file, session).await.map(drop),
            None => Ok(()),
        }
    }
}

impl Command {
    pub(super) fn needs(&self) -> Access {
        match self {
            Self::Export { .. } => Access::Read,
            Self::Import { .. } => Access::Write,
        }
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        refuse_rehearsal(session)?;
        match self {
            Self::Export { file } => {
                let keys = write(file, session).await?;
                session.output().show(&json!({ "file": file, "keys": keys }), |page| match keys {
                    None => page.line("no personal data was sealed in this store yet: there are no keys"),
                    Some(keys) => page.line(format!("the keys of {keys} members are in {}", file.display())),
                })?;
            }
            Self::Import { file } => import(file, session).await?,
        }
        Ok(Done::Shown)
    }
}

async fn import(file: &Path, session: &Session) -> Result<(), CliError> {
    let text = std::fs::read_to_string(file).map_err(failed(file))?;
    let imported = gdpr::import_keys(session.engine()?, &text).await?;
    session.output().show(&imported, |page| {
        page.line(format!("{} members' keys were taken in, {} were there", imported.restored, imported.same));
        if imported.destroyed > 0 {
            page.line(format!("{} were destroyed here as they were there", imported.destroyed));
        }
        if imported.unknown > 0 {
            page.toned(Tone::Quiet, format!("{} are of nobody in this store", imported.unknown));
        }
        page.line("now run `chancery gdpr reapply` with the log of erasures: it records what was erased since");
    })?;
    Ok(())
}

/// Renews the key-encryption key.
pub(super) async fn rotate(args: &Rotate, session: &Session) -> Result<Done, CliError> {
    refuse_rehearsal(session)?;
    let Some(vault) = session.engine()?.vault() else { return Ok(Done::Shown) };
    let rotated = vault.rotate().await.map_err(crate::engine::EngineError::from)?;
    args.write(session).await?;
    let value = json!({ "before": rotated.before, "after": rotated.after, "keys": rotated.keys, "lost": rotated.lost });
    session.output().show(&value, |page| match &rotated.before {
        None => page.line("nothing to rotate: no personal data was sealed in this store yet"),
        Some(before) => {
            page.line(format!("{} members' keys are kept under the key {} now", rotated.keys, rotated.after));
            page.line(format!("the key {before} is gone: backups from before can no longer be read with it"));
            if rotated.lost > 0 {
                let lost = format!(
                    "{} members' keys are under a key that is gone, as a restored backup has them: take newer ones in by \
                     `chancery gdpr keys import`",
                    rotated.lost
                );
                page.toned(Tone::Warning, lost);
            }
        }
    })?;
    Ok(Done::Shown)
}

/// Writes the keys to a file, which is replaced as a whole; how many members have one.
async fn write(file: &Path, session: &Session) -> Result<Option<usize>, CliError> {
    let Some(text) = gdpr::export_keys(session.engine()?).await? else { return Ok(None) };
    let mut beside = file.as_os_str().to_owned();
    beside.push(".partial");
    let beside = PathBuf::from(beside);
    let put = || {
        let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        std::fs::rename(&beside, file)
    };
    put().map_err(failed(file))?;
    Ok(Some(text.lines().filter(|line| line.contains("\"wrapped\":")).count()))
}

fn failed(file: &Path) -> impl Fn(std::io::Error) -> CliError + use<> {
    let path = file.to_owned();
    move |source| CliError::File { path: path.clone(), source }
}

impl From<ImportError> for CliError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Vault(error) => crate::engine::EngineError::from(error).into(),
            ImportError::Line { .. } => Self::Input { rule: "bad_keys", message: error.to_string() },
            ImportError::OtherKey { .. } => Self::Input { rule: "other_key", message: error.to_string() },
            ImportError::Differs { .. } => Self::Input { rule: "other_store", message: error.to_string() },
            ImportError::Unreadable { .. } => Self::Input { rule: "unreadable", message: error.to_string() },
        }
    }
}
