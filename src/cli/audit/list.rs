//! `audit list`: the audit log by entries.

use chancery_projections::audit::{Entry, Named};

use super::super::events::{Bounds, Kept, limit};
use super::super::options::Point;
use super::super::output::{Page, Table, Tone, stamp};
use super::super::{CliError, Done, Session};
use crate::audit::{Asked, AskedError, Entries};

/// Entries that a page shows when it is not told how many.
const USUAL_LIMIT: usize = 50;

/// Entries that are sent at a time to whoever lists the log of a service, and events that are looked at for them.
const STRETCH: (usize, u64) = (5_000, 50_000);

/// Which entries, whatever the range.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Chosen {
    /// Only what these did, or had done on their behalf: members, @system, @operator
    // Another id than the option `--as`, which every command takes.
    #[arg(id = "by", long = "actor", value_name = "MEMBER,…", value_delimiter = ',')]
    actor: Vec<String>,
    /// Only what is about these members
    #[arg(long, value_name = "MEMBER,…", value_delimiter = ',')]
    subject: Vec<String>,
    /// Only what is about these roles, by id
    #[arg(long, value_name = "ROLE,…", value_delimiter = ',')]
    role: Vec<String>,
    /// Only what is about these permissions
    #[arg(long, value_name = "PERMISSION,…", value_delimiter = ',')]
    permission: Vec<String>,
    /// Only what is about these scopes, by id
    #[arg(long, value_name = "SCOPE,…", value_delimiter = ',')]
    scope: Vec<String>,
    /// Only events of these types, such as RoleAssigned
    #[arg(long = "type", value_name = "TYPE,…", value_delimiter = ',')]
    kinds: Vec<String>,
    /// Only what ended like this: allowed, refused
    #[arg(long, value_name = "OUTCOME,…", value_delimiter = ',')]
    outcome: Vec<String>,
}

impl Chosen {
    pub(super) fn asked(&self) -> Asked {
        Asked {
            actors: self.actor.clone(),
            subjects: self.subject.clone(),
            roles: self.role.clone(),
            permissions: self.permission.clone(),
            scopes: self.scope.clone(),
            kinds: self.kinds.clone(),
            outcomes: self.outcome.clone(),
        }
    }
}

/// Which entries, and how many.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    chosen: Chosen,
    /// From this time or position on
    #[arg(long, value_name = "TIME|POSITION")]
    from: Option<Point>,
    /// Up to this time or position, included
    #[arg(long, value_name = "TIME|POSITION")]
    to: Option<Point>,
    /// Only what comes after this position: to go on where one stopped
    #[arg(long, value_name = "POSITION", conflicts_with = "from")]
    after: Option<u64>,
    /// Everything about each entry, not only a line
    #[arg(long)]
    full: bool,
    /// How many at most; 0 for all. With --after the first ones, else the newest [default: 50 for people, all in JSON]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

const HELP: &str = "\
Several values of an option: one of them must fit. Several options: all of them must. Reading it needs the right to
read the audit log. With --format json it has an entry a line, with all that is known of it.";

impl Args {
    /// Whether everything is wanted, however much it is.
    pub(in crate::cli) fn is_unlimited(&self) -> bool {
        self.limit.is_none_or(|limit| limit == 0)
    }
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.head().await?;
    view.facts.may_replay()?;
    let organisation = session.organisation().await?;
    let engine = session.engine()?;
    let mut bounds = Bounds::new(args.from.as_ref(), args.to.as_ref(), args.after, engine.now());
    let filter = bounds.narrow(args.chosen.asked().filter(&view.facts)?);
    let limit = limit(args.limit, session, USUAL_LIMIT);
    let stretch = session.after().filter(|_| session.output().is_json() && limit == usize::MAX);
    bounds.after = bounds.after.max(stretch.unwrap_or(0));
    let until = bounds.until.min(view.facts.state.position());
    let mut entries = Entries::new(engine, &organisation, bounds.after.min(until), until, filter).await?;
    let streams = session.output().is_json() && limit == usize::MAX;
    let mut kept = Kept { first: args.after.is_some(), limit, ..Kept::default() };
    let mut sent = 0;
    while let Some(found) = entries.next().await? {
        sent += found.len();
        for (entry, _) in found {
            if streams {
                session.output().json_line(&entry)?;
            } else {
                kept.add(entry);
            }
        }
        let looked_at = entries.read_until() - bounds.after;
        if stretch.is_some() && (sent >= STRETCH.0 || looked_at >= STRETCH.1) {
            session.goes_on_after(entries.read_until());
            break;
        }
    }
    show(args, session, &kept)
}

