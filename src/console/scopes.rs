//! The tree of scopes: made, moved, shared and taken out of use, each after a preview.

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use chancery_aggregates::access::in_use;
use chancery_aggregates::command::ScopeCommand;
use chancery_aggregates::scope::Scope;
use chancery_aggregates::state::ScopeEntry;
use chancery_aggregates::vocabulary::{LONGEST_ID, ScopeId};
use chancery_aggregates::{AccessState, Command, Refusal};
use maud::{Markup, html};
use serde::Deserialize;

use super::change::{Basis, Proposal, basis_fields};
use super::form::{Deed, Fields};
use super::fragments::action;
use super::oops::{Oops, sentence};
use super::page::Section;
use super::visit::{Visit, segment};
use crate::api::body::InPath;
use crate::api::service::Shared;
use crate::views::scope::{Node, selected, shared_with, tree};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/{organisation}/scopes", get(list))
        .route("/{organisation}/new-scope", post(create))
        .route("/{organisation}/scopes/{scope}", get(show))
        .route("/{organisation}/scopes/{scope}/do/{deed}", post(act))
}

/// Which scope.
#[derive(Debug, Deserialize)]
struct InScope {
    scope: String,
}

/// Which scope, and what.
#[derive(Debug, Deserialize)]
struct InDeed {
    scope: String,
    deed: String,
}

