//! Lists: where, who and what, page by page and complete.
//!
//! Numbers never change and things that are added get greater ones. So a listing that is continued on a
//! later version misses nothing that was there all the time, and repeats nothing.

use super::{AccessIndex, Found};
use crate::access::coverage::Place;
use crate::access::evaluate::{Decision, Ownership, Question};
use crate::access::ground::Subject;
use crate::access::holdings::{Holdings, all_held};
use crate::state::permission_set::PermissionIx;
use crate::state::{MemberIx, ScopeIx};
use crate::vocabulary::Time;

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What was found.
    pub items: Vec<T>,
    /// Where the next page starts; none after the last.
    pub next: Option<u64>,
}

/// Why a page cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// A page of nothing would never end.
    #[error("a page has at least one item")]
    EmptyPage,
}

/// Something that a member may do something on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// The organisation as a whole.
    Organisation,
    /// A node of its tree.
    Scope(ScopeIx),
}

/// A line of "on what may this member do that".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceItem {
    /// On what.
    pub resource: Resource,
    /// Only on what is the member's own there.
    pub only_own: bool,
}

/// A line of "who may do that there".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectItem {
    /// Who.
    pub subject: MemberIx,
    /// Only to what is the member's own.
    pub only_own: bool,
}

impl AccessIndex {
    /// On what a member may do something: the organisation as a whole, then scopes in order of creation.
    ///
    /// # Errors
    /// When the page is to have no items.
    pub fn resources(
        &self,
        subject: MemberIx,
        permission: PermissionIx,
        at: Time,
        from: Option<u64>,
        limit: usize,
    ) -> Result<Page<ResourceItem>, ListError> {
        // Number 0 is the organisation, number n the n-th scope.
        let resource = |number: u64| match number.checked_sub(1) {
            None => Resource::Organisation,
            Some(scope) => Resource::Scope(ScopeIx(scope as u32)),
        };
        let numbers = from.unwrap_or(0)..=self.scopes.len() as u64;
        let lines = numbers.filter_map(|number| {
            let resource = resource(number);
            let only_own = self.allows(subject, permission, resource.into(), at)?;
            Some((number, ResourceItem { resource, only_own }))
        });
        page(lines, limit)
    }

    /// Who may do something at a place, in order of arrival.
    ///
    /// # Errors
    /// When the page is to have no items.
    pub fn subjects(
        &self,
        permission: PermissionIx,
        place: Place,
        at: Time,
        from: Option<u64>,
        limit: usize,
    ) -> Result<Page<SubjectItem>, ListError> {
        let numbers = from.unwrap_or(0)..self.members.len() as u64;
        let lines = numbers.filter_map(|number| {
            let subject = MemberIx(number as u32);
            let only_own = self.allows(subject, permission, place, at)?;
            Some((number, SubjectItem { subject, only_own }))
        });
        page(lines, limit)
    }

    /// All that a member may do at a place, as [`holdings`](crate::access::holdings) tells it of the state.
    pub fn holdings(&self, subject: MemberIx, place: Place, at: Time) -> Holdings {
        let (Some(profile), Some(member)) = (&self.profile, self.find(subject)) else {
            return Holdings::default();
        };
        match member {
            Found::Plain(member) => all_held(self, profile, &member, place, at),
            Found::Entry(member) if member.check_active(profile, at).is_ok() => {
                all_held(self, profile, member, place, at)
            }
            Found::Entry(_) | Found::Shut(_) => Holdings::default(),
        }
    }

    /// None: no. Otherwise whether it is yes only for the subject's own.
    fn allows(&self, subject: MemberIx, permission: PermissionIx, place: Place, at: Time) -> Option<bool> {
        match self.decide(&Question { subject, permission, place, ownership: Ownership::Unnamed, at }) {
            Decision::Allowed { only_own } => Some(only_own),
            Decision::Denied(_) => None,
        }
    }
}

/// The first lines, and the number of the one after them. It is looked for, so that no page is empty
/// but that of an empty listing.
fn page<T>(mut lines: impl Iterator<Item = (u64, T)>, limit: usize) -> Result<Page<T>, ListError> {
    if limit == 0 {
        return Err(ListError::EmptyPage);
    }
    let items = lines.by_ref().take(limit).map(|(_, item)| item).collect();
    Ok(Page { items, next: lines.next().map(|(number, _)| number) })
}

impl From<Resource> for Place {
    fn from(resource: Resource) -> Self {
        match resource {
            Resource::Organisation => Self::Organisation,
            Resource::Scope(scope) => Self::Scope(scope),
        }
    }
}
