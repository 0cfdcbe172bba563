//! Roles: unused, empty, equal, nearly equal, joining duties, impossible to give.

use std::collections::HashMap;

use chancery_aggregates::Facts;
use chancery_aggregates::access::{Place, could_join};
use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::profile::{Need, Profile};
use chancery_aggregates::state::permission_set::{PermissionIx, PermissionSet};
use chancery_aggregates::state::{RoleEntry, RoleIx};
use chancery_aggregates::vocabulary::Actor;

use super::{Finding, Held, Kind, Review};
use crate::words;

/// Permissions and names that a sentence tells before it counts the rest.
const NAMED: usize = 6;

impl Review<'_> {
    fn keys(&self, set: &PermissionSet) -> String {
        let keys = self.state.profile().map(|profile| profile.keys(set)).unwrap_or_default();
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        words::list_up_to(&keys, NAMED)
    }

    /// Roles, not from the profile before those that are: they are easier to tidy up.
    fn roles(&self) -> Vec<(RoleIx, &RoleEntry)> {
        let mut roles: Vec<_> = self.state.roles().collect();
        roles.sort_by_key(|(ix, role)| (role.built_in, *ix));
        roles
    }
}

fn origin(role: &RoleEntry) -> String {
    let built_in = if role.built_in { ", from the profile" } else { "" };
    format!("created on {}{built_in}", words::day(role.created.time))
}

/// A role whose holders' time is over counts as unused; one that others inherit from does not.
pub(super) fn unused(review: &Review<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (ix, role) in review.roles() {
        let held = role.holders.iter().filter_map(|member| review.state.member(*member));
        let of_role = held.flat_map(|member| &member.assignments).filter(|held| held.role == ix);
        let windows: Vec<_> = of_role.map(|held| held.window.until).collect();
        let lasts = windows.iter().any(|until| until.is_none_or(|until| until > review.at));
        let serves = role.heirs.iter().any(|heir| review.state.role(*heir).is_some_and(|heir| heir.deleted.is_none()));
        if lasts || serves || role.assigned == AssignedBy::System {
            continue;
        }
        let sentence = match windows.iter().flatten().max() {
            None => format!("nobody holds the role {}", role.name),
            Some(until) => {
                format!(
                    "nobody holds the role {} any more: the last assignment ran {}",
                    role.name,
                    words::until(*until)
                )
            }
        };
        let finding = Finding::new(Kind::UnusedRole, sentence).about_role(review.role(ix));
        found.push(finding.cite(role.created.position, origin(role)));
    }
    found
}

pub(super) fn empty(review: &Review<'_>) -> Vec<Finding> {
    let Some(profile) = review.state.profile() else { return Vec::new() };
    let empty = |(_, role): &(RoleIx, &RoleEntry)| role.effective.and(profile.grants()).is_empty();
    let tell = |(ix, role): (RoleIx, &RoleEntry)| {
        let holders = match role.holders.len() {
            0 => String::new(),
            1 => ", and 1 member holds it".to_owned(),
            number => format!(", and {number} members hold it"),
        };
        let sentence = format!("the role {} permits nothing{holders}", role.name);
        let finding = Finding::new(Kind::EmptyRole, sentence).about_role(review.role(ix));
        finding.cite(role.modified.position, "as it was last changed")
    };
    review.roles().into_iter().filter(empty).map(tell).collect()
}

pub(super) fn equal(review: &Review<'_>) -> Vec<Finding> {
    let mut groups: Vec<Vec<(RoleIx, &RoleEntry)>> = Vec::new();
    let mut known: HashMap<&PermissionSet, usize> = HashMap::new();
    for (ix, role) in review.state.roles().filter(|(_, role)| !role.effective.is_empty()) {
        let group = *known.entry(&role.effective).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push((ix, role)),
            None => groups.push(vec![(ix, role)]),
        }
    }
    let tell = |group: Vec<(RoleIx, &RoleEntry)>| {
        let names: Vec<&str> = group.iter().map(|(_, role)| role.name.as_str()).collect();
        let size = group.first().map_or(0, |(_, role)| role.effective.len());
        let sentence = format!(
            "the roles {} have the same {}",
            words::list_up_to(&names, NAMED),
            words::count(size, "permission")
        );
        let finding = Finding::new(Kind::EqualRoles, sentence);
        group.into_iter().fold(finding, |finding, (ix, role)| {
            let holders = words::count(role.holders.len(), "holder");
            finding
                .about_role(review.role(ix))
                .cite(role.created.position, format!("{}: {holders}, {}", role.name, origin(role)))
        })
    };
    groups.into_iter().filter(|group| group.len() > 1).map(tell).collect()
}

