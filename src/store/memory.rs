//! A store in memory: the contract at its simplest, for tests and for trying things out.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::RwLock;

use super::keys::KeyStore;
use super::memory_keys::MemoryKeys;
use super::{
    AdoptedKey, Adoption, Append, Appended, Bound, EventRow, HashedVisitor, Head, Idempotency, KeyUse, NewEvent, Range,
    RowHashes, Snapshot, Store, StoreError, StoredCheckpoint, Visit, Visitor, adopt::Tip, notify::News, validate,
};
use crate::log::Frontier;
use crate::log::line::Line;

/// A log that is gone when the process ends.
#[derive(Debug, Default)]
pub struct MemoryStore {
    log: RwLock<Log>,
    news: News,
    personal: Arc<MemoryKeys>,
}

#[derive(Debug, Default)]
struct Log {
    closed: bool,
    /// All events in global order: the one at index `n` has global position `n + 1`.
    events: Vec<Arc<Stored>>,
    organisations: BTreeMap<String, Organisation>,
    /// Streams by type and id, events by sequence.
    streams: HashMap<(String, String), BTreeMap<u64, Arc<Stored>>>,
    /// By organisation and key.
    key_uses: BTreeMap<(String, String), i64>,
}

#[derive(Debug, Default)]
struct Organisation {
    /// The event at index `n` has position `n + 1`.
    events: Vec<Arc<Stored>>,
    requests: HashMap<String, (String, Appended)>,
    /// By layout and position.
    snapshots: BTreeMap<(u32, u64), Snapshot>,
    frontier: Frontier,
    /// By size and verifier.
    checkpoints: BTreeMap<(u64, String), StoredCheckpoint>,
}

#[derive(Debug)]
struct Stored {
    organisation: String,
    position: u64,
    global_position: u64,
    event: NewEvent,
    hashes: Vec<u8>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The rows of a range now. The visitor runs without the lock: it may call the store itself.
    fn select(&self, range: &Range) -> Result<Vec<Arc<Stored>>, StoreError> {
        let log = self.log.read();
        log.refuse_if_closed()?;
        Ok(match range {
            Range::Organisation { organisation, after, until } => match log.organisations.get(organisation) {
                Some(own) => between(&own.events, *after, *until),
                None => Vec::new(),
            },
            Range::Stream { aggregate_type, aggregate_id } => log
                .streams
                .get(&(aggregate_type.clone(), aggregate_id.clone()))
                .map(|stream| stream.values().cloned().collect())
                .unwrap_or_default(),
            Range::Store { after } => between(&log.events, *after, u64::MAX),
        })
    }
}

impl Log {
    fn refuse_if_closed(&self) -> Result<(), StoreError> {
        if self.closed { Err(StoreError::Closed) } else { Ok(()) }
    }

    fn append(&mut self, request: Append) -> Result<Appended, StoreError> {
        self.check(&request)?;
        let first_position = request.expected_head + 1;
        for event in request.events {
            self.push(&request.organisation, event);
        }
        let own = self.organisations.entry(request.organisation).or_default();
        let appended = Appended {
            first_position,
            last_position: own.head(),
            last_global_position: count(&self.events),
            repeated: false,
        };
        if let Some(Idempotency { key, fingerprint }) = request.idempotency {
            own.requests.insert(key, (fingerprint, appended));
        }
        Ok(appended)
    }

    fn push(&mut self, organisation: &str, event: NewEvent) {
        let own = self.organisations.entry(organisation.to_owned()).or_default();
        let position = own.head() + 1;
        let hashes = own.frontier.push(Line::default().hash_at(organisation, position, &event));
        let global_position = count(&self.events) + 1;
        let stored =
            Arc::new(Stored { organisation: organisation.to_owned(), position, global_position, event, hashes });
        let stream = (stored.event.aggregate_type.clone(), stored.event.aggregate_id.clone());
        self.streams.entry(stream).or_default().insert(stored.event.sequence, Arc::clone(&stored));
        own.events.push(Arc::clone(&stored));
        self.events.push(stored);
    }

