//! `owner transfer`.

use chancery_aggregates::Command as AnyCommand;
use chancery_aggregates::command::OrganisationCommand;

use super::{CliError, Done, Session, resolve};
use crate::store::sqlite::Access;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Hand the role with exactly one holder to another member
    Transfer {
        /// The new holder
        to: String,
    },
}

impl Command {
    pub(super) fn needs(&self) -> Access {
        match self {
            Self::Transfer { .. } => Access::Write,
        }
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        match self {
            Self::Transfer { to } => {
                let to = resolve::member(to);
                session.execute(vec![AnyCommand::Organisation(OrganisationCommand::TransferOwner { to })]).await
            }
        }
    }
}
