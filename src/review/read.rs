//! What is read of a review, and of the access that it is about.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use chancery_aggregates::Facts;
use chancery_aggregates::review::Stage;
use chancery_aggregates::state::ReviewEntry;
use chancery_aggregates::vocabulary::OrganisationId;
use chancery_projections::review::{Deed, Record, RecordLine, Recorder};

use crate::engine::{Engine, EngineError, Moment, Outcome};
use crate::views::log;

/// Events that are read one by one, before reading the log through costs less.
const ONE_BY_ONE: usize = 200;

/// All about a review: from the access that it reviews to its end, or to now.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn record(engine: &Engine, facts: &Facts, entry: &ReviewEntry) -> Result<Record, EngineError> {
    let organisation = facts.state.organisation();
    let frozen = entry.review.frozen.position;
    let replayed = engine.replay(organisation, Moment::Position(frozen)).await?;
    let recorder = Recorder::new(entry.id.clone(), &entry.review.about, replayed.state.as_ref().clone());
    let until = entry.closed.map_or(facts.state.position(), |closed| closed.position);
    let recorder = log::read(engine, organisation, frozen, until, recorder, |recorder: &mut Recorder, recorded| {
        recorder.take(&recorded);
        ControlFlow::Continue(())
    })
    .await?;
    Ok(recorder.finish(facts.now))
}

/// The organisation as an earlier request found it, for who asks again and is to be answered the same.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn then(engine: &Engine, now: &Facts, earlier: &Outcome) -> Result<Facts, EngineError> {
    let organisation = now.state.organisation();
    let before = engine.replay(organisation, Moment::Position(earlier.since)).await?;
    // Windows were judged as its first event came.
    let first = engine.replay(organisation, Moment::Position(earlier.since + 1)).await?;
    Ok(Facts { state: before.state.as_ref().clone(), actor: now.actor.clone(), now: first.at })
}

/// The lines that the reader may look at: of an open review as the state has them, of one that is over with all that
/// is known of them.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn lines(engine: &Engine, facts: &Facts, entry: &ReviewEntry) -> Result<Vec<RecordLine>, EngineError> {
    let review = &entry.review;
    let mut lines = if review.stage == Stage::Open {
        let frozen = review.frozen.position;
        let line = |reviewed: &_| RecordLine::of(&facts.state, reviewed, frozen, facts.now);
        review.lines.iter().map(|reviewed| line(reviewed.as_ref())).collect()
    } else {
        record(engine, facts, entry).await?.lines
    };
    let sees_all = facts.may_review().is_ok();
    lines.retain(|line| sees_all || review.shows_line(&line.line, facts));
    Ok(lines)
}

/// Who gave the access on some lines, when and why, by the position of the event.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn given<'a>(
    engine: &Engine,
    organisation: &OrganisationId,
    lines: impl IntoIterator<Item = &'a RecordLine>,
) -> Result<BTreeMap<u64, Deed>, EngineError> {
    let wanted: BTreeSet<u64> = lines.into_iter().map(|line| line.line.since).collect();
    let (Some(first), Some(last)) = (wanted.first().copied(), wanted.last().copied()) else {
        return Ok(BTreeMap::new());
    };
    let stretches: Vec<(u64, u64)> = if wanted.len() <= ONE_BY_ONE {
        wanted.iter().map(|position| (position.saturating_sub(1), *position)).collect()
    } else {
        vec![(first.saturating_sub(1), last)]
    };
    let mut found = BTreeMap::new();
    for (after, until) in stretches {
        let wanted = wanted.clone();
        found =
            log::read(engine, organisation, after, until, found, move |found: &mut BTreeMap<u64, Deed>, recorded| {
                if wanted.contains(&recorded.stamp.position) {
                    found.insert(recorded.stamp.position, Deed::of(&recorded));
                }
                ControlFlow::Continue(())
            })
            .await?;
    }
    Ok(found)
}
