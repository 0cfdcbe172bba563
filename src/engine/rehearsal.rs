//! A log on top of another one: what is appended stays in memory, and the one below is only read.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::OrganisationId;
use parking_lot::{Mutex, RwLock};

use super::{Engine, EngineError};
use crate::store::{
    AdoptedKey, Adoption, Append, Appended, Bound, EventRow, HashedVisitor, Head, Idempotency, KeyUse, NewEvent, Range,
    RowHashes, Snapshot, Store, StoreError, StoredCheckpoint, Visit, Visitor,
};

/// Global positions of events that are only rehearsed begin above any that a store gives.
const REHEARSED: u64 = 1 << 62;

impl Engine {
    /// An engine that decides as this one does and writes nothing: what it accepts and what it refuses is
    /// kept in memory, on top of this one's log, as long as it lives. Closing it leaves this one open.
    ///
    /// From the first command on, it does not see what others append to that organisation.
    #[must_use]
    pub fn rehearsal(&self) -> Self {
        let store = Rehearsal { below: self.store.clone(), above: RwLock::default() };
        let vault = self.vault.as_ref().map(|vault| Arc::new(vault.rehearsal()));
        Self { vault, ..Self::with_clock(Arc::new(store), self.clock.clone()) }
    }
}

impl Engine {
    /// What was appended to a [rehearsal](Engine::rehearsal), with the organisation, in order. Nothing for an
    /// engine that writes.
    ///
    /// # Errors
    /// When the log below cannot be read.
    pub async fn rehearsed(&self) -> Result<Vec<(OrganisationId, Recorded)>, EngineError> {
        let read = Arc::new(Mutex::new(Ok(Vec::new())));
        let sink = read.clone();
        let visitor = move |row: EventRow<'_>| {
            let mut read = sink.lock();
            match (super::replay::read(row), &mut *read) {
                (Ok(recorded), Ok(events)) => events.push((OrganisationId::known(row.organisation), recorded)),
                (Err(error), read) => *read = Err(error),
                (Ok(_), Err(_)) => {}
            }
            if read.is_ok() { Visit::Continue(()) } else { Visit::Break(()) }
        };
        self.store.scan(Range::Store { after: REHEARSED }, Box::new(visitor)).await?;
        std::mem::replace(&mut *read.lock(), Ok(Vec::new()))
    }
}

#[derive(Debug)]
struct Rehearsal {
    below: Arc<dyn Store>,
    above: RwLock<Above>,
}

#[derive(Debug, Default)]
struct Above {
    organisations: HashMap<String, Tail>,
    global: u64,
}

/// What an organisation's log has only in the rehearsal.
#[derive(Debug)]
struct Tail {
    /// Where the log below ended when the first event came.
    base: u64,
    events: Vec<Arc<Rehearsed>>,
    requests: HashMap<String, (String, Appended)>,
}

#[derive(Debug)]
struct Rehearsed {
    organisation: String,
    position: u64,
    global_position: u64,
    event: NewEvent,
}

impl Rehearsed {
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

impl Tail {
    fn head(&self) -> u64 {
        self.events.last().map_or(self.base, |event| event.position)
    }

    fn append(&mut self, request: Append, global: &mut u64) -> Result<Appended, StoreError> {
        let head = self.head();
        if head != request.expected_head {
            let Append { organisation, expected_head: expected, .. } = request;
            return Err(StoreError::Conflict { organisation, expected, head });
        }
        if request.events.is_empty() {
            return Err(StoreError::Invalid("a request has at least one event"));
        }
        for event in request.events {
            *global += 1;
            let (position, global_position) = (self.head() + 1, REHEARSED + *global);
            let organisation = request.organisation.clone();
            self.events.push(Arc::new(Rehearsed { organisation, position, global_position, event }));
        }
        let last_global_position = REHEARSED + *global;
        let appended =
            Appended { first_position: head + 1, last_position: self.head(), last_global_position, repeated: false };
        if let Some(Idempotency { key, fingerprint }) = request.idempotency {
            self.requests.insert(key, (fingerprint, appended));
        }
        Ok(appended)
    }
}

impl Rehearsal {
    /// The events of a range that are only rehearsed, and where the range ends in the log below.
    fn select(&self, range: &Range) -> (Vec<Arc<Rehearsed>>, Option<u64>) {
        let above = self.above.read();
        let all = || above.organisations.values().flat_map(|tail| &tail.events).cloned();
        match range {
            Range::Organisation { organisation, after, until } => {
                let Some(tail) = above.organisations.get(organisation) else { return (Vec::new(), None) };
                let within = |event: &&Arc<Rehearsed>| event.position > *after && event.position <= *until;
                (tail.events.iter().filter(within).cloned().collect(), Some(tail.base))
            }
            Range::Stream { aggregate_type, aggregate_id } => {
                let own = |event: &Arc<Rehearsed>| {
                    event.event.aggregate_type == *aggregate_type && event.event.aggregate_id == *aggregate_id
                };
                let mut events: Vec<_> = all().filter(own).collect();
                events.sort_by_key(|event| event.event.sequence);
                (events, None)
            }
            Range::Store { after } => {
                let mut events: Vec<_> = all().filter(|event| event.global_position > *after).collect();
                events.sort_by_key(|event| event.global_position);
                (events, None)
            }
        }
    }
}

#[async_trait]
impl Store for Rehearsal {
    async fn append(&self, request: Append) -> Result<Appended, StoreError> {
        if let Some(idempotency) = &request.idempotency
            && let Some(earlier) = self.earlier(&request.organisation, idempotency).await?
        {
            return Ok(earlier);
        }
        let below = self.below.head(&request.organisation).await?.map_or(0, |head| head.position);
        let mut above = self.above.write();
        let Above { organisations, global } = &mut *above;
        let empty = || Tail { base: below, events: Vec::new(), requests: HashMap::new() };
        match organisations.get_mut(&request.organisation) {
            Some(tail) => tail.append(request, global),
            None => {
                let (organisation, mut tail) = (request.organisation.clone(), empty());
                let appended = tail.append(request, global)?;
                organisations.insert(organisation, tail);
                Ok(appended)
            }
        }
    }

