//! Grants without effect: what could be taken away, now and for good, without anybody's noticing.
//!
//! Whether that is so is tried out: on a copy of the state the grant is taken away, and what the member
//! holds is compared on every place and at every instant to come. Suspensions and guards are looked
//! through, since what waits behind them is not without effect.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Place, Reading, holdings, turning_points};
use chancery_aggregates::event::{Event, MemberEvent, Stamp};
use chancery_aggregates::profile::Profile;
use chancery_aggregates::state::permission_set::PermissionSet;
use chancery_aggregates::state::{Assignment, Coverage, MemberEntry, MemberIx, Status, Toggle};

use super::{Finding, Kind, Review};
use crate::words::{self, Person};

pub(super) fn dormant(review: &Review<'_>) -> Vec<Finding> {
    let Some(profile) = review.state.profile() else { return Vec::new() };
    let mut found = Vec::new();
    for (ix, member) in review.state.members().filter(|(_, member)| member.status != Status::Removed) {
        let assignments = member.assignments.iter().filter(|held| may_be_dormant(review, profile, member, held));
        found.extend(assignments.filter_map(|held| assignment(review, ix, member, held)));
        found.extend(member.toggles.iter().filter_map(|given| toggle(review, profile, ix, member, given)));
    }
    found
}

/// A sieve: over, out of place, or with nothing that the member has not also by something else.
fn may_be_dormant(review: &Review<'_>, profile: &Profile, member: &MemberEntry, held: &Assignment) -> bool {
    let Some(role) = review.state.role(held.role) else { return false };
    if held.window.until.is_some_and(|until| until <= review.at) {
        return true;
    }
    let bound = profile.account_type(member.account_type).map(|account_type| &account_type.bound);
    let withheld: PermissionSet =
        member.toggles.iter().filter(|toggle| !toggle.allowed).map(|toggle| toggle.permission).collect();
    let mut elsewhere: PermissionSet =
        member.toggles.iter().filter(|toggle| toggle.allowed).map(|toggle| toggle.permission).collect();
    for other in member.assignments.iter().filter(|other| *other != held) {
        if let Some(other) = review.state.role(other.role) {
            elsewhere.union_with(&other.effective);
        }
    }
    let given = role.effective.and(profile.grants()).minus(&withheld).minus(&elsewhere);
    let given = bound.map(|bound| given.and(bound)).unwrap_or_default();
    given.is_empty()
        || !role.everywhere && reaches_nothing(review.state, member, held)
        || !role.account_types.is_empty()
}

fn reaches_nothing(state: &AccessState, member: &MemberEntry, held: &Assignment) -> bool {
    let archived = |scope| !chancery_aggregates::access::in_use(state, scope);
    match (held.scope, &member.scope) {
        (Some(scope), _) => archived(scope),
        (None, Coverage::None) => true,
        (None, Coverage::All) => false,
        (None, Coverage::Nodes { nodes, .. }) => nodes.iter().all(|node| archived(*node)),
    }
}

fn assignment(review: &Review<'_>, ix: MemberIx, member: &MemberEntry, held: &Assignment) -> Option<Finding> {
    let (role, scope) = (review.role(held.role), held.scope.map(|scope| review.state.cite_scope(scope)));
    let taken =
        MemberEvent::RoleUnassigned { member: member.id.clone(), role: role.clone(), scope, before: held.window };
    if !changes_nothing(review, ix, taken) {
        return None;
    }
    let why = why(review, member, held);
    let person = Person::of(review.state, member);
    let sentence = format!("{person} gets nothing by {}: {why}", review.assignment(held));
    let mut finding = Finding::new(Kind::DormantGrant, sentence).about(person).about_role(role);
    finding.until = held.window.until.filter(|until| *until <= review.at);
    Some(finding.cite(held.at, "as it was given"))
}

