//! The small changes of a role: one command each.

use chancery_aggregates::command::RoleCommand;

use super::execute;
use crate::cli::{CliError, Done, Session};

/// Which role.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// The role, by id or name
    pub(super) role: String,
}

/// Which role, and its new name.
#[derive(Debug, clap::Args)]
pub struct Rename {
    /// The role, by id or name
    role: String,
    /// Its name from now on
    name: String,
}

/// Which role, and its new description.
#[derive(Debug, clap::Args)]
pub struct Describe {
    /// The role, by id or name
    role: String,
    /// What it is for
    description: String,
}

/// Which role, and its new colour.
#[derive(Debug, clap::Args)]
pub struct Recolour {
    /// The role, by id or name
    role: String,
    /// #rrggbb; nothing takes the colour away
    colour: Option<String>,
}

/// Which role, and its new level.
#[derive(Debug, clap::Args)]
pub struct Level {
    /// The role, by id or name
    role: String,
    /// Its level from now on
    level: u16,
}

pub(super) async fn rename(args: &Rename, session: &Session) -> Result<Done, CliError> {
    execute(session, &args.role, RoleCommand::RenameRole { name: args.name.as_str().into() }).await
}

pub(super) async fn describe(args: &Describe, session: &Session) -> Result<Done, CliError> {
    execute(session, &args.role, RoleCommand::DescribeRole { description: args.description.clone() }).await
}

pub(super) async fn recolour(args: &Recolour, session: &Session) -> Result<Done, CliError> {
    let colour = args.colour.as_deref().map(Into::into);
    execute(session, &args.role, RoleCommand::RecolourRole { colour }).await
}

pub(super) async fn level(args: &Level, session: &Session) -> Result<Done, CliError> {
    execute(session, &args.role, RoleCommand::ChangeRoleLevel { level: args.level }).await
}
