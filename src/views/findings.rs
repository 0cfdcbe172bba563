//! What findings need of the log.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use chancery_aggregates::vocabulary::{Actor, OrganisationId};
use chancery_projections::activity::Entry;
use chancery_projections::findings::{Finding, LastActed};

use super::log::read;
use crate::engine::{Engine, EngineError};

/// When each member last gave a command, up to a position.
pub(crate) async fn last_acted(
    engine: &Engine,
    organisation: &OrganisationId,
    until: u64,
) -> Result<LastActed, EngineError> {
    read(engine, organisation, 0, until, LastActed::new(), |last, recorded| {
        if let Ok(Actor::Member(id)) = Actor::parse(&recorded.metadata.actor) {
            last.insert(id.to_string(), recorded.stamp.time);
        }
        ControlFlow::Continue(())
    })
    .await
}

/// The events that findings cite, in words, in order.
pub(crate) async fn cited(
    engine: &Engine,
    organisation: &OrganisationId,
    until: u64,
    found: &[Finding],
) -> Result<Vec<Entry>, EngineError> {
    let evidence = found.iter().flat_map(|finding| &finding.evidence);
    let wanted: BTreeSet<u64> = evidence.filter_map(|evidence| evidence.position).collect();
    let Some(last) = wanted.last().copied() else { return Ok(Vec::new()) };
    let start = (engine.narrator(organisation), Vec::new());
    let (_, entries) = read(engine, organisation, 0, until.min(last), start, move |(narrator, entries), recorded| {
        narrator.pass(&recorded);
        if wanted.contains(&recorded.stamp.position) {
            entries.push(narrator.entry(&recorded));
        }
        ControlFlow::Continue(())
    })
    .await?;
    Ok(entries)
}
