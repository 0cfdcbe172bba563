//! The rules that organisations start with, and how the operator revises an organisation's.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::{StatusCode, request::Parts};
use axum::response::Response;
use chancery_aggregates::command::OrganisationCommand;
use chancery_aggregates::profile::BUILT_IN;
use chancery_aggregates::profile::check::check;
use chancery_aggregates::profile::document::{CategoryDocument, PermissionDocument, Policy, ProfileDocument};
use chancery_aggregates::profile::table::Table as Counts;
use chancery_aggregates::{AccessState, Command, Facts};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{Changed, Circumstances, Governed, IfMatch, Rehearsal};
use super::view::{AtLeast, governed_organisation};
use super::{Seen, Shown, View};
use crate::api::authentication::Caller;
use crate::api::body::{InPath, Json};
use crate::api::failures::Failures;
use crate::api::headers;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(revise_catalogue))
        .routes(routes!(policy, revise_policy))
}

/// A profile that comes with the program, in short
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "buildings", "title": "Buildings", "description": "Sites", "roles": 4, "permissions": 30}))]
struct ProfileSummary {
    /// Its name
    name: String,
    /// What people call the product
    title: String,
    /// One or two sentences
    description: String,
    /// How many roles an organisation starts with
    roles: usize,
    /// How many permissions its catalogue has
    permissions: usize,
}

/// The profiles that come with the program
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": []}))]
struct ProfileList {
    items: Vec<ProfileSummary>,
}

/// Permissions to add to a catalogue
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"added": [{"key": "reports", "label": "Reports", "permissions": [
    {"key": "reports.view", "label": "View reports"}]}]}))]
struct CatalogueRevision {
    /// Permissions in their categories; those that the catalogue has already are passed over
    added: Vec<Category>,
}

/// The permissions that there are
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"categories": []}))]
struct Catalogue {
    /// Permissions in their categories, as one would write them in a profile
    #[schema(value_type = Vec<Object>)]
    categories: Vec<CategoryDocument>,
}

/// A group of the catalogue
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Category {
    /// Its key
    key: String,
    /// What people call it
    label: String,
    /// Whether its permissions govern the organisation itself
    #[serde(default)]
    administration: bool,
    permissions: Vec<NewPermission>,
}

/// One permission
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPermission {
    /// Its key, such as `reports.view`
    key: String,
    /// What people call it
    label: String,
    /// One sentence
    #[serde(default)]
    description: String,
    /// On a restriction: patterns of the permissions that it narrows to what is the subject's own
    #[serde(default)]
    narrows: Vec<String>,
    /// Worth a reviewer's attention
    #[serde(default)]
    sensitive: bool,
}

/// The switches of an organisation
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "describes what `Policy` reads and writes")]
#[schema(example = json!({
    "levels": false, "self_change": true, "several_roles": true, "role_in_use": "refuse", "assignment_scope": "optional",
    "default_scope": "none", "owner_role": null, "locked_forbids": ["edit", "delete"], "locked_except_for": [],
    "roles_visible_with": [], "reminder_days": 30
}))]
#[schema(as = Policy)]
struct PolicySchema {
    /// Roles have a level, and a smaller number outranks a greater one; cannot be revised
    #[schema(default = false)]
    levels: Option<bool>,
    /// Members may change their own account type, roles, scope and direct toggles
    #[schema(nullable = false)]
    self_change: Option<bool>,
    /// A member may hold several roles at once
    #[schema(nullable = false)]
    several_roles: Option<bool>,
    #[schema(nullable = false)]
    role_in_use: Option<RoleInUse>,
    #[schema(nullable = false)]
    assignment_scope: Option<AssignmentScope>,
    #[schema(nullable = false)]
    default_scope: Option<DefaultScope>,
    /// The role with exactly one holder; cannot be revised
    owner_role: Option<String>,
    #[schema(nullable = false)]
    locked_forbids: Option<Vec<Forbidden>>,
    /// Holders of these roles may do it all the same
    #[schema(nullable = false)]
    locked_except_for: Option<Vec<String>>,
    /// Members see the roles only if they hold one of these permissions somewhere; empty, everybody does
    #[schema(nullable = false)]
    roles_visible_with: Option<Vec<String>>,
    /// Days before a document's expiry at which its holder is reminded
    #[schema(nullable = false)]
    reminder_days: Option<u32>,
    /// No key is made for longer than so many days
    longest_key_days: Option<u32>,
    #[schema(nullable = false)]
    separation: Option<Separation>,
}

macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident { $($word:ident),* })*) => { $(
        $(#[doc = $doc])+
        #[derive(Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[allow(dead_code, reason = "describes what `Policy` reads and writes")]
        enum $name { $($word),* }
    )* };
}

words! {
    /// What deleting a role does that members still hold
    RoleInUse { Refuse, Unassign }
    /// Whether an assignment names a scope of its own
    AssignmentScope { Never, Optional, Required }
    /// The scope of a member who is added without one
    DefaultScope { None, All }
    /// What a lock on a role forbids
    Forbidden { Edit, Delete }
    /// What becomes of a command by which somebody would hold separated duties
    Separation { Report, Refuse }
}

/// Which profile.
#[derive(Debug, Deserialize)]
struct ProfilePath {
    profile: String,
}

/// An organisation as a member or the operator may see its rules: an extractor.
struct Rules(View);

