//! Decisions, and why they are what they are, for programs.

use std::collections::{BTreeMap, BTreeSet};

use chancery_aggregates::access::{Cause, Decision, Denial, DenialKind, Explanation, Fact, Question, explain};
use chancery_aggregates::authority::Reader;
use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::vocabulary::Time;
use chancery_aggregates::{Facts, Refusal};
use chancery_projections::activity::Entry;
use chancery_projections::timeline::{Span, Subject, Timeline, Turn};
use chancery_projections::words::{self, Person};
use serde_json::{Value, json};

use super::sight::Sight;
use crate::engine::{Engine, EngineError};

/// A decision, for programs.
pub(crate) fn decision_json(decision: &Decision) -> Value {
    match decision {
        Decision::Allowed { only_own } => json!({ "allowed": true, "only_own": only_own }),
        Decision::Denied(denial) => {
            json!({ "allowed": false, "code": denial.code(), "kind": kind(denial), "message": denial.to_string() })
        }
    }
}

fn kind(denial: &Denial) -> &'static str {
    match denial.kind() {
        DenialKind::NotFound => "not_found",
        DenialKind::Forbidden => "forbidden",
    }
}

/// What the log says about it.
#[derive(Debug, Default)]
pub(crate) struct Past {
    pub(crate) entries: BTreeMap<u64, Entry>,
    pub(crate) spans: Vec<Span>,
}

/// The sentences of the causes, and of whatever turned the answer. Only the streams that the answer depends on are
/// read, and the log around what is told: neither grows with what happened to others.
async fn past(
    engine: &Engine,
    facts: &Facts,
    subject: Subject,
    explanation: &Explanation,
    sight: Sight,
) -> Result<Past, EngineError> {
    let organisation = facts.state.organisation();
    let events = engine.threads(organisation, &subject, facts.state.position()).await?;
    let mut timeline = Timeline::new(subject);
    let turning = events.iter().filter(|recorded| timeline.take(recorded));
    let mut told: BTreeSet<u64> = turning.map(|recorded| recorded.stamp.position).collect();
    told.extend(explanation.causes.iter().map(|cause| cause.position));
    let mut entries = engine.tell(organisation, &told).await?;
    entries.retain(|_, entry| sight.has(entry));
    Ok(Past { entries, spans: timeline.finish(facts.now) })
}

/// An answer with its reasons.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) subject: Subject,
    pub(crate) facts: &'a Facts,
    pub(crate) reader: &'a Reader<'a>,
    pub(crate) question: Question,
    pub(crate) explanation: Explanation,
    pub(crate) next: Option<(Time, Decision)>,
    /// Absent for who may not read the log.
    pub(crate) past: Option<Past>,
}

