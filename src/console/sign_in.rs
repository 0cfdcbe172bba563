//! Signing in and out, and which organisation.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chancery_aggregates::Facts;
use chancery_aggregates::vocabulary::{Actor, MemberId, OrganisationId};
use maud::{Markup, html};
use zeroize::Zeroizing;

use super::form::{Fields, Posted, check_token};
use super::fragments::spans;
use super::oops::Oops;
use super::page::lone;
use super::preferences::{Theme, local};
use super::session::{Guest, Seat, session_cookie};
use super::visit::segment;
use super::{link, oidc};
use crate::api::authentication::{Bearer, identify};
use crate::api::problem::Problem;
use crate::api::service::{Service, Shared};
use crate::keys::Token;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/-/sign-in", get(ask).post(sign_in))
        .route("/-/enter", get(knock).post(enter))
        .route("/-/organisations", get(organisations))
        .route("/-/sign-out", post(sign_out))
}

/// The beginning: the organisation, where there is only one.
pub(super) async fn start(State(service): State<Shared>, headers: HeaderMap) -> Response {
    match service.console.find(&headers) {
        None => Redirect::to("/console/-/sign-in").into_response(),
        Some(guest) => match guest.seats.as_slice() {
            [only] => Redirect::to(&home(&only.organisation)).into_response(),
            _ => Redirect::to("/console/-/organisations").into_response(),
        },
    }
}

fn home(organisation: &OrganisationId) -> String {
    format!("/console/{}", segment(organisation.as_str()))
}

async fn ask(State(service): State<Shared>, headers: HeaderMap, uri: axum::http::Uri) -> Markup {
    let query = Fields::parse(uri.query().unwrap_or_default().as_bytes());
    key_page(&service, Theme::of(&headers), local(query.text("to")), None)
}

fn key_page(service: &Service, theme: Theme, to: &str, wrong: Option<&str>) -> Markup {
    let content = html! {
        h1 { "Sign in" }
        (oidc::button(service, to))
        @if let Some(wrong) = wrong { p.notice.wrong role="alert" id="wrong" { (spans(wrong)) } }
        form method="post" action="/console/-/sign-in" {
            input type="hidden" name="to" value=(to);
            label for="key" { "Key" }
            input id="key" name="key" type="password" required autocomplete="current-password" spellcheck="false"
                aria-describedby=(if wrong.is_some() { "wrong hint" } else { "hint" }) aria-invalid=[wrong.map(|_| "true")];
            p.quiet id="hint" { "An API key of your own. It begins with " code { "chancery_" } "." }
            button.main { "Sign in" }
        }
        details.help {
            summary { "I have no key" }
            p { "Whoever keeps this service can make you a link that signs you in once:" }
            pre { "chancery --organisation ORGANISATION --as YOU key link" }
        }
    };
    lone("Sign in", theme, &content)
}

async fn sign_in(State(service): State<Shared>, headers: HeaderMap, Posted(fields): Posted) -> Result<Response, Oops> {
    let key = Zeroizing::new(fields.text("key").to_owned());
    let failed = |text: &str| {
        let page = key_page(&service, Theme::of(&headers), local(fields.text("to")), Some(text));
        (StatusCode::UNAUTHORIZED, Html(page.into_string())).into_response()
    };
    let bearer = match identify(&service, &key).await {
        Ok(identity) => identity.bearer.clone(),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            return Ok(failed("This key is not valid: it may be mistyped, revoked or past its time."));
        }
        Err(problem) => return Err(problem.into()),
    };
    let Bearer::Member { organisation, member } = bearer else {
        return Ok(failed("The operator’s key founds organisations and looks into none: sign in as a member."));
    };
    if let Err(problem) = takes_part(&service, &organisation, &member).await {
        return Ok(failed(problem.detail()));
    }
    let to = local(fields.text("to")).to_owned();
    sit(&service, &headers, vec![Seat { organisation, member, key: Some(key), leave: None }], &to)
}

async fn takes_part(service: &Service, organisation: &OrganisationId, member: &MemberId) -> Result<(), Problem> {
    let state = service.state(organisation, None).await?;
    let now = service.now(&state);
    let facts = Facts { state: state.as_ref().clone(), actor: Actor::Member(member.clone()), now };
    facts.acting()?;
    Ok(())
}

