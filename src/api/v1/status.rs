//! `/v1/status`: what the service has, as far as it concerns whoever asks.

use axum::extract::State;
use chancery_aggregates::vocabulary::{OrganisationId, Time};
use chrono::DateTime;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::authentication::{Bearer, Caller};
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::{Service, Shared};
use crate::projector;
use crate::store::Head;

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(status))
}

/// What the service has
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"version": "0.1.0", "events": 57, "organisations": [{"id": "acme", "position": 57,
    "time": "2026-03-03T14:30:00Z"}], "projections": null}))]
struct Status {
    /// The version of the program
    version: &'static str,
    /// How many events the organisations have
    events: u64,
    /// The organisations; with a member's key, its own alone
    organisations: Vec<OrganisationHead>,
    /// How far the tables for SQL are; null without the operator's key, and where they cannot be looked at
    projections: Option<Lag>,
}

/// How far an organisation's log is
#[derive(Debug, Serialize, ToSchema)]
struct OrganisationHead {
    /// Its id
    id: String,
    /// The position of its last event
    position: u64,
    /// The time of its last event
    #[schema(value_type = String, format = DateTime)]
    time: Time,
}

/// How far the tables for SQL are behind the log
#[derive(Debug, Serialize, ToSchema)]
struct Lag {
    /// Events of the log that are not in the tables
    events: u64,
    /// The age of the oldest of them, in seconds
    seconds: f64,
}

/// Shows what the service has: the operator all organisations, a member its own
#[utoipa::path(get, path = "/v1/status", operation_id = "show_status", tag = "Operations",
    responses((status = 200, body = Status, description = "How far the logs are"), Failures))]
async fn status(State(service): State<Shared>, caller: Caller) -> Answer<axum::Json<Status>> {
    let (heads, projections) = match &caller.0.bearer {
        Bearer::Operator => (service.engine.store().heads().await?, lag(&service).await),
        Bearer::Member { organisation, .. } => (vec![own_head(&service, &caller, organisation).await?], None),
    };
    let events = heads.iter().map(|head| head.position).sum();
    let organisations = heads.into_iter().map(OrganisationHead::from).collect();
    Ok(axum::Json(Status { version: env!("CARGO_PKG_VERSION"), events, organisations, projections }))
}

/// The head of the caller's own organisation, while the caller takes part in it.
async fn own_head(service: &Service, caller: &Caller, organisation: &OrganisationId) -> Answer<Head> {
    let state = service.state(organisation, None).await?;
    let actor = caller.actor_in(organisation.as_str())?;
    let now = service.now(&state);
    chancery_aggregates::Facts { state: state.as_ref().clone(), actor, now }.acting()?;
    let head = service.engine.store().head(organisation.as_str()).await?;
    head.ok_or_else(|| Problem::no_organisation(organisation.as_str()))
}

async fn lag(service: &Service) -> Option<Lag> {
    let lag = projector::status(service.engine.store()).await.ok()?.lag;
    let seconds = std::time::Duration::from_micros(lag.micros.unsigned_abs()).as_secs_f64();
    Some(Lag { events: lag.events, seconds })
}

impl From<Head> for OrganisationHead {
    fn from(head: Head) -> Self {
        let time = DateTime::from_timestamp_micros(head.time).unwrap_or_default();
        Self { id: head.organisation, position: head.position, time }
    }
}
