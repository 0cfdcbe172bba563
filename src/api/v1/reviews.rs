//! `/v1/organisations/{organisation}/reviews`: access reviews, line by line.

mod bodies;
mod evidence;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chancery_aggregates::command::ReviewCommand;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::review::Plan;
use chancery_aggregates::vocabulary::{Actor, ReviewId};
use chancery_aggregates::{AccessState, Command, Facts, Refusal};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::bodies::{
    Carried, Decisions, Delegation, LineFilter, LineList, NewReview, Review, ReviewList, ReviewPath, Revocations,
};
use super::change::{Changed, Circumstances, IfMatch, Made, Preview, Rehearsal, VersionOf, answer};
use super::names;
use super::page::{Cut, Paging, Placed, cut, number_key};
use super::view::AtLeast;
use super::{Change, Seen, Shown, View};
use crate::api::body::{InPath, Json, Query};
use crate::api::failures::Failures;
use crate::api::problem::Answer;
use crate::api::service::Shared;
use crate::review::{causation, given, lines, then};
use crate::views::key::Uses;
use crate::views::review::{as_revoked, find, left_json, line_json, outstanding, seen, summary};

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .routes(routes!(list, open))
        .routes(routes!(show))
        .routes(routes!(list_lines))
        .routes(routes!(decide))
        .routes(routes!(delegate))
        .routes(routes!(revoke))
        .routes(routes!(complete))
        .routes(routes!(cancel))
        .merge(evidence::routes())
}

/// Lists the access reviews that the caller may know of, the latest first
#[utoipa::path(get, path = "/v1/organisations/{organisation}/reviews", operation_id = "list_reviews", tag = "Reviews",
    params(("organisation" = String, Path, description = "Whose reviews", example = "acme"), Paging, AtLeast),
    responses((status = 200, body = ReviewList, description = "A page of reviews"), Failures))]
async fn list(view: View, Query(paging): Query<Paging>) -> Answer<Seen<ReviewList>> {
    let reviews = seen(&view.facts);
    let count = reviews.len() as u64;
    let placed = reviews.into_iter().zip(0u64..).map(|(entry, number)| Placed {
        key: number_key(number.min(count)),
        id: entry.id.to_string(),
        item: Review(summary(&view.facts, entry)),
    });
    let Cut { items, next } = cut(placed.collect(), &paging, "reviews")?;
    Ok(view.seen(ReviewList { items, next }))
}

/// Begins an access review, for who may
#[utoipa::path(post, path = "/v1/organisations/{organisation}/reviews", operation_id = "open_review", tag = "Reviews",
    params(("organisation" = String, Path, description = "Whose access", example = "acme"), Rehearsal, Circumstances),
    request_body = NewReview,
    responses((status = 201, body = Review, description = "The review"), (status = 200, body = Preview,
        description = "What would change, with `dry_run`", example = json!({"dry_run": true, "events": [], "access": [],
        "unseen": 0})), Failures))]
async fn open(State(service): State<Shared>, change: Change, Json(body): Json<NewReview>) -> Answer<Response> {
    let id = ReviewId::parse(&body.id);
    let id = id.map_err(|because| Refusal::bad_id(Thing::Review, &names::bounded(&body.id), because))?;
    let opening = body.opening()?;
    let new = opening.command(&service.engine, change.organisation(), change.facts()).await?;
    let commands = vec![Command::Review(id.clone(), ReviewCommand::OpenReview(Box::new(new)))];
    let change = change.caused_by(causation(id.as_str()));
    change.run(StatusCode::CREATED, commands, None, |facts| shown(facts, &id, true)).await
}

