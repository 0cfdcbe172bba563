//! Reading: an organisation as the caller may see it, now or in the past.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::{HeaderValue, header, request::Parts};
use axum::response::{IntoResponse, Response};
use chancery_aggregates::Facts;
use chancery_aggregates::vocabulary::{Actor, OrganisationId};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::api::authentication::Caller;
use crate::api::body::Query;
use crate::api::headers::{self, POSITION};
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::api::time::time;
use crate::engine::Moment;

/// Which organisation, and as of when.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct When {
    /// As it was then: a time such as `2026-03-03T14:30:00Z`, or a position of the log such as `57`. Needs the right to
    /// read the audit log
    #[param(nullable = false)]
    pub at: Option<String>,
}

/// The position that a read asks for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "describes what `headers::at_least` reads")]
pub struct AtLeast {
    /// The answer knows of this position at least, such as the one that a write was answered with
    #[param(nullable = false, rename = "x-chancery-at-least")]
    pub at_least: Option<u64>,
}

/// An organisation at a point of its history, as the caller may see it: an extractor.
#[derive(Debug)]
pub struct View {
    /// The state, the instant, and the reader. In the past it is the operator: whoever may replay the
    /// past sees all of it.
    pub facts: Facts,
}

impl FromRequestParts<Shared> for View {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Answer<Self> {
        let caller = Caller::from_request_parts(parts, service).await?;
        let (organisation, actor) = named_organisation(parts, service, &caller).await?;
        let at_least = headers::at_least(&parts.headers)?;
        let Query(When { at }) = Query::from_request_parts(parts, service).await?;
        let state = service.state(&organisation, at_least).await?;
        let now = service.now(&state);
        let head = Facts { state: state.as_ref().clone(), actor, now };
        head.acting()?;
        let Some(at) = at else { return Ok(Self { facts: head }) };
        let replayed = service.engine.replay(&organisation, moment(&at)?).await?;
        if replayed.at >= now {
            return Ok(Self { facts: Facts { state: replayed.state.as_ref().clone(), now: replayed.at, ..head } });
        }
        head.may_replay()?;
        let state = replayed.state.as_ref().clone();
        Ok(Self { facts: Facts { state, actor: Actor::Operator, now: replayed.at } })
    }
}

/// The organisation in the path, and who the caller is in it.
pub(super) async fn named_organisation(
    parts: &mut Parts,
    service: &Shared,
    caller: &Caller,
) -> Answer<(OrganisationId, Actor)> {
    let named = organisation_in(parts, service).await?;
    let actor = caller.actor_in(&named)?;
    Ok((OrganisationId::known(named), actor))
}

/// The same where the operator acts, too.
pub(super) async fn governed_organisation(
    parts: &mut Parts,
    service: &Shared,
    caller: &Caller,
) -> Answer<(OrganisationId, Actor)> {
    let named = organisation_in(parts, service).await?;
    let actor = if caller.operator().is_ok() { Actor::Operator } else { caller.actor_in(&named)? };
    Ok((OrganisationId::known(named), actor))
}

async fn organisation_in(parts: &mut Parts, service: &Shared) -> Answer<String> {
    let nothing = |_| Problem::not_found("there is nothing here");
    let parameters = RawPathParams::from_request_parts(parts, service).await.map_err(nothing)?;
    let named = parameters.iter().find(|(name, _)| *name == "organisation").map(|(_, value)| value);
    named.map(str::to_owned).ok_or_else(|| Problem::not_found("there is nothing here"))
}

/// The moment that a parameter names.
pub(super) fn moment(text: &str) -> Answer<Moment> {
    if let Ok(position) = text.parse() {
        return Ok(Moment::Position(position));
    }
    time(text).map(Moment::Time).ok_or_else(|| {
        let detail = "write a time as 2026-03-03T14:30:00Z, or a position of the log as 57";
        Problem::bad_request("bad_time", detail).field("at")
    })
}

impl View {
    /// An answer as of this view.
    pub fn seen<T>(&self, body: T) -> Seen<T> {
        Seen { position: self.facts.state.position(), version: None, body }
    }
}

/// What was read, and as of which position.
#[derive(Debug, Clone)]
pub struct Seen<T> {
    position: u64,
    version: Option<u64>,
    body: T,
}

impl<T> Seen<T> {
    /// Says which version of the resource this is: a change may be bound to it by `If-Match`.
    #[must_use]
    pub fn version(self, version: u64) -> Self {
        Self { version: Some(version), ..self }
    }
}

impl<T: Serialize> IntoResponse for Seen<T> {
    fn into_response(self) -> Response {
        let mut response = ([(POSITION, HeaderValue::from(self.position))], axum::Json(self.body)).into_response();
        if let Some(tag) = self.version.and_then(entity_tag) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// A version as `ETag` and `If-Match` have it.
pub(super) fn entity_tag(version: u64) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{version}\"")).ok()
}
