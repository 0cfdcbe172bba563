//! The decision.

use chrono::SecondsFormat;
use compact_str::CompactString;

use super::coverage::{Place, assignment_covers};
use super::ground::{Ground, RoleFacts, Subject};
use crate::profile::Profile;
use crate::state::permission_set::PermissionIx;
use crate::state::{AccessState, Assignment, DocumentStatus, MemberEntry, MemberIx, Status, Toggle};
use crate::vocabulary::{AccountTypeKey, Time};

/// A question as it comes from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// A member's id.
    pub subject: &'a str,
    /// A permission's key.
    pub permission: &'a str,
    /// The scope that the resource is in; absent, the organisation as a whole.
    pub scope: Option<&'a str>,
    /// The member whose own the resource is, where the request names one.
    pub owner: Option<&'a str>,
    /// The instant at which assignments and documents must count.
    pub at: Time,
}

/// A question with everything looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Who.
    pub subject: MemberIx,
    /// What.
    pub permission: PermissionIx,
    /// Where.
    pub place: Place,
    /// Whose.
    pub ownership: Ownership,
    /// When.
    pub at: Time,
}

/// Whose own the resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// The request does not say.
    Unnamed,
    /// The subject's.
    Subject,
    /// Somebody else's.
    Other,
}

impl Ownership {
    /// What it means for a subject that a request names this owner.
    pub fn of(owner: Option<&str>, subject: &str) -> Self {
        match owner {
            None => Self::Unnamed,
            Some(owner) if owner == subject => Self::Subject,
            Some(_) => Self::Other,
        }
    }
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allowed {
        /// Only for what is the subject's own; set when the request did not name an owner and every
        /// path that grants the permission is restricted.
        only_own: bool,
    },
    /// No.
    Denied(Denial),
}

impl Decision {
    /// Whether the answer is yes, with or without an obligation.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    /// The first denial, if any.
    pub fn denial(&self) -> Option<&Denial> {
        match self {
            Self::Allowed { .. } => None,
            Self::Denied(denial) => Some(denial),
        }
    }
}

/// What a denial may tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenialKind {
    /// The subject must not learn whether the resource exists (HTTP 404).
    NotFound,
    /// The subject sees the resource and may not do this to it (HTTP 403).
    Forbidden,
}

/// Why a subject is denied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// No such member.
    #[error("there is no such member")]
    UnknownMember,
    /// The catalogue has no such permission.
    #[error("the catalogue has no such permission")]
    UnknownPermission,
    /// Suspended since an event.
    #[error("the member is suspended")]
    Suspended {
        /// Position of the suspension.
        at: u64,
    },
    /// Left.
    #[error("the member has left")]
    Removed {
        /// Position of the removal.
        at: u64,
    },
    /// Guard: the e-mail address is not verified.
    #[error("the e-mail address is not verified")]
    EmailUnverified,
    /// Guard: a required document is not approved, or no longer.
    #[error("the document `{document}` is not approved{}", expiry_note(.expired))]
    DocumentMissing {
        /// Which document.
        document: CompactString,
        /// Since when it no longer counts, if it once did.
        expired: Option<Time>,
    },
    /// Nothing the subject holds reaches the resource.
    #[error("the resource is outside the member's scope")]
    OutOfScope,
    /// A direct toggle withholds the permission.
    #[error("the permission is withheld from the member")]
    Withheld {
        /// Position of the toggle.
        at: u64,
    },
    /// The account type may never hold the permission.
    #[error("account type `{account_type}` may not hold the permission")]
    AccountType {
        /// The member's type.
        account_type: CompactString,
    },
    /// No role in force gives the permission there.
    #[error("no role in force gives the permission there")]
    NoRole,
    /// The permission is given for the subject's own only, and this is somebody else's.
    #[error("the permission is limited to what is the member's own")]
    NotOwner,
}

fn expiry_note(expired: &Option<Time>) -> String {
    expired.map_or_else(String::new, |at| format!(": it expired on {}", at.to_rfc3339_opts(SecondsFormat::Secs, true)))
}

