//! An organisation at a glance, and what to do first.

use std::ops::ControlFlow;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::state::{MemberEntry, Status};
use chancery_projections::activity::{Entry, Narrator};
use maud::{Markup, html};

use super::fragments::{count, name_of, spans, time};
use super::oops::Oops;
use super::page::Section;
use super::visit::{Visit, segment};
use crate::api::service::Shared;
use crate::views::log::read;
use crate::views::sight::Sight;

/// Entries of the log on the page, at most.
const LATEST: usize = 6;
/// Events among which they are looked for.
const AMONG: u64 = 60;

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
    let latest = latest(&visit).await?;
    let content = html! {
        h1 { (state.name()) }
        p.quiet {
            (profile.document().title) " · "
            @if let Some(founded) = state.founded() { "founded " (time(founded.time)) " · " }
            "position " (state.position())
            @if let Some(owner) = owner(&visit) { " · owned by " (person(&visit, owner)) }
        }
        ul.tiles {
            @if roles { (tile(&visit, "/roles", state.roles().count(), "role", "What people may do")) }
            @if let Some(members) = members { (tile(&visit, "/members", members, "member", "Who takes part")) }
            @if scopes > 0 { (tile(&visit, "/scopes", scopes, "scope", "Where it counts")) }
        }
        (first_steps(&visit, members, scopes))
        @if !latest.is_empty() {
            section aria-labelledby="latest" {
                h2 id="latest" { "Latest" }
                ol.log { @for entry in &latest { li {
                    div.meta { (time(entry.time)) span.quiet { "#" (entry.position) } }
                    p { (spans(&entry.sentence)) "." }
                } } }
                p { a href=(visit.link("/activity")) { "All activity" } }
            }
        }
        @if let Some(member) = member { p { "You are " (person(&visit, member)) "." } }
    };
    Ok(visit.page(Section::Overview, "Overview", &content))
}

fn person(visit: &Visit, member: &MemberEntry) -> Markup {
    let page = visit.link(&format!("/members/{}", segment(member.id.as_str())));
    html! { a href=(page) { (name_of(&visit.facts.state, member)) } }
}

/// Who holds the role that exactly one member holds, where the profile has one and the reader sees them.
fn owner(visit: &Visit) -> Option<&MemberEntry> {
    let state = &visit.facts.state;
    let (_, role) = state.roles().find(|(_, role)| role.assigned == AssignedBy::Transfer)?;
    let owner = state.member(*role.holders.iter().next()?)?;
    visit.facts.reader().ok()?.member(owner.id.as_str()).ok()?;
    Some(owner)
}

/// Coming and going by links and keys is no news about access.
fn is_about_keys(entry: &Entry) -> bool {
    matches!(entry.kind, "KeyIssued" | "KeyExpiryChanged" | "KeyRevoked")
}

/// The last entries of the log, newest first, as far as the reader may read them. Only the end of a long log is looked at.
async fn latest(visit: &Visit) -> Result<Vec<Entry>, Oops> {
    let Ok(sight) = Sight::of(&visit.facts) else { return Ok(Vec::new()) };
    let (engine, until) = (&visit.service.engine, visit.facts.state.position());
    // Names are those of now, so nothing before has to be folded.
    let start = (Narrator::new(visit.facts.state.clone()), Vec::new());
    let after = until.saturating_sub(AMONG);
    let (_, entries) = read(engine, &visit.organisation, after, until, start, move |(narrator, entries), recorded| {
        let entry = narrator.entry(&recorded);
        if sight.has(&entry) && !is_about_keys(&entry) {
            entries.push(entry);
        }
        ControlFlow::Continue(())
    })
    .await?;
    Ok(entries.into_iter().rev().take(LATEST).collect())
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
