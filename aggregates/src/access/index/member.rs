//! A member as an answer needs it, in a cache line.

use super::names::Id;
use crate::access::coverage::{Place, all_covers, nodes_cover};
use crate::access::evaluate::Denial;
use crate::access::ground::{Ground, Subject};
use crate::profile::Profile;
use crate::state::{Assignment, Coverage, MemberEntry, RoleIx, ScopeIx, Toggle};
use crate::vocabulary::{Time, Window};

/// Numbers of roles and scopes that fit into a row.
pub(super) const WORDS: usize = 6;
/// Roles, and nodes, of a row of [`Form::Nodes`].
const NODES_FORM: (usize, usize) = (2, 4);
/// Where there is no role. One more is zero, which the table of what roles give makes use of.
const NO_ROLE: u32 = u32::MAX;
/// Where there is no node. No scope has this number, and nothing that stands above one.
const NO_NODE: u32 = u32::MAX - 2;

/// A member: its id, and what it holds. A member who is active, past all guards for good, and
/// has few roles without windows and no direct toggles is here altogether.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Row {
    pub(super) id: Id,
    pub(super) form: Form,
    pub(super) account_type: u8,
    /// How many roles (3 bits), roles with a scope of their own (2), nodes (3).
    counts: u8,
    pub(super) words: [u32; WORDS],
}

/// What a row says of roles and scopes, in a quarter of its room: where there are very many members, those who ask
/// by number find four times as many of them in the processor's cache.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(16))]
pub(super) struct Brief {
    pub(super) form: Form,
    pub(super) account_type: u8,
    /// With their signs: what stands for no role and no node is below zero, and keeps its bits when it grows wide.
    words: [i16; WORDS],
}

impl Brief {
    /// What fits. A member with a greater number of a role or scope is left to the rule.
    pub(super) fn of(row: &Row) -> Self {
        let narrow = |word: u32| i16::try_from(word.cast_signed()).ok();
        let mut words = [0; WORDS];
        for (slot, word) in words.iter_mut().zip(row.words) {
            let Some(word) = narrow(word) else { return Self::default() };
            *slot = word;
        }
        Self { form: row.form, account_type: row.account_type, words }
    }

    #[inline]
    pub(super) fn words(&self) -> [u32; WORDS] {
        self.words.map(|word| i32::from(word).cast_unsigned())
    }
}

/// How the words of a row are to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// The row has no more than its id: the rest is in an [`Extra`].
    #[default]
    Elsewhere,
    /// Two roles, four nodes; what is less is filled up.
    Nodes,
    /// Three times a role and its own scope; what is less is filled up.
    Pairs,
    /// Roles, pairs, nodes, as many as there are.
    Packed(Reach),
}

/// What does not fit into a row.
#[derive(Debug, Clone)]
pub(super) enum Extra {
    /// Shut out at every instant, for the same reason.
    Shut(Denial),
    /// As a row, only more of it.
    Long(Long),
    /// Windows, toggles, documents that expire: all that the rule reads. No personal data.
    Entry(Box<MemberEntry>),
}

/// Roles and nodes of a member who has many.
#[derive(Debug, Clone)]
pub(super) struct Long {
    reach: Reach,
    account_type: u16,
    roles: usize,
    pairs: usize,
    words: Box<[u32]>,
}

/// How far roles without a scope of their own reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    None,
    All,
    Nodes,
}

/// A member whose answers are the same at every instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain<'a> {
    reach: Reach,
    account_type: u16,
    roles: &'a [u32],
    /// Role, scope; role, scope; …
    pairs: &'a [u32],
    nodes: &'a [u32],
}

impl Row {
    pub(super) fn at(id: Id) -> Self {
        Self { id, ..Self::default() }
    }

