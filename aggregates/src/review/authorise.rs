//! Who may open a review, who may look at it, and who may be its reviewer.

use std::collections::BTreeMap;

use compact_str::CompactString;

use super::Review;
use crate::authority::{Acting, Facts, Reader};
use crate::event::ReviewLine;
use crate::refusal::{Refusal, Thing};
use crate::vocabulary::{Actor, MemberId, MemberKind, ReviewId};

impl Review {
    /// Whether whoever acts may know of the review: those who may open reviews, and its reviewers.
    pub fn is_shown_to(&self, facts: &Facts) -> bool {
        let Actor::Member(actor) = &facts.actor else { return true };
        self.reviewers.contains(actor) || facts.may_review().is_ok()
    }

    /// Whether whoever acts may look at a line: those who may open reviews, and its reviewer.
    pub fn shows_line(&self, line: &ReviewLine, facts: &Facts) -> bool {
        let Actor::Member(actor) = &facts.actor else { return true };
        line.reviewer == *actor || facts.may_review().is_ok()
    }

    /// The review, for an actor who may know of it.
    pub(super) fn known(&self, id: &ReviewId, facts: &Facts) -> Result<(), Refusal> {
        if self.review.is_some() && self.is_shown_to(facts) {
            return Ok(());
        }
        let known = facts.state.reviews().filter(|entry| entry.review.is_shown_to(facts));
        Err(Refusal::unknown(Thing::Review, id.as_str(), known.map(|entry| entry.id.as_str())))
    }
}

/// Reviewers, each looked up once.
pub(super) struct Reviewers<'a> {
    seen_by: BTreeMap<&'a MemberId, Facts>,
}

impl<'a> Reviewers<'a> {
    pub(super) fn of(reviewers: impl IntoIterator<Item = &'a MemberId>, facts: &Facts) -> Result<Self, Refusal> {
        let mut seen_by = BTreeMap::new();
        for reviewer in reviewers {
            if !seen_by.contains_key(reviewer) {
                seen_by.insert(reviewer, fit(reviewer, facts)?);
            }
        }
        Ok(Self { seen_by })
    }

    /// Whether each of the lines can be decided by its reviewer.
    pub(super) fn check<'l>(
        &self,
        lines: impl IntoIterator<Item = (&'l ReviewLine, &'l MemberId)>,
    ) -> Result<(), Refusal> {
        let mut readers: BTreeMap<&MemberId, Reader<'_>> = BTreeMap::new();
        for (reviewer, facts) in &self.seen_by {
            readers.insert(reviewer, facts.reader()?);
        }
        for (line, reviewer) in lines {
            let Some(reader) = readers.get(reviewer) else { continue };
            if reader.member(line.member.as_str()).is_err() {
                return Err(unfit(reviewer, format!("line {} is about somebody whom they do not see", line.line)));
            }
        }
        Ok(())
    }
}

/// Nobody reviews their own access.
pub(super) fn check_subject(reviewer: &MemberId, line: &ReviewLine) -> Result<(), Refusal> {
    if line.member == *reviewer {
        return Err(Refusal::SelfReview { reviewer: reviewer.as_str().into(), line: line.line });
    }
    Ok(())
}

fn unfit(reviewer: &MemberId, because: String) -> Refusal {
    Refusal::UnfitReviewer { reviewer: CompactString::from(reviewer.as_str()), because }
}

/// A member who can review at all: a person who takes part and sees roles.
fn fit(reviewer: &MemberId, facts: &Facts) -> Result<Facts, Refusal> {
    let Some(entry) = facts.state.member_by_id(reviewer.as_str()) else {
        return Err(facts.unseen(Thing::Member, reviewer.as_str()));
    };
    if entry.kind != MemberKind::Person {
        return Err(unfit(reviewer, "it is a program".to_owned()));
    }
    let own = Facts { state: facts.state.clone(), actor: Actor::Member(reviewer.clone()), now: facts.now };
    match own.acting() {
        Ok(Acting::Member(_)) => {}
        Err(Refusal::ActorInactive { because, .. }) => return Err(unfit(reviewer, because)),
        Err(refusal) => return Err(refusal),
        Ok(Acting::System | Acting::Operator) => return Err(unfit(reviewer, "it is no member".to_owned())),
    }
    if !own.reader()?.sees_roles().is_ok_and(|sees| sees) {
        return Err(unfit(reviewer, "they do not see roles".to_owned()));
    }
    Ok(own)
}
