//! Members, as far as a reader sees them.

use chancery_aggregates::access::{Decision, Denial, Ownership, Place, Question, Reading, evaluate_question, holdings};
use chancery_aggregates::authority::Reader;
use chancery_aggregates::state::{
    AccessState, Assignment, Coverage, DocumentStatus, MemberEntry, MemberIx, RoleIx, ScopeIx, Shown, Status, Toggle,
    fold_name,
};
use chancery_aggregates::vocabulary::{Field, Time};
use chancery_projections::words;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// How members stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    Active,
    Suspended,
    Left,
    Any,
}

/// Which members of those that the reader sees.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) search: Option<String>,
    pub(crate) role: Option<RoleIx>,
    pub(crate) account_type: Option<u16>,
    pub(crate) on: Option<ScopeIx>,
    pub(crate) status: Option<Standing>,
}

impl Filter {
    /// Whether a member is among them.
    pub(crate) fn takes(&self, reader: &Reader<'_>, ix: MemberIx, member: &MemberEntry) -> bool {
        let stands = match self.status {
            None => member.status != Status::Removed,
            Some(Standing::Any) => true,
            Some(Standing::Active) => member.status == Status::Active,
            Some(Standing::Suspended) => member.status == Status::Suspended,
            Some(Standing::Left) => member.status == Status::Removed,
        };
        let found = self.search.as_deref().is_none_or(|wanted| {
            let names = |field: Field| {
                let text = reader.facts().state.shown_of(member, field).and_then(Shown::text);
                text.is_some_and(|text| fold_name(&text).contains(wanted))
            };
            fold_name(member.id.as_str()).contains(wanted) || names(Field::Name) || names(Field::Email)
        });
        let holds = |role: RoleIx| reader.sees_access_of(ix) && member.assignments.iter().any(|held| held.role == role);
        let reaches = |scope: ScopeIx| {
            let facts = reader.facts();
            !holdings(&facts.state, ix, Place::Scope(scope), facts.now, Reading::Potential).is_empty()
        };
        stands
            && found
            && self.account_type.is_none_or(|wanted| member.account_type == wanted)
            && self.role.is_none_or(holds)
            && self.on.is_none_or(reaches)
    }
}

/// What the reader sees of a member's access.
pub(crate) struct Seen<'a> {
    state: &'a AccessState,
    /// Hidden altogether from members who do not see their own.
    pub(crate) hidden: bool,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) scope: Coverage,
    pub(crate) toggles: &'a [Toggle],
}

impl<'a> Seen<'a> {
    pub(crate) fn of(reader: &Reader<'a>, ix: MemberIx, member: &'a MemberEntry) -> Self {
        let state = &reader.facts().state;
        let hidden = !reader.sees_access_of(ix);
        let seen = |scope: &ScopeIx| reader.sees_scope(*scope);
        let scope = match &member.scope {
            Coverage::Nodes { by_group, nodes } => {
                Coverage::Nodes { by_group: *by_group, nodes: nodes.iter().copied().filter(seen).collect() }
            }
            whole => whole.clone(),
        };
        let assignments = member.assignments.iter().filter(|held| !hidden && held.scope.as_ref().is_none_or(seen));
        let toggles = if hidden { [].as_slice() } else { &member.toggles };
        Self { state, hidden, assignments: assignments.copied().collect(), scope, toggles }
    }

