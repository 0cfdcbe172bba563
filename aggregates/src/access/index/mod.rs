//! The access index: an access state's twin for reading.
//!
//! It has what the rule of [`evaluate`](super::evaluate) needs and nothing else (no names of roles, no
//! personal data, no positions but those that denials cite), packed so that a check touches few cache
//! lines: a member is one, its id included. It is no second rule: [`AccessIndex::decide`] runs the one rule
//! on another form of the same facts, except where what the rule says of a role was written down beforehand. A property test keeps the answers equal to the state's.
//!
//! An [`AccessState`](crate::AccessState) that was told to ([`with_index`](crate::AccessState::with_index))
//! carries one along with every event. An index is immutable to its readers; a copy shares all but the pages
//! that change. It can outlive the state it was made from.

mod brief;
mod build;
mod list;
mod member;
pub(crate) mod names;
mod near;
mod pages;
mod quick;
mod single;

use std::sync::Arc;

use brief::Brief;
pub use list::{ListError, Page, Resource, ResourceItem, SubjectItem};
use member::{Extra, Plain, Row};
use names::{Id, Names};
use near::Near;
use pages::Pages;
use quick::{Bits, Cells, Grid, Line};
use single::Singles;

use super::coverage::Place;
use super::evaluate::{Decision, Denial, Ownership, Question, Request, decide};
use super::ground::{Ground, RoleFacts};
use crate::profile::Profile;
use crate::state::permission_set::{PermissionIx, PermissionSet};
use crate::state::{MemberEntry, MemberIx, RoleIx, ScopeIx, SharedMap};
use crate::vocabulary::AccountTypeKey;

/// An organisation as checks read it, at one position of its log.
// Where the tables of a common answer are stands in the first cache line: where there are many organisations, each
// line is a miss. The counter of an `Arc` is in a line of its own so.
#[derive(Clone, Default)]
#[repr(C, align(64))]
pub struct AccessIndex {
    /// Empty where members are kept as singles.
    briefs: Near<Brief, 1024>,
    lines: Near<Line, 1024>,
    cells: Cells,
    grid: Grid,
    singles: Singles,
    position: u64,
    profile: Option<Arc<Profile>>,
    members: Pages<Row, 256>,
    member_names: Names,
    scope_names: Names,
    scopes: Pages<ScopeRow, 64>,
    roles: Pages<RoleRow, 16>,
    extras: SharedMap<u32, Arc<Extra>>,
}

/// A role as checks read it.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoleRow {
    deleted: bool,
    everywhere: bool,
    effective: PermissionSet,
    /// What its own restrictions narrow.
    narrowed: PermissionSet,
    account_types: Arc<[AccountTypeKey]>,
}

#[derive(Debug, Clone, Default)]
struct ScopeRow {
    id: Id,
    parent: Option<ScopeIx>,
    archived: bool,
    /// It, or anything above it, is archived.
    out_of_use: bool,
    /// It, or anything above it, is shared.
    shared: bool,
    shared_with: Option<Arc<[(ScopeIx, u64)]>>,
}

