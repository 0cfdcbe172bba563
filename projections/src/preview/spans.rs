//! What is the same over several instants becomes one line with a beginning and an end.

use std::collections::{BTreeMap, BTreeSet};

use chancery_aggregates::AccessState;
use chancery_aggregates::access::Place;
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::state::permission_set::PermissionIx;
use chancery_aggregates::vocabulary::Time;

use super::Line;
use crate::diff::walk::Track;
use crate::diff::{Cause, Change, ChangeKind, lines};
use crate::places::Places;
use crate::words::Person;

/// How one permission changes, and by which events.
type Effect = (ChangeKind, Vec<u64>);

/// The effect of a rehearsal on what one member may do at one place, in the order of time.
type Course = Vec<(Time, BTreeMap<PermissionIx, Effect>)>;

/// From when until when, by which events: what a line has in common.
type Shared = (Time, Option<Time>, Vec<u64>);

/// A line before it is put into words: what it has in common, what changes, where.
type Draft = (Shared, Vec<(PermissionIx, ChangeKind)>, Vec<Place>);

#[derive(Default)]
pub(super) struct Spans {
    courses: BTreeMap<(MemberIx, usize), (Place, Course)>,
}

impl Spans {
    /// Takes the differences at the next instant. Those of `members` who have none now, and had some
    /// before, have come to the end of them; without `members` there was no instant before.
    pub(super) fn note(&mut self, at: Time, tracks: &[Track], members: Option<&BTreeSet<MemberIx>>) {
        for ((member, _), (_, course)) in &mut self.courses {
            if members.is_some_and(|members| members.contains(member)) {
                course.push((at, BTreeMap::new()));
            }
        }
        for track in tracks {
            let ends = &track.ends;
            let (_, course) =
                self.courses.entry((ends.member, order(ends.place))).or_insert_with(|| (ends.place, Vec::new()));
            if course.last().is_none_or(|(last, _)| *last != at) {
                course.push((at, BTreeMap::new()));
            }
            let Some((_, effects)) = course.last_mut() else { continue };
            for (causes, permissions) in lines::by_causes(track) {
                let causes: Vec<u64> = causes.into_iter().filter_map(position).collect();
                for (permission, kind) in lines::changes(&ends.from, &ends.to, &permissions) {
                    effects.insert(permission, (kind, causes.clone()));
                }
            }
        }
    }

    /// The lines, by member in order of arrival; what happens at once comes first.
    pub(super) fn lines(&self, before: &AccessState, after: &AccessState, now: Time) -> Vec<Line> {
        let mut drafts: BTreeMap<MemberIx, Vec<Draft>> = BTreeMap::new();
        for ((member, _), (place, course)) in &self.courses {
            let drafts = drafts.entry(*member).or_default();
            for (shared, changes) in stretches(course) {
                match drafts.iter_mut().find(|draft| draft.0 == shared && draft.1 == changes) {
                    Some(draft) => draft.2.push(*place),
                    None => drafts.push((shared, changes, vec![*place])),
                }
            }
        }
        let Some(profile) = after.profile() else { return Vec::new() };
        let mut lines = Vec::new();
        for (member, mut drafts) in drafts {
            drafts.sort_by(|one, other| (one.0.0, &one.0.2).cmp(&(other.0.0, &other.0.2)));
            let write = |((from, until, causes), changes, places): Draft| Line {
                member: Person::numbered(after, member),
                places: Places::since(before, after, &places),
                from: (from > now).then_some(from),
                until,
                changes: changes.into_iter().map(|(ix, kind)| Change { permission: profile.cite(ix), kind }).collect(),
                causes,
            };
            lines.extend(drafts.into_iter().map(write));
        }
        lines
    }
}

/// The organisation comes first, then the scopes in order of creation.
fn order(place: Place) -> usize {
    match place {
        Place::Organisation => 0,
        Place::Scope(scope) => scope.index() + 1,
        Place::Nowhere => usize::MAX,
    }
}

fn position(cause: &Cause) -> Option<u64> {
    match cause {
        Cause::Event { position } => Some(*position),
        // Both ends are the same instant: no time passes between them.
        Cause::Time { .. } => None,
    }
}

/// The effects with the stretch of time that they last, those with the same stretch and causes together.
fn stretches(course: &Course) -> Vec<(Shared, Vec<(PermissionIx, ChangeKind)>)> {
    let mut running: BTreeMap<PermissionIx, (Time, Effect)> = BTreeMap::new();
    let mut done: BTreeMap<Shared, Vec<(PermissionIx, ChangeKind)>> = BTreeMap::new();
    let nothing = BTreeMap::new();
    let last = course.iter().map(|(at, effects)| (Some(*at), effects)).chain([(None, &nothing)]);
    for (at, effects) in last {
        let over: Vec<PermissionIx> = running
            .iter()
            .filter(|(permission, (_, effect))| effects.get(permission) != Some(effect))
            .map(|(permission, _)| *permission)
            .collect();
        for permission in over {
            if let Some((from, (kind, causes))) = running.remove(&permission) {
                done.entry((from, at, causes)).or_default().push((permission, kind));
            }
        }
        let Some(at) = at else { break };
        for (permission, effect) in effects {
            running.entry(*permission).or_insert_with(|| (at, effect.clone()));
        }
    }
    done.into_iter()
        .map(|(shared, mut changes)| {
            changes.sort_unstable();
            (shared, changes)
        })
        .collect()
}