    fn adopt(&mut self, adoption: Adoption) -> Result<u64, StoreError> {
        let tips = self.organisations.iter().filter_map(head_of);
        let mut tips =
            tips.map(|Head { organisation, position, time }| (organisation, Tip { position, time })).collect();
        adoption.check(count(&self.events), &mut tips)?;
        self.check_sequences(adoption.events.iter().map(|adopted| &adopted.event))?;
        let mut keys = Vec::new();
        for key in adoption.keys {
            if tips.get(&key.organisation).is_none_or(|tip| tip.position < key.last_position) {
                return Err(AdoptedKey::without_events());
            }
            let own = self.organisations.get(&key.organisation);
            match own.and_then(|own| own.requests.get(&key.key)) {
                None => keys.push(key),
                Some((fingerprint, appended)) if key.did(fingerprint, appended) => {}
                Some(_) => return Err(StoreError::KeyReused { key: key.key }),
            }
        }
        for adopted in adoption.events {
            self.push(&adopted.organisation, adopted.event);
        }
        for AdoptedKey { organisation, key, fingerprint, first_position, last_position } in keys {
            let own = self.organisations.entry(organisation).or_default();
            let index = usize::try_from(last_position - 1).unwrap_or(usize::MAX);
            let last_global_position = own.events.get(index).map_or(0, |event| event.global_position);
            let appended = Appended { first_position, last_position, last_global_position, repeated: false };
            own.requests.insert(key, (fingerprint, appended));
        }
        Ok(count(&self.events))
    }

    /// Refuses what [`append`](Self::append) must not begin.
    fn check(&self, request: &Append) -> Result<(), StoreError> {
        let own = self.organisations.get(&request.organisation);
        let head = own.map_or(0, Organisation::head);
        if head != request.expected_head {
            let organisation = request.organisation.clone();
            return Err(StoreError::Conflict { organisation, expected: request.expected_head, head });
        }
        if let (Some(last), Some(first)) = (own.and_then(|own| own.events.last()), request.events.first()) {
            validate::not_before(last.event.time, first.time)?;
        }
        self.check_sequences(&request.events)
    }

    fn check_sequences<'a>(&self, events: impl IntoIterator<Item = &'a NewEvent>) -> Result<(), StoreError> {
        let mut taken = std::collections::HashSet::new();
        for event in events {
            let stream = (event.aggregate_type.clone(), event.aggregate_id.clone());
            let stored = self.streams.get(&stream).is_some_and(|stream| stream.contains_key(&event.sequence));
            if stored || !taken.insert((stream, event.sequence)) {
                let aggregate_id = event.aggregate_id.clone();
                return Err(StoreError::SequenceTaken { aggregate_id, sequence: event.sequence });
            }
        }
        Ok(())
    }

    fn earlier(&self, organisation: &str, idempotency: &Idempotency) -> Result<Option<Appended>, StoreError> {
        let request = self.organisations.get(organisation).and_then(|own| own.requests.get(&idempotency.key));
        match request {
            None => Ok(None),
            Some((fingerprint, appended)) if idempotency.is_same(fingerprint) => {
                Ok(Some(Appended { repeated: true, ..*appended }))
            }
            Some(_) => Err(StoreError::KeyReused { key: idempotency.key.clone() }),
        }
    }
}

impl Organisation {
    fn head(&self) -> u64 {
        count(&self.events)
    }

    fn snapshot(&self, layout: u32, bound: Bound) -> Option<&Snapshot> {
        let within = |snapshot: &Snapshot| match bound {
            Bound::Position(position) => snapshot.position <= position,
            Bound::Time(time) => snapshot.time <= time,
        };
        let ours = |snapshot: &Snapshot| {
            let index = usize::try_from(snapshot.position).ok().and_then(|position| position.checked_sub(1));
            let last = index.and_then(|index| self.events.get(index));
            last.is_some_and(|event| event.event.time == snapshot.time)
        };
        let of_layout = self.snapshots.range((layout, 0)..=(layout, u64::MAX)).rev();
        of_layout.map(|(_, snapshot)| snapshot).find(|snapshot| within(snapshot) && ours(snapshot))
    }
}