enum Found<'a> {
    Plain(Plain<'a>),
    Entry(&'a MemberEntry),
    Shut(&'a Denial),
}

impl AccessIndex {
    /// Position of the last event that it reflects.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The rules in force; absent before the organisation is founded.
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_deref()
    }

    /// How many members there ever were.
    pub fn member_count(&self) -> usize {
        self.members.len()
    }

    /// How many scopes there ever were.
    pub fn scope_count(&self) -> usize {
        self.scopes.len()
    }

    /// The number of a member, removed ones included: the same as in the state, and for ever.
    #[inline]
    pub fn member_ix(&self, id: &str) -> Option<MemberIx> {
        self.member_names.find(id, |ix| Some(&self.members.get(ix as usize)?.id)).map(MemberIx)
    }

    /// The number of a scope, archived ones included: the same as in the state, and for ever.
    #[inline]
    pub fn scope_ix(&self, id: &str) -> Option<ScopeIx> {
        self.scope_names.find(id, |ix| Some(&self.scopes.get(ix as usize)?.id)).map(ScopeIx)
    }

    /// The number of a permission: the same as in the profile, and for ever.
    #[inline]
    pub fn permission_ix(&self, key: &str) -> Option<PermissionIx> {
        self.profile.as_ref()?.permission_ix(key)
    }

    /// A member's id.
    pub fn member_id(&self, ix: MemberIx) -> Option<&str> {
        self.member_names.text(ix.0, &self.members.get(ix.index())?.id)
    }

    /// A scope's id.
    pub fn scope_id(&self, ix: ScopeIx) -> Option<&str> {
        self.scope_names.text(ix.0, &self.scopes.get(ix.index())?.id)
    }

    /// The place that a request names.
    #[inline]
    pub fn place(&self, scope: Option<&str>) -> Place {
        match scope {
            None => Place::Organisation,
            Some(id) => self.scope_ix(id).map_or(Place::Nowhere, Place::Scope),
        }
    }

    /// Looks up what a request names.
    ///
    /// # Errors
    /// When there is no such member or permission, which is the answer.
    #[inline]
    pub fn question(&self, request: &Request<'_>) -> Result<Question, Denial> {
        let subject = self.member_ix(request.subject).ok_or(Denial::UnknownMember)?;
        let permission = self.permission_ix(request.permission).ok_or(Denial::UnknownPermission)?;
        let ownership = Ownership::of(request.owner, request.subject);
        Ok(Question { subject, permission, place: self.place(request.scope), ownership, at: request.at })
    }

    /// Answers a request from outside, as [`evaluate`](super::evaluate) does.
    #[inline]
    pub fn evaluate(&self, request: &Request<'_>) -> Decision {
        match self.question(request) {
            Ok(question) => self.decide(&question),
            Err(denial) => Decision::Denied(denial),
        }
    }

    /// Answers a question, as [`evaluate_question`](super::evaluate_question) does.
    #[inline(always)]
    pub fn decide(&self, question: &Question) -> Decision {
        match self.bits_at_hand(question).and_then(Bits::decision) {
            Some(decision) => decision,
            None => self.decide_by_more(question),
        }
    }

    #[inline(never)]
    fn decide_by_more(&self, question: &Question) -> Decision {
        match self.bits_of_single(question).unwrap_or_else(|| self.bits(question)).decision() {
            Some(decision) => decision,
            None => self.decide_by_rule(question),
        }
    }

    /// Whether a request from outside is answered with yes, and without an obligation: no for what is allowed
    /// for the subject's own only and names no owner. Faster than [`AccessIndex::evaluate`], which tells more.
    #[inline]
    pub fn permits(&self, request: &Request<'_>) -> bool {
        self.question(request).is_ok_and(|question| self.permits_question(&question))
    }

    /// [`AccessIndex::permits`] with everything looked up.
    #[inline(always)]
    pub fn permits_question(&self, question: &Question) -> bool {
        match self.bits_at_hand(question) {
            Some(bits) => bits.is_yes(),
            None => self.permits_by_more(question),
        }
    }

    #[inline(never)]
    fn permits_by_more(&self, question: &Question) -> bool {
        match self.bits_of_single(question) {
            Some(bits) => bits.is_yes(),
            None => self.bits(question).yes().unwrap_or_else(|| self.permits_by_rule(question)),
        }
    }

    #[inline(never)]
    fn permits_by_rule(&self, question: &Question) -> bool {
        self.decide_by_rule(question) == Decision::Allowed { only_own: false }
    }

    #[inline(never)]
    fn decide_by_rule(&self, question: &Question) -> Decision {
        let (Some(profile), Some(member)) = (&self.profile, self.find(question.subject)) else {
            return Decision::Denied(Denial::UnknownMember);
        };
        match member {
            Found::Plain(member) => decide(self, profile, &member, question),
            Found::Entry(member) => decide(self, profile, member, question),
            Found::Shut(denial) => Decision::Denied(denial.clone()),
        }
    }

    #[inline]
    fn find(&self, member: MemberIx) -> Option<Found<'_>> {
        if member.index() >= self.members.len() {
            return None;
        }
        match self.members.get(member.index())?.plain() {
            Some(plain) => Some(Found::Plain(plain)),
            None => self.find_extra(member),
        }
    }

    #[cold]
    fn find_extra(&self, member: MemberIx) -> Option<Found<'_>> {
        match self.extras.get(&member.0)?.as_ref() {
            Extra::Shut(denial) => Some(Found::Shut(denial)),
            Extra::Long(long) => long.plain().map(Found::Plain),
            Extra::Entry(entry) => Some(Found::Entry(entry)),
        }
    }
}

impl std::fmt::Debug for AccessIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessIndex")
            .field("position", &self.position)
            .field("members", &self.members.len())
            .field("roles", &self.roles.len())
            .field("scopes", &self.scopes.len())
            .finish_non_exhaustive()
    }
}

impl Ground for AccessIndex {
    type Role<'a> = &'a RoleRow;

    #[inline]
    fn role_facts(&self, ix: RoleIx) -> Option<&RoleRow> {
        self.roles.get(ix.index()).filter(|role| !role.deleted)
    }

    #[inline]
    fn above(&self, scope: ScopeIx) -> impl Iterator<Item = ScopeIx> {
        // INVARIANT: as in the state, no cycle; the bound is for a damaged log.
        let parent = |at: &ScopeIx| self.scopes.get(at.index())?.parent;
        std::iter::successors(Some(scope), parent).take(self.scopes.len())
    }

    #[inline]
    fn in_use(&self, scope: ScopeIx) -> bool {
        scope.index() < self.scopes.len() && self.scopes.get(scope.index()).is_some_and(|row| !row.out_of_use)
    }

    #[inline]
    fn may_be_shared(&self, scope: ScopeIx) -> bool {
        self.scopes.get(scope.index()).is_some_and(|row| row.shared)
    }

    fn shared_with(&self, scope: ScopeIx) -> &[(ScopeIx, u64)] {
        self.scopes.get(scope.index()).and_then(|row| row.shared_with.as_deref()).unwrap_or_default()
    }
}

impl RoleFacts for &RoleRow {
    #[inline]
    fn effective(&self) -> &PermissionSet {
        &self.effective
    }

    #[inline]
    fn everywhere(&self) -> bool {
        self.everywhere
    }

    #[inline]
    fn account_types(&self) -> &[AccountTypeKey] {
        &self.account_types
    }

    #[inline]
    fn narrowed(&self) -> Option<&PermissionSet> {
        Some(&self.narrowed)
    }
}
