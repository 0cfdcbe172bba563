//! Two CSV files: member and role, role and permission.

use std::path::Path;

use chancery_aggregates::vocabulary::PermissionKey;

use super::error::{Findings, ImportError, Place, Reason};
use super::lines;
use super::policy::{Hold, Permit, Policy, RoleName};
use super::progress::Progress;

/// Reads both files.
pub(super) fn read(
    members: &Path,
    roles: &Path,
    prefix: &str,
    findings: &mut Findings,
    progress: &dyn Progress,
) -> Result<Policy, ImportError> {
    let mut policy = Policy::default();
    let named =
        |policy: &mut Policy, role: &str, place| policy.role(RoleName::Named(format!("{prefix}{role}").into()), place);
    pairs(members, 0, ["member", "role"], findings, progress, |place, member, role, _| {
        let member = policy.members.add(member, place);
        let role = named(&mut policy, role, place);
        policy.holds.push(Hold { member, role, domain: None, place });
    })?;
    pairs(roles, 1, ["role", "permission"], findings, progress, |place, role, permission, findings| {
        if let Err(reason) = check_key(permission) {
            return findings.add(place, reason);
        }
        let role = named(&mut policy, role, place);
        let permission = policy.permission(permission, || permission.to_owned(), place);
        policy.permits.push(Permit { role, domain: None, permission });
    })?;
    Ok(policy)
}

/// Hands the pairs of a file to a visitor; a first line with the names of the columns is passed over.
fn pairs(
    path: &Path,
    file: u8,
    header: [&str; 2],
    findings: &mut Findings,
    progress: &dyn Progress,
    mut visit: impl FnMut(Place, &str, &str, &mut Findings),
) -> Result<(), ImportError> {
    let mut first = true;
    lines::read(path, file, false, findings, progress, |place, fields, findings| {
        let begins = std::mem::replace(&mut first, false);
        match fields {
            [one, other] if begins && one.eq_ignore_ascii_case(header[0]) && other.eq_ignore_ascii_case(header[1]) => {}
            [one, other] => visit(place, one, other, findings),
            _ => findings.add(place, Reason::FieldCount { found: fields.len(), wanted: 2 }),
        }
    })
}

fn check_key(permission: &str) -> Result<(), Reason> {
    if permission.contains('*') || permission.starts_with('!') {
        return Err(Reason::Wildcard { permission: permission.to_owned() });
    }
    PermissionKey::parse(permission).map(drop).map_err(|because| Reason::NotAnId {
        thing: "permission",
        text: permission.to_owned(),
        because,
    })
}