impl<'a> Answer<'a> {
    /// Answers a question as a reader may see it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) async fn of(
        engine: &Engine,
        reader: &'a Reader<'a>,
        question: Question,
        subject: Subject,
    ) -> Result<Self, EngineError> {
        let facts = reader.facts();
        let explanation = explain(&facts.state, &question);
        let next = subject.next_turn(&facts.state, facts.now);
        // Who may not read the log gets the answer without the story.
        let past = match Sight::of(facts) {
            Ok(sight) => Some(past(engine, facts, subject.clone(), &explanation, sight).await?),
            Err(_) => None,
        };
        Ok(Self { subject, facts, reader, question, explanation, next, past })
    }

    /// The answer, for programs.
    pub(crate) fn json(&self) -> Value {
        let entry = |position: u64| self.past.as_ref().and_then(|past| past.entries.get(&position));
        let cause = |cause: &Cause| json!({ "position": cause.position, "fact": fact_name(cause.fact), "event": entry(cause.position) });
        let span = |span: &Span| {
            let begun_by = match &span.begun_by {
                Turn::Event(position) => json!({ "position": position, "event": entry(*position) }),
                Turn::Time(turned) => json!({ "time": turned }),
            };
            json!({ "decision": decision_json(&span.decision), "since": span.since, "begun_by": begun_by })
        };
        json!({
            "member": self.subject.member,
            "permission": self.subject.permission,
            "scope": self.subject.scope,
            "owner": self.subject.owner,
            "at": self.facts.now,
            "position": self.facts.state.position(),
            "decision": decision_json(&self.explanation.decision),
            "sentence": self.sentence(),
            "missing": self.explanation.decision.denial().and_then(|denial| self.missing(denial)),
            "next": self.next.as_ref().map(|(at, then)| json!({ "at": at, "decision": decision_json(then) })),
            "causes": self.explanation.causes.iter().map(cause).collect::<Vec<_>>(),
            "history": self.past.as_ref().map(|past| past.spans.iter().map(span).collect::<Vec<_>>()),
        })
    }

    /// The answer as a sentence.
    pub(crate) fn sentence(&self) -> String {
        let state = &self.facts.state;
        let member = Person::numbered(state, self.question.subject);
        let cited = state.profile().map(|profile| profile.cite(self.question.permission));
        let what = cited.map(|cited| words::permission(cited.id.as_str(), &cited.name)).unwrap_or_default();
        let place = words::place(state, self.question.place);
        let owner = match &self.subject.owner {
            Some(owner) => format!(", where it is {}’s own", Person::known_as(state, owner)),
            None => String::new(),
        };
        match &self.explanation.decision {
            Decision::Allowed { only_own: false } => format!("{member} may use {what} on {place}{owner}"),
            Decision::Allowed { only_own: true } => {
                format!("{member} may use {what} on {place}, for what is their own only")
            }
            Decision::Denied(denial) => format!("{member} may not use {what} on {place}{owner}: {denial}"),
        }
    }

    /// What it would take.
    pub(crate) fn missing(&self, denial: &Denial) -> Option<String> {
        let place = words::place(&self.facts.state, self.question.place);
        Some(match denial {
            Denial::UnknownMember | Denial::UnknownPermission | Denial::Removed { .. } => return None,
            Denial::Suspended { .. } => "an end of the suspension".to_owned(),
            Denial::EmailUnverified => "a verified e-mail address".to_owned(),
            Denial::DocumentMissing { document, .. } => format!("an approved document `{document}`"),
            Denial::OutOfScope => format!("a role in {place}, or a scope that reaches it"),
            Denial::Withheld { .. } => "an end of the direct withholding, which wins over every role".to_owned(),
            Denial::AccountType { .. } => "another account type: no role can give it to this one".to_owned(),
            Denial::NoRole => match self.roles_with_it() {
                Ok(roles) if !roles.is_empty() => format!("a role that gives it there, such as {roles}"),
                _ => "a role that gives it there".to_owned(),
            },
            Denial::NotOwner => "a role without the restriction to one’s own".to_owned(),
        })
    }

    fn roles_with_it(&self) -> Result<String, Refusal> {
        let roles = self.reader.roles()?;
        let by_hand = roles.iter().filter(|(_, role)| role.assigned == AssignedBy::Hand);
        let with_it = by_hand.filter(|(_, role)| role.effective.contains(self.question.permission));
        let names: Vec<&str> = with_it.map(|(_, role)| role.name.as_str()).collect();
        Ok(if names.is_empty() { String::new() } else { words::list_up_to(&names, 4) })
    }
}

/// Stable name, for programs.
fn fact_name(fact: Fact) -> &'static str {
    match fact {
        Fact::Assigned => "assigned",
        Fact::Permits => "permits",
        Fact::Inherits => "inherits",
        Fact::InScope => "in_scope",
        Fact::Below => "below",
        Fact::Shared => "shared",
        Fact::Toggled => "toggled",
        Fact::GuardPassed => "guard_passed",
        Fact::Restricts => "restricts",
        Fact::Ended => "ended",
        Fact::Withheld => "withheld",
        Fact::AccountType => "account_type",
        Fact::ScopeElsewhere => "scope_elsewhere",
        Fact::Archived => "archived",
    }
}
