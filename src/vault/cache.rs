//! Unwrapped keys in memory: few, the ones used last, and wiped when they go.

use std::collections::HashMap;

use super::key::DataKey;

/// Keys kept at most: about half a megabyte.
const CAPACITY: usize = 8192;

/// What is known of a member's key.
#[derive(Debug, Clone)]
pub(super) enum Known {
    /// It is here.
    Key(DataKey),
    /// It was destroyed, and no other will be made.
    Erased,
}

/// Two generations: what is asked for again moves to the young one, and the old one is dropped as a whole.
#[derive(Debug, Default)]
pub(super) struct Cache {
    young: HashMap<(String, String), Known>,
    old: HashMap<(String, String), Known>,
}

impl Cache {
    pub(super) fn get(&mut self, organisation: &str, member: &str) -> Option<Known> {
        let name = (organisation.to_owned(), member.to_owned());
        if let Some(known) = self.young.get(&name) {
            return Some(known.clone());
        }
        let known = self.old.remove(&name)?;
        self.put(organisation, member, known.clone());
        Some(known)
    }

    pub(super) fn put(&mut self, organisation: &str, member: &str, known: Known) {
        if self.young.len() >= CAPACITY / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert((organisation.to_owned(), member.to_owned()), known);
    }

    pub(super) fn forget(&mut self, organisation: &str) {
        self.young.retain(|(whose, _), _| whose != organisation);
        self.old.retain(|(whose, _), _| whose != organisation);
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn it_never_keeps_more_than_it_may_and_keeps_what_is_asked_for() {
        let mut cache = Cache::default();
        for number in 0..3 * CAPACITY {
            cache.put("acme", &number.to_string(), Known::Key(DataKey::random().unwrap()));
            assert!(cache.get("acme", "0").is_some());
            assert!(cache.young.len() + cache.old.len() <= CAPACITY);
        }
        cache.forget("acme");
        assert!(cache.get("acme", "0").is_none());
    }
}
