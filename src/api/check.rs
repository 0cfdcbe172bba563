//! The one place where the service asks whether somebody may do something.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Decision, Denial, Question, evaluate_question};

use super::meters::Meters;

/// Answers questions, and counts the answers: those of one request are counted together when it ends, as a batch has many.
pub(super) struct Checks<'m> {
    meters: &'m Meters,
    allowed: u64,
    denied: u64,
}

impl<'m> Checks<'m> {
    /// Nothing asked yet.
    pub(super) fn new(meters: &'m Meters) -> Self {
        Self { meters, allowed: 0, denied: 0 }
    }

    /// Answers a question.
    pub(super) fn check(&mut self, state: &AccessState, question: &Question) -> Decision {
        let decision = evaluate_question(state, question);
        match decision.is_allowed() {
            true => self.allowed += 1,
            false => self.denied += 1,
        }
        decision
    }

    /// Counts a question that names what is not there.
    pub(super) fn deny(&mut self, denial: Denial) -> Decision {
        self.denied += 1;
        Decision::Denied(denial)
    }

    /// How many came to yes.
    pub(super) fn allowed(&self) -> u64 {
        self.allowed
    }
}

impl Drop for Checks<'_> {
    fn drop(&mut self) {
        for (counter, number) in [(&self.meters.allowed, self.allowed), (&self.meters.denied, self.denied)] {
            if number > 0 {
                counter.inc_by(number);
            }
        }
    }
}

/// Answers a question that a search tries: one of many, and not counted.
pub(super) fn try_out(state: &AccessState, question: &Question) -> Decision {
    evaluate_question(state, question)
}
