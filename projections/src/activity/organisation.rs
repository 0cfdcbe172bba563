//! What happened to the organisation as a whole, in words.

use chancery_aggregates::event::{AuditExported, CommandRefused, OrganisationEvent};
use chancery_aggregates::profile::document::{CategoryDocument, Policy};

use super::{Teller, Told};
use crate::words;

/// Permissions that a sentence names before it counts the rest.
const NAMED: usize = 5;

pub(super) fn tell(teller: &Teller<'_>, event: &OrganisationEvent) -> Told {
    match event {
        OrganisationEvent::OrganisationFounded { name, profile, .. } => {
            Told::new(format!("founded {name} with the rules of {} (profile {})", profile.title, profile.name))
        }
        OrganisationEvent::CatalogueRevised { added } => Told::new(tell_added(added)),
        OrganisationEvent::PolicyRevised { before, after } => Told::new(tell_policy(before, after)),
        OrganisationEvent::OwnerTransferred { role, before, after } if teller.is_actor(before) => {
            Told::new(format!("handed over the role {} to {}", role.name, teller.whom(after)))
        }
        OrganisationEvent::OwnerTransferred { role, before, after } => {
            Told::new(format!("handed the role {} from {} to {}", role.name, teller.whom(before), teller.whom(after)))
        }
        OrganisationEvent::CommandRefused(refused) => tell_refused(teller, refused),
        OrganisationEvent::LogKeyPublished { key } => {
            Told::new(format!("published the key {key} for checkpoints of the log"))
        }
        OrganisationEvent::AuditExported(export) => Told::new(tell_export(export)),
    }
}

fn tell_export(export: &AuditExported) -> String {
    let filters = export.filters.iter().filter(|(name, _)| !matches!(name.as_str(), "report" | "review"));
    let filters: Vec<String> = filters.map(|(name, value)| format!("{name} {value}")).collect();
    let only = if filters.is_empty() { String::new() } else { format!(", only {}", words::list(&filters)) };
    let what = match (export.filters.get("report"), export.filters.get("review")) {
        (Some(report), _) => format!("a report ({}) of the audit log", report.replace('_', " ")),
        (None, Some(review)) => format!("the evidence of the review {review} in the audit log"),
        (None, None) => "the audit log".to_owned(),
    };
    format!("exported {what} from #{} to #{} as {}{only}", export.from, export.until, export.format)
}

fn tell_added(added: &[CategoryDocument]) -> String {
    let permissions: Vec<String> = added
        .iter()
        .flat_map(|category| &category.permissions)
        .map(|permission| words::permission(&permission.key, &permission.label))
        .collect();
    let number = words::count(permissions.len(), "permission");
    format!("added {number} to the catalogue: {}", words::list_up_to(&permissions, NAMED))
}

/// The switches by the names that they have in a profile.
fn tell_policy(before: &Policy, after: &Policy) -> String {
    let switches = |policy: &Policy| match serde_json::to_value(policy) {
        Ok(serde_json::Value::Object(switches)) => switches,
        _ => serde_json::Map::new(),
    };
    let before = switches(before);
    let changes: Vec<String> = switches(after)
        .iter()
        .filter(|(switch, value)| before.get(*switch) != Some(value))
        .map(|(switch, value)| {
            let was = before.get(switch).map_or_else(|| "nothing".to_owned(), ToString::to_string);
            format!("{switch} from {was} to {value}")
        })
        .collect();
    format!("changed the rules of the organisation: {}", words::list(&changes))
}

fn tell_refused(teller: &Teller<'_>, refused: &CommandRefused) -> Told {
    let often = match refused.occurrence {
        0 | 1 => String::new(),
        times => format!(" (for the {} time within the hour)", words::ordinal(times)),
    };
    let message = match teller.names || cites_only_what_exists(&refused.rule) {
        true => format!(": {}", refused.message),
        false => String::new(),
    };
    Told {
        did: format!("tried to {}", tell_attempt(teller, refused)),
        outcome: format!(": refused ({}){message}{often}", refused.rule),
    }
}

/// Whether a refusal's message has nothing in it that its actor made up, which may be a person's name.
fn cites_only_what_exists(rule: &str) -> bool {
    let rules = [
        "actor_inactive",
        "assigned_only_by",
        "escalation",
        "inheritance_cycle",
        "last_administrator",
        "level_ceiling",
        "locked_role",
        "member_is_owner",
        "member_left",
        "missing_permission",
        "not_owner",
        "not_reviewer",
        "one_role_only",
        "operator_only",
        "outranked",
        "owner_role",
        "role_beyond_actor",
        "role_for_other_account_type",
        "role_in_use",
        "scope_cycle",
        "scope_for_other_account_type",
        "self_change",
        "self_review",
        "system_only",
        "system_role",
        "toggle_not_held",
    ];
    rules.contains(&rule)
}