/// In words; the comparison has shown that it is so.
fn why(review: &Review<'_>, member: &MemberEntry, held: &Assignment) -> String {
    let (state, role) = (review.state, review.state.role(held.role));
    let everywhere = role.is_some_and(|role| role.everywhere);
    let grants = state.profile().map(|profile| profile.grants());
    if held.window.until.is_some_and(|until| until <= review.at) {
        "its time is over".to_owned()
    } else if role.zip(grants).is_some_and(|(role, grants)| role.effective.and(grants).is_empty()) {
        "the role permits nothing".to_owned()
    } else if !everywhere && held.scope.is_none() && member.scope == Coverage::None {
        "the member has no scope".to_owned()
    } else if !everywhere && reaches_nothing(state, member, held) {
        "where it works is archived".to_owned()
    } else {
        covered(review, member, held)
    }
}

/// What leaves nothing to an assignment that counts and reaches something.
fn covered(review: &Review<'_>, member: &MemberEntry, held: &Assignment) -> String {
    let Some((role, profile)) = review.state.role(held.role).zip(review.state.profile()) else {
        return "the role is gone".to_owned();
    };
    let account_type = profile.account_type(member.account_type);
    let label = account_type.map(|account_type| account_type.label.as_str()).unwrap_or_default();
    let suits = |key: &str| role.account_types.is_empty() || role.account_types.iter().any(|own| own.as_str() == key);
    if account_type.is_some_and(|account_type| !suits(account_type.key.as_str())) {
        return format!("members of account type {label} cannot hold it");
    }
    let mut given = role.effective.and(profile.grants());
    given.intersect_with(&account_type.map(|account_type| account_type.bound.clone()).unwrap_or_default());
    if given.is_empty() {
        return format!("members of account type {label} may hold none of what it permits");
    }
    for toggle in member.toggles.iter().filter(|toggle| !toggle.allowed) {
        given.remove(toggle.permission);
    }
    if given.is_empty() {
        return "all that it permits is withheld directly".to_owned();
    }
    let overlaps = |other: &&Assignment| {
        let over = other.window.until.is_some_and(|until| until <= review.at);
        *other != held && !over && review.state.role(other.role).is_some_and(|role| role.effective.common(&given) > 0)
    };
    let mut others: Vec<String> = member.assignments.iter().filter(overlaps).map(|o| review.assignment(o)).collect();
    if member.toggles.iter().any(|toggle| toggle.allowed && given.contains(toggle.permission)) {
        others.push("what is allowed directly".to_owned());
    }
    let give = if others.len() == 1 { "gives" } else { "give" };
    format!("{} {give} as much", words::list(&others))
}

fn toggle(
    review: &Review<'_>,
    profile: &Profile,
    ix: MemberIx,
    member: &MemberEntry,
    given: &Toggle,
) -> Option<Finding> {
    let permission = profile.cite(given.permission);
    let taken = MemberEvent::MemberPermissionCleared {
        member: member.id.clone(),
        permission: permission.clone(),
        before: given.allowed,
    };
    if !changes_nothing(review, ix, taken) {
        return None;
    }
    let person = Person::of(review.state, member);
    let what = words::permission(permission.id.as_str(), &permission.name);
    let sentence = if given.allowed {
        format!("{person} was allowed {what} directly and would have as much without that")
    } else {
        format!("{what} is withheld from {person}, who would not have it anyway")
    };
    let mut finding = Finding::new(Kind::DormantGrant, sentence).about(person);
    finding.permissions.push(permission);
    Some(finding.cite(given.at, "as it was switched"))
}

/// Whether the member holds the same without it, on every place, from the instant on.
fn changes_nothing(review: &Review<'_>, member: MemberIx, taken: MemberEvent) -> bool {
    let mut without = review.state.clone();
    let stamp = Stamp { position: review.state.position() + 1, time: review.at };
    without.apply(&Event::Member(taken), stamp);
    let scopes = review.state.scopes().map(|(ix, _)| Place::Scope(ix));
    let places: Vec<Place> = std::iter::once(Place::Organisation).chain(scopes).collect();
    let mut instants = turning_points(review.state, member, review.at);
    instants.push(review.at);
    instants.iter().all(|at| {
        let held = |state: &AccessState, place: Place| holdings(state, member, place, *at, Reading::Potential);
        places.iter().all(|place| held(review.state, *place) == held(&without, *place))
    })
}
