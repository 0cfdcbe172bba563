//! Why a command is refused. Each refusal names its rule and carries what a person needs to act.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{IdError, Time};

/// What was named and is not there, or must not be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words are the documentation")]
pub enum Thing {
    Organisation,
    Role,
    Member,
    Scope,
    Permission,
    AccountType,
    ScopeKind,
    Document,
    Key,
    Review,
    ReviewLine,
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Organisation => "organisation",
            Self::Role => "role",
            Self::Member => "member",
            Self::Scope => "scope",
            Self::Permission => "permission",
            Self::AccountType => "account type",
            Self::ScopeKind => "kind of scope",
            Self::Document => "document",
            Self::Key => "key",
            Self::Review => "review",
            Self::ReviewLine => "line",
        })
    }
}

/// How a refusal is to be understood by a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// It is not there, or the actor must not learn that it is.
    NotFound,
    /// The actor may not do it.
    Forbidden,
    /// It does not fit what is there now.
    Conflict,
    /// It makes no sense, whatever is there.
    Invalid,
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $variant:ident $({ $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? })? => ($rule:literal, $kind:ident, $($message:tt)*)),* $(,)?) => {
        /// Why a command is refused.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
        #[serde(tag = "rule", rename_all = "snake_case")]
        #[allow(missing_docs, reason = "the message says what each field is")]
        pub enum Refusal {
            $($(#[$doc])* #[error($($message)*)] $variant $({ $($(#[$field_doc])* $field: $type),* })?),*
        }

        impl Refusal {
            /// Stable name of the rule, for programs and for the log.
            pub fn rule(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $rule),*
                }
            }

            /// How the refusal is to be understood by a program.
            pub fn kind(&self) -> RefusalKind {
                match self {
                    $(Self::$variant { .. } => RefusalKind::$kind),*
                }
            }

            /// Names of all rules.
            pub const RULES: &'static [&'static str] = &[$($rule),*];
        }
    };
}

