//! The entries, newest first.

use std::collections::HashMap;

use axum::response::{IntoResponse, Response};
use chancery_projections::audit::{Entry, Filter};
use maud::{Markup, html};

use super::asked::{asked, chosen, positions};
use super::{admit, entry, export, filters, seal};
use crate::api::problem::Problem;
use crate::console::fragments::time;
use crate::console::jump::Jumps;
use crate::console::oops::{Oops, sentence};
use crate::console::page::Section;
use crate::console::visit::Visit;
use crate::log::{Hash, Node};
use crate::store::StoreError;
use crate::views::backward::{Found, LOOKED_AT, Part, backward};

/// Entries of a page.
const PAGE: usize = 50;

pub(super) async fn show(visit: Visit) -> Result<Response, Oops> {
    admit(&visit)?;
    let (filter, range) = match wanted(&visit).await {
        Ok(wanted) => wanted,
        Err(Oops::Problem(problem)) if problem.status().is_client_error() => return Ok(wrong(&visit, &problem)),
        Err(other) => return Err(other),
    };
    let found = read(&visit, filter, range).await?;
    let leaves = leaves(&visit, &found.items).await?;
    let badge = seal::badge(&visit).await?;
    let query = &visit.query;
    let (full, further) = (query.has("full"), query.has("before"));
    let content = html! {
        (heading(&visit))
        (badge)
        (filters::form(&visit))
        @if found.items.is_empty() { p.empty {
            @if found.next.is_some() { "Nothing that is like that among the last events; there are older ones." } @else { "Nothing that is like that." }
        } } @else {
            div.tools {
                @if full { a.button href=(visit.without("full")) { "Close all" } } @else { a.button href=(visit.with("full", "yes")) { "Open all" } }
                @if further { a.button href=(visit.without("before")) { "Newest" } }
            }
        }
        (entries(&visit, &found.items, &leaves, full))
        @if let Some(next) = found.next { nav.pager aria-label="Pages" { a rel="next" href=(visit.with("before", &next.to_string())) { "Older" } } }
    };
    Ok(visit.page(Section::Audit, "Audit log", &content))
}

fn heading(visit: &Visit) -> Markup {
    html! {
        div.heading {
            h1 { "Audit log" }
            div.row { a.button href=(visit.link("/audit/over-time")) { "Over time" } (export::offer(visit)) }
        }
    }
}

/// What was asked for makes no sense: it is said, and can be put right.
fn wrong(visit: &Visit, problem: &Problem) -> Response {
    let content = html! {
        (heading(visit))
        p.notice.wrong role="alert" { (sentence(problem.detail())) }
        (filters::form(visit))
    };
    (problem.status(), visit.page(Section::Audit, "Audit log", &content)).into_response()
}

async fn wanted(visit: &Visit) -> Result<(Filter, (u64, u64)), Oops> {
    let filter = asked(&visit.query).filter(&visit.facts).map_err(Problem::from)?;
    Ok((filter, positions(visit, &visit.query).await?))
}

async fn read(visit: &Visit, filter: Filter, (first, last): (u64, u64)) -> Result<Found<Entry>, Oops> {
    let before = visit.query.get("before").and_then(|before| before.parse().ok()).unwrap_or(u64::MAX);
    let until = last.min(before.saturating_sub(1));
    let part = Part { after: first.saturating_sub(1), until, most: PAGE, looked_at: LOOKED_AT };
    let takes = move |recorded: &_| filter.takes(recorded);
    let tell = |state: &_, recorded: &_| Some(Entry::of(state, recorded));
    Ok(backward(&visit.service.engine, &visit.organisation, part, takes, tell).await?)
}

/// The hashes that are kept with entries.
pub(super) async fn leaves(visit: &Visit, entries: &[Entry]) -> Result<HashMap<u64, Hash>, Oops> {
    let nodes: Vec<Node> = entries.iter().map(|entry| Node { level: 0, index: entry.position - 1 }).collect();
    let failed = |error: StoreError| Oops::from(Problem::from(error));
    let kept = visit.service.engine.store().nodes(visit.organisation.as_str(), &nodes).await.map_err(failed)?;
    Ok(kept.into_iter().map(|(node, hash)| (node.position(), hash)).collect())
}

fn entries(visit: &Visit, entries: &[Entry], leaves: &HashMap<u64, Hash>, full: bool) -> Markup {
    let jumps = Jumps::of(visit);
    html! {
        ol.log { @for entry in entries { li.refusal[entry.refusal.is_some()] {
            div.meta {
                (time(entry.time))
                a href=(visit.link(&format!("/audit/entries/{}", entry.position))) { "#" (entry.position) }
                span.badge { (entry.kind) }
                @if entry.refusal.is_some() { span.badge.bad { "refused" } }
            }
            p { (entry.sentence) "." }
            (jumps.of_entry(entry.position, entry.kind, &entry.subjects))
            details.all open[full] { summary { "All of it" span.hidden { ": #" (entry.position) } } (entry::facts(&jumps, entry, leaves.get(&entry.position))) }
        } } }
    }
}

/// What is chosen, for a form that goes elsewhere.
pub(super) fn hidden(visit: &Visit) -> Markup {
    html! { @for (name, value) in chosen(&visit.query).iter() { input type="hidden" name=(name) value=(value); } }
}
