//! `/v1/organisations/{organisation}/owner`.

use axum::http::StatusCode;
use axum::response::Response;
use chancery_aggregates::Command;
use chancery_aggregates::command::OrganisationCommand;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{Changed, Circumstances, Rehearsal};
use super::members::{self, Member};
use super::{Change, names};
use crate::api::body::Json;
use crate::api::failures::Failures;
use crate::api::problem::Answer;
use crate::api::service::Shared;

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(transfer))
}

/// Who is to hold the role that has exactly one holder
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "hugo"}))]
pub(super) struct Transfer {
    /// The id of the new holder
    to: String,
}

impl Transfer {
    pub(super) fn command(&self) -> Command {
        Command::Organisation(OrganisationCommand::TransferOwner { to: names::member(&self.to) })
    }
}

/// Hands the role with exactly one holder to another member
#[utoipa::path(post, path = "/v1/organisations/{organisation}/owner", operation_id = "transfer_owner", tag = "Organisations",
    params(("organisation" = String, Path, description = "Whose owner", example = "acme"), Rehearsal, Circumstances),
    request_body = Transfer,
    responses((status = 200, body = Changed<Member>, description = "The new holder; with `dry_run`, what would change instead"),
        Failures))]
async fn transfer(change: Change, Json(body): Json<Transfer>) -> Answer<Response> {
    let to = names::member(&body.to);
    let commands = vec![body.command()];
    change.run(StatusCode::OK, commands, None, |facts| members::shown(facts, &to, false)).await
}
