//! A page of events into a batch, on a thread that may be busy.

use chancery_projections::tables::Change;
use foldhash::{HashMap, HashMapExt as _};

use super::LeaveOut;
use super::batch::Batch;
use super::page::{Entry, Page};
use super::states::States;
use crate::store::projection::{Failure, Omission};

/// What projecting needs; goes to a thread of its own and comes back.
pub(super) struct Work {
    pub(super) states: States,
    pub(super) batch: Batch,
    /// The first event of each organisation that is left out.
    pub(super) omitted: HashMap<String, u64>,
    pub(super) leave_out: LeaveOut,
    /// Found in this batch.
    pub(super) omissions: Vec<Omission>,
    pub(super) generation: u64,
}

/// Why a page was not projected to its end.
pub(super) enum Trouble {
    /// All before the event is in the batch.
    Before(Failure),
    /// Some of the event is in the batch too.
    Within(Failure),
}

impl Work {
    pub(super) fn empty() -> Self {
        Self {
            states: States::new(),
            batch: Batch::new(false),
            omitted: HashMap::new(),
            leave_out: LeaveOut::default(),
            omissions: Vec::new(),
            generation: 0,
        }
    }

    pub(super) fn may_omit(&self, organisation: &str) -> bool {
        self.leave_out.organisations.iter().any(|name| name == organisation)
    }

    /// From here on events of its organisation are passed over; the first of them ends its rows.
    pub(super) fn omit(&mut self, failure: Failure) {
        self.omitted.insert(failure.organisation.clone(), failure.global_position);
        let (reason, time) = (self.leave_out.reason.clone(), chrono::Utc::now().timestamp_micros());
        self.omissions.push(Omission { generation: self.generation, failure, reason, time });
    }

    pub(super) fn project(&mut self, page: Page) -> Result<(), Trouble> {
        let mut out = Vec::new();
        for entry in page.entries {
            match self.omitted.get(entry.organisation.as_str()) {
                Some(first) if entry.global_position > *first => continue,
                Some(first) if entry.global_position == *first => {
                    self.batch.cut(entry.organisation.as_str(), entry.mark);
                    continue;
                }
                _ => {}
            }
            let (organisation, mark) = (entry.organisation.clone(), entry.mark);
            match self.event(entry, &mut out) {
                Err(Trouble::Before(failure)) if self.may_omit(organisation.as_str()) => {
                    self.batch.cut(organisation.as_str(), mark);
                    self.omit(failure);
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    fn event(&mut self, entry: Entry, out: &mut Vec<Change>) -> Result<(), Trouble> {
        let Entry { global_position, organisation, mark, recorded } = entry;
        let recorded = recorded.map_err(Trouble::Before)?;
        let event_type = recorded.event.name();
        let failure = |reason: String| Failure {
            global_position,
            organisation: organisation.to_string(),
            position: mark.position,
            event_type: event_type.to_owned(),
            reason,
        };
        let Some(state) = self.states.get_mut(&organisation) else {
            return Err(Trouble::Before(failure("its organisation's state was not loaded".to_owned())));
        };
        if state.position() + 1 != mark.position {
            return Err(Trouble::Before(failure(format!("it follows position {}", state.position()))));
        }
        state.step(recorded, out);
        for change in out.drain(..) {
            self.batch.add(change, mark).map_err(|reason| Trouble::Within(failure(reason)))?;
        }
        Ok(())
    }
}
