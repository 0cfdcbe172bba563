//! Access reviews: opened, worked through line by line, carried out, and printed as evidence.

mod act;
mod evidence;
mod open;
mod show;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use chancery_aggregates::review::Stage;
use chancery_aggregates::state::ReviewEntry;
use chancery_aggregates::{AccessState, Facts};
use chancery_projections::words;
use maud::{Markup, html};
use serde::Deserialize;

use super::change::Basis;
use super::fragments::{count, time};
use super::oops::Oops;
use super::page::Section;
use super::visit::{Visit, segment};
use crate::api::service::Shared;
use crate::views::review::{about, seen, waiting};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/{organisation}/reviews", get(list))
        .route("/{organisation}/new-review", get(open::form).post(open::create))
        .route("/{organisation}/reviews/{review}", get(show::show))
        .route("/{organisation}/reviews/{review}/evidence", get(evidence::show))
        .route("/{organisation}/reviews/{review}/evidence/file", post(evidence::file))
        .route("/{organisation}/reviews/{review}/do/{deed}", post(act::act))
}

/// Which review.
#[derive(Debug, Deserialize)]
struct InReview {
    review: String,
}

/// Which review, and what.
#[derive(Debug, Deserialize)]
struct InDeed {
    review: String,
    deed: String,
}

/// Whether there is anything for a reader in this section.
pub(super) fn is_shown(facts: &Facts) -> bool {
    facts.may_review().is_ok() || !seen(facts).is_empty()
}

fn below(id: &str) -> String {
    format!("/reviews/{}", segment(id))
}

fn version(state: &AccessState, id: &str) -> Option<u64> {
    Some(state.review_by_id(id)?.sequence)
}

fn basis(id: &str) -> Basis {
    Basis { stream: format!("review/{id}"), id: id.to_owned(), version }
}

fn title(entry: &ReviewEntry) -> String {
    entry.review.review.as_ref().map(|review| review.name.to_string()).unwrap_or_default()
}

fn stage(facts: &Facts, entry: &ReviewEntry) -> Markup {
    html! {
        @match entry.review.stage {
            Stage::Open if entry.review.deadline <= facts.now => span.badge.bad { "overdue" },
            Stage::Open => span.badge.warn { "open" },
            Stage::Completed => span.badge.good { "completed" },
            Stage::Cancelled => span.badge { "cancelled" },
        }
    }
}

async fn list(visit: Visit) -> Result<Response, Oops> {
    let facts = &visit.facts;
    if !is_shown(facts) {
        facts.may_review()?;
    }
    let reviews = seen(facts);
    let mine: Vec<(&ReviewEntry, usize)> = reviews
        .iter()
        .map(|entry| (*entry, waiting(&visit.head, entry)))
        .filter(|(entry, waiting)| *waiting > 0 && entry.review.stage == Stage::Open)
        .collect();
    let content = html! {
        div.heading { h1 { "Reviews" }
            @if visit.is_present() && visit.head.may_review().is_ok() { a.button.main href=(visit.present("/new-review")) { "New review" } }
        }
        @if !mine.is_empty() {
            section aria-labelledby="waiting" {
                h2 id="waiting" { "Waiting for you" }
                ul { @for (entry, waiting) in &mine { li {
                    a href={ (visit.link(&below(entry.id.as_str()))) @if visit.is_present() { "?show=mine" } } { (title(entry)) }
                    ": " (count(*waiting, "line")) " to decide " (words::until(entry.review.deadline))
                } } }
            }
        }
        @if reviews.is_empty() {
            p.empty { "There is no review yet. A review goes through access line by line: somebody who is not the one concerned keeps each piece of it, or revokes it." }
        } @else { div.scroll tabindex="0" role="region" aria-label="List of reviews" { (table(&visit, &reviews)) } }
    };
    Ok(visit.page(Section::Reviews, "Reviews", &content))
}

fn table(visit: &Visit, reviews: &[&ReviewEntry]) -> Markup {
    html! {
        table.list {
            caption.hidden { "Reviews" }
            thead { tr { th scope="col" { "Title" } th scope="col" { "About" } th scope="col" { "Access as of" } th scope="col" { "Deadline" } th scope="col" { "State" } th scope="col" { "Decided" } } }
            tbody { @for entry in reviews { @let review = &entry.review; tr {
                th scope="row" { a href=(visit.link(&below(entry.id.as_str()))) { (title(entry)) } }
                td { (about(&review.about)) }
                td { (time(review.frozen.time)) " " span.quiet { "#" (review.frozen.position) } }
                td { (words::until(review.deadline)) }
                td { (stage(&visit.facts, entry)) }
                td { (review.kept + review.revoked) " of " (review.count) }
            } } }
        }
    }
}
