//! `/v1/organisations/{organisation}/roles`.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use chancery_aggregates::command::{NewRole, RoleCommand};
use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::state::{RoleEntry, fold_name};
use chancery_aggregates::vocabulary::{PermissionKey, RoleId, Time};
use chancery_aggregates::{AccessState, Command, Facts, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{Changed, Circumstances, IfMatch, Preview, Rehearsal};
use super::names::{bounded, location, present};
use super::page::{Cut, Order, Paging, Placed, cut, number_key};
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

/// A named bundle of permissions
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "auditor", "name": "Auditor", "description": "Reads everything", "level": 40, "kind": "custom",
    "locked": false, "everywhere": false, "permissions": ["invoice.read"], "effective_permissions": ["invoice.read"],
    "inherits": [], "users": 2, "created": "2026-03-03T14:30:00Z", "created_position": 17,
    "modified": "2026-03-03T14:30:00Z", "modified_position": 17, "version": 1
}))]
struct Role {
    /// Never changes
    id: String,
    /// What people call it; unique whatever its case
    name: String,
    /// What it is for
    description: String,
    /// `#rrggbb`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    colour: Option<String>,
    /// Where roles have levels: a smaller number outranks a greater one
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    level: Option<u16>,
    kind: RoleKind,
    /// Whether it cannot be changed
    locked: bool,
    /// Whether it reaches the whole organisation, whatever the holder's scope
    everywhere: bool,
    /// Its own permissions
    permissions: Vec<String>,
    /// Its own permissions and those that it inherits
    effective_permissions: Vec<String>,
    /// The ids of the roles that it inherits from
    inherits: Vec<String>,
    /// How many members hold it
    users: usize,
    /// When it was created
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    /// The position of its creation
    created_position: u64,
    /// When it was last changed
    #[schema(value_type = String, format = DateTime)]
    modified: Time,
    /// The position of its last change
    modified_position: u64,
    /// Counts its changes; the `ETag` is the same number
    version: u64,
}

/// Where a role comes from, and how it is given
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum RoleKind {
    /// Given by the product itself
    System,
    /// Has one holder, and moves by transfer
    Owner,
    /// From the profile
    BuiltIn,
    /// Made here
    Custom,
}

/// Roles, and where the next page begins
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next": null}))]
struct RoleList {
    items: Vec<Role>,
    /// The cursor of the next page; null after the last
    next: Option<String>,
}

/// By what roles are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RoleSort {
    #[default]
    Name,
    Created,
    Modified,
    Users,
    Level,
}

/// Which roles.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RoleFilter {
    /// Only roles with this in their name or id
    #[param(nullable = false)]
    search: Option<String>,
    /// By what to sort; by name where nothing is said
    #[param(nullable = false, inline)]
    sort: Option<RoleSort>,
    // `serde(flatten)` cannot read numbers from a query.
    /// `next` of the page before
    #[param(nullable = false)]
    cursor: Option<String>,
    /// The most items to answer, 1 to 1,000; 100 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Which way round; `asc` where nothing is said
    #[param(nullable = false, inline)]
    order: Option<Order>,
}

/// A role to be
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Auditor", "description": "Reads everything", "permissions": ["invoice.read"]}))]
struct RoleToCreate {
    /// Its id, which never changes; made from the name where it is left out
    #[schema(nullable = false)]
    id: Option<String>,
    /// What people call it; no other role may have the name
    name: String,
    /// What it is for
    #[serde(default)]
    description: String,
    /// `#rrggbb`
    #[schema(nullable = false)]
    colour: Option<String>,
    /// Its level, where roles have levels
    #[schema(nullable = false)]
    level: Option<u16>,
    /// Its own permissions
    #[serde(default)]
    permissions: Vec<String>,
    /// The ids of roles whose permissions it has as well, now and later
    #[serde(default)]
    inherits: Vec<String>,
}

/// A copy to be: it has the level, the permissions and the parents of the role that is copied
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Night auditor"}))]
struct RoleToDuplicate {
    /// Its id, which never changes; made from the name where it is left out
    #[schema(nullable = false)]
    id: Option<String>,
    /// What people call it; no other role may have the name
    name: String,
}

/// What is to be different; what is left out stays as it is. All of it happens, or nothing
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "External auditor", "allow": ["invoice.read"], "deny": ["invoice.approve"]}))]
struct RoleChanges {
    /// Its name from now on
    #[schema(nullable = false)]
    name: Option<String>,
    /// What it is for
    #[schema(nullable = false)]
    description: Option<String>,
    /// `#rrggbb`; null takes the colour away
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    colour: Option<Option<String>>,
    /// Its level from now on
    #[schema(nullable = false)]
    level: Option<u16>,
    /// The ids of the roles that it inherits from, and no others
    #[schema(nullable = false)]
    inherits: Option<Vec<String>>,
    /// Permissions to switch on
    #[serde(default)]
    allow: Vec<String>,
    /// Permissions to switch off
    #[serde(default)]
    deny: Vec<String>,
    /// Whether it can no longer be changed
    #[schema(nullable = false)]
    locked: Option<bool>,
}

