//! What happened, for people: readable, filtered, with the way to the state just before and after.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use chancery_projections::activity::Filter;
use maud::{Markup, html};

use super::log::{entries, show};
use super::oops::Oops;
use super::page::Section;
use super::visit::Visit;
use crate::api::service::Shared;

/// Entries of a page.
const PAGE: usize = 50;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/{organisation}/activity", get(activity))
}

async fn activity(visit: Visit) -> Result<Response, Oops> {
    let query = &visit.query;
    let owned = |name: &str| query.get(name).map(str::to_owned);
    let filter = Filter {
        actor: owned("by"),
        member: owned("member"),
        role: owned("role"),
        kinds: owned("type").into_iter().collect(),
        search: owned("search"),
        ..Filter::default()
    };
    let before = query.get("before").and_then(|before| before.parse().ok()).unwrap_or(u64::MAX);
    let found = entries(&visit, filter, before, PAGE).await?;
    let content = html! {
        div.heading { h1 { "Activity" } }
        (filters(&visit))
        @if found.items.is_empty() { p.empty { @if found.next.is_some() { "Nothing that is like that among the last events; there are older ones." } @else { "Nothing that is like that." } } }
        (show(&visit, &found.items))
        @if let Some(next) = found.next { nav.pager aria-label="Pages" { a rel="next" href=(visit.with("before", &next.to_string())) { "Older" } } }
    };
    Ok(visit.page(Section::Activity, "Activity", &content))
}

fn filters(visit: &Visit) -> Markup {
    let fields = [
        ("search", "Words"),
        ("by", "By (id)"),
        ("member", "About member (id)"),
        ("role", "About role (id)"),
        ("type", "Kind"),
    ];
    html! {
        form.filters method="get" action=(visit.path) role="search" {
            @if let Some(past) = &visit.past { input type="hidden" name="at" value=(past.asked); }
            @for (name, label) in fields { div { label for=(name) { (label) } input id=(name) name=(name) value=(visit.query.text(name)) autocomplete="off"; } }
            button { "Apply" }
        }
    }
}
