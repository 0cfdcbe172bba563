//! The access state: everything needed to decide, for one organisation at one position.
//!
//! It is the fold of the organisation's events and nothing else. Copies share their structure, so
//! the state before a command, the state after it and any past state can be held at once for little.

mod apply;
mod entries;
mod indexed;
mod keys;
mod names;
pub mod permission_set;
mod personal;
mod reviews;
pub mod snapshot;
mod table;

use std::sync::Arc;

pub(crate) use apply::{REFUSAL_WINDOW, refusal_key};
use compact_str::CompactString;
pub use entries::{
    Assignment, Coverage, DocumentEntry, DocumentStatus, MemberEntry, MemberIx, RoleEntry, RoleIx, ScopeEntry, ScopeIx,
    Status, Toggle,
};
pub(crate) use indexed::Touched;
pub use keys::{KeyEntry, KeyIx};
pub use names::fold_name;
pub use personal::{Reveal, Shown};
pub use reviews::ReviewEntry;
pub(crate) use table::SharedMap;
use table::Table;

use crate::access::index::AccessIndex;
use crate::event::Stamp;
use crate::profile::Profile;
use crate::vocabulary::{
    KeyId, MemberId, MemberScope, OrganisationId, ReviewId, RoleId, RoleRef, ScopeId, ScopeRef, Time,
};

/// The fold of an organisation's events up to one position.
#[derive(Debug, Clone, Default)]
pub struct AccessState {
    organisation: OrganisationId,
    name: CompactString,
    founded: Option<Stamp>,
    head: Option<Stamp>,
    profile: Option<Arc<Profile>>,
    sequence: u64,
    roles: Table<RoleId, RoleEntry>,
    role_names: SharedMap<CompactString, RoleIx>,
    members: Table<MemberId, MemberEntry>,
    scopes: Table<ScopeId, ScopeEntry>,
    keys: Table<KeyId, KeyEntry>,
    reviews: Table<ReviewId, ReviewEntry>,
    refusals: SharedMap<CompactString, (Time, u32)>,
    /// Kept along with every event, once it is asked for.
    index: Option<Arc<AccessIndex>>,
    /// Reads what is sealed, for those to whom it is shown. No rule asks it.
    reveal: Option<Arc<dyn Reveal>>,
}

impl AccessState {
    /// The organisation's id; empty before it is founded.
    pub fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    /// What people call the organisation.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it was founded.
    pub fn founded(&self) -> Option<Stamp> {
        self.founded
    }

    /// Position of the last event that was applied; 0 before the first.
    pub fn position(&self) -> u64 {
        self.head.map_or(0, |head| head.position)
    }

    /// Time of the last event that was applied.
    pub fn time(&self) -> Option<Time> {
        self.head.map(|head| head.time)
    }