/// Shows a review
#[utoipa::path(get, path = "/v1/organisations/{organisation}/reviews/{review}", operation_id = "show_review",
    tag = "Reviews", params(ReviewPath, AtLeast),
    responses((status = 200, body = Review, description = "The review",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn show(view: View, InPath(path): InPath<ReviewPath>) -> Answer<Seen<Review>> {
    let entry = find(&view.facts, &path.review)?;
    Ok(view.seen(Review(summary(&view.facts, entry))).version(entry.sequence))
}

/// Lists the lines of a review, with who gave the access, and what was decided
#[utoipa::path(get, path = "/v1/organisations/{organisation}/reviews/{review}/lines", operation_id = "list_review_lines",
    tag = "Reviews", params(ReviewPath, LineFilter, AtLeast),
    responses((status = 200, body = LineList, description = "A page of lines, by number"), Failures))]
async fn list_lines(
    State(service): State<Shared>,
    view: View,
    InPath(path): InPath<ReviewPath>,
    Query(filter): Query<LineFilter>,
) -> Answer<Seen<LineList>> {
    let (facts, engine) = (&view.facts, &service.engine);
    let entry = find(facts, &path.review)?;
    let mut wanted = lines(engine, facts, entry).await?;
    let reader = match &facts.actor {
        Actor::Member(reader) => Some(reader),
        Actor::System | Actor::Operator => None,
    };
    wanted.retain(|line| {
        (filter.mine != Some(true) || Some(&line.line.reviewer) == reader)
            && (filter.undecided != Some(true) || line.decided.is_none())
    });
    let paging = Paging { cursor: filter.cursor, limit: filter.limit, order: None };
    let placed = wanted.into_iter().map(|line| Placed {
        key: number_key(u64::from(line.line.line)),
        id: line.line.line.to_string(),
        item: line,
    });
    let of = format!("lines {}", path.review);
    let Cut { items, next } = cut(placed.collect(), &paging, &of)?;
    let given = given(engine, facts.state.organisation(), &items).await?;
    let uses = Uses::read(&**engine.store(), facts).await?;
    let deadline = entry.review.deadline;
    let line = |line: &_| {
        let line: &chancery_projections::review::RecordLine = line;
        bodies::LineOfReview(line_json(&facts.state, deadline, line, given.get(&line.line.since), &uses))
    };
    Ok(view.seen(LineList { items: items.iter().map(line).collect(), next }))
}

