//! Health and metrics.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::authentication::Caller;
use super::failures::Failures;
use super::problem::{Answer, Problem, ProblemDetails};
use super::service::{Service, Shared};
use crate::projector;

/// How long the metrics wait for what only the store knows.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// The same without a key, for an address of its own.
pub(super) fn monitoring() -> Router<Shared> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(async |State(service): State<Shared>| exposition(&service).await))
}

/// How the service is
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub(super) struct Health {
    /// `ok`
    status: &'static str,
}

/// Whether the process is alive
#[utoipa::path(get, path = "/healthz", operation_id = "healthz", tag = "Operations", security(()),
    responses((status = 200, body = Health, description = "It is")))]
async fn healthz() -> axum::Json<Health> {
    axum::Json(Health { status: "ok" })
}

/// Whether requests should be sent here: the store answers, and the service is not about to stop
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "Operations", security(()),
    responses(
        (status = 200, body = Health, description = "They should"),
        (status = 503, body = ProblemDetails, content_type = "application/problem+json", description = "Not now"),
    ))]
async fn readyz(State(service): State<Shared>) -> Answer<axum::Json<Health>> {
    if service.is_stopping() {
        return Err(Problem::unavailable("stopping", "the service is stopping"));
    }
    // A head that is not there is found as quickly as one that is.
    service.engine.store().head("").await?;
    Ok(axum::Json(Health { status: "ok" }))
}

/// Metrics for Prometheus, with the operator's key
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "Operations",
    responses((status = 200, body = String, content_type = "application/openmetrics-text", description = "OpenMetrics text",
        example = "chancery_checks_total{decision=\"allowed\"} 17\n"), Failures))]
async fn metrics(State(service): State<Shared>, caller: Caller) -> Answer<Response> {
    caller.operator()?;
    Ok(exposition(&service).await)
}

async fn exposition(service: &Service) -> Response {
    // A store that does not answer must not take the other figures away.
    let lag = tokio::time::timeout(PATIENCE, projector::status(service.engine.store())).await;
    if let Ok(Ok(status)) = lag {
        let events = i64::try_from(status.lag.events).unwrap_or(i64::MAX);
        service.meters.projector_events.set(events);
        service
            .meters
            .projector_seconds
            .set(std::time::Duration::from_micros(status.lag.micros.unsigned_abs()).as_secs_f64());
    }
    let (organisations, bytes) = service.engine.loaded();
    service.meters.organisations.set(i64::try_from(organisations).unwrap_or(i64::MAX));
    service.meters.organisations_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], service.meters.text()).into_response()
}
