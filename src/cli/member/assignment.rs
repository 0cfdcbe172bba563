//! `member assign` and `member unassign`.

use std::str::FromStr;

use chancery_aggregates::Command as AnyCommand;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::vocabulary::Window;

use crate::cli::time::{Edge, Written};
use crate::cli::{CliError, Done, Session, resolve};

/// Who gets which role, where, and when.
#[derive(Debug, clap::Args)]
pub struct Assign {
    /// The member's id
    member: String,
    /// The role, by id or name
    role: String,
    /// The scope that it is held in; without it, the member's own scope counts
    #[arg(long = "in", value_name = "SCOPE")]
    within: Option<String>,
    /// From when it counts
    #[arg(long, value_name = "TIME", value_parser = Written::from_str)]
    from: Option<Written>,
    /// Until when it counts; a date includes that day
    #[arg(long, value_name = "TIME", value_parser = Written::from_str)]
    until: Option<Written>,
}

/// Who loses which role, and where.
#[derive(Debug, clap::Args)]
pub struct Unassign {
    /// The member's id
    member: String,
    /// The role, by id or name
    role: String,
    /// The scope that it is held in
    #[arg(long = "in", value_name = "SCOPE")]
    within: Option<String>,
}

pub(super) async fn assign(args: &Assign, session: &Session) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    let window = Window {
        from: args.from.map(|from| from.instant(Edge::Start, facts.now)),
        until: args.until.map(|until| until.instant(Edge::After, facts.now)),
    };
    let role = resolve::role_for_command(&facts, &args.role);
    let scope = args.within.as_deref().map(resolve::scope);
    let command = MemberCommand::AssignRole { role, scope, window };
    session.execute(vec![AnyCommand::Member(resolve::member(&args.member), command)]).await
}

pub(super) async fn unassign(args: &Unassign, session: &Session) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    let role = resolve::role_for_command(&facts, &args.role);
    let command = MemberCommand::UnassignRole { role, scope: args.within.as_deref().map(resolve::scope) };
    session.execute(vec![AnyCommand::Member(resolve::member(&args.member), command)]).await
}
