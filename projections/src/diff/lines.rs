//! From tracks to lines: permissions that changed by the same causes, places that changed alike.

use std::collections::BTreeSet;

use chancery_aggregates::access::{Holdings, Ownership, Place, Question, explain};
use chancery_aggregates::profile::Profile;
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::state::permission_set::{PermissionIx, PermissionSet};

use super::walk::{Step, Track};
use super::{Cause, Change, ChangeKind, Ends, Line};
use crate::places::Places;
use crate::words::Person;

/// Permissions times places of a line up to which every single one of them is explained.
const MOST_EXPLAINED: usize = 1024;

/// A line before it is put into words.
struct Draft<'a> {
    member: MemberIx,
    places: Vec<Place>,
    changes: Vec<(PermissionIx, ChangeKind)>,
    causes: Vec<&'a Cause>,
}

pub(super) fn lines(ends: &Ends<'_>, tracks: &[Track]) -> Vec<Line> {
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    let mut member_starts = 0;
    for track in tracks {
        let member = track.ends.member;
        if drafts.last().is_some_and(|last| last.member != member) {
            member_starts = drafts.len();
        }
        for (causes, permissions) in by_causes(track) {
            let changes = changes(&track.ends.from, &track.ends.to, &permissions);
            let alike = drafts
                .iter_mut()
                .skip(member_starts)
                .find(|draft| draft.member == member && draft.causes == causes && draft.changes == changes);
            match alike {
                Some(draft) => draft.places.push(track.ends.place),
                None => drafts.push(Draft { member, places: vec![track.ends.place], changes, causes }),
            }
        }
    }
    let Some(profile) = ends.to.profile() else { return Vec::new() };
    drafts.into_iter().map(|draft| draft.write(ends, profile)).collect()
}

/// The permissions that differ at the ends, by the steps that made them differ: all steps that
/// changed a permission since it was last as at the beginning.
pub(crate) fn by_causes(track: &Track) -> Vec<(Vec<&Cause>, PermissionSet)> {
    let mut alive = differing(&track.ends.from, &track.ends.to);
    let mut groups: Vec<(Vec<&Step>, PermissionSet)> = vec![(Vec::new(), alive.clone())];
    for step in track.steps.iter().rev() {
        let hit = differing(&step.before, &step.after).and(&alive);
        if hit.is_empty() {
            continue;
        }
        let mut split = Vec::new();
        for (steps, permissions) in groups {
            let (inside, outside) = (permissions.and(&hit), permissions.minus(&hit));
            if !outside.is_empty() {
                split.push((steps.clone(), outside));
            }
            if !inside.is_empty() {
                split.push((std::iter::once(step).chain(steps).collect(), inside));
            }
        }
        groups = split;
        let still_to_explain = differing(&track.ends.from, &step.before);
        alive = alive.minus(&hit.minus(&still_to_explain));
    }
    groups.into_iter().map(|(steps, permissions)| (unique(steps), permissions)).collect()
}

fn unique(steps: Vec<&Step>) -> Vec<&Cause> {
    let mut causes: Vec<&Cause> = Vec::new();
    for step in steps {
        if !causes.contains(&&step.cause) {
            causes.push(&step.cause);
        }
    }
    causes
}

/// The permissions of which something differs.
fn differing(one: &Holdings, other: &Holdings) -> PermissionSet {
    let mut set = PermissionSet::default();
    for (one, other) in [(&one.any, &other.any), (&one.full, &other.full)] {
        set.union_with(&one.minus(other));
        set.union_with(&other.minus(one));
    }
    set
}

pub(crate) fn changes(from: &Holdings, to: &Holdings, permissions: &PermissionSet) -> Vec<(PermissionIx, ChangeKind)> {
    let kind = |ix| match (from.any.contains(ix), to.any.contains(ix), to.full.contains(ix)) {
        (false, _, true) => ChangeKind::Gained,
        (false, _, false) => ChangeKind::GainedOwn,
        (true, false, _) => ChangeKind::Lost,
        (true, true, true) => ChangeKind::Widened,
        (true, true, false) => ChangeKind::Narrowed,
    };
    permissions.iter().map(|ix| (ix, kind(ix))).collect()
}

impl Draft<'_> {
    fn write(self, ends: &Ends<'_>, profile: &Profile) -> Line {
        let causes: Vec<Cause> = self.causes.iter().map(|cause| (*cause).clone()).collect();
        let rests_on = self.rests_on(ends, &causes);
        let change = |(ix, kind): &(PermissionIx, ChangeKind)| Change { permission: profile.cite(*ix), kind: *kind };
        Line {
            member: Person::numbered(ends.to, self.member),
            places: Places::since(ends.from, ends.to, &self.places),
            changes: self.changes.iter().map(change).collect(),
            causes,
            rests_on,
        }
    }

    /// The events since the first end, other than the causes, by which the gained permissions are held.
    fn rests_on(&self, ends: &Ends<'_>, causes: &[Cause]) -> Vec<u64> {
        let gained: Vec<PermissionIx> =
            self.changes.iter().filter(|(_, kind)| *kind != ChangeKind::Lost).map(|(ix, _)| *ix).collect();
        let all = self.places.len() * gained.len() <= MOST_EXPLAINED;
        let mut positions = BTreeSet::new();
        for (row, place) in self.places.iter().enumerate() {
            for (column, permission) in gained.iter().enumerate() {
                // A large line is explained along two of its edges only.
                if all || row == 0 || column == 0 {
                    positions.extend(self.grounds(ends, *place, *permission));
                }
            }
        }
        positions.retain(|position| {
            *position > ends.from.position() && !causes.contains(&Cause::Event { position: *position })
        });
        positions.into_iter().collect()
    }

    fn grounds(&self, ends: &Ends<'_>, place: Place, permission: PermissionIx) -> impl Iterator<Item = u64> {
        let (subject, at) = (self.member, ends.to_at);
        let question = Question { subject, permission, place, ownership: Ownership::Unnamed, at };
        explain(ends.to, &question).causes.into_iter().map(|cause| cause.position)
    }
}
