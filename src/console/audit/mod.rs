//! The audit log: complete, filtered, exported, charted, and checked against what was signed.
//!
//! All of it is for who may read the audit log of the whole organisation. For everybody else there is nothing here.

mod asked;
mod entry;
mod export;
mod filters;
mod list;
mod seal;
mod trend;
mod verify;

use axum::Router;
use axum::routing::{get, post};

use super::oops::Oops;
use super::visit::Visit;
use crate::api::service::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/{organisation}/audit", get(list::show))
        .route("/{organisation}/audit/entries/{position}", get(entry::show))
        .route("/{organisation}/audit/over-time", get(trend::show))
        .route("/{organisation}/audit/verify", get(verify::show))
        .route("/{organisation}/audit/export", post(export::export))
}

/// Whether the visitor may read the audit log. Who may not is not told that there is one.
fn admit(visit: &Visit) -> Result<(), Oops> {
    visit.head.may_replay().map_err(|_| Oops::nothing())
}
