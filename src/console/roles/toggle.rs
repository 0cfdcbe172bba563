//! Changes that a role's page asks for: its switches, its lock, its end.

use std::collections::BTreeSet;

use axum::response::Response;
use chancery_aggregates::command::RoleCommand;
use chancery_aggregates::vocabulary::{LONGEST_ID, PermissionKey, RoleId};

use super::{InRole, proposal};
use crate::api::body::InPath;
use crate::console::form::Deed;
use crate::console::oops::Oops;

/// Several switches as one change. What is posted is what was on and what is to be on, so that it can be said
/// again on top of what somebody else did.
pub(super) async fn toggle(InPath(path): InPath<InRole>, deed: Deed) -> Result<Response, Oops> {
    let (id, name) = named(&deed, &path.role)?;
    let was: BTreeSet<&str> = deed.fields.text("was").split_whitespace().collect();
    let on: BTreeSet<&str> = deed.fields.all("on").collect();
    let keys = |set: &BTreeSet<&str>, other: &BTreeSet<&str>| -> Vec<PermissionKey> {
        let bounded = |key: &&str| PermissionKey::known(key.chars().take(LONGEST_ID).collect::<String>());
        set.difference(other).map(bounded).collect()
    };
    let command = RoleCommand::TogglePermissions { allow: keys(&on, &was), deny: keys(&was, &on) };
    let proposal = proposal(&deed.visit, &id, format!("Change what {name} permits"), vec![command], "permissions");
    deed.propose(proposal).await
}

pub(super) async fn delete(InPath(path): InPath<InRole>, deed: Deed) -> Result<Response, Oops> {
    let (id, name) = named(&deed, &path.role)?;
    let mut proposal = proposal(&deed.visit, &id, format!("Delete {name}?"), vec![RoleCommand::DeleteRole], "delete");
    proposal.grave = true;
    proposal.done = deed.visit.link("/roles");
    proposal.notice = format!("{name} is deleted.");
    deed.propose(proposal).await
}

pub(super) async fn lock(InPath(path): InPath<InRole>, deed: Deed) -> Result<Response, Oops> {
    let (id, name) = named(&deed, &path.role)?;
    let locked = deed.visit.head.reader()?.role(&path.role)?.1.locked;
    let (command, title) = match locked {
        true => (RoleCommand::UnlockRole, format!("Unlock {name}")),
        false => (RoleCommand::LockRole, format!("Lock {name}")),
    };
    let mut proposal = proposal(&deed.visit, &id, title, vec![command], "lock");
    proposal.asks = false;
    deed.propose(proposal).await
}

/// The role, if the reader sees it.
fn named(deed: &Deed, id: &str) -> Result<(RoleId, String), Oops> {
    let reader = deed.visit.head.reader()?;
    let (_, role) = reader.role(id)?;
    Ok((role.id.clone(), role.name.to_string()))
}
