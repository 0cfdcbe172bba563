//! `role …`: make, change and look at roles.

mod change;
mod create;
mod list;
mod permissions;
mod show;

use chancery_aggregates::command::RoleCommand;
use chancery_aggregates::vocabulary::RoleId;

use super::{CliError, Done, Session, resolve};
use crate::store::sqlite::Access;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the roles
    List(list::Args),
    /// Show a role and what it permits
    Show(show::Args),
    /// Make a role
    Create(create::Create),
    /// Make a copy of a role: its level, permissions and parents
    Duplicate(create::Duplicate),
    /// Change a role's name
    Rename(change::Rename),
    /// Change a role's description
    Describe(change::Describe),
    /// Change a role's colour
    Recolour(change::Recolour),
    /// Change a role's level; a smaller number outranks a greater one
    Level(change::Level),
    /// Switch permissions of a role on and off, as one change
    Toggle(permissions::Toggle),
    /// Let a role inherit the permissions of others
    Inherit(permissions::Inherit),
    /// Lock a role
    Lock(change::Named),
    /// Unlock a role
    Unlock(change::Named),
    /// Delete a role
    Delete(change::Named),
}

impl Command {
    pub(super) fn needs(&self) -> Access {
        match self {
            Self::List(_) | Self::Show(_) => Access::Read,
            _ => Access::Write,
        }
    }

    pub(super) async fn run(&self, session: &Session) -> Result<Done, CliError> {
        match self {
            Self::List(args) => list::run(args, session).await,
            Self::Show(args) => show::run(args, session).await,
            Self::Create(args) => create::create(args, session).await,
            Self::Duplicate(args) => create::duplicate(args, session).await,
            Self::Rename(args) => change::rename(args, session).await,
            Self::Describe(args) => change::describe(args, session).await,
            Self::Recolour(args) => change::recolour(args, session).await,
            Self::Level(args) => change::level(args, session).await,
            Self::Toggle(args) => permissions::toggle(args, session).await,
            Self::Inherit(args) => permissions::inherit(args, session).await,
            Self::Lock(args) => execute(session, &args.role, RoleCommand::LockRole).await,
            Self::Unlock(args) => execute(session, &args.role, RoleCommand::UnlockRole).await,
            Self::Delete(args) => execute(session, &args.role, RoleCommand::DeleteRole).await,
        }
    }
}

/// Asks something of the role that a text means.
async fn execute(session: &Session, role: &str, command: RoleCommand) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    let role: RoleId = resolve::role_for_command(&facts, role);
    session.execute(vec![chancery_aggregates::Command::Role(role, command)]).await
}
