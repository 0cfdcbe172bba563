//! `review decide`, `review delegate` and `review apply`.

use chancery_aggregates::command::ReviewCommand;
use chancery_aggregates::event::Verdict;
use chancery_aggregates::review::{Left, Plan};
use chancery_aggregates::state::ReviewEntry;
use chancery_aggregates::vocabulary::Actor;
use chancery_aggregates::{Command as AnyCommand, Facts};
use serde_json::json;

use super::{Numbers, id, numbers};
use crate::cli::session::Aside;
use crate::cli::{CliError, Done, Session, resolve};
use crate::review::{causation, then};
use crate::views::review::{as_revoked, find, left_json, outstanding};

/// Which lines, and what is decided.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("verdict").args(["keep", "revoke"]).required(true))]
#[command(group = clap::ArgGroup::new("which").args(["lines", "all"]).required(true))]
pub struct Args {
    /// The review's id
    review: String,
    /// Numbers of the lines: 3 5 7-9
    #[arg(value_name = "LINE")]
    lines: Vec<Numbers>,
    /// All that are yours and undecided
    #[arg(long)]
    all: bool,
    /// The access may stay
    #[arg(long)]
    keep: bool,
    /// The access has to go; where you may, it is taken away in the same step
    #[arg(long)]
    revoke: bool,
    /// Only decide, and leave it to others to take the access away
    #[arg(long, requires = "revoke")]
    decide_only: bool,
}

/// Which lines, and to whom.
#[derive(Debug, clap::Args)]
pub struct Delegate {
    /// The review's id
    review: String,
    /// Numbers of the lines: 3 5 7-9
    #[arg(value_name = "LINE", required = true)]
    lines: Vec<Numbers>,
    /// Who decides them from now on
    #[arg(long, value_name = "MEMBER")]
    to: String,
}

/// Which lines are carried out.
#[derive(Debug, clap::Args)]
pub struct Apply {
    /// The review's id
    review: String,
    /// Numbers of the lines; without them, all that were revoked and are still there
    #[arg(value_name = "LINE")]
    lines: Vec<Numbers>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    let entry = find(&facts, &args.review).ok();
    let lines = if args.all { undecided(&facts, entry) } else { numbers(&args.lines) };
    let verdict = if args.keep { Verdict::Keep } else { Verdict::Revoke };
    let command = ReviewCommand::DecideLines { lines: lines.clone(), verdict };
    if args.keep || args.decide_only || entry.is_none() {
        let command = AnyCommand::Review(id(&args.review), command);
        return session.execute_with(vec![command], Aside::caused_by(causation(&args.review))).await;
    }
    let plan = |facts: &Facts| match find(facts, &args.review) {
        Ok(entry) => Plan::of(facts, &as_revoked(facts, entry, &lines)),
        Err(_) => Plan::default(),
    };
    carry_out(session, &facts, &args.review, Some(command), plan).await
}

/// Changes a review, takes away what is planned, and tells what is not taken away.
async fn carry_out(
    session: &Session,
    facts: &Facts,
    review: &str,
    command: Option<ReviewCommand>,
    plan: impl Fn(&Facts) -> Plan,
) -> Result<Done, CliError> {
    let Plan { commands, mut left, .. } = plan(facts);
    let command = command.map(|command| AnyCommand::Review(id(review), command));
    let commands = command.into_iter().chain(commands).collect();
    let mut aside = Aside::caused_by(causation(review));
    let (outcome, before) = session.make(commands, aside.causation.clone()).await?;
    if outcome.repeated {
        left = plan(&then(session.engine()?, facts, &outcome).await?).left;
    }
    tell_left(&mut aside, &left);
    session.tell(outcome, before, &aside).await
}

/// The lines that wait for whoever acts.
fn undecided(facts: &Facts, entry: Option<&ReviewEntry>) -> Vec<u32> {
    let (Some(entry), Actor::Member(actor)) = (entry, &facts.actor) else { return Vec::new() };
    entry
        .review
        .undecided()
        .filter(|reviewed| reviewed.line.reviewer == *actor)
        .map(|reviewed| reviewed.line.line)
        .collect()
}

fn tell_left(aside: &mut Aside, left: &[Left]) {
    aside.fields.insert("left".to_owned(), left_json(left));
    let note = |left: &Left| format!("line {} is not taken away: {}", left.line, left.because);
    aside.notes.extend(left.iter().map(note));
}

pub(super) async fn delegate(args: &Delegate, session: &Session) -> Result<Done, CliError> {
    let command = ReviewCommand::DelegateLines { lines: numbers(&args.lines), to: resolve::member(&args.to) };
    let command = AnyCommand::Review(id(&args.review), command);
    session.execute_with(vec![command], Aside::caused_by(causation(&args.review))).await
}

pub(super) async fn apply(args: &Apply, session: &Session) -> Result<Done, CliError> {
    let facts = session.facts_for_change().await?;
    facts.may_review()?;
    find(&facts, &args.review)?;
    let wanted = numbers(&args.lines);
    let plan = |facts: &Facts| match find(facts, &args.review) {
        Ok(entry) => Plan::of(facts, &outstanding(facts, entry, &wanted)),
        Err(_) => Plan::default(),
    };
    let Plan { commands, left, .. } = plan(&facts);
    // An earlier attempt may have taken all of it away.
    if commands.is_empty() && !session.is_repeatable() {
        let mut aside = Aside::default();
        tell_left(&mut aside, &left);
        session.output().show(&json!({ "events": [], "left": left_json(&left) }), |page| {
            page.line("nothing to take away");
            aside.notes.iter().for_each(|note| page.line(note));
        })?;
        return Ok(Done::Shown);
    }
    carry_out(session, &facts, &args.review, None, plan).await
}
