//! `events`: the log as it is.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::OrganisationId;
use chancery_projections::audit::Filter;

use super::options::Point;
use super::output::{Page, Table, Tone, stamp};
use super::time::Edge;
use super::{CliError, Done, Session};
use crate::engine::{Engine, Moment};
use crate::store::Visit;
use crate::views::log::{self, Wanted, event_json, stream};

/// Events that a page shows when it is not told how many.
const USUAL_LIMIT: usize = 100;

/// Events that are sent at a time to whoever lists the log of a service.
const STRETCH: usize = 5_000;

/// Which events.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// From this time or position on
    #[arg(long, value_name = "TIME|POSITION")]
    from: Option<Point>,
    /// Up to this time or position, included
    #[arg(long, value_name = "TIME|POSITION")]
    to: Option<Point>,
    /// Only what comes after this position: to go on where one stopped
    #[arg(long, value_name = "POSITION", conflicts_with = "from")]
    after: Option<u64>,
    /// Only events of these types, such as RoleAssigned
    #[arg(long = "type", value_name = "TYPE,…", value_delimiter = ',')]
    kinds: Vec<String>,
    /// Only what this member did; also @system and @operator
    #[arg(long, value_name = "MEMBER")]
    by: Option<String>,
    /// Only events of this stream: organisation, role/ID, member/ID or scope/ID
    #[arg(long, value_name = "STREAM")]
    stream: Option<String>,
    /// How many at most; 0 for all. With --after the first ones, else the newest
    /// [default: 100 in a table, all in JSON]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

impl Args {
    /// Whether everything is wanted, however much it is.
    pub(super) fn is_unlimited(&self) -> bool {
        self.limit.is_none_or(|limit| limit == 0)
    }
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.head().await?;
    view.facts.may_replay()?;
    let organisation = session.organisation().await?;
    let now = session.engine()?.now();
    let mut bounds = Bounds::new(args.from.as_ref(), args.to.as_ref(), args.after, now);
    let wanted = Wanted { kinds: args.kinds.clone(), actor: args.by.clone(), stream: args.stream.clone() };
    let limit = limit(args.limit, session, USUAL_LIMIT);
    let stretch = session.after().filter(|_| session.output().is_json() && limit == usize::MAX);
    let limit = if let Some(after) = stretch {
        bounds.after = bounds.after.max(after);
        STRETCH
    } else {
        limit
    };
    let kept = Kept { first: args.after.or(stretch).is_some(), limit, ..Kept::default() };
    let kept = read(session, &organisation, bounds.after, bounds.until, kept, move |kept, recorded| {
        if bounds.is_past(&recorded) {
            return ControlFlow::Break(());
        }
        if bounds.has(&recorded) && wanted.has(&recorded) {
            kept.add(recorded);
        }
        if stretch.is_some() && kept.left_out() > 0 {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })
    .await?;
    if let Some(last) = kept.items.back().filter(|_| stretch.is_some() && kept.left_out() > 0) {
        session.goes_on_after(last.stamp.position);
    }
    if session.output().is_json() {
        for recorded in &kept.items {
            session.output().json_line(&event_json(&organisation, recorded))?;
        }
        session.output().flush()?;
    } else {
        let mut page = session.output().page();
        show(&mut page, &kept);
        session.output().print(&page)?;
    }
    Ok(Done::Shown)
}

fn show(page: &mut Page, kept: &Kept<Recorded>) {
    let mut table = Table::new(["position", "time", "type", "stream", "actor", "reason"]).right([0]);
    for recorded in &kept.items {
        let metadata = &recorded.metadata;
        table.row([
            format!("#{}", recorded.stamp.position),
            stamp(recorded.stamp.time),
            recorded.event.name().to_owned(),
            stream(&recorded.event),
            metadata.actor.clone(),
            metadata.reason.clone().unwrap_or_default(),
        ]);
    }
    page.table(table, "no events to show");
    kept.note(page, "events");
    if let Some(last) = kept.items.back().filter(|_| kept.first && kept.left_out() > 0) {
        page.toned(Tone::Quiet, format!("go on with --after {}", last.stamp.position));
    }
}

/// A stretch of the log, by positions and by times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Exclusive.
    pub(super) after: u64,
    /// Inclusive.
    pub(super) until: u64,
    since: Option<chancery_aggregates::vocabulary::Time>,
    last: Option<chancery_aggregates::vocabulary::Time>,
}

