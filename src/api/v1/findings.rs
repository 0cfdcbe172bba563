//! What a reviewer wants to know, and the rules of the organisation.

use axum::extract::State;
use chancery_projections::findings::{Kind, Options, findings};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::shapes::Findings;
use super::view::{AtLeast, When};
use super::{Seen, View};
use crate::api::body::Query;
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::views::findings::{cited, last_acted};

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(profile))
}

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only these kinds, such as `separation,unused_role`
    #[param(nullable = false)]
    kind: Option<String>,
    /// Only what is about this member
    #[param(nullable = false)]
    member: Option<String>,
    /// Only what is about this role
    #[param(nullable = false)]
    role: Option<String>,
    /// How many days ahead access is about to expire; without it, as many as the profile reminds ahead
    #[param(nullable = false)]
    expiring: Option<u32>,
    /// After how many days without a command somebody who may govern is idle; 90 where nothing is said
    #[param(nullable = false)]
    idle: Option<u32>,
    /// From which share of common permissions roles are nearly equal, in percent; 90 where nothing is said
    #[param(nullable = false, minimum = 1, maximum = 100)]
    similar: Option<u8>,
}

/// What a reviewer wants to know, with the events behind it, for who may read the whole log
#[utoipa::path(get, path = "/v1/organisations/{organisation}/findings", operation_id = "list_findings", tag = "Questions",
    params(("organisation" = String, Path, description = "Where", example = "acme"), Wanted, When, AtLeast),
    responses((status = 200, body = Findings, description = "The findings, by severity"), Failures))]
async fn list(State(service): State<Shared>, view: View, Query(wanted): Query<Wanted>) -> Answer<Seen<Value>> {
    // Findings are about everybody: for who may look at everything.
    view.facts.may_replay()?;
    let (facts, reader) = (&view.facts, view.facts.reader()?);
    let member = wanted.member.as_deref().map(|id| reader.member(id)).transpose()?.map(|(_, entry)| &entry.id);
    let role = wanted.role.as_deref().map(|id| reader.role(id)).transpose()?.map(|(_, role)| &role.id);
    let (kinds, options) = (wanted.kinds()?, wanted.options()?);
    let (organisation, until) = (facts.state.organisation(), facts.state.position());
    let last_acted = match kinds.contains(&Kind::IdleManager) {
        true => Some(last_acted(&service.engine, organisation, until).await?),
        false => None,
    };
    let mut found = findings(&facts.state, facts.now, &kinds, &options, last_acted.as_ref());
    found.retain(|finding| {
        member.is_none_or(|id| finding.members.iter().any(|member| member.id == *id))
            && role.is_none_or(|id| finding.roles.iter().any(|role| role.id == *id))
    });
    let events = cited(&service.engine, organisation, until, &found).await?;
    Ok(view.seen(json!({ "at": facts.now, "findings": found, "events": events })))
}

/// The rules of the organisation: its catalogue, account types, kinds of scope and switches
#[utoipa::path(get, path = "/v1/organisations/{organisation}/profile", operation_id = "show_profile", tag = "Organisations",
    params(("organisation" = String, Path, description = "Whose rules", example = "acme"), When, AtLeast),
    responses((status = 200, body = Value, description = "The profile, as one would write it in a file",
        example = json!({"name": "buildings", "title": "Buildings", "categories": [], "roles": []})), Failures))]
async fn profile(view: View) -> Answer<Seen<Value>> {
    let document = json!(view.facts.profile()?.document());
    Ok(view.seen(document))
}

impl Wanted {
    fn kinds(&self) -> Answer<Vec<Kind>> {
        let Some(names) = &self.kind else { return Ok(Kind::ALL.to_vec()) };
        let kind = |name: &str| Kind::ALL.into_iter().find(|kind| kind.name() == name);
        names.split(',').map(|name| kind(name.trim())).collect::<Option<_>>().ok_or_else(|| {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            Problem::bad_request("bad_query", format!("the kinds are {}", known.join(", "))).field("kind")
        })
    }

    fn options(&self) -> Answer<Options> {
        let similar = self.similar.unwrap_or(90);
        if !(1..=100).contains(&similar) {
            return Err(Problem::bad_request("bad_query", "a share is 1 to 100 percent").field("similar"));
        }
        let idle_days = self.idle.unwrap_or(90);
        Ok(Options { expiring_days: self.expiring, idle_days, similar: f64::from(similar) / 100.0 })
    }
}
