//! `review lines`: what is to be decided, with the evidence.

use chancery_aggregates::event::Verdict;
use chancery_aggregates::review::Standing;
use chancery_aggregates::vocabulary::Actor;
use chancery_projections::review::{Deed, RecordLine};
use chancery_projections::words::{self, Person};
use serde_json::Value;

use crate::cli::output::{Table, Tone};
use crate::cli::{CliError, Done, Session};
use crate::review::{given, lines};
use crate::views::key::Uses;
use crate::views::review::{find, line_json};

/// Which lines.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The review's id
    review: String,
    /// Only those that are yours to decide
    #[arg(long)]
    mine: bool,
    /// Only those that nobody decided yet
    #[arg(long)]
    undecided: bool,
    /// Only those about this member
    #[arg(long, value_name = "MEMBER")]
    member: Option<String>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.head().await?;
    let (facts, engine) = (&view.facts, session.engine()?);
    let entry = find(facts, &args.review)?;
    let mut shown = lines(engine, facts, entry).await?;
    let reader = match &facts.actor {
        Actor::Member(reader) => Some(reader),
        Actor::System | Actor::Operator => None,
    };
    shown.retain(|line| {
        (!args.mine || Some(&line.line.reviewer) == reader)
            && (!args.undecided || line.decided.is_none())
            && args.member.as_deref().is_none_or(|member| line.line.member.as_str() == member)
    });
    let given = given(engine, facts.state.organisation(), &shown).await?;
    let uses = Uses::read(&**engine.store(), facts).await?;
    let deadline = entry.review.deadline;
    let of = |line: &RecordLine| given.get(&line.line.since).cloned();
    let rows: Vec<Value> =
        shown.iter().map(|line| line_json(&facts.state, deadline, line, of(line).as_ref(), &uses)).collect();
    session.output().show(&rows, |page| {
        let columns = ["line", "member", "access", "given", "reviewer", "decision", "since then"];
        let mut table = Table::new(columns).right([0]);
        for line in &shown {
            let (tone, decision) = decision(line);
            let standing = match line.standing {
                Standing::Unchanged => (Tone::Quiet, String::new()),
                Standing::Changed => (Tone::Warning, "changed".to_owned()),
                Standing::Gone => (Tone::Good, "gone".to_owned()),
            };
            table.toned_row([
                (Tone::Quiet, line.line.line.to_string()),
                (Tone::Strong, Person::known_as(&facts.state, line.line.member.as_str()).to_string()),
                (Tone::Plain, words::reviewed(&line.line.access)),
                (Tone::Plain, of(line).map_or_else(String::new, |given| told(&facts.state, &given))),
                (Tone::Plain, Person::known_as(&facts.state, line.line.reviewer.as_str()).to_string()),
                (tone, decision),
                standing,
            ]);
        }
        page.table(table, "no lines to show");
    })?;
    Ok(Done::Shown)
}

fn decision(line: &RecordLine) -> (Tone, String) {
    match line.decided.as_ref().map(|decided| decided.decision.verdict) {
        None => (Tone::Warning, "undecided".to_owned()),
        Some(Verdict::Keep) => (Tone::Good, "keep".to_owned()),
        Some(Verdict::Revoke) => (Tone::Bad, "revoke".to_owned()),
    }
}

fn told(state: &chancery_aggregates::AccessState, given: &Deed) -> String {
    let reason = given.reason.as_ref().map_or_else(String::new, |reason| format!(": “{}”", reason.trim()));
    format!("{} by {} (#{}){reason}", words::day(given.time), words::actor(state, &given.by), given.position)
}
