//! What can be wrong with a profile.

use std::fmt;

use compact_str::CompactString;

use crate::vocabulary::IdError;

/// One thing that is wrong with a profile, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {place}: {reason}")]
pub struct Mistake {
    /// Line in the file, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
    /// The part of the profile, such as ``role `finance` ``.
    pub place: String,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong with a part of a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The file is not TOML, or a value does not fit.
    #[error("{0}")]
    Unreadable(String),
    /// A field that the format does not have.
    #[error("there is no field `{field}`{}", hint(nearest))]
    UnknownField {
        /// The field.
        field: CompactString,
        /// The most similar one that there is.
        nearest: Option<CompactString>,
    },
    /// A field that the format requires.
    #[error("the field `{field}` is missing")]
    MissingField {
        /// The field.
        field: &'static str,
    },
    /// A field with the wrong kind of value.
    #[error("`{field}` must be {expected}, not {found}")]
    WrongType {
        /// The field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is, in TOML's words.
        found: &'static str,
    },
    /// A number outside the range of its field.
    #[error("`{field}` must be a whole number from 0 to {most}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// The greatest number allowed.
        most: u64,
    },
    /// A text that is none of those that its field can have.
    #[error("`{field}` cannot be `{found}`, only {}", quoted(choices))]
    NotAChoice {
        /// The field.
        field: &'static str,
        /// What stands there.
        found: CompactString,
        /// What could stand there.
        choices: &'static [&'static str],
    },
    /// A name, label or title with nothing in it.
    #[error("`{field}` is empty")]
    Blank {
        /// The field.
        field: &'static str,
    },
    /// A name, label or title that events could not carry.
    #[error("`{field}` is longer than {most} bytes")]
    TooLong {
        /// The field.
        field: &'static str,
        /// The most bytes that it can have.
        most: usize,
    },
    /// A version of the format that this program does not know.
    #[error("this program reads format 1, not {found}")]
    Format {
        /// The version.
        found: u64,
    },
    /// No permission, or no account type.
    #[error("it has no {0}")]
    None(Kind),
    /// A key that is not an identifier.
    #[error("the key `{key}` cannot be used: {cause}")]
    MalformedKey {
        /// The key.
        key: CompactString,
        /// Why not.
        cause: IdError,
    },
    /// A permission key that a pattern could not tell from a pattern.
    #[error("the key `{key}` has a `*` or starts with `!`, which have a meaning in patterns")]
    KeyLikePattern {
        /// The key.
        key: CompactString,
    },
    /// The same key or name twice.
    #[error("the {kind} `{name}` is already there, on line {line}")]
    Duplicate {
        /// What it names.
        kind: Kind,
        /// The key or name.
        name: CompactString,
        /// Where it is used first.
        line: usize,
    },
    /// A name of something that the profile does not define.
    #[error("there is no {kind} `{name}`{}", hint(nearest))]
    Undefined {
        /// What it should name.
        kind: Kind,
        /// The name.
        name: CompactString,
        /// The most similar one that there is.
        nearest: Option<CompactString>,
    },
    /// A pattern that no permission of the catalogue matches.
    #[error("the pattern `{pattern}` selects no permission{}", hint(nearest))]
    SelectsNothing {
        /// The pattern.
        pattern: CompactString,
        /// The permission most similar to it.
        nearest: Option<CompactString>,
    },
    /// A permission that no namespace counts.
    #[error("`{key}` belongs to none of the namespaces {}", quoted(prefixes))]
    OutsideNamespaces {
        /// The permission.
        key: CompactString,
        /// The prefixes of the namespaces.
        prefixes: Vec<CompactString>,
    },
    /// A restriction without anything to narrow.
    #[error("this restriction narrows no permission")]
    NarrowsNothing,
    /// A restriction of a restriction.
    #[error("this restriction narrows `{other}`, which is a restriction")]
    NarrowsRestriction {
        /// The other restriction.
        other: CompactString,
    },
    /// Having a restriction authorises nothing.
    #[error("`{permission}` is a restriction and can authorise nothing")]
    AuthorisedByRestriction {
        /// The restriction.
        permission: CompactString,
    },
    /// Something that leads back to itself.
    #[error("it leads back to itself: {}", path.join(" → "))]
    Cycle {
        /// From the place and back to it.
        path: Vec<CompactString>,
    },
    /// A role without a level in a product that has levels.
    #[error("it has no level, and `policy.levels` is true")]
    LevelMissing,
    /// A role with a level in a product without levels.
    #[error("it has a level, and `policy.levels` is not true")]
    LevelUnwanted,
    /// A colour that is not written `#rrggbb`.
    #[error("`{colour}` is not a colour such as `#1d4ed8`")]
    Colour {
        /// The colour.
        colour: CompactString,
    },
    /// A role that moves by owner transfer and is not the owner role.
    #[error("it is assigned by transfer, but `policy.owner_role` does not name it")]
    TransferNotOwner,
    /// An owner role that does not move by owner transfer.
    #[error("the owner role `{role}` must have `assigned = \"transfer\"`")]
    OwnerNotTransfer {
        /// The role.
        role: CompactString,
    },
    /// A default role that a new member of the account type could not be given.
    #[error("the role `{role}` cannot be given to a new member of this account type")]
    DefaultRole {
        /// The role.
        role: CompactString,
    },
    /// Permissions that no holder of the role could ever use.
    #[error("none of its account types may hold `{permission}`{}", more(*others))]
    NeverHeld {
        /// The first of them.
        permission: CompactString,
        /// How many more there are.
        others: usize,
    },
    /// A permission that would be kept apart from itself.
    #[error("`{permission}`{} stands on both sides: nobody could hold it", more(*others))]
    SeparatedFromItself {
        /// The first of them.
        permission: CompactString,
        /// How many more there are.
        others: usize,
    },
    /// One of two duties without a permission that anybody could hold.
    #[error("`{field}` selects no permission that grants something")]
    SeparatesNothing {
        /// Which side.
        field: &'static str,
    },
    /// Nobody could ever govern an organisation of this profile.
    #[error(
        "no role lets its holder edit and assign roles in the whole organisation: one must have \
         `authority.role_edit` and `authority.role_assign` and reach everywhere"
    )]
    NoAdministrator,
}

/// What a name in a profile can stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A permission of the catalogue.
    Permission,
    /// A category of the catalogue.
    Category,
    /// A role, by its key.
    Role,
    /// A role, by its name.
    RoleName,
    /// An account type.
    AccountType,
    /// A kind of scope.
    ScopeKind,
    /// A namespace.
    Namespace,
    /// Duties that are kept apart.
    Separation,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Permission => "permission",
            Self::Category => "category",
            Self::Role => "role",
            Self::RoleName => "role name",
            Self::AccountType => "account type",
            Self::ScopeKind => "scope kind",
            Self::Namespace => "namespace",
            Self::Separation => "separation",
        })
    }
}

fn hint(nearest: &Option<CompactString>) -> String {
    nearest.as_ref().map_or_else(String::new, |nearest| format!(": did you mean `{nearest}`?"))
}

fn more(others: usize) -> String {
    if others == 0 { String::new() } else { format!(" (and {others} more)") }
}

fn quoted<T: fmt::Display>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
