//! Personal data: handed out, erased, kept from being erased, and the record of it all.
//!
//! What is handed out or erased is in the log before anything else happens, and the rules decide there whether it may
//! be: as on the command line.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::vocabulary::{Actor, MemberId, OrganisationId};
use chancery_aggregates::{Command, Facts};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{Changed, Circumstances, IfMatch, Made, Rehearsal, answer};
use super::members::{MemberPath, version_of};
use super::view::AtLeast;
use super::{Change, Seen, Shown, View, names, shapes};
use crate::api::body::{InPath, Query};
use crate::api::download::download;
use crate::api::failures::Failures;
use crate::api::headers::POSITION;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::engine::Moment;
use crate::gdpr::{self, Dossier, Due, Periods, Receipt, Record};

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .routes(routes!(register))
        .routes(routes!(due))
        .routes(routes!(export))
        .routes(routes!(erase))
        .routes(routes!(hold, release))
}

/// How long personal data is kept after it has served.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Kept {
    /// Days after a member has left; 365 where nothing is said
    #[param(nullable = false)]
    left: Option<u32>,
    /// Days after a member was suspended; 730 where nothing is said
    #[param(nullable = false)]
    suspended: Option<u32>,
}

/// As what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct As {
    /// For programs, or as a page to print; `json` where nothing is said
    #[param(nullable = false, inline)]
    format: Option<Form>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Form {
    Json,
    Html,
}

/// Members whose personal data has served and was not erased
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"position": 57, "periods": {"left": 365, "suspended": 730}, "due": [{"member": "omar",
    "because": "left", "position": 31, "due": "2026-03-03T14:30:00Z", "held": false}]}))]
struct DueList {
    /// The position of the log that it is as of
    position: u64,
    /// How long personal data is kept after it has served, in days
    periods: Periods,
    /// Who, and since when; the longest overdue first
    due: Vec<Due>,
}

/// Whether a member's personal data is kept from being erased
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"member": "mei", "legal_hold": 57}))]
struct Hold {
    /// The member's id
    member: String,
    /// The position since which it is; null where it is not
    legal_hold: Option<u64>,
}

impl Kept {
    fn periods(&self) -> Periods {
        let usual = Periods::default();
        Periods { left: self.left.unwrap_or(usual.left), suspended: self.suspended.unwrap_or(usual.suspended) }
    }
}

/// Shows what is kept about people, why, in which form and how long (Article 30 of the GDPR)
#[utoipa::path(get, path = "/v1/organisations/{organisation}/personal-data", operation_id = "show_personal_data_record",
    tag = "Personal data",
    params(("organisation" = String, Path, description = "Whose", example = "acme"), Kept, AtLeast),
    responses((status = 200, body = Record, description = "The record"), Failures))]
async fn register(view: View, Query(kept): Query<Kept>) -> Answer<Seen<Record>> {
    let facts = present(&view)?;
    Ok(view.seen(gdpr::record(&facts.state, kept.periods())))
}

/// Lists the members whose personal data has served and was not erased
#[utoipa::path(get, path = "/v1/organisations/{organisation}/personal-data/due", operation_id = "list_due_erasures",
    tag = "Personal data",
    params(("organisation" = String, Path, description = "Whose", example = "acme"), Kept, AtLeast),
    responses((status = 200, body = DueList, description = "Who is due"), Failures))]
async fn due(State(service): State<Shared>, view: View, Query(kept): Query<Kept>) -> Answer<Seen<DueList>> {
    let (facts, periods) = (present(&view)?, kept.periods());
    let due = gdpr::due_now(&service.engine, &facts.state, periods, facts.now).await?;
    Ok(view.seen(DueList { position: facts.state.position(), periods, due }))
}

/// The present, for who may look at what is held about people. The right to see the past is another one.
fn present(view: &View) -> Answer<&Facts> {
    if view.facts.actor == Actor::Operator {
        return Err(Problem::bad_request("bad_query", "this is told of the present only").field("at"));
    }
    view.facts.may_see_personal_data()?;
    Ok(&view.facts)
}

/// Hands out all that is held about a member (Articles 15 and 20 of the GDPR)
///
/// The export is recorded as `PersonalDataExported` before anything is handed out, and is in itself. It names others who
/// acted; whether the member may be told is for the caller to judge.
#[utoipa::path(post, path = "/v1/organisations/{organisation}/members/{member}/personal-data/export",
    operation_id = "export_personal_data", tag = "Personal data", params(MemberPath, As, Rehearsal, Circumstances),
    responses((status = 200, description = "All that is held about the member; with `dry_run`, what would be recorded", content(
        (Changed<shapes::Dossier> = "application/json"),
        (String = "text/html", example = json!("<!DOCTYPE html>")))), Failures))]
