//! Questions to an organisation.

use std::sync::Arc;

use chancery_aggregates::access::index::{self, AccessIndex};
use chancery_aggregates::access::{Decision, Denial, Holdings, Request};
use chancery_aggregates::state::permission_set::PermissionIx;
use chancery_aggregates::vocabulary::Time;

use super::handle::{Action, ForeignHandle, Resolved, Resource, Subject};
use super::page::{Cursor, Page, PageError};
use crate::engine::Published;

/// One organisation, always at the newest version that this process knows. Cheap to share.
#[derive(Debug, Clone)]
pub struct Organisation {
    published: Arc<Published>,
}

/// One version of an organisation: whatever is asked of it, the answers belong together.
#[derive(Debug, Clone)]
pub struct Access {
    index: Arc<AccessIndex>,
    organisation: u32,
}

impl Organisation {
    /// An organisation whose versions come from elsewhere than this process's engine.
    #[must_use]
    pub fn new(published: Arc<Published>) -> Self {
        Self { published }
    }

    /// The newest version.
    pub fn access(&self) -> Access {
        Access { index: Arc::clone(&self.published.load()), organisation: self.published.number() }
    }

    /// Position of the newest version.
    pub fn position(&self) -> u64 {
        self.published.load().position()
    }

    /// Answers a request by ids and keys.
    #[inline]
    pub fn check(&self, request: &Request<'_>) -> Decision {
        self.published.load().evaluate(request)
    }

    /// Answers a question with everything looked up.
    ///
    /// # Errors
    /// When it is about another organisation.
    #[inline(always)]
    pub fn check_resolved(&self, question: &Resolved) -> Result<Decision, ForeignHandle> {
        own(question.organisation, self.published.number())?;
        Ok(self.published.load().decide(&question.question))
    }

    /// Whether the answer to a request is yes, without an obligation: [`Access::permits`] on the newest version.
    #[inline]
    pub fn permits(&self, request: &Request<'_>) -> bool {
        self.published.load().permits(request)
    }

    /// Whether the answer to a question with everything looked up is yes, without an obligation.
    ///
    /// # Errors
    /// When it is about another organisation.
    #[inline(always)]
    pub fn permits_resolved(&self, question: &Resolved) -> Result<bool, ForeignHandle> {
        own(question.organisation, self.published.number())?;
        Ok(self.published.load().permits_question(&question.question))
    }
}

impl Access {
    /// Position of the last event that this version reflects.
    pub fn position(&self) -> u64 {
        self.index.position()
    }

    /// What answers: to be kept, or published elsewhere.
    pub fn index(&self) -> &Arc<AccessIndex> {
        &self.index
    }

    /// Looks up a member, also one who left.
    pub fn subject(&self, id: &str) -> Option<Subject> {
        let (number, organisation) = (self.index.member_ix(id)?, self.organisation);
        Some(Subject { number, organisation })
    }

    /// Looks up a permission.
    pub fn action(&self, key: &str) -> Option<Action> {
        let (number, organisation) = (self.index.permission_ix(key)?, self.organisation);
        Some(Action { number, organisation })
    }

    /// Looks up a scope, also an archived one.
    pub fn resource(&self, id: &str) -> Option<Resource> {
        let (number, organisation) = (Some(self.index.scope_ix(id)?), self.organisation);
        Some(Resource { number, organisation })
    }

    /// Looks up all that a request names, to ask it again and again. About a scope that there is not, the answer stays no,
    /// even when there is one of that id later.
    ///
    /// # Errors
    /// When there is no such member or permission, which is the answer.
    pub fn resolve(&self, request: &Request<'_>) -> Result<Resolved, Denial> {
        Ok(Resolved { question: self.index.question(request)?, organisation: self.organisation })
    }

    /// The organisation as a whole.
    pub fn whole(&self) -> Resource {
        Resource { number: None, organisation: self.organisation }
    }

    /// A member's id.
    pub fn subject_id(&self, subject: Subject) -> Option<&str> {
        self.own(subject.organisation).ok()?;
        self.index.member_id(subject.number)
    }

    /// A permission's key.
    pub fn action_key(&self, action: Action) -> Option<&str> {
        self.own(action.organisation).ok()?;
        Some(self.index.profile()?.permission(action.number)?.key.as_str())
    }

    /// A scope's id; none for the organisation as a whole.
    pub fn resource_id(&self, resource: Resource) -> Option<&str> {
        self.own(resource.organisation).ok()?;
        self.index.scope_id(resource.number?)
    }

    /// Answers a request by ids and keys.
    #[inline]
    pub fn check(&self, request: &Request<'_>) -> Decision {
        self.index.evaluate(request)
    }

    /// Answers a question with everything looked up.
    ///
    /// # Errors
    /// When it is about another organisation.
    #[inline(always)]
    pub fn check_resolved(&self, question: &Resolved) -> Result<Decision, ForeignHandle> {
        own(question.organisation, self.organisation)?;
        Ok(self.index.decide(&question.question))
    }

