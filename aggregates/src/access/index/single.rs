//! Members who hold one role on one scope, in four bytes each.
//!
//! Where there are tens of thousands of members, and nearly all of them are such, what a common answer needs of a member fits
//! four times as often into the processor's nearer caches. Elsewhere it would be a load more before every answer, so an
//! index is kept in this form only where that pays.

use super::AccessIndex;
use super::brief::{Brief, Form};
use super::near::Near;
use super::pages::Pages;

/// From so many members on, briefs leave the nearer caches.
const MANY: usize = 16_384;

/// One role on one scope: the row of the grid, and the scope's number. Or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Single(u32);

impl Default for Single {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Single {
    fn of(brief: &Brief) -> Option<Self> {
        let [row, ..] = brief.rows;
        // INVARIANT: no scope of a brief has the greatest number, so it is not the default.
        (brief.form == Form::Pair).then(|| Self(u32::from(row) << 16 | u32::from(brief.nodes.first())))
    }

    #[inline(always)]
    pub(super) fn row(self) -> usize {
        (self.0 >> 16) as usize
    }

    /// The scope's number.
    #[inline(always)]
    pub(super) fn scope(self) -> u16 {
        self.0 as u16
    }
}

/// What is kept of members, where most are single.
#[derive(Debug, Clone, Default)]
pub(super) struct Singles {
    kept: bool,
    /// Two loads away, as there are always many.
    of: Pages<Single, 4096>,
    /// The members who are not.
    others: Near<Brief, 1024>,
}

impl Singles {
    /// What a member holds, if it is single.
    #[inline(always)]
    pub(super) fn get(&self, at: usize) -> Option<Single> {
        self.of.get(at).copied().filter(|single| single.0 != u32::MAX)
    }

    /// What another member holds.
    pub(super) fn other(&self, at: usize) -> Option<&Brief> {
        self.others.get(at)
    }
}

impl AccessIndex {
    /// Whether it is kept in this form.
    pub(super) fn is_compact(&self) -> bool {
        self.singles.kept
    }

    /// Whether there are so many members, and so many of them single, that it pays.
    pub(super) fn compact_pays(&self) -> bool {
        let members = self.members.len();
        let single = |at: &usize| self.briefs.get(*at).and_then(Single::of).is_some();
        members >= MANY && (0..members).filter(single).count() >= members / 8 * 7
    }

    /// Moves all members into this form.
    pub(super) fn compact(&mut self) {
        self.singles.kept = true;
        let briefs = std::mem::take(&mut self.briefs);
        for at in 0..self.members.len() {
            self.put_brief(at, briefs.get(at).copied().unwrap_or_default());
        }
    }

    pub(super) fn put_brief(&mut self, at: usize, brief: Brief) {
        if !self.singles.kept {
            return self.briefs.put(at, brief);
        }
        let single = Single::of(&brief);
        // INVARIANT: members come one after the other.
        if at == self.singles.of.len() {
            self.singles.of.push(single.unwrap_or_default());
        } else if let Some(slot) = self.singles.of.get_mut(at) {
            *slot = single.unwrap_or_default();
        }
        if single.is_none() {
            self.singles.others.put(at, brief);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::member::{Plain, Reach};
    use super::super::quick::Grid;
    use super::*;

    #[test]
    fn only_one_role_on_one_scope_is_single() {
        let grid = Grid::shaped(1, 2);
        let of = |roles, pairs, nodes| {
            let reach = if nodes == [0_u32; 0] { Reach::None } else { Reach::Nodes };
            Single::of(&Brief::of(&grid, &Plain { reach, account_type: 1, roles, pairs, nodes }))
        };
        let single = of(&[], &[4, 0xfff0], &[]).unwrap();
        assert_eq!((single.row(), single.scope()), (11, 0xfff0));
        assert_ne!(of(&[], &[32_766, 0xfff0], &[]), Some(Single::default()));
        assert_eq!(of(&[], &[1, 2, 3, 4], &[]), None);
        assert_eq!(of(&[1], &[], &[]), None);
        assert_eq!(of(&[1], &[], &[7]), None);
    }
}
