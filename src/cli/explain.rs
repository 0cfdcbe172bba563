//! `explain`: why the answer is what it is, down to the events.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use chancery_aggregates::access::{Cause, Decision, Denial, Explanation, Fact, Question, explain};
use chancery_aggregates::authority::Reader;
use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::vocabulary::Time;
use chancery_aggregates::{Facts, Refusal};
use chancery_projections::activity::{Entry, Narrator};
use chancery_projections::timeline::{Span, Subject, Timeline, Turn};
use chancery_projections::words::{self, Person};
use serde_json::{Value, json};

use super::activity::Sight;
use super::check::decision_json;
use super::events::read;
use super::output::{Page, Table, Tone, stamp};
pub(super) use super::question::Args;
use super::{CliError, Done, Session};

/// Stretches of the past that a page shows.
const SPANS_SHOWN: usize = 8;

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.view(&args.at).await?;
    let (facts, reader) = (&view.facts, view.facts.reader()?);
    let question = args.resolve(&reader)?;
    let explanation = explain(&facts.state, &question);
    let subject = Subject {
        member: args.member.clone(),
        permission: args.permission.clone(),
        scope: args.on.clone(),
        owner: args.owner.clone(),
    };
    let next = subject.next_turn(&facts.state, facts.now);
    // Who may not read the log gets the answer without the story.
    let past = match Sight::of(facts) {
        Ok(sight) => Some(past(session, facts, subject, &explanation, sight).await?),
        Err(_) => None,
    };
    let answer = Answer { args, facts, reader: &reader, question, explanation, next, past };
    session.output().show(&answer.json(), |page| answer.show(page))?;
    Ok(Done::Shown)
}

/// What the log says about it.
#[derive(Debug, Default)]
struct Past {
    entries: BTreeMap<u64, Entry>,
    spans: Vec<Span>,
}

/// Folds the log once: the sentences of the causes, and of whatever turned the answer.
async fn past(
    session: &Session,
    facts: &Facts,
    subject: Subject,
    explanation: &Explanation,
    sight: Sight,
) -> Result<Past, CliError> {
    let organisation = session.organisation().await?;
    let cited: BTreeSet<u64> = explanation.causes.iter().map(|cause| cause.position).collect();
    let start = Some((Timeline::new(subject), Narrator::default(), BTreeMap::new()));
    let read = read(session, &organisation, 0, facts.state.position(), start, move |growing, recorded| {
        let Some((timeline, narrator, entries)) = growing else { return ControlFlow::Break(()) };
        narrator.pass(&recorded);
        if timeline.take(&recorded) || cited.contains(&recorded.stamp.position) {
            let entry = narrator.entry(&recorded);
            if sight.has(&entry) {
                entries.insert(entry.position, entry);
            }
        }
        ControlFlow::Continue(())
    })
    .await?;
    Ok(read.map_or_else(Past::default, |(timeline, _, entries)| Past { entries, spans: timeline.finish(facts.now) }))
}

struct Answer<'a> {
    args: &'a Args,
    facts: &'a Facts,
    reader: &'a Reader<'a>,
    question: Question,
    explanation: Explanation,
    next: Option<(Time, Decision)>,
    past: Option<Past>,
}

