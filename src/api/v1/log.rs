//! The log: in words, as it is, and what it changed.

use std::ops::ControlFlow;

use axum::extract::State;
use chancery_aggregates::vocabulary::Actor;
use chancery_aggregates::{AccessState, Facts};
use chancery_projections::activity;
use chancery_projections::diff::{self, diff};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::page::{DEFAULT_LIMIT, LARGEST_LIMIT};
use super::shapes::{Activity, Diff, EventPage};
use super::view::{AtLeast, moment};
use super::{Seen, View};
use crate::api::body::Query;
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::engine::Moment;
use crate::views::backward::{self, Found, Part};
use crate::views::log::{self, Wanted, event_json, last_before, last_until, read};
use crate::views::sight::Sight;

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(tell)).routes(routes!(events)).routes(routes!(compare))
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ActivityFilter {
    /// Only what this member did; also `@system` and `@operator`
    #[param(nullable = false)]
    by: Option<String>,
    /// Only what happened to this member
    #[param(nullable = false)]
    member: Option<String>,
    /// Only what this role is part of
    #[param(nullable = false)]
    role: Option<String>,
    /// Only what this permission is part of
    #[param(nullable = false)]
    permission: Option<String>,
    /// Only what this scope is part of
    #[param(nullable = false)]
    scope: Option<String>,
    /// Only events of these types, such as `RoleAssigned,RoleUnassigned`
    #[param(nullable = false, rename = "type")]
    #[serde(rename = "type")]
    kinds: Option<String>,
    /// Only what has all of these words in it
    #[param(nullable = false)]
    search: Option<String>,
    /// From this time or position on
    #[param(nullable = false)]
    since: Option<String>,
    /// Up to this time or position, included
    #[param(nullable = false)]
    until: Option<String>,
    /// Only what comes before this position: `next` of the page before
    #[param(nullable = false)]
    before: Option<u64>,
    /// The most entries to answer, 1 to 1,000; 100 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventFilter {
    /// Only what comes after this position: `next` of the page before
    #[param(nullable = false)]
    after: Option<u64>,
    /// Up to this position, included
    #[param(nullable = false)]
    until: Option<u64>,
    /// Only events of these types, such as `RoleAssigned,RoleUnassigned`
    #[param(nullable = false, rename = "type")]
    #[serde(rename = "type")]
    kinds: Option<String>,
    /// Only what this member did; also `@system` and `@operator`
    #[param(nullable = false)]
    by: Option<String>,
    /// Only events of this stream: `organisation`, `role/ID`, `member/ID` or `scope/ID`
    #[param(nullable = false)]
    stream: Option<String>,
    /// The most events to answer, 1 to 1,000; 100 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Between which instants, and of whom.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Ends {
    /// The earlier end: a time, or a position of the log
    #[param(example = "57")]
    from: String,
    /// The later end; now where nothing is said
    #[param(nullable = false)]
    to: Option<String>,
    /// Only this member
    #[param(nullable = false)]
    member: Option<String>,
    /// Only members who hold this role at either end
    #[param(nullable = false)]
    role: Option<String>,
    /// Only in this scope and what stands below it
    #[param(nullable = false)]
    scope: Option<String>,
}

/// What happened, in words, newest first, as far as the caller may read it
#[utoipa::path(get, path = "/v1/organisations/{organisation}/activity", operation_id = "list_activity", tag = "Log",
    params(("organisation" = String, Path, description = "Where", example = "acme"), ActivityFilter, AtLeast),
    responses((status = 200, body = Activity, description = "Entries, and where the next page begins"), Failures))]
async fn tell(State(service): State<Shared>, view: View, Query(wanted): Query<ActivityFilter>) -> Answer<Seen<Value>> {
    let facts = &view.facts;
    let sight = Sight::of(facts)?;
    let filter = wanted.filter(facts)?;
    let limit = limit(wanted.limit)?;
    let organisation = facts.state.organisation();
    let mut after = 0;
    let mut until = wanted.before.map_or(facts.state.position(), |before| before.saturating_sub(1));
    match named("since", wanted.since.as_deref())? {
        Some(Moment::Position(position)) => after = position.saturating_sub(1),
        Some(Moment::Time(time)) => after = last_before(&service.engine, organisation, time).await?,
        Some(Moment::Now) | None => {}
    }
    match named("until", wanted.until.as_deref())? {
        Some(Moment::Position(position)) => until = until.min(position),
        Some(Moment::Time(time)) => until = until.min(last_until(&service.engine, organisation, time).await?),
        Some(Moment::Now) | None => {}
    }
    let until = until.min(facts.state.position());
    let part = Part { after, until, most: limit, looked_at: u64::MAX };
    let Found { items, next } = backward::activity(&service.engine, organisation, part, filter, &sight).await?;
    Ok(view.seen(json!({ "items": items, "next": next })))
}

/// The log as it is, oldest first, for who may read all of it
#[utoipa::path(get, path = "/v1/organisations/{organisation}/events", operation_id = "list_events", tag = "Log",
    params(("organisation" = String, Path, description = "Where", example = "acme"), EventFilter, AtLeast),
    responses((status = 200, body = EventPage, description = "Events, and the position to go on after"), Failures))]