fn tell_attempt(teller: &Teller<'_>, refused: &CommandRefused) -> String {
    let (kind, id) = refused.target.split_once('/').unwrap_or((&refused.target, ""));
    let state = teller.state;
    let target = match kind {
        "member" if id == teller.actor => "themselves".to_owned(),
        "member" if teller.names => words::actor(state, id),
        "member" if state.member_by_id(id).is_some() => id.to_owned(),
        "member" => "somebody unknown".to_owned(),
        "role" | "scope" if !teller.names && state.role_by_id(id).is_none() && state.scope_by_id(id).is_none() => {
            "(new or unknown)".to_owned()
        }
        "role" => state.role_by_id(id).map_or_else(|| format!("`{id}`"), |role| role.name.to_string()),
        "scope" => state.scope_by_id(id).map_or_else(|| format!("`{id}`"), |scope| scope.name.to_string()),
        "review" if teller.names || state.review_by_id(id).is_some() => format!("`{id}`"),
        "review" => "(new or unknown)".to_owned(),
        _ if refused.target == "*" => "many others".to_owned(),
        _ => String::new(),
    };
    match attempted(&refused.command) {
        Some(phrase) => phrase.replace("{}", &target),
        // A command of a later version.
        None if teller.names => format!("do `{}` on `{}`", refused.command, refused.target),
        None => format!("do `{}` on {target}", refused.command),
    }
}

/// What a command would do, as an infinitive; `{}` stands for what it is done to.
fn attempted(command: &str) -> Option<&'static str> {
    Some(match command {
        "FoundOrganisation" => "found the organisation",
        "ReviseCatalogue" => "add permissions to the catalogue",
        "RevisePolicy" => "change the rules of the organisation",
        "TransferOwner" => "hand over the ownership",
        "PublishLogKey" => "publish a key for checkpoints of the log",
        "ExportAudit" => "export the audit log",
        "CreateRole" => "create the role {}",
        "DuplicateRole" => "make the role {} as a copy",
        "RenameRole" => "rename the role {}",
        "DescribeRole" => "describe the role {}",
        "RecolourRole" => "change the colour of the role {}",
        "ChangeRoleLevel" => "change the level of the role {}",
        "TogglePermissions" => "switch permissions of the role {}",
        "InheritFrom" => "change what the role {} inherits",
        "LockRole" => "lock the role {}",
        "UnlockRole" => "unlock the role {}",
        "DeleteRole" => "delete the role {}",
        "AddMember" => "add {}",
        "ChangeDetails" => "change the details of {}",
        "ChangeAccountType" => "change the account type of {}",
        "VerifyEmail" => "verify the e-mail address of {}",
        "SubmitDocument" => "hand in a document of {}",
        "ApproveDocument" => "approve a document of {}",
        "RejectDocument" => "reject a document of {}",
        "ExpireDocument" => "expire a document of {}",
        "AssignRole" => "give a role to {}",
        "UnassignRole" => "take a role from {}",
        "ChangeScope" => "change the scope of {}",
        "ToggleMemberPermission" => "allow or withhold a permission of {} directly",
        "ClearMemberPermission" => "take back a direct permission of {}",
        "SuspendMember" => "suspend {}",
        "ReactivateMember" => "reactivate {}",
        "RemoveMember" => "remove {}",
        "ErasePersonalData" | "ReapplyErasure" => "erase the personal data of {}",
        "PlaceLegalHold" => "put the personal data of {} under a legal hold",
        "LiftLegalHold" => "lift the legal hold on the personal data of {}",
        "ExportPersonalData" => "export the personal data of {}",
        "IssueKey" => "issue a key of {}",
        "RotateKey" => "renew a key of {}",
        "RevokeKey" => "revoke a key of {}",
        "CreateScope" => "create {}",
        "RenameScope" => "rename {}",
        "MoveScope" => "move {}",
        "ShareScope" => "share {}",
        "UnshareScope" => "end the sharing of {}",
        "ArchiveScope" => "archive {}",
        "RestoreScope" => "restore {}",
        "OpenReview" => "open the review {}",
        "DecideLines" => "decide lines of the review {}",
        "DelegateLines" => "pass on lines of the review {}",
        "CompleteReview" => "complete the review {}",
        "CancelReview" => "cancel the review {}",
        _ => return None,
    })
}
