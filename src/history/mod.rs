//! What a log looks like over time, for little work however long it is.
//!
//! Time is cut into equal [stretches](Spans), a few dozen of them. Where a border lies among the positions is looked up
//! by searching, since time never decreases within a log. What lies before a position never changes, so everything
//! that was found is kept, and only what has come since is looked at again.

mod search;
mod spans;

use std::collections::{BTreeMap, HashMap};

use chancery_aggregates::AccessState;
use chancery_aggregates::vocabulary::{OrganisationId, Time};
use chancery_projections::access::{Privileged, privileged};
use chrono::DateTime;
use parking_lot::Mutex;

pub(crate) use self::spans::Spans;
use crate::engine::{Engine, EngineError, Moment};
use crate::store::{Store, StoreError};

/// Organisations of which something is kept; the next one takes the place of another.
const ORGANISATIONS: usize = 256;
/// Borders, stretches and instants kept of one organisation, each; then it is begun anew.
const MOST: usize = 2_048;

/// How many events of each type, by its name.
pub(crate) type Kinds = BTreeMap<String, u64>;

/// What was found of logs.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<HashMap<OrganisationId, Known>>);

/// What was found of one log.
#[derive(Debug, Default)]
struct Known {
    /// How many events are before an instant.
    before: BTreeMap<i64, u64>,
    /// After a position, how many events there are of each type, up to another one.
    kinds: HashMap<u64, (u64, Kinds)>,
    /// Who held sensitive permissions at an instant.
    privileged: BTreeMap<i64, Privileged>,
}

/// How many events lie in each stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Density {
    pub(crate) spans: Spans,
    /// Position of the last event before each border: one more than there are stretches.
    pub(crate) positions: Vec<u64>,
}

impl Density {
    /// The number of events in each stretch.
    pub(crate) fn counts(&self) -> Vec<u64> {
        self.positions.iter().zip(self.positions.iter().skip(1)).map(|(from, to)| to.saturating_sub(*from)).collect()
    }
}

impl History {
    /// How dense events are from the first one of a state to an instant at or after its last, in at most so many stretches.
    ///
    /// # Errors
    /// The store fails, or the log is not whole.
    pub(crate) async fn density(
        &self,
        store: &dyn Store,
        state: &AccessState,
        until: Time,
        most: usize,
    ) -> Result<Density, StoreError> {
        let since = state.founded().map_or(until, |stamp| stamp.time);
        let spans = Spans::between(since, until, most);
        let (head, last) = (state.position(), state.time().unwrap_or_default().timestamp_micros());
        let borders = spans.borders();
        // Whatever is appended later is not before a border up to the last event's time.
        let settled: Vec<i64> = borders.iter().copied().filter(|border| *border <= last).collect();
        let known = self.with(state.organisation(), |known| known.before.clone());
        let unknown: Vec<i64> = settled.into_iter().filter(|border| !known.contains_key(border)).collect();
        let found = search::before(store, state.organisation().as_str(), &unknown, head).await?;
        let position = |border: &i64| match known.get(border).or_else(|| found.get(border)) {
            Some(position) => (*position).min(head),
            None => head,
        };
        let positions = borders.iter().map(position).collect();
        self.with(state.organisation(), |known| {
            if known.before.len() + found.len() > MOST {
                known.before.clear();
            }
            known.before.extend(found);
        });
        Ok(Density { spans, positions })
    }

    /// How many events of each type are after a position, up to another one.
    ///
    /// # Errors
    /// The store fails.
    pub(crate) async fn kinds(
        &self,
        store: &dyn Store,
        organisation: &OrganisationId,
        after: u64,
        until: u64,
    ) -> Result<Kinds, StoreError> {
        if after >= until {
            return Ok(Kinds::new());
        }
        let known = self.with(organisation, |known| known.kinds.get(&after).cloned());
        let (counted, mut kinds) = known.filter(|(counted, _)| *counted <= until).unwrap_or((after, Kinds::new()));
        if counted < until {
            for (kind, count) in store.kinds(organisation.as_str(), counted, until).await? {
                *kinds.entry(kind).or_default() += count;
            }
            self.with(organisation, |known| {
                if known.kinds.len() >= MOST {
                    known.kinds.clear();
                }
                // Somebody who looked at an earlier instant does not undo what was counted since.
                let longer = known.kinds.get(&after).is_none_or(|(counted, _)| *counted < until);
                if longer {
                    known.kinds.insert(after, (until, kinds.clone()));
                }
            });
        }
        Ok(kinds)
    }

    /// Who held sensitive permissions at an instant before the last event: a snapshot, a short fold and a count.
    ///
    /// # Errors
    /// The store fails.
    pub(crate) async fn privileged(
        &self,
        engine: &Engine,
        head: &AccessState,
        at: Time,
    ) -> Result<Privileged, EngineError> {
        let (organisation, instant) = (head.organisation(), at.timestamp_micros());
        if let Some(known) = self.with(organisation, |known| known.privileged.get(&instant).copied()) {
            return Ok(known);
        }
        let state = match engine.replay(organisation, Moment::Time(at)).await {
            Ok(replayed) => replayed.state,
            Err(EngineError::BeforeFounding { .. }) => return Ok(Privileged::default()),
            Err(error) => return Err(error),
        };
        let counted = privileged(&state, at);
        if head.time().is_some_and(|last| at < last) {
            self.with(organisation, |known| {
                if known.privileged.len() >= MOST {
                    known.privileged.clear();
                }
                known.privileged.insert(instant, counted);
            });
        }
        Ok(counted)
    }

    fn with<T>(&self, organisation: &OrganisationId, work: impl FnOnce(&mut Known) -> T) -> T {
        let mut all = self.0.lock();
        if all.len() >= ORGANISATIONS && !all.contains_key(organisation) {
            let other = all.keys().next().cloned();
            other.and_then(|other| all.remove(&other));
        }
        work(all.entry(organisation.clone()).or_default())
    }
}

/// An instant of the log.
pub(crate) fn instant(micros: i64) -> Time {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}