async fn events(State(service): State<Shared>, view: View, Query(asked): Query<EventFilter>) -> Answer<Seen<Value>> {
    let facts = &view.facts;
    facts.may_replay()?;
    let limit = limit(asked.limit)?;
    let wanted = Wanted { kinds: kinds(asked.kinds.as_deref()), actor: asked.by, stream: asked.stream };
    let until = asked.until.unwrap_or(u64::MAX).min(facts.state.position());
    let organisation = facts.state.organisation();
    let after = asked.after.unwrap_or_default();
    let start = Vec::new();
    let mut items = read(&service.engine, organisation, after, until, start, move |items, recorded| {
        if wanted.has(&recorded) {
            items.push(recorded);
        }
        if items.len() > limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .await?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| last.stamp.position);
    let items: Vec<Value> = items.iter().map(|recorded| event_json(organisation, recorded)).collect();
    Ok(view.seen(json!({ "items": items, "next": next })))
}

/// What changed in effective permissions between two instants, and why, for who may read the whole log
#[utoipa::path(get, path = "/v1/organisations/{organisation}/diff", operation_id = "diff", tag = "Log",
    params(("organisation" = String, Path, description = "Where", example = "acme"), Ends, AtLeast),
    responses((status = 200, body = Diff, description = "Whose permissions changed, where and by which events"), Failures))]
async fn compare(State(service): State<Shared>, view: View, Query(ends): Query<Ends>) -> Answer<Seen<Value>> {
    view.facts.may_replay()?;
    let organisation = view.facts.state.organisation().clone();
    let at = async |facts: &Facts, field: &'static str, text: &str| -> Answer<Facts> {
        let moment = moment(text).map_err(|problem| problem.field(field))?;
        let replayed = service.engine.replay(&organisation, moment).await?;
        Ok(Facts {
            state: AccessState::clone(&replayed.state),
            actor: Actor::Operator,
            now: replayed.at.min(facts.now),
        })
    };
    let from = at(&view.facts, "from", &ends.from).await?;
    let to = match &ends.to {
        Some(to) => at(&view.facts, "to", to).await?,
        None => Facts { actor: Actor::Operator, ..view.facts.clone() },
    };
    if (from.state.position(), from.now) > (to.state.position(), to.now) || from.now > to.now {
        return Err(Problem::bad_request("ends_reversed", "the end `from` comes after the end `to`").field("from"));
    }
    let filter = ends.filter(&from, &to)?;
    let (after, until) = (from.state.position(), to.state.position());
    let events = log::events(&service.engine, &organisation, after, until).await?;
    Ok(view.seen(json!(diff(&from.state, from.now, &events, to.now, &filter))))
}

impl ActivityFilter {
    fn filter(&self, facts: &Facts) -> Answer<activity::Filter> {
        let reader = facts.reader()?;
        if let Some(Ok(Actor::Member(id))) = self.by.as_deref().map(Actor::parse) {
            reader.member(id.as_str())?;
        }
        let member = self.member.as_ref().map(|id| reader.member(id).map(|_| id.clone())).transpose()?;
        // A deleted role is found by its id: it has a history too.
        let role = self.role.as_ref().map(|id| match reader.role(id) {
            Err(_) if facts.state.role_by_id(id).is_some() && reader.sees_roles()? => Ok(id.clone()),
            found => found.map(|_| id.clone()),
        });
        let scope = self.scope.as_ref().map(|id| reader.scope(id).map(|_| id.clone())).transpose()?;
        let permission = self.permission.as_ref().map(|key| facts.find_permission(key).map(|_| key.clone()));
        Ok(activity::Filter {
            actor: self.by.clone(),
            member,
            role: role.transpose()?,
            permission: permission.transpose()?,
            scope,
            kinds: kinds(self.kinds.as_deref()),
            search: self.search.clone(),
            ..activity::Filter::default()
        })
    }
}

impl Ends {
    /// What is filtered by may be gone at the later end, or not be there at the earlier one.
    fn filter(&self, from: &Facts, to: &Facts) -> Answer<diff::Filter> {
        let (earlier, later) = (from.reader()?, to.reader()?);
        let member = self.member.as_ref().map(|id| later.member(id).map(|_| id.clone())).transpose()?;
        let scope = self.scope.as_ref().map(|id| later.scope(id).map(|_| id.clone())).transpose()?;
        let role = self.role.as_ref().map(|id| {
            let found = later.role(id).or_else(|refusal| earlier.role(id).map_err(|_| refusal));
            found.map(|_| id.clone())
        });
        Ok(diff::Filter { member, scope, role: role.transpose()? })
    }
}

/// The moment that a parameter names.
pub(super) fn named(field: &'static str, text: Option<&str>) -> Answer<Option<Moment>> {
    text.map(moment).transpose().map_err(|problem| problem.field(field))
}

/// The values of a parameter, with commas between them.
pub(super) fn kinds(text: Option<&str>) -> Vec<String> {
    let names = text.unwrap_or_default().split(',').map(str::trim);
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The most items of a page.
pub(super) fn limit(asked: Option<usize>) -> Answer<usize> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if (1..=LARGEST_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    let detail = format!("a page has 1 to {LARGEST_LIMIT} items");
    Err(Problem::bad_request("bad_query", detail).field("limit"))
}
