//! Who may do what: `check`, `explain`, `who-can`, `access`, and the permissions of a member.

use std::collections::BTreeSet;

use axum::extract::State;
use chancery_aggregates::Facts;
use chancery_aggregates::access::{Ownership, Place, Question};
use chancery_aggregates::authority::Reader;
use chancery_aggregates::state::MemberIx;
use chancery_aggregates::vocabulary::{MemberScope, ScopeRef};
use chancery_projections::access::{Filter, Grant, access_table, held_by_place, permissions_of, who_can};
use chancery_projections::places::Places;
use chancery_projections::timeline::Subject;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::page::{Cut, Paging, Placed, cut};
use super::shapes::{AccessReport, Decision, EffectivePermissions, Explanation, Holders};
use super::view::{AtLeast, When};
use super::{Seen, View};
use crate::api::body::{InPath, Query};
use crate::api::check::Checks;
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::traces;
use crate::views::explain::{Answer as Explained, decision_json};

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .routes(routes!(check))
        .routes(routes!(explain))
        .routes(routes!(holders))
        .routes(routes!(permissions))
        .routes(routes!(access))
}

/// May this member do that, there?
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Who: a member's id
    #[param(example = "mei")]
    member: String,
    /// What: a permission's key
    #[param(example = "assets.view")]
    permission: String,
    /// Where the resource is; without it, the organisation as a whole
    #[param(nullable = false)]
    scope: Option<String>,
    /// Whose own the resource is, for permissions that are limited to one's own
    #[param(nullable = false)]
    owner: Option<String>,
}

/// Who may do that, there?
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WhoCan {
    /// What: a permission's key
    #[param(example = "assets.view")]
    permission: String,
    /// Where; without it, on the organisation as a whole
    #[param(nullable = false)]
    scope: Option<String>,
}

/// Where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Where {
    /// Only in this scope; without it, wherever there is something
    #[param(nullable = false)]
    scope: Option<String>,
}

/// Which member.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct OfMember {
    /// Whose member
    #[param(example = "acme")]
    #[allow(dead_code, reason = "the extractors of the organisation read it")]
    organisation: String,
    /// The member's id
    #[param(example = "mei")]
    member: String,
}

/// Whose access.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AccessFilter {
    /// Only holders of this role
    #[param(nullable = false)]
    role: Option<String>,
    /// Only what reaches this scope
    #[param(nullable = false)]
    scope: Option<String>,
    /// Also members who have left
    #[param(nullable = false)]
    removed: Option<bool>,
    /// `next` of the page before
    #[param(nullable = false)]
    cursor: Option<String>,
    /// The most items to answer, 1 to 1,000; 100 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// May this member do that, there, then?
#[utoipa::path(get, path = "/v1/organisations/{organisation}/check", operation_id = "check", tag = "Questions",
    params(("organisation" = String, Path, description = "Where", example = "acme"), Asked, When, AtLeast),
    responses((status = 200, body = Decision, description = "Yes, or why not"), Failures))]
async fn check(State(service): State<Shared>, view: View, Query(asked): Query<Asked>) -> Answer<Seen<Value>> {
    let question = asked.question(&view.facts.reader()?)?;
    let span = traces::evaluation(1);
    let decision = span.in_scope(|| Checks::new(&service.meters).check(&view.facts.state, &question));
    span.record("chancery.allowed", u64::from(decision.is_allowed()));
    Ok(view.seen(decision_json(&decision)))
}

/// Why the answer is what it is, down to the events, and since when; the events for who may read the log
#[utoipa::path(get, path = "/v1/organisations/{organisation}/explain", operation_id = "explain", tag = "Questions",
    params(("organisation" = String, Path, description = "Where", example = "acme"), Asked, When, AtLeast),
    responses((status = 200, body = Explanation, description = "The answer and its causes"), Failures))]
async fn explain(State(service): State<Shared>, view: View, Query(asked): Query<Asked>) -> Answer<Seen<Value>> {
    let reader = view.facts.reader()?;
    let question = asked.question(&reader)?;
    let Asked { member, permission, scope, owner } = asked;
    let subject = Subject { member, permission, scope, owner };
    let explained = Explained::of(&service.engine, &reader, question, subject).await?;
    Ok(view.seen(explained.json()))
}

/// Everybody whom the caller sees and who may do something, and how they come to it
#[utoipa::path(get, path = "/v1/organisations/{organisation}/who-can", operation_id = "who_can", tag = "Questions",
    params(("organisation" = String, Path, description = "Where", example = "acme"), WhoCan, When, AtLeast),
    responses((status = 200, body = Holders, description = "The members"), Failures))]
async fn holders(view: View, Query(wanted): Query<WhoCan>) -> Answer<Seen<Value>> {
    let (facts, reader) = (&view.facts, view.facts.reader()?);
    let permission = facts.find_permission(&wanted.permission)?;
    let place = place(&reader, wanted.scope.as_deref())?;
    let seen = seen_access(&reader)?;
    let mut holders = who_can(&facts.state, permission, place, facts.now);
    holders.retain(|holder| seen.contains(holder.member.id.as_str()));
    for holder in &mut holders {
        holder.through.retain(|grant| match grant {
            Grant::Role { scope: Some(scope), .. } => sees(&reader, scope),
            Grant::Role { .. } | Grant::Toggle { .. } => true,
        });
    }
    let permission = facts.profile()?.cite(permission).id;
    Ok(view.seen(json!({ "permission": permission, "scope": wanted.scope, "at": facts.now, "members": holders })))
}

