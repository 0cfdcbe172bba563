//! The evidence of a review.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bodies::ReviewPath;
use crate::api::body::{InPath, Query};
use crate::api::download::download;
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::api::v1::change::{Circumstances, Rehearsal};
use crate::api::v1::view::AtLeast;
use crate::api::v1::{Change, Seen, View};
use crate::reports::Format;
use crate::review::{Evidence, attempt};
use crate::views::review::find;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(show)).routes(routes!(export))
}

/// As what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct As {
    /// `csv`, `xlsx`, `html` (to be printed) or `json`
    #[param(example = "csv")]
    format: String,
}

/// The evidence of a review: what was looked at, decided and carried out, and what proves it
#[utoipa::path(get, path = "/v1/organisations/{organisation}/reviews/{review}/evidence", operation_id = "review_evidence",
    tag = "Reviews", params(ReviewPath, AtLeast),
    responses((status = 200, body = Value, description = "The evidence",
        example = json!({"format": "chancery-review-evidence/1", "lines": []})), Failures))]
async fn show(State(service): State<Shared>, view: View, InPath(path): InPath<ReviewPath>) -> Answer<Seen<Value>> {
    view.facts.may_review()?;
    let entry = find(&view.facts, &path.review)?;
    let evidence = Evidence::of(&service.engine, &view.facts, entry).await?;
    Ok(view.seen(evidence.json()))
}

/// The evidence of a review as a file, for who may export the audit log
///
/// The export is recorded before anything is sent, as the event `AuditExported`.
#[utoipa::path(get, path = "/v1/organisations/{organisation}/reviews/{review}/evidence/export",
    operation_id = "export_review_evidence", tag = "Reviews", params(ReviewPath, As, Rehearsal, Circumstances),
    responses((status = 200, description = "The evidence", content(
        (String = "text/csv", example = json!("line,member\r\n1,mei\r\n")),
        (String = "text/html", example = json!("<!DOCTYPE html>")),
        (Value = "application/json", example = json!({"format": "chancery-review-evidence/1", "lines": []})),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", example = json!("(a workbook)")))), Failures))]
async fn export(
    State(service): State<Shared>,
    change: Change,
    InPath(path): InPath<ReviewPath>,
    Query(written): Query<As>,
) -> Answer<Response> {
    let format = Format::named(&written.format).ok_or_else(|| {
        let detail = "evidence is written as `csv`, `xlsx`, `html` or `json`";
        Problem::bad_request("bad_query", detail).field("format")
    })?;
    let facts = change.facts();
    if facts.may_export().is_err() {
        return change.refuse_export(attempt(&path.review, format.as_str())).await;
    }
    facts.may_review()?;
    let evidence = Evidence::of(&service.engine, facts, find(facts, &path.review)?).await?;
    let file = (download(&evidence.file_name(format), format.media_type()), evidence.bytes(format)?);
    change.hand_out(evidence.export(format.as_str()), file).await
}
