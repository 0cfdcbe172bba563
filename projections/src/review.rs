//! The record of an access review: what was decided, by whom, when and why, and what came of it. A pure function of the
//! access state at the position that is reviewed, and of the events after it.

use std::collections::BTreeMap;

use chancery_aggregates::AccessState;
use chancery_aggregates::event::{
    Event, OrganisationEvent, Recorded, ReviewAbout, ReviewEvent, ReviewLine, ReviewResult, ReviewedAccess, RoleEvent,
};
use chancery_aggregates::review::{Decided, Review, Reviewed, Stage, Standing, lines, root, standing, stands_since};
use chancery_aggregates::vocabulary::{MemberId, ReviewId, Time};
use serde::Serialize;

/// Who did something, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deed {
    /// Position of its event.
    pub position: u64,
    /// When.
    pub time: Time,
    /// The event's name.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Who, as the log has it.
    pub by: String,
    /// Why, in their words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What made them act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation: Option<String>,
}

impl Deed {
    /// The deed of an event.
    pub fn of(recorded: &Recorded) -> Self {
        Self {
            position: recorded.stamp.position,
            time: recorded.stamp.time,
            kind: recorded.event.name(),
            by: recorded.metadata.actor.clone(),
            reason: recorded.metadata.reason.clone(),
            causation: recorded.metadata.causation.clone(),
        }
    }
}

/// A line, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLine {
    /// The line, with its last reviewer.
    pub line: ReviewLine,
    /// What was decided last, and by whom.
    pub decided: Option<Decided>,
    /// When and why it was decided, where the log was read.
    pub decision: Option<Deed>,
    /// What ended the access, if something did.
    pub ended: Option<Deed>,
    /// What has become of the access by the end of the record.
    pub standing: Standing,
}

/// Everything about a review.
#[derive(Debug, Clone)]
pub struct Record {
    /// The review, as its events make it. Its lines stay after its end.
    pub review: Review,
    /// Its beginning.
    pub opened: Option<Deed>,
    /// Its end.
    pub closed: Option<Deed>,
    /// The lines in order.
    pub lines: Vec<RecordLine>,
    /// Whether the listed lines are those that the state at the reviewed position has.
    pub complete: bool,
    /// The root over the lines as they are decided.
    pub root: String,
}

/// Makes the record of a review, event by event.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    id: ReviewId,
    state: AccessState,
    /// The lines that the state at the reviewed position has.
    expected: Vec<ReviewLine>,
    review: Review,
    opened: Option<Deed>,
    closed: Option<Deed>,
    result: Option<ReviewResult>,
    decisions: BTreeMap<u32, Deed>,
    ended: BTreeMap<u32, Deed>,
    by_member: BTreeMap<MemberId, Vec<u32>>,
}

impl Recorder {
    /// A recorder of a review of something, from the state at the position that it reviews.
    pub fn new(id: ReviewId, about: &ReviewAbout, frozen: AccessState) -> Self {
        let expected = lines(&frozen, about);
        let mut by_member: BTreeMap<MemberId, Vec<u32>> = BTreeMap::new();
        for line in &expected {
            by_member.entry(line.member.clone()).or_default().push(line.line);
        }
        Self { id, state: frozen, expected, by_member, ..Self::default() }
    }

    /// Takes the next event after that position. Events after the review's end change nothing.
    pub fn take(&mut self, recorded: &Recorded) {
        if self.closed.is_some() {
            return;
        }
        let before = self.touches(&recorded.event).then(|| self.state.clone());
        self.state.apply(&recorded.event, recorded.stamp);
        if let Some(before) = before {
            self.note_ends(&before, recorded);
        }
        let Event::Review(event) = &recorded.event else { return };
        if *event.review() == self.id {
            self.follow(event, recorded);
        }
    }

    fn follow(&mut self, event: &ReviewEvent, recorded: &Recorded) {
        match event {
            ReviewEvent::ReviewOpened { .. } => {
                self.opened = Some(Deed::of(recorded));
                self.review.take(event);
            }
            ReviewEvent::ReviewLineDecided { line, .. } => {
                self.decisions.insert(line.line, Deed::of(recorded));
                self.review.take(event);
            }
            ReviewEvent::ReviewLinesListed { .. } | ReviewEvent::ReviewReviewerChanged { .. } => {
                self.review.take(event);
            }
            // The lines are to stay.
            ReviewEvent::ReviewCompleted { result, .. } => {
                (self.closed, self.result) = (Some(Deed::of(recorded)), Some(result.clone()));
            }
            ReviewEvent::ReviewCancelled { .. } => self.closed = Some(Deed::of(recorded)),
        }
    }

