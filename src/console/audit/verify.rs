//! The proof being checked, step by step: an entry against the last checkpoint, and the checkpoint against the log.

use axum::response::Response;
use maud::{Markup, html};

use super::admit;
use super::seal::{button, last, missing};
use crate::api::problem::Problem;
use crate::console::fragments::{spans, time};
use crate::console::oops::{Oops, sentence};
use crate::console::page::Section;
use crate::console::visit::Visit;
use crate::history::instant;
use crate::log::examine::{Examination, Shown, Step, examine};
use crate::log::verify::{VerifyError, verify};

/// The longest log of which every entry is read while somebody waits.
const WHOLE: u64 = 100_000;

pub(super) async fn show(visit: Visit) -> Result<Response, Oops> {
    admit(&visit)?;
    let Some(last) = last(&visit).await? else {
        let content = html! { h1 { "Verify" } (missing(&visit)) };
        return Ok(visit.page(Section::Audit, "Verify", &content));
    };
    let size = last.size;
    let position = match visit.query.get("entry") {
        None => size,
        Some(text) => text.parse().ok().filter(|position| (1..=size).contains(position)).ok_or_else(|| {
            let detail = format!("the last checkpoint covers the entries from 1 to {size}: name one of these");
            Problem::bad_request("bad_entry", detail)
        })?,
    };
    let signed = instant(last.time);
    let store = visit.service.engine.store();
    let examined = examine(&**store, last, position).await.map_err(Problem::from)?;
    let whole = if visit.query.has("all") { Some(whole(&visit).await?) } else { None };
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" { a href=(visit.link("/audit")) { "Audit log" } }
        h1 { "Verify" }
        p.quiet { "Entry " a href=(visit.link(&format!("/audit/entries/{position}"))) { "#" (position) } ", against the checkpoint over #1 to #" (size) ", signed on " (time(signed)) "." }
        (button(&visit, position, size, "Verify"))
        (verdict(&examined))
        ol.proof { @for (number, step) in examined.steps.iter().enumerate() { (show_step(number + 1, step)) } }
        section aria-labelledby="every" {
            h2 id="every" { "Every entry" }
            @match &whole {
                Some(whole) => (whole),
                None => (every(&visit, position)),
            }
        }
        p.quiet { "This page says what this service finds. A checkpoint that somebody else keeps, and " code { "chancery audit verify --checkpoint FILE" }
            ", say it without having to believe the service, or whoever has its key." }
    };
    Ok(visit.page(Section::Audit, "Verify", &content))
}

fn verdict(examined: &Examination) -> Markup {
    html! {
        @match examined.problem() {
            None => div.notice.done role="status" { p { strong { "It holds." } " Entry #" (examined.position) " is what was written, and the log still begins with all that was signed." } },
            Some((number, problem)) => div.notice.wrong role="alert" {
                p { strong { "Step " (number) " does not hold. " } (sentence(&problem.to_string())) }
                p { "Keep the database as it is, and compare it with a backup and with checkpoints that others keep." }
            },
        }
    }
}

fn show_step(number: usize, step: &Step) -> Markup {
    let climbs = step.shown.iter().filter(|shown| matches!(shown, Shown::Climb(_))).count();
    html! {
        li {
            h2 { "Step " (number) ": " (step.claim) " "
                @if step.problem.is_none() { span.badge.good { "holds" } } @else { span.badge.bad { "does not hold" } } }
            @if let Some(problem) = &step.problem { p.wrong { (sentence(&problem.to_string())) } }
            @for shown in &step.shown { @if let Shown::Bytes(what, bytes) = shown { h3 { (what) } pre tabindex="0" { (bytes) } } }
            @if climbs > 0 { (ladder(step)) }
            dl.whole { @for shown in &step.shown { @if let Shown::Text(what, text) = shown { div { dt { (what) } dd { code { (text) } } } } } }
        }
    }
}

/// The way to the root, a row for each sibling.
fn ladder(step: &Step) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="The way to the root" { table {
            thead { tr { th scope="col" { "Side" } th scope="col" { "Hash beside it" } th scope="col" { "Hash above both" } th scope="col" { "Which is over" } } }
            tbody { @for shown in &step.shown { @if let Shown::Climb(climb) = shown { tr {
                td { @if climb.left { "left" } @else { "right" } }
                td { code { (climb.sibling) } }
                td { code { (climb.result) } }
                td.number { "#" (climb.from + 1) " to #" (climb.until) }
            } } } }
        } }
    }
}

/// The way to have every entry read.
fn every(visit: &Visit, position: u64) -> Markup {
    let head = visit.head.state.position();
    html! {
        @if head > WHOLE {
            p { "This log has " (head) " entries: " code { "chancery audit verify" } " reads them all, with a bar of progress." }
        } @else {
            form method="get" action=(visit.present("/audit/verify")) {
                @if let Some(past) = &visit.past { input type="hidden" name="at" value=(past.asked); }
                input type="hidden" name="entry" value=(position);
                input type="hidden" name="all" value="yes";
                button { "Verify all " (head) " entries" }
            }
        }
    }
}

async fn whole(visit: &Visit) -> Result<Markup, Oops> {
    if visit.head.state.position() > WHOLE {
        return Err(Problem::bad_request("too_long", "this log is too long to be read while somebody waits").into());
    }
    let store = visit.service.engine.store();
    Ok(match verify(&**store, visit.organisation.as_str(), &[], || {}).await {
        Ok(verified) => html! {
            div.notice.done role="status" { p { strong { "They hold." } " All " (verified.events) " entries and " (verified.checkpoints)
                " checkpoints are as they were written; the root is " code { (verified.root) } "." } }
        },
        Err(VerifyError::Problem(problem)) => html! {
            div.notice.wrong role="alert" { p { strong { "They do not hold. " } (spans(&problem.to_string())) "." } }
        },
        Err(VerifyError::Store(error)) => return Err(Problem::from(error).into()),
        Err(VerifyError::File { .. }) => return Err(Problem::internal().into()),
    })
}
