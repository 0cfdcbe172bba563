//! `role toggle` and `role inherit`.

use chancery_aggregates::Command;
use chancery_aggregates::command::RoleCommand;

use crate::cli::{CliError, Done, Session, resolve};

/// Switches.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("switches").args(["allow", "deny"]).required(true).multiple(true))]
pub struct Toggle {
    /// The role, by id or name
    role: String,
    /// Switch on: keys, or patterns such as 'invoice.*'
    #[arg(long, value_name = "KEY", num_args = 1.., value_delimiter = ',')]
    allow: Vec<String>,
    /// Switch off: keys, or patterns
    #[arg(long, value_name = "KEY", num_args = 1.., value_delimiter = ',')]
    deny: Vec<String>,
}

/// Parents.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("parents").args(["from", "none"]).required(true))]
pub struct Inherit {
    /// The role, by id or name
    role: String,
    /// The roles to inherit from, and no others
    #[arg(long, value_name = "ROLE", num_args = 1.., value_delimiter = ',')]
    from: Vec<String>,
    /// Inherit from no role
    #[arg(long)]
    none: bool,
}

pub(super) async fn toggle(args: &Toggle, session: &Session) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    let command = RoleCommand::TogglePermissions {
        allow: resolve::permissions(&facts, &args.allow),
        deny: resolve::permissions(&facts, &args.deny),
    };
    session.execute(vec![Command::Role(resolve::role_for_command(&facts, &args.role), command)]).await
}

pub(super) async fn inherit(args: &Inherit, session: &Session) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    let parents = args.from.iter().map(|role| resolve::role_for_command(&facts, role)).collect();
    let role = resolve::role_for_command(&facts, &args.role);
    session.execute(vec![Command::Role(role, RoleCommand::InheritFrom { parents })]).await
}
