//! Access reviews, for programs.

use chancery_aggregates::event::{Decision, ReviewAbout, ReviewedAccess, Verdict};
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::review::{Because, Decided, Left, Reviewed, Stage, stands_since};
use chancery_aggregates::state::ReviewEntry;
use chancery_aggregates::vocabulary::{Actor, Time};
use chancery_aggregates::{AccessState, Facts, Refusal};
use chancery_projections::review::{Deed, RecordLine, kind};
use chancery_projections::words::{self, Person};
use serde_json::{Value, json};

use super::key::Uses;
use crate::sheet::Cell;

/// The reviews that a reader may know of, the latest first.
pub(crate) fn seen(facts: &Facts) -> Vec<&ReviewEntry> {
    let sees_all = facts.may_review().is_ok();
    let mut seen: Vec<_> = facts.state.reviews().filter(|entry| sees_all || entry.review.is_shown_to(facts)).collect();
    seen.reverse();
    seen
}

/// A review by its id, for a reader who may know of it.
///
/// # Errors
/// When there is none.
pub(crate) fn find<'a>(facts: &'a Facts, id: &str) -> Result<&'a ReviewEntry, Refusal> {
    let found = facts.state.review_by_id(id).filter(|entry| entry.review.is_shown_to(facts));
    found.ok_or_else(|| Refusal::unknown(Thing::Review, id, seen(facts).into_iter().map(|entry| entry.id.as_str())))
}

/// How many lines wait for the reader.
pub(crate) fn waiting(facts: &Facts, entry: &ReviewEntry) -> usize {
    let Actor::Member(reader) = &facts.actor else { return 0 };
    entry.review.undecided().filter(|reviewed| reviewed.line.reviewer == *reader).count()
}

/// What is looked at, in words.
pub(crate) fn about(about: &ReviewAbout) -> String {
    match about {
        ReviewAbout::All => "all access".to_owned(),
        ReviewAbout::Role(role) => format!("the role {}", role.name),
        ReviewAbout::Sensitive => "sensitive permissions".to_owned(),
        ReviewAbout::Scope(scope) => format!("access in {}", scope.name),
    }
}

/// A review in short.
pub(crate) fn summary(facts: &Facts, entry: &ReviewEntry) -> Value {
    let review = &entry.review;
    let open = review.stage == Stage::Open;
    let (undecided, outstanding) = match (&review.result, open) {
        (Some(result), _) => (result.undecided.len(), result.outstanding.len()),
        (None, true) => (review.undecided().count(), review.outstanding(&facts.state, facts.now).count()),
        (None, false) => (0, 0),
    };
    json!({
        "review": entry.id,
        "title": review.review.as_ref().map(|review| &review.name),
        "about": review.about,
        "position": review.frozen.position,
        "as_of": review.frozen.time,
        "deadline": review.deadline,
        "overdue": open && review.deadline <= facts.now,
        "stage": review.stage,
        "lines": review.count,
        "kept": review.kept,
        "revoked": review.revoked,
        "undecided": undecided,
        "outstanding": outstanding,
        "waiting": waiting(facts, entry),
        "reviewers": review.reviewers,
        "opened": entry.opened.time,
        "opened_position": entry.opened.position,
        "closed": entry.closed.map(|closed| closed.time),
        "closed_position": entry.closed.map(|closed| closed.position),
        "root": review.result.as_ref().map(|result| &result.root),
        "version": entry.sequence,
    })
}

/// A line, with what is known of it.
pub(crate) fn line_json(
    state: &AccessState,
    deadline: Time,
    line: &RecordLine,
    given: Option<&Deed>,
    uses: &Uses,
) -> Value {
    let made = line.decision.as_ref();
    json!({
        "line": line.line.line,
        "member": Person::known_as(state, line.line.member.as_str()),
        "kind": kind(&line.line.access),
        "access": line.line.access,
        "access_in_words": words::reviewed(&line.line.access),
        "since": line.line.since,
        "given": given,
        "last_used": last_used(line, uses),
        "reviewer": Person::known_as(state, line.line.reviewer.as_str()),
        "decision": line.decided.as_ref().map(|decided| json!({
            "verdict": decided.decision.verdict,
            "by": Person::known_as(state, decided.by.as_str()),
            "time": made.map(|made| made.time),
            "position": made.map(|made| made.position),
            "reason": made.and_then(|made| made.reason.as_ref()),
            "late": made.map(|made| made.time >= deadline),
        })),
        "standing": line.standing,
        "ended": line.ended,
    })
}

/// When the key of a line was last used.
pub(crate) fn last_used(line: &RecordLine, uses: &Uses) -> Option<Time> {
    match &line.line.access {
        ReviewedAccess::Key { key, .. } => uses.of(key.as_str()),
        _ => None,
    }
}

/// A line as a row of a table.
pub(crate) fn row<'a>(
    state: &AccessState,
    line: &'a RecordLine,
    given: Option<&'a Deed>,
    uses: &Uses,
) -> [Cell<'a>; 17] {
    let (decided, made, ended) = (line.decided.as_ref(), line.decision.as_ref(), line.ended.as_ref());
    [
        Cell::from(u64::from(line.line.line)),
        Cell::from(line.line.member.as_str()),
        Cell::from(Person::known_as(state, line.line.member.as_str()).name),
        Cell::from(kind(&line.line.access)),
        Cell::from(words::reviewed(&line.line.access)),
        Cell::from(line.line.since),
        Cell::from(given.map(|given| given.time)),
        Cell::from(given.map(|given| given.by.as_str())),
        Cell::from(given.and_then(|given| given.reason.as_deref())),
        Cell::from(last_used(line, uses)),
        Cell::from(decided.map_or(line.line.reviewer.as_str(), |decided| decided.by.as_str())),
        Cell::from(decided.map_or("undecided", |decided| decided.decision.verdict.as_str())),
        Cell::from(made.map(|made| made.time)),
        Cell::from(made.and_then(|made| made.reason.as_deref())),
        Cell::from(line.standing.as_str()),
        Cell::from(ended.map(|ended| ended.position)),
        Cell::from(ended.map(|ended| ended.kind)),
    ]
}

/// The lines as they will be once they are revoked.
pub(crate) fn as_revoked(facts: &Facts, entry: &ReviewEntry, lines: &[u32]) -> Vec<Reviewed> {
    let revoked = |reviewed: &Reviewed| {
        let standing = stands_since(&facts.state, &reviewed.line, facts.now);
        let decision = Decision { verdict: Verdict::Revoke, standing };
        Reviewed {
            line: reviewed.line.clone(),
            decided: Some(Decided { decision, by: reviewed.line.reviewer.clone() }),
        }
    };
    lines.iter().filter_map(|number| entry.review.line(*number)).map(revoked).collect()
}

/// What was revoked and is still there: of these lines, or, where none are named, of all.
pub(crate) fn outstanding(facts: &Facts, entry: &ReviewEntry, lines: &[u32]) -> Vec<Reviewed> {
    let still = entry.review.outstanding(&facts.state, facts.now);
    still.filter(|reviewed| lines.is_empty() || lines.contains(&reviewed.line.line)).cloned().collect()
}

/// Lines that are not carried out, and why.
pub(crate) fn left_json(left: &[Left]) -> Value {
    let one = |left: &Left| {
        let rule = match &left.because {
            Because::Gone => "gone",
            Because::Changed => "changed",
            Because::Ownership => "ownership",
            Because::Refused(refusal) => refusal.rule(),
        };
        json!({ "line": left.line, "rule": rule, "because": left.because.to_string() })
    };
    left.iter().map(one).collect()
}