impl Stored {
    fn row(&self) -> EventRow<'_> {
        EventRow {
            global_position: self.global_position,
            organisation: &self.organisation,
            position: self.position,
            aggregate_type: &self.event.aggregate_type,
            aggregate_id: &self.event.aggregate_id,
            sequence: self.event.sequence,
            event_type: &self.event.event_type,
            event_version: &self.event.event_version,
            payload: &self.event.payload,
            metadata: &self.event.metadata,
            time: self.event.time,
        }
    }
}

fn count(events: &[Arc<Stored>]) -> u64 {
    events.len() as u64
}

/// The events with `after < position <= until`, where positions are gapless from 1.
fn between(events: &[Arc<Stored>], after: u64, until: u64) -> Vec<Arc<Stored>> {
    let index = |position: u64| usize::try_from(position).unwrap_or(usize::MAX).min(events.len());
    events.get(index(after)..index(until)).map(<[_]>::to_vec).unwrap_or_default()
}

#[async_trait]
impl Store for MemoryStore {
    async fn append(&self, request: Append) -> Result<Appended, StoreError> {
        validate::request(&request)?;
        let mut log = self.log.write();
        log.refuse_if_closed()?;
        if let Some(idempotency) = &request.idempotency
            && let Some(earlier) = log.earlier(&request.organisation, idempotency)?
        {
            return Ok(earlier);
        }
        let appended = log.append(request)?;
        self.news.announce(appended.last_global_position);
        Ok(appended)
    }

    async fn scan(&self, range: Range, mut visitor: Visitor) -> Result<(), StoreError> {
        for stored in self.select(&range)? {
            if let Visit::Break(()) = visitor(stored.row()) {
                break;
            }
        }
        Ok(())
    }

    async fn head(&self, organisation: &str) -> Result<Option<Head>, StoreError> {
        let log = self.log.read();
        log.refuse_if_closed()?;
        Ok(log.organisations.get_key_value(organisation).and_then(head_of))
    }

    async fn heads(&self) -> Result<Vec<Head>, StoreError> {
        let log = self.log.read();
        log.refuse_if_closed()?;
        Ok(log.organisations.iter().filter_map(head_of).collect())
    }

    async fn earlier(&self, organisation: &str, idempotency: &Idempotency) -> Result<Option<Appended>, StoreError> {
        let log = self.log.read();
        log.refuse_if_closed()?;
        log.earlier(organisation, idempotency)
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), StoreError> {
        let mut log = self.log.write();
        log.refuse_if_closed()?;
        let own = log.organisations.entry(snapshot.organisation.clone()).or_default();
        own.snapshots.insert((snapshot.layout, snapshot.position), snapshot);
        Ok(())
    }

    async fn snapshot(&self, organisation: &str, layout: u32, bound: Bound) -> Result<Option<Snapshot>, StoreError> {
        let log = self.log.read();
        log.refuse_if_closed()?;
        Ok(log.organisations.get(organisation).and_then(|own| own.snapshot(layout, bound)).cloned())
    }

    async fn forget_snapshots(&self, organisation: Option<&str>) -> Result<u64, StoreError> {
        let mut log = self.log.write();
        log.refuse_if_closed()?;
        let meant = |name: &str| organisation.is_none_or(|organisation| organisation == name);
        let snapshots = log.organisations.iter_mut().filter(|(name, _)| meant(name)).map(|(_, own)| &mut own.snapshots);
        Ok(snapshots.map(|snapshots| std::mem::take(snapshots).len() as u64).sum())
    }

    async fn note_key_uses(&self, uses: Vec<KeyUse>) -> Result<(), StoreError> {
        let mut log = self.log.write();
        log.refuse_if_closed()?;
        for KeyUse { organisation, key, time } in uses {
            let kept = log.key_uses.entry((organisation, key)).or_insert(time);
            *kept = time.max(*kept);
        }
        Ok(())
    }

