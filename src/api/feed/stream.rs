//! A feed as Server-Sent Events.

use std::convert::Infallible;
use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::unfold;

use super::reader::{Page, Reader};
use crate::api::problem::Problem;

/// Events of one page.
const LIMIT: usize = 500;

/// How long a browser waits before it connects again, in milliseconds.
const RETRY: u32 = 1_000;

/// What comes next.
enum Next {
    Greeting,
    Events,
    Nothing,
}

/// Sends what a reader reads, page by page: the next one is read when the one before was taken.
pub(super) fn response(reader: Reader) -> Response {
    let body = unfold((reader, Next::Greeting), async |(mut reader, next)| {
        let (text, next) = match next {
            Next::Greeting => (format!("retry: {RETRY}\n: the feed begins after {}\n\n", reader.after()), Next::Events),
            Next::Events => events(&mut reader).await,
            Next::Nothing => return None,
        };
        Some((Ok::<_, Infallible>(Bytes::from(text)), (reader, next)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("accept")),
        // A proxy must not collect what is to arrive at once.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(body)).into_response()
}

async fn events(reader: &mut Reader) -> (String, Next) {
    let heartbeat = reader.service().settings.feed_heartbeat.0;
    match reader.next(LIMIT, heartbeat).await {
        Ok(page) if !page.events.is_empty() => (written(&page), Next::Events),
        Ok(_) if reader.service().is_stopping() => {
            (ended(&Problem::unavailable("stopping", "the service is stopping")), Next::Nothing)
        }
        // An id without data is no event: it only tells clients how far they are, past what they did not want.
        Ok(page) => (format!("id: {}\n: nothing new\n\n", page.until), Next::Events),
        Err(problem) => (ended(&problem), Next::Nothing),
    }
}

fn written(page: &Page) -> String {
    let mut text = String::new();
    for event in &page.events {
        // INVARIANT: plain data always has a JSON form, and JSON is one line.
        let json = serde_json::to_string(event).unwrap_or_default();
        let _ = write!(text, "id: {}\ndata: {json}\n\n", event.position());
    }
    text
}

/// The last that a client is told: why there is no more.
fn ended(problem: &Problem) -> String {
    let details = serde_json::to_string(&problem.details()).unwrap_or_default();
    format!("event: problem\ndata: {details}\n\n")
}
