//! The documents that an account type asks for.

use axum::response::Response;
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::vocabulary::{DocumentKind, Time};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Member;
use super::{MemberPath, run};
use crate::api::body::{InPath, Json};
use crate::api::failures::Failures;
use crate::api::problem::Answer;
use crate::api::service::Shared;
use crate::api::v1::change::{Changed, Circumstances, IfMatch, Rehearsal};
use crate::api::v1::{Change, names};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .routes(routes!(submit))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(expire))
}

/// Which document of a member.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct DocumentPath {
    /// Whose member
    #[param(example = "acme")]
    organisation: String,
    /// The member's id
    #[param(example = "mei")]
    member: String,
    /// Which document; the profile lists what is asked for
    #[param(example = "licence")]
    document: String,
}

/// A document that is handed in
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reference": "store/4711"}))]
pub(in crate::api::v1) struct Submission {
    /// Where it is kept
    #[schema(nullable = false)]
    reference: Option<String>,
}

/// A document that is accepted
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expires": "2027-01-01T00:00:00Z"}))]
pub(in crate::api::v1) struct Approval {
    /// First instant at which it no longer counts
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Time>,
}

impl Submission {
    pub(in crate::api::v1) fn command(self, document: DocumentKind) -> MemberCommand {
        MemberCommand::SubmitDocument { document, reference: self.reference.map(Into::into) }
    }
}

impl Approval {
    pub(in crate::api::v1) fn command(self, document: DocumentKind) -> MemberCommand {
        MemberCommand::ApproveDocument { document, expires: self.expires }
    }
}

impl DocumentPath {
    fn kind(&self) -> DocumentKind {
        names::document(&self.document)
    }

    async fn run(self, change: Change, command: MemberCommand) -> Answer<Response> {
        let path = MemberPath { organisation: self.organisation, member: self.member };
        run(change, &path, vec![command]).await
    }
}

/// Hands a document in
#[utoipa::path(post, path = "/v1/organisations/{organisation}/members/{member}/documents/{document}",
    operation_id = "submit_document", tag = "Documents", params(DocumentPath, Rehearsal, Circumstances, IfMatch),
    request_body = Submission,
    responses((status = 200, body = Changed<Member>, description = "The member; with `dry_run`, what would change instead"), Failures))]
async fn submit(change: Change, InPath(path): InPath<DocumentPath>, Json(body): Json<Submission>) -> Answer<Response> {
    let command = body.command(path.kind());
    path.run(change, command).await
}

/// Accepts a document
#[utoipa::path(post, path = "/v1/organisations/{organisation}/members/{member}/documents/{document}/approve",
    operation_id = "approve_document", tag = "Documents", params(DocumentPath, Rehearsal, Circumstances, IfMatch),
    request_body = Approval,
    responses((status = 200, body = Changed<Member>, description = "The member; with `dry_run`, what would change instead"), Failures))]
async fn approve(change: Change, InPath(path): InPath<DocumentPath>, Json(body): Json<Approval>) -> Answer<Response> {
    let command = body.command(path.kind());
    path.run(change, command).await
}

/// Turns a document down
#[utoipa::path(post, path = "/v1/organisations/{organisation}/members/{member}/documents/{document}/reject",
    operation_id = "reject_document", tag = "Documents", params(DocumentPath, Rehearsal, Circumstances, IfMatch),
    responses((status = 200, body = Changed<Member>, description = "The member; with `dry_run`, what would change instead"), Failures))]
async fn reject(change: Change, InPath(path): InPath<DocumentPath>) -> Answer<Response> {
    let command = MemberCommand::RejectDocument { document: path.kind() };
    path.run(change, command).await
}

/// Records that a document's time is over
#[utoipa::path(post, path = "/v1/organisations/{organisation}/members/{member}/documents/{document}/expire",
    operation_id = "expire_document", tag = "Documents", params(DocumentPath, Rehearsal, Circumstances, IfMatch),
    responses((status = 200, body = Changed<Member>, description = "The member; with `dry_run`, what would change instead"), Failures))]
async fn expire(change: Change, InPath(path): InPath<DocumentPath>) -> Answer<Response> {
    let command = MemberCommand::ExpireDocument { document: path.kind() };
    path.run(change, command).await
}
