//! Grant what you hold, as one property over states: what anybody can do after a command and could
//! not before must be something that the actor holds there.
//!
//! "Can do" is read thrice: as it is, as it would be once guards pass and suspensions end, and as it
//! would be once archived scopes are in use again as well; and at every instant to come at which a
//! window opens or closes. So nothing can be prepared now that somebody else's harmless step, or time
//! itself, turns into access that nobody could give.

use std::collections::{BTreeSet, HashMap};

use super::{Facts, keys};
use crate::access::{Holdings, Place, Reading, holdings, turning_points};
use crate::event::{Event, OrganisationEvent, ScopeEvent};
use crate::profile::Profile;
use crate::refusal::Refusal;
use crate::state::permission_set::PermissionSet;
use crate::state::{AccessState, MemberIx, RoleEntry, RoleIx, ScopeIx};
use crate::vocabulary::Time;

/// Whether an actor holds everything on the whole organisation, and so in every scope: such an actor
/// can give anything, and nothing need be compared.
pub(super) fn may_give_anything(facts: &Facts, actor: MemberIx) -> Result<bool, Refusal> {
    Ok(facts.profile()?.grants().is_subset(&widest(facts, actor).full))
}

fn widest(facts: &Facts, actor: MemberIx) -> Holdings {
    holdings(&facts.state, actor, Place::Organisation, facts.now, Reading::Actual)
}

/// Compares the states before and after, for an actor who may not give just anything.
pub(super) fn check(facts: &Facts, actor: MemberIx, after: &AccessState, events: &[Event]) -> Result<(), Refusal> {
    let widest = widest(facts, actor);
    check_roles(facts, &widest, after, events)?;
    let mut growth = Growth { facts, actor, held: HashMap::new() };
    growth.check_learned(after, events)?;
    let (members, places) = touched(&facts.state, after, events);
    for view in views(&facts.state, after) {
        for member in &members {
            growth.check_member(*member, &places, &view)?;
        }
    }
    Ok(())
}

/// Roles first. What a holder gains by a change of a role is no more than the role gained; when the
/// actor holds that on the whole organisation, no holder gains more than may be given. Holders who are
/// [exempt](is_exempt) from a restriction may gain more, and are looked at one by one.
fn check_roles(facts: &Facts, widest: &Holdings, after: &AccessState, events: &[Event]) -> Result<(), Refusal> {
    let profile = facts.profile()?;
    for ix in changed_roles(&facts.state, after, events) {
        let Some(role) = after.role(ix) else { continue };
        let before = facts.state.role(ix).map_or_else(Holdings::default, |role| role_holdings(profile, role));
        let over = role_holdings(profile, role).beyond(&before).beyond(widest);
        if !over.is_empty() {
            let (permission, others) = name_first(profile, &over);
            let role = role.name.clone();
            return Err(Refusal::RoleBeyondActor { actor: facts.actor_name(), role, permission, others });
        }
    }
    Ok(())
}

fn role_holdings(profile: &Profile, role: &RoleEntry) -> Holdings {
    let any = role.effective.and(profile.grants());
    let mut full = any.clone();
    for (restriction, narrows) in profile.restrictions() {
        if role.effective.contains(*restriction) {
            full.subtract(narrows);
        }
    }
    Holdings { any, full }
}

/// The roles that events are about, and those that inherit, or did, from one of them.
pub(super) fn changed_roles(before: &AccessState, after: &AccessState, events: &[Event]) -> BTreeSet<RoleIx> {
    let mut changed = BTreeSet::new();
    let of = |event: &Event| match event {
        Event::Role(event) => [before, after].iter().find_map(|state| state.role_ix(event.role().as_str())),
        _ => None,
    };
    let mut pending: Vec<RoleIx> = events.iter().filter_map(of).collect();
    while let Some(ix) = pending.pop() {
        if changed.insert(ix) {
            let heirs = [before, after].map(|state| state.role(ix).map(|role| role.heirs.clone()).unwrap_or_default());
            pending.extend(heirs.into_iter().flatten());
        }
    }
    changed
}

