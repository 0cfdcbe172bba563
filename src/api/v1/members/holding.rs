//! What a member holds: roles, scope, direct toggles.

use axum::response::Response;
use chancery_aggregates::command::MemberCommand;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Member, RoleToAssign, ScopeToSet};
use super::{MemberPath, run};
use crate::api::body::{InPath, Json, Query};
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::api::v1::change::{Changed, Circumstances, IfMatch, Rehearsal};
use crate::api::v1::{Change, names};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .routes(routes!(assign))
        .routes(routes!(unassign))
        .routes(routes!(change_scope))
        .routes(routes!(toggle))
}

/// Which role of a member.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct HeldRolePath {
    /// Whose member
    #[param(example = "acme")]
    organisation: String,
    /// The member's id
    #[param(example = "mei")]
    member: String,
    /// The role's id
    #[param(example = "viewer")]
    role: String,
}

/// Which of several assignments of a role.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HeldIn {
    /// The scope that the role is held in; without it, the one that counts in the member's own scope
    #[param(nullable = false)]
    scope: Option<String>,
}

/// Permissions to allow or withhold directly: all of it happens, or nothing
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"allow": ["assets.view"], "withhold": ["tags.create"], "clear": []}))]
pub(in crate::api::v1) struct Toggles {
    /// Permissions to allow, whatever the roles
    #[serde(default)]
    allow: Vec<String>,
    /// Permissions to withhold: this wins over every role
    #[serde(default)]
    withhold: Vec<String>,
    /// Permissions whose direct toggle is taken back
    #[serde(default)]
    clear: Vec<String>,
}

/// Gives a role, or changes from when until when it counts
#[utoipa::path(post, path = "/v1/organisations/{organisation}/members/{member}/assignments",
    operation_id = "assign_role", tag = "Members", params(MemberPath, Rehearsal, Circumstances, IfMatch),
    request_body = RoleToAssign,
    responses((status = 200, body = Changed<Member>, description = "The member; with `dry_run`, what would change instead"), Failures))]
async fn assign(change: Change, InPath(path): InPath<MemberPath>, Json(body): Json<RoleToAssign>) -> Answer<Response> {
    run(change, &path, vec![body.command()]).await
}

/// Takes a role away
#[utoipa::path(delete, path = "/v1/organisations/{organisation}/members/{member}/assignments/{role}",
    operation_id = "unassign_role", tag = "Members",
    params(HeldRolePath, HeldIn, Rehearsal, Circumstances, IfMatch),
    responses((status = 200, body = Changed<Member>, description = "The member; with `dry_run`, what would change instead"), Failures))]
async fn unassign(change: Change, InPath(path): InPath<HeldRolePath>, Query(held): Query<HeldIn>) -> Answer<Response> {
    let role = names::role(&path.role);
    let command = MemberCommand::UnassignRole { role, scope: held.scope.as_deref().map(names::scope) };
    let path = MemberPath { organisation: path.organisation, member: path.member };
    run(change, &path, vec![command]).await
}

/// Changes where a member's roles work
#[utoipa::path(put, path = "/v1/organisations/{organisation}/members/{member}/scope",
    operation_id = "change_member_scope", tag = "Members", params(MemberPath, Rehearsal, Circumstances, IfMatch),
    request_body = ScopeToSet,
    responses((status = 200, body = Changed<Member>, description = "The member; with `dry_run`, what would change instead"), Failures))]
async fn change_scope(
    change: Change,
    InPath(path): InPath<MemberPath>,
    Json(body): Json<ScopeToSet>,
) -> Answer<Response> {
    let command = MemberCommand::ChangeScope { scope: body.choice()? };
    run(change, &path, vec![command]).await
}

/// Allows, withholds and clears several permissions directly, in one step
#[utoipa::path(post, path = "/v1/organisations/{organisation}/members/{member}/toggles",
    operation_id = "toggle_permissions", tag = "Members", params(MemberPath, Rehearsal, Circumstances, IfMatch),
    request_body = Toggles,
    responses((status = 200, body = Changed<Member>, description = "The member; with `dry_run`, what would change instead"), Failures))]
async fn toggle(change: Change, InPath(path): InPath<MemberPath>, Json(body): Json<Toggles>) -> Answer<Response> {
    let commands = body.commands()?;
    if commands.is_empty() {
        return Err(Problem::bad_request("nothing_to_do", "the body names no permission"));
    }
    run(change, &path, commands).await
}

impl Toggles {
    pub(in crate::api::v1) fn commands(&self) -> Answer<Vec<MemberCommand>> {
        let mut named = std::collections::BTreeSet::new();
        let all = self.allow.iter().chain(&self.withhold).chain(&self.clear);
        if let Some(twice) = all.into_iter().find(|key| !named.insert(key.as_str())) {
            let detail = format!("`{}` is named twice: say one thing about it", names::bounded(twice));
            return Err(Problem::bad_request("bad_body", detail).field("permissions"));
        }
        let toggle = |key: &String, allowed| MemberCommand::ToggleMemberPermission {
            permission: names::permission(key),
            allowed,
        };
        let clear = |key: &String| MemberCommand::ClearMemberPermission { permission: names::permission(key) };
        let allowed = self.allow.iter().map(|key| toggle(key, true));
        let withheld = self.withhold.iter().map(|key| toggle(key, false));
        Ok(self.clear.iter().map(clear).chain(allowed).chain(withheld).collect())
    }
}