async fn list(visit: Visit) -> Result<Response, Oops> {
    let state = &visit.facts.state;
    let reader = visit.facts.reader()?;
    let nodes = tree(state, &selected(&reader, visit.query.get("search")));
    let content = html! {
        div.heading { h1 { "Scopes" } }
        div.tools {
            form.search method="get" action=(visit.path) role="search" {
                @if let Some(past) = &visit.past { input type="hidden" name="at" value=(past.asked); }
                label for="search" { "Search scopes by name" }
                div.row { input id="search" type="search" name="search" value=(visit.query.text("search")); button { "Search" } }
            }
        }
        @if nodes.is_empty() { p.empty { @if visit.query.has("search") { "No scope has that in its name." } @else { "There is no tree yet. Make its first part below." } } }
        ul.tree { @for node in &nodes { (row(&visit, node)) } }
        @if visit.is_present() { (new_form(&visit, &Fields::default(), &nodes)) }
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

fn new_form(visit: &Visit, fields: &Fields, nodes: &[Node<'_>]) -> Markup {
    let kinds = visit.head.profile().map(|profile| profile.document().scope_kinds.as_slice()).unwrap_or_default();
    let create =
        ScopeCommand::CreateScope { name: "x".into(), kind: kinds.first().map(|kind| kind.key.clone()), parent: None };
    let id = ScopeId::known("a-scope-that-is-not-there");
    let refused = Scope::default().decide(&id, &create, &visit.head).err();
    if let Some(refusal @ Refusal::MissingPermission { place: None, .. }) = &refused {
        let nowhere = nodes.is_empty();
        return html! { @if nowhere { p.quiet { (sentence(&refusal.to_string())) } } };
    }
    html! {
        details.form open[fields.has("name")] {
            summary { "New scope" }
            form.stack method="post" action=(visit.present("/new-scope")) {
                (visit.token())
                div.field { label for="name" { "Name" } input id="name" name="name" required maxlength="200" value=(fields.text("name")) autocomplete="off"; }
                div.field { label for="id" { "Id " span.quiet { "(it never changes)" } } input id="id" name="id" required maxlength="128" value=(fields.text("id")) autocomplete="off"; }
                @if kinds.len() > 1 { div.field { label for="kind" { "Kind" } select id="kind" name="kind" {
                    @for kind in kinds { option value=(kind.key) selected[fields.text("kind") == kind.key.as_str()] { (kind.label) } } } } }
                div.field { label for="parent" { "Below" } select id="parent" name="parent" { option value="" { "nothing: at the top" } (options(nodes, fields.get("parent"))) } }
                div { button.main { "Make it" } }
            }
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
    proposal.done = visit.present("/scopes");
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

async fn show(visit: Visit, InPath(path): InPath<InScope>) -> Result<Response, Oops> {
    let state = &visit.facts.state;
    let reader = visit.facts.reader()?;
    let (ix, scope) = reader.scope(&path.scope)?;
    let nodes = tree(state, &selected(&reader, None));
    let members = super::form::Fields::default().with("scope", scope.id.as_str());
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" { a href=(visit.link("/scopes")) { "Scopes" }
            @for above in state.ancestry(ix).skip(1).filter(|above| reader.sees_scope(*above)) {
                @let above = state.cite_scope(above);
                " / " a href=(visit.link(&below(above.id.as_str()))) { (above.name) }
            }
        }
        div.heading { h1 { (scope.name) } span.badges { span.badge { (kind_label(&visit, scope)) } @if !in_use(state, ix) { span.badge.warn { "archived" } } } }
        dl.facts { div { dt { "Id" } dd { code { (scope.id) } } } div { dt { "Created" } dd { (super::fragments::time(scope.created.time)) } } }
        p { a href=(visit.also("/members", &members)) { "Members who work here" } }
        @if !scope.children.is_empty() { h2 { "Below it" } ul.tree { @for child in scope.children.iter().filter(|child| reader.sees_scope(**child)) {
            @let child = state.cite_scope(*child);
            li { a href=(visit.link(&below(child.id.as_str()))) { (child.name) } }
        } } }
        @if visit.is_present() { (Forms { visit: &visit, scope, nodes: &nodes }.all()) }
    };
    Ok(visit.page(Section::Scopes, &scope.name, &content))
}

struct Forms<'a> {
    visit: &'a Visit,
    scope: &'a ScopeEntry,
    nodes: &'a [Node<'a>],
}

impl Forms<'_> {
    fn may(&self, command: &ScopeCommand) -> Result<(), Refusal> {
        Scope::of(&self.visit.head.state, self.scope).decide(&self.scope.id, command, &self.visit.head).map(|_| ())
    }

    fn all(&self) -> Markup {
        let parent = self.scope.parent.map(|parent| self.visit.head.state.cite_scope(parent).id);
        let shared: Vec<ScopeId> =
            self.scope.shared_with.iter().map(|(with, _)| self.visit.head.state.cite_scope(*with).id).collect();
        let rename = ScopeCommand::RenameScope { name: self.scope.name.clone() };
        let (archive, label) = match self.scope.archived {
            Some(_) => (ScopeCommand::RestoreScope, "Take it into use again"),
            None => (ScopeCommand::ArchiveScope, "Archive"),
        };
        html! {
            h2 { "Changes" }
            (self.form("rename", "Rename", &rename, &html! { div.field { label for="name" { "Name" } input id="name" name="name" required maxlength="200" value=(self.scope.name); } }))
            (self.form("move", "Move", &ScopeCommand::MoveScope { parent: parent.clone() }, &html! {
                div.field { label for="parent" { "Below" } select id="parent" name="parent" { option value="" { "nothing: at the top" } (options(self.nodes, parent.as_ref().map(ScopeId::as_str))) } }
            }))
            (self.form("share", "Share", &ScopeCommand::MoveScope { parent }, &html! {
                div.field { label for="with" { "Open it to whoever works on" } select id="with" name="with" required { option value="" { "Choose…" } (options(self.nodes, None)) } }
            }))
            @for with in &shared { (self.form("unshare", "End the sharing", &ScopeCommand::UnshareScope { with: with.clone() }, &html! {
                p { "Shared with " code { (with) } } input type="hidden" name="with" value=(with);
            })) }
            (self.form(if self.scope.archived.is_some() { "restore" } else { "archive" }, label, &archive, &html! {}))
        }
    }

    /// A form for a change, or the reason why it cannot be asked for.
    fn form(&self, deed: &str, label: &str, command: &ScopeCommand, fields: &Markup) -> Markup {
        let allowed = self.may(command);
        if allowed.is_err() {
            return html! { p { (action(&allowed, label, "")) } };
        }
        html! {
            form.row.change method="post" action={ (self.visit.present(&below(self.scope.id.as_str()))) "/do/" (deed) } {
                (self.visit.token()) (basis_fields(self.scope.sequence, &self.visit.head.state)) (fields)
                button { (label) "…" }
            }
        }
    }
}

async fn act(InPath(path): InPath<InDeed>, deed: Deed) -> Result<Response, Oops> {
    let reader = deed.visit.head.reader()?;
    let (_, scope) = reader.scope(&path.scope)?;
    let (fields, name) = (&deed.fields, &scope.name);
    let (title, command) = match path.deed.as_str() {
        "rename" => (format!("Rename {name}"), ScopeCommand::RenameScope { name: fields.text("name").into() }),
        "move" => (format!("Move {name}"), ScopeCommand::MoveScope { parent: fields.get("parent").map(named) }),
        "share" => (format!("Share {name}"), ScopeCommand::ShareScope { with: named(fields.text("with")) }),
        "unshare" => {
            (format!("End a sharing of {name}"), ScopeCommand::UnshareScope { with: named(fields.text("with")) })
        }
        "archive" => (format!("Archive {name}?"), ScopeCommand::ArchiveScope),
        "restore" => (format!("Take {name} into use again"), ScopeCommand::RestoreScope),
        _ => return Err(Oops::nothing()),
    };
    let proposal = proposal(&deed.visit, &scope.id, title, command, &path.deed);
    drop(reader);
    deed.propose(proposal).await
}
