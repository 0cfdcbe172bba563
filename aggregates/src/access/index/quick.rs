//! Common answers from bits that the rule worked out beforehand.
//!
//! For each role and account type: which permissions the role gives such a member outright, and for which
//! of them the rule must be asked. Together with the scopes above a scope this answers most questions
//! with a few loads and no branch that depends on the answer. Whatever is out of the ordinary (a role that is
//! narrowed, deleted, not for the account type or works everywhere; a scope that is shared or deep) is
//! marked as such when it is written down, and left to the rule.

use super::brief::{Brief, Form};
use super::near::Near;
use super::{AccessIndex, RoleRow};
use crate::access::evaluate::{may_ever_hold, suits};
use crate::profile::Profile;
use crate::state::permission_set::PermissionIx;
use crate::state::{MemberIx, RoleIx, ScopeIx};

/// Permissions of a cell.
const PERMISSIONS: usize = 32;
/// Scopes with greater numbers are left to the rule.
const GREATEST: u32 = 0xfff0;

/// What is known without the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quick {
    Allowed,
    NoRole,
    OutOfScope,
    /// Only the rule knows.
    Unsure,
}

/// Two bits a permission: the lower one, the role gives it outright; the upper one, the rule must be asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell(u64);

impl Default for Cell {
    fn default() -> Self {
        Self(0xaaaa_aaaa_aaaa_aaaa)
    }
}

/// What roles give to account types, as rows of cells: first a row for each account type without a role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Grid {
    account_types: usize,
    words: usize,
}

/// The cells of a grid.
pub(super) type Cells = Near<Cell, 4096>;

/// Four numbers of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lanes(u64);

impl Default for Lanes {
    fn default() -> Self {
        Self::NO_NODES
    }
}

impl Lanes {
    const LOW: u64 = 0x0001_0001_0001_0001;
    const HIGH: u64 = 0x8000_8000_8000_8000;
    /// What no line of a scope has.
    const NO_NODES: Self = Self(0xfffd_fffd_fffd_fffd);

    pub(super) fn of_nodes(nodes: &[u32]) -> Option<Self> {
        Self::NO_NODES.filled(nodes.iter().copied())
    }

    fn filled(self, numbers: impl IntoIterator<Item = u32>) -> Option<Self> {
        let mut lanes = self.0;
        for (at, number) in numbers.into_iter().enumerate() {
            if at >= 4 || number > GREATEST {
                return None;
            }
            lanes &= !(0xffff << (16 * at));
            lanes |= u64::from(number) << (16 * at);
        }
        Some(Self(lanes))
    }

    /// Whether any of the four is zero: true exactly then, though the bit that tells may be another's.
    #[inline(always)]
    fn has_zero(self) -> u64 {
        self.0.wrapping_sub(Self::LOW) & !self.0 & Self::HIGH
    }

    /// Whether the two have a number in common.
    #[inline(always)]
    fn meets(self, other: Self) -> bool {
        let turned = |by: u32| Self(self.0 ^ other.0.rotate_left(by)).has_zero();
        turned(0) | turned(16) | turned(32) | turned(48) != 0
    }

    /// The number that stands first.
    pub(super) fn first(self) -> u32 {
        (self.0 & 0xffff) as u32
    }

    /// Whether it has the number that stands first in the other.
    #[inline(always)]
    fn has_first_of(self, other: u64) -> bool {
        Self(self.0 ^ (other & 0xffff).wrapping_mul(Self::LOW)).has_zero() != 0
    }
}

/// The scope itself and what it stands below; or that it is out of the ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line(Lanes);

impl Line {
    const OUT_OF_USE: Self = Self(Lanes(0xffff_ffff_ffff_ffff));
    const BY_RULE: Self = Self(Lanes(0xffff_ffff_ffff_fffe));
    /// The organisation as a whole: in use, and no node reaches it.
    const ORGANISATION: Self = Self(Lanes(0xffff_ffff_ffff_fffc));

    /// The line of a scope that is in use and not shared.
    fn of(above: impl Iterator<Item = ScopeIx>) -> Self {
        Self::OUT_OF_USE.0.filled(above.map(|scope| scope.0)).map_or(Self::BY_RULE, Self)
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::BY_RULE
    }
}

impl Grid {
    pub(super) fn of(profile: &Profile) -> Self {
        Self::shaped(profile.permissions().len().div_ceil(PERMISSIONS), profile.account_types().len())
    }

    pub(super) fn shaped(words: usize, account_types: usize) -> Self {
        Self { account_types, words }
    }

    pub(super) fn words(&self) -> Option<u8> {
        u8::try_from(self.words).ok()
    }

