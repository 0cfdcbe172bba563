//! Profiles: the access rules of a product as data.
//!
//! [`document`] is the file format, [`check`] finds what is wrong with a file, [`Profile`] is the
//! compiled form that evaluation uses: keys numbered, patterns resolved to sets.

pub mod check;
pub mod document;
pub mod pattern;
pub mod table;

use compact_str::CompactString;
use document::{CategoryDocument, Policy, ProfileDocument, ScopeKindDocument};

use crate::access::index::names::{Id, Names};
use crate::state::permission_set::{PermissionIx, PermissionSet};
use crate::vocabulary::{AccountTypeKey, PermissionKey, PermissionRef};

/// The profiles that come with the program: name and TOML text.
pub const BUILT_IN: [(&str, &str); 5] = [
    ("propops", include_str!("../../profiles/propops.toml")),
    ("proplink", include_str!("../../profiles/proplink.toml")),
    ("workspace", include_str!("../../profiles/workspace.toml")),
    ("buildings", include_str!("../../profiles/buildings.toml")),
    ("blank", include_str!("../../profiles/blank.toml")),
];

/// What a command or a view needs its actor to hold. One per field of
/// [`Authority`](document::Authority), where the meanings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "documented at `Authority`")]
pub enum Need {
    RoleCreate,
    RoleEdit,
    RoleDelete,
    RoleAssign,
    RoleView,
    MemberView,
    MemberAdd,
    MemberEdit,
    MemberRemove,
    MemberScope,
    MemberToggle,
    AccountType,
    DocumentReview,
    ScopeEdit,
    ScopeShare,
    ScopeArchive,
    ActivityView,
    AuditView,
    AuditExport,
    ReviewOpen,
    PersonalData,
    PersonalErase,
    KeyOwn,
    KeyIssue,
    KeyRevoke,
    KeyView,
}

/// A permission of the compiled catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// Its key.
    pub key: PermissionKey,
    /// What people call it.
    pub label: CompactString,
    /// One sentence, perhaps empty.
    pub description: String,
    /// Number of its category.
    pub category: usize,
    /// Outside the product's own catalogue, see [`CategoryDocument::administration`].
    pub administration: bool,
    /// Present on a restriction: what it narrows to the subject's own.
    pub narrows: Option<PermissionSet>,
    /// Worth a reviewer's attention.
    pub sensitive: bool,
}

/// An account type, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountType {
    /// Its key.
    pub key: AccountTypeKey,
    /// What people call it.
    pub label: String,
    /// What its members can ever hold.
    pub bound: PermissionSet,
    /// Guard: verified e-mail address.
    pub verified_email: bool,
    /// Guard: approved documents.
    pub documents: Vec<CompactString>,
    /// The role of a new member.
    pub default_role: Option<CompactString>,
    /// Whether members see their own access.
    pub sees_own_access: bool,
    /// Kinds of scope its members may be given; empty means any.
    pub scope_kinds: Vec<CompactString>,
}

/// Two duties that are kept apart, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Separation {
    /// Its key.
    pub key: CompactString,
    /// What people call it.
    pub label: String,
    /// Permissions of the one duty.
    pub one: PermissionSet,
    /// Permissions of the other duty.
    pub other: PermissionSet,
}

/// A profile, compiled. Immutable; a revision makes a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    document: ProfileDocument,
    permissions: Vec<Permission>,
    names: Names,
    /// Keys as `names` compares them, in order of number.
    short_keys: Vec<Id>,
    account_types: Vec<AccountType>,
    grants: PermissionSet,
    restrictions: Vec<(PermissionIx, PermissionSet)>,
    separations: Vec<Separation>,
}