    async fn key_uses(&self, organisation: &str) -> Result<Vec<KeyUse>, StoreError> {
        let log = self.log.read();
        log.refuse_if_closed()?;
        let own = log.key_uses.iter().filter(|((owner, _), _)| owner == organisation);
        let one = |((organisation, key), time): (&(String, String), &i64)| KeyUse {
            organisation: organisation.clone(),
            key: key.clone(),
            time: *time,
        };
        Ok(own.map(one).collect())
    }

    async fn keys(&self, organisation: &str, after: &str, limit: usize) -> Result<Vec<AdoptedKey>, StoreError> {
        let log = self.log.read();
        log.refuse_if_closed()?;
        let Some(own) = log.organisations.get(organisation) else { return Ok(Vec::new()) };
        let mut keys: Vec<AdoptedKey> = own
            .requests
            .iter()
            .filter(|(key, _)| key.as_str() > after)
            .map(|(key, (fingerprint, appended))| AdoptedKey {
                organisation: organisation.to_owned(),
                key: key.clone(),
                fingerprint: fingerprint.clone(),
                first_position: appended.first_position,
                last_position: appended.last_position,
            })
            .collect();
        keys.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        keys.truncate(limit);
        Ok(keys)
    }

    async fn adopt(&self, adoption: Adoption) -> Result<(), StoreError> {
        let mut log = self.log.write();
        log.refuse_if_closed()?;
        self.news.announce(log.adopt(adoption)?);
        Ok(())
    }

    async fn scan_hashed(
        &self,
        organisation: &str,
        after: u64,
        until: u64,
        mut visitor: HashedVisitor,
    ) -> Result<(), StoreError> {
        for stored in self.select(&Range::Organisation { organisation: organisation.to_owned(), after, until })? {
            if let Visit::Break(()) = visitor(stored.row(), &stored.hashes) {
                break;
            }
        }
        Ok(())
    }

    async fn hashes_at(&self, organisation: &str, positions: &[u64]) -> Result<Vec<RowHashes>, StoreError> {
        let log = self.log.read();
        log.refuse_if_closed()?;
        let own = log.organisations.get(organisation);
        let row = |position: &u64| {
            let index = usize::try_from(position.checked_sub(1)?).ok()?;
            Some(RowHashes { position: *position, hashes: own?.events.get(index)?.hashes.clone() })
        };
        Ok(positions.iter().filter_map(row).collect())
    }

    async fn save_checkpoint(&self, checkpoint: StoredCheckpoint) -> Result<(), StoreError> {
        let mut log = self.log.write();
        log.refuse_if_closed()?;
        let own = log.organisations.entry(checkpoint.organisation.clone()).or_default();
        own.checkpoints.entry((checkpoint.size, checkpoint.verifier.clone())).or_insert(checkpoint);
        Ok(())
    }

    async fn checkpoints(&self, organisation: &str) -> Result<Vec<StoredCheckpoint>, StoreError> {
        let log = self.log.read();
        log.refuse_if_closed()?;
        let own = log.organisations.get(organisation);
        Ok(own.map(|own| own.checkpoints.values().cloned().collect()).unwrap_or_default())
    }

    async fn times(&self, organisation: &str, positions: &[u64]) -> Result<BTreeMap<u64, i64>, StoreError> {
        let log = self.log.read();
        log.refuse_if_closed()?;
        let own = log.organisations.get(organisation);
        let time = |position: &u64| {
            let index = usize::try_from(position.checked_sub(1)?).ok()?;
            Some((*position, own?.events.get(index)?.event.time))
        };
        Ok(positions.iter().filter_map(time).collect())
    }

    async fn changed(&self, after: u64, timeout: Duration) -> Result<u64, StoreError> {
        let head = || {
            let log = self.log.read();
            log.refuse_if_closed().map(|()| count(&log.events))
        };
        head()?;
        self.news.wait(after, timeout, std::future::pending(), async { head() }).await
    }

    fn key_store(&self) -> Option<Arc<dyn KeyStore>> {
        Some(self.personal.clone())
    }

    async fn close(&self) {
        self.log.write().closed = true;
        self.news.close();
    }
}

fn head_of((name, own): (&String, &Organisation)) -> Option<Head> {
    let last = own.events.last()?;
    Some(Head { organisation: name.clone(), position: own.head(), time: last.event.time })
}
