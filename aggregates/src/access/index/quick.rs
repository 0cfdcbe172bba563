//! Common answers from bits that the rule worked out beforehand.
//!
//! For each role and account type: which permissions the role gives such a member outright, and for which
//! of them the rule must be asked. Together with the scopes above a scope this answers most questions
//! with a few loads and no branch that depends on the answer. Whatever is out of the ordinary (a role that is
//! narrowed, deleted, not for the account type or works everywhere; a scope that is shared or deep) is
//! marked as such when it is written down, and left to the rule.

use super::brief::Form;
use super::near::Near;
use super::{AccessIndex, RoleRow};
use crate::access::coverage::Place;
use crate::access::evaluate::{Decision, Denial, Question, may_ever_hold, suits};
use crate::profile::Profile;
use crate::state::permission_set::PermissionIx;
use crate::state::{MemberIx, RoleIx, ScopeIx};

/// Permissions of a cell.
const PERMISSIONS: usize = 32;
/// What the line of a scope has that is left to the rule.
const BY_RULE: u16 = 0xfffe;
/// Scopes with greater numbers are left to the rule.
const GREATEST: u32 = 0xfff0;

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

/// Four numbers of scopes. What compares them has no branch, so that all four are compared at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lanes([u16; 4]);

impl Default for Lanes {
    fn default() -> Self {
        Self::NO_NODES
    }
}

impl Lanes {
    /// What no line of a scope has.
    const NO_NODES: Self = Self([0xfffd; 4]);

    pub(super) fn of_nodes(nodes: &[u32]) -> Option<Self> {
        Self::NO_NODES.filled(nodes.iter().copied())
    }

    fn filled(mut self, numbers: impl IntoIterator<Item = u32>) -> Option<Self> {
        for (at, number) in numbers.into_iter().enumerate() {
            *self.0.get_mut(at)? = u16::try_from(number).ok().filter(|_| number <= GREATEST)?;
        }
        Some(self)
    }

    /// Whether the two have a number in common.
    #[inline(always)]
    fn meets(&self, other: &Self) -> bool {
        let mut any = false;
        for number in &self.0 {
            for other in &other.0 {
                any |= number == other;
            }
        }
        any
    }

    /// Whether it has a number.
    #[inline(always)]
    fn has(&self, number: u16) -> bool {
        let mut any = false;
        for own in &self.0 {
            any |= *own == number;
        }
        any
    }

    /// Whether all four are this one.
    #[inline(always)]
    fn has_only(&self, number: u16) -> bool {
        let mut all = true;
        for own in &self.0 {
            all &= *own == number;
        }
        all
    }

    /// The number that stands first.
    pub(super) fn first(&self) -> u16 {
        let [first, ..] = self.0;
        first
    }
}

/// The scope itself and what it stands below; or that it is out of the ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line(Lanes);

impl Line {
    const OUT_OF_USE: Self = Self(Lanes([0xffff; 4]));
    const BY_RULE: Self = Self(Lanes([BY_RULE; 4]));
    /// The organisation as a whole: in use, and no node reaches it.
    const ORGANISATION: Self = Self(Lanes([0xfffc; 4]));

    /// Whether only the rule knows.
    #[inline(always)]
    fn is_by_rule(&self) -> bool {
        self.0.has_only(BY_RULE)
    }

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

    /// The most common answers by the fewest steps: about a scope, where all tables are of one page, the member has up to
    /// two roles on nodes, and neither needs the rule for the permission. All of it is in [`AccessIndex::bits`] as well.
    #[inline(always)]
    pub(super) fn bits_at_hand(&self, question: &Question) -> Option<Bits> {
        let brief = self.briefs.get_near(question.subject.index())?;
        let line = self.lines.get_near(question.place.scope()?.index())?;
        let (word, shift) = split(question.permission);
        if brief.form != Form::Nodes || line.is_by_rule() || word >= usize::from(brief.words) {
            return None;
        }
        let cell = |row: u16| self.cells.get_near(usize::from(row) * usize::from(brief.words) + word);
        let [one, other, _] = brief.rows;
        let given = (cell(one)?.0 | cell(other)?.0) >> shift;
        (given & 2 == 0).then(|| Bits::of(line.0.meets(&brief.nodes), given))
    }

    /// The same about a member who is kept as a single.
    #[inline(always)]
    pub(super) fn bits_of_single(&self, question: &Question) -> Option<Bits> {
        let single = self.singles.get(question.subject.index())?;
        let line = self.lines.get(question.place.scope()?.index())?;
        let (word, shift) = split(question.permission);
        if line.is_by_rule() || word >= self.grid.words {
            return None;
        }
        let given = self.cells.get(single.row() * self.grid.words + word)?.0 >> shift;
        (given & 2 == 0).then(|| Bits::of(line.0.has(single.scope()), given))
    }

