//! `gdpr`: personal data handed out, erased and looked after.

mod erase;
mod export;
mod register;

use chancery_aggregates::Command as AnyCommand;
use chancery_aggregates::command::MemberCommand;
use serde_json::json;

use super::{CliError, Done, Session, resolve};
use crate::store::sqlite::Access;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Hand out all that is held about a member, as JSON and as a page to print (Articles 15 and 20)
    Export(export::Args),
    /// Erase a member's personal data for good (Article 17)
    Erase(erase::Args),
    /// Do erasures again in a store that was restored from a backup
    Reapply(erase::Reapply),
    /// Keep a member's personal data from being erased
    Hold {
        /// The member's id
        member: String,
    },
    /// Let a member's personal data be erased again
    Release {
        /// The member's id
        member: String,
    },
    /// Show what is kept about people, why and how long (Article 30)
    Register(register::Args),
    /// List the members whose personal data is due to be erased
    Due(register::Args),
    /// Renew the key that members' keys are kept under
    Rotate,
}

impl Command {
    pub(super) fn needs(&self) -> Access {
        match self {
            Self::Register(_) | Self::Due(_) => Access::Read,
            _ => Access::Write,
        }
    }

    /// Whether a service runs it for a caller: what needs neither files of the store's machine nor its key.
    pub(super) fn is_served(&self) -> bool {
        match self {
            Self::Hold { .. } | Self::Release { .. } | Self::Register(_) | Self::Due(_) => true,
            Self::Export(args) => !args.names_files(),
            Self::Erase(_) | Self::Reapply(_) | Self::Rotate => false,
        }
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        match self {
            Self::Export(args) => export::run(args, session).await,
            Self::Erase(args) => erase::run(args, session).await,
            Self::Reapply(args) => erase::reapply(args, session).await,
            Self::Hold { member } => change(session, member, MemberCommand::PlaceLegalHold).await,
            Self::Release { member } => change(session, member, MemberCommand::LiftLegalHold).await,
            Self::Register(args) => register::show(args, session).await,
            Self::Due(args) => register::due(args, session).await,
            Self::Rotate => rotate(session).await,
        }
    }
}

async fn change(session: &Session, member: &str, command: MemberCommand) -> Result<Done, CliError> {
    session.execute(vec![AnyCommand::Member(resolve::member(member), command)]).await
}

/// Whoever keeps the store keeps its key: no member is asked.
async fn rotate(session: &Session) -> Result<Done, CliError> {
    refuse_rehearsal(session)?;
    let Some(vault) = session.engine()?.vault() else { return Ok(Done::Shown) };
    let rotated = vault.rotate().await.map_err(crate::engine::EngineError::from)?;
    let value = json!({ "before": rotated.before, "after": rotated.after, "keys": rotated.keys });
    session.output().show(&value, |page| match &rotated.before {
        None => page.line("nothing to rotate: no personal data was sealed in this store yet"),
        Some(before) => {
            page.line(format!("{} members' keys are kept under the key {} now", rotated.keys, rotated.after));
            page.line(format!("the key {before} is gone: backups from before can no longer be read with it"));
        }
    })?;
    Ok(Done::Shown)
}

/// What cannot be taken back is not rehearsed either: nothing of it would be true.
fn refuse_rehearsal(session: &Session) -> Result<(), CliError> {
    if session.options().dry_run {
        let message = "this changes keys and files, or hands data out, and has no --dry-run".to_owned();
        return Err(CliError::Input { rule: "no_rehearsal", message });
    }
    Ok(())
}
