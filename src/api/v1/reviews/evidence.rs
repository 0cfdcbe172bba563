//! The evidence of a review.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;
use serde::Deserialize;
use std::io::Write;
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bodies::ReviewPath;
use crate::api::body::{InPath, Query};
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::api::v1::View;
use crate::api::v1::view::AtLeast;
use crate::review::{Evidence, Sheet, write};
use crate::views::review::find;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(evidence))
}

/// As what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct As {
    /// `json`, `html` (to be printed), `csv` or `xlsx`; JSON where nothing is said
    #[param(nullable = false)]
    format: Option<String>,
}

/// The evidence of a review: what was looked at, decided and carried out, and what proves it
#[utoipa::path(get, path = "/v1/organisations/{organisation}/reviews/{review}/evidence", operation_id = "review_evidence",
    tag = "Reviews", params(ReviewPath, As, AtLeast),
    responses((status = 200, description = "The evidence", content(
        (serde_json::Value = "application/json", example = json!({"format": "chancery-review-evidence/1", "lines": []})),
        (String = "text/html", example = json!("<!DOCTYPE html>")),
        (String = "text/csv", example = json!("line,member\r\n1,mei\r\n")),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", example = json!("(a workbook)")))), Failures))]
async fn evidence(
    State(service): State<Shared>,
    view: View,
    InPath(path): InPath<ReviewPath>,
    Query(wanted): Query<As>,
) -> Answer<Response> {
    view.facts.may_review()?;
    let entry = find(&view.facts, &path.review)?;
    let sheet = match wanted.format.as_deref() {
        None | Some("json" | "html") => None,
        Some("csv") => Some((Sheet::Csv, "text/csv")),
        Some("xlsx") => Some((Sheet::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
        Some(_) => {
            let detail = "evidence is written as `json`, `html`, `csv` or `xlsx`";
            return Err(Problem::bad_request("bad_query", detail).field("format"));
        }
    };
    let evidence = Evidence::of(&service.engine, &view.facts, entry).await?;
    Ok(match (sheet, wanted.format.as_deref()) {
        (Some((sheet, kind)), _) => {
            let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
            (kind, table(&evidence, sheet)?).into_response()
        }
        (None, Some("html")) => axum::response::Html(evidence.html()).into_response(),
        (None, _) => axum::Json(evidence.json()).into_response(),
    })
}

/// Bytes that a writer owns and its maker reads afterwards.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn table(evidence: &Evidence, sheet: Sheet) -> Answer<Vec<u8>> {
    let kept = Kept::default();
    write(evidence, sheet, Box::new(kept.clone())).map_err(|error| {
        tracing::error!(%error, "a table was not written");
        Problem::internal()
    })?;
    let bytes = std::mem::take(&mut *kept.0.lock());
    Ok(bytes)
}