impl Profile {
    /// Compiles a document. Never fails, since documents come from the log as well: what names
    /// nothing selects nothing.
    pub fn compile(document: ProfileDocument) -> Self {
        let mut permissions = Vec::new();
        for (category, group) in document.categories.iter().enumerate() {
            permissions.extend(group.permissions.iter().map(|permission| Permission {
                key: PermissionKey::known(permission.key.clone()),
                label: CompactString::from(permission.label.as_str()),
                description: permission.description.clone(),
                category,
                administration: group.administration,
                narrows: None,
                sensitive: permission.sensitive,
            }));
        }
        let mut names = Names::default();
        let short_keys = permissions.iter().zip(0u32..).map(|(p, ix)| names.add(p.key.as_str(), ix)).collect();
        let mut profile = Self {
            document,
            permissions,
            names,
            short_keys,
            account_types: Vec::new(),
            grants: PermissionSet::default(),
            restrictions: Vec::new(),
            separations: Vec::new(),
        };
        profile.resolve_restrictions();
        profile.resolve_account_types();
        profile.resolve_separations();
        profile
    }

    fn resolve_restrictions(&mut self) {
        let patterns: Vec<_> =
            self.document.categories.iter().flat_map(|group| &group.permissions).map(|p| p.narrows.clone()).collect();
        for (ix, narrows) in (0u32..).zip(&patterns) {
            if narrows.is_empty() {
                self.grants.insert(PermissionIx(ix));
            }
        }
        for (ix, narrows) in (0u32..).map(PermissionIx).zip(&patterns).filter(|(_, narrows)| !narrows.is_empty()) {
            let narrowed = self.select(narrows).and(&self.grants);
            if let Some(permission) = self.permissions.get_mut(ix.index()) {
                permission.narrows = Some(narrowed.clone());
            }
            self.restrictions.push((ix, narrowed));
        }
    }

    fn resolve_account_types(&mut self) {
        let types = self.document.account_types.iter().map(|account_type| AccountType {
            key: AccountTypeKey::known(account_type.key.clone()),
            label: account_type.label.clone(),
            bound: self.select(&account_type.may_hold),
            verified_email: account_type.verified_email,
            documents: account_type.documents.clone(),
            default_role: account_type.default_role.clone(),
            sees_own_access: account_type.sees_own_access,
            scope_kinds: account_type.scope_kinds.clone(),
        });
        self.account_types = types.collect();
    }

    fn resolve_separations(&mut self) {
        let separations = self.document.separations.iter().map(|separation| Separation {
            key: separation.key.clone(),
            label: separation.label.clone(),
            one: self.select(&separation.one).and(&self.grants),
            other: self.select(&separation.other).and(&self.grants),
        });
        self.separations = separations.collect();
    }

    /// The profile after its catalogue grew. Numbers of older permissions stay as they are.
    #[must_use]
    pub fn with_added(&self, added: &[CategoryDocument]) -> Self {
        let mut document = self.document.clone();
        document.categories.extend_from_slice(added);
        Self::compile(document)
    }

    /// The profile with other switches.
    #[must_use]
    pub fn with_policy(&self, policy: &Policy) -> Self {
        let mut profile = self.clone();
        profile.document.policy = policy.clone();
        profile
    }

    /// The document it was compiled from, revisions included.
    pub fn document(&self) -> &ProfileDocument {
        &self.document
    }

    /// The switches.
    pub fn policy(&self) -> &Policy {
        &self.document.policy
    }

    /// The catalogue, in order of number.
    pub fn permissions(&self) -> &[Permission] {
        &self.permissions
    }

    /// All permissions that are not restrictions.
    pub fn grants(&self) -> &PermissionSet {
        &self.grants
    }

    /// The restrictions, each with what it narrows.
    pub fn restrictions(&self) -> &[(PermissionIx, PermissionSet)] {
        &self.restrictions
    }

    /// The duties that are kept apart, as written.
    pub fn separations(&self) -> &[Separation] {
        &self.separations
    }

    /// The account types.
    pub fn account_types(&self) -> &[AccountType] {
        &self.account_types
    }

