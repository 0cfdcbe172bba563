//! Roles: the list, and the page of each.

mod details;
mod give;
mod list;
mod show;
mod toggle;

use axum::Router;
use axum::routing::{get, post};
use chancery_aggregates::command::RoleCommand;
use chancery_aggregates::profile::document::AssignedBy;
use chancery_aggregates::role::Role;
use chancery_aggregates::state::RoleEntry;
use chancery_aggregates::vocabulary::RoleId;
use chancery_aggregates::{AccessState, Command, Refusal};
use maud::{Markup, html};

use super::change::{Basis, Proposal};
use super::fragments::lock;
use super::page::Section;
use super::visit::{Visit, segment};
use crate::api::service::Shared;

pub(super) fn routes() -> Router<Shared> {
    let role = "/{organisation}/roles/{role}";
    Router::new()
        .route("/{organisation}/roles", get(list::list))
        .route("/{organisation}/new-role", get(details::new).post(details::create))
        .route(role, get(show::show))
        .route(&format!("{role}/permissions"), post(toggle::toggle))
        .route(&format!("{role}/details"), get(details::edit).post(details::change))
        .route(&format!("{role}/duplicate"), get(details::copy).post(details::duplicate))
        .route(&format!("{role}/delete"), post(toggle::delete))
        .route(&format!("{role}/give"), post(give::give))
        .route(&format!("{role}/lock"), post(toggle::lock))
}

/// Which role.
#[derive(Debug, serde::Deserialize)]
struct InRole {
    role: String,
}

/// The page of a role, below the organisation's.
fn below(id: &str) -> String {
    format!("/roles/{}", segment(id))
}

/// Whether whoever is signed in may ask this of a role: what `decide` itself says.
fn may(visit: &Visit, role: &RoleEntry, command: &RoleCommand) -> Result<(), Refusal> {
    Role::of(&visit.head.state, role).decide(&role.id, command, &visit.head).map(|_| ())
}

/// The version of a role.
fn version(state: &AccessState, id: &str) -> Option<u64> {
    Some(state.role(state.role_ix(id)?)?.sequence)
}

/// A change of a role, bound to the version that the form was filled in on.
fn proposal(visit: &Visit, id: &RoleId, title: String, commands: Vec<RoleCommand>, to: &str) -> Proposal {
    let page = visit.link(&below(id.as_str()));
    Proposal {
        section: Section::Roles,
        title,
        commands: commands.into_iter().map(|command| Command::Role(id.clone(), command)).collect(),
        action: format!("{page}/{to}"),
        back: page.clone(),
        done: page,
        notice: "Saved.".to_owned(),
        basis: Some(Basis { stream: format!("role/{id}"), id: id.to_string(), version }),
        grave: false,
        asks: true,
        refill: None,
    }
}

/// Where a role comes from, and what is special about it.
fn badges(role: &RoleEntry) -> Markup {
    html! {
        span.badges {
            @match (role.assigned, role.built_in) {
                (AssignedBy::System, _) => span.badge title="Given and taken by the product itself" { "system" },
                (AssignedBy::Transfer, _) => span.badge title="Has exactly one holder, and moves by transfer" { "owner" },
                (AssignedBy::Hand, true) => span.badge { "built-in" },
                (AssignedBy::Hand, false) => {},
            }
            @if role.locked { span.badge { (lock()) "locked" } }
            @if role.everywhere { span.badge title="Reaches the whole organisation, whatever the holder’s scope" { "everywhere" } }
        }
    }
}
