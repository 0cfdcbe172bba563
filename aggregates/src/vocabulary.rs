//! The words of the design: identifiers, references with names, and small values shared by all.

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Instants are UTC with microseconds.
pub type Time = DateTime<Utc>;

/// The longest identifier, in bytes.
pub const LONGEST_ID: usize = 128;
/// The longest name or label, in bytes.
pub const LONGEST_NAME: usize = 200;
/// The longest description, in bytes.
pub const LONGEST_TEXT: usize = 2_000;

/// Why a text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdError {
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// Over [`LONGEST_ID`].
    #[error("it is longer than 128 bytes")]
    TooLong,
    /// White space, a control character or `/`.
    #[error("it has a space, a control character or a `/`")]
    Character,
    /// `-` and `@` start flags and reserved names.
    #[error("it starts with `-` or `@`")]
    Start,
    /// The id of a key is part of its token.
    #[error("it has something else than the letters a to z and A to Z and digits")]
    NotAlphanumeric,
}

fn check_id(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > LONGEST_ID {
        return Err(IdError::TooLong);
    }
    if text.starts_with(['-', '@']) {
        return Err(IdError::Start);
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/') {
        return Err(IdError::Character);
    }
    Ok(())
}

macro_rules! identifier {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(CompactString);

        impl $name {
            /// Takes a text from outside.
            ///
            /// # Errors
            /// When it is not an identifier; history is read without this check.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                check_id(text).map(|()| Self(CompactString::from(text)))
            }

            /// Takes a text that is known to be an identifier: one of a checked profile, or of the log.
            pub fn known(text: impl Into<CompactString>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

identifier! {
    /// Names an organisation (a tenant) in the whole store.
    OrganisationId,
    /// Names a role within its organisation.
    RoleId,
    /// Names a member within its organisation. Not personal data: choose an opaque one.
    MemberId,
    /// Names a node of the organisation's resource tree.
    ScopeId,
    /// Names a permission of the catalogue, such as `invoice.approve`.
    PermissionKey,
    /// Names an account type of the profile.
    AccountTypeKey,
    /// Names a kind of document of the document guard.
    DocumentKind,
    /// Names an API key within its organisation: the part of its token that is no secret.
    KeyId,
    /// Names an access review within its organisation.
    ReviewId,
}

macro_rules! reference {
    ($(#[$doc:meta] $name:ident($id:ident)),* $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            /// The identifier, which never changes.
            pub id: $id,
            /// The name at the time of the event.
            pub name: CompactString,
        }
    )*};
}

reference! {
    /// A role as an event cites it.
    RoleRef(RoleId),
    /// A scope as an event cites it.
    ScopeRef(ScopeId),
    /// A permission as an event cites it; the name is its label.
    PermissionRef(PermissionKey),
    /// A review as an event cites it; the name is its title.
    ReviewRef(ReviewId),
}

/// A piece of personal data (name, e-mail address, phone number).
///
/// The variants are the wire contract: what is stored in clear today can be told from what is
/// sealed under the member's own key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Personal {
    /// Readable by whoever reads the log.
    Clear(CompactString),
    /// Ciphertext, base64; readable only with the member's key.
    Sealed(CompactString),
    /// The key is gone.
    Erased,
}

impl Personal {
    /// The text, if whoever reads the log can read it. What is sealed is read through
    /// [`AccessState::shown`](crate::AccessState::shown).
    pub fn clear(&self) -> Option<&str> {
        match self {
            Self::Clear(text) => Some(text),
            Self::Sealed(_) | Self::Erased => None,
        }
    }
}

/// Which piece of a member's personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// What people call them.
    Name,
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
}

impl Field {
    /// Every piece there is.
    pub const ALL: [Self; 3] = [Self::Name, Self::Email, Self::Phone];

    /// As events have it: `name`, `email`, `phone`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }
}

/// The part of the resource tree on which a member's roles work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberScope {
    /// Nothing: roles without a scope of their own have no effect.
    #[default]
    None,
    /// The whole organisation.
    All,
    /// These nodes, and what is below or shared with them.
    Selected(Vec<ScopeRef>),
    /// Everything grouped under these nodes, also what is added later.
    ByGroup(Vec<ScopeRef>),
}

impl MemberScope {
    /// The nodes that it names.
    pub fn nodes(&self) -> &[ScopeRef] {
        match self {
            Self::None | Self::All => &[],
            Self::Selected(nodes) | Self::ByGroup(nodes) => nodes,
        }
    }
}

/// From when until when an assignment counts. Absent bounds are open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First instant at which it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// First instant at which it no longer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

impl Window {
    /// Whether both bounds are absent.
    pub fn is_open(&self) -> bool {
        self.from.is_none() && self.until.is_none()
    }

    /// Whether the instant lies in the window.
    pub fn holds(&self, at: Time) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// A person or a program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberKind {
    /// A human being.
    #[default]
    Person,
    /// A program.
    Service,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A member, with the authority that the access state gives.
    Member(MemberId),
    /// The product itself: verification of e-mail addresses, portal activity, expiry.
    System,
    /// Whoever keeps the store: founds organisations and imports.
    Operator,
}

impl Actor {
    /// `@system`, `@operator` or a member's id.
    ///
    /// # Errors
    /// When the text is none of them.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match text {
            "@system" => Ok(Self::System),
            "@operator" => Ok(Self::Operator),
            member => MemberId::parse(member).map(Self::Member),
        }
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Member(member) => write!(f, "{member}"),
            Self::System => f.write_str("@system"),
            Self::Operator => f.write_str("@operator"),
        }
    }
}
