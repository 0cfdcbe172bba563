//! The headers that are ours.

use axum::http::{HeaderMap, HeaderName};

use super::problem::{Answer, Problem};

/// On a read: the answer must know of this position at least.
pub const AT_LEAST: HeaderName = HeaderName::from_static("x-chancery-at-least");
/// On every answer about an organisation: the position that it is as of.
pub const POSITION: HeaderName = HeaderName::from_static("x-chancery-position");
/// On a write: why; recorded with the change. Percent-encoded UTF-8.
pub const REASON: HeaderName = HeaderName::from_static("x-chancery-reason");
/// On a write: on whose behalf; recorded with the change.
pub const ON_BEHALF_OF: HeaderName = HeaderName::from_static("x-chancery-on-behalf-of");
/// Names a request, in the answer and in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// W3C trace context.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Makes a repeated request answer as the first time.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// On an answer: an earlier request with the same idempotency key did the work.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The position that a read asks for.
///
/// # Errors
/// When the header is no number.
pub fn at_least(headers: &HeaderMap) -> Answer<Option<u64>> {
    let Some(value) = headers.get(AT_LEAST) else { return Ok(None) };
    let position = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    position.map(Some).ok_or_else(|| {
        Problem::bad_request("bad_header", "`X-Chancery-At-Least` is a position of the log, such as 57")
            .field(AT_LEAST.as_str())
    })
}

/// A header as text, percent-decoded.
///
/// # Errors
/// When it is not UTF-8 then.
pub fn text(headers: &HeaderMap, name: &HeaderName) -> Answer<Option<String>> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let decoded = percent_encoding::percent_decode(value.as_bytes()).decode_utf8();
    decoded.map(|text| Some(text.into_owned())).map_err(|_| {
        Problem::bad_request("bad_header", format!("`{name}` is not percent-encoded UTF-8")).field(name.as_str())
    })
}

/// The trace that a request belongs to: 32 hexadecimal digits of `traceparent`.
pub fn trace(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(TRACEPARENT)?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let hexadecimal = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let valid = version.len() == 2 && hexadecimal(version) && trace.len() == 32 && hexadecimal(trace);
    (valid && trace.bytes().any(|byte| byte != b'0')).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_read_from_a_valid_traceparent_only() {
        let trace_of = |text: &str| {
            let headers = HeaderMap::from_iter([(TRACEPARENT, text.parse().unwrap())]);
            trace(&headers).map(str::to_owned)
        };
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(trace_of(&format!("00-{id}-00f067aa0ba902b7-01")).as_deref(), Some(id));
        for bad in ["", "00", "00-4bf9-00f0-01", "zz-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"] {
            assert_eq!(trace_of(bad), None, "{bad}");
        }
        assert_eq!(trace_of("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), None);
    }
}
