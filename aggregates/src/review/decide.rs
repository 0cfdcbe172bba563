//! What happens when somebody asks something of a review.

use std::collections::{BTreeMap, BTreeSet};

use super::authorise::{Reviewers, check_subject};
use super::{Review, Reviewed, Stage, lines, root, stands_since};
use crate::authority::{Acting, Facts};
use crate::command::{NewReview, ReviewCommand};
use crate::event::{Decision, ReviewEvent, ReviewLine, ReviewResult, Verdict};
use crate::refusal::{Refusal, Thing};
use crate::role::check_name;
use crate::vocabulary::{Actor, MemberId, ReviewId, ReviewRef};

/// Lines that one event lists.
const LISTED_AT_ONCE: usize = 200;

impl Review {
    /// What happens when an actor asks this of the review.
    ///
    /// # Errors
    /// The first rule that refuses it.
    pub fn decide(&self, id: &ReviewId, command: &ReviewCommand, facts: &Facts) -> Result<Vec<ReviewEvent>, Refusal> {
        let (Acting::Member(_), Actor::Member(actor)) = (facts.acting()?, &facts.actor) else {
            return Err(Refusal::NotForActor { actor: facts.actor_name(), command: command.name().into() });
        };
        if let ReviewCommand::OpenReview(new) = command {
            facts.may_review()?;
            return self.open(id, new, facts);
        }
        self.known(id, facts)?;
        let Some(review) = self.review.clone() else { return Ok(Vec::new()) };
        if self.stage != Stage::Open {
            return Err(Refusal::ReviewClosed { review: review.name, stage: self.stage.as_str().into() });
        }
        match command {
            // INVARIANT: handled above.
            ReviewCommand::OpenReview(_) => Ok(Vec::new()),
            ReviewCommand::DecideLines { lines, verdict } => self.decide_lines(review, lines, *verdict, actor, facts),
            ReviewCommand::DelegateLines { lines, to } => self.delegate(review, lines, to, actor, facts),
            ReviewCommand::CompleteReview => {
                facts.may_review()?;
                self.complete(review, facts).map(|event| vec![event])
            }
            ReviewCommand::CancelReview => {
                facts.may_review()?;
                let decided = self.kept + self.revoked;
                Ok(vec![ReviewEvent::ReviewCancelled { review, lines: self.count, decided }])
            }
        }
    }

    fn open(&self, id: &ReviewId, new: &NewReview, facts: &Facts) -> Result<Vec<ReviewEvent>, Refusal> {
        if self.review.is_some() {
            return Err(Refusal::IdTaken { thing: Thing::Review, id: id.as_str().into() });
        }
        ReviewId::parse(id.as_str()).map_err(|because| Refusal::bad_id(Thing::Review, id.as_str(), because))?;
        let review = ReviewRef { id: id.clone(), name: check_name(&new.title)? };
        let (position, head) = (new.frozen.position, facts.state.position());
        if position > head {
            return Err(Refusal::ReviewAhead { position, head });
        }
        if position < head {
            facts.may_replay()?;
        }
        if new.deadline <= facts.now {
            return Err(Refusal::EmptyWindow { from: None, until: new.deadline });
        }
        if new.lines.is_empty() {
            return Err(Refusal::ReviewEmpty);
        }
        if new.lines.len() > lines::MOST_LINES {
            return Err(Refusal::ReviewTooLarge { lines: new.lines.len() as u32, most: lines::MOST_LINES as u32 });
        }
        let mut listed = new.lines.clone();
        for (line, number) in listed.iter_mut().zip(1..) {
            line.line = number;
        }
        listed.iter().try_for_each(|line| check_subject(&line.reviewer, line))?;
        let reviewers = Reviewers::of(listed.iter().map(|line| &line.reviewer), facts)?;
        reviewers.check(listed.iter().map(|line| (line, &line.reviewer)))?;
        let (about, frozen, deadline) = (new.about.clone(), new.frozen, new.deadline);
        let opened = ReviewEvent::ReviewOpened { review, about, frozen, deadline, lines: listed.len() as u32 };
        let list = |lines: &[ReviewLine]| ReviewEvent::ReviewLinesListed { review: id.clone(), lines: lines.to_vec() };
        Ok(std::iter::once(opened).chain(listed.chunks(LISTED_AT_ONCE).map(list)).collect())
    }

