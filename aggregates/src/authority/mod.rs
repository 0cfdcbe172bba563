//! Authority: what every command has to pass, whichever aggregate it is for.
//!
//! 1. The actor holds the management permission that the profile names ([`Facts::authorise`]).
//! 2. Grant what you hold: nobody ends up with what the actor does not hold there ([`Facts::confirm`]).
//! 3. Level ceiling, and nobody changes their own access where the profile says so.
//! 4. An organisation always keeps somebody who can manage its roles.

mod growth;
mod keys;
mod lasting;
mod visibility;

use compact_str::CompactString;

use crate::access::{
    Decision, Denial, Ownership, Place, Question, Reading, evaluate_question, holdings, holds_somewhere, in_use,
};
use crate::event::{Event, Stamp};
use crate::profile::{Need, Profile};
use crate::refusal::{Refusal, Thing};
use crate::state::{AccessState, Coverage, MemberEntry, MemberIx, RoleEntry, RoleIx, ScopeIx};
use crate::vocabulary::{Actor, Time};

pub use visibility::Reader;

/// What a command is decided on: the organisation as it stands, who acts, and when.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The organisation at its head.
    pub state: AccessState,
    /// Who acts.
    pub actor: Actor,
    /// The time of the events to come; never before the head's.
    pub now: Time,
}

/// The actor, looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// A member who takes part.
    Member(MemberIx),
    /// The product itself.
    System,
    /// The keeper of the store.
    Operator,
}

impl Facts {
    /// The rules in force.
    ///
    /// # Errors
    /// When the organisation is not founded.
    pub fn profile(&self) -> Result<&Profile, Refusal> {
        self.state.profile().ok_or_else(|| Refusal::Unknown {
            thing: Thing::Organisation,
            id: self.state.organisation().as_str().into(),
            nearest: None,
        })
    }

    /// The actor's name in refusals.
    pub fn actor_name(&self) -> CompactString {
        compact_str::format_compact!("{}", self.actor)
    }

    /// Looks the actor up.
    ///
    /// # Errors
    /// When the member is not there, is suspended, has left or waits at a guard.
    pub fn acting(&self) -> Result<Acting, Refusal> {
        let id = match &self.actor {
            Actor::System => return Ok(Acting::System),
            Actor::Operator => return Ok(Acting::Operator),
            Actor::Member(id) => id,
        };
        let actor = self.actor_name();
        let (Some(ix), profile) = (self.state.member_ix(id.as_str()), self.profile()?) else {
            let known = self.state.members().map(|(_, member)| member.id.as_str());
            return Err(Refusal::UnknownActor { nearest: crate::refusal::nearest(&actor, known), actor });
        };
        let active = self.state.member(ix).map(|member| crate::access::check_active(profile, member, self.now));
        match active {
            Some(Err(denial)) => Err(Refusal::ActorInactive { actor, because: denial.to_string() }),
            _ => Ok(Acting::Member(ix)),
        }
    }

    /// Whether a member holds what a need names at every one of the places; with no place at all,
    /// anywhere.
    ///
    /// # Errors
    /// `unseen` when one of the places is outside the actor's scope, else the missing permission.
    pub fn authorise(
        &self,
        member: MemberIx,
        need: Need,
        places: &[Place],
        unseen: impl Fn() -> Refusal,
    ) -> Result<(), Refusal> {
        let profile = self.profile()?;
        let Some(permission) = profile.need(need) else {
            return Err(self.missing("(no permission is named for this)".into(), None));
        };
        let key = || CompactString::from(profile.cite(permission).id.as_str());
        if places.is_empty() && !holds_somewhere(&self.state, member, permission, self.now) {
            return Err(self.missing(key(), None));
        }
        for place in places {
            let question =
                Question { subject: member, permission, place: *place, ownership: Ownership::Unnamed, at: self.now };
            match evaluate_question(&self.state, &question) {
                Decision::Allowed { only_own: false } => {}
                Decision::Denied(Denial::OutOfScope) => return Err(unseen()),
                _ => return Err(self.missing(key(), self.place_name(*place))),
            }
        }
        Ok(())
    }