    /// What the member holds; none when it is elsewhere.
    #[inline]
    pub(super) fn plain(&self) -> Option<Plain<'_>> {
        let (roles, pairs) = (usize::from(self.counts & 7), usize::from(self.counts >> 3 & 3));
        let nodes = usize::from(self.counts >> 5);
        let (reach, start) = match self.form {
            Form::Elsewhere => return None,
            Form::Nodes if nodes == 0 => (Reach::None, NODES_FORM.0),
            Form::Nodes => (Reach::Nodes, NODES_FORM.0),
            Form::Pairs => (Reach::None, 2 * pairs),
            Form::Packed(reach) => (reach, roles + 2 * pairs),
        };
        Some(Plain {
            reach,
            account_type: u16::from(self.account_type),
            roles: self.words.get(..roles)?,
            pairs: self.words.get(roles..roles + 2 * pairs)?,
            nodes: self.words.get(start..start + nodes)?,
        })
    }

    /// The row, or row and extra, of a member as it stands.
    pub(super) fn pack(id: Id, profile: &Profile, member: &MemberEntry) -> (Self, Option<Extra>) {
        let mut row = Self::at(id);
        // Who passes at the end of time passes always: documents only ever expire.
        let last = member.check_active(profile, Time::MAX_UTC);
        if let Err(denial) = &last
            && member.check_active(profile, Time::MIN_UTC) == last
        {
            return (row, Some(Extra::Shut(denial.clone())));
        }
        let timeless = last.is_ok() && member.assignments.iter().all(|held| held.window.is_open());
        if !timeless || !member.toggles.is_empty() {
            return (row, Some(Extra::Entry(Box::new(without_details(member)))));
        }
        let long = Long::of(member);
        if !row.take(&long) {
            return (row, Some(Extra::Long(long)));
        }
        (row, None)
    }

    fn take(&mut self, long: &Long) -> bool {
        let Some(plain) = long.plain() else { return false };
        let (Ok(account_type), true) = (u8::try_from(long.account_type), long.words.len() <= WORDS) else {
            return false;
        };
        self.account_type = account_type;
        // INVARIANT: at most six words, so at most three pairs: all counts fit their bits.
        self.counts = (plain.roles.len() | ((plain.pairs.len() / 2) << 3) | (plain.nodes.len() << 5)) as u8;
        let fits = plain.roles.len() <= NODES_FORM.0 && plain.nodes.len() <= NODES_FORM.1;
        match plain.reach {
            Reach::None | Reach::Nodes if plain.pairs.is_empty() && fits => {
                self.form = Form::Nodes;
                self.words = [NO_ROLE, NO_ROLE, NO_NODE, NO_NODE, NO_NODE, NO_NODE];
                self.fill(0, plain.roles);
                self.fill(NODES_FORM.0, plain.nodes);
            }
            Reach::None if plain.roles.is_empty() => {
                self.form = Form::Pairs;
                self.words = [NO_ROLE, NO_NODE, NO_ROLE, NO_NODE, NO_ROLE, NO_NODE];
                self.fill(0, plain.pairs);
            }
            reach => {
                self.form = Form::Packed(reach);
                self.fill(0, &long.words);
            }
        }
        true
    }

    fn fill(&mut self, start: usize, values: &[u32]) {
        for (word, value) in self.words.iter_mut().skip(start).zip(values) {
            *word = *value;
        }
    }
}

impl Long {
    fn of(member: &MemberEntry) -> Self {
        let roles = member.assignments.iter().filter(|held| held.scope.is_none()).map(|held| held.role.0);
        let mut words: Vec<u32> = roles.collect();
        let roles = words.len();
        for held in &member.assignments {
            words.extend(held.scope.map(|scope| [held.role.0, scope.0]).into_iter().flatten());
        }
        let pairs = (words.len() - roles) / 2;
        let reach = match &member.scope {
            Coverage::None => Reach::None,
            Coverage::All => Reach::All,
            Coverage::Nodes { nodes, .. } => {
                words.extend(nodes.iter().map(|node| node.0));
                Reach::Nodes
            }
        };
        Self { reach, account_type: member.account_type, roles, pairs, words: words.into() }
    }

    pub(super) fn plain(&self) -> Option<Plain<'_>> {
        Plain::of(self.reach, self.account_type, &self.words, self.roles, self.pairs)
    }
}

/// The member as the rule reads it. Personal data stays where it can be erased.
fn without_details(member: &MemberEntry) -> MemberEntry {
    MemberEntry { details: crate::event::Details::default(), ..member.clone() }
}

impl<'a> Plain<'a> {
    #[inline]
    fn of(reach: Reach, account_type: u16, words: &'a [u32], roles: usize, pairs: usize) -> Option<Self> {
        let (roles, rest) = words.split_at_checked(roles)?;
        let (pairs, nodes) = rest.split_at_checked(2 * pairs)?;
        Some(Self { reach, account_type, roles, pairs, nodes })
    }
}

impl Subject for Plain<'_> {
    #[inline]
    fn account_type(&self) -> u16 {
        self.account_type
    }

    #[inline]
    fn check_active(&self, _: &Profile, _: Time) -> Result<(), Denial> {
        Ok(())
    }

    #[inline]
    fn scope_covers(&self, ground: &impl Ground, place: Place) -> bool {
        match (self.reach, place) {
            (Reach::All, _) => all_covers(ground, place),
            (Reach::Nodes, Place::Scope(scope)) => nodes_cover(ground, |node| self.nodes.contains(&node.0), scope),
            (Reach::None | Reach::Nodes, _) => false,
        }
    }

    #[inline]
    fn assignments(&self) -> impl Iterator<Item = Assignment> {
        let held = |role: &u32, scope| Assignment { role: RoleIx(*role), scope, window: Window::default(), at: 0 };
        let scoped = self.pairs.as_chunks::<2>().0.iter();
        let scoped = scoped.map(move |[role, scope]| held(role, Some(ScopeIx(*scope))));
        self.roles.iter().map(move |role| held(role, None)).chain(scoped)
    }

    #[inline]
    fn toggles(&self) -> &[Toggle] {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::{Brief, Form, NO_NODE, NO_ROLE, Row};

    #[test]
    fn a_brief_says_what_the_row_says_or_that_it_is_elsewhere() {
        let row = |words| Row { form: Form::Nodes, account_type: 3, words, ..Row::default() };
        let fits = row([0, 32_767, NO_NODE, NO_ROLE, 7, NO_NODE]);
        let brief = Brief::of(&fits);
        assert_eq!((brief.form, brief.account_type, brief.words()), (Form::Nodes, 3, fits.words));
        for number in [32_768, 65_535, 100_000, u32::MAX / 2] {
            assert_eq!(Brief::of(&row([0, number, 1, 2, 3, 4])).form, Form::Elsewhere, "{number}");
        }
    }
}
