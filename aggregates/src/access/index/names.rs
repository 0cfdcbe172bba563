//! From ids to numbers. Ids are only ever added.

use std::hash::{BuildHasher, Hasher};

use compact_str::CompactString;
use foldhash::quality::FixedState;

use super::pages::Pages;
use crate::state::SharedMap;

/// Slots of the smallest table, as a power of two.
const SMALLEST: u32 = 3;
/// Bytes of a page of ids.
const PAGE: usize = 4096;

/// Where the bytes of an id are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    at: u32,
    len: u8,
}

impl Span {
    pub(super) fn new(at: u32, len: u8) -> Self {
        Self { at, len }
    }

    pub(super) fn parts(self) -> (u32, u8) {
        (self.at, self.len)
    }
}

/// A hash table with linear probing. A slot has 32 bits of the hash and, after those, the number
/// plus one; the place of a slot is told by the same 32 bits, so growing needs no id.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    slots: Pages<u64, 1024>,
    bits: u32,
    len: usize,
    bytes: Pages<u8, PAGE>,
    /// Ids that are longer than today's are allowed to be.
    long: SharedMap<CompactString, u32>,
}

impl Names {
    /// The number of an id; the spans are kept by the caller, beside what else it has by number.
    #[inline]
    pub(super) fn find(&self, id: &str, span: impl Fn(u32) -> Option<Span>) -> Option<u32> {
        let hash = hash(id);
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = self.home(hash);
        while let Some(&slot @ 1..) = self.slots.get(at & mask) {
            let number = (slot as u32).wrapping_sub(1);
            if (slot >> 32) as u32 == hash && span(number).and_then(|span| self.bytes_of(span)) == Some(id.as_bytes()) {
                return Some(number);
            }
            at += 1;
        }
        if self.long.is_empty() { None } else { self.long.get(id).copied() }
    }

    /// The id behind a span.
    pub(super) fn text(&self, number: u32, span: Span) -> Option<&str> {
        if span.len == 0 {
            return self.long.iter().find(|(_, long)| **long == number).map(|(id, _)| id.as_str());
        }
        std::str::from_utf8(self.bytes_of(span)?).ok()
    }

    /// Adds an id that is not there yet.
    pub(super) fn add(&mut self, id: &str, number: u32) -> Span {
        let Ok(len @ 1..) = u8::try_from(id.len()) else {
            self.long.insert(id.into(), number);
            return Span::default();
        };
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.take_slot(u64::from(hash(id)) << 32 | u64::from(number + 1));
        self.len += 1;
        Span { at: self.bytes.push_bytes(id.as_bytes()) as u32, len }
    }

    #[inline]
    fn bytes_of(&self, span: Span) -> Option<&[u8]> {
        self.bytes.slice(span.at as usize, usize::from(span.len))
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
    use super::{Names, Span};

    #[test]
    fn every_id_that_was_added_is_found_and_no_other() {
        let mut names = Names::default();
        let mut spans: Vec<Span> = Vec::new();
        let ids: Vec<String> =
            (0..3000).map(|n| format!("member-{n}")).chain(["x".repeat(300), String::new()]).collect();
        for (id, number) in ids.iter().zip(0..) {
            assert_eq!(names.find(id, |number| spans.get(number as usize).copied()), None);
            spans.push(names.add(id, number));
        }
        for (id, number) in ids.iter().zip(0..) {
            assert_eq!(names.find(id, |number| spans.get(number as usize).copied()), Some(number));
            assert_eq!(names.text(number, spans[number as usize]), Some(id.as_str()));
        }
        assert_eq!(names.find("member-3000", |number| spans.get(number as usize).copied()), None);
    }
}
