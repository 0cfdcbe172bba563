//! The AuthZEN Authorization API 1.0 of the OpenID Foundation.
//!
//! - A denial is status 200 with `decision: false` and a reason; failures are of the request itself.
//! - Unknown members are ignored, unknown subjects and resources are denied as those out of sight are.
//! - The key says whose organisation it is, and what the caller may ask about.

mod answer;
mod documented;
mod evaluation;
mod metadata;
mod moment;
mod request;
mod search;
mod sight;

use std::sync::Arc;

use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use axum::http::Request;
use chancery_aggregates::AccessState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) use self::evaluation::{evaluate, evaluate_several};
use super::authentication::Caller;
use super::problem::{Answer, Problem};
use super::service::{Service, Shared};
use super::{body, headers};

/// The endpoints.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .routes(routes!(evaluation::evaluation))
        .routes(routes!(evaluation::evaluations))
        .routes(routes!(search::subjects))
        .routes(routes!(search::resources))
        .routes(routes!(search::actions))
        .routes(routes!(metadata::metadata))
}

/// A request that was read, and the state that it asks about.
#[derive(Debug)]
pub(super) struct Asked {
    body: Bytes,
    state: Arc<AccessState>,
}

/// Reads what a request asks about, whatever its body comes from.
///
/// # Errors
/// When the request cannot be read, or the caller is of no organisation.
pub(super) async fn asked<B>(service: &Service, caller: &Caller, request: Request<B>) -> Answer<Asked>
where
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    let (organisation, _) = caller.member()?;
    if !body::is_json(request.headers()) {
        return Err(Problem::bad_request("not_json", "the body is JSON: send `Content-Type: application/json`"));
    }
    let at_least = headers::at_least(request.headers())?;
    let body = body::read(request.into_body(), service).await?;
    let state = service.state(organisation, at_least).await?;
    Ok(Asked { body, state })
}
