//! Telling single events of a long log, with the names that things had then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::{OrganisationId, Time};
use chancery_projections::activity::{Entry, Narrator};
use chancery_projections::threads::{Thread, Threads};
use chancery_projections::timeline;
use parking_lot::Mutex;

use super::replay::{Folded, fold_until, read};
use super::{Engine, EngineError};
use crate::interop::aggregate_id;
use crate::store::{EventRow, Range, Visit};

/// Events that are folded sooner than a snapshot is looked for.
const NEAR: u64 = 500;

impl Engine {
    /// The events at these positions, told. Each is reached from the nearest snapshot, or from the one told before.
    pub(crate) async fn tell(
        &self,
        organisation: &OrganisationId,
        positions: &BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, Entry>, EngineError> {
        let mut entries = BTreeMap::new();
        let mut folded = Folded::default();
        for position in positions {
            let before = position.saturating_sub(1);
            folded = self.bring_to(organisation, folded, before).await?;
            let told = Arc::new(Mutex::new((Narrator::new(std::mem::take(&mut folded.state)), None)));
            let sink = told.clone();
            let visit = move |recorded: Recorded| {
                let (narrator, entry) = &mut *sink.lock();
                *entry = Some(narrator.tell(&recorded));
                Visit::Continue(())
            };
            self.events(organisation, before, *position, visit).await?;
            let (narrator, entry) = std::mem::take(&mut *told.lock());
            folded.state = narrator.into_state();
            entries.extend(entry.map(|entry| (*position, entry)));
        }
        Ok(entries)
    }

    /// The organisation after the event at a position, from a state before it.
    async fn bring_to(
        &self,
        organisation: &OrganisationId,
        mut folded: Folded,
        position: u64,
    ) -> Result<Folded, EngineError> {
        let at = folded.state.position();
        if at > 0 && position - at > NEAR {
            let nearest = self.snapshots.newest(organisation, position, Time::MAX_UTC).await;
            if nearest.position() > at {
                folded = Folded::from_snapshot(nearest);
            }
        }
        if position == folded.state.position() && position > 0 {
            return Ok(folded);
        }
        fold_until(self, organisation, folded, position, Time::MAX_UTC).await
    }

    /// The events up to a position on which the answer about a subject depends, in order.
    pub(crate) async fn threads(
        &self,
        organisation: &OrganisationId,
        subject: &timeline::Subject,
        until: u64,
    ) -> Result<Vec<Recorded>, EngineError> {
        let shared = Arc::new(Mutex::new((Threads::of(subject), Vec::new(), None)));
        loop {
            let Some(thread) = shared.lock().0.next_unread() else { break };
            let sink = shared.clone();
            let visitor = move |row: EventRow<'_>| {
                if row.position > until {
                    return Visit::Break(());
                }
                let (threads, chosen, failure) = &mut *sink.lock();
                match read(row) {
                    Ok(recorded) if threads.follow(&recorded.event) => chosen.push(recorded),
                    Ok(_) => {}
                    Err(error) => {
                        *failure = Some(error);
                        return Visit::Break(());
                    }
                }
                Visit::Continue(())
            };
            self.store.scan(stream(organisation, &thread), Box::new(visitor)).await?;
            if let Some(failure) = shared.lock().2.take() {
                return Err(failure);
            }
        }
        let mut chosen = std::mem::take(&mut shared.lock().1);
        chosen.sort_unstable_by_key(|recorded: &Recorded| recorded.stamp.position);
        Ok(chosen)
    }
}

fn stream(organisation: &OrganisationId, thread: &Thread) -> Range {
    let (aggregate_type, id) = match thread {
        Thread::Organisation => ("organisation", ""),
        Thread::Role(id) => ("role", id.as_str()),
        Thread::Member(id) => ("member", id.as_str()),
        Thread::Scope(id) => ("scope", id.as_str()),
    };
    let aggregate_id = aggregate_id(organisation.as_str(), id);
    Range::Stream { aggregate_type: aggregate_type.to_owned(), aggregate_id }
}
