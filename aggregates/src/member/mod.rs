//! The member aggregate: a person or a program, and what it holds.

mod authorise;
mod decide;
mod keys;
mod privacy;

use compact_str::CompactString;
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use crate::authority::Facts;
use crate::command::MemberCommand;
use crate::event::{Details, MemberEvent};
use crate::refusal::Refusal;
use crate::state::{AccessState, DocumentStatus, KeyEntry, MemberEntry, Status};
use crate::vocabulary::{
    AccountTypeKey, DocumentKind, KeyId, MemberId, MemberKind, MemberScope, PermissionKey, RoleId, RoleRef, ScopeId,
    ScopeRef, Time, Window,
};

/// A member, folded from its own stream.
///
/// A role that was deleted stays in `roles` here, since its deletion is an event of the role's
/// stream; the access state knows better, and [`Member::of`] asks it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The id; absent before the member is added.
    pub id: Option<MemberId>,
    /// A person or a program.
    pub kind: MemberKind,
    /// The account type.
    pub account_type: AccountTypeKey,
    /// Personal data.
    pub details: Details,
    /// Whether the member takes part.
    pub standing: Standing,
    /// Whether the present e-mail address was verified.
    pub email_verified: bool,
    /// Documents of the guard.
    pub documents: Vec<(DocumentKind, Review)>,
    /// Where roles without a scope of their own work.
    pub scope: MemberScope,
    /// Roles held.
    pub roles: Vec<HeldRole>,
    /// Direct toggles: true allows, false withholds.
    pub toggles: Vec<(PermissionKey, bool)>,
    /// Keys, ended ones included.
    #[serde(default)]
    pub keys: Vec<HeldKey>,
    /// Whether the personal data was erased.
    #[serde(default)]
    pub erased: bool,
    /// Whether the personal data is under a legal hold.
    #[serde(default)]
    pub held: bool,
}

/// Whether a member takes part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words are the documentation")]
pub enum Standing {
    #[default]
    Active,
    Suspended,
    Removed,
}

/// How far a document of the guard has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words are the documentation")]
pub enum Review {
    Submitted,
    Approved { expires: Option<Time> },
    Rejected,
    Expired,
}

/// A role that the member holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldRole {
    /// The role, with the name it had when it was given.
    pub role: RoleId,
    /// Where it works.
    pub scope: Option<ScopeId>,
    /// From when until when.
    pub window: Window,
}

/// A key that the member has, or had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldKey {
    /// The key.
    pub key: KeyId,
    /// What people call it.
    pub label: CompactString,
    /// First instant at which it no longer counts.
    pub expires: Option<Time>,
    /// Whether it was ended at once.
    pub revoked: bool,
}

impl Member {
    /// The member as the access state has it: what a fold of its stream gives, without reading the stream.
    pub fn of(state: &AccessState, entry: &MemberEntry) -> Self {
        let profile = state.profile();
        Self {
            id: Some(entry.id.clone()),
            kind: entry.kind,
            account_type: profile
                .and_then(|p| p.account_type(entry.account_type))
                .map(|t| t.key.clone())
                .unwrap_or_default(),
            details: entry.details.clone(),
            standing: match entry.status {
                Status::Active => Standing::Active,
                Status::Suspended => Standing::Suspended,
                Status::Removed => Standing::Removed,
            },
            email_verified: entry.email_verified.is_some(),
            documents: entry.documents.iter().map(|document| (document.kind.clone(), document.status.into())).collect(),
            erased: entry.erased.is_some(),
            held: entry.legal_hold.is_some(),
            scope: state.cite_coverage(&entry.scope),
            roles: entry
                .assignments
                .iter()
                .map(|held| HeldRole {
                    role: state.cite_role(held.role).id,
                    scope: held.scope.map(|scope| state.cite_scope(scope).id),
                    window: held.window,
                })
                .collect(),
            toggles: entry
                .toggles
                .iter()
                .filter_map(|toggle| Some((profile?.cite(toggle.permission).id, toggle.allowed)))
                .collect(),
            keys: state
                .member_ix(entry.id.as_str())
                .into_iter()
                .flat_map(|ix| state.keys_of(ix))
                .map(Into::into)
                .collect(),
        }
    }

    fn held(&self, role: &RoleId, scope: Option<&ScopeId>) -> Option<&HeldRole> {
        self.roles.iter().find(|held| held.role == *role && held.scope.as_ref() == scope)
    }

