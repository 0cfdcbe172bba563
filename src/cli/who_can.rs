//! `who-can`: everybody who may do something, and how they come to it.

use std::collections::BTreeSet;

use chancery_aggregates::access::Place;
use chancery_projections::access::{Grant, Holder, who_can};
use chancery_projections::words;
use serde_json::json;

use super::options::At;
use super::output::{Page, Table, Tone};
use super::{CliError, Done, Session};

/// What, where, when.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What
    permission: String,
    /// Where; without it, on the organisation as a whole
    #[arg(long, value_name = "SCOPE")]
    on: Option<String>,
    #[command(flatten)]
    at: At,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.view(&args.at).await?;
    let (facts, reader) = (&view.facts, view.facts.reader()?);
    let permission = facts.find_permission(&args.permission)?;
    let place = match &args.on {
        Some(scope) => Place::Scope(reader.scope(scope)?.0),
        None => Place::Organisation,
    };
    let seen: BTreeSet<&str> = reader
        .members()?
        .into_iter()
        .filter(|(ix, _)| reader.sees_access_of(*ix))
        .map(|(_, member)| member.id.as_str())
        .collect();
    let mut holders = who_can(&facts.state, permission, place, facts.now);
    holders.retain(|holder| seen.contains(holder.member.id.as_str()));
    let cited = facts.profile()?.cite(permission);
    let value = json!({
        "permission": cited.id, "scope": args.on, "position": facts.state.position(), "at": facts.now, "members": holders,
    });
    session.output().show(&value, |page| {
        let what = words::permission(cited.id.as_str(), &cited.name);
        let place = words::place(&facts.state, place);
        show(page, &what, &place, &holders);
    })?;
    Ok(Done::Shown)
}

fn show(page: &mut Page, what: &str, place: &str, holders: &[Holder]) {
    if holders.is_empty() {
        page.line(format!("nobody may use {what} on {place}"));
        return;
    }
    page.toned(Tone::Strong, format!("{} may use {what} on {place}", words::count(holders.len(), "member")));
    page.gap();
    let mut table = Table::new(["member", "id", "for", "by", "since"]);
    for holder in holders {
        let own = if holder.only_own { (Tone::Warning, "own only") } else { (Tone::Plain, "all") };
        let by: Vec<String> = holder.through.iter().map(way).collect();
        let since: Vec<String> = holder.through.iter().map(|grant| format!("#{}", given_at(grant))).collect();
        table.toned_row([
            (Tone::Plain, holder.member.to_string()),
            (Tone::Quiet, holder.member.id.to_string()),
            (own.0, own.1.to_owned()),
            (Tone::Plain, by.join("; ")),
            (Tone::Quiet, since.join(", ")),
        ]);
    }
    page.table(table, "");
}

/// A way to a permission, in words.
fn way(grant: &Grant) -> String {
    match grant {
        Grant::Role { role, scope, window, .. } => {
            let scope = scope.as_ref().map_or_else(String::new, |scope| format!(" in {}", scope.name));
            let window = if window.is_open() { String::new() } else { format!(" {}", words::window(*window)) };
            format!("{}{scope}{window}", role.name)
        }
        Grant::Toggle { .. } => "allowed directly".to_owned(),
    }
}

fn given_at(grant: &Grant) -> u64 {
    match grant {
        Grant::Role { given_at, .. } | Grant::Toggle { given_at } => *given_at,
    }
}
