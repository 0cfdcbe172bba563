//! The failures that operations have in common, for the description of the interface.

use utoipa::IntoResponses;

use super::problem::ProblemDetails;

/// Problem details, whatever the failure.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "describes what `Problem` answers")]
pub(super) enum Failures {
    /// The request makes no sense
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(#[to_schema] ProblemDetails),
    /// No key, or not a valid one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(#[to_schema] ProblemDetails),
    /// The caller may not do this
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemDetails),
    /// It is not there, or not for the caller to know of
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] ProblemDetails),
    /// The key makes requests faster than it may
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(#[to_schema] ProblemDetails),
    /// Any other failure
    #[response(status = "default", content_type = "application/problem+json")]
    Other(#[to_schema] ProblemDetails),
}