    /// What is written down about a question.
    #[inline(never)]
    pub(super) fn bits(&self, question: &Question) -> Bits {
        let line = match question.place {
            Place::Scope(scope) => self.lines.get(scope.index()).copied().unwrap_or_default(),
            Place::Organisation => Line::ORGANISATION,
            Place::Nowhere => return Bits::BY_RULE,
        };
        let (word, shift) = split(question.permission);
        if line.is_by_rule() || word >= self.grid.words {
            return Bits::BY_RULE;
        }
        let bits = match self.singles.get(question.subject.index()) {
            Some(single) => {
                let given = self.cell(single.row(), word) >> shift;
                Bits::of(line.0.has(single.scope()), given)
            }
            None => self.bits_of_brief(question.subject, line, word, shift),
        };
        bits.covered_if(question.place == Place::Organisation)
    }

    #[inline]
    fn bits_of_brief(&self, member: MemberIx, line: Line, word: usize, shift: usize) -> Bits {
        let Some(brief) = self.briefs.get(member.index()).or_else(|| self.singles.other(member.index())) else {
            return Bits::BY_RULE;
        };
        let cell = |row: u16| self.cell(usize::from(row), word);
        let [one, other, third] = brief.rows;
        let all = |third: u64| (cell(one) | cell(other) | third) >> shift;
        match brief.form {
            Form::Nodes => Bits::of(line.0.meets(&brief.nodes), all(0)),
            Form::More => Bits::of(line.0.meets(&brief.nodes), all(cell(third))),
            Form::All => Bits::of(line != Line::OUT_OF_USE, all(cell(third))),
            Form::Pair => Bits::of(line.0.has(brief.nodes.first()), cell(one) >> shift),
            Form::Pairs => {
                let [first, second, last, _] = brief.nodes.0;
                let own = |node, row| Bits::of(line.0.has(node), cell(row) >> shift);
                own(first, one).or(own(second, other)).or(own(last, third))
            }
            Form::ByRule => Bits::BY_RULE,
        }
    }

    #[inline(always)]
    fn cell(&self, row: usize, word: usize) -> u64 {
        self.cells.get(row * self.grid.words + word).copied().unwrap_or_default().0
    }
}

/// The number of a cell in its row, and where in the cell a permission's bits begin.
#[inline(always)]
fn split(permission: PermissionIx) -> (usize, usize) {
    (permission.index() / PERMISSIONS, 2 * (permission.index() % PERMISSIONS))
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
    pub(super) fn decision(self) -> Option<Decision> {
        match self.0 & 3 {
            0 if self.0 & Self::COVERED != 0 => Some(Decision::Denied(Denial::NoRole)),
            0 => Some(Decision::Denied(Denial::OutOfScope)),
            2 => None,
            _ => Some(Decision::Allowed { only_own: false }),
        }
    }

    /// Whether it is yes without an obligation, if that is one of the common answers. Nothing branches on the
    /// answer, which no processor can foresee: so it works at the next question while it waits for this one's row.
    #[inline(always)]
    pub(super) fn yes(self) -> Option<bool> {
        if self.0 & 3 == 2 { None } else { Some(self.is_yes()) }
    }

    /// Whether it is yes without an obligation. For what the rule must be asked it says no.
    #[inline(always)]
    pub(super) fn is_yes(self) -> bool {
        self.0 & 1 != 0
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
                    assert_eq!(line.meets(&nodes), *own == other, "{at} {other} {place}");
                    assert_eq!(line.has(nodes.0[place]), *own == other);
                }
            }
        }
    }

    #[test]
    fn nothing_reaches_what_is_no_scope_in_use() {
        let all = Lanes::of_nodes(&[0, 1, 2, GREATEST]).unwrap();
        for line in [Line::OUT_OF_USE, Line::ORGANISATION, Line::BY_RULE] {
            assert!(!line.0.meets(&all) && !line.0.meets(&Lanes::NO_NODES));
        }
        assert!(!Line::of([ScopeIx(3)].into_iter()).0.meets(&Lanes::NO_NODES));
        let deep = Line::of((0..5).map(ScopeIx));
        assert_eq!((deep, Line::of([ScopeIx(GREATEST + 1)].into_iter())), (Line::BY_RULE, Line::BY_RULE));
    }
}
