//! Checks on the shortest way. They are nearly all that a busy service is asked, and a router, with what it puts around
//! every request, takes as long as the answer does.

use std::convert::Infallible;

use axum::http::{Method, Request};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;

use super::authentication::{Caller, Peer};
use super::authzen::{asked, evaluate, evaluate_several};
use super::envelope::{Enveloped, Route};
use super::problem::Answer;
use super::service::{Service, Shared};

/// An operation that the router need not be asked for. It is registered there all the same, for the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// One question.
    Single,
    /// Several.
    Batch,
}

impl Check {
    const ALL: [Self; 2] = [Self::Single, Self::Batch];

    /// The operation that a request asks for, if it is one of these.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        let path = request.uri().path();
        let known = Self::ALL.into_iter().find(|check| check.path() == path);
        known.filter(|_| request.method() == Method::POST)
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Single => "/access/v1/evaluation",
            Self::Batch => "/access/v1/evaluations",
        }
    }

    /// Answers a request as the router would.
    pub(super) async fn answer(
        self,
        service: Shared,
        peer: Peer,
        request: Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let enveloped = Enveloped::new(&request, Route::Check(self));
        // In a box: it is handed on several times, and a box is moved in no time.
        let run = Box::pin(self.run(&service, peer, request));
        Ok(enveloped.answer(&service, run).await)
    }

    async fn run(self, service: &Service, peer: Peer, request: Request<Incoming>) -> Response {
        self.try_run(service, peer, request).await.into_response()
    }

    async fn try_run(self, service: &Service, peer: Peer, request: Request<Incoming>) -> Answer<Response> {
        let caller = Caller::of(request.headers(), Some(peer), service).await?;
        let asked = asked(service, &caller, request).await?;
        match self {
            Self::Single => evaluate(service, &caller, asked).await,
            Self::Batch => evaluate_several(service, &caller, asked).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_router_would_run_is_run_here() {
        let asked = |method: &str, uri: &str| Check::of(&Request::builder().method(method).uri(uri).body(()).unwrap());
        assert_eq!(asked("POST", "/access/v1/evaluation"), Some(Check::Single));
        assert_eq!(asked("POST", "/access/v1/evaluations?x=1"), Some(Check::Batch));
        for other in ["/access/v1/evaluation/", "/access/v1/Evaluation", "/access/v1/search/subject", "/"] {
            assert_eq!(asked("POST", other), None);
        }
        assert_eq!(asked("GET", "/access/v1/evaluation"), None);
    }

    #[test]
    fn the_paths_are_those_of_the_description() {
        let description = crate::api::description(&crate::config::Settings::default());
        let paths: serde_json::Value = serde_json::from_str(&description).unwrap();
        for check in Check::ALL {
            assert!(paths["paths"][check.path()]["post"].is_object(), "{check:?}");
        }
    }
}
