//! Reports for auditors.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::log::named;
use super::view::{AtLeast, When, moment};
use super::{Seen, View};
use crate::api::body::Query;
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::engine::Moment;
use crate::reports::{Filter, Format, Kind, Question, Report, ReportError};

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(show))
}

/// Which rows, of which time, and as what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// From this time on, or after this position, for reports about a period; without it, from the beginning of the log
    #[param(nullable = false)]
    from: Option<String>,
    /// Up to this time or position, for reports about a period; without it, up to now
    #[param(nullable = false)]
    to: Option<String>,
    /// Only what is about this member
    #[param(nullable = false)]
    member: Option<String>,
    /// Only what is about this role
    #[param(nullable = false)]
    role: Option<String>,
    /// `json` where nothing is said; `csv`, `xlsx` or `html`
    #[param(nullable = false, example = "csv")]
    format: Option<String>,
}

/// The reports that there are
#[utoipa::path(get, path = "/v1/organisations/{organisation}/reports", operation_id = "list_reports", tag = "Reports",
    params(("organisation" = String, Path, description = "Where", example = "acme"), AtLeast),
    responses((status = 200, body = Value, description = "The reports, and what each answers", example = json!({"items":
        [{"report": "access", "title": "Access", "answers": "Who held which role", "about": "instant"}]})), Failures))]
async fn list(view: View) -> Answer<Seen<Value>> {
    view.facts.may_replay()?;
    let about = |kind: Kind| if kind.is_of_period() { "period" } else { "instant" };
    let items: Vec<Value> = Kind::ALL
        .iter()
        .map(|kind| json!({ "report": kind, "title": kind.title(), "answers": kind.answers(), "about": about(*kind) }))
        .collect();
    Ok(view.seen(json!({ "items": items })))
}

/// A report, with the position and the root of the log that it is a function of; for who may read all of the log
///
/// The same log gives the same bytes.
#[utoipa::path(get, path = "/v1/organisations/{organisation}/reports/{report}", operation_id = "show_report", tag = "Reports",
    params(("organisation" = String, Path, description = "Where", example = "acme"),
        ("report" = String, Path, description = "Which one", example = "access"), Asked, When, AtLeast),
    responses((status = 200, description = "The report", content(
        (Value = "application/json", example = json!({"report": "access", "position": 57, "events": 57, "columns": ["member"], "rows": []})),
        (String = "text/csv", example = json!("member,name\r\ntom,Tom Becker\r\n")),
        (String = "text/html", example = json!("<!DOCTYPE html>")),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", example = json!("(a workbook)")))), Failures))]
async fn show(
    State(service): State<Shared>,
    view: View,
    Path(named_in_path): Path<(String, String)>,
    Query(asked): Query<Asked>,
    Query(When { at }): Query<When>,
) -> Answer<Response> {
    view.facts.may_replay()?;
    let kind = Kind::named(&named_in_path.1).ok_or_else(|| Problem::not_found("there is no such report"))?;
    let format = match asked.format.as_deref() {
        None => Format::Json,
        Some(name) => Format::named(name).ok_or_else(|| {
            let detail = "a report is written as `json`, `csv`, `xlsx` or `html`";
            Problem::bad_request("bad_query", detail).field("format")
        })?,
    };
    let until = match (at, named("to", asked.to.as_deref())?) {
        (Some(_), Some(_)) => {
            return Err(
                Problem::bad_request("two_ends", "`at` and `to` say the same: leave one of them out").field("to")
            );
        }
        (Some(at), None) => moment(&at)?,
        (None, Some(to)) => to,
        (None, None) => Moment::Now,
    };
    let question = Question {
        kind,
        from: named("from", asked.from.as_deref())?,
        until,
        filter: Filter { member: asked.member, role: asked.role },
    };
    let organisation = view.facts.state.organisation().clone();
    let report = Report::make(&service.engine, &organisation, &question).await?;
    if format == Format::Json {
        return Ok(view.seen(report.json()).into_response());
    }
    let name =
        format!("attachment; filename=\"{organisation}-{}-{}.{}\"", kind.name(), report.position, format.as_str());
    let disposition = HeaderValue::from_str(&name).unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, report.bytes(format)?).into_response())
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Engine(error) => error.into(),
            ReportError::NoPeriod(_) => Self::bad_request("no_period", error.to_string()).field("from"),
            ReportError::Reversed => Self::bad_request("ends_reversed", error.to_string()).field("to"),
            ReportError::Sheet(error) => {
                tracing::error!(%error, "a report could not be written");
                Self::unavailable("not_written", "the report cannot be written now: see the service's log")
            }
        }
    }
}
