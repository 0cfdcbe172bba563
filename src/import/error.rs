//! What is wrong with a file, line by line, and why an import failed.

use std::path::PathBuf;

use chancery_aggregates::Refusal;
use chancery_aggregates::vocabulary::IdError;

use crate::engine::EngineError;

/// How many bad lines are told; the rest is counted.
pub const LINES_TOLD: usize = 100;

/// A line of one of the files that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Number of the file, in the order in which they are read.
    pub(super) file: u8,
    /// From 1.
    pub(super) line: u32,
}

/// Why a line cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the sentences are the documentation")]
pub enum Reason {
    #[error("it is not UTF-8 text")]
    NotUtf8,
    #[error("it is longer than {limit} bytes")]
    LineTooLong { limit: usize },
    #[error("a quoted field is not closed on its line")]
    OpenQuote,
    #[error("there is text after the closing quote of field {number}")]
    AfterQuote { number: usize },
    #[error("field {number} is empty")]
    EmptyField { number: usize },
    #[error("field {number} has a control character")]
    ControlCharacter { number: usize },
    #[error("field {number} is longer than {limit} bytes")]
    FieldTooLong { number: usize, limit: usize },
    #[error("it has {found} fields, not {wanted}")]
    FieldCount { found: usize, wanted: usize },
    #[error("a line of the type `{given}` cannot be imported: only `p` and `g` can")]
    UnknownType { given: String },
    #[error("it has {found} fields after `{kind}`, where lines of this type have {usual} in this file")]
    OtherWidth { kind: char, found: usize, usual: usize },
    #[error("a line of the type `{kind}` has {least} to {most} fields after it, not {found}")]
    BadWidth { kind: char, found: usize, least: usize, most: usize },
    #[error("it denies, and roles here only allow: take it out, and withhold the permission from members by hand")]
    Deny,
    #[error("its effect `{given}` is neither `allow` nor `deny`")]
    BadEffect { given: String },
    #[error("its last field `{given}` reads as an effect, where the lines of this file end with an action")]
    EffectOrAction { given: String },
    #[error("`{text}` cannot be the id of a {thing}: {because}")]
    NotAnId { thing: &'static str, text: String, because: IdError },
    #[error("`{text}` cannot be a name: it must have 1 to 200 bytes and no control character")]
    NotAName { text: String },
    #[error("permission `{permission}` has a wildcard, which would stand for itself only: list the permissions")]
    Wildcard { permission: String },
    #[error("role `{role}` is given to itself")]
    OwnParent { role: String },
    #[error("role `{role}` would inherit from itself through `{parent}`")]
    Cycle { role: String, parent: String },
    #[error("role `{role}` inherits over more than 10 links, which Casbin does not follow")]
    TooDeep { role: String },
    #[error("the names of role `{role}` and of role `{other}` (line {line}) differ in case or spaces only")]
    SameName { role: String, other: String, line: u32 },
    #[error("the name of role `{role}` is that of role `{other}` here")]
    NameTaken { role: String, other: String },
    #[error("role `{role}` was deleted here: its id `{id}` is not used again")]
    RoleDeleted { role: String, id: String },
    #[error(
        "role `{role}` exists here and permits `{permission}`{}, of which the file says nothing: \
         use other names (`--role-prefix`), or take the roles as they are (`--join-roles`)",
        others_hint(*.others)
    )]
    PermitsMore { role: String, permission: String, others: usize },
    #[error(
        "role `{role}` exists here and inherits from `{parent}`, of which the file says nothing: \
         use other names (`--role-prefix`), or take the roles as they are (`--join-roles`)"
    )]
    InheritsMore { role: String, parent: String },
    #[error("role `{role}` is locked here, so `{permission}` cannot be added to it")]
    RoleLocked { role: String, permission: String },
    #[error("role `{role}` is not assigned by hand here")]
    NotByHand { role: String },
    #[error("roles have levels here, and role `{role}` is new: say at which level it comes (`--level`)")]
    LevelRequired { role: String },
    #[error(
        "the catalogue has no permission `{permission}`{}: let the import add it with `--extend-catalogue`",
        nearest_hint(.nearest)
    )]
    UnknownPermission { permission: String, nearest: Option<String> },
    #[error("there is no scope `{domain}` here, and the profile has no kind of scope `domain` for a new one")]
    UnknownDomain { domain: String },
    #[error("scope `{domain}` is archived here")]
    ArchivedDomain { domain: String },
    #[error("what is held in scope `{other}` counts in scope `{domain}` as well here")]
    NestedDomain { domain: String, other: String },
    #[error("roles are assigned without a scope here, and the line has a domain")]
    DomainNotUsed,
    #[error("roles are assigned in a scope here, and the line has no domain")]
    DomainRequired,
    #[error("`{member}` has no scope here, so that a role without a domain would have no effect: give a scope first")]
    NoScope { member: String },
    #[error("`{member}` has left: members who come back get a new id")]
    MemberLeft { member: String },
    #[error("a member holds one role here, and `{member}` gets `{role}` besides `{other}`")]
    OneRoleOnly { member: String, role: String, other: String },
    #[error("{0}")]
    Refused(Refusal),
}

