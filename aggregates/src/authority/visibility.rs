//! What a reader may see: the same for every interface.
//!
//! - Roles are hidden from those whom the profile does not show them (`roles_visible_with`), and need
//!   its `role_view` where it names one.
//! - Members are seen by whoever holds `member_view` where they have access; scopes by whoever holds
//!   anything there. What is elsewhere is *not found*, in lists as well.
//! - Everybody sees themselves, but their roles and permissions only where the account type says so.
//! - The past is seen as a whole, by whoever may read the audit log of the whole organisation.

use compact_str::CompactString;

use super::{Acting, Facts};
use crate::access::{Holdings, Place, Reading, holdings, holds_somewhere};
use crate::profile::Need;
use crate::refusal::{Refusal, Thing};
use crate::state::permission_set::PermissionIx;
use crate::state::{MemberEntry, MemberIx, RoleEntry, RoleIx, ScopeEntry, ScopeIx};

/// Somebody who reads an organisation, with all that decides what they see.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    facts: &'a Facts,
    acting: Acting,
    member_view: Option<PermissionIx>,
    /// Held on the whole organisation.
    whole: Holdings,
    /// By number of the scope; empty where all is seen anyway.
    scopes: Vec<Sight>,
}

/// What is seen in a scope.
#[derive(Debug, Clone, Copy, Default)]
struct Sight {
    itself: bool,
    members: bool,
}

impl Facts {
    /// The reader: whoever acts.
    ///
    /// # Errors
    /// As [`Facts::acting`].
    pub fn reader(&self) -> Result<Reader<'_>, Refusal> {
        let acting = self.acting()?;
        let member_view = self.profile()?.need(Need::MemberView);
        let mut reader = Reader { facts: self, acting, member_view, whole: Holdings::default(), scopes: Vec::new() };
        let Acting::Member(member) = acting else { return Ok(reader) };
        let held = |place| holdings(&self.state, member, place, self.now, Reading::Actual);
        reader.whole = held(Place::Organisation);
        if !reader.shows_members(&reader.whole) {
            let sight = |(scope, _)| {
                let held = held(Place::Scope(scope));
                Sight { itself: !held.is_empty(), members: reader.shows_members(&held) }
            };
            reader.scopes = self.state.scopes().map(sight).collect();
        }
        Ok(reader)
    }

    /// Whether the reader may look at the past.
    ///
    /// # Errors
    /// [`Refusal::MissingPermission`].
    pub fn may_replay(&self) -> Result<(), Refusal> {
        self.needs(Need::AuditView)
    }

    /// Whether the reader may be given events of the log to take away. Nothing else follows from it, and it
    /// follows from nothing else.
    ///
    /// # Errors
    /// [`Refusal::MissingPermission`].
    pub fn may_export(&self) -> Result<(), Refusal> {
        self.needs(Need::AuditExport)
    }

    /// Whether whoever acts may open, complete and cancel access reviews, and look at all of them.
    ///
    /// # Errors
    /// [`Refusal::MissingPermission`].
    pub fn may_review(&self) -> Result<(), Refusal> {
        self.needs(Need::ReviewOpen)
    }

    fn needs(&self, need: Need) -> Result<(), Refusal> {
        match self.acting()? {
            Acting::Member(member) => self.authorise(member, need, &[Place::Organisation], || self.missing_need(need)),
            Acting::System | Acting::Operator => Ok(()),
        }
    }

    /// Whether the reader may look at what is held about people in the whole organisation.
    ///
    /// # Errors
    /// [`Refusal::MissingPermission`].
    pub fn may_see_personal_data(&self) -> Result<(), Refusal> {
        match self.acting()? {
            Acting::Member(member) => {
                let missing = || self.missing_need(Need::PersonalData);
                self.authorise(member, Need::PersonalData, &[Place::Organisation], missing)
            }
            Acting::System | Acting::Operator => Ok(()),
        }
    }

    fn missing_need(&self, need: Need) -> Refusal {
        let permission = self.state.profile().and_then(|profile| Some(profile.cite(profile.need(need)?).id));
        let permission = permission.map_or_else(CompactString::default, |key| key.as_str().into());
        Refusal::MissingPermission { actor: self.actor_name(), permission, place: None }
    }
}

