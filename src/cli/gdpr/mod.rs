//! `gdpr`: personal data handed out, erased and looked after.

mod erase;
mod export;
mod keys;
mod register;

use chancery_aggregates::Command as AnyCommand;
use chancery_aggregates::command::MemberCommand;

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
    Rotate(keys::Rotate),
    /// Keep members' keys apart from the store, so that older backups can be read after an erasure
    #[command(subcommand)]
    Keys(keys::Command),
}

impl Command {
    pub(super) fn needs(&self) -> Access {
        match self {
            Self::Register(_) | Self::Due(_) => Access::Read,
            Self::Keys(command) => command.needs(),
            _ => Access::Write,
        }
    }

    /// Whether a service runs it for a caller: what needs neither files of the store's machine nor its key.
    pub(super) fn is_served(&self) -> bool {
        match self {
            Self::Hold { .. } | Self::Release { .. } | Self::Register(_) | Self::Due(_) => true,
            Self::Export(args) => !args.names_files(),
            Self::Erase(_) | Self::Reapply(_) | Self::Rotate(_) | Self::Keys(_) => false,
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
            Self::Rotate(args) => keys::rotate(args, session).await,
            Self::Keys(command) => command.run(session).await,
        }
    }
}

async fn change(session: &Session, member: &str, command: MemberCommand) -> Result<Done, CliError> {
    session.execute(vec![AnyCommand::Member(resolve::member(member), command)]).await
}

/// What cannot be taken back is not rehearsed either: nothing of it would be true.
fn refuse_rehearsal(session: &Session) -> Result<(), CliError> {
    if session.options().dry_run {
        let message = "this changes keys and files, or hands data out, and has no --dry-run".to_owned();
        return Err(CliError::Input { rule: "no_rehearsal", message });
    }
    Ok(())
}
