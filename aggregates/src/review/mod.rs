//! The access review aggregate: a campaign on access as it was at one position of the log.
//!
//! A review decides, and takes nothing away: what its reviewers revoke is taken away by the commands that do
//! so anyway ([`remedy`]), each judged for whoever gives it.

mod authorise;
mod decide;
mod lines;
mod plan;
mod root;
mod standing;

use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use crate::authority::Facts;
use crate::command::ReviewCommand;
use crate::event::{Decision, Frozen, ReviewAbout, ReviewEvent, ReviewLine, ReviewResult, Verdict};
use crate::refusal::Refusal;
use crate::state::{AccessState, ReviewEntry};
use crate::vocabulary::{MemberId, ReviewId, ReviewRef, Time};

pub use lines::{MOST_LINES, lines};
pub use plan::{Because, Left, Plan};
pub use root::root;
pub use standing::{Standing, remedy, standing, stands_since};

/// A review, folded from its own stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Id and title; absent before it is opened.
    pub review: Option<ReviewRef>,
    /// Which access is looked at.
    pub about: ReviewAbout,
    /// Access as it was then.
    pub frozen: Frozen,
    /// When it should be done.
    pub deadline: Time,
    /// How far it has come.
    pub stage: Stage,
    /// How many lines it has.
    pub count: u32,
    /// The lines, while it is open. Later its events have them.
    #[serde(with = "shared")]
    pub lines: imbl::Vector<Arc<Reviewed>>,
    /// How many lines may stay.
    pub kept: u32,
    /// How many have to go.
    pub revoked: u32,
    /// Everybody who ever had a line to decide.
    pub reviewers: Vec<MemberId>,
    /// What came of it, once it is completed.
    pub result: Option<ReviewResult>,
}

/// How far a review has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Its lines are being decided.
    #[default]
    Open,
    /// It is done.
    Completed,
    /// It was given up.
    Cancelled,
}

impl Stage {
    /// `open`, `completed` or `cancelled`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A line with what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// The line, with its reviewer of now.
    pub line: ReviewLine,
    /// What was decided.
    pub decided: Option<Decided>,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// What, and on which access.
    #[serde(flatten)]
    pub decision: Decision,
    /// Who decided.
    pub by: MemberId,
}

impl Review {
    /// The review as the access state has it.
    pub fn of(_: &AccessState, entry: &ReviewEntry) -> Self {
        entry.review.clone()
    }

    /// A line by its number.
    pub fn line(&self, number: u32) -> Option<&Reviewed> {
        self.lines.get((number as usize).checked_sub(1)?).map(AsRef::as_ref)
    }

    /// The lines that nobody decided yet.
    pub fn undecided(&self) -> impl Iterator<Item = &Reviewed> {
        self.lines.iter().map(AsRef::as_ref).filter(|reviewed| reviewed.decided.is_none())
    }

    /// The lines that have to go and are still there.
    pub fn outstanding<'a>(&'a self, state: &'a AccessState, now: Time) -> impl Iterator<Item = &'a Reviewed> {
        let has_to_go = |reviewed: &&Reviewed| {
            reviewed.decided.as_ref().is_some_and(|decided| decided.decision.verdict == Verdict::Revoke)
        };
        let lines = self.lines.iter().map(AsRef::as_ref).filter(has_to_go);
        lines.filter(move |reviewed| stands_since(state, &reviewed.line, now).is_some())
    }

    /// Takes the next event of its stream.
    pub fn take(&mut self, event: &ReviewEvent) {
        match event {
            ReviewEvent::ReviewOpened { review, about, frozen, deadline, lines } => {
                *self = Self {
                    review: Some(review.clone()),
                    about: about.clone(),
                    frozen: *frozen,
                    deadline: *deadline,
                    count: *lines,
                    ..Self::default()
                };
            }
            ReviewEvent::ReviewLinesListed { lines, .. } => {
                for line in lines {
                    self.name_reviewer(&line.reviewer);
                    self.lines.push_back(Arc::new(Reviewed { line: line.clone(), decided: None }));
                }
            }
            ReviewEvent::ReviewReviewerChanged { lines, after, .. } => {
                self.name_reviewer(after);
                for number in lines {
                    if let Some(reviewed) = self.line_mut(*number) {
                        reviewed.line.reviewer = after.clone();
                    }
                }
            }
            ReviewEvent::ReviewLineDecided { line, before, after, .. } => {
                self.count_verdicts(before.map(|before| before.verdict), after.verdict);
                let decided = Decided { decision: *after, by: line.reviewer.clone() };
                if let Some(reviewed) = self.line_mut(line.line) {
                    reviewed.decided = Some(decided);
                }
            }
            ReviewEvent::ReviewCompleted { result, .. } => {
                self.stage = Stage::Completed;
                self.result = Some(result.clone());
                self.lines = imbl::Vector::new();
            }
            ReviewEvent::ReviewCancelled { .. } => {
                self.stage = Stage::Cancelled;
                self.lines = imbl::Vector::new();
            }
        }
    }

    fn line_mut(&mut self, number: u32) -> Option<&mut Reviewed> {
        self.lines.get_mut((number as usize).checked_sub(1)?).map(Arc::make_mut)
    }

    fn name_reviewer(&mut self, reviewer: &MemberId) {
        if !self.reviewers.contains(reviewer) {
            self.reviewers.push(reviewer.clone());
        }
    }

    fn count_verdicts(&mut self, before: Option<Verdict>, after: Verdict) {
        match before {
            Some(Verdict::Keep) => self.kept = self.kept.saturating_sub(1),
            Some(Verdict::Revoke) => self.revoked = self.revoked.saturating_sub(1),
            None => {}
        }
        match after {
            Verdict::Keep => self.kept += 1,
            Verdict::Revoke => self.revoked += 1,
        }
    }
}

impl Aggregate for Review {
    const TYPE: &'static str = "review";
    type Command = (ReviewId, ReviewCommand);
    type Event = ReviewEvent;
    type Error = Refusal;
    type Services = Facts;

    async fn handle(
        &mut self,
        (id, command): Self::Command,
        facts: &Facts,
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.decide(&id, &command, facts)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ReviewEvent) {
        self.take(&event);
    }
}

/// Shared rows are written as rows.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Reviewed;

    pub(super) fn serialize<S: Serializer>(
        lines: &imbl::Vector<Arc<Reviewed>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(lines.iter().map(AsRef::as_ref))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<imbl::Vector<Arc<Reviewed>>, D::Error> {
        Ok(Vec::<Reviewed>::deserialize(deserializer)?.into_iter().map(Arc::new).collect())
    }
}