impl<'a> Reader<'a> {
    /// What the reading is based on.
    pub fn facts(&self) -> &'a Facts {
        self.facts
    }

    /// Who reads.
    pub fn acting(&self) -> Acting {
        self.acting
    }

    fn shows_members(&self, held: &Holdings) -> bool {
        self.member_view.is_some_and(|permission| held.any.contains(permission))
    }

    /// The roles that the reader sees: all, or none.
    ///
    /// # Errors
    /// [`Refusal::MissingPermission`] when the profile asks for a permission to see roles.
    pub fn roles(&self) -> Result<Vec<(RoleIx, &'a RoleEntry)>, Refusal> {
        Ok(if self.sees_roles()? { self.facts.state.roles().collect() } else { Vec::new() })
    }

    /// One role, by id.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when it is not there or roles are hidden.
    pub fn role(&self, id: &str) -> Result<(RoleIx, &'a RoleEntry), Refusal> {
        if self.sees_roles()? {
            self.facts.find_role(id)
        } else {
            Err(Refusal::Unknown { thing: Thing::Role, id: id.into(), nearest: None })
        }
    }

    /// Whether roles are there at all for the reader.
    ///
    /// # Errors
    /// [`Refusal::MissingPermission`] when the profile asks for a permission to see roles.
    pub fn sees_roles(&self) -> Result<bool, Refusal> {
        let Acting::Member(member) = self.acting else { return Ok(true) };
        if !self.facts.sees_roles(member) {
            return Ok(false);
        }
        match self.facts.profile()?.need(Need::RoleView) {
            Some(needed) if !holds_somewhere(&self.facts.state, member, needed, self.facts.now) => {
                Err(self.facts.missing_need(Need::RoleView))
            }
            _ => Ok(true),
        }
    }

    /// The members that the reader sees, removed ones included.
    ///
    /// # Errors
    /// [`Refusal::MissingPermission`] when the reader may see no members anywhere.
    pub fn members(&self) -> Result<Vec<(MemberIx, &'a MemberEntry)>, Refusal> {
        if let Acting::Member(_) = self.acting
            && !self.shows_members(&self.whole)
            && !self.scopes.iter().any(|sight| sight.members)
        {
            return Err(self.facts.missing_need(Need::MemberView));
        }
        Ok(self.facts.state.members().filter(|(ix, entry)| self.sees_member(*ix, entry).is_ok()).collect())
    }

    /// One member, by id.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when the member is not there or out of the reader's scope,
    /// [`Refusal::MissingPermission`] when the reader may not see members there.
    pub fn member(&self, id: &str) -> Result<(MemberIx, &'a MemberEntry), Refusal> {
        let state = &self.facts.state;
        let found = state.member_ix(id).and_then(|ix| Some((ix, state.member(ix)?)));
        let (ix, entry) = found.ok_or_else(|| self.facts.unseen(Thing::Member, id))?;
        self.sees_member(ix, entry).map(|()| (ix, entry))
    }

    fn sees_member(&self, ix: MemberIx, entry: &MemberEntry) -> Result<(), Refusal> {
        let oneself = match self.acting {
            Acting::Member(reader) => reader == ix,
            Acting::System | Acting::Operator => return Ok(()),
        };
        if oneself || self.shows_members(&self.whole) {
            return Ok(());
        }
        let places = self.facts.places_of(entry);
        let shown = |place: &Place| match place {
            Place::Scope(scope) => self.sight(*scope).members,
            Place::Organisation | Place::Nowhere => false,
        };
        // Who has no place is nowhere out of scope: to be seen from anywhere.
        let anywhere = places.is_empty() && self.scopes.iter().any(|sight| sight.members);
        if anywhere || places.iter().any(shown) {
            return Ok(());
        }
        if places.is_empty() || places.iter().any(|place| self.sees_place(*place)) {
            return Err(self.facts.missing_need(Need::MemberView));
        }
        Err(self.facts.unseen(Thing::Member, entry.id.as_str()))
    }

    /// Whether the reader sees the roles and permissions of a member that it sees.
    pub fn sees_access_of(&self, member: MemberIx) -> bool {
        if self.acting != Acting::Member(member) {
            return true;
        }
        let (Some(profile), Some(entry)) = (self.facts.state.profile(), self.facts.state.member(member)) else {
            return false;
        };
        profile.account_type(entry.account_type).is_none_or(|account_type| account_type.sees_own_access)
    }

    /// The scopes that the reader sees, archived ones included.
    pub fn scopes(&self) -> Vec<(ScopeIx, &'a ScopeEntry)> {
        self.facts.state.scopes().filter(|(ix, _)| self.sees_scope(*ix)).collect()
    }

    /// One scope, by id.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when it is not there or out of the reader's scope.
    pub fn scope(&self, id: &str) -> Result<(ScopeIx, &'a ScopeEntry), Refusal> {
        let state = &self.facts.state;
        let found = state.scope_ix(id).filter(|ix| self.sees_scope(*ix)).and_then(|ix| Some((ix, state.scope(ix)?)));
        found.ok_or_else(|| self.facts.unseen(Thing::Scope, id))
    }

    /// Whether the reader sees a scope. One that is archived is seen from what it stands below.
    pub fn sees_scope(&self, scope: ScopeIx) -> bool {
        self.sees_place(self.facts.seat(scope))
    }

    /// Whether the reader has any access at a place.
    pub fn sees_place(&self, place: Place) -> bool {
        match (self.acting, place) {
            (Acting::System | Acting::Operator, _) => true,
            (Acting::Member(_), Place::Organisation) => !self.whole.is_empty(),
            (Acting::Member(_), Place::Scope(scope)) => !self.whole.is_empty() || self.sight(scope).itself,
            (Acting::Member(_), Place::Nowhere) => false,
        }
    }

    fn sight(&self, scope: ScopeIx) -> Sight {
        self.scopes.get(scope.index()).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
