//! What can happen to a member.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::key::KeyHash;
use crate::vocabulary::{
    AccountTypeKey, DocumentKind, Field, KeyId, MemberId, MemberKind, MemberScope, PermissionRef, Personal, RoleRef,
    ScopeRef, Time, Window,
};

/// An event of a member's stream, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberEvent {
    /// Somebody, or a program, joined.
    MemberAdded {
        /// The member.
        member: MemberId,
        /// A person or a program.
        kind: MemberKind,
        /// Bounds what the member can ever hold.
        account_type: AccountTypeKey,
        /// Name, e-mail address, phone number.
        details: Details,
        /// Where the member's roles work.
        scope: MemberScope,
    },
    /// Name, e-mail address or phone number changed. A new address is unverified.
    MemberDetailsChanged {
        /// The member.
        member: MemberId,
        /// All details before.
        before: Details,
        /// All details after.
        after: Details,
    },
    /// Moved to another account type.
    AccountTypeChanged {
        /// The member.
        member: MemberId,
        /// Type before.
        before: AccountTypeKey,
        /// Type after.
        after: AccountTypeKey,
    },
    /// The e-mail address was shown to be the member's.
    EmailVerified {
        /// The member.
        member: MemberId,
    },
    /// A document of the guard was handed in.
    DocumentSubmitted {
        /// The member.
        member: MemberId,
        /// Which of the documents.
        document: DocumentKind,
        /// Where it is kept, as the product knows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<CompactString>,
    },
    /// A document was accepted.
    DocumentApproved {
        /// The member.
        member: MemberId,
        /// Which of the documents.
        document: DocumentKind,
        /// First instant at which it no longer counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Time>,
    },
    /// A document was turned down.
    DocumentRejected {
        /// The member.
        member: MemberId,
        /// Which of the documents.
        document: DocumentKind,
    },
    /// A document's time was over.
    DocumentExpired {
        /// The member.
        member: MemberId,
        /// Which of the documents.
        document: DocumentKind,
    },
    /// A role was given, or its window changed.
    RoleAssigned {
        /// The member.
        member: MemberId,
        /// The role.
        role: RoleRef,
        /// Where it works; absent, the member's own scope counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<ScopeRef>,
        /// From when until when.
        #[serde(default, skip_serializing_if = "Window::is_open")]
        window: Window,
        /// The window before, when the member already held the role there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Window>,
    },
    /// A role was taken away.
    RoleUnassigned {
        /// The member.
        member: MemberId,
        /// The role.
        role: RoleRef,
        /// Where it worked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<ScopeRef>,
        /// The window that it had.
        #[serde(default, skip_serializing_if = "Window::is_open")]
        before: Window,
    },
    /// The member's roles work elsewhere than before.
    MemberScopeChanged {
        /// The member.
        member: MemberId,
        /// Scope before.
        before: MemberScope,
        /// Scope after.
        after: MemberScope,
    },
    /// One permission was allowed to or withheld from this member directly.
    MemberPermissionToggled {
        /// The member.
        member: MemberId,
        /// The permission.
        permission: PermissionRef,
        /// Toggle before, if there was one.
        before: Option<bool>,
        /// True allows, false withholds.
        after: bool,
    },
    /// A direct toggle was taken back.
    MemberPermissionCleared {
        /// The member.
        member: MemberId,
        /// The permission.
        permission: PermissionRef,
        /// The toggle that it had.
        before: bool,
    },
    /// No access until reactivated.
    MemberSuspended {
        /// The member.
        member: MemberId,
    },
    /// Access as before the suspension.
    MemberReactivated {
        /// The member.
        member: MemberId,
    },
    /// Left for good; roles, toggles and keys end.
    MemberRemoved {
        /// The member.
        member: MemberId,
        /// The roles that ended.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        roles: Vec<EndedRole>,
    },
    /// The personal data of this member can no longer be read.
    PersonalDataErased {
        /// The member.
        member: MemberId,
    },
    /// This member's personal data must not be erased for now: a dispute, an investigation.
    LegalHoldPlaced {
        /// The member.
        member: MemberId,
    },
    /// This member's personal data may be erased again.
    LegalHoldLifted {
        /// The member.
        member: MemberId,
    },
    /// All that is held about this member was handed out.
    PersonalDataExported {
        /// The member.
        member: MemberId,
    },
    /// A key was made with which programs act as this member. Its secret is nowhere in the log.
    KeyIssued {
        /// The member.
        member: MemberId,
        /// The key.
        key: KeyId,
        /// What people call it.
        label: CompactString,
        /// Digest of the token.
        hash: KeyHash,
        /// First instant at which it no longer counts; absent, it counts until revoked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Time>,
        /// The key in whose place it comes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<KeyId>,
    },
    /// A key ends at another time than before.
    KeyExpiryChanged {
        /// The member.
        member: MemberId,
        /// The key.
        key: KeyId,
        /// What people call it.
        label: CompactString,
        /// End before, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Time>,
        /// First instant at which it no longer counts.
        after: Time,
    },
    /// A key ended at once.
    KeyRevoked {
        /// The member.
        member: MemberId,
        /// The key.
        key: KeyId,
        /// What people call it.
        label: CompactString,
        /// When it would have ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Time>,
    },
}