/// Whether a restriction is withheld from a member: then what a role permits is never narrowed by it.
fn is_exempt(state: &AccessState, member: MemberIx) -> bool {
    let Some((profile, member)) = state.profile().zip(state.member(member)) else { return false };
    let restricts = |permission| profile.restrictions().iter().any(|(restriction, _)| *restriction == permission);
    member.toggles.iter().any(|toggle| !toggle.allowed && restricts(toggle.permission))
}

/// The members whose access events may have changed other than through a role, and the places at
/// which it may have.
pub(super) fn touched(before: &AccessState, after: &AccessState, events: &[Event]) -> (BTreeSet<MemberIx>, Vec<Place>) {
    let mut members = BTreeSet::new();
    let mut moved = Vec::new();
    let mut everywhere = false;
    for event in events {
        match event {
            Event::Member(event) if event.is_about_key() => {}
            Event::Member(event) => {
                members.extend(after.member_ix(event.member().as_str()));
                everywhere = true;
            }
            Event::Organisation(OrganisationEvent::OwnerTransferred { after: to, .. }) => {
                members.extend(after.member_ix(to.as_str()));
                everywhere = true;
            }
            Event::Scope(ScopeEvent::ScopeCreated { .. } | ScopeEvent::ScopeRenamed { .. }) => {}
            Event::Scope(event) => moved.extend(after.scope_ix(event.scope().as_str())),
            Event::Organisation(_) | Event::Role(_) | Event::Review(_) => {}
        }
    }
    if !moved.is_empty() {
        members.extend(after.members().map(|(ix, _)| ix));
    }
    let roles = changed_roles(before, after, events);
    let holders = roles.iter().filter_map(|role| after.role(*role)).flat_map(|role| role.holders.iter().copied());
    let exempt: Vec<MemberIx> = holders.filter(|holder| is_exempt(after, *holder)).collect();
    everywhere |= !exempt.is_empty();
    members.extend(exempt);
    let mut places = vec![Place::Organisation];
    if everywhere {
        places.extend(after.scopes().map(|(ix, _)| Place::Scope(ix)));
    } else {
        places.extend(reachable_anew(before, after, &moved).into_iter().map(Place::Scope));
    }
    (members, places)
}

/// The scopes that may be reached from elsewhere after some were moved, shared or restored: they
/// and what is below them, and what is shared with any of those.
fn reachable_anew(before: &AccessState, after: &AccessState, moved: &[ScopeIx]) -> BTreeSet<ScopeIx> {
    let mut found = BTreeSet::new();
    let mut pending = moved.to_vec();
    let shared_with = |with: ScopeIx| {
        after.scopes().filter(move |(_, scope)| scope.shared_with.iter().any(|(to, _)| *to == with)).map(|(ix, _)| ix)
    };
    while let Some(ix) = pending.pop() {
        if found.insert(ix) {
            for state in [before, after] {
                pending.extend(state.scope(ix).into_iter().flat_map(|scope| scope.children.iter().copied()));
            }
            pending.extend(shared_with(ix));
        }
    }
    found
}

/// A reading of what can be done, and the states before and after in which it is read.
pub(super) struct View {
    pub(super) reading: Reading,
    pub(super) before: AccessState,
    pub(super) after: AccessState,
}

pub(super) fn views(before: &AccessState, after: &AccessState) -> Vec<View> {
    let view = |reading| View { reading, before: before.clone(), after: after.clone() };
    let mut views = vec![view(Reading::Actual), view(Reading::Potential)];
    if let Some(after) = after.with_all_restored() {
        let before = before.with_all_restored().unwrap_or_else(|| before.clone());
        views.push(View { reading: Reading::Potential, before, after });
    }
    views
}

struct Growth<'a> {
    facts: &'a Facts,
    actor: MemberIx,
    held: HashMap<Place, Holdings>,
}

