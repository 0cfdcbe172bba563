//! Questions, answered with the chain of events: can somebody do something somewhere, and who can?

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use chancery_aggregates::access::{Ownership, Place, Question};
use chancery_aggregates::authority::Reader;
use chancery_projections::access::{Grant, who_can};
use chancery_projections::timeline::{Subject, Turn};
use chancery_projections::words;
use maud::{Markup, html};

use super::fragments::{count, time};
use super::oops::Oops;
use super::page::Section;
use super::visit::{Visit, segment};
use crate::api::service::Shared;
use crate::views::explain::Answer;
use crate::views::scope::{selected, tree};

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/{organisation}/ask", get(ask))
}

/// Holders that a page names before it counts the rest.
const HOLDERS: usize = 200;

async fn ask(visit: Visit) -> Result<Response, Oops> {
    let reader = visit.facts.reader()?;
    let query = &visit.query;
    let answer = match (query.get("member"), query.get("permission")) {
        (Some(member), Some(permission)) => Some(one(&visit, &reader, member, permission).await?),
        (None, Some(permission)) => Some(all(&visit, &reader, permission)?),
        _ => None,
    };
    let content = html! {
        h1 { "Ask" }
        p.quiet { "Can somebody do something, somewhere? Leave the member out to ask who can." }
        (form(&visit, &reader))
        @if let Some(answer) = &answer { section.answer aria-labelledby="answer" { (answer) } }
    };
    Ok(visit.page(Section::Ask, "Ask", &content))
}

fn form(visit: &Visit, reader: &Reader<'_>) -> Markup {
    let query = &visit.query;
    let state = &visit.facts.state;
    let profile = state.profile();
    html! {
        form.filters method="get" action=(visit.path) {
            div { label for="member" { "Member (id)" } input id="member" name="member" value=(query.text("member")) autocomplete="off"; }
            div { label for="permission" { "Permission" }
                input id="permission" name="permission" list="permissions" required value=(query.text("permission")) autocomplete="off";
                datalist id="permissions" { @if let Some(profile) = profile { @for permission in profile.permissions() {
                    option value=(permission.key) { (permission.label) }
                } } }
            }
            div { label for="scope" { "On" } select id="scope" name="scope" { option value="" { "the whole organisation" }
                @for node in tree(state, &selected(reader, None)) {
                    option value=(node.entry.id) selected[query.text("scope") == node.entry.id.as_str()] { ("\u{2003}".repeat(node.depth)) (node.entry.name) }
                } } }
            @if visit.head.may_replay().is_ok() { div { label for="ask-at" { "At (now, where empty)" }
                input id="ask-at" name="at" placeholder="2026-03-03 14:30" value=[visit.past.as_ref().map(|past| past.asked.as_str())] autocomplete="off"; } }
            button.main { "Ask" }
        }
    }
}

/// The way to an entry of the audit log, for who may read it.
fn to_entry(visit: &Visit, position: u64) -> Markup {
    html! {
        @if visit.head.may_replay().is_ok() { a href=(visit.link(&format!("/audit/entries/{position}"))) { "#" (position) } }
        @else { "#" (position) }
    }
}

fn place(visit: &Visit, reader: &Reader<'_>) -> Result<Place, Oops> {
    Ok(match visit.query.get("scope") {
        Some(scope) => Place::Scope(reader.scope(scope)?.0),
        None => Place::Organisation,
    })
}

async fn one(visit: &Visit, reader: &Reader<'_>, member: &str, permission: &str) -> Result<Markup, Oops> {
    let facts = &visit.facts;
    let (subject, _) = reader.member(member)?;
    if !reader.sees_access_of(subject) {
        return Err(Oops::nothing());
    }
    let place = place(visit, reader)?;
    let question = Question {
        subject,
        permission: facts.find_permission(permission)?,
        place,
        ownership: Ownership::Unnamed,
        at: facts.now,
    };
    let scope = visit.query.get("scope").map(str::to_owned);
    let named = Subject { member: member.to_owned(), permission: permission.to_owned(), scope, owner: None };
    let answer = Answer::of(&visit.service.engine, reader, question, named).await?;
    let allowed = answer.explanation.decision.is_allowed();
    let missing = answer.explanation.decision.denial().and_then(|denial| answer.missing(denial));
    Ok(html! {
        h2 id="answer" { @if allowed { span.badge.good { "yes" } } @else { span.badge.bad { "no" } } " " (answer.sentence()) "." }
        @if let Some(missing) = missing { p { "It would take " (missing) "." } }
        @if let Some((at, then)) = &answer.next { p.quiet { "From " (time(*at)) " on: " @if then.is_allowed() { "yes" } @else { "no" } "." } }
        @if let Some(past) = &answer.past {
            h3 { "Because" }
            ol.log { @for cause in &answer.explanation.causes { @if let Some(entry) = past.entries.get(&cause.position) {
                li { div.meta { (time(entry.time)) (to_entry(visit, entry.position)) } p { (entry.sentence) "." } }
            } } }
            h3 { "Since when" }
            ul.rows { @for span in past.spans.iter().rev() { li {
                span { @if span.decision.is_allowed() { span.badge.good { "yes" } } @else { span.badge.bad { "no" } } " from " (time(span.since)) }
                @if let Turn::Event(position) = &span.begun_by { @if let Some(entry) = past.entries.get(position) { span.quiet { (to_entry(visit, *position)) " " (entry.sentence) } } }
            } } }
        } @else { p.quiet { "The events behind it are for who may read the log." } }
    })
}

fn all(visit: &Visit, reader: &Reader<'_>, permission: &str) -> Result<Markup, Oops> {
    let facts = &visit.facts;
    let wanted = facts.find_permission(permission)?;
    let place = place(visit, reader)?;
    reader.members()?;
    let mut holders = who_can(&facts.state, wanted, place, facts.now);
    holders.retain(|holder| reader.member(holder.member.id.as_str()).is_ok_and(|(ix, _)| reader.sees_access_of(ix)));
    let cited = facts.profile()?.cite(wanted);
    Ok(html! {
        h2 id="answer" { (count(holders.len(), "member")) " can use " (words::permission(cited.id.as_str(), &cited.name)) " on " (words::place(&facts.state, place)) "." }
        ul.rows { @for holder in holders.iter().take(HOLDERS) { li {
            span { a href=(visit.link(&format!("/members/{}", segment(holder.member.id.as_str())))) { (holder.member) }
                @if holder.only_own { " " span.badge.warn { "own only" } } }
            span.quiet { @for (number, grant) in holder.through.iter().enumerate() {
                @if number > 0 { "; " }
                @match grant {
                    Grant::Role { role, scope, given_at, .. } => { "by " (role.name)
                        @if let Some(scope) = scope { @if reader.scope(scope.id.as_str()).is_ok() { " in " (scope.name) } }
                        " (" (to_entry(visit, *given_at)) ")" },
                    Grant::Toggle { given_at } => { "directly (" (to_entry(visit, *given_at)) ")" },
                }
            } }
        } } }
        @if holders.len() > HOLDERS { p.quiet { "and " (count(holders.len() - HOLDERS, "more member")) } }
    })
}
