//! Members as requests and answers have them.

use chancery_aggregates::Refusal;
use chancery_aggregates::authority::Reader;
use chancery_aggregates::command::{MemberCommand, ScopeChoice};
use chancery_aggregates::event::Details;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::state::{MemberEntry, MemberIx};
use chancery_aggregates::vocabulary::{AccountTypeKey, MemberId, MemberKind, Personal, Time, Window};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::api::problem::{Answer, Problem};
use crate::api::v1::names::{self, present};
use crate::api::v1::shapes;
use crate::views::member::{Seen, member_json, waits};

/// A person or a program that takes part, as far as the caller sees it. `roles` and `toggles` are null for members who
/// do not see their own
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(in crate::api::v1) struct Member(Value);

impl PartialSchema for Member {
    fn schema() -> RefOr<Schema> {
        shapes::Member::schema()
    }
}

impl ToSchema for Member {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        shapes::Member::schemas(schemas);
    }
}

impl Member {
    pub(super) fn of(reader: &Reader<'_>, ix: MemberIx, entry: &MemberEntry) -> Self {
        let facts = reader.facts();
        let waits = waits(&facts.state, ix, facts.now);
        let mut value = member_json(&facts.state, entry, &Seen::of(reader, ix, entry), waits.as_ref());
        if let Some(fields) = value.as_object_mut() {
            fields.insert("version".to_owned(), json!(entry.sequence));
        }
        Self(value)
    }

    /// A member whom the caller no longer sees.
    pub(super) fn unseen(id: &MemberId) -> Self {
        Self(json!({ "id": id }))
    }
}

/// Where a member's roles work, unless they are held in a scope of their own
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "selected", "scopes": ["tower"]}))]
pub(in crate::api::v1) struct ScopeToSet {
    kind: ScopeKind,
    /// The ids of the scopes, for `selected` and `by_group`
    #[serde(default)]
    scopes: Vec<String>,
}

/// How a member's scope is chosen
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ScopeKind {
    /// Nowhere
    None,
    /// The whole organisation
    All,
    /// These scopes, what is below them and what is shared with them
    Selected,
    /// Everything grouped under these scopes, also what is added later
    ByGroup,
}

impl ScopeToSet {
    pub(in crate::api::v1) fn choice(&self) -> Answer<ScopeChoice> {
        let ids = || self.scopes.iter().map(|id| names::scope(id)).collect::<Vec<_>>();
        let names_some = !self.scopes.is_empty();
        match self.kind {
            ScopeKind::None if !names_some => Ok(ScopeChoice::None),
            ScopeKind::All if !names_some => Ok(ScopeChoice::All),
            ScopeKind::Selected if names_some => Ok(ScopeChoice::Selected(ids())),
            ScopeKind::ByGroup if names_some => Ok(ScopeChoice::ByGroup(ids())),
            _ => {
                let detail = "`selected` and `by_group` name scopes, `none` and `all` do not";
                Err(Problem::bad_request("bad_body", detail).field("scopes"))
            }
        }
    }
}

/// A role to give, or one that is held and is to count at other times
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "viewer", "scope": "tower", "until": "2026-12-31T00:00:00Z"}))]
pub(in crate::api::v1) struct RoleToAssign {
    /// The role's id
    role: String,
    /// The scope that it is held in; without it, the member's own scope counts
    #[schema(nullable = false)]
    scope: Option<String>,
    /// First instant at which it counts
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// First instant at which it no longer counts
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
}

impl RoleToAssign {
    pub(in crate::api::v1) fn command(&self) -> MemberCommand {
        MemberCommand::AssignRole {
            role: names::role(&self.role),
            scope: self.scope.as_deref().map(names::scope),
            window: Window { from: self.from, until: self.until },
        }
    }
}

/// A member to be
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "tom", "name": "Tom", "email": "tom@example.com", "account_type": "member",
    "roles": [{"role": "viewer", "scope": "tower"}]}))]