impl Denial {
    /// What the denial may tell.
    pub fn kind(&self) -> DenialKind {
        match self {
            Self::UnknownMember | Self::OutOfScope => DenialKind::NotFound,
            _ => DenialKind::Forbidden,
        }
    }

    /// Stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownMember => "unknown_member",
            Self::UnknownPermission => "unknown_permission",
            Self::Suspended { .. } => "suspended",
            Self::Removed { .. } => "removed",
            Self::EmailUnverified => "email_unverified",
            Self::DocumentMissing { .. } => "document_missing",
            Self::OutOfScope => "out_of_scope",
            Self::Withheld { .. } => "withheld",
            Self::AccountType { .. } => "account_type",
            Self::NoRole => "no_role",
            Self::NotOwner => "not_owner",
        }
    }
}

/// Answers a request from outside. What it names and the organisation does not know is denied.
pub fn evaluate(state: &AccessState, request: &Request<'_>) -> Decision {
    let Some(subject) = state.member_ix(request.subject) else {
        return Decision::Denied(Denial::UnknownMember);
    };
    let Some(permission) = state.profile().and_then(|profile| profile.permission_ix(request.permission)) else {
        return Decision::Denied(Denial::UnknownPermission);
    };
    let ownership = Ownership::of(request.owner, request.subject);
    let place = Place::named(state, request.scope);
    evaluate_question(state, &Question { subject, permission, place, ownership, at: request.at })
}

/// Answers a question: the one rule behind every interface.
pub fn evaluate_question(state: &AccessState, question: &Question) -> Decision {
    let (Some(profile), Some(member)) = (state.profile(), state.member(question.subject)) else {
        return Decision::Denied(Denial::UnknownMember);
    };
    decide(state, profile, member, question)
}

/// The rule.
#[inline]
pub(crate) fn decide<G: Ground>(ground: &G, profile: &Profile, member: &impl Subject, question: &Question) -> Decision {
    match find_path(ground, profile, member, question) {
        Ok(only_own) => Decision::Allowed { only_own },
        Err(denial) => Decision::Denied(denial),
    }
}

#[inline]
fn find_path<G: Ground>(
    ground: &G,
    profile: &Profile,
    member: &impl Subject,
    question: &Question,
) -> Result<bool, Denial> {
    member.check_active(profile, question.at)?;
    let permission = question.permission;
    let own_scope = member.scope_covers(ground, question.place);
    let mut path = Path { covered: own_scope || question.place == Place::Organisation, ..Path::default() };
    // Inner iteration: an index's check is dominated by this loop, and its two kinds of roles are two loops then.
    in_force(ground, profile, member, question.at).for_each(|(role, assignment)| {
        if assignment_covers(ground, own_scope, role, &assignment, question.place) {
            path.covered = true;
            if role.effective().contains(permission) {
                path.add(role_is_narrowed(profile, member.toggles(), role, permission));
            }
        }
    });
    if !path.covered {
        return Err(Denial::OutOfScope);
    }
    match member.toggles().iter().find(|toggle| toggle.permission == permission) {
        Some(toggle) if !toggle.allowed => return Err(Denial::Withheld { at: toggle.at }),
        Some(_) if own_scope => path.add(is_narrowed(profile, member.toggles(), |_| false, permission)),
        _ => {}
    }
    if !may_ever_hold(profile, member.account_type(), permission) {
        return Err(Denial::AccountType {
            account_type: profile
                .account_type(member.account_type())
                .map_or_else(CompactString::default, |t| CompactString::from(t.key.as_str())),
        });
    }
    match (path.granted, path.unrestricted, question.ownership) {
        (false, ..) => Err(Denial::NoRole),
        (_, true, _) | (_, _, Ownership::Subject) => Ok(false),
        (_, false, Ownership::Unnamed) => Ok(true),
        (_, false, Ownership::Other) => Err(Denial::NotOwner),
    }
}

