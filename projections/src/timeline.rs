//! Since when one member may do one thing, and until when.
//!
//! The log is folded once; between its events, windows that open or close and documents that
//! expire turn the answer as well.

use std::collections::BTreeSet;

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Decision, Denial, Request, evaluate, turning_points};
use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::Time;

use crate::turning::{Turned, turned};

/// What a timeline is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// A member's id.
    pub member: String,
    /// A permission's key.
    pub permission: String,
    /// A scope's id; absent, the organisation as a whole.
    pub scope: Option<String>,
    /// The member whose own the resource is, where one is named.
    pub owner: Option<String>,
}

impl Subject {
    /// The answer at a state and an instant.
    pub fn decide(&self, state: &AccessState, at: Time) -> Decision {
        let request = Request {
            subject: &self.member,
            permission: &self.permission,
            scope: self.scope.as_deref(),
            owner: self.owner.as_deref(),
            at,
        };
        evaluate(state, &request)
    }

    /// The next instant after `at` at which the answer changes if nothing else happens, with that answer.
    pub fn next_turn(&self, state: &AccessState, at: Time) -> Option<(Time, Decision)> {
        let now = self.decide(state, at);
        let points: BTreeSet<Time> = self.turning_points(state, at).collect();
        points.into_iter().map(|point| (point, self.decide(state, point))).find(|(_, then)| !same(then, &now))
    }

    fn turning_points(&self, state: &AccessState, after: Time) -> impl Iterator<Item = Time> {
        let member = state.member_ix(&self.member);
        member.map(|member| turning_points(state, member, after)).unwrap_or_default().into_iter()
    }
}

/// What turned the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// An event, by position.
    Event(u64),
    /// The passing of time: what came or ran out.
    Time(Vec<Turned>),
}

/// A stretch in which the answer was the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The answer.
    pub decision: Decision,
    /// First instant.
    pub since: Time,
    /// What began it.
    pub begun_by: Turn,
}

/// Follows one question through the log.
#[derive(Debug)]
pub struct Timeline {
    subject: Subject,
    state: AccessState,
    clock: Time,
    spans: Vec<Span>,
}

impl Timeline {
    /// Starts before the first event.
    pub fn new(subject: Subject) -> Self {
        Self { subject, state: AccessState::default(), clock: Time::MIN_UTC, spans: Vec::new() }
    }

    /// Takes the next event, and says whether it turned the answer.
    pub fn take(&mut self, recorded: &Recorded) -> bool {
        self.advance(recorded.stamp.time);
        self.state.apply(&recorded.event, recorded.stamp);
        self.note(recorded.stamp.time, || Turn::Event(recorded.stamp.position))
    }

    /// The stretches up to an instant, in order. Those in which the member was not even known are left out.
    pub fn finish(mut self, at: Time) -> Vec<Span> {
        self.advance(at);
        self.spans.retain(|span| !matches!(span.decision, Decision::Denied(Denial::UnknownMember)));
        self.spans
    }

    fn advance(&mut self, to: Time) {
        let points: BTreeSet<Time> =
            self.subject.turning_points(&self.state, self.clock).filter(|point| *point <= to).collect();
        for point in points {
            let member = self.state.member_ix(&self.subject.member);
            let turned = member.map(|member| turned(&self.state, member, point)).unwrap_or_default();
            self.note(point, || Turn::Time(turned));
        }
        self.clock = self.clock.max(to);
    }

    fn note(&mut self, at: Time, turn: impl FnOnce() -> Turn) -> bool {
        let decision = self.subject.decide(&self.state, at);
        let turns = self.spans.last().is_none_or(|span| !same(&span.decision, &decision));
        if turns {
            self.spans.push(Span { decision, since: at, begun_by: turn() });
        }
        turns
    }
}

/// Whether two answers are the same to who asks. The position in a denial does not count.
fn same(one: &Decision, other: &Decision) -> bool {
    match (one, other) {
        (Decision::Denied(one), Decision::Denied(other)) => one.code() == other.code(),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{History, at, until};

    #[test]
    fn spans_name_the_events_and_the_time_that_turned_the_answer() {
        let mut history = History::founded("buildings");
        history.add_role("keeper", "Keeper", &["assets.view"], &[]);
        history.add_scope("elm", "Elm Court", "building", None);
        let added = history.add_member("tom", "Tom", "member", Default::default());
        let given = history.assign("tom", "keeper", Some("elm"), until("2026-02-01T00:00:00Z"));
        history.on("2026-03-01T00:00:00Z");
        let again = history.assign("tom", "keeper", Some("elm"), Default::default());
        let off = history.toggle("keeper", "assets.view", false);

        let subject = Subject {
            member: "tom".to_owned(),
            permission: "assets.view".to_owned(),
            scope: Some("elm".to_owned()),
            owner: None,
        };
        let next = subject.next_turn(&history.state_at(given), at("2026-01-15T00:00:00Z")).unwrap();
        assert_eq!((next.0, next.1.is_allowed()), (at("2026-02-01T00:00:00Z"), false));

        let mut timeline = Timeline::new(subject);
        let turning = history.events.iter().filter(|recorded| timeline.take(recorded));
        let turning: Vec<u64> = turning.map(|recorded| recorded.stamp.position).collect();
        // The first one is the founding, before which nobody was known.
        assert_eq!(turning, [1, added, given, again, off]);
        let spans = timeline.finish(history.now);
        let turn = |span: &Span| match &span.begun_by {
            Turn::Event(position) => (position.to_string(), span.decision.is_allowed()),
            Turn::Time(turned) => (turned[0].to_string(), span.decision.is_allowed()),
        };
        let turns: Vec<_> = spans.iter().map(turn).collect();
        let expected = [
            (added.to_string(), false),
            (given.to_string(), true),
            (format!("the time of the role Keeper in Elm Court was over (as set by #{given})"), false),
            (again.to_string(), true),
            (off.to_string(), false),
        ];
        assert_eq!(turns, expected);
        assert_eq!(spans[2].since, at("2026-02-01T00:00:00Z"));
    }
}
