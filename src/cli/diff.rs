//! `diff`: what changed in effective permissions between two instants, and why.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chancery_aggregates::Facts;
use chancery_projections::activity::Entry;
use chancery_projections::diff::{Cause, ChangeKind, Diff, End, Filter, Line, diff};
use chancery_projections::words;

use super::events::read;
use super::options::Point;
use super::output::{Page, Tone, stamp};
use super::time::Edge;
use super::{CliError, Done, Session, resolve};
use crate::engine::Moment;

/// Permissions of a line that a page names before it counts the rest.
pub(super) const NAMED: usize = 6;

/// Between which instants, and of whom.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The earlier end: a time, or a position of the log
    #[arg(long, value_name = "TIME|POSITION")]
    from: Point,
    /// The later end [default: now]
    #[arg(long, value_name = "TIME|POSITION")]
    to: Option<Point>,
    /// Only this member
    #[arg(long, value_name = "MEMBER")]
    member: Option<String>,
    /// Only members who hold this role at either end
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Only in this scope and what stands below it
    #[arg(long, value_name = "SCOPE")]
    on: Option<String>,
    /// Every single permission, with its key
    #[arg(long)]
    permissions: bool,
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    session.head().await?.facts.may_replay()?;
    let now = session.engine()?.now();
    let from = session.view_of(args.from.moment(Edge::Start, now)).await?.facts;
    let to = args.to.as_ref().map_or(Moment::Now, |to| to.moment(Edge::Included, now));
    let to = session.view_of(to).await?.facts;
    if (from.state.position(), from.now) > (to.state.position(), to.now) || from.now > to.now {
        let message = "the end of `--from` comes after the end of `--to`".to_owned();
        return Err(CliError::Input { rule: "ends_reversed", message });
    }
    let filter = filter(args, &from, &to)?;
    let organisation = session.organisation().await?;
    let (after, until) = (from.state.position(), to.state.position());
    let events = read(session, &organisation, after, until, Vec::new(), |events, recorded| {
        events.push(recorded);
        ControlFlow::Continue(())
    })
    .await?;
    let diff = diff(&from.state, from.now, &events, to.now, &filter);
    session.output().show(&diff, |page| Shown { diff: &diff, every: args.permissions }.show(page))?;
    Ok(Done::Shown)
}

/// What is filtered by may be gone at the later end, or not be there at the earlier one.
fn filter(args: &Args, from: &Facts, to: &Facts) -> Result<Filter, CliError> {
    let (earlier, later) = (from.reader()?, to.reader()?);
    let member = args.member.as_ref().map(|id| later.member(id).map(|_| id.clone())).transpose()?;
    let scope = args.on.as_ref().map(|id| later.scope(id).map(|_| id.clone())).transpose()?;
    let role = args.role.as_ref().map(|text| {
        let found = resolve::role(&later, text);
        found.or_else(|refusal| resolve::role(&earlier, text).map_err(|_| refusal)).map(|(_, role)| role.id.to_string())
    });
    Ok(Filter { member, scope, role: role.transpose()? })
}

struct Shown<'a> {
    diff: &'a Diff,
    every: bool,
}

