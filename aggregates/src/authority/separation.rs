//! Separation of duties, as one property over states: no command leaves a member with both of two
//! duties on a place, if the member did not hold both there before.
//!
//! It is read as [grant what you hold](super::growth) is: as it is, as it would be once guards pass and
//! suspensions end, and as it would be once archived scopes are in use again; and at every instant to
//! come at which a window opens or closes or a document expires.

use std::collections::BTreeSet;

use compact_str::CompactString;

use super::Facts;
use super::growth::{self, View};
use crate::access::{Place, conflicts, could_conflict, holdings, turning_points};
use crate::event::Event;
use crate::profile::document::SeparationSwitch;
use crate::profile::{Profile, Separation};
use crate::refusal::Refusal;
use crate::state::permission_set::PermissionSet;
use crate::state::{AccessState, MemberIx};
use crate::vocabulary::Time;

/// Whether events have to be looked at: the profile keeps something apart, and refuses.
pub(super) fn concerns(profile: &Profile, events: &[Event]) -> bool {
    profile.policy().separation == SeparationSwitch::Refuse && !profile.separations().is_empty() && !events.is_empty()
}

/// Compares the states before and after.
pub(super) fn check(facts: &Facts, after: &AccessState, events: &[Event]) -> Result<(), Refusal> {
    let profile = facts.profile()?;
    let (members, places) = touched(&facts.state, after, events);
    let could = |ix: &MemberIx| after.member(*ix).is_some_and(|member| could_conflict(after, profile, member));
    let members: Vec<MemberIx> = members.into_iter().filter(could).collect();
    if members.is_empty() {
        return Ok(());
    }
    for view in growth::views(&facts.state, after) {
        for member in &members {
            check_member(facts, *member, &places, &view)?;
        }
    }
    Ok(())
}

/// As for grant what you hold, and with a changed role come all who hold it.
fn touched(before: &AccessState, after: &AccessState, events: &[Event]) -> (BTreeSet<MemberIx>, Vec<Place>) {
    let (mut members, mut places) = growth::touched(before, after, events);
    let roles = growth::changed_roles(before, after, events);
    let holders = roles.iter().filter_map(|role| after.role(*role)).flat_map(|role| role.holders.iter().copied());
    let holders: Vec<MemberIx> = holders.collect();
    if !holders.is_empty() {
        members.extend(holders);
        places = vec![Place::Organisation];
        places.extend(after.scopes().map(|(ix, _)| Place::Scope(ix)));
    }
    (members, places)
}

fn check_member(facts: &Facts, member: MemberIx, places: &[Place], view: &View) -> Result<(), Refusal> {
    let profile = facts.profile()?;
    let mut instants = BTreeSet::from([facts.now]);
    for state in [&view.before, &view.after] {
        instants.extend(turning_points(state, member, facts.now));
    }
    for at in instants {
        for place in places {
            let after = holdings(&view.after, member, *place, at, view.reading);
            let mut found = conflicts(profile, &after).peekable();
            if found.peek().is_none() {
                continue;
            }
            let before = holdings(&view.before, member, *place, at, view.reading);
            let new = found.find(|separation| conflicts(profile, &before).all(|known| known.key != separation.key));
            if let Some(separation) = new {
                return Err(refusal(facts, (member, *place, at), view, separation, &after.any));
            }
        }
    }
    Ok(())
}

fn refusal(
    facts: &Facts,
    (member, place, at): (MemberIx, Place, Time),
    view: &View,
    separation: &Separation,
    held: &PermissionSet,
) -> Refusal {
    let first = |duty: &PermissionSet| {
        let permission = duty.and(held).iter().next().zip(facts.state.profile());
        permission.map_or_else(CompactString::default, |(ix, profile)| profile.cite(ix).id.as_str().into())
    };
    let place = match place {
        Place::Scope(scope) => view.after.scope(scope).map(|scope| scope.name.clone()),
        Place::Organisation | Place::Nowhere => None,
    };
    Refusal::SeparationOfDuties {
        member: view.after.member(member).map(|member| member.id.as_str().into()).unwrap_or_default(),
        separation: separation.label.as_str().into(),
        permissions: vec![first(&separation.one), first(&separation.other)],
        place,
        at: (at > facts.now).then_some(at),
    }
}