impl Growth<'_> {
    /// Whoever learns the secret of a key can do all that its member can, as things stand: as if the
    /// actor had gained it. What the member may do with its own only, the actor could then do with
    /// what is not the actor's own, and so has to hold it without that restriction.
    fn check_learned(&mut self, after: &AccessState, events: &[Event]) -> Result<(), Refusal> {
        let of_members =
            events.iter().filter_map(|event| if let Event::Member(event) = event { Some(event) } else { None });
        let learned = keys::learned(self.facts, self.actor, of_members);
        if learned.is_empty() {
            return Ok(());
        }
        let everywhere = after.scopes().map(|(ix, _)| Place::Scope(ix));
        let places: Vec<Place> = std::iter::once(Place::Organisation).chain(everywhere).collect();
        for view in views(&self.facts.state, after) {
            for member in &learned {
                let mut instants = BTreeSet::from([self.facts.now]);
                instants.extend(turning_points(&view.after, *member, self.facts.now));
                for (at, place) in instants.iter().flat_map(|at| places.iter().map(move |place| (*at, *place))) {
                    self.check_learned_at(*member, place, at, &view)?;
                }
            }
        }
        Ok(())
    }

    fn check_learned_at(&mut self, member: MemberIx, place: Place, at: Time, view: &View) -> Result<(), Refusal> {
        let usable = holdings(&view.after, member, place, at, view.reading);
        let over = usable.any.minus(&self.held(place).full);
        if over.is_empty() {
            return Ok(());
        }
        let over = Holdings { any: over, full: PermissionSet::default() };
        let (permission, others) = name_first(self.facts.profile()?, &over);
        Err(Refusal::KeyBeyondActor {
            actor: self.facts.actor_name(),
            member: view.after.member(member).map(|member| member.id.as_str().into()).unwrap_or_default(),
            permission,
            place: self.facts.place_name(place),
            at: (at > self.facts.now).then_some(at),
            others,
        })
    }

    fn check_member(&mut self, member: MemberIx, places: &[Place], view: &View) -> Result<(), Refusal> {
        let mut instants = BTreeSet::from([self.facts.now]);
        for state in [&view.before, &view.after] {
            instants.extend(turning_points(state, member, self.facts.now));
        }
        for at in instants {
            for place in places {
                self.check_place(member, *place, at, view)?;
            }
        }
        Ok(())
    }

    fn check_place(&mut self, member: MemberIx, place: Place, at: Time, view: &View) -> Result<(), Refusal> {
        let after = holdings(&view.after, member, place, at, view.reading);
        if after.is_empty() {
            return Ok(());
        }
        let gained = after.beyond(&holdings(&view.before, member, place, at, view.reading));
        if gained.is_empty() {
            return Ok(());
        }
        let over = gained.beyond(self.held(place));
        if over.is_empty() {
            return Ok(());
        }
        let (permission, others) = name_first(self.facts.profile()?, &over);
        Err(Refusal::Escalation {
            actor: self.facts.actor_name(),
            member: view.after.member(member).map(|member| member.id.as_str().into()).unwrap_or_default(),
            permission,
            place: self.facts.place_name(place),
            at: (at > self.facts.now).then_some(at),
            others,
        })
    }

    /// What the actor may give at a place: what it holds there, or where a scope that is out of use is
    /// managed from, which covers it.
    fn held(&mut self, place: Place) -> &Holdings {
        let (facts, actor) = (self.facts, self.actor);
        self.held.entry(place).or_insert_with(|| {
            let seat = if let Place::Scope(scope) = place { facts.seat(scope) } else { place };
            holdings(&facts.state, actor, seat, facts.now, Reading::Actual)
        })
    }
}

fn name_first(profile: &Profile, over: &Holdings) -> (compact_str::CompactString, u32) {
    let set: &PermissionSet = if over.any.is_empty() { &over.full } else { &over.any };
    let first = set.iter().next().map(|ix| profile.cite(ix).id.as_str().into()).unwrap_or_default();
    (first, set.len().saturating_sub(1) as u32)
}
