//! Which entries of the audit log a reader wants.

use chancery_aggregates::event::{Event, Recorded};
use chancery_aggregates::refusal::nearest;
use chancery_aggregates::vocabulary::Time;
use compact_str::CompactString;

use super::{Outcome, refused};
use crate::activity::{self, SubjectKind};

/// What an entry must be like. What is empty or absent does not matter; of several values one must fit, and of
/// several conditions all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Ids of those who acted, or on whose behalf.
    pub actors: Vec<String>,
    /// Ids of members whom it is about.
    pub subjects: Vec<String>,
    /// Ids of roles that it is about.
    pub roles: Vec<String>,
    /// Keys of permissions that it is about.
    pub permissions: Vec<String>,
    /// Ids of scopes that it is about.
    pub scopes: Vec<String>,
    /// Names of events, as [`EVENT_TYPES`] has them.
    pub kinds: Vec<&'static str>,
    /// How it ended.
    pub outcomes: Vec<Outcome>,
    /// First instant.
    pub since: Option<Time>,
    /// Last instant, included.
    pub until: Option<Time>,
}

/// Why a value does not say which entries are wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFilter {
    /// There is no such type of event.
    #[error("no event is of the type `{given}`{}", .nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?")))]
    UnknownType {
        /// As it was written.
        given: String,
        /// The most similar one that there is.
        nearest: Option<CompactString>,
    },
    /// Nothing ends like this.
    #[error("`{given}` is no outcome: write `allowed` or `refused`")]
    UnknownOutcome {
        /// As it was written.
        given: String,
    },
}

impl Filter {
    /// Whether a reader wants the entry of an event. The event alone says so, before anybody makes an entry of it.
    pub fn takes(&self, recorded: &Recorded) -> bool {
        let refused = refused(&recorded.event);
        let outcome = if refused.is_some() { Outcome::Refused } else { Outcome::Allowed };
        let metadata = &recorded.metadata;
        let actor = refused.map_or(metadata.actor.as_str(), |refused| refused.actor.as_str());
        let acted = |wanted: &String| actor == *wanted || metadata.on_behalf_of.as_ref() == Some(wanted);
        let time = recorded.stamp.time;
        (self.actors.is_empty() || self.actors.iter().any(acted))
            && (self.kinds.is_empty() || self.kinds.contains(&recorded.event.name()))
            && (self.outcomes.is_empty() || self.outcomes.contains(&outcome))
            && self.since.is_none_or(|since| since <= time)
            && self.until.is_none_or(|until| time <= until)
            && self.names(&recorded.event)
    }

    fn names(&self, event: &Event) -> bool {
        let wanted = [
            (SubjectKind::Member, &self.subjects),
            (SubjectKind::Role, &self.roles),
            (SubjectKind::Permission, &self.permissions),
            (SubjectKind::Scope, &self.scopes),
        ];
        if wanted.iter().all(|(_, ids)| ids.is_empty()) {
            return true;
        }
        let named = activity::subjects(event);
        wanted.iter().all(|(kind, ids)| {
            ids.is_empty() || named.iter().any(|subject| subject.kind == *kind && ids.contains(&subject.id))
        })
    }

    /// The type of event that a text names, whatever its case.
    ///
    /// # Errors
    /// [`BadFilter::UnknownType`].
    pub fn kind(text: &str) -> Result<&'static str, BadFilter> {
        let known = EVENT_TYPES.iter().find(|known| known.eq_ignore_ascii_case(text)).copied();
        known.ok_or_else(|| BadFilter::UnknownType {
            given: text.to_owned(),
            nearest: nearest(text, EVENT_TYPES.iter().copied()),
        })
    }

    /// The outcome that a text names.
    ///
    /// # Errors
    /// [`BadFilter::UnknownOutcome`].
    pub fn outcome(text: &str) -> Result<Outcome, BadFilter> {
        match text {
            "allowed" => Ok(Outcome::Allowed),
            "refused" => Ok(Outcome::Refused),
            _ => Err(BadFilter::UnknownOutcome { given: text.to_owned() }),
        }
    }
}

/// Every type of event that there is.
pub const EVENT_TYPES: &[&str] = &[
    "AccountTypeChanged",
    "AuditExported",
    "CatalogueRevised",
    "CommandRefused",
    "DocumentApproved",
    "DocumentExpired",
    "DocumentRejected",
    "DocumentSubmitted",
    "EmailVerified",
    "KeyExpiryChanged",
    "KeyIssued",
    "KeyRevoked",
    "LegalHoldLifted",
    "LegalHoldPlaced",
    "LogKeyPublished",
    "MemberAdded",
    "MemberDetailsChanged",
    "MemberPermissionCleared",
    "MemberPermissionToggled",
    "MemberReactivated",
    "MemberRemoved",
    "MemberScopeChanged",
    "MemberSuspended",
    "OrganisationFounded",
    "OwnerTransferred",
    "PermissionToggled",
    "PersonalDataErased",
    "PersonalDataExported",
    "PolicyRevised",
    "ReviewCancelled",
    "ReviewCompleted",
    "ReviewLineDecided",
    "ReviewLinesListed",
    "ReviewOpened",
    "ReviewReviewerChanged",
    "RoleAssigned",
    "RoleCreated",
    "RoleDeleted",
    "RoleDescribed",
    "RoleInheritanceChanged",
    "RoleLevelChanged",
    "RoleLocked",
    "RoleRecoloured",
    "RoleRenamed",
    "RoleUnassigned",
    "RoleUnlocked",
    "ScopeArchived",
    "ScopeCreated",
    "ScopeMoved",
    "ScopeRenamed",
    "ScopeRestored",
    "ScopeShared",
    "ScopeUnshared",
];