impl Bounds {
    /// Both ends belong to it; `after` does not.
    pub(super) fn new(
        from: Option<&Point>,
        to: Option<&Point>,
        after: Option<u64>,
        now: chancery_aggregates::vocabulary::Time,
    ) -> Self {
        let mut bounds = Self { after: after.unwrap_or(0), until: u64::MAX, since: None, last: None };
        match from.map(|from| from.moment(Edge::Start, now)) {
            Some(Moment::Position(position)) => bounds.after = bounds.after.max(position.saturating_sub(1)),
            Some(Moment::Time(time)) => bounds.since = Some(time),
            Some(Moment::Now) => bounds.since = Some(now),
            None => {}
        }
        match to.map(|to| to.moment(Edge::Included, now)) {
            Some(Moment::Position(position)) => bounds.until = position,
            Some(Moment::Time(time)) => bounds.last = Some(time),
            Some(Moment::Now) | None => {}
        }
        bounds
    }

    /// The same by positions alone, of a log with this head.
    pub(super) async fn positions(
        &self,
        engine: &Engine,
        organisation: &OrganisationId,
        head: u64,
    ) -> Result<(u64, u64), CliError> {
        let (mut after, mut until) = (self.after, self.until.min(head));
        if let Some(since) = self.since {
            after = after.max(log::last_before(engine, organisation, since).await?);
        }
        if let Some(last) = self.last {
            until = until.min(log::last_until(engine, organisation, last).await?);
        }
        Ok((after, until))
    }

    /// A filter of the audit log with the times of this stretch.
    pub(super) fn narrow(&self, filter: Filter) -> Filter {
        Filter { since: self.since, until: self.last, ..filter }
    }

    /// Whether the event, and so every later one, is after the stretch.
    pub(super) fn is_past(&self, recorded: &Recorded) -> bool {
        recorded.stamp.position > self.until || self.last.is_some_and(|last| recorded.stamp.time > last)
    }

    /// Whether the event belongs to the stretch.
    pub(super) fn has(&self, recorded: &Recorded) -> bool {
        recorded.stamp.position > self.after
            && self.since.is_none_or(|since| since <= recorded.stamp.time)
            && !self.is_past(recorded)
    }
}

/// How many a listing shows at most: as it was told, else the usual number for people and all for programs.
pub(super) fn limit(told: Option<usize>, session: &Session, usual: usize) -> usize {
    match told {
        Some(0) => usize::MAX,
        Some(limit) => limit,
        None if session.output().is_json() => usize::MAX,
        None => usual,
    }
}

/// The first or the newest of what comes along, and how many there were.
#[derive(Debug)]
pub(super) struct Kept<T> {
    pub(super) items: VecDeque<T>,
    pub(super) seen: usize,
    pub(super) limit: usize,
    /// Keep the first ones rather than the newest.
    pub(super) first: bool,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), seen: 0, limit: usize::MAX, first: false }
    }
}

impl<T> Kept<T> {
    pub(super) fn add(&mut self, item: T) {
        self.seen += 1;
        if self.items.len() == self.limit {
            if self.first {
                return;
            }
            self.items.pop_front();
        }
        self.items.push_back(item);
    }

    pub(super) fn left_out(&self) -> usize {
        self.seen - self.items.len()
    }

    /// Says what is not shown, and how to see it.
    pub(super) fn note(&self, page: &mut Page, things: &str) {
        let (shown, seen) = (self.items.len(), self.seen);
        if self.left_out() > 0 {
            let which = if self.first { "first" } else { "newest" };
            page.gap();
            page.toned(Tone::Warning, format!("the {which} {shown} of {seen} {things}; all of them with --limit 0"));
        }
    }
}

/// Reads a stretch of the log, with something that grows on the way.
pub(super) async fn read<T: Send + Default + 'static>(
    session: &Session,
    organisation: &OrganisationId,
    after: u64,
    until: u64,
    start: T,
    visit: impl FnMut(&mut T, Recorded) -> Visit + Send + 'static,
) -> Result<T, CliError> {
    Ok(log::read(session.engine()?, organisation, after, until, start, visit).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_or_the_first_are_kept_and_all_are_counted() {
        let keep = |first| {
            let mut kept = Kept { limit: 2, first, ..Kept::default() };
            (1..=5).for_each(|number| kept.add(number));
            (Vec::from(kept.items.clone()), kept.left_out())
        };
        assert_eq!(keep(false), (vec![4, 5], 3));
        assert_eq!(keep(true), (vec![1, 2], 3));
    }
}
