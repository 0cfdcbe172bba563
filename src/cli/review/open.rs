//! `review open`.

use std::str::FromStr;

use chancery_aggregates::Command as AnyCommand;
use chancery_aggregates::command::ReviewCommand;

use super::id;
use crate::cli::options::At;
use crate::cli::session::Aside;
use crate::cli::time::{Edge, Written};
use crate::cli::{CliError, Done, Session, resolve};
use crate::review::{About, Chosen, Opening, about, causation};

/// What the review is to be.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTE)]
pub struct Args {
    /// Its id, which never changes
    id: String,
    /// What people call it
    title: String,
    /// Who decides
    #[arg(long, value_name = "MEMBER")]
    reviewer: String,
    /// Who decides what is about the reviewer
    #[arg(long, value_name = "MEMBER")]
    fallback: Option<String>,
    /// Who decides some lines instead: member:ID=MEMBER, role:ID=MEMBER or scope:ID=MEMBER; of several that fit, the last
    #[arg(long = "reviewer-for", value_name = "LINES=MEMBER", value_parser = reviewer_for)]
    others: Vec<(Chosen, String)>,
    /// Which access: all, sensitive, role:ROLE or scope:SCOPE
    #[arg(long, value_name = "WHAT", default_value = "all", value_parser = what)]
    about: About,
    /// When it should be done; a date includes that day
    #[arg(long, value_name = "TIME", value_parser = Written::from_str)]
    deadline: Written,
    #[command(flatten)]
    at: At,
}

const NOTE: &str = "\
Nobody decides about their own access. A line is a role that somebody holds, a permission that is allowed directly,
the ownership, or a key of a service account, as it was at the reviewed position.";

fn what(text: &str) -> Result<About, String> {
    about(text).ok_or_else(|| "write all, sensitive, role:ROLE or scope:SCOPE".to_owned())
}

fn reviewer_for(text: &str) -> Result<(Chosen, String), String> {
    let parsed = text.rsplit_once('=').filter(|(_, member)| !member.is_empty());
    let parsed = parsed.and_then(|(chosen, member)| Some((Chosen::parse(chosen)?, member.to_owned())));
    parsed.ok_or_else(|| "write member:ID=MEMBER, role:ID=MEMBER or scope:ID=MEMBER".to_owned())
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    let (engine, organisation) = (session.engine()?, session.organisation().await?);
    let opening = Opening {
        title: args.title.clone(),
        about: args.about.clone(),
        moment: args.at.moment(engine.now()),
        deadline: args.deadline.instant(Edge::After, facts.now),
        reviewer: resolve::member(&args.reviewer),
        fallback: args.fallback.as_deref().map(resolve::member),
        others: args.others.iter().map(|(chosen, member)| (chosen.clone(), resolve::member(member))).collect(),
    };
    let new = opening.command(engine, &organisation, &facts).await?;
    let command = AnyCommand::Review(id(&args.id), ReviewCommand::OpenReview(Box::new(new)));
    session.execute_with(vec![command], Aside::caused_by(causation(&args.id))).await
}
