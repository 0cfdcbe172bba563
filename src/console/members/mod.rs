//! Members: the list, and the page of each.

mod act;
mod add;
mod list;
mod show;
mod toggles;

use axum::Router;
use axum::routing::{get, post};
use chancery_aggregates::command::MemberCommand;
use chancery_aggregates::member::Member;
use chancery_aggregates::state::{MemberEntry, ScopeEntry, ScopeIx};
use chancery_aggregates::{AccessState, Refusal};
use maud::{Markup, html};

use super::visit::{Visit, segment};
use crate::api::service::Shared;
use crate::views::scope::{selected, tree};

pub(super) fn routes() -> Router<Shared> {
    let member = "/{organisation}/members/{member}";
    Router::new()
        .route("/{organisation}/members", get(list::list))
        .route("/{organisation}/new-member", get(add::new).post(add::create))
        .route(member, get(show::show))
        .route(&format!("{member}/toggles"), get(toggles::show).post(toggles::toggle))
        .route(&format!("{member}/do/{{deed}}"), post(act::act))
}

/// Which member.
#[derive(Debug, serde::Deserialize)]
struct InMember {
    member: String,
}

/// The page of a member, below the organisation's.
fn below(id: &str) -> String {
    format!("/members/{}", segment(id))
}

/// Whether whoever is signed in may ask this of a member: what `decide` itself says.
pub(super) fn may(visit: &Visit, member: &MemberEntry, command: &MemberCommand) -> Result<(), Refusal> {
    Member::of(&visit.head.state, member).decide(&member.id, command, &visit.head).map(|_| ())
}

/// The version of a member.
fn version(state: &AccessState, id: &str) -> Option<u64> {
    Some(state.member_by_id(id)?.sequence)
}

/// The scopes in use that the reader sees, in the order of the tree, as options of a choice.
pub(super) fn scope_options(visit: &Visit, chosen: Option<&str>) -> Markup {
    html! { @for (_, entry, depth) in scopes(visit) {
        option value=(entry.id) selected[chosen == Some(entry.id.as_str())] { ("\u{2003}".repeat(depth)) (entry.name) }
    } }
}

/// The scopes in use that the reader sees, in the order of the tree, with their depth.
fn scopes(visit: &Visit) -> Vec<(ScopeIx, &ScopeEntry, usize)> {
    let state = &visit.facts.state;
    let Ok(reader) = visit.facts.reader() else { return Vec::new() };
    let nodes = tree(state, &selected(&reader, None));
    let in_use = |ix| chancery_aggregates::access::in_use(state, ix);
    nodes.into_iter().filter(|node| in_use(node.ix)).map(|node| (node.ix, node.entry, node.depth)).collect()
}
