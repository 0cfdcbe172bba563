//! The console: pages for people, from the same binary.
//!
//! Every page is HTML that works without script: reading is GET, changing is a form that is posted, shown as a
//! [preview](change) and confirmed. Whoever is signed in acts as a member, with that member's authority and
//! no other: what they may not see is not there, and what they may not do is refused by the same `decide`
//! as everywhere; pages ask it beforehand to say why a switch cannot be moved.
//!
//! - [`session`]: who is signed in. [`visit`]: a page's request. [`form`]: what was posted.
//! - `oidc`: signing in by OpenID Connect.
//! - `page`: what is around every page. `oops`: pages for what goes wrong. `assets`: style and script.

mod activity;
mod ask;
mod assets;
mod audit;
mod change;
mod compare;
mod drawing;
mod export;
mod form;
mod fragments;
mod jump;
mod link;
mod log;
mod members;
mod oidc;
mod oops;
mod overview;
mod page;
mod permissions;
mod preferences;
mod reports;
mod reviews;
mod rewind;
mod roles;
mod scopes;
mod session;
mod sign_in;
mod visit;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::get;

pub(crate) use self::link::{link_to, make as make_link};
pub(crate) use self::members::Orders;
pub(crate) use self::oidc::SignOn;
pub use self::oidc::SignOnError;
pub(crate) use self::session::Sessions;
use crate::api::service::Shared;

/// The console's pages. What belongs to no organisation stands below `-`, which no organisation is called.
pub(crate) fn routes(service: &Shared) -> Router<Shared> {
    let pages = Router::new()
        .route("/", get(sign_in::start))
        .merge(assets::routes())
        .merge(sign_in::routes())
        .merge(oidc::routes())
        .merge(preferences::routes())
        .merge(overview::routes())
        .merge(roles::routes())
        .merge(members::routes())
        .merge(scopes::routes())
        .merge(reviews::routes())
        .merge(activity::routes())
        .merge(audit::routes())
        .merge(compare::routes())
        .merge(ask::routes())
        .merge(reports::routes())
        .fallback(async || oops::Oops::nothing())
        .layer(from_fn_with_state(service.clone(), page::dress));
    Router::new().route("/", get(async || Redirect::to("/console"))).nest("/console", pages)
}
