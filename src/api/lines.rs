//! `/v1/lines`: a line of the command line, run for whoever calls.
//!
//! `chancery --server` sends its line here and shows what comes back: the grammar, the tables and the words are
//! written once. Whoever runs lines is handed to the `Service`, since this module
//! stands below the command line.

use std::collections::BTreeMap;

use async_trait::async_trait;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::authentication::{Bearer, Caller};
use super::body::Json;
use super::failures::Failures;
use super::headers::{POSITION, REPLAYED};
use super::problem::{Answer, Problem, RefusedBy};
use super::service::{Service, Shared};
use super::v1::change::{Circumstances, context, idempotency_key};
use crate::engine::Context;

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(run))
}

/// A line of the command line
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"words": ["check", "mei", "assets.view", "--format", "json"]}))]
pub struct Line {
    /// The words as they would be typed, without `chancery`
    pub words: Vec<String>,
    /// Whether the answer has colours
    #[serde(default)]
    pub colour: bool,
    /// The width that tables are folded to, in columns; unfolded where nothing is said
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub width: Option<u16>,
    /// The texts of the files that the words name, by name: no file of the service is read
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// Whether it may have been sent before, under the same idempotency key
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// `events` and `audit list` as JSON only: the first events after this position rather than all, up to a number
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub after: Option<u64>,
}

/// What a line came to. A line that is refused is an answer, too: the exit code tells
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"output": "allowed\n", "exit": 0}))]
pub struct LineAnswer {
    /// What goes to standard output
    pub output: String,
    /// What a person is told aside
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub aside: String,
    /// The exit code, as `chancery --help` lists them
    pub exit: u8,
    /// Why it was not carried out: `rule`, `message` and, where there are, `details`, `hint` and `mistakes`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<Value>,
    /// Whether it is a rule of the organisation that refused it
    #[serde(default)]
    pub refused: bool,
    /// With `after`: where to go on, if there is more
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<u64>,
}

/// A line with its surroundings.
#[derive(Debug)]
pub struct Request<'a> {
    /// The service.
    pub service: &'a Service,
    /// Whose authority it has.
    pub bearer: &'a Bearer,
    /// The line.
    pub line: Line,
    /// What is recorded with a change.
    pub context: Context,
    /// Makes a repeated change answer as the first time.
    pub idempotency_key: Option<String>,
}

/// What became of a line.
#[derive(Debug, Default)]
pub struct Ended {
    /// What the caller gets.
    pub answer: LineAnswer,
    /// The position of the log after a change.
    pub position: Option<u64>,
    /// Whether an earlier request with the same key made the change.
    pub replayed: bool,
    /// The rule that refused it.
    pub rule: Option<&'static str>,
}

/// Who runs lines.
#[async_trait]
pub trait Lines: Send + Sync + std::fmt::Debug {
    /// Runs a line with the authority of the bearer, and no other.
    async fn run(&self, request: Request<'_>) -> Ended;
}

/// Runs a line of the command line, with the authority of the key
///
/// What `chancery --server` does. Programs use the other operations: they answer with resources, and their failures are
/// problem details. An `Idempotency-Key` makes a repeated change answer as the first time.
#[utoipa::path(post, path = "/v1/lines", operation_id = "run_line", tag = "Command line", params(Circumstances),
    request_body = Line, responses((status = 200, body = LineAnswer, description = "What the line came to"), Failures))]
async fn run(
    State(service): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Json(line): Json<Line>,
) -> Answer<Response> {
    let Some(lines) = &service.lines else {
        let detail = "this service runs no lines of the command line";
        return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "no_lines", detail));
    };
    let (context, idempotency_key) = (context(&headers, &caller)?, idempotency_key(&headers)?);
    let request = Request { service: &service, bearer: &caller.0.bearer, line, context, idempotency_key };
    let Ended { answer, position, replayed, rule } = lines.run(request).await;
    let mut response = axum::Json(answer).into_response();
    if let Some(position) = position {
        response.headers_mut().insert(POSITION, HeaderValue::from(position));
    }
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    if let Some(rule) = rule {
        response.extensions_mut().insert(RefusedBy(rule));
    }
    Ok(response)
}
