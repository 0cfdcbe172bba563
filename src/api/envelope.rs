//! What is around every request: its time-out, its name, its line in the log, its place in the metrics.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use super::direct::Check;
use super::headers::{self, REQUEST_ID};
use super::problem::{Problem, RefusedBy};
use super::service::{Service, Shared};
use super::time::within;
use crate::traces;

/// The longest request id that is written to the log.
const LONGEST_LOGGED: usize = 128;

/// The template of a request's path, and never the path, which has names in it.
#[derive(Debug, Clone)]
pub(super) enum Route {
    /// The router found it.
    Matched(MatchedPath),
    /// A check that did not need it.
    Check(Check),
    /// There is nothing at the path.
    None,
}

impl Route {
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Matched(path) => Some(path.as_str()),
            Self::Check(check) => Some(check.path()),
            Self::None => None,
        }
    }
}

/// Runs a request of the router within its limits, and accounts for it.
pub(super) async fn envelope(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned().map_or(Route::None, Route::Matched);
    let unknown = match (&route, request.uri().query()) {
        (Route::Matched(path), Some(query)) => {
            service.document.parameters.check(request.method(), path.as_str(), query).err()
        }
        _ => None,
    };
    let enveloped = Enveloped::new(&request, route);
    let run = async {
        match unknown {
            Some(problem) => problem.into_response(),
            None => next.run(request).await,
        }
    };
    enveloped.answer(&service, run).await
}

/// What is kept of a request until it is answered.
#[derive(Debug)]
pub(super) struct Enveloped {
    started: Instant,
    method: Method,
    route: Route,
    id: Option<HeaderValue>,
    trace: Option<String>,
    span: tracing::Span,
}

impl Enveloped {
    /// A request as it comes.
    pub(super) fn new<B>(request: &axum::http::Request<B>, route: Route) -> Self {
        let (method, headers) = (request.method(), request.headers());
        Self {
            started: Instant::now(),
            id: headers.get(REQUEST_ID).cloned(),
            trace: headers::trace(headers).map(str::to_owned),
            span: traces::request(method, route.as_str(), headers),
            method: method.clone(),
            route,
        }
    }

    /// Runs what answers it within its limits, and accounts for it.
    pub(super) async fn answer(self, service: &Service, run: impl Future<Output = Response>) -> Response {
        let run = run.instrument(self.span.clone());
        let mut response = match within(service.settings.request_timeout.0, run).await {
            Ok(response) => response,
            Err(_) => timed_out().into_response(),
        };
        let took = self.started.elapsed();
        let status = response.status().as_u16();
        let rule = response.extensions().get::<RefusedBy>().map(|refused| refused.0);
        service.meters.answered(&self.route, status, took);
        if let Some(rule) = rule {
            service.meters.refused(rule);
        }
        self.log(status, rule, took);
        traces::answered(&self.span, status, rule);
        finish(&mut response, self.id);
        response
    }

    /// One line in the log: nothing that anybody typed is in it.
    fn log(&self, status: u16, rule: Option<&str>, took: std::time::Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let route = self.route.as_str();
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(method = %self.method, route, status, micros, rule,
                    request = self.id.as_ref().and_then(loggable), trace = self.trace.as_deref(), "answered")
            };
        }
        match self.method {
            _ if status >= 500 => line!(error),
            // Reads and checks are many: what they say is in the metrics.
            Method::GET | Method::HEAD => line!(debug),
            _ if route.is_some_and(|route| route.starts_with("/access/")) => line!(debug),
            _ => line!(info),
        }
    }
}

fn timed_out() -> Problem {
    let detail = "the request took longer than it may; whether a change was made is not known: \
                  send it again with the same `Idempotency-Key`";
    Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "timed_out", detail).retry_after(1)
}

/// Headers that every answer has.
fn finish(response: &mut Response, id: Option<HeaderValue>) {
    let headers = response.headers_mut();
    if let Some(id) = id {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// A request id that fits on a line.
fn loggable(id: &HeaderValue) -> Option<&str> {
    id.to_str().ok().filter(|id| id.len() <= LONGEST_LOGGED)
}
