//! `/v1/organisations/{organisation}/roles`.

mod body;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use chancery_aggregates::command::RoleCommand;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::state::fold_name;
use chancery_aggregates::vocabulary::RoleId;
use chancery_aggregates::{AccessState, Command, Facts, Refusal};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::body::{DeletedRole, Role, RoleFilter, RoleList, RolePath};
pub(super) use self::body::{RoleChanges, RoleToCreate, RoleToDuplicate};
use super::change::{Changed, Circumstances, IfMatch, Preview, Rehearsal};
use super::names::{self, bounded, location};
use super::page::{Cut, Paging, Placed, cut};
use super::view::{AtLeast, When};
use super::{Change, Seen, Shown, View};
use crate::api::body::{InPath, Json, Query};
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::naming::readable_role_id;

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(show, change, delete))
        .routes(routes!(duplicate))
}

/// Lists the roles that the caller sees
#[utoipa::path(get, path = "/v1/organisations/{organisation}/roles", operation_id = "list_roles", tag = "Roles",
    params(("organisation" = String, Path, description = "Whose roles", example = "acme"), RoleFilter, When, AtLeast),
    responses((status = 200, body = RoleList, description = "A page of roles"), Failures))]
async fn list(view: View, Query(filter): Query<RoleFilter>) -> Answer<Seen<RoleList>> {
    let reader = view.facts.reader()?;
    let mut roles = reader.roles()?;
    if let Some(search) = &filter.search {
        let wanted = fold_name(search);
        let has = |text: &str| fold_name(text).contains(wanted.as_str());
        roles.retain(|(_, role)| has(&role.name) || has(role.id.as_str()));
    }
    let sort = filter.sort.unwrap_or_default();
    let placed = roles.into_iter().map(|(_, role)| Placed { key: sort.key(role), id: role.id.to_string(), item: role });
    let paging = Paging { cursor: filter.cursor, limit: filter.limit, order: filter.order };
    let of = format!("roles {sort:?} {}", filter.search.unwrap_or_default());
    let Cut { items, next } = cut(placed.collect(), &paging, &of)?;
    let items = items.into_iter().map(|role| Role::of(&view.facts.state, role)).collect();
    Ok(view.seen(RoleList { items, next }))
}

/// Makes a role
#[utoipa::path(post, path = "/v1/organisations/{organisation}/roles", operation_id = "create_role", tag = "Roles",
    params(("organisation" = String, Path, description = "Whose roles", example = "acme"), Rehearsal, Circumstances),
    request_body = RoleToCreate,
    responses((status = 201, body = Role, description = "The role"), (status = 200, body = Preview,
        description = "What would change, with `dry_run`", example = json!({"dry_run": true, "events": [], "access": [],
        "unseen": 0})), Failures))]
async fn create(change: Change, Json(body): Json<RoleToCreate>) -> Answer<Response> {
    let id = new_id(&change, body.id.as_deref(), &body.name)?;
    let commands = vec![Command::Role(id.clone(), body.command())];
    change.run(StatusCode::CREATED, commands, None, |facts| shown(facts, &id, true)).await
}

/// Makes a copy of a role: its level, its permissions and its parents
#[utoipa::path(post, path = "/v1/organisations/{organisation}/roles/{role}/duplicate", operation_id = "duplicate_role",
    tag = "Roles",
    params(("organisation" = String, Path, description = "Whose roles", example = "acme"),
        ("role" = String, Path, description = "The id of the role to copy", example = "auditor"), Rehearsal, Circumstances),
    request_body = RoleToDuplicate,
    responses((status = 201, body = Role, description = "The copy"), (status = 200, body = Preview,
        description = "What would change, with `dry_run`", example = json!({"dry_run": true, "events": [], "access": [],
        "unseen": 0})), Failures))]
async fn duplicate(
    change: Change,
    InPath(path): InPath<RolePath>,
    Json(body): Json<RoleToDuplicate>,
) -> Answer<Response> {
    let id = new_id(&change, body.id.as_deref(), &body.name)?;
    let commands = vec![Command::Role(id.clone(), body.command(&path.role))];
    change.run(StatusCode::CREATED, commands, None, |facts| shown(facts, &id, true)).await
}

