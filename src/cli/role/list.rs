//! `role list`.

use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::state::{AccessState, RoleEntry, RoleIx, fold_name};
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::cli::options::At;
use crate::cli::output::{Table, Tone, stamp};
use crate::cli::{CliError, Done, Session};

/// Which roles, in which order, and what of them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only roles with this in their name or id
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Order; without it by level where roles have levels, else by name
    #[arg(long, value_enum)]
    sort: Option<Sort>,
    /// The other way round
    #[arg(long)]
    reverse: bool,
    /// What to show of each role
    #[arg(long, value_enum, value_delimiter = ',', value_name = "COLUMN,…")]
    columns: Vec<Column>,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sort {
    Name,
    Created,
    Modified,
    Users,
    Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Column {
    Name,
    Id,
    Level,
    Kind,
    Locked,
    Users,
    Permissions,
    Inherits,
    Colour,
    Created,
    Modified,
    Description,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.view(&args.at).await?;
    let state = &view.facts.state;
    let reader = view.facts.reader()?;
    if !reader.sees_roles()? {
        return Err(CliError::RolesHidden);
    }
    let mut roles = reader.roles()?;
    if let Some(search) = &args.search {
        let wanted = fold_name(search);
        let has = |text: &str| fold_name(text).contains(wanted.as_str());
        roles.retain(|(_, role)| has(&role.name) || has(role.id.as_str()));
    }
    let levels = view.facts.profile()?.policy().levels;
    sort(&mut roles, args.sort.unwrap_or(if levels { Sort::Level } else { Sort::Name }));
    if args.reverse {
        roles.reverse();
    }
    let rows: Vec<Value> = roles.iter().map(|(_, role)| role_json(state, role)).collect();
    session.output().show(&rows, |page| {
        page.table(table(state, &roles, &columns(args, levels)), "no roles to show");
    })?;
    Ok(Done::Shown)
}

fn sort(roles: &mut [(RoleIx, &RoleEntry)], by: Sort) {
    roles.sort_by_cached_key(|(_, role)| fold_name(&role.name));
    match by {
        Sort::Name => {}
        Sort::Created => roles.sort_by_key(|(_, role)| role.created.position),
        Sort::Modified => roles.sort_by_key(|(_, role)| role.modified.position),
        Sort::Users => roles.sort_by_key(|(_, role)| role.holders.len()),
        Sort::Level => roles.sort_by_key(|(_, role)| role.level.unwrap_or(u16::MAX)),
    }
}

fn columns(args: &Args, levels: bool) -> Vec<Column> {
    if !args.columns.is_empty() {
        return args.columns.clone();
    }
    let level = levels.then_some(Column::Level);
    let rest = [Column::Id, Column::Kind, Column::Users, Column::Permissions, Column::Modified];
    level.into_iter().chain([Column::Name]).chain(rest).collect()
}

fn table(state: &AccessState, roles: &[(RoleIx, &RoleEntry)], columns: &[Column]) -> Table {
    let numbers = [Column::Level, Column::Users, Column::Permissions];
    let right = columns.iter().enumerate().filter(|(_, column)| numbers.contains(column)).map(|(at, _)| at);
    let headings = columns.iter().map(|column| match column.to_possible_value() {
        Some(value) => value.get_name().to_owned(),
        None => String::new(),
    });
    let mut table = Table::new(headings).right(right);
    for (_, role) in roles {
        table.toned_row(columns.iter().map(|column| cell(state, role, *column)));
    }
    table
}

fn cell(state: &AccessState, role: &RoleEntry, column: Column) -> (Tone, String) {
    let text = match column {
        Column::Name => return (Tone::Strong, role.name.to_string()),
        Column::Id => role.id.to_string(),
        Column::Level => role.level.map(|level| level.to_string()).unwrap_or_default(),
        Column::Kind if role.locked => format!("{}, locked", kind(role)),
        Column::Kind => kind(role).to_owned(),
        Column::Locked => {
            if role.locked {
                "locked".to_owned()
            } else {
                String::new()
            }
        }
        Column::Users => role.holders.len().to_string(),
        Column::Permissions => role.effective.len().to_string(),
        Column::Inherits => parents(state, role).join(", "),
        Column::Colour => role.colour.as_deref().unwrap_or_default().to_owned(),
        Column::Created => stamp(role.created.time),
        Column::Modified => stamp(role.modified.time),
        Column::Description => role.description.clone(),
    };
    (Tone::Plain, text)
}

/// Where a role comes from and how it is given.
pub(super) fn kind(role: &RoleEntry) -> &'static str {
    match (role.assigned, role.built_in) {
        (AssignedBy::System, _) => "system",
        (AssignedBy::Transfer, _) => "owner",
        (AssignedBy::Hand, true) => "built-in",
        (AssignedBy::Hand, false) => "custom",
    }
}

fn parents(state: &AccessState, role: &RoleEntry) -> Vec<String> {
    role.inherits.iter().map(|parent| state.cite_role(*parent).name.to_string()).collect()
}

/// A role, for programs.
pub(super) fn role_json(state: &AccessState, role: &RoleEntry) -> Value {
    let inherits: Vec<_> = role.inherits.iter().map(|parent| state.cite_role(*parent)).collect();
    json!({
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "colour": role.colour,
        "level": role.level,
        "kind": kind(role),
        "locked": role.locked,
        "everywhere": role.everywhere,
        "account_types": role.account_types,
        "users": role.holders.len(),
        "permissions": role.effective.len(),
        "inherits": inherits,
        "created": role.created.time,
        "created_position": role.created.position,
        "modified": role.modified.time,
        "modified_position": role.modified.position,
    })
}
