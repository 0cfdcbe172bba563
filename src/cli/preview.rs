//! `--dry-run`: what a change would do, without making it.
//!
//! The line runs as it always does, on an engine that has nothing to write to
//! ([`Engine::rehearsal`](crate::engine::Engine::rehearsal)); then the states before and after are compared.

use std::collections::BTreeSet;

use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::{Actor, OrganisationId};
use chancery_aggregates::{AccessState, Facts};
use chancery_projections::diff::{Change, ChangeKind};
use chancery_projections::preview::{Line, Preview, preview};
use chancery_projections::words;
use serde_json::{Value, json};

use super::diff::{NAMED, words_for};
use super::options::Options;
use super::output::{Output, Page, Tone};
use super::{Cli, CliError, Command, Done, Session};
use crate::engine::{Engine, Moment};
use crate::views::eyes::Eyes;

/// Events that a page tells before it counts the rest.
const EVENTS: usize = 20;

/// Members that a page shows before it counts the rest.
const MEMBERS: usize = 30;

/// Where a line's own answer goes: aside, when it is only rehearsed.
pub(super) fn aside(options: &Options, output: &Output) -> Output {
    if options.dry_run { Output::captured(options) } else { output.clone() }
}

/// Rehearses a line, and tells what it would do.
///
/// # Errors
/// As the line itself: a rule that refuses it refuses the rehearsal.
pub(super) async fn rehearse(cli: &Cli, session: &Session, output: &Output) -> Result<Done, CliError> {
    if let Command::Demo(_) = cli.command {
        let message = "the demonstration makes a store of its own and cannot be rehearsed".to_owned();
        return Err(CliError::Input { rule: "dry_run", message });
    }
    let before = match session.organisation().await {
        Ok(organisation) if cli.command.needs().is_some() => session.engine()?.state(&organisation).await.ok(),
        _ => None,
    };
    let done = cli.command.run(session).await?;
    let answer = session.output().captured_text();
    let events = match cli.command.needs() {
        Some(_) => session.engine()?.rehearsed().await?,
        None => Vec::new(),
    };
    let Some((organisation, first)) = events.first().map(|(organisation, event)| (organisation.clone(), event)) else {
        // A read, or a change that changes nothing: the answer says so.
        output.raw(answer.as_bytes())?;
        return Ok(done);
    };
    let engine = session.engine()?;
    let before = match before {
        Some(state) if *state.organisation() == organisation && state.position() + 1 == first.stamp.position => state,
        _ => ground(engine, &organisation, first).await?,
    };
    let after = engine.state(&organisation).await?;
    let at = first.stamp.time;
    let events: Vec<Recorded> = events.into_iter().map(|(_, event)| event).collect();
    let actor = session.options().actor.clone().unwrap_or(Actor::Operator);
    let facts = |state: &AccessState| Facts { state: state.clone(), actor: actor.clone(), now: at };
    let (earlier, later) = (facts(&before), facts(&after));
    let told = preview(&before, &after, &events, at, &Eyes::of(&earlier, &later));
    // A change of its own tells the same as the preview; an import and a list have more to say.
    let answer = if matches!(done, Done::Wrote(_)) { String::new() } else { answer };
    output.show(&value(&told, &answer), |page| show(page, &told, &answer, &actor))?;
    Ok(done)
}

/// The organisation before the first rehearsed event; an empty state when that founds it.
async fn ground(
    engine: &Engine,
    organisation: &OrganisationId,
    first: &Recorded,
) -> Result<std::sync::Arc<AccessState>, CliError> {
    match first.stamp.position {
        0 | 1 => Ok(std::sync::Arc::default()),
        position => Ok(engine.replay(organisation, Moment::Position(position - 1)).await?.state),
    }
}

fn value(told: &Preview, answer: &str) -> Value {
    let mut value = json!({ "dry_run": true, "preview": told });
    if let (Some(fields), Ok(answer)) = (value.as_object_mut(), serde_json::from_str::<Value>(answer)) {
        fields.insert("answer".to_owned(), answer);
    }
    value
}