/// Which role.
#[derive(Debug, Deserialize)]
struct RolePath {
    role: String,
}

/// A role that is gone
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "auditor"}))]
struct DeletedRole {
    id: String,
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
    let new = NewRole {
        name: body.name.into(),
        description: body.description,
        colour: body.colour.map(Into::into),
        level: body.level,
        permissions: keys(&body.permissions),
        inherits: ids(&body.inherits),
        built_in: None,
    };
    let commands = vec![Command::Role(id.clone(), RoleCommand::CreateRole(Box::new(new)))];
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
    let source = RoleId::known(bounded(&path.role));
    let commands = vec![Command::Role(id.clone(), RoleCommand::DuplicateRole { source, name: body.name.into() })];
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
    let id = RoleId::known(bounded(&path.role));
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
    let id = RoleId::known(bounded(&path.role));
    let commands = vec![Command::Role(id.clone(), RoleCommand::DeleteRole)];
    let version = version_of(change.facts(), &id);
    let gone = |_: &Facts| Ok(Shown { location: None, version: None, body: DeletedRole { id: id.to_string() } });
    change.run(StatusCode::OK, commands, version, gone).await
}

impl RoleSort {
    fn key(self, role: &RoleEntry) -> String {
        match self {
            Self::Name => fold_name(&role.name).into(),
            Self::Created => number_key(role.created.position),
            Self::Modified => number_key(role.modified.position),
            Self::Users => number_key(role.holders.len() as u64),
            Self::Level => number_key(role.level.unwrap_or(u16::MAX).into()),
        }
    }
}

impl RoleChanges {
    /// One command for each thing that is to be different. Unlocking comes first and locking last, so
    /// that a locked role can be changed in one step by those who may unlock it.
    fn commands(self) -> Vec<RoleCommand> {
        let toggles = !self.allow.is_empty() || !self.deny.is_empty();
        let toggle = || RoleCommand::TogglePermissions { allow: keys(&self.allow), deny: keys(&self.deny) };
        [
            (self.locked == Some(false)).then_some(RoleCommand::UnlockRole),
            self.name.map(|name| RoleCommand::RenameRole { name: name.into() }),
            self.description.map(|description| RoleCommand::DescribeRole { description }),
            self.colour.map(|colour| RoleCommand::RecolourRole { colour: colour.map(Into::into) }),
            self.level.map(|level| RoleCommand::ChangeRoleLevel { level }),
            self.inherits.map(|parents| RoleCommand::InheritFrom { parents: ids(&parents) }),
            toggles.then(toggle),
            (self.locked == Some(true)).then_some(RoleCommand::LockRole),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Role {
    fn of(state: &AccessState, role: &RoleEntry) -> Self {
        let keys = |set| -> Vec<String> {
            let keys = state.profile().map(|profile| profile.keys(set)).unwrap_or_default();
            keys.iter().map(ToString::to_string).collect()
        };
        Self {
            id: role.id.to_string(),
            name: role.name.to_string(),
            description: role.description.clone(),
            colour: role.colour.as_ref().map(ToString::to_string),
            level: role.level,
            kind: match (role.assigned, role.built_in) {
                (AssignedBy::System, _) => RoleKind::System,
                (AssignedBy::Transfer, _) => RoleKind::Owner,
                (AssignedBy::Hand, true) => RoleKind::BuiltIn,
                (AssignedBy::Hand, false) => RoleKind::Custom,
            },
            locked: role.locked,
            everywhere: role.everywhere,
            permissions: keys(&role.own),
            effective_permissions: keys(&role.effective),
            inherits: role.inherits.iter().map(|parent| state.cite_role(*parent).id.to_string()).collect(),
            users: role.holders.len(),
            created: role.created.time,
            created_position: role.created.position,
            modified: role.modified.time,
            modified_position: role.modified.position,
            version: role.sequence,
        }
    }
}

/// The id that a new role is to have, else one that can be read.
fn new_id(change: &Change, given: Option<&str>, name: &str) -> Answer<RoleId> {
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

fn keys(texts: &[String]) -> Vec<PermissionKey> {
    texts.iter().map(|text| PermissionKey::known(bounded(text))).collect()
}

fn ids(texts: &[String]) -> Vec<RoleId> {
    texts.iter().map(|text| RoleId::known(bounded(text))).collect()
}
