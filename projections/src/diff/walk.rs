//! The way from one end to the other: which step changed what.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Holdings, Place, turning_points};
use chancery_aggregates::event::{Event, Recorded};
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::vocabulary::Time;

use super::candidates::{Differing, held};
use super::touch::{self, Touch};
use super::{Cause, Ends};
use crate::turning::turned;

/// The holdings of one member at one place, followed from end to end.
pub(crate) struct Track {
    pub(crate) ends: Differing,
    pub(super) steps: Vec<Step>,
    current: Holdings,
}

/// A change on the way.
pub(super) struct Step {
    pub(super) cause: Cause,
    pub(super) before: Holdings,
    pub(super) after: Holdings,
}

/// Events are judged within the ends: where both are the same instant, at that one, whenever they were recorded.
pub(crate) fn walk(ends: &Ends<'_>, differing: Vec<Differing>, events: &[Recorded]) -> Vec<Track> {
    let mut walk = Walk::new(ends, differing);
    if walk.tracks.is_empty() {
        return walk.tracks;
    }
    for recorded in events {
        let at = recorded.stamp.time.clamp(ends.from_at, ends.to_at);
        walk.advance(at);
        walk.take(recorded, at);
    }
    walk.advance(ends.to_at);
    walk.tracks
}

struct Walk {
    state: AccessState,
    tracks: Vec<Track>,
    by_member: HashMap<MemberIx, Vec<usize>>,
    by_place: HashMap<Place, Vec<usize>>,
    /// Instants to come at which a member's holdings may change by themselves.
    points: BTreeMap<Time, BTreeSet<MemberIx>>,
}

impl Walk {
    fn new(ends: &Ends<'_>, differing: Vec<Differing>) -> Self {
        let track = |ends: Differing| Track { current: ends.from.clone(), ends, steps: Vec::new() };
        let mut walk = Self {
            state: ends.from.clone(),
            tracks: differing.into_iter().map(track).collect(),
            by_member: HashMap::new(),
            by_place: HashMap::new(),
            points: BTreeMap::new(),
        };
        for (number, track) in walk.tracks.iter().enumerate() {
            walk.by_member.entry(track.ends.member).or_default().push(number);
            walk.by_place.entry(track.ends.place).or_default().push(number);
        }
        let members: Vec<MemberIx> = walk.by_member.keys().copied().collect();
        for member in members {
            walk.expect(member, ends.from_at);
        }
        walk
    }

    fn expect(&mut self, member: MemberIx, after: Time) {
        if !self.by_member.contains_key(&member) {
            return;
        }
        for point in turning_points(&self.state, member, after) {
            self.points.entry(point).or_default().insert(member);
        }
    }

    /// Lets time pass, up to and with an instant.
    fn advance(&mut self, to: Time) {
        while let Some(point) = self.points.first_entry().filter(|point| *point.key() <= to) {
            let (at, members) = point.remove_entry();
            for member in members {
                let turned = turned(&self.state, member, at);
                let numbers = self.by_member.get(&member).cloned().unwrap_or_default();
                self.note(&numbers, &Cause::Time { at, turned }, at);
            }
        }
    }

    fn take(&mut self, recorded: &Recorded, at: Time) {
        // A copy makes the change after it copy what both share: only where somebody looks at it.
        let before = matches!(recorded.event, Event::Role(_) | Event::Scope(_)).then(|| self.state.clone());
        self.state.apply(&recorded.event, recorded.stamp);
        let before = before.as_ref().unwrap_or(&self.state);
        let numbers = match touch::of(&recorded.event, before, &self.state) {
            Touch::Nothing => return,
            Touch::Members(members) => {
                let numbers =
                    members.iter().filter_map(|member| self.by_member.get(member)).flatten().copied().collect();
                for member in members {
                    self.expect(member, at);
                }
                numbers
            }
            Touch::Scope(scope) => {
                let depends = |place| [before, &self.state].iter().any(|state| touch::depends(state, place, scope));
                let places = self.by_place.iter().filter(|(place, _)| depends(**place));
                places.flat_map(|(_, numbers)| numbers).copied().collect()
            }
            Touch::Everything => (0..self.tracks.len()).collect::<Vec<_>>(),
        };
        self.note(&numbers, &Cause::Event { position: recorded.stamp.position }, at);
    }

    /// Computes some holdings anew, and notes the cause where they are not the same.
    fn note(&mut self, numbers: &[usize], cause: &Cause, at: Time) {
        for number in numbers {
            let Some(track) = self.tracks.get_mut(*number) else { continue };
            let after = held(&self.state, track.ends.member, track.ends.place, at);
            if after != track.current {
                let before = std::mem::replace(&mut track.current, after.clone());
                track.steps.push(Step { cause: cause.clone(), before, after });
            }
        }
    }
}