    /// Whether an event may end access on a line.
    fn touches(&self, event: &Event) -> bool {
        match event {
            Event::Member(event) => self.by_member.contains_key(event.member()),
            Event::Role(RoleEvent::RoleDeleted { .. }) => true,
            Event::Organisation(OrganisationEvent::OwnerTransferred { .. }) => true,
            Event::Organisation(_) | Event::Role(_) | Event::Scope(_) | Event::Review(_) => false,
        }
    }

    fn note_ends(&mut self, before: &AccessState, recorded: &Recorded) {
        let numbers: Vec<u32> = match &recorded.event {
            Event::Member(event) => self.by_member.get(event.member()).cloned().unwrap_or_default(),
            _ => self.by_member.values().flatten().copied().collect(),
        };
        let at = recorded.stamp.time;
        for number in numbers {
            let Some(line) = (number as usize).checked_sub(1).and_then(|ix| self.expected.get(ix)) else { continue };
            let (was, is) = (stands_since(before, line, at), stands_since(&self.state, line, at));
            match (was, is) {
                (Some(_), None) => drop(self.ended.insert(number, Deed::of(recorded))),
                (None, Some(_)) => drop(self.ended.remove(&number)),
                _ => {}
            }
        }
    }

    /// The state after the last event that was taken.
    pub fn state(&self) -> &AccessState {
        &self.state
    }

    /// The record, as of an instant.
    pub fn finish(self, now: Time) -> Record {
        let (frozen, at) = (self.review.frozen.position, self.closed.as_ref().map_or(now, |closed| closed.time));
        let mut decisions = self.decisions;
        let mut ended = self.ended;
        let lines: Vec<RecordLine> = self
            .review
            .lines
            .iter()
            .map(|reviewed| RecordLine {
                line: reviewed.line.clone(),
                decided: reviewed.decided.clone(),
                decision: decisions.remove(&reviewed.line.line),
                ended: ended.remove(&reviewed.line.line),
                standing: standing(&self.state, &reviewed.line, frozen, at),
            })
            .collect();
        let root = root(self.review.lines.iter().map(AsRef::as_ref)).to_string();
        let same = |(expected, line): (&ReviewLine, &RecordLine)| {
            (&expected.member, &expected.access, expected.since)
                == (&line.line.member, &line.line.access, line.line.since)
        };
        let complete = self.expected.len() == lines.len() && self.expected.iter().zip(&lines).all(same);
        let mut review = self.review;
        review.result = self.result;
        if let Some(closed) = &self.closed {
            review.stage = match closed.kind {
                "ReviewCancelled" => Stage::Cancelled,
                _ => Stage::Completed,
            };
        }
        Record { review, opened: self.opened, closed: self.closed, lines, complete, root }
    }
}

impl Record {
    /// Whether the root that was recorded at the end is that of the lines; none where the review is not completed.
    pub fn root_holds(&self) -> Option<bool> {
        self.review.result.as_ref().map(|result| result.root == self.root)
    }
}

impl RecordLine {
    /// A line of an open review, as the access state knows it: without the times of decisions.
    pub fn of(state: &AccessState, reviewed: &Reviewed, frozen: u64, now: Time) -> Self {
        Self {
            line: reviewed.line.clone(),
            decided: reviewed.decided.clone(),
            decision: None,
            ended: None,
            standing: standing(state, &reviewed.line, frozen, now),
        }
    }
}