fn show(page: &mut Page, told: &Preview, answer: &str, actor: &Actor) {
    page.toned(Tone::Warning, "rehearsed only: nothing was written");
    if answer.is_empty() {
        for event in told.events.iter().take(EVENTS) {
            let position = format!("#{}", event.position);
            page.spans(&[(Tone::Quiet, &position), (Tone::Plain, "  "), (Tone::Plain, &event.sentence)]);
        }
        if told.events.len() > EVENTS {
            page.toned(Tone::Quiet, format!("and {} more events", told.events.len() - EVENTS));
        }
    } else {
        answer.lines().for_each(|line| page.line(line));
    }
    page.gap();
    page.toned(Tone::Strong, summary(told));
    show_lines(page, told);
    if !told.waiting.is_empty() {
        page.gap();
    }
    for waiting in &told.waiting {
        page.toned(Tone::Warning, format!("no effect yet for {}: {}", waiting.member, waiting.because));
    }
    if told.partial {
        page.gap();
        page.toned(Tone::Quiet, format!("shown is what `{actor}` may see"));
    }
}

fn gains(change: &Change) -> bool {
    matches!(change.kind, ChangeKind::Gained | ChangeKind::GainedOwn | ChangeKind::Widened)
}

fn summary(told: &Preview) -> String {
    let members = |wanted: &dyn Fn(&Change) -> bool| -> usize {
        let lines = told.lines.iter().filter(|line| line.changes.iter().any(wanted));
        lines.map(|line| &line.member.id).collect::<BTreeSet<_>>().len()
    };
    let (gain, lose) = (members(&gains), members(&|change| !gains(change)));
    match (gain, lose) {
        (0, 0) => "nobody would gain or lose anything".to_owned(),
        (gain, 0) => format!("{} would gain", words::count(gain, "member")),
        (0, lose) => format!("{} would lose", words::count(lose, "member")),
        (gain, lose) => format!("{} would gain, {lose} would lose", words::count(gain, "member")),
    }
}

fn show_lines(page: &mut Page, told: &Preview) {
    let mut shown = 0;
    let mut member = None;
    let members: BTreeSet<_> = told.lines.iter().map(|line| &line.member.id).collect();
    for line in &told.lines {
        if member != Some(&line.member.id) {
            if shown == MEMBERS {
                page.gap();
                let rest = words::count(members.len() - MEMBERS, "more member");
                page.toned(Tone::Quiet, format!("and {rest}: `--format json` has them all"));
                return;
            }
            shown += 1;
            member = Some(&line.member.id);
            page.gap();
            page.spans(&[(Tone::Strong, &line.member.to_string()), (Tone::Quiet, &format!("  {}", line.member.id))]);
        }
        show_line(page, line, told.events.len() > 1);
    }
}

fn show_line(page: &mut Page, line: &Line, several: bool) {
    let kinds =
        [ChangeKind::Gained, ChangeKind::GainedOwn, ChangeKind::Widened, ChangeKind::Narrowed, ChangeKind::Lost];
    let window = words::window(chancery_aggregates::vocabulary::Window { from: line.from, until: line.until });
    let window = if window.is_empty() { window } else { format!(" {window}") };
    for kind in kinds {
        let of_kind = line.changes.iter().filter(|change| change.kind == kind);
        let keys: Vec<&str> = of_kind.map(|change| change.permission.id.as_str()).collect();
        if keys.is_empty() {
            continue;
        }
        let (sign, tone, how) = words_for(kind);
        let permissions = words::count(keys.len(), "permission");
        let named = words::list_up_to(&keys, NAMED);
        page.spans(&[
            (tone, &format!("  {sign} {permissions}{how}{window}")),
            (Tone::Plain, &format!(" in {}: {named}", line.places.summary)),
        ]);
    }
    if several {
        let causes: Vec<String> = line.causes.iter().map(|position| format!("#{position}")).collect();
        page.toned(Tone::Quiet, format!("      by {}", words::list_up_to(&causes, NAMED)));
    }
}
