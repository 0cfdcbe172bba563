//! `explain`: why the answer is what it is, down to the events.

use chancery_aggregates::access::{Cause, Decision, Fact};
use chancery_aggregates::vocabulary::Time;
use chancery_projections::activity::Entry;
use chancery_projections::timeline::{Subject, Turn};
use chancery_projections::words;

use super::output::{Page, Table, Tone, stamp};
pub(super) use super::question::Args;
use super::{CliError, Done, Session};
use crate::views::explain::{Answer, Past};

/// Stretches of the past that a page shows.
const SPANS_SHOWN: usize = 8;

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.view(&args.at).await?;
    let reader = view.facts.reader()?;
    let question = args.resolve(&reader)?;
    let subject = Subject {
        member: args.member.clone(),
        permission: args.permission.clone(),
        scope: args.on.clone(),
        owner: args.owner.clone(),
    };
    let answer = Answer::of(session.engine()?, &reader, question, subject).await?;
    session.output().show(&answer.json(), |page| Shown(&answer).show(page))?;
    Ok(Done::Shown)
}

struct Shown<'a>(&'a Answer<'a>);

impl Shown<'_> {
    fn show(&self, page: &mut Page) {
        let tone = if self.0.explanation.decision.is_allowed() { Tone::Good } else { Tone::Bad };
        page.toned(tone, self.0.sentence());
        page.toned(
            Tone::Quiet,
            format!("as of {} (#{})", words::instant(self.0.facts.now), self.0.facts.state.position()),
        );
        if let Some((at, then)) = &self.0.next {
            page.toned(Tone::Warning, next_turn(*at, then));
        }
        if let Some(missing) = self.0.explanation.decision.denial().and_then(|denial| self.0.missing(denial)) {
            page.line(format!("missing: {missing}"));
        }
        self.show_causes(page);
        match &self.0.past {
            Some(past) => self.show_history(page, past),
            None => {
                page.gap();
                page.toned(Tone::Quiet, "the events are not told: that needs the permission to read the activity log");
            }
        }
    }

    fn show_causes(&self, page: &mut Page) {
        if self.0.explanation.causes.is_empty() {
            return;
        }
        page.gap();
        let mut table = Table::new(["because", "", "", ""]);
        for cause in &self.0.explanation.causes {
            let entry = self.0.past.as_ref().and_then(|past| past.entries.get(&cause.position));
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
        match (entry, &self.0.past) {
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

    /// Why the role that was given by an event does not help.
    fn why_not_by(&self, position: u64) -> &'static str {
        let state = &self.0.facts.state;
        let member = state.member(self.0.question.subject);
        let held = member.and_then(|member| member.assignments.iter().find(|held| held.at == position));
        let Some(held) = held else { return "holds a role" };
        let has_it = state.role(held.role).is_some_and(|role| role.effective.contains(self.0.question.permission));
        match (has_it, held.window.holds(self.0.facts.now)) {
            (false, _) => "holds a role without it",
            (true, true) => "holds the role elsewhere",
            (true, false) if held.window.from.is_some_and(|from| from > self.0.facts.now) => {
                "the role’s time is to come"
            }
            (true, false) => "the role’s time is over",
        }
    }

    fn fact(&self, cause: &Cause) -> &'static str {
        let denied = !self.0.explanation.decision.is_allowed();
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
