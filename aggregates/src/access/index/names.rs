//! From ids to numbers. Ids are only ever added.

use std::hash::{BuildHasher, Hasher};

use compact_str::CompactString;
use foldhash::quality::FixedState;

use super::pages::Pages;
use crate::state::SharedMap;

/// Slots of the smallest table, as a power of two.
const SMALLEST: u32 = 3;
/// Bytes of an id that is kept in its row: enough for a UUID as text.
const SHORT: usize = 36;

/// An id as a row keeps it. One that is longer is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id {
    len: u8,
    bytes: [u8; SHORT],
}

impl Default for Id {
    fn default() -> Self {
        Self { len: 0, bytes: [0; SHORT] }
    }
}

impl Id {
    fn of(id: &str) -> Option<Self> {
        let mut bytes = [0; SHORT];
        bytes.get_mut(..id.len())?.copy_from_slice(id.as_bytes());
        Some(Self { len: id.len() as u8, bytes })
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    #[inline]
    fn is(&self, id: &[u8]) -> bool {
        self.bytes().len() == id.len() && same(self.bytes(), id)
    }
}

/// Whether bytes of the same length are the same. A call of `memcmp` takes longer than all else that finding
/// a short id does.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    match (one.first_chunk::<8>(), other.first_chunk::<8>(), one.last_chunk::<8>(), other.last_chunk::<8>()) {
        (Some(one_first), Some(other_first), Some(one_last), Some(other_last)) if one.len() <= 16 => {
            let first = u64::from_ne_bytes(*one_first) ^ u64::from_ne_bytes(*other_first);
            first | (u64::from_ne_bytes(*one_last) ^ u64::from_ne_bytes(*other_last)) == 0
        }
        _ if one.len() < 8 => one.iter().zip(other).all(|(one, other)| one == other),
        _ => one == other,
    }
}

/// A hash table with linear probing. A slot has 32 bits of the hash and, after those, the number
/// plus one; the place of a slot is told by the same 32 bits, so growing needs no id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    slots: Pages<u64, 1024>,
    bits: u32,
    len: usize,
    /// Ids that do not fit into a row.
    long: SharedMap<CompactString, u32>,
}

impl Names {
    /// The number of an id; short ids are kept by the caller, beside what else it has by number.
    #[inline]
    pub(crate) fn find<'a>(&self, id: &str, short: impl Fn(u32) -> Option<&'a Id>) -> Option<u32> {
        let hash = hash(id);
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = self.home(hash);
        while let Some(&slot @ 1..) = self.slots.get(at & mask) {
            let number = (slot as u32).wrapping_sub(1);
            if (slot >> 32) as u32 == hash && short(number).is_some_and(|short| short.is(id.as_bytes())) {
                return Some(number);
            }
            at += 1;
        }
        if self.long.is_empty() { None } else { self.long.get(id).copied() }
    }

    /// The id that goes with a number.
    pub(crate) fn text<'a>(&'a self, number: u32, short: &'a Id) -> Option<&'a str> {
        if short.len == 0 {
            return self.long.iter().find(|(_, long)| **long == number).map(|(id, _)| id.as_str());
        }
        std::str::from_utf8(short.bytes()).ok()
    }

    /// Adds an id that is not there yet. What it returns is for the caller to keep.
    pub(crate) fn add(&mut self, id: &str, number: u32) -> Id {
        let Some(short) = Id::of(id).filter(|short| short.len > 0) else {
            self.long.insert(id.into(), number);
            return Id::default();
        };
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.take_slot(u64::from(hash(id)) << 32 | u64::from(number + 1));
        self.len += 1;
        short
    }

    #[inline]
    fn home(&self, hash: u32) -> usize {
        (hash >> (32 - self.bits.max(SMALLEST))) as usize
    }

    fn grow(&mut self) {
        self.bits = (self.bits + 1).max(SMALLEST);
        let former = std::mem::replace(&mut self.slots, Pages::filled(1 << self.bits));
        for slot in former.iter().filter(|slot| **slot != 0) {
            self.take_slot(*slot);
        }
    }

    fn take_slot(&mut self, slot: u64) {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = self.home((slot >> 32) as u32);
        // INVARIANT: a quarter of the slots is free.
        while self.slots.get(at & mask).is_some_and(|taken| *taken != 0) {
            at += 1;
        }
        if let Some(free) = self.slots.get_mut(at & mask) {
            *free = slot;
        }
    }
}

#[inline]
fn hash(id: &str) -> u32 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(id.as_bytes());
    (hasher.finish() >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::{Id, Names};

    #[test]
    fn every_id_that_was_added_is_found_and_no_other() {
        let mut names = Names::default();
        let mut kept: Vec<Id> = Vec::new();
        let lengths = (1..60).chain([300]).map(|len| "x".repeat(len));
        let ids: Vec<String> = (0..3000).map(|n| format!("member-{n}")).chain(lengths).chain([String::new()]).collect();
        for (id, number) in ids.iter().zip(0..) {
            assert_eq!(names.find(id, |number| kept.get(number as usize)), None);
            kept.push(names.add(id, number));
        }
        for (id, number) in ids.iter().zip(0..) {
            assert_eq!(names.find(id, |number| kept.get(number as usize)), Some(number));
            assert_eq!(names.text(number, &kept[number as usize]), Some(id.as_str()));
        }
        assert_eq!(names.find("member-3000", |number| kept.get(number as usize)), None);
    }

    #[test]
    fn ids_that_differ_in_one_byte_differ() {
        for len in 1..=36 {
            let id = "a".repeat(len);
            for at in 0..len {
                let other = format!("{}b{}", "a".repeat(at), "a".repeat(len - at - 1));
                assert!(Id::of(&id).unwrap().is(id.as_bytes()));
                assert!(!Id::of(&id).unwrap().is(other.as_bytes()), "{len} {at}");
            }
        }
    }
}