    async fn scan(&self, range: Range, mut visitor: Visitor) -> Result<(), StoreError> {
        let (events, base) = self.select(&range);
        let below = match (range, base) {
            (Range::Organisation { organisation, after, until }, Some(base)) => {
                Range::Organisation { organisation, after, until: until.min(base) }
            }
            (range, _) => range,
        };
        if events.is_empty() {
            return self.below.scan(below, visitor).await;
        }
        // The visitor is lent to the scan below and comes back, unless it has seen enough.
        let (lent, ended) = (Arc::new(Mutex::new(visitor)), Arc::new(Mutex::new(false)));
        let (borrowed, broken) = (lent.clone(), ended.clone());
        let pass = move |row: EventRow<'_>| {
            let visit = (borrowed.lock())(row);
            *broken.lock() = visit.is_break();
            visit
        };
        self.below.scan(below, Box::new(pass)).await?;
        if *ended.lock() {
            return Ok(());
        }
        visitor = Box::new(move |row: EventRow<'_>| (lent.lock())(row));
        for event in events {
            if let Visit::Break(()) = visitor(event.row()) {
                break;
            }
        }
        Ok(())
    }

    async fn head(&self, organisation: &str) -> Result<Option<Head>, StoreError> {
        let rehearsed = self.above.read().organisations.get(organisation).and_then(head_of);
        match rehearsed {
            Some(head) => Ok(Some(head)),
            None => self.below.head(organisation).await,
        }
    }

    async fn heads(&self) -> Result<Vec<Head>, StoreError> {
        let mut heads = self.below.heads().await?;
        let above = self.above.read();
        heads.retain(|head| !above.organisations.contains_key(&head.organisation));
        heads.extend(above.organisations.values().filter_map(head_of));
        heads.sort_by(|one, other| one.organisation.cmp(&other.organisation));
        Ok(heads)
    }

    async fn earlier(&self, organisation: &str, idempotency: &Idempotency) -> Result<Option<Appended>, StoreError> {
        let rehearsed = {
            let above = self.above.read();
            above.organisations.get(organisation).and_then(|tail| tail.requests.get(&idempotency.key)).cloned()
        };
        match rehearsed {
            None => self.below.earlier(organisation, idempotency).await,
            Some((fingerprint, appended)) if idempotency.is_same(&fingerprint) => {
                Ok(Some(Appended { repeated: true, ..appended }))
            }
            Some(_) => Err(StoreError::KeyReused { key: idempotency.key.clone() }),
        }
    }

    async fn save_snapshot(&self, _: Snapshot) -> Result<(), StoreError> {
        Err(read_only())
    }

    /// Of the log below, as far as the rehearsal goes on from it.
    async fn snapshot(&self, organisation: &str, layout: u32, bound: Bound) -> Result<Option<Snapshot>, StoreError> {
        let base = self.above.read().organisations.get(organisation).map_or(u64::MAX, |tail| tail.base);
        let found = self.below.snapshot(organisation, layout, bound).await?;
        Ok(found.filter(|snapshot| snapshot.position <= base))
    }

    async fn forget_snapshots(&self, _: Option<&str>) -> Result<u64, StoreError> {
        Err(read_only())
    }

    async fn note_key_uses(&self, _: Vec<KeyUse>) -> Result<(), StoreError> {
        Err(read_only())
    }

    async fn key_uses(&self, organisation: &str) -> Result<Vec<KeyUse>, StoreError> {
        self.below.key_uses(organisation).await
    }

    async fn keys(&self, organisation: &str, after: &str, limit: usize) -> Result<Vec<AdoptedKey>, StoreError> {
        self.below.keys(organisation, after, limit).await
    }

    async fn adopt(&self, _: Adoption) -> Result<(), StoreError> {
        Err(read_only())
    }

    async fn scan_hashed(
        &self,
        organisation: &str,
        after: u64,
        until: u64,
        visitor: HashedVisitor,
    ) -> Result<(), StoreError> {
        self.below.scan_hashed(organisation, after, until, visitor).await
    }

    async fn hashes_at(&self, organisation: &str, positions: &[u64]) -> Result<Vec<RowHashes>, StoreError> {
        self.below.hashes_at(organisation, positions).await
    }

    async fn save_checkpoint(&self, _: StoredCheckpoint) -> Result<(), StoreError> {
        Err(StoreError::Invalid("a rehearsal signs nothing"))
    }

    async fn checkpoints(&self, organisation: &str) -> Result<Vec<StoredCheckpoint>, StoreError> {
        self.below.checkpoints(organisation).await
    }

    async fn changed(&self, after: u64, timeout: Duration) -> Result<u64, StoreError> {
        match self.above.read().global {
            0 => {}
            global => return Ok(REHEARSED + global),
        }
        self.below.changed(after, timeout).await
    }

    /// The log below belongs to somebody else.
    async fn close(&self) {}
}

fn read_only() -> StoreError {
    StoreError::ReadOnly { location: "rehearsal".to_owned() }
}

fn head_of(tail: &Tail) -> Option<Head> {
    let last = tail.events.last()?;
    Some(Head { organisation: last.organisation.clone(), position: last.position, time: last.event.time })
}
