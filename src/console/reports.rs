//! Reports for auditors: on the page, to be printed, and as files.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use maud::{Markup, html};

use super::export::files;
use super::form::{Deed, Fields};
use super::fragments::count;
use super::oops::Oops;
use super::page::Section;
use super::visit::Visit;
use crate::api::download::download;
use crate::api::problem::Problem;
use crate::api::service::Shared;
use crate::cli::time::{Edge, Point};
use crate::engine::Moment;
use crate::reports::{Filter, Format, Kind, Question, Report, attempt, table};

/// Rows that a page shows; the files have all of them.
const ROWS: usize = 500;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/{organisation}/reports", get(list))
        .route("/{organisation}/reports/{report}", get(show))
        .route("/{organisation}/reports/{report}/file", post(file))
}

async fn list(visit: Visit) -> Result<Response, Oops> {
    visit.head.may_replay()?;
    let content = html! {
        h1 { "Reports" }
        p.quiet { "Each is worked out from the log, and says up to which position, with the root of the log there." }
        dl.reports { @for kind in Kind::ALL {
            dt { a href=(visit.link(&format!("/reports/{}", kind.name()))) { (kind.title()) } }
            dd { (kind.answers()) "." }
        } }
    };
    Ok(visit.page(Section::Reports, "Reports", &content))
}

async fn show(visit: Visit, Path((_, report)): Path<(String, String)>) -> Result<Response, Oops> {
    let kind = Kind::named(&report).ok_or_else(Oops::nothing)?;
    let report = made(&visit, kind).await?;
    let content = html! {
        h1 { (kind.title()) }
        p { (kind.answers()) "." }
        (form(&visit, kind))
        (files(&visit, &format!("/reports/{}/file", kind.name())))
        dl.facts { @for (name, value) in report.facts().into_iter().filter(|(name, _)| !matches!(*name, "report" | "answers")) {
            div { dt { (name) } dd { (value) } }
        } }
        section.answer aria-labelledby="rows" {
            h2 id="rows" { (count(report.table.rows.len(), "row")) }
            div.scroll.report tabindex="0" role="group" aria-label="Rows" { (table(&report, ROWS)) }
            @if report.table.rows.len() > ROWS { p.quiet { "and " (count(report.table.rows.len() - ROWS, "more row")) ": the files have all of them." } }
        }
    };
    Ok(visit.page(Section::Reports, kind.title(), &content))
}

/// The report as a file: an export, which is recorded before it is handed out. Of the past, too: that is what it is about.
async fn file(Path((_, report)): Path<(String, String)>, deed: Deed) -> Result<Response, Oops> {
    let Deed { visit, fields } = &deed;
    let kind = Kind::named(&report).ok_or_else(Oops::nothing)?;
    let format = Format::named(fields.text("format")).ok_or_else(Oops::nothing)?;
    let end = fields.get("at").or(fields.get("to").filter(|_| kind.is_of_period()));
    let question = question(visit, kind, end, fields)?;
    let engine = &visit.service.engine;
    if visit.head.may_export().is_err() {
        deed.export(attempt(kind, &question.filter, format)).await?;
        return Err(Oops::nothing());
    }
    let report = Report::make(engine, &visit.organisation, &question).await.map_err(Problem::from)?;
    let bytes = report.bytes(format).map_err(Problem::from)?;
    deed.export(report.export(format)).await?;
    Ok((download(&report.file_name(format), format.media_type()), bytes).into_response())
}

/// Reports are about everybody: for who may look at everything. A console that is rewound reports the past.
async fn made(visit: &Visit, kind: Kind) -> Result<Report, Oops> {
    visit.head.may_replay()?;
    let end = match &visit.past {
        Some(past) => Some(past.asked.as_str()),
        None => visit.query.get("to").filter(|_| kind.is_of_period()),
    };
    let question = question(visit, kind, end, &visit.query)?;
    let report = Report::make(&visit.service.engine, &visit.organisation, &question).await;
    Ok(report.map_err(Problem::from)?)
}

fn question(visit: &Visit, kind: Kind, end: Option<&str>, fields: &Fields) -> Result<Question, Oops> {
    let from = fields.get("from").filter(|_| kind.is_of_period());
    Ok(Question {
        kind,
        from: from.map(|from| moment(visit, from, Edge::Start)).transpose()?,
        until: end.map(|end| moment(visit, end, Edge::Included)).transpose()?.unwrap_or(Moment::Now),
        filter: Filter { member: fields.get("member").map(str::to_owned), role: fields.get("role").map(str::to_owned) },
    })
}

fn moment(visit: &Visit, text: &str, edge: Edge) -> Result<Moment, Oops> {
    let bad = |_| {
        Problem::bad_request("bad_time", "write a time as 2026-03-03 14:30, a date, or a position of the log as 57")
    };
    let point: Point = text.parse().map_err(bad)?;
    Ok(point.moment(edge, visit.head.now))
}

fn form(visit: &Visit, kind: Kind) -> Markup {
    let period = [("from", "From (the beginning, where empty)"), ("to", "To (now, where empty)")];
    let fields =
        period.into_iter().filter(|(name, _)| kind.is_of_period() && (*name == "from" || visit.past.is_none()));
    html! {
        form.filters method="get" action=(visit.path) {
            @if let Some(past) = &visit.past { input type="hidden" name="at" value=(past.asked); }
            @for (name, label) in fields.chain([("member", "About member (id)"), ("role", "About role (id)")]) {
                div { label for=(name) { (label) } input id=(name) name=(name) value=(visit.query.text(name)) autocomplete="off"; }
            }
            button.main { "Report" }
        }
    }
}