fn others_hint(others: usize) -> String {
    if others == 0 { String::new() } else { format!(" and {others} more") }
}

fn nearest_hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |nearest| format!(" (did you mean `{nearest}`?)"))
}

/// A line that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// The file, as it was named.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// Why.
    pub reason: Reason,
}

impl std::fmt::Display for BadLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read.
    #[error("`{}` cannot be read: {source}", .file.display())]
    File {
        /// Which one.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Some lines cannot be imported.
    #[error("{}", lines_text(.lines, *.total))]
    BadLines {
        /// The first [`LINES_TOLD`] of them.
        lines: Vec<BadLine>,
        /// How many there are.
        total: usize,
    },
    /// The import would be too large for one change.
    #[error("the files come to more than {limit} assignments: import them in parts")]
    TooLarge {
        /// The most that can be.
        limit: usize,
    },
    /// A new organisation was asked for, and there is another one with its id.
    #[error("organisation `{organisation}` exists already and is not the one to found: name it with `--organisation`")]
    OtherOrganisation {
        /// The id.
        organisation: String,
    },
    /// A role that an option names is not there, or cannot be changed.
    #[error("role `{role}` cannot get the imported permissions: {because}")]
    Governing {
        /// As it was written.
        role: String,
        /// Why not.
        because: &'static str,
    },
    /// The engine refused or failed.
    #[error(transparent)]
    Engine(Box<EngineError>),
}

impl From<EngineError> for ImportError {
    fn from(error: EngineError) -> Self {
        Self::Engine(Box::new(error))
    }
}

fn lines_text(lines: &[BadLine], total: usize) -> String {
    let count = if total == 1 { "1 line".to_owned() } else { format!("{total} lines") };
    let mut text = format!("{count} cannot be imported, so nothing was:");
    for line in lines {
        text.push_str(&format!("\n  {line}"));
    }
    if total > lines.len() {
        text.push_str(&format!("\n  and {} more", total - lines.len()));
    }
    text
}

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    files: Vec<String>,
    lines: Vec<(Place, Reason)>,
    total: usize,
}

impl Findings {
    pub(super) fn new(files: Vec<String>) -> Self {
        Self { files, ..Self::default() }
    }

    pub(super) fn add(&mut self, place: Place, reason: Reason) {
        self.total += 1;
        if self.lines.len() < LINES_TOLD {
            self.lines.push((place, reason));
        }
    }

    /// Nothing, or the error that tells all.
    pub(super) fn none(&mut self) -> Result<(), ImportError> {
        if self.total == 0 {
            return Ok(());
        }
        self.lines.sort_by_key(|(place, _)| *place);
        let lines = self.lines.drain(..).map(|(place, reason)| BadLine {
            file: self.files.get(usize::from(place.file)).cloned().unwrap_or_default(),
            line: place.line,
            reason,
        });
        Err(ImportError::BadLines { lines: lines.collect(), total: self.total })
    }
}
