//! A request for a page of an organisation: who asks, and as of when.

use axum::extract::{FromRequestParts, OriginalUri, RawPathParams};
use axum::http::header::USER_AGENT;
use axum::http::{Uri, request::Parts};
use chancery_aggregates::Facts;
use chancery_aggregates::event::Origin;
use chancery_aggregates::vocabulary::{Actor, MemberId, OrganisationId, Time};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::form::Fields;
use super::oops::Oops;
use super::preferences::Preferences;
use super::rewind;
use super::session::Guest;
use crate::api::authentication::{Bearer, client_address, identify};
use crate::api::problem::Problem;
use crate::api::service::{Service, Shared};
use crate::cli::time::{Edge, Point};
use crate::history::Density;
use crate::store::StoreError;

/// What may stand in a path as it is.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A point of the past that a page shows.
#[derive(Debug, Clone)]
pub(super) struct Past {
    /// As it was asked for.
    pub(super) asked: String,
    /// The instant that it means.
    pub(super) at: Time,
}

/// A request for a page: an extractor.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) service: Shared,
    pub(super) guest: Guest,
    pub(super) organisation: OrganisationId,
    /// Who is signed in.
    pub(super) member: MemberId,
    /// The present, for whoever is signed in.
    pub(super) head: Facts,
    /// What the page shows: the present, or the past as the keeper of the store sees it, since whoever may
    /// replay the past sees all of it.
    pub(super) facts: Facts,
    pub(super) past: Option<Past>,
    /// Where events are dense; for who may see the past.
    pub(super) density: Option<Density>,
    pub(super) preferences: Preferences,
    /// From where the request comes.
    pub(super) origin: Origin,
    /// The path of the page.
    pub(super) path: String,
    /// What stands behind the `?`.
    pub(super) query: Fields,
}

impl FromRequestParts<Shared> for Visit {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Result<Self, Oops> {
        let Some(guest) = service.console.find(&parts.headers) else { return Err(to_sign_in(parts)) };
        let parameters = RawPathParams::from_request_parts(parts, service).await.map_err(|_| Oops::nothing())?;
        let named = parameters.iter().find(|(name, _)| *name == "organisation").map(|(_, value)| value);
        let seat = named.and_then(|named| guest.seat(named)).cloned().ok_or_else(Oops::nothing)?;
        if let Some(key) = &seat.key {
            let bearer = identify(service, key).await.map(|identity| identity.bearer.clone());
            let own = |bearer: &Bearer| {
                matches!(bearer, Bearer::Member { organisation, member }
                    if *organisation == seat.organisation && *member == seat.member)
            };
            if !bearer.is_ok_and(|bearer| own(&bearer)) {
                service.console.leave(&guest, &seat.organisation);
                return Err(to_sign_in(parts));
            }
        }
        let state = service.state(&seat.organisation, None).await?;
        let now = service.now(&state);
        let head = Facts { state: state.as_ref().clone(), actor: Actor::Member(seat.member.clone()), now };
        if let Err(refusal) = head.acting() {
            // Suspended, removed or not past a guard any more: what was open ends.
            service.console.leave(&guest, &seat.organisation);
            return Err(refusal.into());
        }
        let query = rewind::read(Fields::parse(parts.uri.query().unwrap_or_default().as_bytes()), &head);
        let density = density(service, &head).await;
        let (facts, past) = match query.get("at") {
            Some(asked) => then(service, &seat.organisation, &head, asked).await?,
            None => (head.clone(), None),
        };
        let preferences = Preferences::of(&parts.headers, &seat.organisation, &seat.member);
        Ok(Self {
            service: service.clone(),
            guest,
            organisation: seat.organisation,
            member: seat.member,
            head,
            facts,
            past,
            density,
            preferences,
            origin: origin(parts, service),
            path: original(parts).path().to_owned(),
            query,
        })
    }
}

/// Where events are dense. A log that is damaged has no picture, and is to be looked at all the same.
async fn density(service: &Shared, head: &Facts) -> Option<Density> {
    head.may_replay().ok()?;
    let found = service.history.density(&**service.engine.store(), &head.state, head.now, rewind::BARS).await;
    let warn =
        |error: &StoreError| tracing::warn!(organisation = %head.state.organisation(), %error, "no picture of the log");
    found.inspect_err(warn).ok()
}

fn origin(parts: &Parts, service: &Service) -> Origin {
    let address = client_address(&parts.headers, parts.extensions.get().copied(), service);
    let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        source: Some("console".to_owned()),
        address: address.map(|address| address.to_string()),
        agent: agent.map(str::to_owned),
    }
}

/// The organisation as it was.
async fn then(
    service: &Shared,
    organisation: &OrganisationId,
    head: &Facts,
    asked: &str,
) -> Result<(Facts, Option<Past>), Oops> {
    let bad = || {
        let detail = "write a time as 2026-03-03 14:30, a date, or a position of the log as 57";
        Problem::bad_request("bad_time", detail)
    };
    let point: Point = asked.parse().map_err(|_| bad())?;
    head.may_replay()?;
    let replayed = service.engine.replay(organisation, point.moment(Edge::Included, head.now)).await?;
    if replayed.at >= head.now {
        return Ok((head.clone(), None));
    }
    let facts = Facts { state: replayed.state.as_ref().clone(), actor: Actor::Operator, now: replayed.at };
    Ok((facts, Some(Past { asked: asked.to_owned(), at: replayed.at })))
}

/// The address as it was asked for: what handlers have in its place lacks the beginning.
fn original(parts: &Parts) -> &Uri {
    parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0)
}

fn to_sign_in(parts: &Parts) -> Oops {
    let reading = parts.method.is_safe();
    let to = original(parts).path_and_query().filter(|_| reading).map_or("/console", |path| path.as_str());
    Oops::SignIn { to: to.to_owned() }
}

/// A part of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, IN_PATH).to_string()
}

impl Visit {
    /// A page of the organisation, as of the same instant. `below` begins with a slash.
    pub(super) fn link(&self, below: &str) -> String {
        let past = self.past.as_ref();
        let query = past.map(|past| format!("?{}", Fields::default().with("at", &past.asked).query()));
        format!("{}{}", self.present(below), query.unwrap_or_default())
    }

    /// A page of the organisation, as of the same instant, with more in its query.
    pub(super) fn also(&self, below: &str, more: &Fields) -> String {
        let query = self.past.as_ref().map_or_else(|| more.clone(), |past| more.with("at", &past.asked));
        format!("{}?{}", self.present(below), query.query())
    }

    /// A page of the organisation as it is now.
    pub(super) fn present(&self, below: &str) -> String {
        format!("/console/{}{below}", segment(self.organisation.as_str()))
    }

    /// This page with another value in its query.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        format!("{}?{}", self.path, self.query.with(name, value).query())
    }

    /// This page without something in its query.
    pub(super) fn without(&self, name: &str) -> String {
        let query = self.query.without(name).query();
        if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) }
    }

    /// This page, to come back to.
    pub(super) fn here(&self) -> String {
        let query = self.query.query();
        if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) }
    }

    /// Whether changes are offered: not in the past.
    pub(super) fn is_present(&self) -> bool {
        self.past.is_none()
    }
}