    /// The names of the roles, each once.
    pub(crate) fn role_names(&self) -> Vec<String> {
        if self.hidden {
            return vec!["(hidden)".to_owned()];
        }
        let mut names: Vec<String> = Vec::new();
        for held in &self.assignments {
            let name = self.state.cite_role(held.role).name.to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Where roles work; those held in a scope of their own name it.
    pub(crate) fn scope_words(&self, state: &AccessState) -> String {
        let mut own: Vec<ScopeIx> = self.assignments.iter().filter_map(|held| held.scope).collect();
        own.sort();
        own.dedup();
        if self.scope == Coverage::None && !own.is_empty() {
            return words::coverage(state, &Coverage::Nodes { by_group: false, nodes: own });
        }
        words::coverage(state, &self.scope)
    }

    /// For programs.
    pub(crate) fn json(&self, state: &AccessState) -> Value {
        if self.hidden {
            return json!({ "roles": null, "scope": state.cite_coverage(&self.scope), "toggles": null });
        }
        let role = |held: &Assignment| {
            json!({
                "role": state.cite_role(held.role),
                "scope": held.scope.map(|scope| state.cite_scope(scope)),
                "from": held.window.from,
                "until": held.window.until,
                "position": held.at,
            })
        };
        let toggle = |toggle: &Toggle| {
            let permission = state.profile().map(|profile| profile.cite(toggle.permission).id);
            json!({ "permission": permission, "allowed": toggle.allowed, "position": toggle.at })
        };
        json!({
            "roles": self.assignments.iter().map(role).collect::<Vec<_>>(),
            "scope": state.cite_coverage(&self.scope),
            "toggles": self.toggles.iter().map(toggle).collect::<Vec<_>>(),
        })
    }
}

/// What keeps the member from any access now.
pub(crate) fn waits(state: &AccessState, member: MemberIx, now: Time) -> Option<Denial> {
    let permission = state.profile()?.grants().iter().next()?;
    let ownership = Ownership::Unnamed;
    let question = Question { subject: member, permission, place: Place::Organisation, ownership, at: now };
    match evaluate_question(state, &question) {
        Decision::Denied(
            denial @ (Denial::Suspended { .. }
            | Denial::Removed { .. }
            | Denial::EmailUnverified
            | Denial::DocumentMissing { .. }),
        ) => Some(denial),
        _ => None,
    }
}

/// A member, for programs.
pub(crate) fn member_json(state: &AccessState, member: &MemberEntry, seen: &Seen<'_>, waits: Option<&Denial>) -> Value {
    let documents = member.documents.iter().map(|document| {
        let (status, expires) = match document.status {
            DocumentStatus::Submitted => ("submitted", None),
            DocumentStatus::Approved(expires) => ("approved", expires),
            DocumentStatus::Rejected => ("rejected", None),
            DocumentStatus::Expired => ("expired", None),
        };
        json!({ "kind": document.kind, "status": status, "expires": expires, "position": document.at })
    });
    let mut value = json!({
        "id": member.id,
        "kind": member.kind,
        "name": readable(state, member, Field::Name),
        "email": readable(state, member, Field::Email),
        "email_verified": member.email_verified.is_some(),
        "phone": readable(state, member, Field::Phone),
        "account_type": account_type(state, member),
        "status": status_word(member.status),
        "no_access_because": waits.map(|denial| json!({ "code": denial.code(), "message": denial.to_string() })),
        "documents": documents.collect::<Vec<_>>(),
        "added": member.added.time,
        "added_position": member.added.position,
    });
    if let (Some(value), Value::Object(seen)) = (value.as_object_mut(), seen.json(state)) {
        value.extend(seen);
    }
    value
}

/// Personal data, as far as it is readable.
pub(crate) fn readable(state: &AccessState, member: &MemberEntry, field: Field) -> Option<String> {
    state.shown_of(member, field).map(Shown::in_words)
}

/// The key of a member's account type.
pub(crate) fn account_type(state: &AccessState, member: &MemberEntry) -> String {
    let account_type = state.profile().and_then(|profile| profile.account_type(member.account_type));
    account_type.map(|account_type| account_type.key.to_string()).unwrap_or_default()
}

/// A line of a list of members, for programs.
pub(crate) fn row_json(reader: &Reader<'_>, ix: MemberIx, member: &MemberEntry) -> Value {
    let state = &reader.facts().state;
    let mut value = json!({
        "id": member.id,
        "kind": member.kind,
        "name": state.name_of(member),
        "email": readable(state, member, Field::Email),
        "account_type": account_type(state, member),
        "status": status_word(member.status),
    });
    if let (Some(value), Value::Object(seen)) = (value.as_object_mut(), Seen::of(reader, ix, member).json(state)) {
        value.extend(seen);
    }
    value
}

/// Whether a member takes part, in a word.
pub(crate) fn status_word(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Suspended => "suspended",
        Status::Removed => "left",
    }
}
