//! Bodies and queries of requests, with their mistakes as problem details.

use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode, header, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::problem::{Answer, Problem};
use super::service::{Service, Shared};
use super::time::within;

/// A JSON body: an extractor.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// The parameters behind the `?`: an extractor.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// Named parts of the path: an extractor for a struct with some of them.
#[derive(Debug, Clone, Copy)]
pub struct InPath<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Shared> for InPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Answer<Self> {
        match axum::extract::Path::<T>::from_request_parts(parts, service).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(_) => Err(Problem::not_found("there is nothing here")),
        }
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Shared) -> Answer<Self> {
        if !is_json(request.headers()) {
            let detail = "the body is JSON: send `Content-Type: application/json`";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail));
        }
        let bytes = read(request.into_body(), service).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequestParts<Shared> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Answer<Self> {
        match axum::extract::Query::<T>::from_request_parts(parts, service).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(bad_query(&rejection.body_text())),
        }
    }
}

/// What is wrong with a query, from what axum says of it: a parameter and its mistake, or the mistake alone.
fn bad_query(text: &str) -> Problem {
    let told = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(text);
    let named = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    match told.split_once(": ").filter(|(name, _)| named(name)) {
        Some((name, mistake)) => Problem::bad_request("bad_query", format!("`{name}`: {mistake}")).field(name),
        None => Problem::bad_request("bad_query", told),
    }
}

/// Whether a request says that its body is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Reads a body, up to the limits on its size and its time.
///
/// # Errors
/// When it is too long, takes too long, or breaks off.
pub(crate) async fn read<B>(body: B, service: &Service) -> Answer<Bytes>
where
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    let limit = service.settings.body_limit.0;
    let collected = Limited::new(body, limit).collect();
    let Ok(collected) = within(service.settings.header_timeout.0, collected).await else {
        let detail = "the body took longer than it may";
        let problem = Problem::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", detail);
        return Err(problem.with_header(header::CONNECTION, header::HeaderValue::from_static("close")));
    };
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let detail = format!("the body is longer than {limit} bytes");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail))
        }
        Err(_) => Err(Problem::bad_request("bad_body", "the body broke off")),
    }
}

/// Reads JSON, and says where it is wrong.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let problem = Problem::bad_request("bad_body", error.into_inner().to_string());
        if path == "." { problem } else { problem.field(path) }
    })?;
    deserializer.end().map_err(|error| Problem::bad_request("bad_body", error.to_string()))?;
    Ok(value)
}