    fn drop_role(&mut self, role: &RoleRef, scope: Option<&ScopeRef>) {
        let scope = scope.map(|scope| &scope.id);
        self.roles.retain(|held| held.role != role.id || held.scope.as_ref() != scope);
    }

    fn set_document(&mut self, document: DocumentKind, review: Review) {
        self.documents.retain(|(kind, _)| *kind != document);
        self.documents.push((document, review));
    }
}

impl From<&KeyEntry> for HeldKey {
    fn from(key: &KeyEntry) -> Self {
        let (label, expires, revoked) = (key.label.clone(), key.expires, key.revoked.is_some());
        Self { key: key.id.clone(), label, expires, revoked }
    }
}

impl From<DocumentStatus> for Review {
    fn from(status: DocumentStatus) -> Self {
        match status {
            DocumentStatus::Submitted => Self::Submitted,
            DocumentStatus::Approved(expires) => Self::Approved { expires },
            DocumentStatus::Rejected => Self::Rejected,
            DocumentStatus::Expired => Self::Expired,
        }
    }
}

impl Aggregate for Member {
    const TYPE: &'static str = "member";
    type Command = (MemberId, MemberCommand);
    type Event = MemberEvent;
    type Error = Refusal;
    type Services = Facts;

    async fn handle(
        &mut self,
        (id, command): Self::Command,
        facts: &Facts,
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.decide(&id, &command, facts)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: MemberEvent) {
        match event {
            MemberEvent::MemberAdded { member, kind, account_type, details, scope } => {
                *self = Self { id: Some(member), kind, account_type, details, scope, ..Self::default() };
            }
            MemberEvent::MemberDetailsChanged { before, after, .. } => {
                self.email_verified &= before.email == after.email;
                self.details = after;
            }
            MemberEvent::AccountTypeChanged { after, .. } => self.account_type = after,
            MemberEvent::EmailVerified { .. } => self.email_verified = true,
            MemberEvent::DocumentSubmitted { document, .. } => self.set_document(document, Review::Submitted),
            MemberEvent::DocumentApproved { document, expires, .. } => {
                self.set_document(document, Review::Approved { expires });
            }
            MemberEvent::DocumentRejected { document, .. } => self.set_document(document, Review::Rejected),
            MemberEvent::DocumentExpired { document, .. } => self.set_document(document, Review::Expired),
            MemberEvent::RoleAssigned { role, scope, window, .. } => {
                self.drop_role(&role, scope.as_ref());
                self.roles.push(HeldRole { role: role.id, scope: scope.map(|scope| scope.id), window });
            }
            MemberEvent::RoleUnassigned { role, scope, .. } => self.drop_role(&role, scope.as_ref()),
            MemberEvent::MemberScopeChanged { after, .. } => self.scope = after,
            MemberEvent::MemberPermissionToggled { permission, after, .. } => {
                self.toggles.retain(|(key, _)| *key != permission.id);
                self.toggles.push((permission.id, after));
            }
            MemberEvent::MemberPermissionCleared { permission, .. } => {
                self.toggles.retain(|(key, _)| *key != permission.id);
            }
            MemberEvent::MemberSuspended { .. } => self.standing = Standing::Suspended,
            MemberEvent::MemberReactivated { .. } => self.standing = Standing::Active,
            MemberEvent::MemberRemoved { .. } => {
                self.standing = Standing::Removed;
                self.roles.clear();
                self.toggles.clear();
            }
            MemberEvent::KeyIssued { key, label, expires, .. } => {
                self.keys.push(HeldKey { key, label, expires, revoked: false });
            }
            MemberEvent::KeyExpiryChanged { key, after, .. } => {
                if let Some(held) = self.keys.iter_mut().find(|held| held.key == key) {
                    held.expires = Some(after);
                }
            }
            MemberEvent::KeyRevoked { key, .. } => {
                if let Some(held) = self.keys.iter_mut().find(|held| held.key == key) {
                    held.revoked = true;
                }
            }
            MemberEvent::PersonalDataErased { .. } => {
                self.details.erase();
                self.erased = true;
            }
            MemberEvent::LegalHoldPlaced { .. } => self.held = true,
            MemberEvent::LegalHoldLifted { .. } => self.held = false,
            MemberEvent::PersonalDataExported { .. } => {}
        }
    }
}
