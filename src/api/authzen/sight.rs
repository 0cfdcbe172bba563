//! What a caller may ask about: what it does not see is, to it, not there.

use std::sync::Arc;

use chancery_aggregates::access::{Ownership, Place, Question};
use chancery_aggregates::authority::Facts;
use chancery_aggregates::profile::{Need, Profile};
use chancery_aggregates::state::permission_set::PermissionIx;
use chancery_aggregates::state::{MemberEntry, MemberIx, ScopeIx};
use chancery_aggregates::vocabulary::{Actor, MemberId, MemberKind, Time};
use chancery_aggregates::{AccessState, Refusal};

use super::request::{Action, Resource, Subject};
use crate::api::check::try_out;

/// An organisation at one instant, as a caller may ask about it.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) state: Arc<AccessState>,
    pub(super) at: Time,
    /// Absent where the caller sees everything: then nothing need be worked out.
    limits: Option<Limits>,
    /// The caller, where it does not see its own access.
    hidden: Option<MemberIx>,
    /// Why the caller sees no members but itself.
    blind: Option<Refusal>,
}

/// What a caller sees who does not see everything.
#[derive(Debug)]
struct Limits {
    members: Vec<bool>,
    scopes: Vec<bool>,
}

/// A question that names what is not there, or is not for the caller to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unasked {
    /// The caller may ask about nobody but itself.
    Blind(Refusal),
    /// No such member, as far as the caller knows.
    UnknownSubject,
    /// No such permission.
    UnknownAction,
}

impl Sight {
    /// The present, as a member sees it.
    ///
    /// # Errors
    /// When the member does not take part, or may see no members at all.
    pub(super) fn of(state: Arc<AccessState>, at: Time, member: &MemberId) -> Result<Self, Refusal> {
        if let Some(caller) = state.member_ix(member.as_str())
            && let Some(profile) = state.profile()
            && let Some(permission) = profile.need(Need::MemberView)
        {
            let place = Place::Organisation;
            let question = Question { subject: caller, permission, place, ownership: Ownership::Unnamed, at };
            if try_out(&state, &question).is_allowed() {
                let hidden = hides_own_access(&state, profile, caller).then_some(caller);
                return Ok(Self { state, at, limits: None, hidden, blind: None });
            }
        }
        Self::limited(state, at, member)
    }

    /// The past, as whoever may replay it sees it: the whole.
    pub(super) fn whole(state: Arc<AccessState>, at: Time) -> Self {
        Self { state, at, limits: None, hidden: None, blind: None }
    }

    fn limited(state: Arc<AccessState>, at: Time, member: &MemberId) -> Result<Self, Refusal> {
        let facts = Facts { state: state.as_ref().clone(), actor: Actor::Member(member.clone()), now: at };
        let reader = facts.reader()?;
        let mut members = vec![false; state.member_count()];
        let own = state.member_ix(member.as_str());
        // Whoever may see no members may still ask about itself.
        let (seen, blind): (Vec<MemberIx>, _) = match reader.members() {
            Ok(seen) => (seen.into_iter().map(|(ix, _)| ix).collect(), None),
            Err(refusal) => (own.into_iter().collect(), Some(refusal)),
        };
        for ix in seen.into_iter().filter(|ix| reader.sees_access_of(*ix)) {
            mark(&mut members, ix.index());
        }
        let mut scopes = Vec::new();
        for (ix, _) in reader.scopes() {
            mark(&mut scopes, ix.index());
        }
        Ok(Self { state, at, limits: Some(Limits { members, scopes }), hidden: None, blind })
    }

    pub(super) fn sees_member(&self, ix: MemberIx) -> bool {
        let within = |limits: &Limits| limits.members.get(ix.index()).copied().unwrap_or_default();
        self.hidden != Some(ix) && self.limits.as_ref().is_none_or(within)
    }

    pub(super) fn sees_scope(&self, ix: ScopeIx) -> bool {
        let within = |limits: &Limits| limits.scopes.get(ix.index()).copied().unwrap_or_default();
        self.limits.as_ref().is_none_or(within)
    }

    /// A question about a resource, whose subject and action were looked up.
    pub(super) fn question(&self, subject: MemberIx, permission: PermissionIx, resource: &Resource<'_>) -> Question {
        let ownership = self.ownership(resource, subject);
        Question { subject, permission, place: self.place(resource), ownership, at: self.at }
    }