refusals! {
    /// It does not exist, or is outside the actor's scope: which of the two is not told.
    Unknown { thing: Thing, id: CompactString, nearest: Option<CompactString> }
        => ("unknown", NotFound, "there is no {thing} `{id}`{}", nearest_hint(.nearest)),
    /// The acting member is not there.
    UnknownActor { actor: CompactString, nearest: Option<CompactString> }
        => ("unknown_actor", Forbidden, "there is no member `{actor}` to act as{}", nearest_hint(.nearest)),
    /// The acting member is suspended, has left, or waits at a guard.
    ActorInactive { actor: CompactString, because: String }
        => ("actor_inactive", Forbidden, "`{actor}` cannot act: {because}"),
    /// Authority: the management permission is missing.
    MissingPermission { actor: CompactString, permission: CompactString, place: Option<CompactString> }
        => ("missing_permission", Forbidden, "`{actor}` does not hold `{permission}`{}, which this needs", place_hint(.place)),
    /// Only the keeper of the store does this.
    OperatorOnly { command: CompactString }
        => ("operator_only", Forbidden, "`{command}` is for the operator of the store (`--as @operator`)"),
    /// Only the product itself does this.
    SystemOnly { what: CompactString }
        => ("system_only", Forbidden, "{what} is done by the product itself, never by hand"),
    /// The operator and the product itself have narrow duties.
    NotForActor { actor: CompactString, command: CompactString }
        => ("not_for_actor", Forbidden, "`{actor}` may not do `{command}`: name the member who acts"),
    /// Grant what you hold: a member would gain what the actor does not hold there.
    Escalation { actor: CompactString, member: CompactString, permission: CompactString, place: Option<CompactString>, at: Option<Time>, others: u32 }
        => ("escalation", Forbidden, "`{member}` would gain `{permission}`{}{}{}, which `{actor}` does not hold there", others_hint(*.others), place_hint(.place), time_hint(.at)),
    /// Grant what you hold: a role would permit what its maker does not hold.
    RoleBeyondActor { actor: CompactString, role: CompactString, permission: CompactString, others: u32 }
        => ("role_beyond_actor", Forbidden, "role `{role}` would permit `{permission}`{}, which `{actor}` does not hold on the whole organisation", others_hint(*.others)),
    /// Separation of duties: a member would hold what is kept apart.
    SeparationOfDuties { member: CompactString, separation: CompactString, permissions: Vec<CompactString>, place: Option<CompactString>, at: Option<Time> }
        => ("separation_of_duties", Conflict, "`{member}` would hold {}{}{}, which “{separation}” keeps apart", both(.permissions), place_hint(.place), time_hint(.at)),
    /// A switch for a permission that the actor does not hold stays as it is.
    ToggleNotHeld { actor: CompactString, permission: CompactString }
        => ("toggle_not_held", Forbidden, "`{actor}` does not hold `{permission}` and so cannot switch it for others: ask somebody who does"),
    /// Level ceiling.
    LevelCeiling { actor: CompactString, actor_level: Option<u16>, role: CompactString, level: u16 }
        => ("level_ceiling", Forbidden, "role `{role}` at level {level} is above the level of `{actor}` ({})", level_hint(*.actor_level)),
    /// The member outranks the actor.
    Outranked { actor: CompactString, actor_level: Option<u16>, member: CompactString, level: u16 }
        => ("outranked", Forbidden, "`{member}` at level {level} outranks `{actor}` ({})", level_hint(*.actor_level)),
    /// Nobody changes their own access here.
    SelfChange { actor: CompactString }
        => ("self_change", Forbidden, "nobody changes their own access here: somebody else has to do this for `{actor}`"),
    /// Only holders of certain roles assign this one.
    AssignedOnlyBy { role: CompactString, by: Vec<CompactString> }
        => ("assigned_only_by", Forbidden, "only holders of {} give or take the role `{role}`", list(.by)),
    /// The role is locked.
    LockedRole { role: CompactString }
        => ("locked_role", Forbidden, "role `{role}` is locked: duplicate it and change the copy"),
    /// System roles come and go by themselves.
    SystemRole { role: CompactString }
        => ("system_role", Forbidden, "role `{role}` is managed by the product itself: it cannot be edited, deleted or assigned by hand"),
    /// The owner role moves by transfer only.
    OwnerRole { role: CompactString }
        => ("owner_role", Forbidden, "role `{role}` has exactly one holder: it cannot be edited, deleted or assigned, only transferred"),
    /// Only the owner hands the owner role over.
    NotOwner { actor: CompactString, role: CompactString }
        => ("not_owner", Forbidden, "only the holder of `{role}` can transfer it, and `{actor}` is not"),
    /// The organisation would be left without anyone to manage its roles.
    LastAdministrator
        => ("last_administrator", Conflict, "nobody would be left who can manage roles: give somebody else a lasting role for it first"),
    /// Role names are unique whatever their case.
    NameTaken { name: CompactString }
        => ("name_taken", Conflict, "a role named `{name}` exists already: choose another name"),
    /// Ids are unique and never used again.
    IdTaken { thing: Thing, id: CompactString }
        => ("id_taken", Conflict, "{thing} `{id}` exists already, or did once: choose another id"),
    /// The organisation exists.
    AlreadyFounded { organisation: CompactString }
        => ("already_founded", Conflict, "organisation `{organisation}` exists already"),
    /// The role is still assigned.
    RoleInUse { role: CompactString, holders: u32 }
        => ("role_in_use", Conflict, "role `{role}` is still assigned to {}", members(*.holders)),
    /// A role would inherit from itself.
    InheritanceCycle { role: CompactString, parent: CompactString }
        => ("inheritance_cycle", Conflict, "role `{role}` cannot inherit from `{parent}`, which inherits from it"),
    /// A scope would stand below itself.
    ScopeCycle { scope: CompactString, parent: CompactString }
        => ("scope_cycle", Conflict, "scope `{scope}` cannot stand below `{parent}`, which is part of it"),
    /// The member does not hold the role there.
    NotAssigned { member: CompactString, role: CompactString, place: Option<CompactString> }
        => ("not_assigned", Conflict, "`{member}` does not hold the role `{role}`{}", place_hint(.place)),
    /// One role at a time.
    OneRoleOnly { member: CompactString, role: CompactString }
        => ("one_role_only", Conflict, "a member holds one role here, and `{member}` holds `{role}` already: take it away first"),
    /// The member has left.
    MemberLeft { member: CompactString }
        => ("member_left", Conflict, "`{member}` has left: add the person again under a new id"),
    /// The member's personal data must be kept for now.
    LegalHold { member: CompactString }
        => ("legal_hold", Conflict, "the personal data of `{member}` is under a legal hold: lift that first"),
    /// The member's personal data is gone, and stays so.
    PersonalDataErased { member: CompactString }
        => ("personal_data_erased", Conflict, "the personal data of `{member}` was erased, and none is kept again"),
    /// The member is the owner.
    MemberIsOwner { member: CompactString }
        => ("member_is_owner", Conflict, "`{member}` is the owner: transfer the ownership first"),
    /// The account type may not hold the role.
    RoleForOtherAccountType { role: CompactString, account_type: CompactString }
        => ("role_for_other_account_type", Conflict, "members of account type `{account_type}` cannot hold the role `{role}`"),
    /// The account type's members get other kinds of scope.
    ScopeForOtherAccountType { scope: CompactString, account_type: CompactString }
        => ("scope_for_other_account_type", Conflict, "members of account type `{account_type}` cannot be given `{scope}`"),
    /// Assignments name a scope here.
    ScopeRequired { role: CompactString }
        => ("scope_required", Invalid, "say where: the role `{role}` is assigned in a scope (`--in SCOPE`)"),
    /// Assignments do not name a scope here.
    ScopeNotUsed { role: CompactString }
        => ("scope_not_used", Invalid, "the role `{role}` is assigned without a scope of its own"),
    /// Not a group.
    NotAGroup { scope: CompactString, kind: CompactString }
        => ("not_a_group", Invalid, "`{scope}` is of the kind `{kind}`, which groups nothing: select it instead"),
    /// A kind stands elsewhere in the tree.
    MisplacedScope { kind: CompactString, place: CompactString }
        => ("misplaced_scope", Invalid, "a scope of the kind `{kind}` cannot stand {place}"),
    /// The profile has several kinds of scope.
    KindRequired { kinds: Vec<CompactString> }
        => ("kind_required", Invalid, "say which kind of scope: {}", list(.kinds)),
    /// Sharing with itself or with what it belongs to.
    SharedWithItself { scope: CompactString, with: CompactString }
        => ("shared_with_itself", Invalid, "scope `{scope}` and `{with}` belong together already: there is nothing to share"),
    /// Nothing is done below or with what is out of use.
    ArchivedScope { scope: CompactString }
        => ("archived_scope", Conflict, "scope `{scope}` is archived, or something above it is: restore it first"),
    /// No document of that kind is asked for.
    DocumentNotAsked { document: CompactString, account_type: CompactString, asked: Vec<CompactString> }
        => ("document_not_asked", Invalid, "account type `{account_type}` is not asked for a document `{document}`, only for {}", list(.asked)),
    /// There is nothing to review.
    DocumentNotSubmitted { document: CompactString, member: CompactString }
        => ("document_not_submitted", Conflict, "`{member}` has not submitted a document `{document}`"),
    /// An identifier that is none.
    BadId { thing: Thing, id: CompactString, because: IdError }
        => ("bad_id", Invalid, "`{id}` cannot be the id of a {thing}: {because}"),
    /// A name that is none.
    BadName { name: CompactString }
        => ("bad_name", Invalid, "`{name}` cannot be a name: it must have 1 to 200 bytes and no control character"),
    /// A text that is too long.
    TooLong { what: CompactString, most: u32 }
        => ("too_long", Invalid, "the {what} is longer than {most} bytes"),
    /// A colour that is none.
    BadColour { colour: CompactString }
        => ("bad_colour", Invalid, "`{colour}` is not a colour: write it as `#rrggbb`"),
    /// A window that never opens.
    EmptyWindow { from: Option<Time>, until: Time }
        => ("empty_window", Invalid, "the time from {} until {until} is empty or past", .from.map_or_else(|| "now".to_owned(), |at| at.to_string())),
    /// Levels are used here.
    LevelRequired { role: CompactString }
        => ("level_required", Invalid, "say the level of the role `{role}`: a smaller number outranks a greater one"),
    /// Levels are not used here.
    LevelNotUsed
        => ("level_not_used", Invalid, "roles have no level here"),
    /// The same permission on and off.
    Contradiction { permission: CompactString }
        => ("contradiction", Invalid, "`{permission}` is to be switched on and off at once"),
    /// A switch on which the organisation's roles were built.
    PolicyFixed { switch: CompactString }
        => ("policy_fixed", Invalid, "`{switch}` is decided when an organisation is founded and cannot be changed"),
    /// The profile has no owner role.
    NoOwnerRole
        => ("no_owner_role", Invalid, "this organisation has no role with exactly one holder"),
    /// A person's key is the person's alone.
    KeyForPerson { member: CompactString }
        => ("key_for_person", Forbidden, "`{member}` is a person, and a person's keys are issued by nobody else"),
    /// Whoever issues a key can do all that its member can.
    KeyBeyondActor { actor: CompactString, member: CompactString, permission: CompactString, place: Option<CompactString>, at: Option<Time>, others: u32 }
        => ("key_beyond_actor", Forbidden, "a key of `{member}` would give `{actor}` the use of `{permission}`{}{}{}, which `{actor}` does not hold there", others_hint(*.others), place_hint(.place), time_hint(.at)),
    /// Some roles have a say that is in no permission.
    KeyBeyondRole { actor: CompactString, member: CompactString, role: CompactString }
        => ("key_beyond_role", Forbidden, "a key of `{member}` would let `{actor}` act as a holder of `{role}`, a role with a say of its own that `{actor}` does not hold"),
    /// The operator lets in who is shut out, and nobody else.
    AdministratorHasKey { member: CompactString }
        => ("administrator_has_key", Conflict, "`{member}` can manage roles here and has a key: the operator issues one only while nobody has"),
    /// Keys end.
    KeyLifetime { member: CompactString, most_days: u32 }
        => ("key_lifetime", Invalid, "a key of `{member}` has to end within {most_days} days"),
    /// So many keys are a mistake.
    TooManyKeys { member: CompactString, most: u32 }
        => ("too_many_keys", Conflict, "`{member}` has {most} keys that count already: revoke one first"),
    /// Nothing follows on a key that has ended.
    KeyEnded { key: CompactString }
        => ("key_ended", Conflict, "key `{key}` has ended: issue a new one"),
    /// Access is reviewed as it was at some position of the log.
    ReviewAhead { position: u64, head: u64 }
        => ("review_ahead", Invalid, "the log ends at position {head}: access cannot be reviewed as of {position}"),
    /// A review has something to decide.
    ReviewEmpty
        => ("review_empty", Invalid, "nobody has any such access at that position: there is nothing to review"),
    /// A review can be looked through.
    ReviewTooLarge { lines: u32, most: u32 }
        => ("review_too_large", Invalid, "the review would have {lines} lines, and {most} is the most: review a role or a scope at a time"),
    /// Nobody reviews their own access.
    SelfReview { reviewer: CompactString, line: u32 }
        => ("self_review", Forbidden, "line {line} is about the access of `{reviewer}`: somebody else has to review it"),
    /// Only people review, and only what they may see.
    UnfitReviewer { reviewer: CompactString, because: String }
        => ("unfit_reviewer", Invalid, "`{reviewer}` cannot review this: {because}"),
    /// A line is decided by its reviewer.
    NotReviewer { actor: CompactString, line: u32, reviewer: CompactString }
        => ("not_reviewer", Forbidden, "line {line} is decided by `{reviewer}`, not by `{actor}`"),
    /// The review is over.
    ReviewClosed { review: CompactString, stage: CompactString }
        => ("review_closed", Conflict, "the review `{review}` is {stage}: nothing is decided in it any more"),
    /// Before the deadline a review is completed only once every line is decided.
    ReviewUndecided { review: CompactString, lines: u32 }
        => ("review_undecided", Conflict, "the review `{review}` has {} undecided: it is completed when all are decided, or after its deadline", lines_hint(*.lines)),
    /// Before the deadline a review is completed only once what has to go is gone.
    ReviewOutstanding { review: CompactString, lines: u32 }
        => ("review_outstanding", Conflict, "the review `{review}` has {} revoked and still there: it is completed when all is taken away, or after its deadline", lines_hint(*.lines)),
}

