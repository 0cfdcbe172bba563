//! `/.well-known/authzen-configuration`.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;

use super::documented::Metadata;
use crate::api::service::Shared;

/// Says where the endpoints are
#[utoipa::path(
    get, path = "/.well-known/authzen-configuration", operation_id = "authzen_configuration", tag = "AuthZEN",
    security(()),
    responses((status = 200, body = Metadata, description = "The endpoints")),
)]
pub(super) async fn metadata(State(service): State<Shared>) -> impl IntoResponse {
    let url = service.settings.url();
    let endpoint = |path: &str| format!("{url}/access/v1/{path}");
    let metadata = Metadata {
        access_evaluation_endpoint: endpoint("evaluation"),
        access_evaluations_endpoint: endpoint("evaluations"),
        search_subject_endpoint: endpoint("search/subject"),
        search_resource_endpoint: endpoint("search/resource"),
        search_action_endpoint: endpoint("search/action"),
        policy_decision_point: url,
    };
    ([(header::CACHE_CONTROL, HeaderValue::from_static("max-age=3600"))], axum::Json(metadata))
}
