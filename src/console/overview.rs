//! An organisation at a glance, and what to do first.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use chancery_aggregates::state::Status;
use maud::{Markup, html};

use super::fragments::{count, name_of, time};
use super::oops::Oops;
use super::page::Section;
use super::visit::Visit;
use crate::api::service::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/{organisation}", get(show))
}

async fn show(visit: Visit) -> Result<Response, Oops> {
    let state = &visit.facts.state;
    let reader = visit.facts.reader()?;
    let roles = reader.sees_roles().unwrap_or(false);
    let members =
        reader.members().ok().map(|members| members.iter().filter(|(_, m)| m.status != Status::Removed).count());
    let scopes = reader.scopes().iter().filter(|(_, scope)| scope.archived.is_none()).count();
    let profile = visit.facts.profile()?;
    let member = state.member_by_id(visit.member.as_str());
    let content = html! {
        h1 { (state.name()) }
        p.quiet {
            (profile.document().title) " · "
            @if let Some(founded) = state.founded() { "founded " (time(founded.time)) " · " }
            "position " (state.position())
        }
        ul.tiles {
            @if roles { (tile(&visit, "/roles", state.roles().count(), "role", "What people may do")) }
            @if let Some(members) = members { (tile(&visit, "/members", members, "member", "Who takes part")) }
            @if scopes > 0 { (tile(&visit, "/scopes", scopes, "scope", "Where it counts")) }
        }
        (first_steps(&visit, members, scopes))
        @if let Some(member) = member { p { "You are " a href=(visit.link(&format!("/members/{}", super::visit::segment(visit.member.as_str())))) { (name_of(state, member)) } "." } }
    };
    Ok(visit.page(Section::Overview, "Overview", &content))
}

fn tile(visit: &Visit, below: &str, number: usize, of: &str, about: &str) -> Markup {
    html! { li { a href=(visit.link(below)) { strong { (count(number, of)) } span { (about) } } } }
}

/// What an organisation needs that has nothing yet.
fn first_steps(visit: &Visit, members: Option<usize>, scopes: usize) -> Markup {
    let state = &visit.facts.state;
    let custom = state.roles().any(|(_, role)| !role.built_in);
    let kinds = state.profile().is_some_and(|profile| !profile.document().scope_kinds.is_empty());
    if !visit.is_present() || (custom && members.is_none_or(|members| members > 1)) {
        return html! {};
    }
    html! {
        section.steps aria-labelledby="first" {
            h2 id="first" { "What to do next" }
            ol {
                @if kinds && scopes == 0 { li { a href=(visit.link("/scopes")) { "Draw the tree" } ": the places, sites or buildings that access is given in." } }
                @if !custom { li { a href=(visit.link("/roles")) { "Look at the roles" } ": use those that are there, duplicate one, or make your own." } }
                @if members.is_some_and(|members| members <= 1) { li { a href=(visit.link("/members")) { "Add members" } ", and give them roles." } }
            }
        }
    }
}