pub(in crate::api::v1) struct MemberToAdd {
    /// The member's id, which never changes; not personal data: choose an opaque one
    id: String,
    /// A program, not a person
    #[serde(default)]
    service: bool,
    /// What people call the member
    #[schema(nullable = false)]
    name: Option<String>,
    /// E-mail address
    #[schema(nullable = false)]
    email: Option<String>,
    /// Phone number
    #[schema(nullable = false)]
    phone: Option<String>,
    /// The account type; without it, the profile's first
    #[schema(nullable = false)]
    account_type: Option<String>,
    /// Where roles work; without it, as the profile says
    #[schema(nullable = false)]
    scope: Option<ScopeToSet>,
    /// Roles to give at once
    #[serde(default)]
    roles: Vec<RoleToAssign>,
}

impl MemberToAdd {
    pub(in crate::api::v1) fn id(&self) -> Answer<MemberId> {
        let id = MemberId::parse(&self.id);
        Ok(id.map_err(|because| Refusal::bad_id(Thing::Member, &names::bounded(&self.id), because))?)
    }

    pub(in crate::api::v1) fn commands(&self) -> Answer<Vec<MemberCommand>> {
        let personal = |text: &Option<String>| text.as_deref().and_then(personal);
        let add = MemberCommand::AddMember {
            kind: if self.service { MemberKind::Service } else { MemberKind::Person },
            account_type: self.account_type.as_deref().map(account_type),
            details: Details { name: personal(&self.name), email: personal(&self.email), phone: personal(&self.phone) },
            scope: self.scope.as_ref().map(ScopeToSet::choice).transpose()?,
        };
        Ok(std::iter::once(add).chain(self.roles.iter().map(RoleToAssign::command)).collect())
    }
}

/// What is to be different; what is left out stays as it is. All of it happens, or nothing
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Mei Lin", "phone": null, "status": "suspended"}))]
pub(in crate::api::v1) struct MemberChanges {
    /// Name; null takes it away
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<String>>,
    /// E-mail address; a new one is unverified, null takes it away
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// Phone number; null takes it away
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    /// The account type from now on
    #[schema(nullable = false)]
    account_type: Option<String>,
    /// Whether the member has access
    #[schema(nullable = false)]
    status: Option<StatusToSet>,
    /// Records that the e-mail address is the member's
    #[serde(default)]
    verify_email: bool,
}

/// Whether a member has access
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StatusToSet {
    /// As the roles say
    Active,
    /// None for now
    Suspended,
}

impl MemberChanges {
    /// One command for each thing that is to be different.
    pub(in crate::api::v1) fn commands(&self, before: &Details) -> Vec<MemberCommand> {
        let given = [&self.name, &self.email, &self.phone].into_iter().any(Option::is_some);
        let over = |given: &Option<Option<String>>, before: &Option<Personal>| match given {
            Some(text) => text.as_deref().and_then(personal),
            None => before.clone(),
        };
        let details = || Details {
            name: over(&self.name, &before.name),
            email: over(&self.email, &before.email),
            phone: over(&self.phone, &before.phone),
        };
        [
            given.then(|| MemberCommand::ChangeDetails { details: details() }),
            self.verify_email.then_some(MemberCommand::VerifyEmail),
            self.account_type
                .as_deref()
                .map(|key| MemberCommand::ChangeAccountType { account_type: account_type(key) }),
            self.status.map(|status| match status {
                StatusToSet::Active => MemberCommand::ReactivateMember,
                StatusToSet::Suspended => MemberCommand::SuspendMember,
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Personal data; an empty text is none.
fn personal(text: &str) -> Option<Personal> {
    (!text.is_empty()).then(|| Personal::Clear(text.into()))
}

fn account_type(key: &str) -> AccountTypeKey {
    AccountTypeKey::known(names::bounded(key))
}
