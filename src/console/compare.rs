//! Two instants, and what changed between them: who gained and lost what, and by which events.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use chancery_aggregates::Facts;
use chancery_aggregates::vocabulary::Actor;
use chancery_projections::diff::{Cause, ChangeKind, Diff, Filter, Line, diff};
use maud::{Markup, html};

use super::fragments::{count, time};
use super::oops::Oops;
use super::page::Section;
use super::visit::{Visit, segment};
use crate::api::problem::Problem;
use crate::api::service::Shared;
use crate::cli::time::{Edge, Point};
use crate::engine::{Moment, Replayed};
use crate::views::log::events;

/// Lines that a page shows before it counts the rest.
const LINES: usize = 200;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/{organisation}/compare", get(compare))
}

async fn compare(visit: Visit) -> Result<Response, Oops> {
    visit.head.may_replay()?;
    let compared = match visit.query.get("from") {
        Some(from) => Some(between(&visit, from).await?),
        None => None,
    };
    let content = html! {
        h1 { "Compare" }
        p.quiet { "What changed in what people may do between two instants, and the events that changed it." }
        form.filters method="get" action=(visit.path) {
            @if let Some(past) = &visit.past { input type="hidden" name="at" value=(past.asked); }
            div { label for="from" { "From (time, or position)" } input id="from" name="from" required value=(visit.query.text("from")) placeholder="2026-03-03 or 57"; }
            div { label for="to" { (if visit.past.is_some() { "To (the instant above, where empty)" } else { "To (now, where empty)" }) } input id="to" name="to" value=(visit.query.text("to")); }
            button.main { "Compare" }
        }
        @if let Some(compared) = &compared { (show(&visit, compared)) }
    };
    Ok(visit.page(Section::Compare, "Compare", &content))
}

async fn between(visit: &Visit, from: &str) -> Result<Diff, Oops> {
    let from = end(visit, from).await?;
    // Without an end, up to what the page shows.
    let shown = visit.past.as_ref().map_or("now", |past| past.asked.as_str());
    let to = end(visit, visit.query.get("to").unwrap_or(shown)).await?;
    if from.state.position() > to.state.position() || from.at > to.at {
        return Err(Problem::bad_request("bad_ends", "the first instant is later than the second").into());
    }
    let (after, until) = (from.state.position(), to.state.position());
    let events = events(&visit.service.engine, &visit.organisation, after, until).await?;
    Ok(diff(&from.state, from.at, &events, to.at, &Filter::default()))
}

async fn end(visit: &Visit, text: &str) -> Result<Replayed, Oops> {
    let bad = |_| {
        Problem::bad_request("bad_time", "write a time as 2026-03-03 14:30, a date, or a position of the log as 57")
    };
    let point: Point = text.parse().map_err(bad)?;
    let moment: Moment = point.moment(Edge::Included, visit.head.now);
    let replayed = visit.service.engine.replay(&visit.organisation, moment).await?;
    // Whoever may replay sees all of the past, as its keeper does.
    let facts = Facts { state: replayed.state.as_ref().clone(), actor: Actor::Operator, now: replayed.at };
    facts.acting()?;
    Ok(replayed)
}

fn show(visit: &Visit, compared: &Diff) -> Markup {
    html! {
        section.answer aria-labelledby="changed" {
            h2 id="changed" { (count(compared.lines.len(), "difference")) }
            p.quiet { "Position " (compared.from.position) ", " (time(compared.from.at)) ", to position " (compared.to.position) ", " (time(compared.to.at)) "." }
            @if compared.lines.is_empty() { p.empty { "Nobody may do more or less than before." } }
            @for line in compared.lines.iter().take(LINES) { (show_line(visit, compared, line)) }
            @if compared.lines.len() > LINES { p.quiet { "and " (count(compared.lines.len() - LINES, "more difference")) } }
        }
    }
}

fn show_line(visit: &Visit, compared: &Diff, line: &Line) -> Markup {
    let gain = |kind: ChangeKind| matches!(kind, ChangeKind::Gained | ChangeKind::GainedOwn | ChangeKind::Widened);
    let of = |wanted: bool| line.changes.iter().filter(|change| gain(change.kind) == wanted).collect::<Vec<_>>();
    html! {
        article.effect {
            h3 { a href=(visit.link(&format!("/members/{}", segment(line.member.id.as_str())))) { (line.member) } span.quiet { " in " (line.places.summary) } }
            ul { @for (wanted, class, verb) in [(true, "gain", "gained"), (false, "lose", "lost")] {
                @let changes = of(wanted);
                @if !changes.is_empty() { li class=(class) { details {
                    summary { span.sign aria-hidden="true" { @if wanted { "+" } @else { "−" } } (verb) " " strong { (count(changes.len(), "permission")) } }
                    ul.keys { @for change in changes { li { (change.permission.name) " " code { (change.permission.id) } } } }
                } } }
            } }
            ul.causes { @for cause in &line.causes { li { @match cause {
                Cause::Event { position } => @if let Some(entry) = compared.events.iter().find(|entry| entry.position == *position) {
                    a href=(visit.present(&format!("/audit/entries/{position}"))) { "#" (position) } " " (entry.sentence) "."
                },
                Cause::Time { at, .. } => { (time(*at)) ": by the passing of time, something began or ended." },
            } } } }
        }
    }
}