/// A role that ended with its holder's membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedRole {
    /// The role.
    pub role: RoleRef,
    /// Where it worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeRef>,
    /// The window that it had.
    #[serde(default, skip_serializing_if = "Window::is_open")]
    pub window: Window,
}

/// Personal data of a member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// What people call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Personal>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Personal>,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Personal>,
}

impl Details {
    /// Every piece, with what it is.
    pub fn fields(&self) -> [(Field, &Option<Personal>); 3] {
        [(Field::Name, &self.name), (Field::Email, &self.email), (Field::Phone, &self.phone)]
    }

    /// Every piece, to be changed.
    pub fn fields_mut(&mut self) -> [(Field, &mut Option<Personal>); 3] {
        [(Field::Name, &mut self.name), (Field::Email, &mut self.email), (Field::Phone, &mut self.phone)]
    }

    /// One piece.
    pub fn field(&self, field: Field) -> Option<&Personal> {
        match field {
            Field::Name => self.name.as_ref(),
            Field::Email => self.email.as_ref(),
            Field::Phone => self.phone.as_ref(),
        }
    }

    /// One piece, to be changed.
    pub fn field_mut(&mut self, field: Field) -> &mut Option<Personal> {
        match field {
            Field::Name => &mut self.name,
            Field::Email => &mut self.email,
            Field::Phone => &mut self.phone,
        }
    }

    /// Whether a piece of it is in clear.
    pub fn is_clear(&self) -> bool {
        self.fields().into_iter().any(|(_, value)| matches!(value, Some(Personal::Clear(_))))
    }

    /// What is left of it after an erasure.
    pub fn erase(&mut self) {
        for (_, value) in self.fields_mut() {
            if value.is_some() {
                *value = Some(Personal::Erased);
            }
        }
    }
}

impl MemberEvent {
    /// The name of the event on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::MemberAdded { .. } => "MemberAdded",
            Self::MemberDetailsChanged { .. } => "MemberDetailsChanged",
            Self::AccountTypeChanged { .. } => "AccountTypeChanged",
            Self::EmailVerified { .. } => "EmailVerified",
            Self::DocumentSubmitted { .. } => "DocumentSubmitted",
            Self::DocumentApproved { .. } => "DocumentApproved",
            Self::DocumentRejected { .. } => "DocumentRejected",
            Self::DocumentExpired { .. } => "DocumentExpired",
            Self::RoleAssigned { .. } => "RoleAssigned",
            Self::RoleUnassigned { .. } => "RoleUnassigned",
            Self::MemberScopeChanged { .. } => "MemberScopeChanged",
            Self::MemberPermissionToggled { .. } => "MemberPermissionToggled",
            Self::MemberPermissionCleared { .. } => "MemberPermissionCleared",
            Self::MemberSuspended { .. } => "MemberSuspended",
            Self::MemberReactivated { .. } => "MemberReactivated",
            Self::MemberRemoved { .. } => "MemberRemoved",
            Self::PersonalDataErased { .. } => "PersonalDataErased",
            Self::LegalHoldPlaced { .. } => "LegalHoldPlaced",
            Self::LegalHoldLifted { .. } => "LegalHoldLifted",
            Self::PersonalDataExported { .. } => "PersonalDataExported",
            Self::KeyIssued { .. } => "KeyIssued",
            Self::KeyExpiryChanged { .. } => "KeyExpiryChanged",
            Self::KeyRevoked { .. } => "KeyRevoked",
        }
    }

    /// The member that it happened to.
    pub fn member(&self) -> &MemberId {
        match self {
            Self::MemberAdded { member, .. }
            | Self::MemberDetailsChanged { member, .. }
            | Self::AccountTypeChanged { member, .. }
            | Self::EmailVerified { member }
            | Self::DocumentSubmitted { member, .. }
            | Self::DocumentApproved { member, .. }
            | Self::DocumentRejected { member, .. }
            | Self::DocumentExpired { member, .. }
            | Self::RoleAssigned { member, .. }
            | Self::RoleUnassigned { member, .. }
            | Self::MemberScopeChanged { member, .. }
            | Self::MemberPermissionToggled { member, .. }
            | Self::MemberPermissionCleared { member, .. }
            | Self::MemberSuspended { member }
            | Self::MemberReactivated { member }
            | Self::MemberRemoved { member, .. }
            | Self::PersonalDataErased { member }
            | Self::LegalHoldPlaced { member }
            | Self::LegalHoldLifted { member }
            | Self::PersonalDataExported { member }
            | Self::KeyIssued { member, .. }
            | Self::KeyExpiryChanged { member, .. }
            | Self::KeyRevoked { member, .. } => member,
        }
    }

    /// Whether it is about a key, and so changes nothing that the member may do.
    pub fn is_about_key(&self) -> bool {
        matches!(self, Self::KeyIssued { .. } | Self::KeyExpiryChanged { .. } | Self::KeyRevoked { .. })
    }
}