async fn export(
    State(service): State<Shared>,
    change: Change,
    InPath(path): InPath<MemberPath>,
    Query(written): Query<As>,
) -> Answer<Response> {
    let (member, organisation) = (names::member(&path.member), change.organisation().clone());
    let command = Command::Member(member.clone(), MemberCommand::ExportPersonalData);
    let outcome = match change.make(vec![command], None).await? {
        Made::Rehearsed(response) => return Ok(response),
        Made::Done { outcome, .. } => outcome,
    };
    // A repeated request gets what the first one did.
    let replayed = service.engine.replay(&organisation, Moment::Position(outcome.position)).await?;
    let dossier = Dossier::read(&service.engine, replayed, &member).await?;
    // INVARIANT: the command found the member.
    let dossier = dossier.ok_or_else(|| Problem::not_found("there is nothing here"))?;
    if written.format == Some(Form::Html) {
        return Ok(printed(&dossier));
    }
    Ok(answer(StatusCode::OK, &outcome, Shown { location: None, version: None, body: dossier }))
}

/// A page to print: to be kept, and not to be opened where the console is.
fn printed(dossier: &Dossier) -> Response {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'")),
        (POSITION, HeaderValue::from(dossier.position)),
    ];
    (download("personal-data.html", "text/html; charset=utf-8"), headers, gdpr::page(dossier)).into_response()
}

/// Erases a member's personal data for good (Article 17 of the GDPR)
///
/// The member's key is destroyed, the key to all members' keys is renewed, and traces are cleared from the store: names in
/// backups from before can no longer be read, those of other members included, so a new backup is due. `left` of the
/// receipt says what is still to be done. Keep the receipt apart from the store: after a backup from before is restored, it
/// says whom to erase again. Asked once more, it only does what was not done.
#[utoipa::path(post, path = "/v1/organisations/{organisation}/members/{member}/personal-data/erase",
    operation_id = "erase_personal_data", tag = "Personal data", params(MemberPath, Rehearsal, Circumstances),
    responses((status = 200, body = Changed<Receipt>, description = "The receipt; with `dry_run`, what would change instead"),
        Failures))]
async fn erase(State(service): State<Shared>, change: Change, InPath(path): InPath<MemberPath>) -> Answer<Response> {
    let (member, organisation) = (names::member(&path.member), change.organisation().clone());
    let command = Command::Member(member.clone(), MemberCommand::ErasePersonalData);
    let outcome = match change.make(vec![command], None).await? {
        Made::Rehearsed(response) => return Ok(response),
        Made::Done { outcome, .. } => outcome,
    };
    // What is begun is done, also when the caller does not wait for it.
    let now = !outcome.events.is_empty();
    let finished = tokio::spawn(async move { finish(&service, &organisation, &member, now).await });
    let receipt = finished.await.map_err(|_| Problem::internal())??;
    Ok(answer(StatusCode::OK, &outcome, Shown { location: None, version: None, body: receipt }))
}

/// Clears away what the erasure alone does not, one after the other, and keeps the receipt.
async fn finish(service: &Shared, organisation: &OrganisationId, member: &MemberId, now: bool) -> Answer<Receipt> {
    let _one = service.erasing.lock().await;
    let mut receipt = gdpr::finish(&service.engine, organisation, member, now).await?;
    match &service.settings.erasure_log {
        Some(path) => receipt.append_to(&path.0).map_err(|error| {
            tracing::error!(%error, "the receipt of an erasure could not be written");
            let detail = "the data is erased, but its receipt could not be kept: ask again";
            Problem::unavailable("no_receipt", detail)
        })?,
        None => receipt.left.push("the service has no log of erasures: keep this receipt".to_owned()),
    }
    if receipt.key_encryption_key.is_some() {
        let position = receipt.position;
        tracing::warn!(%organisation, position, "personal data was erased: names in older backups are lost, make a new one");
    }
    Ok(receipt)
}

/// Keeps a member's personal data from being erased
#[utoipa::path(put, path = "/v1/organisations/{organisation}/members/{member}/legal-hold",
    operation_id = "place_legal_hold", tag = "Personal data", params(MemberPath, Rehearsal, Circumstances, IfMatch),
    responses((status = 200, body = Changed<Hold>, description = "It is held; with `dry_run`, what would change instead"),
        Failures))]
async fn hold(change: Change, InPath(path): InPath<MemberPath>) -> Answer<Response> {
    run(change, &path, MemberCommand::PlaceLegalHold).await
}

/// Lets a member's personal data be erased again
#[utoipa::path(delete, path = "/v1/organisations/{organisation}/members/{member}/legal-hold",
    operation_id = "lift_legal_hold", tag = "Personal data", params(MemberPath, Rehearsal, Circumstances, IfMatch),
    responses((status = 200, body = Changed<Hold>, description = "It is free; with `dry_run`, what would change instead"),
        Failures))]
async fn release(change: Change, InPath(path): InPath<MemberPath>) -> Answer<Response> {
    run(change, &path, MemberCommand::LiftLegalHold).await
}

async fn run(change: Change, path: &MemberPath, command: MemberCommand) -> Answer<Response> {
    let id = names::member(&path.member);
    let version = version_of(change.facts(), &id);
    let held = |facts: &Facts| {
        let entry = facts.state.member_by_id(id.as_str());
        let legal_hold = entry.and_then(|entry| entry.legal_hold);
        let version = entry.map(|entry| entry.sequence);
        Ok(Shown { location: None, version, body: Hold { member: id.to_string(), legal_hold } })
    };
    change.run(StatusCode::OK, vec![Command::Member(id.clone(), command)], version, held).await
}
