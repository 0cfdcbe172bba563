//! What a change would do, as part of a page.

use std::collections::{BTreeMap, BTreeSet};

use chancery_aggregates::vocabulary::Window;
use chancery_projections::diff::{Change, ChangeKind};
use chancery_projections::preview::{Line, Preview};
use chancery_projections::words::{self, Person};
use maud::{Markup, html};

use crate::console::fragments::count;
use crate::console::visit::{Visit, segment};

/// Members that a page shows before it counts the rest.
const MEMBERS: usize = 100;
/// Events that a page tells before it counts the rest.
const EVENTS: usize = 50;
/// Permissions up to which they are named at once.
const SHOWN: usize = 6;

const KINDS: [(ChangeKind, &str, &str); 5] = [
    (ChangeKind::Gained, "gain", "gains"),
    (ChangeKind::GainedOwn, "gain", "gains, for what is their own only,"),
    (ChangeKind::Widened, "gain", "is no longer limited to their own with"),
    (ChangeKind::Narrowed, "lose", "is limited to their own with"),
    (ChangeKind::Lost, "lose", "loses"),
];

pub(super) fn show(visit: &Visit, told: &Preview) -> Markup {
    let mut members: BTreeMap<&Person, Vec<&Line>> = BTreeMap::new();
    for line in &told.lines {
        members.entry(&line.member).or_default().push(line);
    }
    html! {
        section.preview aria-labelledby="what" {
            h2 id="what" { (summary(told)) }
            @for (member, lines) in members.iter().take(MEMBERS) { (show_member(visit, member, lines)) }
            @if members.len() > MEMBERS { p.quiet { "and " (count(members.len() - MEMBERS, "more member")) } }
            @for waiting in &told.waiting {
                p.notice.warn { "No effect yet for " strong { (waiting.member) } ": " (waiting.because) "." }
            }
            @if told.partial { p.quiet { "Shown is what you may see: there may be effects on others." } }
            h2 { "What the log would say" }
            ol.log { @for event in told.events.iter().take(EVENTS) { li { p { (event.sentence) "." } } } }
            @if told.events.len() > EVENTS { p.quiet { "and " (count(told.events.len() - EVENTS, "more event")) } }
        }
    }
}

/// What a member gains or loses in one way, at the same places and times, whatever events cause it.
struct Effect<'a> {
    class: &'static str,
    verb: &'static str,
    place: String,
    changes: Vec<&'a Change>,
}

fn effects<'a>(lines: &[&'a Line]) -> Vec<Effect<'a>> {
    let mut effects: Vec<Effect<'a>> = Vec::new();
    for (kind, class, verb) in KINDS {
        for line in lines {
            let changes = of_kind(line, kind);
            if changes.is_empty() {
                continue;
            }
            let place = format!("{}{}", line.places.summary, window(line));
            match effects.iter_mut().find(|effect| effect.verb == verb && effect.place == place) {
                Some(effect) => effect.changes.extend(changes),
                None => effects.push(Effect { class, verb, place, changes }),
            }
        }
    }
    effects
}

fn show_member(visit: &Visit, member: &Person, lines: &[&Line]) -> Markup {
    let page = visit.link(&format!("/members/{}", segment(member.id.as_str())));
    html! {
        article.effect {
            h3 { a href=(page) { (member) } }
            ul { @for effect in effects(lines) { li class=(effect.class) {
                details open[effect.changes.len() <= SHOWN] {
                    summary {
                        span.sign aria-hidden="true" { @if effect.class == "gain" { "+" } @else { "−" } }
                        (effect.verb) " " strong { (count(effect.changes.len(), "permission")) } " in " (effect.place)
                    }
                    ul.keys { @for change in &effect.changes {
                        li { (change.permission.name) " " code { (change.permission.id) } }
                    } }
                }
            } } }
        }
    }
}

fn of_kind(line: &Line, kind: ChangeKind) -> Vec<&Change> {
    line.changes.iter().filter(|change| change.kind == kind).collect()
}

fn window(line: &Line) -> String {
    let window = words::window(Window { from: line.from, until: line.until });
    if window.is_empty() { window } else { format!(", {window}") }
}

fn summary(told: &Preview) -> String {
    let members = |gain: bool| -> usize {
        let of = |change: &Change| {
            matches!(change.kind, ChangeKind::Gained | ChangeKind::GainedOwn | ChangeKind::Widened) == gain
        };
        let lines = told.lines.iter().filter(|line| line.changes.iter().any(of));
        lines.map(|line| &line.member.id).collect::<BTreeSet<_>>().len()
    };
    match (members(true), members(false)) {
        (0, 0) => "Nobody would gain or lose anything".to_owned(),
        (gain, 0) => format!("{} would gain", count(gain, "member")),
        (0, lose) => format!("{} would lose", count(lose, "member")),
        (gain, lose) => format!("{} would gain, {lose} would lose", count(gain, "member")),
    }
}
