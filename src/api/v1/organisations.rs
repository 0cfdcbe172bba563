//! `/v1/organisations`: the operator founds and lists them, a member looks at its own.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chancery_aggregates::event::Details;
use chancery_aggregates::founding::{self, Founder};
use chancery_aggregates::profile::BUILT_IN;
use chancery_aggregates::profile::check::check;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::vocabulary::{Actor, LONGEST_NAME, MemberId, OrganisationId, Personal, Time};
use chancery_aggregates::{AccessState, Command, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{self, Circumstances, Preview, Rehearsal, Shown};
use super::page::{Cut, Paging, Placed, cut};
use super::view::{AtLeast, When};
use super::{Seen, View};
use crate::api::authentication::Caller;
use crate::api::body::{Json, Query};
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::engine::Request;

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(list, found)).routes(routes!(show))
}

/// An organisation as a whole
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "acme", "name": "Acme", "profile": "buildings", "founded": "2026-03-03T14:30:00Z", "position": 57,
    "time": "2026-03-05T09:00:00Z"
}))]
struct Organisation {
    /// Never changes
    id: String,
    /// What people call it
    name: String,
    /// The name of the profile that it was founded from
    profile: String,
    /// When it was founded
    #[schema(value_type = String, format = DateTime)]
    founded: Option<Time>,
    /// The position of its last event
    position: u64,
    /// The time of its last event
    #[schema(value_type = String, format = DateTime)]
    time: Option<Time>,
}

/// An organisation in the list of the operator
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "acme", "position": 57}))]
struct Listed {
    /// Never changes
    id: String,
    /// The position of its last event
    position: u64,
}

/// Organisations, and where the next page begins
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"id": "acme", "position": 57}], "next": null}))]
struct OrganisationList {
    items: Vec<Listed>,
    /// The cursor of the next page; null after the last
    next: Option<String>,
}

/// An organisation to be
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "fairmont", "name": "Fairmont Estates", "profile": "proplink", "owner": "helen"}))]
struct OrganisationToFound {
    /// Its id, which never changes
    id: String,
    /// What people call it
    name: String,
    /// The name of a built-in profile
    profile: String,
    /// The id of its first member, who owns it
    owner: String,
    /// The first member's name
    #[schema(nullable = false)]
    owner_name: Option<String>,
    /// The first member's e-mail address
    #[schema(nullable = false)]
    owner_email: Option<String>,
}

/// Lists the organisations, with the operator's key
#[utoipa::path(get, path = "/v1/organisations", operation_id = "list_organisations", tag = "Organisations",
    params(Paging), responses((status = 200, body = OrganisationList, description = "A page of organisations"), Failures))]
async fn list(
    State(service): State<Shared>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Answer<axum::Json<OrganisationList>> {
    caller.operator()?;
    let heads = service.engine.store().heads().await?;
    let placed = heads.into_iter().map(|head| Placed {
        key: head.organisation.clone(),
        id: head.organisation.clone(),
        item: Listed { id: head.organisation, position: head.position },
    });
    let Cut { items, next } = cut(placed.collect(), &paging, "organisations")?;
    Ok(axum::Json(OrganisationList { items, next }))
}

/// Founds an organisation from a built-in profile, with the operator's key
///
/// Without an `Idempotency-Key` a repeated request is refused as `already_founded`: nothing is founded twice.
#[utoipa::path(post, path = "/v1/organisations", operation_id = "found_organisation", tag = "Organisations",
    params(Rehearsal, Circumstances), request_body = OrganisationToFound,
    responses((status = 201, body = Organisation, description = "The organisation"), (status = 200, body = Preview,
        description = "What would change, with `dry_run`", example = json!({"dry_run": true, "events": [], "access": [],
        "unseen": 0})), Failures))]
async fn found(
    State(service): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Query(Rehearsal { dry_run }): Query<Rehearsal>,
    Json(body): Json<OrganisationToFound>,
) -> Answer<Response> {
    caller.operator()?;
    let (context, idempotency_key) = (change::context(&headers, &caller)?, change::idempotency_key(&headers)?);
    let (id, commands) = body.commands()?;
    let request = Request { organisation: id.clone(), commands, actor: Actor::Operator, context, idempotency_key };
    if dry_run.unwrap_or_default() {
        let (before, _, events) = service.engine.rehearse(&request).await?;
        return Ok(axum::Json(Preview::of(&before, &events)).into_response());
    }
    let outcome = service.engine.execute(request).await?;
    let state = service.state(&id, Some(outcome.position)).await?;
    let name = percent_encoding::utf8_percent_encode(id.as_str(), percent_encoding::NON_ALPHANUMERIC);
    let location = Some(format!("/v1/organisations/{name}"));
    let shown = Shown { location, version: None, body: Organisation::of(&state) };
    Ok(change::answer(StatusCode::CREATED, &outcome, shown))
}

/// Shows the organisation of the key
#[utoipa::path(get, path = "/v1/organisations/{organisation}", operation_id = "show_organisation", tag = "Organisations",
    params(("organisation" = String, Path, description = "Which", example = "acme"), When, AtLeast),
    responses((status = 200, body = Organisation, description = "The organisation"), Failures))]
async fn show(view: View) -> Answer<Seen<Organisation>> {
    Ok(view.seen(Organisation::of(&view.facts.state)))
}

impl OrganisationToFound {
    /// Which organisation, and what founds it.
    fn commands(self) -> Answer<(OrganisationId, Vec<Command>)> {
        let id = OrganisationId::parse(&self.id)
            .map_err(|because| Refusal::bad_id(Thing::Organisation, &bounded(&self.id), because))?;
        let owner = MemberId::parse(&self.owner)
            .map_err(|because| Refusal::bad_id(Thing::Member, &bounded(&self.owner), because))?;
        let known = BUILT_IN.iter().find(|(name, _)| *name == self.profile);
        let profile = known.and_then(|(_, text)| check(text).ok()).ok_or_else(|| {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            let detail = format!("there is no such profile: choose one of {}", names.join(", "));
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_profile", detail).field("profile")
        })?;
        let clear = |text: Option<String>| text.map(|text| Personal::Clear(text.into()));
        let details = Details { name: clear(self.owner_name), email: clear(self.owner_email), ..Details::default() };
        let commands = founding::commands(&id, &self.name, &profile, &Founder { id: owner, details });
        Ok((id, commands))
    }
}

impl Organisation {
    fn of(state: &AccessState) -> Self {
        Self {
            id: state.organisation().to_string(),
            name: state.name().to_owned(),
            profile: state.profile().map(|profile| profile.document().name.to_string()).unwrap_or_default(),
            founded: state.founded().map(|founded| founded.time),
            position: state.position(),
            time: state.time(),
        }
    }
}

/// What is named in vain is not repeated at any length.
fn bounded(text: &str) -> String {
    text.chars().take(LONGEST_NAME).collect()
}
