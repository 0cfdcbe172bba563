//! What goes wrong, as a page.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chancery_aggregates::Refusal;
use maud::{Markup, html};

use super::fragments::spans;
use crate::api::problem::Problem;
use crate::engine::EngineError;

/// Why there is no page.
#[derive(Debug, Clone)]
pub(super) enum Oops {
    /// Somebody has to sign in first, and then wants to go there.
    SignIn {
        /// A path of the console.
        to: String,
    },
    /// Something else.
    Problem(Problem),
}

/// Marks a response that [`dress`](super::page::dress) makes a page of.
#[derive(Debug, Clone)]
pub(super) struct Failed(pub(super) Problem);

impl Oops {
    /// There is nothing, or nothing that may be known of.
    pub(super) fn nothing() -> Self {
        Self::Problem(Problem::not_found("there is nothing here"))
    }
}

impl From<Problem> for Oops {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Refusal> for Oops {
    fn from(refusal: Refusal) -> Self {
        Self::Problem(refusal.into())
    }
}

impl From<EngineError> for Oops {
    fn from(error: EngineError) -> Self {
        Self::Problem(error.into())
    }
}

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn { to } => {
                let query = form_urlencoded::Serializer::new(String::new()).append_pair("to", &to).finish();
                Redirect::to(&format!("/console/-/sign-in?{query}")).into_response()
            }
            Self::Problem(problem) => {
                let mut response = problem.clone().into_response();
                response.extensions_mut().insert(Failed(problem));
                response
            }
        }
    }
}

/// What a page says of a problem. What is not there, and what may not be seen, look the same.
pub(super) fn describe(problem: &Problem) -> (&'static str, Markup) {
    let title = match problem.status() {
        StatusCode::NOT_FOUND => {
            return (
                "Not found",
                html! {
                    p { "There is nothing here, or nothing that you may see." }
                },
            );
        }
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => "That does not fit",
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => "That cannot be",
        status if status.is_server_error() => "The service has a problem",
        _ => "That did not work",
    };
    (title, html! { p { (sentence(problem.detail())) } })
}

/// A refusal's sentence as people write one.
pub(super) fn sentence(detail: &str) -> Markup {
    let mut letters = detail.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let text = format!("{first}{}", letters.as_str());
    html! { (spans(&text)) @if !text.ends_with(['.', '?', '!']) { "." } }
}