/// Shows a role
#[utoipa::path(get, path = "/v1/organisations/{organisation}/roles/{role}", operation_id = "show_role", tag = "Roles",
    params(("organisation" = String, Path, description = "Whose role", example = "acme"),
        ("role" = String, Path, description = "The role's id", example = "auditor"), When, AtLeast),
    responses((status = 200, body = Role, description = "The role", headers(("etag" = String, description = "Its version"))),
        Failures))]
async fn show(view: View, InPath(path): InPath<RolePath>) -> Answer<Seen<Role>> {
    let reader = view.facts.reader()?;
    let (_, role) = reader.role(&path.role)?;
    Ok(view.seen(Role::of(&view.facts.state, role)).version(role.sequence))
}

/// Changes a role, in one step
#[utoipa::path(patch, path = "/v1/organisations/{organisation}/roles/{role}", operation_id = "change_role", tag = "Roles",
    params(("organisation" = String, Path, description = "Whose role", example = "acme"),
        ("role" = String, Path, description = "The role's id", example = "auditor"), Rehearsal, Circumstances, IfMatch),
    request_body = RoleChanges,
    responses((status = 200, body = Changed<Role>, description = "The role; with `dry_run`, what would change instead",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn change(change: Change, InPath(path): InPath<RolePath>, Json(body): Json<RoleChanges>) -> Answer<Response> {
    let id = names::role(&path.role);
    let commands: Vec<Command> =
        body.commands().into_iter().map(|command| Command::Role(id.clone(), command)).collect();
    if commands.is_empty() {
        return Err(Problem::bad_request("nothing_to_do", "the body names nothing to change"));
    }
    let version = version_of(change.facts(), &id);
    change.run(StatusCode::OK, commands, version, |facts| shown(facts, &id, false)).await
}

/// Deletes a role
#[utoipa::path(delete, path = "/v1/organisations/{organisation}/roles/{role}", operation_id = "delete_role", tag = "Roles",
    params(("organisation" = String, Path, description = "Whose role", example = "acme"),
        ("role" = String, Path, description = "The role's id", example = "auditor"), Rehearsal, Circumstances, IfMatch),
    responses((status = 200, body = Changed<DeletedRole>, description = "It is gone; with `dry_run`, what would change instead"),
        Failures))]
async fn delete(change: Change, InPath(path): InPath<RolePath>) -> Answer<Response> {
    let id = names::role(&path.role);
    let commands = vec![Command::Role(id.clone(), RoleCommand::DeleteRole)];
    let version = version_of(change.facts(), &id);
    let gone = |_: &Facts| Ok(Shown { location: None, version: None, body: DeletedRole { id: id.to_string() } });
    change.run(StatusCode::OK, commands, version, gone).await
}

/// The id that a new role is to have, else one that can be read.
pub(super) fn new_id(change: &Change, given: Option<&str>, name: &str) -> Answer<RoleId> {
    let Some(given) = given else {
        return Ok(readable_role_id(&change.facts().state, name, change.is_repeatable()));
    };
    Ok(RoleId::parse(given).map_err(|because| Refusal::bad_id(Thing::Role, &bounded(given), because))?)
}

/// A role as it is after a change.
fn shown(facts: &Facts, id: &RoleId, new: bool) -> Answer<Shown<Role>> {
    let (_, role) = facts.find_role(id.as_str())?;
    let location = new.then(|| location(&facts.state, "roles", id.as_str()));
    Ok(Shown { location, version: Some(role.sequence), body: Role::of(&facts.state, role) })
}

/// The version of a role that the caller sees: of others, `If-Match` must not tell that they are there.
fn version_of(facts: &Facts, id: &RoleId) -> Option<super::change::VersionOf> {
    facts.reader().ok()?.role(id.as_str()).ok()?;
    let id = id.clone();
    Some(Arc::new(move |state: &AccessState| Some(state.role(state.role_ix(id.as_str())?)?.sequence)))
}
