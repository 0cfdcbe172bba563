//! Common answers from bits that the rule worked out beforehand.
//!
//! For each role and account type: which permissions the role gives such a member outright, and for which
//! of them the rule must be asked. Together with the scopes above a scope this answers most questions
//! with a few loads and no branch that depends on the answer. Whatever is out of the ordinary (a role that is
//! narrowed, deleted, not for the account type or works everywhere; a scope that is shared or deep) is
//! marked as such when it is written down, and left to the rule.

use super::pages::Pages;
use super::{AccessIndex, RoleRow};
use crate::access::coverage::Place;
use crate::access::evaluate::{Question, may_ever_hold, suits};
use crate::access::index::member::{Form, WORDS};
use crate::profile::Profile;
use crate::state::permission_set::PermissionIx;
use crate::state::{RoleIx, ScopeIx};

/// Permissions of a word.
const BITS: usize = 64;

/// What is known without the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quick {
    Allowed,
    NoRole,
    OutOfScope,
    /// Only the rule knows.
    Unsure,
}

/// Permissions of a word that a role gives outright, and those for which the rule must be asked.
#[derive(Debug, Clone, Copy)]
struct Given {
    outright: u64,
    unsure: u64,
}

impl Default for Given {
    fn default() -> Self {
        Self { outright: 0, unsure: u64::MAX }
    }
}

/// What roles give to account types, as bits.
#[derive(Debug, Clone, Default)]
pub(super) struct Grid {
    /// By role, account type and word. The first row is of no role at all.
    cells: Pages<Given, 512>,
    account_types: usize,
    words: usize,
}

/// The scope itself and what it stands below; or that it is out of the ordinary.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line([u32; 4]);

impl Line {
    /// A number that no scope and no row has.
    const NONE: u32 = u32::MAX;
    const BY_RULE: Self = Self([u32::MAX - 1, Self::NONE, Self::NONE, Self::NONE]);
    const OUT_OF_USE: Self = Self([Self::NONE; 4]);

    /// The line of a scope that is in use and not shared.
    fn of(above: impl Iterator<Item = ScopeIx>) -> Self {
        let mut line = [Self::NONE; 4];
        for (at, scope) in above.enumerate() {
            let Some(slot) = line.get_mut(at) else { return Self::BY_RULE };
            *slot = scope.0;
        }
        Self(line)
    }

    #[inline]
    fn is_by_rule(self) -> bool {
        let [first, ..] = self.0;
        first == u32::MAX - 1
    }

    #[inline]
    fn has(self, node: u32) -> bool {
        let [a, b, c, d] = self.0;
        (node == a) | (node == b) | (node == c) | (node == d)
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::BY_RULE
    }
}

impl Grid {
    pub(super) fn of(profile: &Profile) -> Self {
        let words = profile.permissions().len().div_ceil(BITS);
        let mut grid = Self { cells: Pages::default(), account_types: profile.account_types().len(), words };
        grid.add(profile, &RoleRow::default());
        grid
    }

    pub(super) fn add(&mut self, profile: &Profile, role: &RoleRow) {
        for given in self.row(profile, role) {
            self.cells.push(given);
        }
    }

    pub(super) fn set(&mut self, profile: &Profile, ix: RoleIx, role: &RoleRow) {
        let start = (ix.index() + 1) * self.account_types * self.words;
        for (at, given) in (start..).zip(self.row(profile, role)) {
            if let Some(cell) = self.cells.get_mut(at) {
                *cell = given;
            }
        }
    }

    fn row(&self, profile: &Profile, role: &RoleRow) -> Vec<Given> {
        let types = (0..self.account_types).map(|number| number as u16);
        types
            .flat_map(|account_type| (0..self.words).map(move |word| Given::of(profile, account_type, role, word)))
            .collect()
    }

    #[inline]
    fn get(&self, role: u32, account_type: u8, word: usize) -> Given {
        // Where a row has no role, its number is such that one more is zero.
        let row = (role.wrapping_add(1) as usize) * self.account_types + usize::from(account_type);
        self.cells.get(row * self.words + word).copied().unwrap_or_default()
    }
}

