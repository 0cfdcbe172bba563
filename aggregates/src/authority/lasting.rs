//! An organisation always keeps an active member who can manage its roles, and will not lose the
//! last one by the mere passing of time.

use super::Facts;
use crate::access::{Place, Reading, holdings};
use crate::event::{Event, MemberEvent, OrganisationEvent, RoleEvent};
use crate::profile::Need;
use crate::refusal::Refusal;
use crate::state::{AccessState, MemberIx};
use crate::vocabulary::Time;

/// Whether the events may take authority from anybody.
pub(super) fn concerns(events: &[Event]) -> bool {
    events.iter().any(may_narrow)
}

/// Looks for somebody who can still manage roles after events that [concern](concerns) it.
pub(super) fn check(facts: &Facts, after: &AccessState) -> Result<(), Refusal> {
    if has_administrator(after, facts.now) {
        return Ok(());
    }
    // While an organisation is being founded it has none yet: then there is none to lose.
    if has_administrator(&facts.state, facts.now) { Err(Refusal::LastAdministrator) } else { Ok(()) }
}

fn may_narrow(event: &Event) -> bool {
    match event {
        Event::Role(event) => matches!(
            event,
            RoleEvent::PermissionToggled { after: false, .. }
                | RoleEvent::RoleInheritanceChanged { .. }
                | RoleEvent::RoleDeleted { .. }
        ),
        Event::Member(event) => {
            !matches!(
                event,
                MemberEvent::MemberAdded { .. }
                    | MemberEvent::EmailVerified { .. }
                    | MemberEvent::RoleAssigned { before: None, .. }
                    | MemberEvent::MemberReactivated { .. }
            ) && !event.is_about_key()
        }
        Event::Organisation(event) => {
            matches!(event, OrganisationEvent::OwnerTransferred { .. } | OrganisationEvent::PolicyRevised { .. })
        }
        Event::Scope(_) | Event::Review(_) => false,
    }
}

fn has_administrator(state: &AccessState, now: Time) -> bool {
    let manages = |state, member, at| manages_roles(state, member, at, Reading::Actual);
    state.members().any(|(member, _)| manages(state, member, now) && manages(state, member, Time::MAX_UTC))
}

/// Whether a member can manage roles on the whole organisation.
pub(super) fn manages_roles(state: &AccessState, member: MemberIx, at: Time, reading: Reading) -> bool {
    let Some(profile) = state.profile() else { return false };
    let held = holdings(state, member, Place::Organisation, at, reading);
    [Need::RoleEdit, Need::RoleAssign]
        .into_iter()
        .all(|need| profile.need(need).is_some_and(|permission| held.full.contains(permission)))
}
