//! Things looked up beforehand.
//!
//! A handle is a number in its organisation, and the organisation's. It is valid for as long as the
//! [`Organisation`](super::Organisation) it came from, in every later version: numbers are given in order of
//! arrival and never again, and members who left, archived scopes and permissions keep theirs. So a handle never
//! points to something else; what became of the thing shows in the answers. A version that is older than the
//! handle answers as for something unknown. A handle of another organisation, or of the same one loaded anew,
//! is refused.

use chancery_aggregates::access::{Ownership, Place, Question};
use chancery_aggregates::state::permission_set::PermissionIx;
use chancery_aggregates::state::{MemberIx, ScopeIx};
use chancery_aggregates::vocabulary::Time;

/// A member looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subject {
    pub(super) number: MemberIx,
    pub(super) organisation: u32,
}

/// A permission looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Action {
    pub(super) number: PermissionIx,
    pub(super) organisation: u32,
}

/// A scope looked up, or the organisation as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Resource {
    /// None is the organisation.
    pub(super) number: Option<ScopeIx>,
    pub(super) organisation: u32,
}

/// A question with everything looked up, of one organisation. Made once, it can be asked of every version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    pub(super) question: Question,
    pub(super) organisation: u32,
}

impl Resolved {
    /// Whether the subject may do this on the resource at an instant.
    ///
    /// # Errors
    /// When the handles are not all of one organisation.
    pub fn new(subject: Subject, action: Action, resource: Resource, at: Time) -> Result<Self, ForeignHandle> {
        let organisation = subject.organisation;
        if (action.organisation, resource.organisation) != (organisation, organisation) {
            return Err(ForeignHandle);
        }
        let (subject, permission, place) = (subject.number, action.number, resource.place());
        let question = Question { subject, permission, place, ownership: Ownership::Unnamed, at };
        Ok(Self { question, organisation })
    }

    /// The same about a resource of which it is known whose own it is.
    #[must_use]
    pub fn owned(mut self, ownership: Ownership) -> Self {
        self.question.ownership = ownership;
        self
    }

    /// The same at another instant.
    #[must_use]
    pub fn at(mut self, at: Time) -> Self {
        self.question.at = at;
        self
    }
}

/// A handle of another organisation, or of an earlier loading of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a handle of another organisation, or of an earlier loading of this one, says nothing here")]
pub struct ForeignHandle;

impl Resource {
    pub(super) fn place(self) -> Place {
        self.number.map_or(Place::Organisation, Place::Scope)
    }
}
