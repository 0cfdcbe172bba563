//! The HTTP service.
//!
//! An operation is a handler with its `utoipa::path`, registered in its module's `routes()`: that is all
//! it takes to be served, described in `/openapi.json` and shown at `/docs`. A handler that takes
//! [`Caller`](authentication::Caller), or one of the extractors built on it ([`v1::View`], [`v1::Change`]),
//! answers 401 without a key and 404 for an organisation that is not the key's own; a test walks the
//! description and fails on an operation that does not.
//!
//! - `authzen`: decisions and searches, by the AuthZEN Authorization API.
//! - [`v1`]: an organisation's resources.
//! - `feed`: an organisation's events, as they come.
//! - `crate::console`: pages for people, on the same address.
//! - [`lines`]: lines of the command line, for `chancery --server`.
//! - `operations`: health, metrics. `document`: the description of the interface.
//! - [`server`]: connections, TLS, shutdown. `envelope`: what is around every request. `direct`: checks, around the router.

pub mod authentication;
mod authzen;
pub mod body;
mod check;
mod direct;
mod document;
pub(crate) mod download;
mod envelope;
mod failures;
mod feed;
pub mod headers;
pub mod keys;
pub mod lines;
pub mod logs;
mod meters;
mod operations;
mod parameters;
pub mod problem;
mod rate;
pub mod server;
pub mod service;
mod time;
pub mod v1;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use utoipa_axum::router::OpenApiRouter;

use self::problem::Problem;
use self::service::Shared;
use crate::config::Settings;

/// All operations, with their description.
fn operations() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .merge(authzen::routes())
        .merge(v1::routes())
        .merge(feed::routes())
        .merge(lines::routes())
        .merge(operations::routes())
        .merge(document::routes())
}

/// The description of the interface, by OpenAPI 3.1, as JSON.
pub fn description(settings: &Settings) -> String {
    document::Document::new(settings).text()
}

/// What is answered at an address.
#[derive(Debug, Clone)]
pub struct Endpoints {
    router: Router,
    /// Whether checks are answered there, which go around the router.
    checks: bool,
}

/// The whole service.
pub fn endpoints(service: Shared) -> Endpoints {
    let (router, _) = operations().split_for_parts();
    Endpoints { router: finished(router.merge(crate::console::routes(&service)), service), checks: true }
}

/// What is answered where only the monitoring reaches: health and metrics, without a key.
pub fn monitoring(service: Shared) -> Endpoints {
    Endpoints { router: finished(operations::monitoring(), service), checks: false }
}

fn finished(router: Router<Shared>, service: Shared) -> Router {
    router
        .fallback(async || Problem::not_found("there is nothing here"))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "there is no such method here")
        })
        .layer(from_fn_with_state(service.clone(), envelope::envelope))
        .with_state(service)
}