/// Keeps or revokes the access on lines that are the caller's to decide
#[utoipa::path(post, path = "/v1/organisations/{organisation}/reviews/{review}/decisions", operation_id = "decide_review",
    tag = "Reviews", params(ReviewPath, Rehearsal, Circumstances, IfMatch), request_body = Decisions,
    responses((status = 200, body = Changed<Carried>, description = "The review; with `dry_run`, what would change instead",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn decide(change: Change, InPath(path): InPath<ReviewPath>, Json(body): Json<Decisions>) -> Answer<Response> {
    let verdict = body.verdict()?;
    let command = ReviewCommand::DecideLines { lines: body.lines.clone(), verdict };
    let plan = |facts: &Facts| match find(facts, &path.review) {
        Ok(entry) if body.carries_out() => Plan::of(facts, &as_revoked(facts, entry, &body.lines)),
        _ => Plan::default(),
    };
    run(change, &path.review, Some(command), plan).await
}

/// Lets somebody else decide lines
#[utoipa::path(post, path = "/v1/organisations/{organisation}/reviews/{review}/delegations",
    operation_id = "delegate_review", tag = "Reviews", params(ReviewPath, Rehearsal, Circumstances, IfMatch),
    request_body = Delegation,
    responses((status = 200, body = Changed<Carried>, description = "The review; with `dry_run`, what would change instead",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn delegate(change: Change, InPath(path): InPath<ReviewPath>, Json(body): Json<Delegation>) -> Answer<Response> {
    let command = ReviewCommand::DelegateLines { lines: body.lines, to: names::member(&body.to) };
    run(change, &path.review, Some(command), nothing).await
}

/// Takes away what was revoked and is still there, as far as the caller may
#[utoipa::path(post, path = "/v1/organisations/{organisation}/reviews/{review}/revocations",
    operation_id = "apply_review", tag = "Reviews", params(ReviewPath, Rehearsal, Circumstances, IfMatch),
    request_body = Revocations,
    responses((status = 200, body = Changed<Carried>, description = "The review; with `dry_run`, what would change instead",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn revoke(change: Change, InPath(path): InPath<ReviewPath>, Json(body): Json<Revocations>) -> Answer<Response> {
    change.facts().may_review()?;
    find(change.facts(), &path.review)?;
    let wanted = body.lines.unwrap_or_default();
    let plan = |facts: &Facts| match find(facts, &path.review) {
        Ok(entry) => Plan::of(facts, &outstanding(facts, entry, &wanted)),
        Err(_) => Plan::default(),
    };
    run(change, &path.review, None, plan).await
}

/// Ends a review with what came of it. Where the service has a key that signs, a checkpoint covers it at once
#[utoipa::path(post, path = "/v1/organisations/{organisation}/reviews/{review}/completion",
    operation_id = "complete_review", tag = "Reviews", params(ReviewPath, Rehearsal, Circumstances, IfMatch),
    responses((status = 200, body = Changed<Carried>, description = "The review; with `dry_run`, what would change instead",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn complete(State(service): State<Shared>, change: Change, InPath(path): InPath<ReviewPath>) -> Answer<Response> {
    let (organisation, rehearsal) = (change.organisation().clone(), change.is_rehearsal());
    let answer = run(change, &path.review, Some(ReviewCommand::CompleteReview), nothing).await?;
    if !rehearsal {
        service.sign(&organisation).await;
    }
    Ok(answer)
}

/// Gives a review up
#[utoipa::path(post, path = "/v1/organisations/{organisation}/reviews/{review}/cancellation",
    operation_id = "cancel_review", tag = "Reviews", params(ReviewPath, Rehearsal, Circumstances, IfMatch),
    responses((status = 200, body = Changed<Carried>, description = "The review; with `dry_run`, what would change instead",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn cancel(change: Change, InPath(path): InPath<ReviewPath>) -> Answer<Response> {
    run(change, &path.review, Some(ReviewCommand::CancelReview), nothing).await
}

fn named(text: &str) -> ReviewId {
    ReviewId::known(names::bounded(text))
}

/// Takes nothing away.
fn nothing(_: &Facts) -> Plan {
    Plan::default()
}

/// Changes a review, and takes away what is planned.
async fn run(
    change: Change,
    review: &str,
    command: Option<ReviewCommand>,
    plan: impl Fn(&Facts) -> Plan,
) -> Answer<Response> {
    let (id, engine) = (named(review), change.engine().clone());
    let version = version_of(change.facts(), &id);
    let Plan { commands, mut left, .. } = plan(change.facts());
    let command = command.map(|command| Command::Review(id.clone(), command));
    let commands = command.into_iter().chain(commands).collect();
    let (outcome, facts) = match change.caused_by(causation(id.as_str())).make(commands, version).await? {
        Made::Rehearsed(response) => return Ok(response),
        Made::Done { outcome, facts } => (outcome, facts),
    };
    if outcome.repeated {
        left = plan(&then(&engine, &facts, &outcome).await?).left;
    }
    let Shown { location, version, body: Review(review) } = shown(&facts, &id, false)?;
    let body = Carried(json!({ "review": review, "left": left_json(&left) }));
    Ok(answer(StatusCode::OK, &outcome, Shown { location, version, body }))
}

/// A review after a change. Who made it may know of it no longer: then only the id is told.
fn shown(facts: &Facts, id: &ReviewId, new: bool) -> Answer<Shown<Review>> {
    let location = new.then(|| names::location(&facts.state, "reviews", id.as_str()));
    Ok(match find(facts, id.as_str()) {
        Ok(entry) => Shown { location, version: Some(entry.sequence), body: Review(summary(facts, entry)) },
        Err(_) => Shown { location, version: None, body: Review(Value::Null) },
    })
}

/// The version of a review that the caller may know of.
fn version_of(facts: &Facts, id: &ReviewId) -> Option<VersionOf> {
    find(facts, id.as_str()).ok()?;
    let id = id.clone();
    Some(Arc::new(move |state: &AccessState| Some(state.review_by_id(id.as_str())?.sequence)))
}
