//! The lanes of the organisations that are loaded, within a bound of memory.

use std::sync::Arc;

use chancery_aggregates::vocabulary::OrganisationId;
use foldhash::HashMap;

use super::lane::Lane;

/// Organisations loaded between two looks at the memory that all take.
const LOOK_EVERY: u64 = 16;

/// Lanes by organisation.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<OrganisationId, (Arc<Lane>, u64)>,
    /// Counts the times that a lane was asked for.
    asked: u64,
    /// Counts the lanes that were made.
    made: u64,
    /// Bytes that states may take; none is no bound.
    bound: Option<usize>,
}

impl Lanes {
    pub(super) fn bound(&mut self, bytes: usize) {
        self.bound = Some(bytes);
    }

    /// The lane of an organisation, made when there is none.
    pub(super) fn of(&mut self, organisation: &OrganisationId) -> Arc<Lane> {
        self.asked += 1;
        let asked = self.asked;
        if let Some((lane, used)) = self.lanes.get_mut(organisation) {
            *used = asked;
            return lane.clone();
        }
        self.made += 1;
        if self.made.is_multiple_of(LOOK_EVERY) {
            self.make_room();
        }
        let lane = Arc::new(Lane::new(organisation.clone()));
        self.lanes.insert(organisation.clone(), (lane.clone(), asked));
        lane
    }

    /// The lane of an organisation that is loaded, or is being loaded.
    pub(super) fn get(&mut self, organisation: &OrganisationId) -> Option<Arc<Lane>> {
        self.asked += 1;
        let (lane, used) = self.lanes.get_mut(organisation)?;
        *used = self.asked;
        Some(lane.clone())
    }

    /// All lanes.
    pub(super) fn all(&self) -> Vec<Arc<Lane>> {
        self.lanes.values().map(|(lane, _)| lane.clone()).collect()
    }

    pub(super) fn forget(&mut self, organisation: &OrganisationId) {
        self.lanes.remove(organisation);
    }

    pub(super) fn drain(&mut self) -> Vec<Arc<Lane>> {
        self.lanes.drain().map(|(_, (lane, _))| lane).collect()
    }

    pub(super) fn loaded(&self) -> (usize, usize) {
        (self.lanes.len(), self.lanes.values().map(|(lane, _)| lane.bytes()).sum())
    }

    /// Lets go of the lanes that were not asked for longest, until the rest fits. One that somebody
    /// holds stays: two lanes of one organisation would only get in each other's way.
    fn make_room(&mut self) {
        let Some(bound) = self.bound else { return };
        let (_, mut taken) = self.loaded();
        if taken <= bound {
            return;
        }
        let mut idle: Vec<(u64, OrganisationId, usize)> = self
            .lanes
            .iter()
            .filter(|(_, (lane, _))| Arc::strong_count(lane) == 1 && !lane.is_watched())
            .map(|(organisation, (lane, used))| (*used, organisation.clone(), lane.bytes()))
            .collect();
        idle.sort_unstable();
        for (_, organisation, bytes) in idle {
            if taken <= bound {
                break;
            }
            self.lanes.remove(&organisation);
            taken -= bytes;
        }
    }
}