impl Answer<'_> {
    fn json(&self) -> Value {
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
            "member": self.args.member,
            "permission": self.args.permission,
            "scope": self.args.on,
            "owner": self.args.owner,
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

    fn show(&self, page: &mut Page) {
        let tone = if self.explanation.decision.is_allowed() { Tone::Good } else { Tone::Bad };
        page.toned(tone, self.sentence());
        page.toned(Tone::Quiet, format!("as of {} (#{})", words::instant(self.facts.now), self.facts.state.position()));
        if let Some((at, then)) = &self.next {
            page.toned(Tone::Warning, next_turn(*at, then));
        }
        if let Some(missing) = self.explanation.decision.denial().and_then(|denial| self.missing(denial)) {
            page.line(format!("missing: {missing}"));
        }
        self.show_causes(page);
        match &self.past {
            Some(past) => self.show_history(page, past),
            None => {
                page.gap();
                page.toned(Tone::Quiet, "the events are not told: that needs the permission to read the activity log");
            }
        }
    }

    fn show_causes(&self, page: &mut Page) {
        if self.explanation.causes.is_empty() {
            return;
        }
        page.gap();
        let mut table = Table::new(["because", "", "", ""]);
        for cause in &self.explanation.causes {
            let entry = self.past.as_ref().and_then(|past| past.entries.get(&cause.position));
            table.toned_row([
                (Tone::Plain, self.fact(cause).to_owned()),
                (Tone::Quiet, format!("#{}", cause.position)),
                (Tone::Quiet, entry.map(|entry| stamp(entry.time)).unwrap_or_default()),
                self.told(entry),
            ]);
        }
        page.table(table, "");
    }

    /// An event's sentence, as far as the reader may read it.
    fn told(&self, entry: Option<&Entry>) -> (Tone, String) {
        match (entry, &self.past) {
            (Some(entry), _) => (Tone::Plain, entry.sentence.clone()),
            (None, Some(_)) => (Tone::Quiet, "(not for you to read)".to_owned()),
            (None, None) => (Tone::Quiet, String::new()),
        }
    }

    fn show_history(&self, page: &mut Page, past: &Past) {
        // A single stretch says no more than the answer itself.
        if past.spans.len() < 2 {
            return;
        }
        page.gap();
        let mut table = Table::new(["since", "answer", "turned by", ""]);
        let skipped = past.spans.len().saturating_sub(SPANS_SHOWN);
        for span in past.spans.iter().skip(skipped) {
            let tone = if span.decision.is_allowed() { Tone::Good } else { Tone::Bad };
            let (position, by) = match &span.begun_by {
                Turn::Event(position) => (format!("#{position}"), self.told(past.entries.get(position))),
                Turn::Time(turned) => {
                    let turned: Vec<String> = turned.iter().map(ToString::to_string).collect();
                    ("time".to_owned(), (Tone::Plain, words::list(&turned)))
                }
            };
            table.toned_row([
                (Tone::Quiet, stamp(span.since)),
                (tone, in_short(&span.decision)),
                (Tone::Quiet, position),
                by,
            ]);
        }
        page.table(table, "");
        if skipped > 0 {
            let turns = words::count(skipped, "earlier turn");
            page.toned(Tone::Warning, format!("{turns} not shown; all of them with --format json"));
        }
    }

    /// The answer as a sentence.
    fn sentence(&self) -> String {
        let state = &self.facts.state;
        let member = Person::numbered(state, self.question.subject);
        let cited = state.profile().map(|profile| profile.cite(self.question.permission));
        let what = cited.map(|cited| words::permission(cited.id.as_str(), &cited.name)).unwrap_or_default();
        let place = words::place(state, self.question.place);
        let owner = match &self.args.owner {
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
    fn missing(&self, denial: &Denial) -> Option<String> {
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

    /// Why the role that was given by an event does not help.
    fn why_not_by(&self, position: u64) -> &'static str {
        let state = &self.facts.state;
        let member = state.member(self.question.subject);
        let held = member.and_then(|member| member.assignments.iter().find(|held| held.at == position));
        let Some(held) = held else { return "holds a role" };
        let has_it = state.role(held.role).is_some_and(|role| role.effective.contains(self.question.permission));
        match (has_it, held.window.holds(self.facts.now)) {
            (false, _) => "holds a role without it",
            (true, true) => "holds the role elsewhere",
            (true, false) if held.window.from.is_some_and(|from| from > self.facts.now) => "the role’s time is to come",
            (true, false) => "the role’s time is over",
        }
    }

    fn roles_with_it(&self) -> Result<String, Refusal> {
        let roles = self.reader.roles()?;
        let by_hand = roles.iter().filter(|(_, role)| role.assigned == AssignedBy::Hand);
        let with_it = by_hand.filter(|(_, role)| role.effective.contains(self.question.permission));
        let names: Vec<&str> = with_it.map(|(_, role)| role.name.as_str()).collect();
        Ok(if names.is_empty() { String::new() } else { words::list_up_to(&names, 4) })
    }

    fn fact(&self, cause: &Cause) -> &'static str {
        let denied = !self.explanation.decision.is_allowed();
        match cause.fact {
            Fact::Assigned if denied => self.why_not_by(cause.position),
            Fact::Assigned => "holds a role",
            Fact::Permits if denied => "the role does not have it",
            Fact::Permits => "the role has it",
            Fact::Inherits => "the role inherits it",
            Fact::InScope => "in the member’s scope",
            Fact::Below => "stands in that scope",
            Fact::Shared => "shared with that scope",
            Fact::Toggled => "allowed directly",
            Fact::GuardPassed => "a guard is passed",
            Fact::Restricts => "for own things only",
            Fact::Ended => "access ended",
            Fact::Withheld => "withheld directly",
            Fact::AccountType => "what the account type asks",
            Fact::ScopeElsewhere => "reaches elsewhere only",
            Fact::Archived => "out of use",
        }
    }
}

fn in_short(decision: &Decision) -> String {
    match decision {
        Decision::Allowed { only_own: false } => "allowed".to_owned(),
        Decision::Allowed { only_own: true } => "allowed, own only".to_owned(),
        Decision::Denied(denial) => format!("denied ({})", denial.code()),
    }
}

/// What the passing of time alone will change.
fn next_turn(at: Time, then: &Decision) -> String {
    match then {
        Decision::Allowed { .. } => format!("from {}: {}", words::instant(at), in_short(then)),
        Decision::Denied(denial) => format!("{}; then denied: {denial}", words::until(at)),
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
