//! `audit list|export|verify|checkpoint|checkpoints|proof|keys`: the log for auditors, and as evidence.

mod export;
mod list;
mod show;
mod verify;
mod written;

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::error::Exit;
use super::session::store_path;
use super::{CliError, Done, Session};
use crate::log::Signer;
use crate::log::key::{KeyError, KeySource};
use crate::log::pack::PackError;
use crate::log::sign::SignError;
use crate::log::verify::VerifyError;
use crate::store::sqlite::Access;

/// What is done with the log.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the audit log: who did what to whom, where, when, why and from where, refusals included
    List(list::Args),
    /// Write events with all that it takes to verify them elsewhere, or for other programs
    Export(export::Args),
    /// Verify the logs of the store, or a pack, and name the first place that is wrong (exit code 1 then)
    Verify(verify::Args),
    /// Sign the log as it is now, and print the checkpoint: keep it where the store's keeper cannot reach it
    Checkpoint(LogKey),
    /// List the checkpoints that were made
    Checkpoints,
    /// Print the proof that an event is in the log, up to the newest checkpoint
    Proof(show::Proof),
    /// List the public keys with which checkpoints were signed
    Keys,
}

/// Where the key is that signs.
#[derive(Debug, clap::Args)]
pub struct LogKey {
    /// The file of the key that signs checkpoints, or the key itself; made when it is missing
    /// [default for a SQLite store: beside it, FILE.log-key]
    #[arg(long, value_name = "FILE|PEM", env = "CHANCERY_LOG_KEY", hide_env_values = true)]
    log_key: Option<String>,
}

impl LogKey {
    pub(super) fn signer(&self, session: &Session) -> Result<Signer, CliError> {
        let file = store_path(&session.options().store).ok();
        let source = KeySource::find(self.log_key.clone(), file.as_deref())?;
        let (signer, made) = source.load()?;
        if let Some(path) = made {
            anstream::eprintln!(
                "Made the key that signs checkpoints of the log: `{}`, which only you can read. Keep a copy apart from \
                 the database's backups: whoever has both can sign another history.",
                path.display()
            );
        }
        Ok(signer)
    }
}

impl Command {
    /// Whether a service does it for its callers, too.
    pub(super) fn is_served(&self) -> bool {
        matches!(self, Self::List(_))
    }

    /// Whether it lists all of a log, however long.
    pub(super) fn is_unlimited(&self) -> bool {
        matches!(self, Self::List(args) if args.is_unlimited())
    }

    pub(super) fn needs(&self) -> Option<Access> {
        match self {
            Self::Export(_) | Self::Checkpoint(_) => Some(Access::Write),
            Self::Verify(args) => args.needs(),
            Self::List(_) | Self::Checkpoints | Self::Proof(_) | Self::Keys => Some(Access::Read),
        }
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        match self {
            Self::List(args) => list::run(args, session).await,
            Self::Export(args) => Box::pin(export::run(args, session)).await,
            Self::Verify(args) => verify::run(args, session).await,
            Self::Checkpoint(key) => show::checkpoint(key, session).await,
            Self::Checkpoints => show::checkpoints(session).await,
            Self::Proof(args) => show::proof(args, session).await,
            Self::Keys => show::keys(session).await,
        }
    }
}

/// A bar on standard error, when that is a terminal.
fn bar(message: &'static str, total: u64) -> ProgressBar {
    let terminal = std::io::stderr().is_terminal();
    let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total), target).with_message(message);
    let style = "{msg:9} [{bar:40}] {human_pos}/{human_len} events, {per_sec}, {eta} left";
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

/// Why nothing was signed, exported or verified.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// There is no key to sign with.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The log was not signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The pack was not written.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// Nothing could be verified.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

impl AuditError {
    /// Stable name of what went wrong, for programs.
    pub(super) fn rule(&self) -> &'static str {
        match self {
            Self::Key(_) => "log_key",
            Self::Sign(SignError::Forked { .. }) => "log_forked",
            Self::Sign(_) => "log_unsigned",
            Self::Pack(PackError::Damaged { .. }) => "log_damaged",
            Self::Pack(_) | Self::Verify(_) => "file",
        }
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Key(KeyError::Unnamed) => Exit::Invalid,
            _ => Exit::Failed,
        }
    }
}

macro_rules! audit_errors {
    ($($error:ident),*) => {$(
        impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self::Audit(Box::new(error.into()))
            }
        }
    )*};
}

audit_errors!(KeyError, SignError, PackError, VerifyError);