    fn missing(&self, permission: CompactString, place: Option<CompactString>) -> Refusal {
        Refusal::MissingPermission { actor: self.actor_name(), permission, place }
    }

    /// What people call a place; absent for the whole organisation.
    pub(crate) fn place_name(&self, place: Place) -> Option<CompactString> {
        match place {
            Place::Scope(scope) => self.state.scope(scope).map(|scope| scope.name.clone()),
            Place::Organisation | Place::Nowhere => None,
        }
    }

    /// Where a scope is managed from: the scope itself, or the nearest node above that is in use.
    pub fn seat(&self, scope: ScopeIx) -> Place {
        if in_use(&self.state, scope) {
            return Place::Scope(scope);
        }
        let above = self.state.ancestry(scope).find(|above| in_use(&self.state, *above));
        above.map_or(Place::Organisation, Place::Scope)
    }

    /// The places on which a member has access: an actor must have authority on all of them.
    pub fn places_of(&self, member: &MemberEntry) -> Vec<Place> {
        let mut places = self.coverage_places(&member.scope);
        for held in &member.assignments {
            let everywhere = self.state.role(held.role).is_some_and(|role| role.everywhere);
            let place = if everywhere { Some(Place::Organisation) } else { held.scope.map(|own| self.seat(own)) };
            places.extend(place.filter(|place| !places.contains(place)));
        }
        places
    }

    /// The places that a coverage names.
    pub fn coverage_places(&self, coverage: &Coverage) -> Vec<Place> {
        match coverage {
            Coverage::None => Vec::new(),
            Coverage::All => vec![Place::Organisation],
            Coverage::Nodes { nodes, .. } => nodes.iter().map(|node| self.seat(*node)).collect(),
        }
    }

    /// Whether an actor holds anything at one of the places, so that it may know what is there.
    pub fn reaches(&self, actor: MemberIx, places: &[Place]) -> bool {
        let holds = |place| !holdings(&self.state, actor, place, self.now, Reading::Actual).is_empty();
        places.is_empty() || places.iter().any(|place| holds(*place))
    }

    /// The best level among the roles that a member holds now.
    pub fn level_of(&self, member: MemberIx) -> Option<u16> {
        let (profile, member) = (self.state.profile()?, self.state.member(member)?);
        crate::access::in_force(&self.state, profile, member, self.now).filter_map(|(role, _)| role.level).min()
    }

    /// Level ceiling for a role: the actor's level must be at or above it.
    ///
    /// # Errors
    /// [`Refusal::LevelCeiling`].
    pub fn check_level(&self, actor: MemberIx, role: &str, level: Option<u16>) -> Result<(), Refusal> {
        let (true, Some(level)) = (self.profile()?.policy().levels, level) else {
            return Ok(());
        };
        let actor_level = self.level_of(actor);
        if actor_level.is_some_and(|own| own <= level) {
            return Ok(());
        }
        Err(Refusal::LevelCeiling { actor: self.actor_name(), actor_level, role: role.into(), level })
    }

    /// Level ceiling for a member: nobody acts on somebody who outranks them.
    ///
    /// # Errors
    /// [`Refusal::Outranked`].
    pub fn check_rank(&self, actor: MemberIx, member: MemberIx) -> Result<(), Refusal> {
        let (true, Some(level)) = (self.profile()?.policy().levels, self.level_of(member)) else {
            return Ok(());
        };
        let actor_level = self.level_of(actor);
        if actor == member || actor_level.is_some_and(|own| own <= level) {
            return Ok(());
        }
        let member = self.state.member(member).map_or_else(CompactString::default, |m| m.id.as_str().into());
        Err(Refusal::Outranked { actor: self.actor_name(), actor_level, member, level })
    }

    /// Whether a member may see the roles at all.
    pub fn sees_roles(&self, member: MemberIx) -> bool {
        let Some(profile) = self.state.profile() else { return false };
        let needed = &profile.policy().roles_visible_with;
        let holds = |key: &CompactString| {
            let permission = profile.permission_ix(key);
            permission.is_some_and(|permission| holds_somewhere(&self.state, member, permission, self.now))
        };
        needed.is_empty() || needed.iter().any(holds)
    }

