//! Reading the log backwards: the newest entries that somebody wants, without reading all that is before them.

use std::sync::Arc;

use chancery_aggregates::AccessState;
use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::OrganisationId;
use chancery_projections::activity::{Entry, Filter};

use super::log::events;
use super::sight::Sight;
use crate::engine::{Engine, EngineError, Moment};

/// Events that are looked at for one page at most; the page ends there, and the next one goes on.
pub(crate) const LOOKED_AT: u64 = 20_000;

/// Events of the first stretch; the next ones are longer, up to [`LONGEST`].
const FIRST: u64 = 256;
const LONGEST: u64 = 4_096;
/// Events of a stretch where all items are wanted: each begins with a replay.
const ALL: u64 = 65_536;

/// What was found, newest first.
#[derive(Debug)]
pub(crate) struct Found<T> {
    pub(crate) items: Vec<T>,
    /// Before which position to go on; none at the beginning of the range.
    pub(crate) next: Option<u64>,
}

/// Which part of a log, and how much of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Nothing up to this position.
    pub(crate) after: u64,
    /// Nothing beyond this one.
    pub(crate) until: u64,
    /// The most items; all where it is [`usize::MAX`].
    pub(crate) most: usize,
    /// About how many events are looked at, at most.
    pub(crate) looked_at: u64,
}

/// The last items of a part of the log. `wanted` picks events; `tell` is told the state that an event led to, and may
/// still pass it over.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn backward<T: Send>(
    engine: &Engine,
    organisation: &OrganisationId,
    part: Part,
    wanted: impl Fn(&Recorded) -> bool + Send + Sync + 'static,
    tell: impl Fn(&AccessState, &Recorded) -> Option<T>,
) -> Result<Found<T>, EngineError> {
    let wanted = Arc::new(wanted);
    let (first, longest) = if part.most == usize::MAX { (ALL, ALL) } else { (FIRST, LONGEST) };
    let (mut items, mut end, mut stretch) = (Vec::new(), part.until, first);
    while end > part.after && items.len() <= part.most && part.until - end < part.looked_at {
        let start = end.saturating_sub(stretch).max(part.after);
        let events = events(engine, organisation, start, end).await?;
        let mut told = told(engine, organisation, &events, &*wanted, &tell).await?;
        told.reverse();
        items.extend(told);
        (end, stretch) = (start, (stretch * 4).min(longest));
    }
    let next = match items.get(part.most) {
        Some(_) => items.get(part.most.saturating_sub(1)).map(|(position, _)| *position),
        None => (end > part.after).then_some(end + 1),
    };
    items.truncate(part.most);
    Ok(Found { items: items.into_iter().map(|(_, item)| item).collect(), next })
}

/// The last entries of a part of the log that a filter takes, newest first, as far as the reader may read them.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn activity(
    engine: &Engine,
    organisation: &OrganisationId,
    part: Part,
    filter: Filter,
    sight: &Sight,
) -> Result<Found<Entry>, EngineError> {
    let words = filter.clone();
    let wanted = move |recorded: &Recorded| filter.may_take(recorded);
    let tell = |state: &AccessState, recorded: &Recorded| {
        let entry = Entry::of(state, recorded);
        (sight.has(&entry) && words.matches(&entry)).then_some(entry)
    };
    backward(engine, organisation, part, wanted, tell).await
}

/// What is told of events that follow each other, with their positions. Names are those of then, so the state is
/// folded, but only from before the first event that is wanted to the last.
async fn told<T>(
    engine: &Engine,
    organisation: &OrganisationId,
    events: &[Recorded],
    wanted: &(impl Fn(&Recorded) -> bool + ?Sized),
    tell: &impl Fn(&AccessState, &Recorded) -> Option<T>,
) -> Result<Vec<(u64, T)>, EngineError> {
    let picked: Vec<bool> = events.iter().map(wanted).collect();
    let (Some(first), Some(last)) = (picked.iter().position(|one| *one), picked.iter().rposition(|one| *one)) else {
        return Ok(Vec::new());
    };
    let needed: Vec<(&Recorded, bool)> = events.iter().zip(picked).take(last + 1).skip(first).collect();
    let before = needed.first().map_or(0, |(recorded, _)| recorded.stamp.position - 1);
    let mut state = match before {
        0 => engine.revealed(organisation, AccessState::default()),
        before => engine.replay(organisation, Moment::Position(before)).await?.state.as_ref().clone(),
    };
    let mut told = Vec::new();
    for (recorded, wanted) in needed {
        state.apply(&recorded.event, recorded.stamp);
        if wanted {
            told.extend(tell(&state, recorded).map(|item| (recorded.stamp.position, item)));
        }
    }
    Ok(told)
}