    /// Whether the answer to a request is yes, without an obligation: no for what is allowed for the subject's
    /// own only, where the request names no owner. The fastest for whoever does not need to know why not.
    #[inline]
    pub fn permits(&self, request: &Request<'_>) -> bool {
        self.index.permits(request)
    }

    /// Whether the answer to a question with everything looked up is yes, without an obligation.
    ///
    /// # Errors
    /// When it is about another organisation.
    #[inline(always)]
    pub fn permits_resolved(&self, question: &Resolved) -> Result<bool, ForeignHandle> {
        own(question.organisation, self.organisation)?;
        Ok(self.index.permits_question(&question.question))
    }

    /// Answers requests in their order, all from this version.
    pub fn check_batch<'a>(&self, requests: impl IntoIterator<Item = &'a Request<'a>>) -> Vec<Decision> {
        requests.into_iter().map(|request| self.check(request)).collect()
    }

    /// All permissions of a member on a resource: held at all, and held without a restriction to the member's own.
    ///
    /// # Errors
    /// When a handle is not of this organisation.
    pub fn permissions_of(&self, subject: Subject, on: Resource, at: Time) -> Result<Holdings, ForeignHandle> {
        self.own(subject.organisation)?;
        self.own(on.organisation)?;
        Ok(self.index.holdings(subject.number, on.place(), at))
    }

    /// What a member may do on a resource; true means only to what is the member's own.
    ///
    /// # Errors
    /// When a handle or cursor is not of this organisation, or the page is to have no items.
    pub fn actions(
        &self,
        subject: Subject,
        on: Resource,
        at: Time,
        from: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<(Action, bool)>, PageError> {
        let start = self.start(from, limit)?;
        let held = self.permissions_of(subject, on, at)?;
        let later = |number: &PermissionIx| number.index() as u64 >= start;
        let mut numbers = held.any.iter().filter(later);
        let action = |number| Action { number, organisation: self.organisation };
        let items = numbers.by_ref().take(limit).map(|number| (action(number), !held.full.contains(number))).collect();
        let next = numbers.next().map(|number| self.cursor(number.index() as u64));
        Ok(Page { items, next })
    }

    /// On what a member may do something: perhaps the organisation as a whole, then scopes; true means only to
    /// what is the member's own there.
    ///
    /// # Errors
    /// As [`Access::actions`].
    pub fn resources(
        &self,
        subject: Subject,
        action: Action,
        at: Time,
        from: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<(Resource, bool)>, PageError> {
        self.own(subject.organisation)?;
        self.own(action.organisation)?;
        let start = self.start(from, limit)?;
        let page = self.index.resources(subject.number, action.number, at, Some(start), limit);
        self.page(page, |line: index::ResourceItem| {
            let number = match line.resource {
                index::Resource::Organisation => None,
                index::Resource::Scope(scope) => Some(scope),
            };
            (Resource { number, organisation: self.organisation }, line.only_own)
        })
    }

    /// Who may do something on a resource; true means only to what is the member's own.
    ///
    /// # Errors
    /// As [`Access::actions`].
    pub fn subjects(
        &self,
        action: Action,
        on: Resource,
        at: Time,
        from: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<(Subject, bool)>, PageError> {
        self.own(action.organisation)?;
        self.own(on.organisation)?;
        let start = self.start(from, limit)?;
        let page = self.index.subjects(action.number, on.place(), at, Some(start), limit);
        self.page(page, |line: index::SubjectItem| {
            (Subject { number: line.subject, organisation: self.organisation }, line.only_own)
        })
    }

    fn own(&self, organisation: u32) -> Result<(), ForeignHandle> {
        own(organisation, self.organisation)
    }

    fn start(&self, from: Option<Cursor>, limit: usize) -> Result<u64, PageError> {
        if limit == 0 {
            return Err(PageError::Empty);
        }
        let Some(cursor) = from else { return Ok(0) };
        self.own(cursor.organisation)?;
        Ok(cursor.from)
    }

    fn cursor(&self, from: u64) -> Cursor {
        Cursor { from, organisation: self.organisation }
    }

    fn page<A, B>(
        &self,
        page: Result<index::Page<A>, index::ListError>,
        line: impl Fn(A) -> B,
    ) -> Result<Page<B>, PageError> {
        let page = page.map_err(|index::ListError::EmptyPage| PageError::Empty)?;
        Ok(Page { items: page.items.into_iter().map(line).collect(), next: page.next.map(|from| self.cursor(from)) })
    }
}

/// Whether something is of the organisation that is asked.
#[inline]
fn own(organisation: u32, asked: u32) -> Result<(), ForeignHandle> {
    if organisation == asked { Ok(()) } else { Err(ForeignHandle) }
}