    /// Whether a member holds, now, one of the roles with these ids.
    pub fn holds_one_of<'a>(&self, member: MemberIx, mut ids: impl Iterator<Item = &'a str>) -> bool {
        let (Some(profile), Some(member)) = (self.state.profile(), self.state.member(member)) else {
            return false;
        };
        let held: Vec<&str> = crate::access::in_force(&self.state, profile, member, self.now)
            .map(|(role, _): (&RoleEntry, _)| role.id.as_str())
            .collect();
        ids.any(|id| held.contains(&id))
    }

    /// Looks up a role that a command names.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], with the nearest id or name.
    pub fn find_role(&self, id: &str) -> Result<(RoleIx, &RoleEntry), Refusal> {
        let found = self.state.role_ix(id).and_then(|ix| Some((ix, self.state.role(ix)?)));
        found.ok_or_else(|| {
            let known = self.state.roles().flat_map(|(_, role)| [role.id.as_str(), role.name.as_str()]);
            Refusal::unknown(Thing::Role, id, known)
        })
    }

    /// Looks up a scope that a command names.
    ///
    /// # Errors
    /// [`Refusal::Unknown`]; the nearest id is given only to those who see the whole organisation.
    pub fn find_scope(&self, id: &str) -> Result<ScopeIx, Refusal> {
        self.state.scope_ix(id).ok_or_else(|| self.unseen(Thing::Scope, id))
    }

    /// The refusal for something that is not there or is out of the actor's scope. Only actors who
    /// see everything are told what they may have meant.
    pub fn unseen(&self, thing: Thing, id: &str) -> Refusal {
        let sees_all = match self.acting() {
            Ok(Acting::Member(member)) => self.reaches(member, &[Place::Organisation]),
            Ok(Acting::System | Acting::Operator) => true,
            Err(_) => false,
        };
        match thing {
            Thing::Scope if sees_all => Refusal::unknown(thing, id, self.state.scopes().map(|(_, s)| s.id.as_str())),
            Thing::Member if sees_all => Refusal::unknown(thing, id, self.state.members().map(|(_, m)| m.id.as_str())),
            _ => Refusal::Unknown { thing, id: id.into(), nearest: None },
        }
    }

    /// Looks up a permission that a command names.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], with the nearest key.
    pub fn find_permission(&self, key: &str) -> Result<crate::state::permission_set::PermissionIx, Refusal> {
        let profile = self.profile()?;
        let known = profile.permissions().iter().map(|permission| permission.key.as_str());
        profile.permission_ix(key).ok_or_else(|| Refusal::unknown(Thing::Permission, key, known))
    }

    /// The last gate: the state after the events must leave nobody with more than the actor may
    /// give, and the organisation with somebody who can manage its roles.
    ///
    /// # Errors
    /// [`Refusal::Escalation`], [`Refusal::RoleBeyondActor`] or [`Refusal::LastAdministrator`].
    pub fn confirm<E: Clone + Into<Event>>(&self, acting: Acting, events: Vec<E>) -> Result<Vec<E>, Refusal> {
        let wrapped: Vec<Event> = events.iter().cloned().map(Into::into).collect();
        let bounded = match acting {
            Acting::Member(actor) if !growth::may_give_anything(self, actor)? => Some(actor),
            _ => None,
        };
        let may_end_administration = lasting::concerns(&wrapped);
        if bounded.is_none() && !may_end_administration {
            return Ok(events);
        }
        let mut after = self.state.clone();
        for (event, position) in wrapped.iter().zip(self.state.position() + 1..) {
            after.apply(event, Stamp { position, time: self.now });
        }
        if let Some(actor) = bounded {
            growth::check(self, actor, &after, &wrapped)?;
        }
        if may_end_administration {
            lasting::check(self, &after)?;
        }
        Ok(events)
    }
}
