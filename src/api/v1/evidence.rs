//! `/v1/organisations/{organisation}/audit/…`: what proves the log to who cannot look into the store.

use axum::extract::State;
use axum::http::StatusCode;
use chancery_aggregates::vocabulary::OrganisationId;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::page::{Cut, Paging, Placed, cut, number_key};
use super::shapes::{Checkpoints, LogKeys, LogProof};
use super::view::AtLeast;
use super::{Seen, View};
use crate::api::body::{InPath, Query};
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::{Service, Shared};
use crate::log::ProveError;
use crate::store::StoredCheckpoint;
use crate::views::evidence::{self, SigningKey};

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(checkpoints)).routes(routes!(keys)).routes(routes!(proof))
}

/// Of which event.
#[derive(Debug, Deserialize)]
struct ProofPath {
    position: u64,
}

/// The checkpoints, for who may read the log.
async fn made(service: &Service, view: &View) -> Answer<Vec<StoredCheckpoint>> {
    view.facts.may_replay()?;
    Ok(service.engine.store().checkpoints(organisation(view).as_str()).await?)
}

fn organisation(view: &View) -> &OrganisationId {
    view.facts.state.organisation()
}

/// Lists the checkpoints of the log: signed notes (C2SP `tlog-checkpoint`) of what it comes to
#[utoipa::path(get, path = "/v1/organisations/{organisation}/audit/checkpoints", operation_id = "list_checkpoints",
    tag = "Log", params(("organisation" = String, Path, description = "Whose log", example = "acme"), Paging, AtLeast),
    responses((status = 200, body = Checkpoints, description = "A page of checkpoints, oldest first"), Failures))]
async fn checkpoints(State(service): State<Shared>, view: View, Query(paging): Query<Paging>) -> Answer<Seen<Value>> {
    let made = made(&service, &view).await?;
    let placed = made.iter().map(|one| Placed {
        key: number_key(one.size),
        id: one.size.to_string(),
        item: evidence::checkpoint_json(one),
    });
    let Cut { items, next } = cut(placed.collect(), &paging, "checkpoints")?;
    Ok(view.seen(json!({ "items": items, "next": next })))
}

/// Lists the public keys with which checkpoints were signed
#[utoipa::path(get, path = "/v1/organisations/{organisation}/audit/keys", operation_id = "list_log_keys", tag = "Log",
    params(("organisation" = String, Path, description = "Whose log", example = "acme"), AtLeast),
    responses((status = 200, body = LogKeys, description = "The keys, in the order in which they were first used"), Failures))]
async fn keys(State(service): State<Shared>, view: View) -> Answer<Seen<Value>> {
    let made = made(&service, &view).await?;
    let items: Vec<Value> = evidence::signing_keys(&made).iter().map(SigningKey::json).collect();
    Ok(view.seen(json!({ "items": items })))
}

/// Proves that an event is in the log, up to the newest checkpoint (C2SP `tlog-proof`)
#[utoipa::path(get, path = "/v1/organisations/{organisation}/audit/proofs/{position}", operation_id = "show_proof",
    tag = "Log", params(("organisation" = String, Path, description = "Whose log", example = "acme"),
        ("position" = u64, Path, description = "The event's position", example = 12), AtLeast),
    responses((status = 200, body = LogProof, description = "The proof, with the checkpoint that it leads to"), Failures))]
async fn proof(
    State(service): State<Shared>,
    view: View,
    InPath(ProofPath { position }): InPath<ProofPath>,
) -> Answer<Seen<Value>> {
    let made = made(&service, &view).await?;
    let proof = evidence::proof(&service.engine, &made, position).await.map_err(|none| match none {
        ProveError::NotCovered => {
            let detail = format!("no checkpoint covers #{position} yet");
            Problem::new(StatusCode::NOT_FOUND, "not_signed", detail)
        }
        ProveError::Damaged => {
            tracing::error!(organisation = %organisation(&view), "the log is not whole: verify it");
            Problem::internal()
        }
        ProveError::Store(error) => error.into(),
    })?;
    Ok(view.seen(proof.json()))
}