    pub(super) fn row_of_none(&self, account_type: u16) -> Option<u16> {
        (usize::from(account_type) < self.account_types).then_some(account_type)
    }

    pub(super) fn row_of(&self, role: u32, account_type: u16) -> Option<u16> {
        let none = usize::from(self.row_of_none(account_type)?);
        u16::try_from((role as usize + 1) * self.account_types + none).ok()
    }

    /// Writes down what no role gives.
    pub(super) fn put_none(&self, cells: &mut Cells, profile: &Profile) {
        self.put_row(cells, profile, 0, &RoleRow::default());
    }

    pub(super) fn put(&self, cells: &mut Cells, profile: &Profile, ix: RoleIx, role: &RoleRow) {
        self.put_row(cells, profile, ix.index() + 1, role);
    }

    fn put_row(&self, cells: &mut Cells, profile: &Profile, number: usize, role: &RoleRow) {
        // Rows that no brief can name are not written down.
        if (number + 1) * self.account_types > usize::from(u16::MAX) || self.words().is_none() {
            return;
        }
        let start = number * self.account_types * self.words;
        let types = (0..self.account_types).map(|account_type| account_type as u16);
        let row = types.flat_map(|account_type| (0..self.words).map(move |word| (account_type, word)));
        for (at, (account_type, word)) in (start..).zip(row) {
            cells.put(at, Cell::of(profile, account_type, role, word));
        }
    }
}

impl Cell {
    fn of(profile: &Profile, account_type: u16, role: &RoleRow, word: usize) -> Self {
        let ordinary = !role.deleted && !role.everywhere && suits(profile, account_type, &role.account_types);
        let mut cell = 0;
        for at in 0..PERMISSIONS {
            let permission = PermissionIx((word * PERMISSIONS + at) as u32);
            let held = role.effective.contains(permission);
            let narrowed = held && role.narrowed.contains(permission);
            let sure = ordinary && !narrowed && may_ever_hold(profile, account_type, permission);
            cell |= (u64::from(sure && held) | u64::from(!sure) << 1) << (2 * at);
        }
        Self(cell)
    }
}

/// What is written down about a question: as in a cell the lowest two bits, and above them whether the place is covered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits(u8);

impl AccessIndex {
    /// Writes down what is above a scope.
    pub(super) fn refresh_line(&mut self, ix: ScopeIx) {
        use crate::access::ground::Ground;
        let Some(row) = self.scopes.get(ix.index()) else { return };
        let line = match (row.out_of_use, row.shared) {
            (true, _) => Line::OUT_OF_USE,
            (false, true) => Line::BY_RULE,
            (false, false) => Line::of(self.above(ix)),
        };
        self.lines.put(ix.index(), line);
    }

    /// What is written down about a question; without a scope it is about the organisation as a whole.
    #[inline]
    pub(super) fn bits(&self, member: MemberIx, permission: PermissionIx, scope: Option<ScopeIx>) -> Bits {
        match self.briefs.get(member.index()) {
            Some(brief) => self.bits_of_brief(brief, permission, scope),
            None => self.bits_of_single(member, permission, scope),
        }
    }

    /// The same where members are kept as singles.
    #[inline]
    fn bits_of_single(&self, member: MemberIx, permission: PermissionIx, scope: Option<ScopeIx>) -> Bits {
        let Some(single) = self.singles.get(member.index()) else {
            let brief = self.singles.other(member.index());
            return brief.map_or(Bits::BY_RULE, |brief| self.bits_of_brief(brief, permission, scope));
        };
        let line = match scope.map(|scope| self.lines.get(scope.index())) {
            Some(Some(line)) => *line,
            Some(None) => return Bits::BY_RULE,
            None => Line::ORGANISATION,
        };
        let (word, shift) = (permission.index() / PERMISSIONS, 2 * (permission.index() % PERMISSIONS));
        if line == Line::BY_RULE || word >= self.grid.words {
            return Bits::BY_RULE;
        }
        let given = self.cells.get(single.row() * self.grid.words + word).copied().unwrap_or_default().0;
        Bits::of(line.0.has_first_of(single.scope()), given >> shift).covered_if(scope.is_none())
    }

