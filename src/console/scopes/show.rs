//! The page of a scope: renamed, moved, shared and taken out of use, each after a preview.

use axum::response::Response;
use chancery_aggregates::Refusal;
use chancery_aggregates::access::in_use;
use chancery_aggregates::authority::Reader;
use chancery_aggregates::command::ScopeCommand;
use chancery_aggregates::scope::Scope;
use chancery_aggregates::state::{MemberEntry, MemberIx, ScopeEntry, ScopeIx};
use chancery_aggregates::vocabulary::ScopeId;
use maud::{Markup, html};
use serde::Deserialize;

use super::{below, kind_label, may_create, named, options, proposal};
use crate::api::body::InPath;
use crate::console::change::basis_fields;
use crate::console::form::{Deed, Fields};
use crate::console::fragments::{action, count, time};
use crate::console::oops::{Oops, sentence};
use crate::console::page::Section;
use crate::console::visit::Visit;
use crate::views::member::Filter;
use crate::views::scope::{Node, selected, tree};

/// Which scope.
#[derive(Debug, Deserialize)]
pub(super) struct InScope {
    scope: String,
}

/// Which scope, and what.
#[derive(Debug, Deserialize)]
pub(super) struct InDeed {
    scope: String,
    deed: String,
}

pub(super) async fn show(visit: Visit, InPath(path): InPath<InScope>) -> Result<Response, Oops> {
    let state = &visit.facts.state;
    let reader = visit.facts.reader()?;
    let (ix, scope) = reader.scope(&path.scope)?;
    let nodes = tree(state, &selected(&reader, None));
    let members = Fields::default().with("scope", scope.id.as_str()).query();
    let place = Fields::default().with("parent", scope.id.as_str()).query();
    let here = reader.members().ok().map(|members| here(&reader, ix, &members));
    let content = html! {
        nav.crumbs aria-label="Breadcrumb" { a href=(visit.link("/scopes")) { "Scopes" }
            @for above in state.ancestry(ix).skip(1).filter(|above| reader.sees_scope(*above)) {
                @let above = state.cite_scope(above);
                " / " a href=(visit.link(&below(above.id.as_str()))) { (above.name) }
            }
        }
        div.heading { h1 { (scope.name) } span.badges { span.badge { (kind_label(&visit, scope)) } @if !in_use(state, ix) { span.badge.warn { "archived" } } } }
        dl.facts { div { dt { "Id" } dd { code { (scope.id) } } } div { dt { "Created" } dd { (time(scope.created.time)) } } }
        div.actions {
            @if visit.is_present() { (action(&may_create(&visit), "New scope below", &format!("{}?{place}", visit.present("/new-scope")))) }
            @if let Some(here) = here { a.button href={ (visit.present("/members")) "?" (members) } { (count(here, "member")) " " (if here == 1 { "works" } else { "work" }) " here" } }
        }
        @if !scope.children.is_empty() { h2 { "Below it" } ul.tree { @for child in scope.children.iter().filter(|child| reader.sees_scope(**child)) {
            @let child = state.cite_scope(*child);
            li { a href=(visit.link(&below(child.id.as_str()))) { (child.name) } }
        } } }
        @if visit.is_present() { (Forms { visit: &visit, scope, nodes: &nodes }.all()) }
    };
    Ok(visit.page(Section::Scopes, &scope.name, &content))
}

/// How many members work there.
fn here(reader: &Reader<'_>, scope: ScopeIx, members: &[(MemberIx, &MemberEntry)]) -> usize {
    let filter = Filter { on: Some(scope), ..Filter::default() };
    members.iter().filter(|(ix, member)| filter.takes(reader, *ix, member)).count()
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
        let shared: Vec<(ScopeId, String)> = self
            .scope
            .shared_with
            .iter()
            .map(|(with, _)| self.visit.head.state.cite_scope(*with))
            .map(|with| (with.id, with.name.to_string()))
            .collect();
        let rename = ScopeCommand::RenameScope { name: self.scope.name.clone() };
        let (archive, label, about) = match self.scope.archived {
            Some(_) => (ScopeCommand::RestoreScope, "Restore", "Takes it into use again, with what is below it."),
            None => (
                ScopeCommand::ArchiveScope,
                "Archive",
                "Takes it out of use with what is below it: nobody acts there until it is restored.",
            ),
        };
        let share = self.visit.head.state.scopes().count() > 1;
        html! {
            section aria-labelledby="changes" {
                h2 id="changes" { "Changes" }
                div.settings {
                    (self.form("rename", "Rename", "What people call it. The id stays.", &rename, &html! {
                        label.hidden for="name" { "Name" } input id="name" name="name" required maxlength="200" value=(self.scope.name);
                    }))
                    (self.form("move", "Move", "To another place in the tree. Whoever works on what is above works here as well.", &ScopeCommand::MoveScope { parent: parent.clone() }, &html! {
                        label.hidden for="parent" { "Below" } select id="parent" name="parent" { option value="" { "nothing: at the top" } (options(self.nodes, parent.as_ref().map(ScopeId::as_str))) }
                    }))
                    @if share { (self.form("share", "Share", "Opens it to whoever works on another part.", &ScopeCommand::MoveScope { parent }, &html! {
                        label.hidden for="with" { "Share with" } select id="with" name="with" required { option value="" { "Choose…" } (options(self.nodes, None)) }
                    })) }
                    @for (with, name) in &shared { (self.form("unshare", "End the sharing", &format!("It is shared with {name}."), &ScopeCommand::UnshareScope { with: with.clone() }, &html! {
                        input type="hidden" name="with" value=(with);
                    })) }
                    (self.form(if self.scope.archived.is_some() { "restore" } else { "archive" }, label, about, &archive, &html! {}))
                }
            }
        }
    }

    /// A form for a change, or the reason why it cannot be asked for.
    fn form(&self, deed: &str, label: &str, about: &str, command: &ScopeCommand, fields: &Markup) -> Markup {
        html! {
            div {
                p { strong { (label) } small { (about) } }
                @match self.may(command) {
                    Err(refusal) => p.refused { button type="button" disabled { (label) "…" } small { (sentence(&refusal.to_string())) } },
                    Ok(()) => form.row method="post" action={ (self.visit.present(&below(self.scope.id.as_str()))) "/do/" (deed) } {
                        (self.visit.token()) (basis_fields(self.scope.sequence, &self.visit.head.state)) (fields)
                        button { (label) "…" }
                    },
                }
            }
        }
    }
}

pub(super) async fn act(InPath(path): InPath<InDeed>, deed: Deed) -> Result<Response, Oops> {
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
        "restore" => (format!("Restore {name}?"), ScopeCommand::RestoreScope),
        _ => return Err(Oops::nothing()),
    };
    let proposal = proposal(&deed.visit, &scope.id, title, command, &path.deed);
    drop(reader);
    deed.propose(proposal).await
}
