//! `/v1/organisations/{organisation}/scopes`: the resource tree.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use chancery_aggregates::authority::Reader;
use chancery_aggregates::command::ScopeCommand;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::state::{ScopeEntry, ScopeIx, fold_name};
use chancery_aggregates::vocabulary::ScopeId;
use chancery_aggregates::{AccessState, Command, Facts, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{Changed, Circumstances, IfMatch, Preview, Rehearsal, VersionOf};
use super::names::{self, present};
use super::page::{Cut, Paging, Placed, cut};
use super::view::{AtLeast, When};
use super::{Change, Seen, Shown, View, shapes};
use crate::api::body::{InPath, Json, Query};
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::views::scope::{Node, node_json, selected, tree};

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(list, create)).routes(routes!(show, change)).routes(routes!(share, unshare))
}

/// A place in the resource tree, as far as the caller sees it. `depth` is told in lists only
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Scope(Value);

impl PartialSchema for Scope {
    fn schema() -> RefOr<Schema> {
        shapes::Scope::schema()
    }
}

impl ToSchema for Scope {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        shapes::Scope::schemas(schemas);
    }
}

/// Scopes in the order of the tree, and where the next page begins
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next": null}))]
struct ScopeList {
    /// Each scope after the one that it stands below
    items: Vec<Scope>,
    /// The cursor of the next page; null after the last
    next: Option<String>,
}

/// Which scopes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ScopeFilter {
    /// Only scopes with this in their name or id, and what they stand below
    #[param(nullable = false)]
    search: Option<String>,
    /// `next` of the page before
    #[param(nullable = false)]
    cursor: Option<String>,
    /// The most items to answer, 1 to 1,000; 100 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// A scope to be
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "tower", "name": "Tower"}))]
pub(super) struct ScopeToCreate {
    /// Its id, which never changes
    id: String,
    /// What people call it
    name: String,
    /// Its kind; may be left out where the profile has one
    #[schema(nullable = false)]
    kind: Option<String>,
    /// The id of what it stands below; without it, it stands at the top
    #[schema(nullable = false)]
    parent: Option<String>,
}

/// What is to be different; what is left out stays as it is. All of it happens, or nothing
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "North Tower", "archived": false}))]
pub(super) struct ScopeChanges {
    /// Its name from now on
    #[schema(nullable = false)]
    name: Option<String>,
    /// The id of what it stands below from now on, with all that is below itself; null for the top
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    parent: Option<Option<String>>,
    /// Whether it, and what is below it, is out of use
    #[schema(nullable = false)]
    archived: Option<bool>,
}

/// Which scope.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ScopePath {
    /// Whose scope
    #[param(example = "acme")]
    #[allow(dead_code, reason = "the extractors of the organisation read it")]
    organisation: String,
    /// The scope's id
    #[param(example = "tower")]
    scope: String,
}

/// Which scope, and with which.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct SharePath {
    /// Whose scope
    #[param(example = "acme")]
    #[allow(dead_code, reason = "the extractors of the organisation read it")]
    organisation: String,
    /// The id of the scope that is opened
    #[param(example = "tower")]
    scope: String,
    /// The id of the scope whose people work on it, too
    #[param(example = "library")]
    with: String,
}

/// Lists the scopes that the caller sees, as a tree
#[utoipa::path(get, path = "/v1/organisations/{organisation}/scopes", operation_id = "list_scopes", tag = "Scopes",
    params(("organisation" = String, Path, description = "Whose scopes", example = "acme"), ScopeFilter, When, AtLeast),
    responses((status = 200, body = ScopeList, description = "A page of scopes"), Failures))]
async fn list(view: View, Query(filter): Query<ScopeFilter>) -> Answer<Seen<ScopeList>> {
    let reader = view.facts.reader()?;
    let shown = selected(&reader, filter.search.as_deref());
    let mut path: Vec<String> = Vec::new();
    let nodes = tree(&view.facts.state, &shown).into_iter().map(|node| {
        path.truncate(node.depth);
        path.push(format!("{}\u{1}{}", fold_name(&node.entry.name), node.entry.id));
        // What stands below a scope sorts directly after it.
        Placed { key: path.join("\0"), id: String::new(), item: node }
    });
    let nodes: Vec<_> = nodes.collect();
    let paging = Paging { cursor: filter.cursor, limit: filter.limit, order: None };
    let of = format!("scopes {}", filter.search.unwrap_or_default());
    let Cut { items, next } = cut(nodes, &paging, &of)?;
    let items = items.iter().map(|node| Scope::listed(&reader, node)).collect();
    Ok(view.seen(ScopeList { items, next }))
}

/// Makes a scope
#[utoipa::path(post, path = "/v1/organisations/{organisation}/scopes", operation_id = "create_scope", tag = "Scopes",
    params(("organisation" = String, Path, description = "Whose scopes", example = "acme"), Rehearsal, Circumstances),
    request_body = ScopeToCreate,
    responses((status = 201, body = Scope, description = "The scope"), (status = 200, body = Preview,
        description = "What would change, with `dry_run`", example = json!({"dry_run": true, "events": [], "access": [],
        "unseen": 0})), Failures))]
async fn create(change: Change, Json(body): Json<ScopeToCreate>) -> Answer<Response> {
    let (id, command) = body.command()?;
    let commands = vec![Command::Scope(id.clone(), command)];
    change.run(StatusCode::CREATED, commands, None, |facts| shown(facts, &id, true)).await
}