impl Given {
    fn of(profile: &Profile, account_type: u16, role: &RoleRow, word: usize) -> Self {
        let ordinary = !role.deleted && !role.everywhere && suits(profile, account_type, &role.account_types);
        let mut given = Self { outright: 0, unsure: 0 };
        for bit in 0..BITS {
            let permission = PermissionIx((word * BITS + bit) as u32);
            let held = role.effective.contains(permission);
            let narrowed = held && role.narrowed.contains(permission);
            let sure = ordinary && !narrowed && may_ever_hold(profile, account_type, permission);
            given.outright |= u64::from(sure && held) << bit;
            given.unsure |= u64::from(!sure) << bit;
        }
        given
    }
}

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
        if let Some(slot) = self.lines.get_mut(ix.index()) {
            *slot = line;
        }
    }

    /// What is written down for a question, as the member's row tells it: at hand when the id was just compared in it.
    #[inline]
    pub(super) fn bits_by_row(&self, question: &Question) -> Option<Bits> {
        let Place::Scope(scope) = question.place else { return None };
        let row = self.members.get(question.subject.index())?;
        let line = self.lines.get(scope.index())?;
        let (word, bit) = (question.permission.index() / BITS, question.permission.index() % BITS);
        if line.is_by_rule() || word >= self.grid.words {
            return None;
        }
        let given = |role: u32| self.grid.get(role, row.account_type, word);
        let (covered, outright, unsure) = match row.form {
            Form::Nodes => covered_by_row_nodes(row.words, *line, given),
            Form::Pairs => covered_by_row_pairs(row.words, *line, given),
            Form::Elsewhere | Form::Packed(_) => return None,
        };
        Some(Bits { covered, outright: outright >> bit & 1 != 0, unsure: unsure >> bit & 1 != 0 })
    }

    /// The same, as the member's brief tells it.
    #[inline(always)]
    pub(super) fn bits_by_brief(&self, question: &Question) -> Option<Bits> {
        let Place::Scope(scope) = question.place else { return None };
        let brief = self.briefs.get(question.subject.index())?;
        let line = self.lines.get(scope.index())?;
        let (word, bit) = (question.permission.index() / BITS, question.permission.index() % BITS);
        if line.is_by_rule() || word >= self.grid.words {
            return None;
        }
        let given = |role: u32| self.grid.get(role, brief.account_type, word);
        let (covered, outright, unsure) = match brief.form {
            Form::Nodes => covered_by_nodes(brief.words(), *line, given),
            Form::Pairs => covered_by_pairs(brief.words(), *line, given),
            Form::Elsewhere | Form::Packed(_) => return None,
        };
        Some(Bits { covered, outright: outright >> bit & 1 != 0, unsure: unsure >> bit & 1 != 0 })
    }
}

impl Bits {
    /// The answer, if it is one of the common ones.
    #[inline]
    pub(super) fn quick(self) -> Quick {
        match self {
            Bits { outright: true, .. } => Quick::Allowed,
            Bits { unsure: true, .. } => Quick::Unsure,
            Bits { covered: true, .. } => Quick::NoRole,
            _ => Quick::OutOfScope,
        }
    }

    /// Whether it is yes without an obligation, if that is one of the common answers. Nothing branches on the
    /// answer, which no processor can foresee: so it works at the next question while it waits for this one's row.
    #[inline]
    pub(super) fn yes(self) -> Option<bool> {
        if !self.outright & self.unsure { None } else { Some(self.outright) }
    }
}

/// What is written down about a question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits {
    covered: bool,
    outright: bool,
    /// The rule must be asked, unless the permission is given outright.
    unsure: bool,
}

/// Whether the place is covered, what is given there, and for which of it the rule must be asked.
#[inline(always)]
fn covered_by_nodes(words: [u32; WORDS], line: Line, given: impl Fn(u32) -> Given) -> (bool, u64, u64) {
    let [one, other, nodes @ ..] = words;
    let covered = nodes.into_iter().fold(false, |covered, node| covered | line.has(node));
    let (one, other) = (given(one), given(other));
    let there = u64::from(covered).wrapping_neg();
    (covered, there & (one.outright | other.outright), one.unsure | other.unsure)
}

#[inline(always)]
fn covered_by_pairs(words: [u32; WORDS], line: Line, given: impl Fn(u32) -> Given) -> (bool, u64, u64) {
    let [one, its, other, theirs, third, thirds] = words;
    let mut all = (false, 0, 0);
    for (role, scope) in [(one, its), (other, theirs), (third, thirds)] {
        let (covered, given) = (line.has(scope), given(role));
        all.0 |= covered;
        all.1 |= u64::from(covered).wrapping_neg() & given.outright;
        all.2 |= given.unsure;
    }
    all
}

// After ids were looked up the processor is short of registers: there the compiler may make these two calls. Where
// there is nothing but numbers, a call would cost as much as the answer.

#[inline]
fn covered_by_row_nodes(words: [u32; WORDS], line: Line, given: impl Fn(u32) -> Given) -> (bool, u64, u64) {
    covered_by_nodes(words, line, given)
}

#[inline]
fn covered_by_row_pairs(words: [u32; WORDS], line: Line, given: impl Fn(u32) -> Given) -> (bool, u64, u64) {
    covered_by_pairs(words, line, given)
}
