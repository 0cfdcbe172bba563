//! `activity`: what happened, in words.

use chancery_aggregates::Facts;
use chancery_aggregates::vocabulary::Actor;
use chancery_projections::activity::{Entry, Filter};

use super::events::{Bounds, limit};
use super::options::Point;
use super::output::{Tone, stamp};
use super::{CliError, Done, Session, resolve};
use crate::views::backward::{Part, activity};
use crate::views::sight::Sight;

/// Entries that a page shows when it is not told how many.
const USUAL_LIMIT: usize = 50;

/// Which entries.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what this member did; also @system and @operator
    #[arg(long, value_name = "MEMBER")]
    by: Option<String>,
    /// Only what happened to this member
    #[arg(long, value_name = "MEMBER")]
    member: Option<String>,
    /// Only what this role is part of
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Only what this permission is part of
    #[arg(long, value_name = "PERMISSION")]
    permission: Option<String>,
    /// Only what this scope is part of
    #[arg(long, value_name = "SCOPE")]
    on: Option<String>,
    /// Only events of these types, such as RoleAssigned or CommandRefused
    #[arg(long = "type", value_name = "TYPE,…", value_delimiter = ',')]
    kinds: Vec<String>,
    /// Only what has all of these words in it
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// From this time or position on
    #[arg(long, alias = "from", value_name = "TIME|POSITION")]
    since: Option<Point>,
    /// Up to this time or position, included
    #[arg(long, alias = "to", value_name = "TIME|POSITION")]
    until: Option<Point>,
    /// Newest first
    #[arg(long)]
    reverse: bool,
    /// How many at most, the newest ones; 0 for all [default: 50 for people, all in JSON]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.head().await?;
    let sight = Sight::of(&view.facts)?;
    let organisation = session.organisation().await?;
    let now = session.engine()?.now();
    let bounds = Bounds::new(args.since.as_ref(), args.until.as_ref(), None, now);
    let filter = filter(args, &view.facts)?;
    let engine = session.engine()?;
    let (after, until) = bounds.positions(engine, &organisation, view.facts.state.position()).await?;
    // Counted without reading them where nothing is left out.
    let all = (filter == Filter::default() && sight.is_whole()).then(|| until.saturating_sub(after));
    let limit = limit(args.limit, session, USUAL_LIMIT);
    let part = Part { after, until, most: limit, looked_at: u64::MAX };
    let found = activity(engine, &organisation, part, filter, &sight).await?;
    show(session, &found.items, found.next.map(|_| all), args.reverse)?;
    Ok(Done::Shown)
}

fn filter(args: &Args, facts: &Facts) -> Result<Filter, CliError> {
    if let Some(actor) = &args.by
        && let Ok(Actor::Member(id)) = Actor::parse(actor)
    {
        facts.reader()?.member(id.as_str())?;
    }
    let reader = facts.reader()?;
    let member = args.member.as_ref().map(|id| reader.member(id).map(|_| id.clone())).transpose()?;
    // A deleted role is found by its id: it has a history too.
    let role = args.role.as_ref().map(|text| match resolve::role(&reader, text) {
        Ok((_, role)) => Ok(role.id.to_string()),
        Err(_) if facts.state.role_by_id(text).is_some() && reader.sees_roles()? => Ok(text.clone()),
        Err(refusal) => Err(refusal),
    });
    let scope = args.on.as_ref().map(|id| reader.scope(id).map(|_| id.clone())).transpose()?;
    let permission = args.permission.as_ref().map(|key| facts.find_permission(key).map(|_| key.clone()));
    Ok(Filter {
        actor: args.by.clone(),
        member,
        role: role.transpose()?,
        permission: permission.transpose()?,
        scope,
        kinds: args.kinds.clone(),
        search: args.search.clone(),
        ..Filter::default()
    })
}

/// Shows entries, which come newest first. `older` says that there are more entries, and how many there are in all where that is known.
fn show(session: &Session, kept: &[Entry], older: Option<Option<u64>>, reverse: bool) -> Result<(), CliError> {
    let output = session.output();
    let entries: Vec<&Entry> = if reverse { kept.iter().collect() } else { kept.iter().rev().collect() };
    if output.is_json() {
        for entry in entries {
            output.json_line(entry)?;
        }
        return output.flush();
    }
    let mut page = output.page();
    let width = entries.iter().map(|entry| entry.position.to_string().len() + 1).max().unwrap_or(0);
    for entry in &entries {
        let place = format!("{:>width$}  {}  ", format!("#{}", entry.position), stamp(entry.time));
        let tone = if entry.kind == "CommandRefused" { Tone::Bad } else { Tone::Plain };
        page.spans(&[(Tone::Quiet, &place), (tone, &entry.sentence)]);
    }
    if entries.is_empty() {
        page.toned(Tone::Quiet, "nothing to show");
    }
    if let Some(all) = older {
        let of = all.map_or_else(String::new, |all| format!(" of {all}"));
        page.gap();
        page.toned(Tone::Warning, format!("the newest {}{of} entries; all of them with --limit 0", entries.len()));
    }
    output.print(&page)
}
