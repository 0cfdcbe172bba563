//! `/v1/organisations/{organisation}/changes`: several changes as one.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chancery_aggregates::Command;
use chancery_aggregates::command::{MemberCommand, RoleCommand, ScopeCommand};
use chancery_aggregates::event::Details;
use chancery_aggregates::vocabulary::MemberId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{Changed, Circumstances, EventInWords, Made, Rehearsal, answer, in_words};
use super::members::{Approval, MemberChanges, MemberToAdd, RoleToAssign, ScopeToSet, Submission, Toggles, commands};
use super::owner::Transfer;
use super::roles::{RoleChanges, RoleToCreate, RoleToDuplicate, new_id};
use super::scopes::{ScopeChanges, ScopeToCreate};
use super::{Change, Shown, names};
use crate::api::body::Json;
use crate::api::failures::Failures;
use crate::api::problem::{Answer, Problem};
use crate::api::service::Shared;
use crate::engine::Moment;
use crate::views::log::events;

/// The most changes in one request: the organisation takes no other meanwhile.
const MOST: usize = 100;

/// The operations.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(change_several))
}

/// Several changes
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"changes": [
    {"operation": "create_scope", "body": {"id": "annex", "name": "Annex"}},
    {"operation": "add_member", "body": {"id": "ana", "name": "Ana"}},
    {"operation": "assign_role", "member": "ana", "body": {"role": "viewer", "scope": "annex"}}]}))]
struct Changes {
    /// In this order, each on what the ones before it leave; 1 to 100
    #[schema(min_items = 1, max_items = 100)]
    changes: Vec<Step>,
}

/// One of the changes: `operation` is the name of the operation that makes it alone, `body` is that operation's, and what
/// stands in its path or query stands here
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
enum Step {
    CreateRole {
        body: RoleToCreate,
    },
    DuplicateRole {
        role: String,
        body: RoleToDuplicate,
    },
    ChangeRole {
        role: String,
        body: RoleChanges,
    },
    DeleteRole {
        role: String,
    },
    AddMember {
        body: MemberToAdd,
    },
    ChangeMember {
        member: String,
        body: MemberChanges,
    },
    RemoveMember {
        member: String,
    },
    AssignRole {
        member: String,
        body: RoleToAssign,
    },
    UnassignRole {
        member: String,
        role: String,
        #[schema(nullable = false)]
        scope: Option<String>,
    },
    ChangeMemberScope {
        member: String,
        body: ScopeToSet,
    },
    TogglePermissions {
        member: String,
        body: Toggles,
    },
    SubmitDocument {
        member: String,
        document: String,
        body: Submission,
    },
    ApproveDocument {
        member: String,
        document: String,
        body: Approval,
    },
    RejectDocument {
        member: String,
        document: String,
    },
    ExpireDocument {
        member: String,
        document: String,
    },
    CreateScope {
        body: ScopeToCreate,
    },
    ChangeScope {
        scope: String,
        body: ScopeChanges,
    },
    ShareScope {
        scope: String,
        with: String,
    },
    UnshareScope {
        scope: String,
        with: String,
    },
    TransferOwner {
        body: Transfer,
    },
}

/// What came of several changes
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"position": 60, "events": [{"type": "ScopeCreated", "sentence": "Olivia created the scope Annex"}]}))]
struct ChangesMade {
    /// The position of the log after them
    position: u64,
    /// What happened, in order; nothing where all was so already
    events: Vec<EventInWords>,
}

/// Makes several changes as one: all of them happen, or none
///
/// Each is judged on what the ones before it leave, so a member who is added can be given a role. A refusal names the
/// change that is to blame in `field`.
#[utoipa::path(post, path = "/v1/organisations/{organisation}/changes", operation_id = "change_several",
    tag = "Organisations",
    params(("organisation" = String, Path, description = "Where", example = "acme"), Rehearsal, Circumstances),
    request_body = Changes,
    responses((status = 200, body = Changed<ChangesMade>,
        description = "What happened; with `dry_run`, what would change instead"), Failures))]
async fn change_several(State(service): State<Shared>, change: Change, Json(body): Json<Changes>) -> Answer<Response> {
    if body.changes.is_empty() || body.changes.len() > MOST {
        return Err(Problem::bad_request("too_many", format!("1 to {MOST} changes at once")).field("changes"));
    }
    let mut list = List::default();
    for (number, step) in body.changes.into_iter().enumerate() {
        let commands = list.read(&change, step).map_err(|problem| problem.field(blamed(number)))?;
        if commands.is_empty() {
            let problem = Problem::bad_request("nothing_to_do", "the change names nothing to be different");
            return Err(problem.field(blamed(number)));
        }
        list.add(number, commands);
    }
    let organisation = change.organisation().clone();
    let List { commands, of, .. } = list;
    let made = change.make(commands, None).await;
    let made = made.map_err(|problem| match problem.command().and_then(|command| of.get(command)) {
        Some(number) => problem.field(blamed(*number)),
        None => problem,
    })?;
    let outcome = match made {
        Made::Rehearsed(response) => return Ok(response),
        Made::Done { outcome, .. } => outcome,
    };
    let before = service.engine.replay(&organisation, Moment::Position(outcome.since)).await?;
    // A repeated request is told what the first one did.
    let events = events(&service.engine, &organisation, outcome.since, outcome.position).await?;
    let events = in_words(&before.state, &events);
    let made = ChangesMade { position: outcome.position, events };
    Ok(answer(StatusCode::OK, &outcome, Shown { location: None, version: None, body: made }))
}