impl Shown<'_> {
    fn show(&self, page: &mut Page) {
        let Diff { from, to, lines, .. } = self.diff;
        let events: BTreeMap<u64, &Entry> = self.diff.events.iter().map(|entry| (entry.position, entry)).collect();
        let created = |line: &Line| line.places.only_new && line.causes.iter().all(|cause| is_creation(cause, &events));
        let (new, changed): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| created(line));
        let end = |end: &End| format!("{} (#{})", words::instant(end.at), end.position);
        page.toned(Tone::Quiet, format!("from {} to {}", end(from), end(to)));
        if lines.is_empty() {
            page.line("no effective permission changed");
        }
        let mut member = None;
        for line in changed {
            if member != Some(&line.member.id) {
                member = Some(&line.member.id);
                page.gap();
                page.spans(&[
                    (Tone::Strong, &line.member.to_string()),
                    (Tone::Quiet, &format!("  {}", line.member.id)),
                ]);
            }
            self.show_line(page, line, &events);
        }
        self.show_new(page, &new, &events);
    }

    fn show_line(&self, page: &mut Page, line: &Line, events: &BTreeMap<u64, &Entry>) {
        for (kind, number) in line.counts() {
            let (sign, tone, how) = words_for(kind);
            let keys: Vec<&str> = line
                .changes
                .iter()
                .filter(|change| change.kind == kind)
                .map(|change| change.permission.id.as_str())
                .collect();
            let named = if self.every { words::list(&keys) } else { words::list_up_to(&keys, NAMED) };
            let permissions = words::count(number, "permission");
            page.spans(&[
                (tone, &format!("  {sign} {permissions}{how}")),
                (Tone::Plain, &format!(" in {}: {named}", line.places.summary)),
            ]);
        }
        for cause in &line.causes {
            match cause {
                Cause::Event { position } => tell(page, events, *position, ""),
                Cause::Time { at, turned } => {
                    let turned: Vec<String> = turned.iter().map(ToString::to_string).collect();
                    let told = format!("      time  {}  {}", stamp(*at), words::list(&turned));
                    page.toned(Tone::Quiet, told);
                }
            }
        }
        for position in &line.rests_on {
            tell(page, events, *position, "resting on: ");
        }
    }

    /// Scopes that were created, with those who reach them: what they hold there they held above before.
    fn show_new(&self, page: &mut Page, lines: &[&Line], events: &BTreeMap<u64, &Entry>) {
        let mut scopes: Vec<(&str, Vec<&Line>)> = Vec::new();
        for line in lines {
            let summary = line.places.summary.as_str();
            match scopes.iter_mut().find(|(known, _)| *known == summary) {
                Some((_, lines)) => lines.push(line),
                None => scopes.push((summary, vec![line])),
            }
        }
        for (summary, lines) in scopes {
            page.gap();
            page.toned(Tone::Strong, summary);
            let permissions = |line: &Line| words::count(line.changes.len(), "permission");
            let reached: Vec<String> =
                lines.iter().map(|line| format!("{} ({})", line.member, permissions(line))).collect();
            page.spans(&[
                (Tone::Good, "  + from the start"),
                (Tone::Plain, &format!(" for {}", words::list(&reached))),
            ]);
            let mut positions: Vec<u64> = lines.iter().flat_map(|line| line.cites()).collect();
            positions.sort_unstable();
            positions.dedup();
            for position in positions {
                tell(page, events, position, "");
            }
        }
    }
}

fn is_creation(cause: &Cause, events: &BTreeMap<u64, &Entry>) -> bool {
    match cause {
        Cause::Event { position } => events.get(position).is_some_and(|entry| entry.kind == "ScopeCreated"),
        Cause::Time { .. } => false,
    }
}

fn tell(page: &mut Page, events: &BTreeMap<u64, &Entry>, position: u64, before: &str) {
    match events.get(&position) {
        Some(entry) => page.spans(&[
            (Tone::Quiet, &format!("      #{position}  {}  {before}", stamp(entry.time))),
            (Tone::Plain, &entry.sentence),
        ]),
        None => page.toned(Tone::Quiet, format!("      #{position}  {before}before the first end")),
    }
}

pub(super) fn words_for(kind: ChangeKind) -> (char, Tone, &'static str) {
    match kind {
        ChangeKind::Gained => ('+', Tone::Good, " gained"),
        ChangeKind::GainedOwn => ('+', Tone::Good, " gained for own things only"),
        ChangeKind::Widened => ('+', Tone::Good, " widened from own things to all"),
        ChangeKind::Narrowed => ('-', Tone::Bad, " narrowed to own things only"),
        ChangeKind::Lost => ('-', Tone::Bad, " lost"),
    }
}
