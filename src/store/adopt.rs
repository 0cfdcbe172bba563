//! Taking over events of another store as they are: what a copy is made of.

use std::collections::HashMap;

use super::{EventRow, FORGOTTEN, NewEvent, StoreError, validate};

/// Events and keys to be taken over as they are, all or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adoption {
    /// The global position of the store's last event, where it matters that nobody else has written
    /// anything: then the events get the global positions after it, in this order.
    pub global_head: Option<u64>,
    /// In this order. Those of an organisation follow each other, and the organisation's head.
    pub events: Vec<Adopted>,
    /// Of requests whose events are there, or in [`events`](Self::events).
    pub keys: Vec<AdoptedKey>,
}

/// An event with its place in the log of its organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// Whose log.
    pub organisation: String,
    /// Its position there.
    pub position: u64,
    /// What is kept, byte for byte.
    pub event: NewEvent,
}

/// Characters of a digest of programs before this one.
const WEAK: usize = 16;

/// What an idempotency key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptedKey {
    /// Whose key.
    pub organisation: String,
    /// The key.
    pub key: String,
    /// Digest of the request.
    pub fingerprint: String,
    /// Position in the organisation of the request's first event.
    pub first_position: u64,
    /// Position in the organisation of the request's last event.
    pub last_position: u64,
}

impl From<EventRow<'_>> for Adopted {
    fn from(row: EventRow<'_>) -> Self {
        Self {
            organisation: row.organisation.to_owned(),
            position: row.position,
            event: NewEvent {
                aggregate_type: row.aggregate_type.to_owned(),
                aggregate_id: row.aggregate_id.to_owned(),
                sequence: row.sequence,
                event_type: row.event_type.to_owned(),
                event_version: row.event_version.to_owned(),
                payload: row.payload.to_owned(),
                metadata: row.metadata.to_owned(),
                time: row.time,
            },
        }
    }
}

/// Position and time of an organisation's last event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tip {
    pub(super) position: u64,
    pub(super) time: i64,
}

impl Adoption {
    /// Whose events they are, each once.
    pub(super) fn organisations(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.events.iter().map(|event| event.organisation.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Refuses what does not follow the log, as an append would be refused. `tips` has the heads of
    /// the organisations that exist; afterwards those of all organisations of the adoption.
    pub(super) fn check(&self, global_head: u64, tips: &mut HashMap<String, Tip>) -> Result<(), StoreError> {
        if let Some(expected) = self.global_head.filter(|expected| *expected != global_head) {
            return Err(StoreError::Moved { expected, head: global_head });
        }
        for Adopted { organisation, position, event } in &self.events {
            validate::adopted(organisation, event)?;
            let tip = tips.get(organisation).copied().unwrap_or(Tip { position: 0, time: i64::MIN });
            if *position != tip.position + 1 {
                let expected = position.saturating_sub(1);
                return Err(StoreError::Conflict { organisation: organisation.clone(), expected, head: tip.position });
            }
            validate::not_before(tip.time, event.time)?;
            let next = Tip { position: *position, time: event.time };
            match tips.get_mut(organisation) {
                Some(tip) => *tip = next,
                None => drop(tips.insert(organisation.clone(), next)),
            }
        }
        self.keys.iter().try_for_each(validate::key)
    }
}

impl AdoptedKey {
    /// Whether the same key did the same here.
    pub(super) fn did(&self, fingerprint: &str, appended: &super::Appended) -> bool {
        let same = self.fingerprint == fingerprint || [self.fingerprint.as_str(), fingerprint].contains(&FORGOTTEN);
        same && (self.first_position, self.last_position) == (appended.first_position, appended.last_position)
    }

    /// Digests of programs before this one are not taken along: they were of all that a request said, in clear.
    pub(crate) fn forget_weak(&mut self) {
        if self.fingerprint.len() == WEAK && self.fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            FORGOTTEN.clone_into(&mut self.fingerprint);
        }
    }

    /// The refusal of a key whose events are not there.
    pub(super) fn without_events() -> StoreError {
        StoreError::Invalid("an idempotency key was taken over before the events of its request")
    }
}
