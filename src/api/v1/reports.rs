//! Reports for auditors.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{Circumstances, Rehearsal};
use super::log::named;
use super::view::{AtLeast, When, moment};
use super::{Change, Seen, View};
use crate::api::body::Query;
use crate::api::download::download;
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::engine::Moment;
use crate::reports::{Filter, Format, Kind, Question, Report, ReportError, attempt};

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(show)).routes(routes!(export))
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
}

/// As what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct As {
    /// `csv`, `xlsx`, `html` (to be printed) or `json`
    #[param(example = "csv")]
    format: String,
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
    responses((status = 200, body = Value, description = "The report", example = json!({"report": "access", "position": 57, "events": 57,
        "columns": ["member"], "rows": []})), Failures))]
async fn show(
    State(service): State<Shared>,
    view: View,
    Path(named_in_path): Path<(String, String)>,
    Query(asked): Query<Asked>,
    Query(When { at }): Query<When>,
) -> Answer<Seen<Value>> {
    view.facts.may_replay()?;
    let question = asked.question(kind(&named_in_path.1)?, at.as_deref())?;
    let report = Report::make(&service.engine, view.facts.state.organisation(), &question).await?;
    Ok(view.seen(report.json()))
}

/// A report as a file, for who may export the audit log
///
/// The export is recorded before anything is sent, as the event `AuditExported`. The same log gives the same bytes.
#[utoipa::path(get, path = "/v1/organisations/{organisation}/reports/{report}/export", operation_id = "export_report", tag = "Reports",
    params(("organisation" = String, Path, description = "Where", example = "acme"),
        ("report" = String, Path, description = "Which one", example = "access"), As, Asked, When, Rehearsal, Circumstances),
    responses((status = 200, description = "The report", content(
        (String = "text/csv", example = json!("member,name\r\ntom,Tom Becker\r\n")),
        (String = "text/html", example = json!("<!DOCTYPE html>")),
        (Value = "application/json", example = json!({"report": "access", "position": 57, "events": 57, "columns": ["member"], "rows": []})),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", example = json!("(a workbook)")))), Failures))]
async fn export(
    State(service): State<Shared>,
    change: Change,
    Path(named_in_path): Path<(String, String)>,
    Query(written): Query<As>,
    Query(asked): Query<Asked>,
    Query(When { at }): Query<When>,
) -> Answer<Response> {
    let kind = kind(&named_in_path.1)?;
    let format = Format::named(&written.format).ok_or_else(|| {
        let detail = "a report is written as `csv`, `xlsx`, `html` or `json`";
        Problem::bad_request("bad_query", detail).field("format")
    })?;
    let question = asked.question(kind, at.as_deref())?;
    if change.facts().may_export().is_err() {
        return change.refuse_export(attempt(kind, &question.filter, format)).await;
    }
    let report = Report::make(&service.engine, change.organisation(), &question).await?;
    let bytes = report.bytes(format)?;
    let headers = download(&report.file_name(format), format.media_type());
    change.hand_out(report.export(format), (headers, bytes)).await
}

fn kind(name: &str) -> Answer<Kind> {
    Kind::named(name).ok_or_else(|| Problem::not_found("there is no such report"))
}

impl Asked {
    fn question(self, kind: Kind, at: Option<&str>) -> Answer<Question> {
        let until = match (at, named("to", self.to.as_deref())?) {
            (Some(_), Some(_)) => {
                let detail = "`at` and `to` say the same: leave one of them out";
                return Err(Problem::bad_request("two_ends", detail).field("to"));
            }
            (Some(at), None) => moment(at)?,
            (None, Some(to)) => to,
            (None, None) => Moment::Now,
        };
        let from = named("from", self.from.as_deref())?;
        Ok(Question { kind, from, until, filter: Filter { member: self.member, role: self.role } })
    }
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Engine(error) => error.into(),
            ReportError::NoPeriod(_) => Self::bad_request("no_period", error.to_string()).field("from"),
            ReportError::Reversed => Self::bad_request("ends_reversed", error.to_string()).field("to"),
            ReportError::Sheet(error) => error.into(),
        }
    }
}
