//! `role create` and `role duplicate`.

use chancery_aggregates::command::{NewRole, RoleCommand};
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::vocabulary::RoleId;
use chancery_aggregates::{Command, Facts, Refusal};

use crate::cli::{CliError, Done, Session, resolve};
use crate::naming::readable_role_id;

/// What the new role starts with.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// What people call it; no other role may have the name
    name: String,
    /// Its id, which never changes; made from the name when absent
    #[arg(long)]
    id: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    description: String,
    /// #rrggbb
    #[arg(long, value_name = "COLOUR")]
    colour: Option<String>,
    /// Its level, where roles have levels; a smaller number outranks a greater one
    #[arg(long)]
    level: Option<u16>,
    /// What it permits: keys, or patterns such as 'invoice.*'
    #[arg(long = "permission", value_name = "KEY", num_args = 1.., value_delimiter = ',')]
    permissions: Vec<String>,
    /// Roles whose permissions it has as well, now and later
    #[arg(long, value_name = "ROLE", num_args = 1.., value_delimiter = ',')]
    inherits: Vec<String>,
}

/// What is copied.
#[derive(Debug, clap::Args)]
pub struct Duplicate {
    /// The role to copy, by id or name
    role: String,
    /// What people call the copy
    name: String,
    /// The copy's id; made from the name when absent
    #[arg(long)]
    id: Option<String>,
}

pub(super) async fn create(args: &Create, session: &Session) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    let id = new_id(args.id.as_deref(), &args.name, &facts, session)?;
    let new = NewRole {
        name: args.name.as_str().into(),
        description: args.description.clone(),
        colour: args.colour.as_deref().map(Into::into),
        level: args.level,
        permissions: resolve::permissions(&facts, &args.permissions),
        inherits: args.inherits.iter().map(|role| resolve::role_for_command(&facts, role)).collect(),
        built_in: None,
    };
    session.execute(vec![Command::Role(id, RoleCommand::CreateRole(Box::new(new)))]).await
}

pub(super) async fn duplicate(args: &Duplicate, session: &Session) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    let id = new_id(args.id.as_deref(), &args.name, &facts, session)?;
    let source = resolve::role_for_command(&facts, &args.role);
    let name = args.name.as_str().into();
    session.execute(vec![Command::Role(id, RoleCommand::DuplicateRole { source, name })]).await
}

/// The given id, else one that can be read.
fn new_id(given: Option<&str>, name: &str, facts: &Facts, session: &Session) -> Result<RoleId, Refusal> {
    if let Some(given) = given {
        return resolve::new_id(Thing::Role, given, RoleId::parse);
    }
    Ok(readable_role_id(&facts.state, name, session.is_repeatable()))
}