/// Shows a scope
#[utoipa::path(get, path = "/v1/organisations/{organisation}/scopes/{scope}", operation_id = "show_scope", tag = "Scopes",
    params(ScopePath, When, AtLeast),
    responses((status = 200, body = Scope, description = "The scope",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn show(view: View, InPath(path): InPath<ScopePath>) -> Answer<Seen<Scope>> {
    let reader = view.facts.reader()?;
    let (ix, entry) = reader.scope(&path.scope)?;
    Ok(view.seen(Scope::of(&reader, ix, entry)).version(entry.sequence))
}

/// Renames, moves, archives or restores a scope, in one step
#[utoipa::path(patch, path = "/v1/organisations/{organisation}/scopes/{scope}", operation_id = "change_scope",
    tag = "Scopes", params(ScopePath, Rehearsal, Circumstances, IfMatch), request_body = ScopeChanges,
    responses((status = 200, body = Changed<Scope>, description = "The scope; with `dry_run`, what would change instead",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn change(change: Change, InPath(path): InPath<ScopePath>, Json(body): Json<ScopeChanges>) -> Answer<Response> {
    let commands = body.commands();
    if commands.is_empty() {
        return Err(Problem::bad_request("nothing_to_do", "the body names nothing to change"));
    }
    run(change, &path.scope, commands).await
}

/// Opens a scope to whoever works on another one
#[utoipa::path(put, path = "/v1/organisations/{organisation}/scopes/{scope}/shares/{with}", operation_id = "share_scope",
    tag = "Scopes", params(SharePath, Rehearsal, Circumstances, IfMatch),
    responses((status = 200, body = Changed<Scope>, description = "The scope; with `dry_run`, what would change instead"), Failures))]
async fn share(change: Change, InPath(path): InPath<SharePath>) -> Answer<Response> {
    run(change, &path.scope, vec![ScopeCommand::ShareScope { with: names::scope(&path.with) }]).await
}

/// Ends a sharing
#[utoipa::path(delete, path = "/v1/organisations/{organisation}/scopes/{scope}/shares/{with}",
    operation_id = "unshare_scope", tag = "Scopes", params(SharePath, Rehearsal, Circumstances, IfMatch),
    responses((status = 200, body = Changed<Scope>, description = "The scope; with `dry_run`, what would change instead"), Failures))]
async fn unshare(change: Change, InPath(path): InPath<SharePath>) -> Answer<Response> {
    run(change, &path.scope, vec![ScopeCommand::UnshareScope { with: names::scope(&path.with) }]).await
}

async fn run(change: Change, scope: &str, commands: Vec<ScopeCommand>) -> Answer<Response> {
    let id = names::scope(scope);
    let version = version_of(change.facts(), &id);
    let commands = commands.into_iter().map(|command| Command::Scope(id.clone(), command)).collect();
    change.run(StatusCode::OK, commands, version, |facts| shown(facts, &id, false)).await
}

impl ScopeToCreate {
    pub(super) fn command(self) -> Answer<(ScopeId, ScopeCommand)> {
        let id = ScopeId::parse(&self.id);
        let id = id.map_err(|because| Refusal::bad_id(Thing::Scope, &names::bounded(&self.id), because))?;
        let (kind, parent) = (self.kind.map(Into::into), self.parent.as_deref().map(names::scope));
        Ok((id, ScopeCommand::CreateScope { name: self.name.into(), kind, parent }))
    }
}

impl ScopeChanges {
    /// One command for each thing that is to be different; what is restored can be changed in the same step.
    pub(super) fn commands(self) -> Vec<ScopeCommand> {
        let parent = |parent: Option<String>| parent.as_deref().map(names::scope);
        [
            (self.archived == Some(false)).then_some(ScopeCommand::RestoreScope),
            self.name.map(|name| ScopeCommand::RenameScope { name: name.into() }),
            self.parent.map(|given| ScopeCommand::MoveScope { parent: parent(given) }),
            (self.archived == Some(true)).then_some(ScopeCommand::ArchiveScope),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Scope {
    fn listed(reader: &Reader<'_>, node: &Node<'_>) -> Self {
        let mut value = node_json(reader, node);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("created".to_owned(), json!(node.entry.created.time));
            fields.insert("created_position".to_owned(), json!(node.entry.created.position));
            fields.insert("version".to_owned(), json!(node.entry.sequence));
        }
        Self(value)
    }

    fn of(reader: &Reader<'_>, ix: ScopeIx, entry: &ScopeEntry) -> Self {
        let Self(mut value) = Self::listed(reader, &Node { ix, entry, depth: 0 });
        if let Some(fields) = value.as_object_mut() {
            fields.remove("depth");
        }
        Self(value)
    }
}

/// A scope after a change. Who made it may see the scope no longer: then only the id is told.
fn shown(facts: &Facts, id: &ScopeId, new: bool) -> Answer<Shown<Scope>> {
    let location = new.then(|| names::location(&facts.state, "scopes", id.as_str()));
    let reader = facts.reader();
    let seen = reader.as_ref().ok().and_then(|reader| Some((reader, reader.scope(id.as_str()).ok()?)));
    Ok(match seen {
        Some((reader, (ix, entry))) => {
            Shown { location, version: Some(entry.sequence), body: Scope::of(reader, ix, entry) }
        }
        None => Shown { location, version: None, body: Scope(json!({ "id": id })) },
    })
}

/// The version of a scope that the caller sees: of others, `If-Match` must not tell that they are there.
fn version_of(facts: &Facts, id: &ScopeId) -> Option<VersionOf> {
    facts.reader().ok()?.scope(id.as_str()).ok()?;
    let id = id.clone();
    Some(Arc::new(move |state: &AccessState| Some(state.scope_by_id(id.as_str())?.sequence)))
}
