//! What a member's page asks for.

use axum::response::Response;
use chancery_aggregates::Command;
use chancery_aggregates::command::{MemberCommand, OrganisationCommand, ScopeChoice};
use chancery_aggregates::vocabulary::{DocumentKind, LONGEST_ID, MemberId, RoleId, ScopeId, Time, Window};
use serde::Deserialize;

use super::{below, version};
use crate::api::body::InPath;
use crate::api::problem::Problem;
use crate::cli::time::{Edge, Written};
use crate::console::change::{Basis, Proposal};
use crate::console::form::{Deed, Fields};
use crate::console::fragments::name_of;
use crate::console::oops::Oops;
use crate::console::page::Section;
use crate::console::visit::Visit;

/// Which member, and what.
#[derive(Debug, Deserialize)]
pub(super) struct InDeed {
    member: String,
    deed: String,
}

pub(super) async fn act(InPath(path): InPath<InDeed>, deed: Deed) -> Result<Response, Oops> {
    let reader = deed.visit.head.reader()?;
    let (_, member) = reader.member(&path.member)?;
    let name = name_of(&deed.visit.head.state, member);
    let (title, command, grave) = asked(&path.deed, &member.id, &name, &deed.fields, deed.visit.head.now)?;
    let mut proposal = proposal(&deed.visit, &member.id, title, vec![command], &format!("do/{}", path.deed));
    proposal.grave = grave;
    if matches!(path.deed.as_str(), "remove") {
        proposal.notice = format!("{name} is removed.");
    }
    if path.deed == "make-owner" {
        // Whoever handed it over may have nothing left to see here.
        (proposal.done, proposal.notice) = (deed.visit.present(""), format!("{name} is the owner now."));
    }
    drop(reader);
    deed.propose(proposal).await
}

/// A change of a member, bound to the version that the form was filled in on.
pub(super) fn proposal(visit: &Visit, id: &MemberId, title: String, commands: Vec<Command>, to: &str) -> Proposal {
    let page = visit.link(&below(id.as_str()));
    Proposal {
        section: Section::Members,
        title,
        commands,
        action: format!("{page}/{to}"),
        back: page.clone(),
        done: page,
        notice: "Saved.".to_owned(),
        basis: Some(Basis { stream: format!("member/{id}"), id: id.to_string(), version }),
        grave: false,
        asks: true,
        refill: None,
    }
}

fn asked(deed: &str, id: &MemberId, name: &str, fields: &Fields, now: Time) -> Result<(String, Command, bool), Oops> {
    let role = || RoleId::known(bounded(fields.text("role")));
    let scope = || fields.get("scope").map(|scope| ScopeId::known(bounded(scope)));
    let document = || DocumentKind::known(bounded(fields.text("document")));
    let (title, command, grave) = match deed {
        "suspend" => (format!("Suspend {name}?"), MemberCommand::SuspendMember, false),
        "reactivate" => (format!("Reactivate {name}?"), MemberCommand::ReactivateMember, false),
        "remove" => (format!("Remove {name} for good?"), MemberCommand::RemoveMember, true),
        "assign" => {
            let window = Window {
                from: instant(fields, "from", Edge::Start, now)?,
                until: instant(fields, "until", Edge::After, now)?,
            };
            (format!("Give {name} a role"), MemberCommand::AssignRole { role: role(), scope: scope(), window }, false)
        }
        "unassign" => (
            format!("Take a role away from {name}"),
            MemberCommand::UnassignRole { role: role(), scope: scope() },
            false,
        ),
        "scope" => (format!("Change where {name} works"), MemberCommand::ChangeScope { scope: choice(fields)? }, false),
        "approve" => {
            let expires = instant(fields, "expires", Edge::After, now)?;
            (
                format!("Approve a document of {name}"),
                MemberCommand::ApproveDocument { document: document(), expires },
                false,
            )
        }
        "reject" => {
            (format!("Reject a document of {name}"), MemberCommand::RejectDocument { document: document() }, false)
        }
        "make-owner" => {
            let command = OrganisationCommand::TransferOwner { to: id.clone() };
            return Ok((format!("Hand the ownership over to {name}?"), Command::Organisation(command), true));
        }
        _ => return Err(Oops::nothing()),
    };
    Ok((title, Command::Member(id.clone(), command), grave))
}

fn choice(fields: &Fields) -> Result<ScopeChoice, Oops> {
    let nodes: Vec<ScopeId> = fields.all("node").map(|node| ScopeId::known(bounded(node))).collect();
    match (fields.text("kind"), nodes.is_empty()) {
        ("none", _) => Ok(ScopeChoice::None),
        ("all", _) => Ok(ScopeChoice::All),
        ("selected", false) => Ok(ScopeChoice::Selected(nodes)),
        ("by_group", false) => Ok(ScopeChoice::ByGroup(nodes)),
        _ => {
            Err(Problem::bad_request("scope_choice", "tick at least one part, or choose nowhere or everywhere").into())
        }
    }
}

fn instant(fields: &Fields, name: &str, edge: Edge, now: Time) -> Result<Option<Time>, Oops> {
    let Some(text) = fields.get(name) else { return Ok(None) };
    let written: Written =
        text.parse().map_err(|_| Problem::bad_request("bad_time", "write a time as 2026-03-03 14:30, or a date"))?;
    Ok(Some(written.instant(edge, now)))
}

pub(super) fn bounded(text: &str) -> String {
    text.chars().take(LONGEST_ID).collect()
}
