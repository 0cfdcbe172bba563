//! The way to the provider and back.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use chrono::Utc;
use maud::{Markup, html};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::SignOn;
use super::attempt::Attempt;
use super::provider::{Known, ProviderError};
use crate::api::problem::Problem;
use crate::api::service::{Service, Shared};
use crate::console::form::Fields;
use crate::console::oops::Oops;
use crate::console::page::lone;
use crate::console::preferences::{Theme, local};
use crate::console::session::{Seat, attempt_cookie, cookie};
use crate::console::sign_in::sit;

/// Where the provider sends people back to.
pub(super) const BACK: &str = "/console/-/oidc/back";
/// The cookie with what was begun.
const COOKIE: &str = "chancery_attempt";
/// What is shown of a provider's words.
const SHOWN: usize = 300;

pub(in crate::console) fn routes() -> Router<Shared> {
    Router::new().route("/-/oidc", get(begin)).route("/-/oidc/back", get(back))
}

/// The way in, on the page to sign in at.
pub(in crate::console) fn button(service: &Service, to: &str) -> Markup {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("to", to).finish();
    html! {
        @if let Some(sign_on) = &service.sign_on {
            p { a.button.main href={ "/console/-/oidc?" (query) } { "Sign in with " (sign_on.label) } }
            p.quiet { "Or with a key:" }
        }
    }
}

fn configured(service: &Service) -> Result<&SignOn, Oops> {
    service.sign_on.as_ref().ok_or_else(Oops::nothing)
}

async fn begin(State(service): State<Shared>, headers: HeaderMap, uri: Uri) -> Result<Response, Oops> {
    let sign_on = configured(&service)?;
    let begun = match sign_on.provider.begin().await {
        Ok(begun) => begun,
        Err(error) => return Ok(away(&error, &headers)),
    };
    let query = Fields::parse(uri.query().unwrap_or_default().as_bytes());
    let attempt = Attempt {
        state: begun.state,
        nonce: begun.nonce,
        verifier: begun.verifier.to_string(),
        to: local(query.text("to")).to_owned(),
        begun: Utc::now(),
    };
    let sealed = sign_on.seal.close(&attempt);
    let sealed = sealed.map_err(|_| Problem::unavailable("no_randomness", "the system has no randomness to give"))?;
    let mut response = Redirect::to(&begun.address).into_response();
    let cookie = attempt_cookie(COOKIE, &sealed, service.is_reached_by_tls());
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn back(State(service): State<Shared>, headers: HeaderMap, uri: Uri) -> Result<Response, Oops> {
    let sign_on = configured(&service)?;
    let query = Fields::parse(uri.query().unwrap_or_default().as_bytes());
    let mut response = answer(&service, sign_on, &headers, &query).await?;
    // An attempt is for one answer.
    let over = attempt_cookie(COOKIE, "", service.is_reached_by_tls());
    response.headers_mut().append(header::SET_COOKIE, over);
    Ok(response)
}

async fn answer(service: &Service, sign_on: &SignOn, headers: &HeaderMap, query: &Fields) -> Result<Response, Oops> {
    let begun = cookie(headers, COOKIE).and_then(|sealed| sign_on.seal.open(sealed, Utc::now()));
    let matches = |attempt: &Attempt| bool::from(attempt.state.as_bytes().ct_eq(query.text("state").as_bytes()));
    // RFC 9207: another issuer's answer is not this one's, whatever it has with it.
    let ours = query.get("iss").is_none_or(|issuer| sign_on.provider.is_called(issuer));
    let Some(attempt) = begun.filter(matches).filter(|_| ours) else {
        tracing::info!(because = "not_begun_here", "a sign-in was turned away");
        return Ok(page(
            headers,
            StatusCode::BAD_REQUEST,
            "This sign-in does not go on",
            &html! {
                p { "It was not begun in this browser, or too long ago." }
            },
        ));
    };
    let Some(code) = query.get("code") else {
        tracing::info!(because = "provider_refused", "a sign-in was turned away");
        return Ok(page(headers, StatusCode::UNAUTHORIZED, "Your account was not confirmed", &refusal(query)));
    };
    match sign_on.provider.finish(code, &attempt.verifier, &attempt.nonce).await {
        Ok(known) => enter(service, sign_on, headers, known, &attempt.to).await,
        Err(error) => Ok(away(&error, headers)),
    }
}

/// What the provider says, as text and not too much of it.
fn refusal(query: &Fields) -> Markup {
    let told = |name: &str| query.text(name).chars().take(SHOWN).collect::<String>();
    html! {
        p { "It says: " code { (told("error")) } @if query.has("error_description") { " " (told("error_description")) } }
    }
}

/// One seat for each organisation. Who is not known, known twice or suspended is told the same.
async fn enter(
    service: &Service,
    sign_on: &SignOn,
    headers: &HeaderMap,
    known: Known,
    to: &str,
) -> Result<Response, Oops> {
    let members = sign_on.members(service, &known).await?;
    let leave = known.leave.map(Zeroizing::new);
    let seats: Vec<Seat> = members
        .into_iter()
        .map(|(organisation, member)| Seat { organisation, member, key: None, leave: leave.clone() })
        .collect();
    if seats.is_empty() {
        tracing::info!(because = "no_member", "a sign-in was turned away");
        return Ok(page(
            headers,
            StatusCode::FORBIDDEN,
            "This account opens nothing here",
            &html! {
                p { "Ask whoever administers your organisation, or sign in with another account." }
            },
        ));
    }
    for seat in &seats {
        tracing::info!(organisation = %seat.organisation, member = %seat.member, "signed in by OpenID Connect");
    }
    sit(service, headers, seats, to)
}

/// The provider does not answer as it should. Why is in the log, for those who keep the service.
fn away(error: &ProviderError, headers: &HeaderMap) -> Response {
    tracing::warn!(%error, because = "provider", "a sign-in was turned away");
    let text = match error {
        ProviderError::Discovery(_) => "The service that knows your account does not answer. Try again in a while.",
        ProviderError::Exchange(_) | ProviderError::Token(_) => {
            "The service that knows your account gave an answer that does not hold. Begin again; if that does not \
             help, tell whoever keeps this service."
        }
    };
    page(headers, StatusCode::BAD_GATEWAY, "You could not be signed in", &html! { p { (text) } })
}

fn page(headers: &HeaderMap, status: StatusCode, title: &str, text: &Markup) -> Response {
    let content = html! {
        h1 { (title) }
        (text)
        p { a.button href="/console/-/sign-in" { "To the page to sign in at" } }
    };
    (status, Html(lone(title, Theme::of(headers), &content).into_string())).into_response()
}