fn blamed(number: usize) -> String {
    format!("changes[{number}]")
}

/// Changes as commands.
#[derive(Default)]
struct List {
    commands: Vec<Command>,
    /// Of which change each command is.
    of: Vec<usize>,
    /// Personal data as the changes so far leave it.
    details: BTreeMap<MemberId, Details>,
}

impl List {
    fn add(&mut self, number: usize, commands: Vec<Command>) {
        for command in &commands {
            if let Command::Member(id, MemberCommand::AddMember { details, .. }) = command {
                self.details.insert(id.clone(), details.clone());
            }
            if let Command::Member(id, MemberCommand::ChangeDetails { details }) = command {
                self.details.insert(id.clone(), details.clone());
            }
        }
        self.of.extend(commands.iter().map(|_| number));
        self.commands.extend(commands);
    }

    fn read(&self, change: &Change, step: Step) -> Answer<Vec<Command>> {
        let to_member = |member: &str, command: MemberCommand| commands(&names::member(member), vec![command]);
        let to_role = |role: &str, command: RoleCommand| vec![Command::Role(names::role(role), command)];
        let to_scope = |scope: &str, command: ScopeCommand| vec![Command::Scope(names::scope(scope), command)];
        Ok(match step {
            Step::CreateRole { body } => {
                vec![Command::Role(new_id(change, body.id.as_deref(), &body.name)?, body.command())]
            }
            Step::DuplicateRole { role, body } => {
                vec![Command::Role(new_id(change, body.id.as_deref(), &body.name)?, body.command(&role))]
            }
            Step::ChangeRole { role, body } => {
                body.commands().into_iter().flat_map(|command| to_role(&role, command)).collect()
            }
            Step::DeleteRole { role } => to_role(&role, RoleCommand::DeleteRole),
            Step::AddMember { body } => commands(&body.id()?, body.commands()?),
            Step::ChangeMember { member, body } => {
                let id = names::member(&member);
                let commanded = body.commands(&self.details_of(change, &id));
                commands(&id, commanded)
            }
            Step::RemoveMember { member } => to_member(&member, MemberCommand::RemoveMember),
            Step::AssignRole { member, body } => to_member(&member, body.command()),
            Step::UnassignRole { member, role, scope } => {
                let (role, scope) = (names::role(&role), scope.as_deref().map(names::scope));
                to_member(&member, MemberCommand::UnassignRole { role, scope })
            }
            Step::ChangeMemberScope { member, body } => {
                to_member(&member, MemberCommand::ChangeScope { scope: body.choice()? })
            }
            Step::TogglePermissions { member, body } => commands(&names::member(&member), body.commands()?),
            Step::SubmitDocument { member, document, body } => {
                to_member(&member, body.command(names::document(&document)))
            }
            Step::ApproveDocument { member, document, body } => {
                to_member(&member, body.command(names::document(&document)))
            }
            Step::RejectDocument { member, document } => {
                to_member(&member, MemberCommand::RejectDocument { document: names::document(&document) })
            }
            Step::ExpireDocument { member, document } => {
                to_member(&member, MemberCommand::ExpireDocument { document: names::document(&document) })
            }
            Step::CreateScope { body } => {
                let (id, command) = body.command()?;
                vec![Command::Scope(id, command)]
            }
            Step::ChangeScope { scope, body } => {
                body.commands().into_iter().flat_map(|command| to_scope(&scope, command)).collect()
            }
            Step::ShareScope { scope, with } => {
                to_scope(&scope, ScopeCommand::ShareScope { with: names::scope(&with) })
            }
            Step::UnshareScope { scope, with } => {
                to_scope(&scope, ScopeCommand::UnshareScope { with: names::scope(&with) })
            }
            Step::TransferOwner { body } => vec![body.command()],
        })
    }

    fn details_of(&self, change: &Change, member: &MemberId) -> Details {
        let known = || change.facts().state.member_by_id(member.as_str()).map(|entry| entry.details.clone());
        self.details.get(member).cloned().or_else(known).unwrap_or_default()
    }
}