    pub(super) fn subject(&self, subject: &Subject<'_>) -> Result<MemberIx, Unasked> {
        let id = subject.id.as_ref().ok_or(Unasked::UnknownSubject)?;
        let ix = self.state.member_ix(id.as_str()).filter(|ix| self.sees_member(*ix));
        let suits =
            |ix: &MemberIx| self.state.member(*ix).is_some_and(|member| is_of_kind(member, subject.kind.as_str()));
        ix.filter(suits).ok_or_else(|| self.blind.clone().map_or(Unasked::UnknownSubject, Unasked::Blind))
    }

    pub(super) fn permission(&self, action: &Action<'_>) -> Result<PermissionIx, Unasked> {
        let profile = self.state.profile().ok_or(Unasked::UnknownAction)?;
        profile.permission_ix(action.name.as_str()).ok_or(Unasked::UnknownAction)
    }

    /// Whose own a resource is, from a subject's point of view.
    pub(super) fn ownership(&self, resource: &Resource<'_>, subject: MemberIx) -> Ownership {
        let Some(owner) = resource.properties.as_ref().and_then(|properties| properties.0.owner.as_ref()) else {
            return Ownership::Unnamed;
        };
        match self.state.member_ix(owner.as_str()) {
            Some(owner) if owner == subject => Ownership::Subject,
            _ => Ownership::Other,
        }
    }

    /// Where a resource is: a scope of the tree, the organisation itself, or, for what a product keeps,
    /// the scope that its properties name.
    pub(super) fn place(&self, resource: &Resource<'_>) -> Place {
        let id = resource.id.as_ref().map(|id| id.as_str()).unwrap_or_default();
        match self.kind(resource.kind.as_str()) {
            ResourceKind::Scope(kind) => self.scope(id, kind),
            ResourceKind::Organisation if id == self.state.organisation().as_str() => Place::Organisation,
            ResourceKind::Organisation => Place::Nowhere,
            ResourceKind::Product => {
                let scope = resource.properties.as_ref().and_then(|properties| properties.0.scope.as_ref());
                scope.map_or(Place::Organisation, |scope| self.scope(scope.as_str(), None))
            }
        }
    }

    fn scope(&self, id: &str, kind: Option<&str>) -> Place {
        let suits =
            |ix: &ScopeIx| kind.is_none_or(|kind| self.state.scope(*ix).is_some_and(|scope| scope.kind == kind));
        let ix = self.state.scope_ix(id).filter(|ix| self.sees_scope(*ix)).filter(suits);
        ix.map_or(Place::Nowhere, Place::Scope)
    }

    pub(super) fn kind<'a>(&self, kind: &'a str) -> ResourceKind<'a> {
        match kind {
            "scope" => ResourceKind::Scope(None),
            _ if self.state.profile().is_some_and(|profile| profile.scope_kind(kind).is_some()) => {
                ResourceKind::Scope(Some(kind))
            }
            "organisation" => ResourceKind::Organisation,
            _ => ResourceKind::Product,
        }
    }
}

/// What a type of resources means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResourceKind<'a> {
    /// Scopes, of one kind or of any.
    Scope(Option<&'a str>),
    /// The organisation itself.
    Organisation,
    /// Something that a product keeps, and Chancery does not know.
    Product,
}

/// Whether a type of subjects is one that a member has.
pub(super) fn is_of_kind(member: &MemberEntry, kind: &str) -> bool {
    match kind {
        "member" => true,
        "user" | "person" => member.kind == MemberKind::Person,
        "service" => member.kind == MemberKind::Service,
        _ => false,
    }
}

fn hides_own_access(state: &AccessState, profile: &Profile, caller: MemberIx) -> bool {
    let account_type = state.member(caller).and_then(|member| profile.account_type(member.account_type));
    account_type.is_some_and(|account_type| !account_type.sees_own_access)
}

fn mark(seen: &mut Vec<bool>, at: usize) {
    if seen.len() <= at {
        seen.resize(at + 1, false);
    }
    if let Some(seen) = seen.get_mut(at) {
        *seen = true;
    }
}