fn nearest_hint(nearest: &Option<CompactString>) -> String {
    nearest.as_ref().map_or_else(String::new, |nearest| format!(": did you mean `{nearest}`?"))
}

fn place_hint(place: &Option<CompactString>) -> String {
    place.as_ref().map_or_else(String::new, |place| format!(" in `{place}`"))
}

fn time_hint(at: &Option<Time>) -> String {
    at.map_or_else(String::new, |at| format!(" from {}", at.format("%Y-%m-%d %H:%M")))
}

fn others_hint(others: u32) -> String {
    if others == 0 { String::new() } else { format!(" and {others} more") }
}

fn both(permissions: &[CompactString]) -> String {
    let quoted: Vec<String> = permissions.iter().map(|permission| format!("`{permission}`")).collect();
    format!("both {}", quoted.join(" and "))
}

fn level_hint(level: Option<u16>) -> String {
    level.map_or_else(|| "no level".to_owned(), |level| format!("level {level}"))
}

fn members(count: u32) -> String {
    if count == 1 { "1 member".to_owned() } else { format!("{count} members") }
}

fn lines_hint(count: u32) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

fn list(names: &[CompactString]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() { "nothing".to_owned() } else { quoted.join(", ") }
}

impl Refusal {
    /// A refusal for something that is not there, with the nearest name among those that are.
    pub fn unknown<'a>(thing: Thing, id: &str, known: impl Iterator<Item = &'a str>) -> Self {
        Self::Unknown { thing, id: id.into(), nearest: nearest(id, known) }
    }

    /// A refusal for a new id that is none.
    pub fn bad_id(thing: Thing, id: &str, because: IdError) -> Self {
        Self::BadId { thing, id: id.into(), because }
    }
}

/// The known name that is most like a misspelt one, if any is like it.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<CompactString> {
    let folded = name.to_lowercase();
    known
        .map(|candidate| (strsim::jaro_winkler(&folded, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        // Of equals the first: an id before the name that is like it.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, candidate)| candidate.into())
}
