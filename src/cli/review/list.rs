//! `review list` and `review show`.

use chancery_aggregates::Facts;
use chancery_aggregates::review::Stage;
use chancery_aggregates::state::ReviewEntry;
use chancery_projections::words;
use serde_json::Value;

use crate::cli::output::{Table, Tone};
use crate::cli::{CliError, Done, Session};
use crate::views::review::{about, find, seen, summary, waiting};

/// Which review.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// The review's id
    pub(super) review: String,
}

pub(super) async fn list(session: &Session) -> Result<Done, CliError> {
    let view = session.head().await?;
    let reviews = seen(&view.facts);
    let rows: Vec<Value> = reviews.iter().map(|entry| summary(&view.facts, entry)).collect();
    session.output().show(&rows, |page| {
        let mut table =
            Table::new(["review", "title", "about", "as of", "until", "state", "decided", "for you"]).right([7]);
        for entry in &reviews {
            let (tone, state) = state(&view.facts, entry);
            let review = &entry.review;
            let waiting = waiting(&view.facts, entry);
            table.toned_row([
                (Tone::Strong, entry.id.to_string()),
                (Tone::Plain, title(entry)),
                (Tone::Plain, about(&review.about)),
                (Tone::Quiet, format!("#{}", review.frozen.position)),
                (Tone::Plain, words::until(review.deadline).trim_start_matches("until ").to_owned()),
                (tone, state),
                (Tone::Plain, format!("{} of {}", review.kept + review.revoked, review.count)),
                (Tone::Warning, if waiting == 0 { String::new() } else { waiting.to_string() }),
            ]);
        }
        page.table(table, "no reviews to show");
    })?;
    Ok(Done::Shown)
}

pub(super) async fn show(args: &Named, session: &Session) -> Result<Done, CliError> {
    let view = session.head().await?;
    let facts = &view.facts;
    let entry = find(facts, &args.review)?;
    let review = &entry.review;
    session.output().show(&summary(facts, entry), |page| {
        page.spans(&[(Tone::Strong, &title(entry)), (Tone::Quiet, &format!("  {}", entry.id))]);
        let (undecided, outstanding) =
            (review.undecided().count(), review.outstanding(&facts.state, facts.now).count());
        let open = review.stage == Stage::Open;
        let waiting = waiting(facts, entry);
        page.fields(&[
            ("about", Some(about(&review.about))),
            ("as of", Some(format!("{} (#{})", words::instant(review.frozen.time), review.frozen.position))),
            ("deadline", Some(words::until(review.deadline))),
            ("state", Some(state(facts, entry).1)),
            ("lines", Some(review.count.to_string())),
            ("kept", Some(review.kept.to_string())),
            ("revoked", Some(review.revoked.to_string())),
            ("undecided", open.then(|| undecided.to_string())),
            ("still to be taken away", open.then(|| outstanding.to_string())),
            ("for you to decide", (waiting > 0).then(|| waiting.to_string())),
            ("opened", Some(format!("{} (#{})", words::instant(entry.opened.time), entry.opened.position))),
            ("ended", entry.closed.map(|closed| format!("{} (#{})", words::instant(closed.time), closed.position))),
            ("root of the lines", review.result.as_ref().map(|result| result.root.to_string())),
        ]);
    })?;
    Ok(Done::Shown)
}

pub(super) fn title(entry: &ReviewEntry) -> String {
    entry.review.review.as_ref().map(|review| review.name.to_string()).unwrap_or_default()
}

fn state(facts: &Facts, entry: &ReviewEntry) -> (Tone, String) {
    match entry.review.stage {
        Stage::Open if entry.review.deadline <= facts.now => (Tone::Bad, "overdue".to_owned()),
        Stage::Open => (Tone::Warning, "open".to_owned()),
        Stage::Completed => (Tone::Good, "completed".to_owned()),
        Stage::Cancelled => (Tone::Quiet, "cancelled".to_owned()),
    }
}
