//! The access states of the organisations whose events come by: loaded when first needed, dropped when
//! others were needed since.

use std::sync::Arc;

use chancery_aggregates::AccessState;
use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::{OrganisationId, Time};
use chancery_projections::tables::{Change, changes};
use foldhash::{HashMap, HashMapExt as _};
use parking_lot::Mutex;

use super::page::{Entry, Page};
use crate::engine::{Snapshots, apply};
use crate::store::{FoldRow, Store, StoreError, Visit};

/// Organisations that are kept at most.
const ORGANISATIONS: usize = 4096;

/// Members, scopes and roles of all kept organisations at most: some hundreds of bytes each, twice.
const ENTRIES: usize = 300_000;

/// An organisation's state at the last of its events that was projected, and the one before that.
///
/// Both are folded, each event twice. A copy for each event would cost more: what two states share has to be
/// copied when one of them changes, and these two soon share nothing that changes often.
#[derive(Debug)]
pub(super) struct Known {
    before: AccessState,
    after: AccessState,
    /// What leads from one to the other.
    last: Option<Box<Recorded>>,
    used: u64,
}

impl Known {
    fn new(state: AccessState, used: u64) -> Self {
        Self { before: state.clone(), after: state, last: None, used }
    }

    /// Position of the last event that was projected.
    pub(super) fn position(&self) -> u64 {
        self.after.position()
    }

    /// Goes on by one event, and says what that changes in the tables.
    pub(super) fn step(&mut self, recorded: Box<Recorded>, out: &mut Vec<Change>) {
        if let Some(last) = self.last.take() {
            self.before.apply(&last.event, last.stamp);
        }
        self.after.apply(&recorded.event, recorded.stamp);
        changes(&self.before, &recorded, &self.after, out);
        self.last = Some(recorded);
    }

    fn size(&self) -> usize {
        self.after.member_count() + self.after.scopes().count() + self.after.roles().count()
    }
}

/// States by organisation.
#[derive(Debug)]
pub(super) struct States {
    known: HashMap<OrganisationId, Known>,
    clock: u64,
}

impl States {
    pub(super) fn new() -> Self {
        Self { known: HashMap::new(), clock: 0 }
    }

    /// Forgets all: what was projected on them was not written.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    pub(super) fn get_mut(&mut self, organisation: &OrganisationId) -> Option<&mut Known> {
        self.known.get_mut(organisation)
    }

    /// Loads the states that a page needs and makes room for them. With snapshots, from the nearest one: whoever
    /// takes over does not replay long logs first.
    ///
    /// # Errors
    /// When the store cannot be read. Where an event before the page cannot be read, the state
    /// stays behind, and the page's event does not follow it.
    pub(super) async fn load(
        &mut self,
        store: &dyn Store,
        snapshots: Option<&Snapshots>,
        page: &Page,
        skip: impl Fn(&Entry) -> bool,
    ) -> Result<(), StoreError> {
        self.clock += 1;
        let mut previous = None;
        for entry in &page.entries {
            if previous.replace(&entry.organisation) == Some(&entry.organisation) || skip(entry) {
                continue;
            }
            if let Some(known) = self.known.get_mut(&entry.organisation) {
                known.used = self.clock;
                continue;
            }
            let until = entry.mark.position.saturating_sub(1);
            let start = match snapshots {
                Some(snapshots) if until > 0 => snapshots.newest(&entry.organisation, until, Time::MAX_UTC).await,
                _ => AccessState::default(),
            };
            let state = replay(store, &entry.organisation, start, until).await?;
            self.known.insert(entry.organisation.clone(), Known::new(state, self.clock));
        }
        self.make_room();
        Ok(())
    }

    /// Drops those that were not used for longest, but none that this page needs.
    fn make_room(&mut self) {
        let mut entries: usize = if self.known.len() > ORGANISATIONS { usize::MAX } else { 0 };
        if entries == 0 {
            // Most of the entries are members, and counting these costs nothing.
            entries = self.known.values().map(|known| known.after.member_count()).sum();
        }
        if entries <= ENTRIES {
            return;
        }
        let mut by_age: Vec<(u64, usize, OrganisationId)> =
            self.known.iter().map(|(name, known)| (known.used, known.size(), name.clone())).collect();
        by_age.sort_unstable_by_key(|(used, ..)| std::cmp::Reverse(*used));
        let mut kept = 0;
        for (number, (used, size, name)) in by_age.into_iter().enumerate() {
            kept += size;
            // A quarter more room than needed, so that this is not done at every page.
            if used != self.clock && (number > ORGANISATIONS * 3 / 4 || kept > ENTRIES * 3 / 4) {
                self.known.remove(&name);
            }
        }
    }
}

/// A state, and the organisation's events after it up to a position.
async fn replay(
    store: &dyn Store,
    organisation: &OrganisationId,
    start: AccessState,
    until: u64,
) -> Result<AccessState, StoreError> {
    let after = start.position();
    if until <= after {
        return Ok(start);
    }
    let folded = Arc::new(Mutex::new(start));
    let sink = folded.clone();
    let folder = move |row: FoldRow<'_>| apply(&mut sink.lock(), &row, Time::MAX_UTC).unwrap_or(Visit::Break(()));
    store.fold(organisation.as_str(), after, until, Box::new(folder)).await?;
    let state = std::mem::take(&mut *folded.lock());
    Ok(state)
}
