//! Answers, written straight into the body.

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chancery_aggregates::access::{Decision, Denial, DenialKind};

use super::sight::Unasked;
use crate::api::headers::POSITION;
use crate::api::problem::Problem;

const ALLOWED: &[u8] = br#"{"decision":true}"#;
const ALLOWED_OWN: &[u8] =
    br#"{"decision":true,"context":{"only_own":true,"reason":"allowed for what is the subject's own only"}}"#;

/// What became of one question.
#[derive(Debug)]
pub(super) enum Answered {
    /// It was decided.
    Decided(Decision),
    /// It could not be asked: a denial, with the reason.
    Failed(Problem),
}

impl Answered {
    pub(super) fn is_allowed(&self) -> bool {
        matches!(self, Self::Decided(decision) if decision.is_allowed())
    }

    /// Writes the answer as a JSON object.
    pub(super) fn write(&self, body: &mut Vec<u8>) {
        match self {
            Self::Decided(Decision::Allowed { only_own: false }) => body.extend_from_slice(ALLOWED),
            Self::Decided(Decision::Allowed { only_own: true }) => body.extend_from_slice(ALLOWED_OWN),
            Self::Decided(Decision::Denied(denial)) => write_denial(body, denial),
            Self::Failed(problem) => write_failure(body, problem),
        }
    }
}

impl TryFrom<Unasked> for Denial {
    type Error = Problem;

    fn try_from(unasked: Unasked) -> Result<Self, Problem> {
        match unasked {
            Unasked::UnknownSubject => Ok(Self::UnknownMember),
            Unasked::UnknownAction => Ok(Self::UnknownPermission),
            Unasked::Blind(refusal) => Err(refusal.into()),
        }
    }
}

fn write_denial(body: &mut Vec<u8>, denial: &Denial) {
    let kind = match denial.kind() {
        DenialKind::NotFound => "not_found",
        DenialKind::Forbidden => "forbidden",
    };
    body.extend_from_slice(br#"{"decision":false,"context":{"code":""#);
    body.extend_from_slice(denial.code().as_bytes());
    body.extend_from_slice(br#"","kind":""#);
    body.extend_from_slice(kind.as_bytes());
    body.extend_from_slice(br#"","reason":"#);
    write_string(body, &denial.to_string());
    body.extend_from_slice(b"}}");
}

fn write_failure(body: &mut Vec<u8>, problem: &Problem) {
    body.extend_from_slice(br#"{"decision":false,"context":{"code":""#);
    body.extend_from_slice(problem.rule().as_bytes());
    body.extend_from_slice(br#"","error":{"status":"#);
    body.extend_from_slice(problem.status().as_str().as_bytes());
    body.extend_from_slice(br#","message":"#);
    write_string(body, problem.detail());
    body.extend_from_slice(b"}}}");
}

/// A JSON string.
pub(super) fn write_string(body: &mut Vec<u8>, text: &str) {
    // INVARIANT: a string always has a JSON form, and writing to memory does not fail.
    let _ = serde_json::to_writer(body, text);
}

/// An answer to one question.
pub(super) fn single(answered: &Answered, position: u64) -> Response {
    let body = match answered {
        Answered::Decided(Decision::Allowed { only_own: false }) => Bytes::from_static(ALLOWED),
        other => {
            let mut body = Vec::with_capacity(160);
            other.write(&mut body);
            body.into()
        }
    };
    respond(body, position)
}

/// A body with the headers of an answer.
pub(super) fn respond(body: impl Into<Bytes>, position: u64) -> Response {
    let json = HeaderValue::from_static("application/json");
    let headers = [(header::CONTENT_TYPE, json), (POSITION, HeaderValue::from(position))];
    (headers, body.into()).into_response()
}
