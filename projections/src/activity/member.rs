//! What happened to members, in words.

use chancery_aggregates::event::{Details, MemberEvent};
use chancery_aggregates::vocabulary::{
    AccountTypeKey, Field, MemberId, MemberKind, MemberScope, PermissionRef, Personal, RoleRef, ScopeRef, Window,
};

use super::Teller;
use crate::words;

pub(super) fn tell(teller: &Teller<'_>, event: &MemberEvent) -> String {
    let whom = |member| teller.whom(member);
    let whose = |member| teller.whose(member);
    match event {
        MemberEvent::MemberAdded { member, kind, account_type, scope, .. } => {
            tell_added(teller, member, *kind, account_type, scope)
        }
        MemberEvent::MemberDetailsChanged { member, before, after } => tell_details(teller, member, before, after),
        MemberEvent::AccountTypeChanged { member, before, after } => {
            let (before, after) = (account_type_label(teller, before), account_type_label(teller, after));
            format!("changed {} account type from {before} to {after}", whose(member))
        }
        MemberEvent::EmailVerified { member } => format!("verified {} e-mail address", whose(member)),
        MemberEvent::DocumentSubmitted { member, document, .. } => {
            format!("handed in {} document `{document}`", whose(member))
        }
        MemberEvent::DocumentApproved { member, document, expires } => {
            let until = expires.map_or_else(String::new, |expires| format!(", valid {}", words::until(expires)));
            format!("approved {} document `{document}`{until}", whose(member))
        }
        MemberEvent::DocumentRejected { member, document } => {
            format!("rejected {} document `{document}`", whose(member))
        }
        MemberEvent::DocumentExpired { member, document } => {
            format!("recorded that {} document `{document}` expired", whose(member))
        }
        MemberEvent::RoleAssigned { member, role, scope, window, before } => {
            tell_assigned(teller, member, &held(role, scope), *window, *before)
        }
        MemberEvent::RoleUnassigned { member, role, scope, before } => {
            let window = if before.is_open() { String::new() } else { format!(" ({})", words::window(*before)) };
            format!("took {}{window} from {}", held(role, scope), whom(member))
        }
        MemberEvent::MemberScopeChanged { member, before, after } => {
            let (before, after) = (words::member_scope(before), words::member_scope(after));
            format!("changed {} scope from {before} to {after}", whose(member))
        }
        MemberEvent::MemberPermissionToggled { member, permission, before, after } => {
            tell_toggled(teller, member, permission, *before, *after)
        }
        MemberEvent::MemberPermissionCleared { member, permission, before } => {
            let toggle = if *before { "allowing" } else { "withholding" };
            let whom = if *before { whom(member) } else { format!("from {}", whom(member)) };
            format!("stopped {toggle} {} {whom} directly", cite(permission))
        }
        MemberEvent::MemberSuspended { member } => format!("suspended {}", whom(member)),
        MemberEvent::MemberReactivated { member } => format!("reactivated {}", whom(member)),
        MemberEvent::MemberRemoved { member, .. } => format!("removed {}", whom(member)),
        MemberEvent::PersonalDataErased { member } => format!("erased the personal data of {member}"),
        MemberEvent::LegalHoldPlaced { member } => {
            format!("put the personal data of {member} under a legal hold")
        }
        MemberEvent::LegalHoldLifted { member } => {
            format!("lifted the legal hold on the personal data of {member}")
        }
        MemberEvent::PersonalDataExported { member } => format!("exported the personal data of {member}"),
        MemberEvent::KeyIssued { member, label, expires, replaces, .. } => {
            let done = if replaces.is_some() { "renewed" } else { "issued" };
            let until = expires.map_or_else(|| "without end".to_owned(), words::until);
            format!("{done} {} key “{label}”, valid {until}", whose(member))
        }
        MemberEvent::KeyExpiryChanged { member, label, after, .. } => {
            format!("limited {} former key “{label}”, valid {}", whose(member), words::until(*after))
        }
        MemberEvent::KeyRevoked { member, label, .. } => {
            format!("revoked {} key “{label}”", whose(member))
        }
    }
}

fn cite(permission: &PermissionRef) -> String {
    words::permission(permission.id.as_str(), &permission.name)
}

/// A role and where it is held.
fn held(role: &RoleRef, scope: &Option<ScopeRef>) -> String {
    match scope {
        Some(scope) => format!("the role {} in {}", role.name, scope.name),
        None => format!("the role {}", role.name),
    }
}

fn tell_added(
    teller: &Teller<'_>,
    member: &MemberId,
    kind: MemberKind,
    account_type: &AccountTypeKey,
    scope: &MemberScope,
) -> String {
    let kind = match kind {
        MemberKind::Person => "",
        MemberKind::Service => "the service account ",
    };
    let scope = match scope {
        MemberScope::None => "without a scope".to_owned(),
        scope => format!("for {}", words::member_scope(scope)),
    };
    format!("added {kind}{} as {}, {scope}", teller.name(member), account_type_label(teller, account_type))
}

fn account_type_label(teller: &Teller<'_>, key: &AccountTypeKey) -> String {
    let profile = teller.state.profile();
    let account_type = profile.and_then(|p| p.account_type(p.account_type_ix(key.as_str())?));
    account_type.map_or_else(|| key.to_string(), |account_type| account_type.label.clone())
}

/// The log has all values; a sentence shows only names, and those only while they can be read.
fn tell_details(teller: &Teller<'_>, member: &MemberId, before: &Details, after: &Details) -> String {
    let readable = |name: &Option<Personal>| {
        let shown = teller.state.shown(member, Field::Name, name.as_ref()?);
        if teller.names { shown.text() } else { None }
    };
    let fields = [
        ("name", before.name != after.name),
        ("e-mail address", before.email != after.email),
        ("phone number", before.phone != after.phone),
    ];
    let changed: Vec<&str> = fields.iter().filter(|(_, changed)| *changed).map(|(field, _)| *field).collect();
    let changed = if changed.is_empty() { "details".to_owned() } else { words::list(&changed) };
    match (readable(&before.name), readable(&after.name)) {
        (Some(old), Some(new)) if old != new => {
            let whose = if teller.is_actor(member) { "their own".to_owned() } else { format!("{old}’s") };
            format!("changed {whose} {changed}: now {new}")
        }
        _ => format!("changed {} {changed}", teller.whose(member)),
    }
}

fn tell_assigned(teller: &Teller<'_>, member: &MemberId, held: &str, window: Window, before: Option<Window>) -> String {
    match before {
        None if window.is_open() => format!("gave {held} to {}", teller.whom(member)),
        None => format!("gave {held} to {} {}", teller.whom(member), words::window(window)),
        Some(before) => {
            let (before, window) = (words::window_or_always(before), words::window_or_always(window));
            format!("changed how long {} has {held}: {window}; it was {before}", teller.whom(member))
        }
    }
}

fn tell_toggled(
    teller: &Teller<'_>,
    member: &MemberId,
    permission: &PermissionRef,
    before: Option<bool>,
    after: bool,
) -> String {
    let (permission, whom) = (cite(permission), teller.whom(member));
    let before = match before {
        Some(true) => ", which was allowed directly before",
        Some(false) => ", which was withheld before",
        None => "",
    };
    if after {
        format!("allowed {whom} {permission} directly{before}")
    } else {
        format!("withheld {permission} from {whom}{before}")
    }
}