    #[inline(always)]
    fn bits_of_brief(&self, brief: &Brief, permission: PermissionIx, scope: Option<ScopeIx>) -> Bits {
        let line = match scope.map(|scope| self.lines.get(scope.index())) {
            Some(Some(line)) => *line,
            Some(None) => return Bits::BY_RULE,
            None => Line::ORGANISATION,
        };
        let (word, shift) = (permission.index() / PERMISSIONS, 2 * (permission.index() % PERMISSIONS));
        if line == Line::BY_RULE || word >= usize::from(brief.words) {
            return Bits::BY_RULE;
        }
        let [one, other, _] = brief.rows;
        // The two most common forms first, each with no more than it takes.
        let bits = if brief.form == Form::Nodes {
            let given = self.cell(one, brief, word) | self.cell(other, brief, word);
            Bits::of(line.0.meets(brief.nodes), given >> shift)
        } else if brief.form == Form::Pair {
            Bits::of(line.0.has_first_of(brief.nodes.0), self.cell(one, brief, word) >> shift)
        } else {
            self.bits_of_more(brief, line, word, shift)
        };
        bits.covered_if(scope.is_none())
    }

    fn bits_of_more(&self, brief: &Brief, line: Line, word: usize, shift: usize) -> Bits {
        let [one, other, third] = brief.rows;
        let (one, other, third) =
            (self.cell(one, brief, word), self.cell(other, brief, word), self.cell(third, brief, word));
        let all = (one | other | third) >> shift;
        match brief.form {
            Form::Nodes | Form::More => Bits::of(line.0.meets(brief.nodes), all),
            Form::All => Bits::of(line != Line::OUT_OF_USE, all),
            Form::Pair | Form::Pairs => {
                let own = |lane: u32, cell: u64| Bits::of(line.0.has_first_of(brief.nodes.0 >> lane), cell >> shift);
                own(0, one).or(own(16, other)).or(own(32, third))
            }
            Form::ByRule => Bits::BY_RULE,
        }
    }

    #[inline(always)]
    fn cell(&self, row: u16, brief: &Brief, word: usize) -> u64 {
        match self.cells.get(usize::from(row) * usize::from(brief.words) + word) {
            Some(cell) => cell.0,
            None => Cell::default().0,
        }
    }
}

impl Bits {
    const BY_RULE: Self = Self(2);
    const COVERED: u8 = 4;

    /// What is given where it is covered; what the rule must be asked for, it must be asked for anywhere.
    #[inline(always)]
    fn of(covered: bool, given: u64) -> Self {
        Self(given as u8 & (u8::from(covered) | 2) | u8::from(covered) << 2)
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline(always)]
    fn covered_if(self, covered: bool) -> Self {
        Self(self.0 | u8::from(covered) << 2)
    }

    /// The answer, if it is one of the common ones.
    #[inline(always)]
    pub(super) fn quick(self) -> Quick {
        match self.0 & 3 {
            0 if self.0 & Self::COVERED != 0 => Quick::NoRole,
            0 => Quick::OutOfScope,
            2 => Quick::Unsure,
            _ => Quick::Allowed,
        }
    }

    /// Whether it is yes without an obligation, if that is one of the common answers. Nothing branches on the
    /// answer, which no processor can foresee: so it works at the next question while it waits for this one's row.
    #[inline(always)]
    pub(super) fn yes(self) -> Option<bool> {
        if self.0 & 3 == 2 { None } else { Some(self.0 & 1 != 0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_meet_where_they_have_a_number_in_common() {
        let numbers = [0, 1, 2, 7, 255, 256, 257, 32_767, 32_768, 40_000, GREATEST - 1, GREATEST];
        for (at, own) in numbers.iter().enumerate() {
            let line = Line::of([ScopeIx(*own), ScopeIx(5), ScopeIx(500)].into_iter()).0;
            for other in numbers {
                for place in 0..4 {
                    let mut nodes = [9_999; 4];
                    nodes[place] = other;
                    let nodes = Lanes::of_nodes(&nodes).unwrap();
                    assert_eq!(line.meets(nodes), *own == other, "{at} {other} {place}");
                    assert_eq!(line.has_first_of(nodes.0 >> (16 * place)), *own == other);
                }
            }
        }
    }

    #[test]
    fn nothing_reaches_what_is_no_scope_in_use() {
        let all = Lanes::of_nodes(&[0, 1, 2, GREATEST]).unwrap();
        for line in [Line::OUT_OF_USE, Line::ORGANISATION, Line::BY_RULE] {
            assert!(!line.0.meets(all) && !line.0.meets(Lanes::NO_NODES));
        }
        assert!(!Line::of([ScopeIx(3)].into_iter()).0.meets(Lanes::NO_NODES));
        let deep = Line::of((0..5).map(ScopeIx));
        assert_eq!((deep, Line::of([ScopeIx(GREATEST + 1)].into_iter())), (Line::BY_RULE, Line::BY_RULE));
    }
}
