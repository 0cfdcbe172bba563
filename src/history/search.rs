//! How many events are before an instant: looked up, since time never decreases along a log.

use std::collections::{BTreeMap, BTreeSet};

use crate::store::{Store, StoreError};

/// Positions that are asked for at a time, about: enough that a log of a million events takes seven questions.
const PROBES: u64 = 256;

/// What is known of one instant: all events up to `low` are before it, and none beyond `high` is.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    instant: i64,
    low: u64,
    high: u64,
}

/// How many of an organisation's first `head` events are before each of some instants, in microseconds since 1970.
///
/// # Errors
/// The store fails, or lacks events.
pub(super) async fn before(
    store: &dyn Store,
    organisation: &str,
    instants: &[i64],
    head: u64,
) -> Result<BTreeMap<i64, u64>, StoreError> {
    let mut bounds: Vec<Bounds> =
        instants.iter().map(|instant| Bounds { instant: *instant, low: 0, high: head }).collect();
    loop {
        let asked = probes(&bounds);
        if asked.is_empty() {
            return Ok(bounds.into_iter().map(|bounds| (bounds.instant, bounds.low)).collect());
        }
        let times = store.times(organisation, &asked).await?;
        if times.is_empty() {
            let reason = format!("events of its first {head} are missing");
            return Err(StoreError::Foreign { location: organisation.to_owned(), reason });
        }
        for bounds in &mut bounds {
            narrow(bounds, &times);
        }
    }
}

/// What to look at next: evenly spread over what is still open.
fn probes(bounds: &[Bounds]) -> Vec<u64> {
    let open: BTreeSet<(u64, u64)> =
        bounds.iter().filter(|bounds| bounds.low < bounds.high).map(|bounds| (bounds.low, bounds.high)).collect();
    let each = (PROBES / u64::try_from(open.len()).unwrap_or(u64::MAX).max(1)).max(3);
    let mut probes = BTreeSet::new();
    for (low, high) in open {
        let width = high - low;
        if width <= each {
            probes.extend(low + 1..=high);
        } else {
            // INVARIANT: a log has fewer events than would overflow this.
            probes.extend((1..=each).map(|number| low + width.saturating_mul(number) / (each + 1)));
        }
    }
    probes.remove(&0);
    probes.into_iter().collect()
}

fn narrow(bounds: &mut Bounds, times: &BTreeMap<u64, i64>) {
    if bounds.low >= bounds.high {
        return;
    }
    for (position, time) in times.range(bounds.low + 1..=bounds.high) {
        if *time < bounds.instant {
            bounds.low = bounds.low.max(*position);
        } else {
            bounds.high = bounds.high.min(position - 1);
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::store::memory::MemoryStore;
    use crate::store::{Append, NewEvent};

    async fn with_times(times: &[i64]) -> Arc<dyn Store> {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let event = |(number, time): (usize, &i64)| NewEvent {
            aggregate_type: "role".to_owned(),
            aggregate_id: "acme/one".to_owned(),
            sequence: number as u64 + 1,
            event_type: "RoleCreated".to_owned(),
            event_version: "1".to_owned(),
            payload: "{}".to_owned(),
            metadata: "{}".to_owned(),
            time: *time,
        };
        let events = times.iter().enumerate().map(event).collect();
        let append = Append { organisation: "acme".to_owned(), expected_head: 0, idempotency: None, events };
        store.append(append).await.unwrap();
        store
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn as_many_are_found_as_there_are(
            mut times in prop::collection::vec(0_i64..500, 1..2_000),
            instants in prop::collection::vec(-2_i64..502, 0..70),
        ) {
            times.sort_unstable();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let found = runtime.block_on(async {
                let store = with_times(&times).await;
                before(&*store, "acme", &instants, times.len() as u64).await.unwrap()
            });
            for instant in instants {
                let counted = times.iter().filter(|time| **time < instant).count() as u64;
                prop_assert_eq!(found[&instant], counted, "before {}", instant);
            }
        }
    }

    #[tokio::test]
    async fn a_log_that_lacks_events_is_told_of() {
        let store = with_times(&[1, 2, 3]).await;
        let error = before(&*store, "nobody", &[2], 3).await.unwrap_err();
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    }
}