    /// The rules in force; absent before the organisation is founded.
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_deref()
    }

    /// Events of the organisation's own stream so far.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The number of a role that is not deleted.
    pub fn role_ix(&self, id: &str) -> Option<RoleIx> {
        let ix = RoleIx(self.roles.find(id)?);
        self.role(ix).filter(|role| role.deleted.is_none()).map(|_| ix)
    }

    /// The number of a role by its name, ignoring case.
    pub fn role_named(&self, name: &str) -> Option<RoleIx> {
        self.role_names.get(&fold_name(name)).copied()
    }

    /// A role by number, deleted ones included.
    pub fn role(&self, ix: RoleIx) -> Option<&RoleEntry> {
        self.roles.get(ix.0)
    }

    /// A role by id, deleted ones included.
    pub fn role_by_id(&self, id: &str) -> Option<&RoleEntry> {
        self.roles.get(self.roles.find(id)?)
    }

    /// All roles that are not deleted, in order of creation.
    pub fn roles(&self) -> impl Iterator<Item = (RoleIx, &RoleEntry)> {
        self.roles.iter().filter(|(_, role)| role.deleted.is_none()).map(|(ix, role)| (RoleIx(ix), role))
    }

    /// A role as an event cites it.
    pub fn cite_role(&self, ix: RoleIx) -> RoleRef {
        match self.role(ix) {
            Some(role) => RoleRef { id: role.id.clone(), name: role.name.clone() },
            None => RoleRef { id: RoleId::default(), name: CompactString::default() },
        }
    }

    /// The number of a member, removed ones included.
    pub fn member_ix(&self, id: &str) -> Option<MemberIx> {
        self.members.find(id).map(MemberIx)
    }

    /// A member by number.
    pub fn member(&self, ix: MemberIx) -> Option<&MemberEntry> {
        self.members.get(ix.0)
    }

    /// A member by id, removed ones included.
    pub fn member_by_id(&self, id: &str) -> Option<&MemberEntry> {
        self.member(self.member_ix(id)?)
    }

    /// All members in order of arrival, removed ones included.
    pub fn members(&self) -> impl Iterator<Item = (MemberIx, &MemberEntry)> {
        self.members.iter().map(|(ix, member)| (MemberIx(ix), member))
    }

    /// How many members there ever were.
    pub fn member_count(&self) -> usize {
        self.members.len()
    }

    /// About how many bytes the state takes by itself, in memory. Copies share most of theirs.
    pub fn approximate_bytes(&self) -> usize {
        // Measured: a row with its ids, its node of the tables, and what usually hangs on it.
        const MEMBER: usize = 600;
        const ROLE: usize = 1_000;
        const SCOPE: usize = 400;
        const ASSIGNMENT: usize = 100;
        const REVIEW_LINE: usize = 400;
        const PROFILE: usize = 200_000;
        let assignments: usize = self.roles.iter().map(|(_, role)| role.holders.len()).sum();
        let reviewed: usize = self.reviews().map(|entry| entry.review.lines.len()).sum();
        PROFILE
            + reviewed * REVIEW_LINE
            + self.members.len() * MEMBER
            + self.roles.len() * ROLE
            + self.scopes.len() * SCOPE
            + assignments * ASSIGNMENT
    }

    /// The number of a scope, archived ones included.
    pub fn scope_ix(&self, id: &str) -> Option<ScopeIx> {
        self.scopes.find(id).map(ScopeIx)
    }

    /// A scope by number.
    pub fn scope(&self, ix: ScopeIx) -> Option<&ScopeEntry> {
        self.scopes.get(ix.0)
    }

    /// A scope by id, archived ones included.
    pub fn scope_by_id(&self, id: &str) -> Option<&ScopeEntry> {
        self.scope(self.scope_ix(id)?)
    }

    /// All scopes in order of creation, archived ones included.
    pub fn scopes(&self) -> impl Iterator<Item = (ScopeIx, &ScopeEntry)> {
        self.scopes.iter().map(|(ix, scope)| (ScopeIx(ix), scope))
    }

    /// The state as it would be with every archived scope in use again; none when nothing is archived.
    pub(crate) fn with_all_restored(&self) -> Option<Self> {
        let archived: Vec<_> = self.scopes().filter(|(_, scope)| scope.archived.is_some()).map(|(ix, _)| ix).collect();
        let mut restored = (!archived.is_empty()).then(|| self.clone())?;
        restored.drop_index();
        for ix in archived {
            if let Some(scope) = restored.scopes.get_mut(ix.0) {
                scope.archived = None;
            }
        }
        Some(restored)
    }

    /// A scope as an event cites it.
    pub fn cite_scope(&self, ix: ScopeIx) -> ScopeRef {
        match self.scope(ix) {
            Some(scope) => ScopeRef { id: scope.id.clone(), name: scope.name.clone() },
            None => ScopeRef { id: ScopeId::default(), name: CompactString::default() },
        }
    }

    /// A member's coverage as an event cites it.
    pub fn cite_coverage(&self, coverage: &Coverage) -> MemberScope {
        let cite = |nodes: &[ScopeIx]| nodes.iter().map(|ix| self.cite_scope(*ix)).collect();
        match coverage {
            Coverage::None => MemberScope::None,
            Coverage::All => MemberScope::All,
            Coverage::Nodes { by_group: false, nodes } => MemberScope::Selected(cite(nodes)),
            Coverage::Nodes { by_group: true, nodes } => MemberScope::ByGroup(cite(nodes)),
        }
    }

    /// The scope and what it stands below, from itself to the top.
    pub fn ancestry(&self, scope: ScopeIx) -> impl Iterator<Item = ScopeIx> + '_ {
        // INVARIANT: moves that would close a cycle are refused, so the walk ends; the bound keeps
        // even a damaged log from holding it forever.
        std::iter::successors(Some(scope), |at| self.scope(*at)?.parent).take(self.scopes.len())
    }

    /// The members whose row is not the same in an older state: a quick sieve, not a comparison.
    pub fn members_touched_since<'a>(&'a self, older: &'a Self) -> impl Iterator<Item = MemberIx> + 'a {
        self.members.iter().map(|(ix, _)| ix).filter(|ix| !self.members.same_row(&older.members, *ix)).map(MemberIx)
    }

    /// When an actor first met a refusal, and for the how many-eth time it was last recorded.
    pub(crate) fn refused_before(&self, key: &str) -> Option<(Time, u32)> {
        self.refusals.get(key).copied()
    }

    /// How many different refusals an actor met since an instant.
    pub(crate) fn refusals_of(&self, actor: &str, since: Time) -> usize {
        let of_actor = |key: &str| key.strip_prefix(actor).is_some_and(|rest| rest.starts_with('\n'));
        self.refusals.iter().filter(|(key, (first, _))| *first > since && of_actor(key)).count()
    }
}
