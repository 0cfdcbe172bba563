//! A member as an answer needs it, in a cache line.

use super::names::Id;
use crate::access::coverage::{Place, all_covers, nodes_cover};
use crate::access::evaluate::Denial;
use crate::access::ground::{Ground, Subject};
use crate::profile::Profile;
use crate::state::{Assignment, Coverage, MemberEntry, RoleIx, ScopeIx, Toggle};
use crate::vocabulary::{Time, Window};

/// Numbers of roles and scopes that fit into a row.
const WORDS: usize = 6;

/// A member: its id, and what it holds. A member who is active, past all guards for good, and
/// has few roles without windows and no direct toggles is here altogether.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Row {
    pub(super) id: Id,
    /// None where the row has no more than the id: the rest is in an [`Extra`].
    reach: Option<Reach>,
    account_type: u8,
    /// How many roles (3 bits), roles with a scope of their own (2), nodes (3).
    counts: u8,
    /// Roles, pairs of a role and its own scope, nodes.
    words: [u32; WORDS],
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
    pub(super) reach: Reach,
    pub(super) account_type: u16,
    pub(super) roles: &'a [u32],
    /// Role, scope; role, scope; …
    pub(super) pairs: &'a [u32],
    pub(super) nodes: &'a [u32],
}

impl Row {
    pub(super) fn at(id: Id) -> Self {
        Self { id, ..Self::default() }
    }

    /// What the member holds; none when it is elsewhere.
    #[inline]
    pub(super) fn plain(&self) -> Option<Plain<'_>> {
        let (roles, pairs) = (usize::from(self.counts & 7), usize::from(self.counts >> 3 & 3));
        let words = self.words.get(..roles + 2 * pairs + usize::from(self.counts >> 5))?;
        Plain::of(self.reach?, u16::from(self.account_type), words, roles, pairs)
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
        self.reach = Some(plain.reach);
        for (slot, word) in self.words.iter_mut().zip(&long.words) {
            *slot = *word;
        }
        true
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