/// Begins a session, or goes on with it in more organisations.
pub(super) fn sit(service: &Service, headers: &HeaderMap, seats: Vec<Seat>, to: &str) -> Result<Response, Oops> {
    let to = match seats.as_slice() {
        [only] if to == "/console" => home(&only.organisation),
        _ => to.to_owned(),
    };
    let old = service.console.find(headers);
    let secret = service.console.sit(old.as_ref(), seats)?;
    let cookie = session_cookie(&secret, service.is_reached_by_tls());
    let mut response = Redirect::to(&to).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// A link is not used up by being looked at: programs that fetch what is linked must not spend it.
async fn knock(headers: HeaderMap, uri: axum::http::Uri) -> Markup {
    let query = Fields::parse(uri.query().unwrap_or_default().as_bytes());
    let theme = Theme::of(&headers);
    let Ok(token) = Token::parse(query.text("key")) else { return stale(theme) };
    let content = html! {
        h1 { "Sign in to " (token.organisation()) }
        p { "This link works once." }
        form method="post" action="/console/-/enter" {
            input type="hidden" name="key" value=(token.reveal());
            button.main autofocus { "Sign in" }
        }
    };
    lone("Sign in", theme, &content)
}

fn stale(theme: Theme) -> Markup {
    let content = html! {
        h1 { "This link does not work" }
        p { "It was used before, its time is over, or it is not whole. Ask for a new one, or sign in with a key." }
        p { a.button href="/console/-/sign-in" { "Sign in with a key" } }
    };
    lone("This link does not work", theme, &content)
}

async fn enter(State(service): State<Shared>, headers: HeaderMap, Posted(fields): Posted) -> Result<Response, Oops> {
    let stale = || (StatusCode::UNAUTHORIZED, Html(stale(Theme::of(&headers)).into_string())).into_response();
    let Ok(token) = Token::parse(fields.text("key")) else { return Ok(stale()) };
    let Ok(identity) = identify(&service, token.reveal()).await else { return Ok(stale()) };
    let Bearer::Member { organisation, member } = identity.bearer.clone() else { return Ok(stale()) };
    let state = service.state(&organisation, None).await?;
    if state.key(token.key().as_str()).is_none_or(|key| key.label != link::LABEL) {
        return Ok(stale());
    }
    takes_part(&service, &organisation, &member).await?;
    if !link::use_up(&service.engine, &token, &member).await? {
        return Ok(stale());
    }
    sit(&service, &headers, vec![Seat { organisation, member, key: None, leave: None }], "/console")
}

async fn organisations(State(service): State<Shared>, headers: HeaderMap) -> Result<Response, Oops> {
    let Some(guest) = service.console.find(&headers) else {
        return Err(Oops::SignIn { to: "/console/-/organisations".to_owned() });
    };
    let mut names = Vec::new();
    for seat in &guest.seats {
        let name = service.state(&seat.organisation, None).await.map(|state| state.name().to_owned());
        names.push((seat, name.unwrap_or_else(|_| seat.organisation.to_string())));
    }
    let content = html! {
        h1 { "Organisations" }
        ul.places { @for (seat, name) in &names {
            li { a href=(home(&seat.organisation)) { strong { (name) } span.quiet { "as " (seat.member) } } }
        } }
        p.quiet { "A key belongs to one member of one organisation. Sign in with another key to add its organisation to this list." }
        p.row { a.button href="/console/-/sign-in" { "Sign in with another key" } }
        (leaving(&guest))
    };
    Ok(lone("Organisations", Theme::of(&headers), &content).into_response())
}

fn leaving(guest: &Guest) -> Markup {
    html! {
        form method="post" action="/console/-/sign-out" {
            input type="hidden" name="csrf" value=(guest.form_token);
            button { "Sign out" }
        }
    }
}

async fn sign_out(State(service): State<Shared>, headers: HeaderMap, Posted(fields): Posted) -> Result<Response, Oops> {
    let mut leave = None;
    if let Some(guest) = service.console.find(&headers) {
        check_token(&fields, &guest.form_token)?;
        service.console.end(&guest);
        leave = guest.seats.into_iter().find_map(|seat| seat.leave);
    }
    let mut response = match leave {
        None => Redirect::to("/console/-/sign-in").into_response(),
        Some(leave) => signed_out(Theme::of(&headers), &leave).into_response(),
    };
    response.headers_mut().insert(header::SET_COOKIE, session_cookie("", service.is_reached_by_tls()));
    Ok(response)
}

/// Signed out here; whether elsewhere too is the person's choice. A link, since forms are answered by this service alone.
fn signed_out(theme: Theme, leave: &str) -> Markup {
    let content = html! {
        h1 { "You are signed out" }
        p { "The account that you signed in with is still open where it belongs. On a computer that others use, close it too." }
        p.row { a.button.main href=(leave) { "Sign out there as well" } a.button href="/console/-/sign-in" { "Sign in again" } }
    };
    lone("You are signed out", theme, &content)
}