/// Two roles share a part of all that either has; equal ones are told by [`equal`].
pub(super) fn similar(review: &Review<'_>) -> Vec<Finding> {
    let least = review.options.similar;
    let mut roles: Vec<_> = review.state.roles().map(|(ix, role)| (role.effective.len(), ix, role)).collect();
    roles.retain(|(size, ..)| *size > 0);
    roles.sort_by_key(|(size, ix, _)| (*size, *ix));
    let mut pairs = Vec::new();
    for (at, (size, ix, role)) in roles.iter().enumerate() {
        for (other_size, other_ix, other) in roles.iter().skip(at + 1) {
            // Sizes grow from here on, so that the share can only become less.
            if share(*size, *other_size) < least {
                break;
            }
            let common = role.effective.common(&other.effective);
            if share(common, size + other_size - common) >= least && role.effective != other.effective {
                let (one, other) = ((*ix, *role), (*other_ix, *other));
                pairs.push(if ix < other_ix { (one, other) } else { (other, one) });
            }
        }
    }
    pairs.sort_by_key(|((one, _), (other, _))| (*one, *other));
    pairs.into_iter().map(|(one, other)| nearly(review, one, other)).collect()
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

fn nearly(
    review: &Review<'_>,
    (one_ix, one): (RoleIx, &RoleEntry),
    (other_ix, other): (RoleIx, &RoleEntry),
) -> Finding {
    let common = one.effective.common(&other.effective);
    let all = one.effective.len() + other.effective.len() - common;
    let sentence = format!("the roles {} and {} share {common} of {all} permissions", one.name, other.name);
    let mut finding = Finding::new(Kind::SimilarRoles, sentence);
    for (ix, role, beside) in [(one_ix, one, other), (other_ix, other, one)] {
        let only = role.effective.minus(&beside.effective);
        let what = if only.is_empty() {
            format!("{} has nothing of its own", role.name)
        } else {
            format!("only {}: {}", role.name, review.keys(&only))
        };
        finding = finding.about_role(review.role(ix)).cite(role.modified.position, what);
        if let Some(profile) = review.state.profile() {
            finding.permissions.extend(only.iter().map(|ix| profile.cite(ix)));
        }
    }
    finding
}

pub(super) fn joining(review: &Review<'_>) -> Vec<Finding> {
    let Some(profile) = review.state.profile() else { return Vec::new() };
    let mut found = Vec::new();
    for (ix, role) in review.state.roles() {
        for separation in could_join(profile, &role.effective) {
            let (one, other) = (separation.one.and(&role.effective), separation.other.and(&role.effective));
            let sentence = format!(
                "the role {} gives both {} and {}: “{}” keeps them apart",
                role.name,
                review.keys(&one),
                review.keys(&other),
                separation.label
            );
            let mut finding = Finding::new(Kind::JoiningRole, sentence).about_role(review.role(ix));
            for permission in one.iter().chain(other.iter()) {
                finding.permissions.push(profile.cite(permission));
            }
            let last = |duty: &PermissionSet| duty.iter().map(|permission| role.permission_at(permission)).max();
            for (duty, what) in [(&one, "the one"), (&other, "the other")] {
                let position = last(duty).unwrap_or(role.created.position);
                finding = finding.cite(position, format!("{what}: {}", review.keys(duty)));
            }
            found.push(finding);
        }
    }
    found
}

/// Roles that are given by hand, while nobody who may assign roles holds, anywhere, all that they permit.
pub(super) fn unassignable(review: &Review<'_>, everybody: &[Held]) -> Vec<Finding> {
    let Some(profile) = review.state.profile() else { return Vec::new() };
    let Some(assign) = profile.need(Need::RoleAssign) else { return Vec::new() };
    let facts = Facts { state: review.state.clone(), actor: Actor::Operator, now: review.at };
    let by_hand = |(_, role): &(RoleIx, &RoleEntry)| role.assigned == AssignedBy::Hand;
    let mut found = Vec::new();
    for (ix, role) in review.roles().into_iter().filter(by_hand) {
        let missing: Vec<PermissionSet> = everybody
            .iter()
            .filter(|held| held.anywhere(assign) && eligible(&facts, held, role))
            .filter_map(|held| least_missing(profile, held, role, assign))
            .collect();
        if missing.iter().any(PermissionSet::is_empty) {
            continue;
        }
        let sentence = format!("nobody could give the role {} to anybody", role.name);
        let finding = Finding::new(Kind::UnassignableRole, sentence).about_role(review.role(ix));
        found.push(match missing.iter().min_by_key(|missing| missing.len()) {
            None => finding.note("no member who may assign roles is high enough or holds a role that may give it"),
            Some(missing) => {
                finding.note(format!("whoever may assign roles and holds most of it lacks {}", review.keys(missing)))
            }
        });
    }
    found
}

fn eligible(facts: &Facts, held: &Held, role: &RoleEntry) -> bool {
    let by = &role.assigned_only_by;
    facts.check_level(held.member, &role.name, role.level).is_ok()
        && (by.is_empty() || facts.holds_one_of(held.member, by.iter().map(|id| id.as_str())))
}

/// What a member lacks to give a role, at the place where least of it is lacking.
fn least_missing(profile: &Profile, held: &Held, role: &RoleEntry, assign: PermissionIx) -> Option<PermissionSet> {
    let wanted = role.effective.and(profile.grants());
    let groups = held.groups.iter().filter(|(holdings, places)| {
        holdings.full.contains(assign) && (!role.everywhere || places.contains(&Place::Organisation))
    });
    // What the role narrows to the holder's own need not be held for everything.
    let mut own = PermissionSet::default();
    for (restriction, narrows) in profile.restrictions() {
        if role.effective.contains(*restriction) {
            own.union_with(narrows);
        }
    }
    let missing = |holdings: &chancery_aggregates::access::Holdings| {
        let mut missing = wanted.minus(&own).minus(&holdings.full);
        missing.union_with(&wanted.and(&own).minus(&holdings.any));
        missing
    };
    groups.map(|(holdings, _)| missing(holdings)).min_by_key(PermissionSet::len)
}
