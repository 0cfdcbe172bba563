//! The tree of scopes, and how it grows.

mod show;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use chancery_aggregates::access::in_use;
use chancery_aggregates::command::ScopeCommand;
use chancery_aggregates::profile::document::ScopeKindDocument;
use chancery_aggregates::scope::Scope;
use chancery_aggregates::state::ScopeEntry;
use chancery_aggregates::vocabulary::{LONGEST_ID, ScopeId};
use chancery_aggregates::{AccessState, Command, Refusal};
use maud::{Markup, html};

use super::change::{Basis, Proposal};
use super::form::{Deed, Fields};
use super::fragments::action;
use super::oops::Oops;
use super::page::Section;
use super::visit::{Visit, segment};
use crate::api::service::Shared;
use crate::views::scope::{Node, selected, shared_with, tree};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/{organisation}/scopes", get(list))
        .route("/{organisation}/new-scope", get(new).post(create))
        .route("/{organisation}/scopes/{scope}", get(show::show))
        .route("/{organisation}/scopes/{scope}/do/{deed}", post(show::act))
}

async fn list(visit: Visit) -> Result<Response, Oops> {
    let state = &visit.facts.state;
    let reader = visit.facts.reader()?;
    let nodes = tree(state, &selected(&reader, visit.query.get("search")));
    let content = html! {
        div.heading {
            h1 { "Scopes" }
            @if visit.is_present() { (action(&may_create(&visit), "New scope", &visit.present("/new-scope"))) }
        }
        div.tools {
            form.search method="get" action=(visit.path) role="search" {
                @if let Some(past) = &visit.past { input type="hidden" name="at" value=(past.asked); }
                label for="search" { "Search scopes by name" }
                div.row { input id="search" type="search" name="search" value=(visit.query.text("search")); button { "Search" } }
            }
        }
        @if nodes.is_empty() { p.empty {
            @if visit.query.has("search") { "No scope has that in its name." }
            @else { "There is no tree yet: the places that access is given in. Whoever makes its first part begins with what stands at the top." }
        } } @else { ul.tree { @for node in &nodes { (row(&visit, node)) } } }
    };
    Ok(visit.page(Section::Scopes, "Scopes", &content))
}

fn row(visit: &Visit, node: &Node<'_>) -> Markup {
    let state = &visit.facts.state;
    let Ok(reader) = visit.facts.reader() else { return html! {} };
    let shared = shared_with(&reader, node.entry);
    html! {
        li data-depth=(node.depth.min(8)) {
            a href=(visit.link(&below(node.entry.id.as_str()))) { (node.entry.name) }
            span.badge { (kind_label(visit, node.entry)) }
            @if !in_use(state, node.ix) { span.badge.warn { "archived" } }
            @if !shared.is_empty() { span.quiet { "shared with " (shared.join(", ")) } }
        }
    }
}

fn below(id: &str) -> String {
    format!("/scopes/{}", segment(id))
}

fn kind_label(visit: &Visit, scope: &ScopeEntry) -> String {
    let kind = visit.facts.state.profile().and_then(|profile| profile.scope_kind(&scope.kind));
    kind.map_or_else(|| scope.kind.to_string(), |kind| kind.label.clone())
}

/// Whether a scope could be made somewhere.
fn may_create(visit: &Visit) -> Result<(), Refusal> {
    let kind = kinds(visit).first().map(|kind| kind.key.clone());
    let create = ScopeCommand::CreateScope { name: "x".into(), kind, parent: None };
    match Scope::default().decide(&ScopeId::known("a-scope-that-is-not-there"), &create, &visit.head) {
        Err(refusal @ Refusal::MissingPermission { place: None, .. }) => Err(refusal),
        // At the top or of this kind it may not be; below something it may.
        _ => Ok(()),
    }
}

fn kinds(visit: &Visit) -> &[ScopeKindDocument] {
    visit.head.profile().map(|profile| profile.document().scope_kinds.as_slice()).unwrap_or_default()
}

async fn new(visit: Visit) -> Result<Response, Oops> {
    let reader = visit.head.reader()?;
    let nodes = tree(&visit.head.state, &selected(&reader, None));
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" { a href=(visit.link("/scopes")) { "Scopes" } }
        h1 { "New scope" }
        (new_form(&visit, &visit.query, &nodes))
    };
    Ok(visit.page(Section::Scopes, "New scope", &content))
}

fn new_form(visit: &Visit, fields: &Fields, nodes: &[Node<'_>]) -> Markup {
    let kinds = kinds(visit);
    html! {
        form.stack method="post" action=(visit.present("/new-scope")) {
            (visit.token())
            div.field { label for="name" { "Name" } input id="name" name="name" required maxlength="200" value=(fields.text("name")) autocomplete="off"; }
            div.field { label for="id" { "Id" }
                input id="id" name="id" required maxlength="128" value=(fields.text("id")) autocomplete="off" aria-describedby="id-hint";
                small id="id-hint" { "What programs call it. It never changes." } }
            @if kinds.len() > 1 { div.field { label for="kind" { "Kind" } select id="kind" name="kind" {
                @for kind in kinds { option value=(kind.key) selected[fields.text("kind") == kind.key.as_str()] { (kind.label) } } } } }
            div.field { label for="parent" { "Below" }
                select id="parent" name="parent" aria-describedby="parent-hint" { option value="" { "nothing: at the top" } (options(nodes, fields.get("parent"))) }
                small id="parent-hint" { "Whoever works on what is above works here as well." } }
            div.row { button.main { "Create scope" } a.button href=(visit.present("/scopes")) { "Cancel" } }
        }
    }
}

fn options(nodes: &[Node<'_>], chosen: Option<&str>) -> Markup {
    html! { @for node in nodes {
        option value=(node.entry.id) selected[chosen == Some(node.entry.id.as_str())] { ("\u{2003}".repeat(node.depth)) (node.entry.name) }
    } }
}

async fn create(deed: Deed) -> Result<Response, Oops> {
    let (visit, fields) = (&deed.visit, &deed.fields);
    let command = ScopeCommand::CreateScope {
        name: fields.text("name").into(),
        kind: fields.get("kind").map(Into::into),
        parent: fields.get("parent").map(named),
    };
    let reader = visit.head.reader()?;
    let nodes = tree(&visit.head.state, &selected(&reader, None));
    let refill = new_form(visit, fields, &nodes);
    drop(nodes);
    drop(reader);
    let id = named(fields.text("id"));
    let mut proposal = proposal(visit, &id, "New scope".to_owned(), command, "");
    proposal.action = visit.present("/new-scope");
    proposal.notice = format!("{} is there.", fields.text("name"));
    (proposal.basis, proposal.asks, proposal.refill) = (None, false, Some(refill));
    deed.propose(proposal).await
}

fn named(text: &str) -> ScopeId {
    ScopeId::known(text.chars().take(LONGEST_ID).collect::<String>())
}

fn version(state: &AccessState, id: &str) -> Option<u64> {
    Some(state.scope_by_id(id)?.sequence)
}

fn proposal(visit: &Visit, id: &ScopeId, title: String, command: ScopeCommand, to: &str) -> Proposal {
    let page = visit.present(&below(id.as_str()));
    Proposal {
        section: Section::Scopes,
        title,
        commands: vec![Command::Scope(id.clone(), command)],
        action: format!("{page}/do/{to}"),
        back: page.clone(),
        done: page,
        notice: "Saved.".to_owned(),
        basis: Some(Basis { stream: format!("scope/{id}"), id: id.to_string(), version }),
        grave: false,
        asks: true,
        refill: None,
    }
}