    /// The lines with these numbers, each once, in order.
    fn find(&self, numbers: &[u32]) -> Result<Vec<&Reviewed>, Refusal> {
        let unknown = |number: u32| {
            Refusal::unknown(Thing::ReviewLine, &compact_str::format_compact!("{number}"), std::iter::empty())
        };
        let numbers: BTreeSet<u32> = numbers.iter().copied().collect();
        numbers.into_iter().map(|number| self.line(number).ok_or_else(|| unknown(number))).collect()
    }

    fn decide_lines(
        &self,
        review: ReviewRef,
        numbers: &[u32],
        verdict: Verdict,
        actor: &MemberId,
        facts: &Facts,
    ) -> Result<Vec<ReviewEvent>, Refusal> {
        let reader = facts.reader()?;
        let mut events = Vec::new();
        for reviewed in self.find(numbers)? {
            let line = &reviewed.line;
            check_subject(actor, line)?;
            if line.reviewer != *actor {
                let (actor, reviewer) = (facts.actor_name(), line.reviewer.as_str().into());
                return Err(Refusal::NotReviewer { actor, line: line.line, reviewer });
            }
            reader.member(line.member.as_str())?;
            let after = Decision { verdict, standing: stands_since(&facts.state, line, facts.now) };
            let before = reviewed.decided.as_ref().map(|decided| decided.decision);
            if before != Some(after) {
                let (review, line) = (review.clone(), line.clone());
                events.push(ReviewEvent::ReviewLineDecided { review, line, before, after });
            }
        }
        Ok(events)
    }

    fn delegate(
        &self,
        review: ReviewRef,
        numbers: &[u32],
        to: &MemberId,
        actor: &MemberId,
        facts: &Facts,
    ) -> Result<Vec<ReviewEvent>, Refusal> {
        let found = self.find(numbers)?;
        let may_review = facts.may_review().is_ok();
        if let Some(others) = found.iter().find(|reviewed| !may_review && reviewed.line.reviewer != *actor) {
            let (line, reviewer) = (others.line.line, others.line.reviewer.as_str().into());
            return Err(Refusal::NotReviewer { actor: facts.actor_name(), line, reviewer });
        }
        found.iter().try_for_each(|reviewed| check_subject(to, &reviewed.line))?;
        Reviewers::of([to], facts)?.check(found.iter().map(|reviewed| (&reviewed.line, to)))?;
        let mut passed: BTreeMap<&MemberId, Vec<u32>> = BTreeMap::new();
        for line in found.iter().map(|reviewed| &reviewed.line).filter(|line| line.reviewer != *to) {
            passed.entry(&line.reviewer).or_default().push(line.line);
        }
        let event = |(before, lines): (&MemberId, Vec<u32>)| ReviewEvent::ReviewReviewerChanged {
            review: review.clone(),
            lines,
            before: before.clone(),
            after: to.clone(),
        };
        Ok(passed.into_iter().map(event).collect())
    }

    fn complete(&self, review: ReviewRef, facts: &Facts) -> Result<ReviewEvent, Refusal> {
        let undecided: Vec<u32> = self.undecided().map(|reviewed| reviewed.line.line).collect();
        let outstanding: Vec<u32> =
            self.outstanding(&facts.state, facts.now).map(|reviewed| reviewed.line.line).collect();
        if facts.now < self.deadline {
            if !undecided.is_empty() {
                return Err(Refusal::ReviewUndecided { review: review.name, lines: undecided.len() as u32 });
            }
            if !outstanding.is_empty() {
                return Err(Refusal::ReviewOutstanding { review: review.name, lines: outstanding.len() as u32 });
            }
        }
        let (lines, kept, revoked, root) =
            (self.count, self.kept, self.revoked, root(self.lines.iter().map(AsRef::as_ref)));
        let result = ReviewResult { lines, kept, revoked, undecided, outstanding, root };
        Ok(ReviewEvent::ReviewCompleted { review, frozen: self.frozen, result })
    }
}
