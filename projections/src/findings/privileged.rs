//! Who holds what is sensitive, and who holds what is kept apart: where, and by which path.

use std::collections::BTreeMap;

use chancery_aggregates::access::{Ownership, Place, Question, conflicts};
use chancery_aggregates::profile::{Profile, Separation};
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::state::permission_set::{PermissionIx, PermissionSet};

use super::{Evidence, Finding, Held, Kind, Review, way};
use crate::access::{sensitive, ways};
use crate::places::Places;
use crate::words;

/// Permissions that a sentence names before it counts the rest.
const NAMED: usize = 4;

pub(super) fn privileged(review: &Review<'_>, everybody: &[Held]) -> Vec<Finding> {
    let Some(profile) = review.state.profile() else { return Vec::new() };
    let sensitive = sensitive(profile);
    let mut found = Vec::new();
    for held in everybody {
        for (set, places) in by_set(held, |any| any.and(&sensitive)) {
            found.push(of_member(review, profile, held.member, &set, &places));
        }
    }
    found
}

/// The places of a member by what of theirs is looked for; those with nothing of it are left out.
fn by_set(held: &Held, look: impl Fn(&PermissionSet) -> PermissionSet) -> Vec<(PermissionSet, Vec<Place>)> {
    let mut sets: Vec<(PermissionSet, Vec<Place>)> = Vec::new();
    for (holdings, places) in &held.groups {
        let set = look(&holdings.any);
        match sets.iter_mut().find(|(known, _)| *known == set) {
            _ if set.is_empty() => {}
            Some((_, known)) => known.extend(places),
            None => sets.push((set, places.clone())),
        }
    }
    sets
}

fn of_member(
    review: &Review<'_>,
    profile: &Profile,
    member: MemberIx,
    set: &PermissionSet,
    places: &[Place],
) -> Finding {
    let where_ = Places::of(review.state, places);
    let person = review.person(member);
    let keys: Vec<String> = profile.keys(set).iter().map(ToString::to_string).collect();
    let count = words::count(keys.len(), "sensitive permission");
    let named = words::list_up_to(&keys, NAMED);
    let sentence = format!("{person} holds {count} in {}: {named}", where_.summary);
    let mut finding = Finding::new(Kind::Privileged, sentence).about(person);
    finding.permissions = set.iter().map(|ix| profile.cite(ix)).collect();
    finding.evidence = paths(review, profile, member, set, places);
    finding.places = Some(where_);
    finding
}

/// The ways to permissions on the places, each once, with what comes by it.
fn paths(
    review: &Review<'_>,
    profile: &Profile,
    member: MemberIx,
    set: &PermissionSet,
    places: &[Place],
) -> Vec<Evidence> {
    let mut paths: BTreeMap<(u64, String), PermissionSet> = BTreeMap::new();
    let Some(entry) = review.state.member(member) else { return Vec::new() };
    // Places with the same holdings may be reached by different ways.
    for place in places {
        for permission in set.iter() {
            let ownership = Ownership::Unnamed;
            let question = Question { subject: member, permission, place: *place, ownership, at: review.at };
            for grant in ways(review.state, entry, &question) {
                paths.entry(way(&grant)).or_default().insert(permission);
            }
        }
    }
    let told = |((position, what), permissions): ((u64, String), PermissionSet)| {
        let keys: Vec<String> = profile.keys(&permissions).iter().map(ToString::to_string).collect();
        let some = if permissions == *set && keys.len() > 1 {
            "all of it".to_owned()
        } else {
            words::list_up_to(&keys, NAMED)
        };
        Evidence { position: Some(position), what: format!("{what}: {some}") }
    };
    paths.into_iter().map(told).collect()
}

pub(super) fn separation(review: &Review<'_>, everybody: &[Held]) -> Vec<Finding> {
    let Some(profile) = review.state.profile() else { return Vec::new() };
    let mut found = Vec::new();
    for held in everybody {
        for separation in profile.separations() {
            let duties = |any: &PermissionSet| {
                let mut both = separation.one.and(any);
                both.union_with(&separation.other.and(any));
                both
            };
            let mut sets: Vec<(PermissionSet, Vec<Place>)> = Vec::new();
            for (holdings, places) in &held.groups {
                if !conflicts(profile, holdings).any(|violated| violated.key == separation.key) {
                    continue;
                }
                let set = duties(&holdings.any);
                match sets.iter_mut().find(|(known, _)| *known == set) {
                    Some((_, known)) => known.extend(places),
                    None => sets.push((set, places.clone())),
                }
            }
            for (set, places) in sets {
                found.push(conflict(review, profile, separation, (held.member, &set, &places)));
            }
        }
    }
    found
}

fn conflict(
    review: &Review<'_>,
    profile: &Profile,
    separation: &Separation,
    (member, set, places): (MemberIx, &PermissionSet, &[Place]),
) -> Finding {
    let where_ = Places::of(review.state, places);
    let person = review.person(member);
    let side = |duty: &PermissionSet| {
        let keys: Vec<String> = profile.keys(&duty.and(set)).iter().map(ToString::to_string).collect();
        words::list_up_to(&keys, NAMED)
    };
    let (one, other) = (side(&separation.one), side(&separation.other));
    let label = &separation.label;
    let sentence = format!("{person} holds both {one} and {other} in {}: “{label}” keeps them apart", where_.summary);
    let mut finding = Finding::new(Kind::Separation, sentence).about(person);
    let cite = |ix: PermissionIx| profile.cite(ix);
    finding.permissions = set.iter().map(cite).collect();
    finding.evidence = paths(review, profile, member, set, places);
    finding.places = Some(where_);
    finding
}