    /// One account type by number.
    pub fn account_type(&self, ix: u16) -> Option<&AccountType> {
        self.account_types.get(usize::from(ix))
    }

    /// The number of an account type.
    pub fn account_type_ix(&self, key: &str) -> Option<u16> {
        self.account_types.iter().position(|t| t.key.as_str() == key).and_then(|ix| u16::try_from(ix).ok())
    }

    /// A kind of scope by key.
    pub fn scope_kind(&self, key: &str) -> Option<&ScopeKindDocument> {
        self.document.scope_kinds.iter().find(|kind| kind.key == key)
    }

    /// The number of a permission.
    #[inline]
    pub fn permission_ix(&self, key: &str) -> Option<PermissionIx> {
        self.names.find(key, |ix| self.short_keys.get(ix as usize)).map(PermissionIx)
    }

    /// One permission by number.
    pub fn permission(&self, ix: PermissionIx) -> Option<&Permission> {
        self.permissions.get(ix.index())
    }

    /// A permission as an event cites it.
    pub fn cite(&self, ix: PermissionIx) -> PermissionRef {
        match self.permission(ix) {
            Some(permission) => PermissionRef { id: permission.key.clone(), name: permission.label.clone() },
            None => PermissionRef { id: PermissionKey::default(), name: CompactString::default() },
        }
    }

    /// The keys of a set, in catalogue order.
    pub fn keys(&self, set: &PermissionSet) -> Vec<PermissionKey> {
        set.iter().filter_map(|ix| self.permission(ix)).map(|permission| permission.key.clone()).collect()
    }

    /// The permissions that a list of patterns selects.
    pub fn select(&self, patterns: &[CompactString]) -> PermissionSet {
        let selected =
            |permission: &&(PermissionIx, &Permission)| pattern::selects(patterns, permission.1.key.as_str());
        (0u32..).map(PermissionIx).zip(&self.permissions).filter(|pair| selected(&pair)).map(|(ix, _)| ix).collect()
    }

    /// The permission that a need names; absent when the profile names none.
    pub fn need(&self, need: Need) -> Option<PermissionIx> {
        let authority = &self.document.authority;
        let key = match need {
            Need::RoleCreate => &authority.role_create,
            Need::RoleEdit => &authority.role_edit,
            Need::RoleDelete => &authority.role_delete,
            Need::RoleAssign => &authority.role_assign,
            Need::RoleView => return self.permission_ix(authority.role_view.as_ref()?),
            Need::MemberView => &authority.member_view,
            Need::MemberAdd => &authority.member_add,
            Need::MemberEdit => &authority.member_edit,
            Need::MemberRemove => &authority.member_remove,
            Need::MemberScope => &authority.member_scope,
            Need::MemberToggle => &authority.member_toggle,
            Need::AccountType => &authority.account_type,
            Need::DocumentReview => &authority.document_review,
            Need::ScopeEdit => &authority.scope_edit,
            Need::ScopeShare => &authority.scope_share,
            Need::ScopeArchive => &authority.scope_archive,
            Need::ActivityView => &authority.activity_view,
            Need::AuditView => &authority.audit_view,
            Need::AuditExport => &authority.audit_export,
            Need::ReviewOpen => authority.review_open.as_ref().unwrap_or(&authority.audit_view),
            Need::PersonalData => &authority.personal_data,
            Need::PersonalErase => authority.personal_erase.as_ref().unwrap_or(&authority.personal_data),
            Need::KeyOwn => return self.permission_ix(authority.key_own.as_ref()?),
            Need::KeyIssue => authority.key_issue.as_ref().unwrap_or(&authority.member_edit),
            Need::KeyRevoke => authority.key_revoke.as_ref().unwrap_or(&authority.member_edit),
            Need::KeyView => authority.key_view.as_ref().unwrap_or(&authority.member_view),
        };
        self.permission_ix(key)
    }
}