fn show(args: &Args, session: &Session, kept: &Kept<Entry>) -> Result<Done, CliError> {
    let output = session.output();
    if output.is_json() {
        for entry in &kept.items {
            output.json_line(entry)?;
        }
        output.flush()?;
        return Ok(Done::Shown);
    }
    let mut page = output.page();
    if args.full {
        kept.items.iter().for_each(|entry| block(&mut page, entry));
        if kept.items.is_empty() {
            page.toned(Tone::Quiet, "no entries to show");
        }
    } else {
        page.table(table(kept), "no entries to show");
    }
    kept.note(&mut page, "entries");
    if let Some(last) = kept.items.back().filter(|_| kept.first && kept.left_out() > 0) {
        page.toned(Tone::Quiet, format!("go on with --after {}", last.position));
    }
    output.print(&page)?;
    Ok(Done::Shown)
}

fn table(kept: &Kept<Entry>) -> Table {
    let mut table = Table::new(["position", "time", "outcome", "actor", "what happened", "from"]).right([0]);
    for entry in &kept.items {
        let tone = if entry.refusal.is_some() { Tone::Bad } else { Tone::Plain };
        let cells = [
            format!("#{}", entry.position),
            stamp(entry.time),
            entry.outcome.as_str().to_owned(),
            entry.actor.id.clone(),
            entry.sentence.clone(),
            entry.source.clone().unwrap_or_default(),
        ];
        table.toned_row(cells.map(|cell| (tone, cell)));
    }
    table
}

/// Everything about an entry.
fn block(page: &mut Page, entry: &Entry) {
    let named = |named: &Option<Named>| named.as_ref().map(called);
    let refusal = entry.refusal.as_ref();
    page.gap();
    page.line(format!("#{}  {}  {}", entry.position, stamp(entry.time), entry.sentence));
    page.fields(&[
        ("type", Some(entry.kind.to_owned())),
        ("outcome", Some(entry.outcome.as_str().to_owned())),
        ("actor", Some(called(&entry.actor))),
        ("on behalf of", named(&entry.on_behalf_of)),
        ("key", entry.key.clone()),
        ("command", entry.command.clone()),
        ("subject", named(&entry.subject)),
        ("role", named(&entry.role)),
        ("permission", named(&entry.permission)),
        ("scope", named(&entry.scope)),
        ("before", entry.before.clone()),
        ("after", entry.after.clone()),
        ("rule", refusal.map(|refusal| refusal.rule.clone())),
        ("message", refusal.map(|refusal| refusal.message.clone())),
        ("target", refusal.map(|refusal| refusal.target.clone())),
        ("occurrence", refusal.map(|refusal| refusal.occurrence.to_string())),
        ("reason", entry.reason.clone()),
        ("source", entry.source.clone()),
        ("address", entry.address.clone()),
        ("agent", entry.agent.clone()),
        ("correlation", entry.correlation.clone()),
        ("causation", entry.causation.clone()),
    ]);
}

/// By id and name.
fn called(named: &Named) -> String {
    match &named.name {
        Some(name) => format!("{} ({name})", named.id),
        None => named.id.clone(),
    }
}

impl From<AskedError> for CliError {
    fn from(error: AskedError) -> Self {
        match error {
            AskedError::Refused(refusal) => refusal.into(),
            AskedError::Bad { field, reason } => {
                Self::Input { rule: "bad_filter", message: format!("`--{field}`: {reason}") }
            }
        }
    }
}
