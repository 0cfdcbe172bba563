//! Who may have a key, and make, end or see one.
//!
//! A key is not access, but whoever has its secret acts as its member. So:
//!
//! - A person's keys are issued by that person alone: an act of theirs is theirs.
//! - A service account's are issued by whoever holds the profile's `key_issue` where the account is,
//!   and everything that the account holds or could come to hold as things stand (`growth.rs`
//!   compares it), and could also become each of its roles that has a say beyond its permissions.
//! - The operator, who has no access, issues one to an administrator while no administrator has any:
//!   so that somebody gets in after the founding, or after all keys have ended.
//! - Who made a key is not asked again later: what the account is given afterwards is given by
//!   somebody who may, to whoever runs the account.

use compact_str::CompactString;

use super::{Acting, Facts, lasting};
use crate::access::Reading;
use crate::event::MemberEvent;
use crate::profile::Need;
use crate::profile::document::AssignedBy;
use crate::refusal::Refusal;
use crate::state::{KeyEntry, MemberEntry, MemberIx, RoleEntry};
use crate::vocabulary::{MemberId, MemberKind};

impl Facts {
    /// Whether a member may learn the secret of a new key of another.
    ///
    /// # Errors
    /// [`Refusal::KeyForPerson`], [`Refusal::LevelCeiling`] or [`Refusal::KeyBeyondRole`].
    pub(crate) fn check_key_for(&self, actor: MemberIx, target: MemberIx) -> Result<(), Refusal> {
        let Some(entry) = self.state.member(target).filter(|_| actor != target) else { return Ok(()) };
        if entry.kind == MemberKind::Person {
            return Err(Refusal::KeyForPerson { member: entry.id.as_str().into() });
        }
        for held in entry.assignments.iter().filter(|held| held.window.until.is_none_or(|until| self.now < until)) {
            let Some(role) = self.state.role(held.role) else { continue };
            self.check_level(actor, &role.name, role.level)?;
            if self.has_a_say(role) && !self.holds_one_of(actor, [role.id.as_str()].into_iter()) {
                let (actor, role) = (self.actor_name(), role.name.clone());
                return Err(Refusal::KeyBeyondRole { actor, member: entry.id.as_str().into(), role });
            }
        }
        Ok(())
    }

    /// Whether holding the role counts for more than its permissions and level.
    fn has_a_say(&self, role: &RoleEntry) -> bool {
        let named = |ids: &[CompactString]| ids.iter().any(|id| *id == *role.id.as_str());
        role.assigned == AssignedBy::Transfer
            || self.state.profile().is_some_and(|profile| named(&profile.policy().locked_except_for))
            || self.state.roles().any(|(_, other)| other.assigned_only_by.contains(&role.id))
    }

    /// Whether the operator may let a member in.
    ///
    /// # Errors
    /// [`Refusal::NotForActor`] for whoever could not manage roles, [`Refusal::AdministratorHasKey`]
    /// once somebody has a key who can.
    pub(crate) fn check_key_by_operator(&self, id: &MemberId, command: &str) -> Result<(), Refusal> {
        let (state, now) = (&self.state, self.now);
        let target = state.member_ix(id.as_str());
        if !target.is_some_and(|target| lasting::manages_roles(state, target, now, Reading::Potential)) {
            return Err(Refusal::NotForActor { actor: self.actor_name(), command: command.into() });
        }
        let administers =
            |key: &&KeyEntry| state.admits(key, now) && lasting::manages_roles(state, key.member, now, Reading::Actual);
        match state.keys().find(administers).and_then(|key| state.member(key.member)) {
            Some(member) => Err(Refusal::AdministratorHasKey { member: member.id.as_str().into() }),
            None => Ok(()),
        }
    }

    /// The keys of a member, for whoever may see them: the member, and who holds the profile's
    /// `key_view` where the member is. Whether the reader sees the member is asked before.
    ///
    /// # Errors
    /// The missing permission.
    pub fn visible_keys(&self, member: MemberIx) -> Result<Vec<&KeyEntry>, Refusal> {
        if let Acting::Member(reader) = self.acting()?
            && reader != member
            && let Some(entry) = self.state.member(member)
        {
            let unseen = || self.unseen(crate::refusal::Thing::Member, entry.id.as_str());
            self.authorise(reader, Need::KeyView, &self.places_of(entry), unseen)?;
        }
        Ok(self.state.keys_of(member).collect())
    }

    /// The key of a member by its id.
    pub(crate) fn key_of(&self, member: &MemberId, key: &str) -> Option<&KeyEntry> {
        let owner =
            |key: &&KeyEntry| self.state.member(key.member).is_some_and(|owner: &MemberEntry| owner.id == *member);
        self.state.key(key).filter(owner)
    }
}

/// The members whose secrets an actor learns by events.
pub(super) fn learned<'a>(
    facts: &'a Facts,
    actor: MemberIx,
    events: impl Iterator<Item = &'a MemberEvent>,
) -> Vec<MemberIx> {
    let issued = events.filter(|event| matches!(event, MemberEvent::KeyIssued { .. }));
    issued
        .filter_map(|event| facts.state.member_ix(event.member().as_str()))
        .filter(|member| *member != actor)
        .collect()
}
