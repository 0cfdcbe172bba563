//! Entries as events of the Open Cybersecurity Schema Framework (<https://schema.ocsf.io>).
//!
//! | what happened to | class |
//! | --- | --- |
//! | what a member may do | User Access Management, 3005 |
//! | a member's account, documents, personal data and keys | Account Change, 3001 |
//! | a role, which is a group with privileges | Group Management, 3006 |
//! | a scope, or the organisation and its rules | Entity Management, 3004 |
//! | nothing: a refusal, an export, a look at personal data | API Activity, 6003 |
//!
//! Members are named by id alone, and it is not told from which address they acted: what is sent to another system is erased there by nobody.

use chancery_aggregates::vocabulary::OrganisationId;
use chancery_projections::audit::{Entry, Named, Outcome};
use serde_json::{Map, Value, json};

/// The version of the schema that events keep to, stated in each.
pub(super) const VERSION: &str = "1.8.0";

/// A class of events, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    AccountChange = 3001,
    EntityManagement = 3004,
    UserAccess = 3005,
    GroupManagement = 3006,
    ApiActivity = 6003,
}

/// What is done when a class has no number for it.
const OTHER: u32 = 99;

/// An entry as an event.
pub(super) fn event(organisation: &OrganisationId, entry: &Entry) -> Value {
    let (class, activity) = class_of(entry);
    let uid = class as u32;
    let refused = entry.outcome == Outcome::Refused;
    let mut event = json!({
        "category_uid": uid / 1000,
        "class_uid": uid,
        "activity_id": activity,
        "activity_name": entry.kind,
        "type_uid": u64::from(uid) * 100 + u64::from(activity),
        "time": entry.time.timestamp_millis(),
        "severity_id": if refused { 2 } else { 1 },
        "status_id": if refused { 2 } else { 1 },
        "message": entry.impersonal,
        "metadata": metadata(organisation, entry),
        "actor": { "user": user(&entry.actor), "app_name": entry.impersonal_origin.agent.as_deref().unwrap_or("chancery") },
        "src_endpoint": { "name": entry.impersonal_origin.source.as_deref().unwrap_or("unknown") },
        "unmapped": unmapped(entry),
    });
    let Some(fields) = event.as_object_mut() else { return event };
    if let Some(refusal) = &entry.refusal {
        fields.insert("status_code".to_owned(), json!(refusal.rule));
        fields.insert("status_detail".to_owned(), json!(refusal.message));
    }
    about(class, organisation, entry, fields);
    event
}

/// The class and the activity.
fn class_of(entry: &Entry) -> (Class, u32) {
    use Class::{AccountChange, ApiActivity, EntityManagement, GroupManagement, UserAccess};
    match entry.kind {
        "RoleAssigned" | "OwnerTransferred" => (UserAccess, 1),
        "RoleUnassigned" => (UserAccess, 2),
        // Taking back what was withheld gives, and the other way round.
        "MemberPermissionToggled" => (UserAccess, if is_true(&entry.after) { 1 } else { 2 }),
        "MemberPermissionCleared" => (UserAccess, if is_true(&entry.before) { 2 } else { 1 }),
        "MemberScopeChanged" => (UserAccess, OTHER),
        "MemberAdded" => (AccountChange, 1),
        "MemberReactivated" => (AccountChange, 2),
        "MemberSuspended" => (AccountChange, 5),
        "MemberRemoved" => (AccountChange, 6),
        "RoleCreated" => (GroupManagement, 6),
        "RoleDeleted" => (GroupManagement, 5),
        "PermissionToggled" => (GroupManagement, if is_true(&entry.after) { 1 } else { 2 }),
        "OrganisationFounded" | "ScopeCreated" => (EntityManagement, 1),
        "ScopeMoved" => (EntityManagement, 5),
        "ScopeRestored" => (EntityManagement, 10),
        "ScopeArchived" => (EntityManagement, 11),
        "AuditExported" | "PersonalDataExported" => (ApiActivity, 2),
        "CommandRefused" => (ApiActivity, OTHER),
        kind if kind.starts_with("Role") => (GroupManagement, OTHER),
        _ if entry.subject.is_some() => (AccountChange, OTHER),
        // What is left changes a scope, or the organisation.
        _ => (EntityManagement, 3),
    }
}

fn is_true(side: &Option<String>) -> bool {
    side.as_deref() == Some("true")
}