/// What a member may do in effect, by category
#[utoipa::path(get, path = "/v1/organisations/{organisation}/members/{member}/permissions",
    operation_id = "list_permissions", tag = "Questions", params(OfMember, Where, When, AtLeast),
    responses((status = 200, body = EffectivePermissions, description = "The permissions, by place"), Failures))]
async fn permissions(view: View, InPath(path): InPath<OfMember>, Query(wanted): Query<Where>) -> Answer<Seen<Value>> {
    let (facts, reader) = (&view.facts, view.facts.reader()?);
    let member = seen_member(&reader, &path.member)?;
    let effective: Vec<Value> = match &wanted.scope {
        Some(scope) => {
            let place = Place::Scope(reader.scope(scope)?.0);
            let categories = permissions_of(&facts.state, member, place, facts.now);
            vec![json!({ "places": Places::of(&facts.state, &[place]), "categories": categories })]
        }
        None => held_by_place(&facts.state, member, facts.now)
            .into_iter()
            .filter_map(|held| {
                let places = seen_places(&reader, &held.places);
                (!places.is_empty())
                    .then(|| json!({ "places": Places::of(&facts.state, &places), "categories": held.categories }))
            })
            .collect(),
    };
    Ok(view.seen(json!({ "member": path.member, "at": facts.now, "effective": effective })))
}

/// Who holds what, where, and since when
#[utoipa::path(get, path = "/v1/organisations/{organisation}/access", operation_id = "access", tag = "Questions",
    params(("organisation" = String, Path, description = "Where", example = "acme"), AccessFilter, When, AtLeast),
    responses((status = 200, body = AccessReport, description = "A page of members, by id, with what each holds as far as the caller sees it"), Failures))]
async fn access(view: View, Query(wanted): Query<AccessFilter>) -> Answer<Seen<Value>> {
    let (facts, reader) = (&view.facts, view.facts.reader()?);
    let filter = Filter {
        member: None,
        role: wanted.role.as_deref().map(|id| reader.role(id)).transpose()?.map(|(_, role)| role.id.to_string()),
        scope: wanted.scope.as_deref().map(|id| reader.scope(id)).transpose()?.map(|(ix, _)| ix),
        removed: wanted.removed.unwrap_or_default(),
    };
    let seen = seen_access(&reader)?;
    let mut rows = access_table(&facts.state, facts.now, &filter).members;
    rows.retain(|row| seen.contains(row.member.id.as_str()));
    let placed = rows.into_iter().map(|row| Placed { key: row.member.id.to_string(), id: String::new(), item: row });
    let of = format!("access {:?}", (&wanted.role, &wanted.scope, wanted.removed));
    let paging = Paging { cursor: wanted.cursor, limit: wanted.limit, order: None };
    let Cut { mut items, next } = cut(placed.collect(), &paging, &of)?;
    for row in &mut items {
        narrow(&reader, &mut row.scope);
        row.roles.retain_mut(|role| role.reach == MemberScope::None || narrow(&reader, &mut role.reach));
    }
    Ok(view.seen(json!({ "at": facts.now, "items": items, "next": next })))
}

impl Asked {
    /// Looks up what the question names. What the reader does not see is not there.
    fn question(&self, reader: &Reader<'_>) -> Answer<Question> {
        let facts: &Facts = reader.facts();
        let subject = seen_member(reader, &self.member)?;
        let permission = facts.find_permission(&self.permission)?;
        let place = place(reader, self.scope.as_deref())?;
        let ownership = match &self.owner {
            None => Ownership::Unnamed,
            Some(owner) if reader.member(owner)?.0 == subject => Ownership::Subject,
            Some(_) => Ownership::Other,
        };
        Ok(Question { subject, permission, place, ownership, at: facts.now })
    }
}

/// The member that is named, if the reader sees their access.
fn seen_member(reader: &Reader<'_>, id: &str) -> Answer<MemberIx> {
    let (ix, _) = reader.member(id)?;
    if reader.sees_access_of(ix) {
        return Ok(ix);
    }
    let detail = "members of this account type do not see their own roles and permissions";
    Err(Problem::new(axum::http::StatusCode::FORBIDDEN, "own_access_hidden", detail).field("member"))
}

/// The ids of the members whose access the reader sees.
fn seen_access<'a>(reader: &Reader<'a>) -> Answer<BTreeSet<&'a str>> {
    let members = reader.members()?.into_iter().filter(|(ix, _)| reader.sees_access_of(*ix));
    Ok(members.map(|(_, member)| member.id.as_str()).collect())
}

fn place(reader: &Reader<'_>, scope: Option<&str>) -> Answer<Place> {
    Ok(match scope {
        Some(scope) => Place::Scope(reader.scope(scope)?.0),
        None => Place::Organisation,
    })
}

fn sees(reader: &Reader<'_>, scope: &ScopeRef) -> bool {
    reader.scope(scope.id.as_str()).is_ok()
}

/// Those of some places that the reader sees.
fn seen_places(reader: &Reader<'_>, places: &Places) -> Vec<Place> {
    let scopes = places.scopes.iter().filter_map(|scope| Some(Place::Scope(reader.scope(scope.id.as_str()).ok()?.0)));
    places.organisation.then_some(Place::Organisation).into_iter().chain(scopes).collect()
}

/// Leaves the scopes that the reader sees; false when there is none.
fn narrow(reader: &Reader<'_>, scope: &mut MemberScope) -> bool {
    match scope {
        MemberScope::None => false,
        MemberScope::All => true,
        MemberScope::Selected(scopes) | MemberScope::ByGroup(scopes) => {
            scopes.retain(|scope| sees(reader, scope));
            !scopes.is_empty()
        }
    }
}
