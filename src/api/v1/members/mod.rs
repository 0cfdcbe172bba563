//! `/v1/organisations/{organisation}/members`.

mod body;
mod documents;
mod holding;
mod list;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::vocabulary::MemberId;
use chancery_aggregates::{AccessState, Command, Facts};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) use self::body::{Member, MemberChanges, MemberToAdd, RoleToAssign, ScopeToSet};
pub(super) use self::documents::{Approval, Submission};
pub(super) use self::holding::Toggles;
use super::change::{Changed, Circumstances, IfMatch, Preview, Rehearsal, VersionOf};
use super::view::{AtLeast, When};
use super::{Change, Seen, Shown, View, names};
use crate::api::body::{InPath, Json};
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .routes(routes!(list::list, add))
        .routes(routes!(show, change, remove))
        .merge(holding::routes())
        .merge(documents::routes())
}

/// Which member.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct MemberPath {
    /// Whose member
    #[param(example = "acme")]
    #[allow(dead_code, reason = "the extractors of the organisation read it")]
    organisation: String,
    /// The member's id
    #[param(example = "mei")]
    pub(super) member: String,
}

/// Adds a person or a program, with scope and roles in one step
#[utoipa::path(post, path = "/v1/organisations/{organisation}/members", operation_id = "add_member", tag = "Members",
    params(("organisation" = String, Path, description = "To which", example = "acme"), Rehearsal, Circumstances),
    request_body = MemberToAdd,
    responses((status = 201, body = Member, description = "The member"), (status = 200, body = Preview,
        description = "What would change, with `dry_run`", example = json!({"dry_run": true, "events": [], "access": [],
        "unseen": 0})), Failures))]
async fn add(change: Change, Json(body): Json<MemberToAdd>) -> Answer<Response> {
    let id = body.id()?;
    let commands = commands(&id, body.commands()?);
    change.run(StatusCode::CREATED, commands, None, |facts| shown(facts, &id, true)).await
}

/// Shows a member: account, roles, scope, direct toggles, documents
#[utoipa::path(get, path = "/v1/organisations/{organisation}/members/{member}", operation_id = "show_member", tag = "Members",
    params(MemberPath, When, AtLeast),
    responses((status = 200, body = Member, description = "The member",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn show(view: View, InPath(path): InPath<MemberPath>) -> Answer<Seen<Member>> {
    let reader = view.facts.reader()?;
    let (ix, entry) = reader.member(&path.member)?;
    Ok(view.seen(Member::of(&reader, ix, entry)).version(entry.sequence))
}

/// Changes details, account type and status, in one step
#[utoipa::path(patch, path = "/v1/organisations/{organisation}/members/{member}", operation_id = "change_member",
    tag = "Members", params(MemberPath, Rehearsal, Circumstances, IfMatch), request_body = MemberChanges,
    responses((status = 200, body = Changed<Member>, description = "The member; with `dry_run`, what would change instead",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn change(change: Change, InPath(path): InPath<MemberPath>, Json(body): Json<MemberChanges>) -> Answer<Response> {
    let before = change.facts().state.member_by_id(&path.member).map(|entry| entry.details.clone());
    let wanted = body.commands(&before.unwrap_or_default());
    if wanted.is_empty() {
        return Err(Problem::bad_request("nothing_to_do", "the body names nothing to change"));
    }
    run(change, &path, wanted).await
}

/// Ends a membership for good
#[utoipa::path(delete, path = "/v1/organisations/{organisation}/members/{member}", operation_id = "remove_member",
    tag = "Members", params(MemberPath, Rehearsal, Circumstances, IfMatch),
    responses((status = 200, body = Changed<Member>, description = "The member who has left; with `dry_run`, what would change instead"),
        Failures))]
async fn remove(change: Change, InPath(path): InPath<MemberPath>) -> Answer<Response> {
    run(change, &path, vec![MemberCommand::RemoveMember]).await
}

/// Gives commands to a member, in one step, and shows the member afterwards.
async fn run(change: Change, path: &MemberPath, wanted: Vec<MemberCommand>) -> Answer<Response> {
    let id = names::member(&path.member);
    let version = version_of(change.facts(), &id);
    change.run(StatusCode::OK, commands(&id, wanted), version, |facts| shown(facts, &id, false)).await
}

pub(super) fn commands(id: &MemberId, commands: Vec<MemberCommand>) -> Vec<Command> {
    commands.into_iter().map(|command| Command::Member(id.clone(), command)).collect()
}

/// A member after a change. Who made it may see the member no longer: then only the id is told.
pub(super) fn shown(facts: &Facts, id: &MemberId, new: bool) -> Answer<Shown<Member>> {
    let location = new.then(|| names::location(&facts.state, "members", id.as_str()));
    let reader = facts.reader();
    let seen = reader.as_ref().ok().and_then(|reader| Some((reader, reader.member(id.as_str()).ok()?)));
    Ok(match seen {
        Some((reader, (ix, entry))) => {
            Shown { location, version: Some(entry.sequence), body: Member::of(reader, ix, entry) }
        }
        None => Shown { location, version: None, body: Member::unseen(id) },
    })
}

/// The version of a member whom the caller sees: of others, `If-Match` must not tell that they are there.
pub(super) fn version_of(facts: &Facts, id: &MemberId) -> Option<VersionOf> {
    facts.reader().ok()?.member(id.as_str()).ok()?;
    let id = id.clone();
    Some(Arc::new(move |state: &AccessState| Some(state.member_by_id(id.as_str())?.sequence)))
}
