//! The audit log: by entries, and as a download in the formats of other programs.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chancery_aggregates::Command;
use chancery_aggregates::command::OrganisationCommand;
use chancery_aggregates::event::AuditExported;
use chancery_projections::audit::{Entry, Filter};
use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{Circumstances, Made, Rehearsal};
use super::log::{kinds, limit, named};
use super::shapes::AuditPage;
use super::view::AtLeast;
use super::{Change, Seen, View};
use crate::api::body::Query;
use crate::api::download::download;
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::audit::{About, Asked, AskedError, Download, Entries, Format, range};

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(export))
}

/// Events that are looked at for one page at most.
const LOOKED_AT: u64 = 50_000;

/// Which entries. Several values of a parameter stand with commas between them, and one of them must fit
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Chosen {
    /// Only what these did, or had done on their behalf: members, `@system`, `@operator`
    #[param(nullable = false)]
    actor: Option<String>,
    /// Only what is about these members
    #[param(nullable = false)]
    subject: Option<String>,
    /// Only what is about these roles, by id
    #[param(nullable = false)]
    role: Option<String>,
    /// Only what is about these permissions
    #[param(nullable = false)]
    permission: Option<String>,
    /// Only what is about these scopes, by id
    #[param(nullable = false)]
    scope: Option<String>,
    /// Only events of these types, such as `RoleAssigned,RoleUnassigned`
    #[param(nullable = false, rename = "type")]
    #[serde(rename = "type")]
    kinds: Option<String>,
    /// Only what ended like this: `allowed`, `refused`
    #[param(nullable = false)]
    outcome: Option<String>,
    /// From this time or position on
    #[param(nullable = false)]
    from: Option<String>,
    /// Up to this time or position, included
    #[param(nullable = false)]
    to: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    /// Only what comes after this position: `next` of the page before
    #[param(nullable = false)]
    after: Option<u64>,
    /// The most entries to answer, 1 to 1,000; 100 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// As what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct As {
    /// `csv`, `xlsx`, `ocsf`, `cloudevents` or `syslog`
    #[param(example = "csv")]
    format: String,
}

/// The audit log, oldest first: who did what to whom, where, when, why and from where, refusals included
///
/// For who may read all of the log. A page ends after 50,000 events that were looked at, so it can have fewer entries
/// than `limit`, and none: as long as `next` is a number there may be more.
#[utoipa::path(get, path = "/v1/organisations/{organisation}/audit", operation_id = "list_audit", tag = "Log",
    params(("organisation" = String, Path, description = "Where", example = "acme"), Chosen, Page, AtLeast),
    responses((status = 200, body = AuditPage, description = "Entries, and the position to go on after"), Failures))]
async fn list(
    State(service): State<Shared>,
    view: View,
    Query(chosen): Query<Chosen>,
    Query(page): Query<Page>,
) -> Answer<Seen<Value>> {
    let facts = &view.facts;
    facts.may_replay()?;
    let limit = limit(page.limit)?;
    let filter = chosen.asked().filter(facts)?;
    let organisation = facts.state.organisation();
    let (from, until) = chosen.range(&service, organisation).await?;
    let until = until.min(facts.state.position());
    let after = page.after.unwrap_or_default().max(from - 1).min(until);
    let mut entries = Entries::new(&service.engine, organisation, after, until, filter).await?;
    let mut items: Vec<Entry> = Vec::new();
    while items.len() <= limit && entries.read_until() - after < LOOKED_AT {
        let Some(found) = entries.next().await? else { break };
        items.extend(found.into_iter().map(|(entry, _)| entry));
    }
    let next = match items.get(limit) {
        Some(_) => items.get(limit - 1).map(|last| last.position),
        None => Some(entries.read_until()).filter(|read| *read < until),
    };
    items.truncate(limit);
    Ok(view.seen(json!({ "items": items, "next": next })))
}

/// The audit log as a file in the format of other programs, for who may export it
///
/// The export is recorded before anything is sent, as the event `AuditExported`. What is sent is whole only if it ends as
/// HTTP says it does: a download that breaks off is to be thrown away.
#[utoipa::path(get, path = "/v1/organisations/{organisation}/audit/export", operation_id = "export_audit", tag = "Log",
    params(("organisation" = String, Path, description = "Where", example = "acme"), As, Chosen, Rehearsal, Circumstances),
    responses((status = 200, description = "Entries, as they come", content(
        (String = "text/csv", example = json!("position,time,type\r\n1,2026-03-03T14:30:00Z,RoleAssigned\r\n")),
        (String = "application/x-ndjson", example = json!("{\"class_uid\":3005,\"activity_id\":1}\n")),
        (Value = "application/json", example = json!({"dry_run": true, "events": [], "access": [], "unseen": 0})),
        (String = "text/plain", example = json!("<110>1 2026-03-03T14:30:00.000000Z - chancery - RoleAssigned [meta sequenceId=\"1\"]\n")),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", example = json!("(a workbook)")))), Failures))]
async fn export(
    State(service): State<Shared>,
    change: Change,
    Query(written): Query<As>,
    Query(chosen): Query<Chosen>,
) -> Answer<Response> {
    let Some(format) = Format::named(&written.format) else {
        let detail = "an export is written as `csv`, `xlsx`, `ocsf`, `cloudevents` or `syslog`";
        return Err(Problem::bad_request("bad_query", detail).field("format"));
    };
    let asked = chosen.asked();
    // Whoever may not export is not told what there is: the export is refused, and on record.
    let may = change.facts().may_export().is_ok();
    let filter = if may { asked.filter(change.facts())? } else { Filter::default() };
    let organisation = change.organisation().clone();
    let (from, until) = if may { chosen.range(&service, &organisation).await? } else { (1, 1) };
    if from > until {
        return Err(Problem::bad_request("empty_range", "no event is in this range").field("from"));
    }
    let export = AuditExported { from, until, format: format.as_str().into(), filters: asked.recorded() };
    let command = Command::Organisation(OrganisationCommand::ExportAudit(export));
    if let Made::Rehearsed(response) = change.make(vec![command], None).await? {
        return Ok(response);
    }
    let made = service.engine.now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let headers = download(&format!("{organisation}-{from}-{until}.{}", format.extension()), format.media_type());
    let about = About { organisation: organisation.clone(), from, until, filters: asked.told(), made };
    let entries = Entries::new(&service.engine, &organisation, from - 1, until, filter).await?;
    Ok((headers, Body::from_stream(Download::begin(format, about, entries).stream())).into_response())
}

impl Chosen {
    fn asked(&self) -> Asked {
        let [actors, subjects, roles, permissions, scopes, kinds, outcomes] =
            [&self.actor, &self.subject, &self.role, &self.permission, &self.scope, &self.kinds, &self.outcome]
                .map(|text| kinds(text.as_deref()));
        Asked { actors, subjects, roles, permissions, scopes, kinds, outcomes }
    }

    async fn range(
        &self,
        service: &Shared,
        organisation: &chancery_aggregates::vocabulary::OrganisationId,
    ) -> Answer<(u64, u64)> {
        let from = named("from", self.from.as_deref())?;
        let to = named("to", self.to.as_deref())?;
        Ok(range(&service.engine, organisation, from, to).await?)
    }
}

impl From<AskedError> for Problem {
    fn from(error: AskedError) -> Self {
        match error {
            AskedError::Refused(refusal) => refusal.into(),
            AskedError::Bad { field, reason } => Self::bad_request("bad_filter", reason.to_string()).field(field),
        }
    }
}
