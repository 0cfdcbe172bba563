//! `/v1/organisations/{organisation}/feed`: an organisation's events from a position on, as they come.
//!
//! Programs that stay connected get Server-Sent Events; the others JSON, and may wait for news. Both
//! are resumed by position, so nothing is lost or repeated whoever went away, and nothing is kept
//! for anybody.

mod reader;
mod stream;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::reader::{Page, Reader};
use super::authentication::Staying;
use super::body::{InPath, Query};
use super::failures::Failures;
use super::headers::POSITION;
use super::problem::{Answer, Problem};
use super::service::Shared;
use crate::config::Length;
use crate::views::cloud_event::CloudEvent;

/// The position of the last event that a client has: sent by browsers when they connect again.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const USUAL_LIMIT: usize = 100;
const LARGEST_LIMIT: usize = 1_000;
/// The longest that a request for JSON waits.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(feed))
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only what comes after this position; 0, and so everything, where nothing is said
    #[param(nullable = false)]
    after: Option<u64>,
    /// Only events of these types, divided by commas, such as `RoleAssigned,RoleRevoked`
    #[param(nullable = false)]
    r#type: Option<String>,
    /// JSON only: wait so long for the first event, such as `20s`, which is also the longest
    #[param(nullable = false)]
    wait: Option<String>,
    /// JSON only: the most events to answer, 1 to 1,000; 100 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Where a broken stream goes on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "describes the header that `after` reads")]
struct Resuming {
    /// The last event that the client has; counts before `after`
    #[param(nullable = false, rename = "last-event-id")]
    last_event_id: Option<u64>,
}

/// Which organisation.
#[derive(Debug, Deserialize)]
struct Path {
    organisation: String,
}

/// Events, and where to go on
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"events": [], "next": 57}))]
struct Events {
    events: Vec<CloudEvent>,
    /// `after` of the next request
    next: u64,
}

/// Sends an organisation's events from a position on
///
/// With `Accept: text/event-stream` as Server-Sent Events that go on as they come, else as one page of JSON. Needs the
/// right to read the audit log; whoever loses it, or whose key ends, is sent no more.
#[utoipa::path(get, path = "/v1/organisations/{organisation}/feed", operation_id = "feed", tag = "Events",
    params(("organisation" = String, Path, description = "Whose events", example = "acme"), Which, Resuming),
    responses((status = 200, description = "Events as CloudEvents 1.0", content(
        (Events = "application/json"),
        (String = "text/event-stream", example = json!("id: 57\ndata: {\"specversion\":\"1.0\",\"id\":\"57\"}\n\n")))),
        Failures))]
async fn feed(
    State(service): State<Shared>,
    caller: Staying,
    InPath(Path { organisation }): InPath<Path>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Answer<Response> {
    let after = after(&headers, &which)?;
    let limit = which.limit.unwrap_or(USUAL_LIMIT);
    if !(1..=LARGEST_LIMIT).contains(&limit) {
        let detail = format!("a page has 1 to {LARGEST_LIMIT} events");
        return Err(Problem::bad_request("bad_query", detail).field("limit"));
    }
    let wait = which.wait.as_deref().map(str::parse::<Length>).transpose();
    let wait = wait.map_err(|error| Problem::bad_request("bad_query", error.to_string()).field("wait"))?;
    let mut reader = Reader::begin(service, &organisation, caller, which.r#type.as_deref(), after).await?;
    if wants_stream(&headers) {
        return Ok(stream::response(reader));
    }
    // The envelope ends what takes longer than a request may.
    let longest = LONGEST_WAIT.min(reader.service().settings.request_timeout.0 / 2);
    let Page { events, until, head, .. } =
        reader.next(limit, wait.map_or(Duration::ZERO, |wait| wait.0.min(longest))).await?;
    let headers = [(POSITION, HeaderValue::from(head)), (header::VARY, HeaderValue::from_static("accept"))];
    Ok((headers, Json(Events { events, next: until })).into_response())
}

/// The position to begin after.
fn after(headers: &HeaderMap, which: &Which) -> Answer<u64> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else {
        return Ok(which.after.unwrap_or_default());
    };
    value.to_str().ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
        Problem::bad_request("bad_header", "`Last-Event-ID` is a position of the log, such as 57")
            .field(LAST_EVENT_ID.as_str())
    })
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream")))
}
