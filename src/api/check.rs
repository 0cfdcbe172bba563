//! The one place where the service asks whether somebody may do something.

use chancery_aggregates::AccessState;
use chancery_aggregates::access::{Decision, Question, evaluate_question};

use super::meters::Meters;

/// Answers a question, and counts the answer.
pub(super) fn check(meters: &Meters, state: &AccessState, question: &Question) -> Decision {
    let decision = evaluate_question(state, question);
    if decision.is_allowed() {
        meters.allowed.inc()
    } else {
        meters.denied.inc()
    };
    decision
}

/// Answers a question that a search tries: one of many, and not counted.
pub(super) fn try_out(state: &AccessState, question: &Question) -> Decision {
    evaluate_question(state, question)
}