#[derive(Default)]
struct Path {
    covered: bool,
    granted: bool,
    unrestricted: bool,
}

impl Path {
    fn add(&mut self, narrowed: bool) {
        self.granted = true;
        self.unrestricted |= !narrowed;
    }
}

/// Whether the member takes part and passes the guards of its account type.
pub(crate) fn check_active(profile: &Profile, member: &impl Subject, at: Time) -> Result<(), Denial> {
    member.check_active(profile, at)
}

pub(super) fn check_entry_active(profile: &Profile, member: &MemberEntry, at: Time) -> Result<(), Denial> {
    match member.status {
        Status::Active => {}
        Status::Suspended => return Err(Denial::Suspended { at: member.status_at }),
        Status::Removed => return Err(Denial::Removed { at: member.status_at }),
    }
    let Some(account_type) = profile.account_type(member.account_type) else {
        return Ok(());
    };
    if account_type.verified_email && member.email_verified.is_none() {
        return Err(Denial::EmailUnverified);
    }
    for required in &account_type.documents {
        let document = member.documents.iter().find(|document| document.kind.as_str() == required.as_str());
        if !document.is_some_and(|document| document.status.counts(at)) {
            let expired = document.and_then(|document| match document.status {
                DocumentStatus::Approved(expires) => expires,
                _ => None,
            });
            return Err(Denial::DocumentMissing { document: required.clone(), expired });
        }
    }
    Ok(())
}

/// The assignments that count at an instant, with their roles.
#[inline]
pub(crate) fn in_force<'a, G: Ground>(
    ground: &'a G,
    profile: &'a Profile,
    member: &'a impl Subject,
    at: Time,
) -> impl Iterator<Item = (G::Role<'a>, Assignment)> {
    member.assignments().filter(move |assignment| assignment.window.holds(at)).filter_map(move |assignment| {
        let role = ground.role_facts(assignment.role)?;
        suits(profile, member.account_type(), role.account_types()).then_some((role, assignment))
    })
}

/// Whether an account type is among those that may hold a role.
#[inline]
pub(crate) fn suits(profile: &Profile, account_type: u16, holders: &[AccountTypeKey]) -> bool {
    holders.is_empty() || profile.account_type(account_type).is_some_and(|t| holders.contains(&t.key))
}

/// Whether members of an account type may hold the permission at all.
#[inline]
pub(crate) fn may_ever_hold(profile: &Profile, account_type: u16, permission: PermissionIx) -> bool {
    profile.grants().contains(permission)
        && profile.account_type(account_type).is_some_and(|t| t.bound.contains(permission))
}

#[inline]
fn role_is_narrowed(profile: &Profile, toggles: &[Toggle], role: impl RoleFacts, permission: PermissionIx) -> bool {
    match role.narrowed() {
        Some(narrowed) if toggles.is_empty() => narrowed.contains(permission),
        _ => is_narrowed(profile, toggles, |restriction| role.effective().contains(restriction), permission),
    }
}

/// Whether a permission that comes by a role that has these restrictions, or by a direct toggle, is
/// narrowed to the subject's own.
fn is_narrowed(
    profile: &Profile,
    toggles: &[Toggle],
    role_has: impl Fn(PermissionIx) -> bool,
    permission: PermissionIx,
) -> bool {
    profile.restrictions().iter().any(|(restriction, narrows)| {
        narrows.contains(permission) && restriction_applies(toggles, &role_has, *restriction)
    })
}

/// A restriction applies to a path when the path's role has it or the member was given it directly,
/// unless it is withheld from the member.
pub(crate) fn restriction_applies(
    toggles: &[Toggle],
    role_has: impl Fn(PermissionIx) -> bool,
    restriction: PermissionIx,
) -> bool {
    match toggles.iter().find(|toggle| toggle.permission == restriction) {
        Some(toggle) => toggle.allowed,
        None => role_has(restriction),
    }
}