fn metadata(organisation: &OrganisationId, entry: &Entry) -> Value {
    let mut metadata = json!({
        "version": VERSION,
        "product": { "name": "Chancery", "vendor_name": "Chancery", "version": env!("CARGO_PKG_VERSION") },
        "uid": format!("{organisation}#{}", entry.position),
        "event_code": entry.kind,
        "log_name": "audit",
        // Milliseconds lose what the log knows.
        "original_time": entry.time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        "tenant_uid": organisation,
    });
    if let Some(fields) = metadata.as_object_mut() {
        // A number of OCSF has 32 bits.
        if let Ok(sequence) = i32::try_from(entry.position) {
            fields.insert("sequence".to_owned(), json!(sequence));
        }
        if let Some(correlation) = &entry.correlation {
            fields.insert("correlation_uid".to_owned(), json!(correlation));
        }
    }
    metadata
}

/// What the schema has no place for.
fn unmapped(entry: &Entry) -> Value {
    let [before, after] = entry.impersonal_change();
    let fields = [
        ("command", entry.command.as_deref().map(Value::from)),
        ("before", before),
        ("after", after),
        ("reason", entry.reason.as_deref().map(Value::from)),
        ("on_behalf_of", entry.on_behalf_of.as_ref().map(|other| Value::from(other.id.as_str()))),
        ("key", entry.key.as_deref().map(Value::from)),
        ("causation", entry.causation.as_deref().map(Value::from)),
        ("target", entry.refusal.as_ref().map(|refusal| Value::from(refusal.target.as_str()))),
        ("occurrence", entry.refusal.as_ref().map(|refusal| Value::from(refusal.occurrence))),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>().into()
}

/// Whom or what the class is about.
fn about(class: Class, organisation: &OrganisationId, entry: &Entry, fields: &mut Map<String, Value>) {
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    match class {
        Class::UserAccess => {
            put("user", entry.subject.as_ref().map_or(Value::Null, user));
            put("privileges", privileges(entry));
            if let Some(scope) = &entry.scope {
                put("resources", json!([thing(scope, "scope")]));
            }
        }
        Class::AccountChange => put("user", entry.subject.as_ref().map_or(Value::Null, user)),
        Class::GroupManagement => {
            put("group", entry.role.as_ref().map_or(Value::Null, |role| thing(role, "role")));
            if let Some(permission) = &entry.permission {
                put("privileges", json!([permission.id]));
            }
        }
        Class::EntityManagement => put("entity", entity(organisation, entry)),
        Class::ApiActivity => {
            put("api", json!({ "operation": entry.command.as_deref().unwrap_or(entry.kind) }));
            let things = [(&entry.subject, "member"), (&entry.role, "role"), (&entry.scope, "scope")];
            let mut resources: Vec<Value> = things
                .into_iter()
                .filter_map(|(named, kind)| {
                    let named = named.as_ref()?;
                    Some(if kind == "member" { json!({ "uid": named.id, "type": kind }) } else { thing(named, kind) })
                })
                .collect();
            if resources.is_empty() {
                resources.push(json!({ "uid": organisation, "type": "organisation" }));
            }
            put("resources", resources.into());
        }
    }
}

/// What somebody got or lost: a role, a permission, or where all of theirs work.
fn privileges(entry: &Entry) -> Value {
    let role = entry.role.as_ref().map(|role| format!("role/{}", role.id));
    let permission = entry.permission.as_ref().map(|permission| permission.id.clone());
    let privileges: Vec<String> = role.into_iter().chain(permission).collect();
    if privileges.is_empty() { json!(["scope"]) } else { json!(privileges) }
}

fn user(named: &Named) -> Value {
    // 3 is a system, 1 a user.
    json!({ "uid": named.id, "type_id": if named.id.starts_with('@') { 3 } else { 1 } })
}

fn thing(named: &Named, kind: &str) -> Value {
    match &named.name {
        Some(name) => json!({ "uid": named.id, "name": name, "type": kind }),
        None => json!({ "uid": named.id, "type": kind }),
    }
}

fn entity(organisation: &OrganisationId, entry: &Entry) -> Value {
    let Some(scope) = &entry.scope else {
        return json!({ "uid": organisation, "type": "organisation", "type_id": 4, "org": { "uid": organisation } });
    };
    let mut entity = thing(scope, "scope");
    if let Some(fields) = entity.as_object_mut() {
        fields.insert("type_id".to_owned(), json!(OTHER));
    }
    entity
}
