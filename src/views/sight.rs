//! What a reader sees of the log, in words.

use std::collections::BTreeSet;

use chancery_aggregates::access::{Place, Reading, holdings};
use chancery_aggregates::authority::Acting;
use chancery_aggregates::profile::Need;
use chancery_aggregates::refusal::Thing;
use chancery_aggregates::{Facts, Refusal};
use chancery_projections::activity::{Entry, Subject, SubjectKind};

/// Which entries a reader may see: all, or those about scopes where the reader holds the permission
/// for the activity log, about members whom the reader sees, and about roles if the reader sees them.
#[derive(Debug, Clone)]
pub(crate) struct Sight(Option<Part>);

/// What a reader sees who does not see all.
#[derive(Debug, Clone)]
struct Part {
    scopes: BTreeSet<String>,
    members: BTreeSet<String>,
    roles: bool,
}

impl Sight {
    /// What whoever reads may see.
    ///
    /// # Errors
    /// When they may see nothing of the log anywhere.
    pub(crate) fn of(facts: &Facts) -> Result<Self, Refusal> {
        let Acting::Member(member) = facts.acting()? else { return Ok(Self(None)) };
        let whole = facts.authorise(member, Need::ActivityView, &[Place::Organisation], || {
            facts.unseen(Thing::Member, facts.actor_name().as_str())
        });
        let Err(refusal) = whole else { return Ok(Self(None)) };
        let permission = facts.profile()?.need(Need::ActivityView);
        let held = |scope| {
            let held = holdings(&facts.state, member, Place::Scope(scope), facts.now, Reading::Actual);
            permission.is_some_and(|permission| held.full.contains(permission))
        };
        let scopes = facts.state.scopes().filter(|(ix, _)| held(*ix));
        let scopes: BTreeSet<String> = scopes.map(|(_, scope)| scope.id.to_string()).collect();
        if scopes.is_empty() {
            return Err(refusal);
        }
        let reader = facts.reader()?;
        let members = reader.members().unwrap_or_default();
        let members = members.into_iter().filter(|(ix, _)| reader.sees_access_of(*ix));
        Ok(Self(Some(Part {
            scopes,
            members: members.map(|(_, member)| member.id.to_string()).collect(),
            roles: reader.sees_roles().unwrap_or(false),
        })))
    }

    /// Whether every entry is seen.
    pub(crate) fn is_whole(&self) -> bool {
        self.0.is_none()
    }

    /// Whether an entry is seen: everything that it names is.
    pub(crate) fn has(&self, entry: &Entry) -> bool {
        let Some(part) = &self.0 else { return true };
        let seen = |subject: &Subject| match subject.kind {
            SubjectKind::Scope => part.scopes.contains(&subject.id),
            SubjectKind::Member => part.members.contains(&subject.id),
            SubjectKind::Role => part.roles,
            SubjectKind::Permission => true,
            // A review is of the organisation as a whole.
            SubjectKind::Review => false,
        };
        !entry.subjects.is_empty() && entry.subjects.iter().all(seen)
    }
}
