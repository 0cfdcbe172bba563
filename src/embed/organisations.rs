//! Loaded organisations by id.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use chancery_aggregates::access::{Decision, Request};
use foldhash::fast::FixedState;

use super::Organisation;

type Map = HashMap<Box<str>, Organisation, FixedState>;

/// Organisations that can be asked without asking the store. Readers never wait; adding one copies the
/// directory, which is little next to loading it.
#[derive(Debug, Default)]
pub struct Organisations {
    map: ArcSwap<Map>,
}

impl Organisations {
    /// A loaded organisation.
    pub fn get(&self, id: &str) -> Option<Organisation> {
        self.map.load().get(id).cloned()
    }

    /// Answers a request about a loaded organisation, from its newest version.
    #[inline]
    pub fn check(&self, id: &str, request: &Request<'_>) -> Option<Decision> {
        Some(self.map.load().get(id)?.check(request))
    }

    /// Adds many at once; what is there already stays.
    pub fn extend(&self, organisations: impl IntoIterator<Item = (Box<str>, Organisation)>) {
        let added: Vec<_> = organisations.into_iter().collect();
        self.map.rcu(|map| {
            let mut map = Map::clone(map);
            for (id, organisation) in &added {
                map.entry(id.clone()).or_insert_with(|| organisation.clone());
            }
            Arc::new(map)
        });
    }

    /// Adds one, unless somebody was quicker; whichever it is now.
    pub(super) fn insert(&self, id: &str, organisation: Organisation) -> Organisation {
        self.extend([(id.into(), organisation.clone())]);
        self.get(id).unwrap_or(organisation)
    }
}