/// What kind of access it is, such as `role`.
pub fn kind(access: &ReviewedAccess) -> &'static str {
    match access {
        ReviewedAccess::Role { .. } => "role",
        ReviewedAccess::Ownership { .. } => "ownership",
        ReviewedAccess::Permission { .. } => "permission",
        ReviewedAccess::Key { .. } => "key",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use chancery_aggregates::event::{Decision, Frozen, Verdict};
    use chancery_aggregates::review::Stage;
    use chancery_aggregates::vocabulary::{MemberScope, ReviewRef, Window};

    use super::*;
    use crate::activity::Narrator;
    use crate::sample::{History, at};

    /// Sam gave Tom and Ann the role Manager; the review of it is Ann's, Tom's role is gone before it begins.
    fn reviewed() -> (History, AccessState) {
        let mut history = History::founded("proplink");
        history.add_role("manager", "Manager", &["invoice.approve"], &[]);
        for (id, name) in [("sam", "Sam"), ("tom", "Tom"), ("ann", "Ann")] {
            history.add_member(id, name, "user", MemberScope::All);
        }
        history.by("sam").assign("ann", "manager", None, Window::default());
        history.because("cover").assign("tom", "manager", None, Window::default());
        let frozen = history.state.clone();
        history.unassign("tom", "manager", None);
        let (review, about) = (q1(), ReviewAbout::All);
        let mut listed = lines(&frozen, &about);
        listed.iter_mut().for_each(|line| line.reviewer = MemberId::known("sam"));
        let (deadline, count) = (at("2026-02-01T00:00:00Z"), listed.len() as u32);
        let frozen_at = Frozen { position: frozen.position(), time: frozen.time().unwrap() };
        history.record(ReviewEvent::ReviewOpened { review, about, frozen: frozen_at, deadline, lines: count });
        history.record(ReviewEvent::ReviewLinesListed { review: q1().id, lines: listed });
        (history, frozen)
    }

    fn q1() -> ReviewRef {
        ReviewRef { id: ReviewId::known("q1"), name: "First quarter".into() }
    }

    fn decide(history: &mut History, number: u32, verdict: Verdict) -> u64 {
        let line = history.state.review_by_id("q1").unwrap().review.line(number).unwrap().line.clone();
        let standing = stands_since(&history.state, &line, history.now);
        let after = Decision { verdict, standing };
        history.record(ReviewEvent::ReviewLineDecided { review: q1(), line, before: None, after })
    }

    fn record(history: &History, frozen: &AccessState) -> Record {
        let mut recorder = Recorder::new(q1().id, &ReviewAbout::All, frozen.clone());
        history.after(frozen.position()).for_each(|recorded| recorder.take(recorded));
        recorder.finish(history.now)
    }

    fn complete(history: &mut History) {
        let review = &history.state.review_by_id("q1").unwrap().review;
        let root = root(review.lines.iter().map(AsRef::as_ref));
        let (frozen, lines) = (review.frozen, review.count);
        let result =
            ReviewResult { lines, kept: review.kept, revoked: review.revoked, root, ..ReviewResult::default() };
        history.record(ReviewEvent::ReviewCompleted { review: q1(), frozen, result });
    }

    #[test]
    fn the_record_says_who_decided_and_what_ended_the_access() {
        let (mut history, frozen) = reviewed();
        history.because("left");
        let decided = decide(&mut history, 1, Verdict::Revoke);
        let gone = history.unassign("ann", "manager", None);
        decide(&mut history, 2, Verdict::Keep);
        complete(&mut history);
        // What happens after its end is no part of it.
        history.assign("ann", "manager", None, Window::default());
        let record = record(&history, &frozen);
        let [ann, tom] = record.lines.as_slice() else { panic!("{:?}", record.lines) };
        assert_eq!((ann.line.member.as_str(), tom.line.member.as_str()), ("ann", "tom"));
        let made = ann.decision.as_ref().unwrap();
        assert_eq!((made.position, made.by.as_str(), made.reason.as_deref()), (decided, "sam", Some("left")));
        assert_eq!((ann.ended.as_ref().unwrap().position, ann.standing), (gone, Standing::Gone));
        assert_eq!(tom.ended.as_ref().unwrap().position, frozen.position() + 1, "before it began");
        assert!(record.complete);
        assert_eq!((record.review.stage, record.root_holds()), (Stage::Completed, Some(true)));
    }

    #[test]
    fn another_list_than_the_logs_is_noticed() {
        let (mut history, frozen) = reviewed();
        let mut other = history.state.review_by_id("q1").unwrap().review.line(1).unwrap().line.clone();
        other.member = MemberId::known("sam");
        history.record(ReviewEvent::ReviewLinesListed { review: q1().id, lines: vec![other] });
        assert!(!record(&history, &frozen).complete);
    }

    #[test]
    fn another_root_than_that_of_the_decisions_is_noticed() {
        let (mut history, frozen) = reviewed();
        decide(&mut history, 1, Verdict::Keep);
        complete(&mut history);
        let Event::Review(ReviewEvent::ReviewCompleted { result, .. }) = &mut history.events.last_mut().unwrap().event
        else {
            panic!("not completed")
        };
        result.root = "00".into();
        assert_eq!(record(&history, &frozen).root_holds(), Some(false));
    }

    #[test]
    fn a_review_reads_as_a_story() {
        let (mut history, _) = reviewed();
        decide(&mut history, 2, Verdict::Keep);
        complete(&mut history);
        let mut narrator = Narrator::default();
        let told: Vec<String> = history.events.iter().map(|recorded| narrator.tell(recorded).sentence).collect();
        assert_eq!(
            told[told.len() - 4..],
            [
                "Sam opened the review “First quarter” of all access, as of #7, with 2 lines to decide until 31 January 2026",
                "Sam listed lines 1 and 2 of the review `q1`",
                "Sam decided to keep Tom’s role Manager (line 2 of the review “First quarter”), which is gone already",
                "Sam completed the review “First quarter”: 1 kept, 0 revoked",
            ]
        );
    }
}
