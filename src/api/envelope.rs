//! What is around every request: its time-out, its name, its line in the log, its place in the metrics.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use super::headers::{self, REQUEST_ID};
use super::problem::{Problem, RefusedBy};
use super::service::Shared;
use crate::traces;

/// The longest request id that is written to the log.
const LONGEST_LOGGED: usize = 128;

/// Runs a request within its limits, and accounts for it.
pub(super) async fn envelope(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request.headers().get(REQUEST_ID).cloned();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let trace = headers::trace(request.headers()).map(str::to_owned);
    let span = traces::request(&method, route.as_ref(), request.headers());
    let run = next.run(request).instrument(span.clone());
    let mut response = match tokio::time::timeout(service.settings.request_timeout.0, run).await {
        Ok(response) => response,
        Err(_) => timed_out().into_response(),
    };
    let took = started.elapsed();
    let status = response.status().as_u16();
    service.meters.answered(route.as_ref(), status, took);
    let rule = response.extensions().get::<RefusedBy>().map(|refused| refused.0);
    if let Some(rule) = rule {
        service.meters.refused(rule);
    }
    let line = Line { method: &method, route: route.as_ref(), id: id.as_ref(), trace: trace.as_deref(), rule };
    line.write(status, took);
    traces::answered(&span, status, rule);
    finish(&mut response, id);
    response
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

/// One request in the log: the template of its path, and nothing that anybody typed.
struct Line<'a> {
    method: &'a Method,
    route: Option<&'a MatchedPath>,
    id: Option<&'a HeaderValue>,
    trace: Option<&'a str>,
    rule: Option<&'a str>,
}

impl Line<'_> {
    fn write(&self, status: u16, took: std::time::Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let route = self.route.map(MatchedPath::as_str);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(method = %self.method, route, status, micros, rule = self.rule,
                    request = self.id.and_then(loggable), trace = self.trace, "answered")
            };
        }
        match self.method {
            _ if status >= 500 => line!(error),
            // Reads and checks are many: what they say is in the metrics.
            &Method::GET | &Method::HEAD => line!(debug),
            _ if route.is_some_and(|route| route.starts_with("/access/")) => line!(debug),
            _ => line!(info),
        }
    }
}

/// A request id that fits on a line.
fn loggable(id: &HeaderValue) -> Option<&str> {
    id.to_str().ok().filter(|id| id.len() <= LONGEST_LOGGED)
}
