//! Members in the order of their names, without opening all names each time.
//!
//! Names are sealed, and none is kept readable: what is kept for an organisation is who comes after whom, and which
//! value each place was found by. A list puts those whose name has changed since into their new places, and
//! opens a name or two dozen for each. Only the first list of an organisation opens all of them.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use chancery_aggregates::AccessState;
use chancery_aggregates::state::{MemberIx, fold_name};
use chancery_aggregates::vocabulary::{Field, Personal};
use parking_lot::Mutex;

use crate::console::fragments::name_of;

/// Of so many names one may change before all are put into order anew.
const FEW: usize = 16;

/// Who comes after whom, in one organisation.
#[derive(Debug, Clone, Default)]
struct Order {
    members: Vec<MemberIx>,
    /// Tells the value that a member's place was found by.
    values: HashMap<MemberIx, u64>,
}

/// The orders of all organisations.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    values: foldhash::quality::RandomState,
    of: Mutex<HashMap<String, Arc<Mutex<Order>>>>,
}

impl Orders {
    /// The members of a state by name, and by id where names are the same. `keeps`: the state is the present one,
    /// and later lists begin with what was found out.
    pub(super) fn of(&self, state: &AccessState, keeps: bool) -> Vec<MemberIx> {
        let kept = self.of.lock().entry(state.organisation().to_string()).or_default().clone();
        let mut kept = kept.lock();
        if !keeps {
            let mut then = kept.clone();
            drop(kept);
            then.follow(state, &self.values);
            return then.members;
        }
        kept.follow(state, &self.values);
        kept.members.clone()
    }
}

impl Order {
    fn follow(&mut self, state: &AccessState, values: &foldhash::quality::RandomState) {
        let mut moved = Vec::new();
        for (ix, member) in state.members() {
            let value = match member.details.field(Field::Name) {
                None | Some(Personal::Erased) => values.hash_one(0u8),
                Some(Personal::Clear(text)) => values.hash_one((1u8, text.as_str())),
                Some(Personal::Sealed(text)) => values.hash_one((2u8, text.as_str())),
            };
            if self.values.insert(ix, value) != Some(value) {
                moved.push(ix);
            }
        }
        if self.members.iter().any(|ix| state.member(*ix).is_none()) {
            self.values.retain(|ix, _| state.member(*ix).is_some());
            self.members.retain(|ix| state.member(*ix).is_some());
        }
        if moved.is_empty() {
            return;
        }
        let key = |ix: &MemberIx| state.member(*ix).map(|member| (fold_name(&name_of(state, member)), &member.id));
        if moved.len() * FEW > self.members.len() {
            self.members = state.members().map(|(ix, _)| ix).collect();
            self.members.sort_by_cached_key(key);
            return;
        }
        let gone: std::collections::HashSet<_> = moved.iter().copied().collect();
        self.members.retain(|ix| !gone.contains(ix));
        for ix in moved {
            let wanted = key(&ix);
            let place = self.members.partition_point(|other| key(other) < wanted);
            self.members.insert(place, ix);
        }
    }
}