impl FromRequestParts<Shared> for Rules {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Answer<Self> {
        let caller = Caller::from_request_parts(parts, service).await?;
        let (organisation, actor) = governed_organisation(parts, service, &caller).await?;
        let state = service.state(&organisation, headers::at_least(&parts.headers)?).await?;
        let facts = Facts { now: service.now(&state), state: AccessState::clone(&state), actor };
        facts.acting()?;
        Ok(Self(View { facts }))
    }
}

fn built_in(name: &str) -> Option<ProfileDocument> {
    let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    check(text).ok()
}

/// Lists the profiles that organisations can be founded from, with any key
#[utoipa::path(get, path = "/v1/profiles", operation_id = "list_profiles", tag = "Profiles",
    responses((status = 200, body = ProfileList, description = "The profiles"), Failures))]
async fn list(_caller: Caller) -> axum::Json<ProfileList> {
    let summary = |profile: ProfileDocument| ProfileSummary {
        roles: profile.roles.len(),
        permissions: Counts::of(&profile).catalogue.iter().sum(),
        name: profile.name.to_string(),
        title: profile.title,
        description: profile.description,
    };
    let profiles = BUILT_IN.iter().filter_map(|(name, _)| built_in(name));
    axum::Json(ProfileList { items: profiles.map(summary).collect() })
}

/// Shows a profile that organisations can be founded from, with any key
#[utoipa::path(get, path = "/v1/profiles/{profile}", operation_id = "show_built_in_profile", tag = "Profiles",
    params(("profile" = String, Path, description = "Its name", example = "buildings")),
    responses((status = 200, body = Value, description = "The profile, as one would write it in a file",
        example = json!({"name": "buildings", "title": "Buildings", "category": [], "role": []})), Failures))]
async fn show(_caller: Caller, InPath(path): InPath<ProfilePath>) -> Answer<axum::Json<Value>> {
    let profile = built_in(&path.profile).ok_or_else(|| Problem::not_found("there is no such profile"))?;
    Ok(axum::Json(json!(profile)))
}

/// Adds permissions to an organisation's catalogue, with the operator's key
#[utoipa::path(post, path = "/v1/organisations/{organisation}/catalogue", operation_id = "revise_catalogue",
    tag = "Profiles", params(("organisation" = String, Path, description = "Whose", example = "acme"), Rehearsal, Circumstances),
    request_body = CatalogueRevision,
    responses((status = 200, body = Changed<Catalogue>, description = "The catalogue's categories; with `dry_run`, what would change instead"), Failures))]
async fn revise_catalogue(Governed(change): Governed, Json(body): Json<CatalogueRevision>) -> Answer<Response> {
    let added = body.added.into_iter().map(CategoryDocument::from).collect();
    let commands = vec![Command::Organisation(OrganisationCommand::ReviseCatalogue { added })];
    let shown = |facts: &Facts| {
        let categories = facts.profile()?.document().categories.clone();
        Ok(Shown { location: None, version: None, body: Catalogue { categories } })
    };
    change.run(StatusCode::OK, commands, None, shown).await
}

/// Shows an organisation's switches, to its members and to the operator
#[utoipa::path(get, path = "/v1/organisations/{organisation}/policy", operation_id = "show_policy", tag = "Profiles",
    params(("organisation" = String, Path, description = "Whose", example = "acme"), AtLeast),
    responses((status = 200, body = PolicySchema, description = "The switches",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn policy(Rules(view): Rules) -> Answer<Seen<Policy>> {
    let policy = view.facts.profile()?.policy().clone();
    let version = version(&view.facts.state);
    let seen = view.seen(policy);
    Ok(match version {
        Some(version) => seen.version(version),
        None => seen,
    })
}

/// Puts other switches in the place of an organisation's, with the operator's key
///
/// What is left out is set to what is usual, not left as it is.
#[utoipa::path(put, path = "/v1/organisations/{organisation}/policy", operation_id = "revise_policy", tag = "Profiles",
    params(("organisation" = String, Path, description = "Whose", example = "acme"), Rehearsal, Circumstances, IfMatch),
    request_body = PolicySchema,
    responses((status = 200, body = Changed<PolicySchema>, description = "The switches; with `dry_run`, what would change instead",
        headers(("etag" = String, description = "Its version"))), Failures))]
async fn revise_policy(Governed(change): Governed, Json(policy): Json<Policy>) -> Answer<Response> {
    let commands = vec![Command::Organisation(OrganisationCommand::RevisePolicy { policy: Box::new(policy) })];
    let shown = |facts: &Facts| {
        let body = facts.profile()?.policy().clone();
        Ok(Shown { location: None, version: version(&facts.state), body })
    };
    change.run(StatusCode::OK, commands, Some(Arc::new(version)), shown).await
}

/// The policy has no number of its own: its digest tells one from another.
fn version(state: &AccessState) -> Option<u64> {
    let text = serde_json::to_string(state.profile()?.policy()).ok()?;
    Some(foldhash::quality::FixedState::default().hash_one(text))
}

impl From<Category> for CategoryDocument {
    fn from(category: Category) -> Self {
        let Category { key, label, administration, permissions } = category;
        let permission = |permission: NewPermission| PermissionDocument {
            key: permission.key.into(),
            label: permission.label,
            description: permission.description,
            narrows: permission.narrows.into_iter().map(Into::into).collect(),
            sensitive: permission.sensitive,
        };
        Self { key: key.into(), label, administration, permissions: permissions.into_iter().map(permission).collect() }
    }
}
