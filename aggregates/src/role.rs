//! The role aggregate.

use std::collections::BTreeSet;

use compact_str::CompactString;
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use crate::access::{Place, Reading, holdings};
use crate::authority::{Acting, Facts};
use crate::command::{NewRole, RoleCommand};
use crate::event::{RoleCreated, RoleEvent};
use crate::profile::document::{AssignedBy, Forbidden, RoleInUse};
use crate::refusal::{Refusal, Thing};
use crate::state::{AccessState, MemberIx, RoleEntry, fold_name};
use crate::vocabulary::{AccountTypeKey, LONGEST_NAME, LONGEST_TEXT, PermissionKey, PermissionRef, RoleId, RoleRef};

/// A role, folded from its own stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Id and name; absent before it is created.
    pub role: Option<RoleRef>,
    /// What it is for.
    pub description: String,
    /// `#rrggbb`.
    pub colour: Option<CompactString>,
    /// A smaller number outranks a greater one.
    pub level: Option<u16>,
    /// From the profile.
    pub built_in: bool,
    /// Locked.
    pub locked: bool,
    /// How members come to hold it.
    pub assigned: AssignedBy,
    /// Only these account types may hold it.
    pub account_types: Vec<AccountTypeKey>,
    /// Own permissions.
    pub permissions: BTreeSet<PermissionKey>,
    /// Ids of its parents.
    pub inherits: Vec<RoleId>,
    /// Deleted.
    pub deleted: bool,
}

impl Role {
    /// The role as the access state has it: what a fold of its stream gives, without reading the stream.
    pub fn of(state: &AccessState, entry: &RoleEntry) -> Self {
        let keys = state.profile().map(|profile| profile.keys(&entry.own)).unwrap_or_default();
        Self {
            role: Some(RoleRef { id: entry.id.clone(), name: entry.name.clone() }),
            description: entry.description.clone(),
            colour: entry.colour.clone(),
            level: entry.level,
            built_in: entry.built_in,
            locked: entry.locked,
            assigned: entry.assigned,
            account_types: entry.account_types.clone(),
            permissions: keys.into_iter().collect(),
            inherits: entry.inherits.iter().map(|ix| state.cite_role(*ix).id).collect(),
            deleted: entry.deleted.is_some(),
        }
    }

    /// What happens when an actor asks this of the role.
    ///
    /// # Errors
    /// The first rule that refuses it.
    pub fn decide(&self, id: &RoleId, command: &RoleCommand, facts: &Facts) -> Result<Vec<RoleEvent>, Refusal> {
        let acting = facts.acting()?;
        self.authorise(id, command, acting, facts)?;
        let events = match command {
            RoleCommand::CreateRole(new) => self.create(id, new, None, acting, facts)?,
            RoleCommand::DuplicateRole { source, name } => self.duplicate(id, source, name, acting, facts)?,
            _ => self.change(self.existing(id, facts)?, command, acting, facts)?,
        };
        facts.confirm(acting, events)
    }

    fn authorise(&self, id: &RoleId, command: &RoleCommand, acting: Acting, facts: &Facts) -> Result<(), Refusal> {
        let Acting::Member(actor) = acting else {
            // The operator founds and imports; the product itself has no business with roles.
            let enrols = matches!(
                command,
                RoleCommand::CreateRole(_) | RoleCommand::TogglePermissions { .. } | RoleCommand::InheritFrom { .. }
            );
            return if acting == Acting::Operator && enrols {
                Ok(())
            } else {
                Err(Refusal::NotForActor { actor: facts.actor_name(), command: command.name().into() })
            };
        };
        let creates = matches!(command, RoleCommand::CreateRole(_) | RoleCommand::DuplicateRole { .. });
        if !facts.sees_roles(actor) && !creates {
            return Err(Refusal::Unknown { thing: Thing::Role, id: id.as_str().into(), nearest: None });
        }
        facts.authorise(actor, command.need(), &[Place::Organisation], || Refusal::Unknown {
            thing: Thing::Role,
            id: id.as_str().into(),
            nearest: None,
        })?;
        if creates { Ok(()) } else { self.check_alterable(id, command, actor, facts) }
    }

    fn check_alterable(
        &self,
        id: &RoleId,
        command: &RoleCommand,
        actor: MemberIx,
        facts: &Facts,
    ) -> Result<(), Refusal> {
        let name = &self.existing(id, facts)?.name;
        match self.assigned {
            AssignedBy::System => return Err(Refusal::SystemRole { role: name.clone() }),
            AssignedBy::Transfer => return Err(Refusal::OwnerRole { role: name.clone() }),
            AssignedBy::Hand => {}
        }
        facts.check_level(actor, name, self.level)?;
        let policy = facts.profile()?.policy();
        let excepted = || facts.holds_one_of(actor, policy.locked_except_for.iter().map(|role| role.as_str()));
        let forbidden = match command {
            RoleCommand::DeleteRole => policy.locked_forbids.contains(&Forbidden::Delete),
            // Otherwise a lock would be undone by whoever it is meant for.
            RoleCommand::UnlockRole => self.built_in || !policy.locked_except_for.is_empty(),
            RoleCommand::LockRole => false,
            _ => policy.locked_forbids.contains(&Forbidden::Edit),
        };
        if self.locked && forbidden && !excepted() {
            return Err(Refusal::LockedRole { role: name.clone() });
        }
        Ok(())
    }

    fn existing(&self, id: &RoleId, facts: &Facts) -> Result<&RoleRef, Refusal> {
        match &self.role {
            Some(role) if !self.deleted => Ok(role),
            _ => Err(facts.find_role(id.as_str()).err().unwrap_or(Refusal::Unknown {
                thing: Thing::Role,
                id: id.as_str().into(),
                nearest: None,
            })),
        }
    }

    fn create(
        &self,
        id: &RoleId,
        new: &NewRole,
        duplicate_of: Option<RoleRef>,
        acting: Acting,
        facts: &Facts,
    ) -> Result<Vec<RoleEvent>, Refusal> {
        if self.role.is_some() {
            return Err(Refusal::IdTaken { thing: Thing::Role, id: id.as_str().into() });
        }
        RoleId::parse(id.as_str()).map_err(|because| Refusal::bad_id(Thing::Role, id.as_str(), because))?;
        // What only a profile gives, a member must not give by naming it.
        if new.built_in.is_some() && acting != Acting::Operator {
            return Err(Refusal::SystemOnly { what: "making a built-in role".into() });
        }
        let name = check_role_name(&new.name, None, facts)?;
        let levels = facts.profile()?.policy().levels;
        match (levels, new.level) {
            (true, None) => return Err(Refusal::LevelRequired { role: name }),
            (false, Some(_)) => return Err(Refusal::LevelNotUsed),
            _ => {}
        }
        if let Acting::Member(actor) = acting {
            facts.check_level(actor, &name, new.level)?;
        }
        check_text("description", &new.description, LONGEST_TEXT)?;
        new.permissions.iter().try_for_each(|key| facts.find_permission(key.as_str()).map(|_| ()))?;
        let built_in = new.built_in.clone().unwrap_or_default();
        let created = RoleCreated {
            role: RoleRef { id: id.clone(), name },
            built_in: new.built_in.is_some(),
            description: new.description.clone(),
            colour: check_colour(new.colour.as_ref())?,
            level: new.level,
            locked: built_in.locked,
            everywhere: built_in.everywhere,
            assigned: built_in.assigned,
            assigned_only_by: built_in.assigned_only_by,
            account_types: built_in.account_types,
            permissions: new.permissions.clone(),
            inherits: cite_parents(&new.inherits, facts)?,
            duplicate_of,
        };
        Ok(vec![RoleEvent::RoleCreated(Box::new(created))])
    }

    fn duplicate(
        &self,
        id: &RoleId,
        source: &RoleId,
        name: &CompactString,
        acting: Acting,
        facts: &Facts,
    ) -> Result<Vec<RoleEvent>, Refusal> {
        let (_, original) = facts.find_role(source.as_str())?;
        let copy = Self::of(&facts.state, original);
        let new = NewRole {
            name: name.clone(),
            description: copy.description,
            colour: copy.colour,
            level: copy.level,
            permissions: copy.permissions.into_iter().collect(),
            inherits: copy.inherits,
            built_in: None,
        };
        self.create(id, &new, copy.role, acting, facts)
    }

    fn change(
        &self,
        role: &RoleRef,
        command: &RoleCommand,
        acting: Acting,
        facts: &Facts,
    ) -> Result<Vec<RoleEvent>, Refusal> {
        let role = role.clone();
        let event = match command {
            // INVARIANT: `decide` sends these two elsewhere.
            RoleCommand::CreateRole(_) | RoleCommand::DuplicateRole { .. } => None,
            RoleCommand::TogglePermissions { allow, deny } => return self.toggle(&role, allow, deny, acting, facts),
            RoleCommand::RenameRole { name } => {
                let after = check_role_name(name, Some(&role), facts)?;
                (after != role.name).then(|| RoleEvent::RoleRenamed { role: role.id, before: role.name, after })
            }
            RoleCommand::DescribeRole { description } => {
                check_text("description", description, LONGEST_TEXT)?;
                let (before, after) = (self.description.clone(), description.clone());
                (after != before).then_some(RoleEvent::RoleDescribed { role, before, after })
            }
            RoleCommand::RecolourRole { colour } => {
                let after = check_colour(colour.as_ref())?;
                let before = self.colour.clone();
                (after != before).then_some(RoleEvent::RoleRecoloured { role, before, after })
            }
            RoleCommand::ChangeRoleLevel { level } => {
                if !facts.profile()?.policy().levels {
                    return Err(Refusal::LevelNotUsed);
                }
                if let Acting::Member(actor) = acting {
                    facts.check_level(actor, &role.name, Some(*level))?;
                }
                let (before, after) = (self.level, Some(*level));
                (after != before).then_some(RoleEvent::RoleLevelChanged { role, before, after })
            }
            RoleCommand::InheritFrom { parents } => self.inherit(role, parents, facts)?,
            RoleCommand::LockRole => (!self.locked).then_some(RoleEvent::RoleLocked { role }),
            RoleCommand::UnlockRole => self.locked.then_some(RoleEvent::RoleUnlocked { role }),
            RoleCommand::DeleteRole => Some(self.delete(role, facts)?),
        };
        Ok(event.into_iter().collect())
    }

    fn toggle(
        &self,
        role: &RoleRef,
        allow: &[PermissionKey],
        deny: &[PermissionKey],
        acting: Acting,
        facts: &Facts,
    ) -> Result<Vec<RoleEvent>, Refusal> {
        if let Some(both) = allow.iter().find(|key| deny.contains(key)) {
            return Err(Refusal::Contradiction { permission: both.as_str().into() });
        }
        let mut events = Vec::new();
        let wanted = allow.iter().map(|key| (key, true)).chain(deny.iter().map(|key| (key, false)));
        for (key, after) in wanted {
            let permission = check_switch(key, acting, facts)?;
            let before = self.permissions.contains(key);
            let repeated = events
                .iter()
                .any(|event| matches!(event, RoleEvent::PermissionToggled { permission, .. } if permission.id == *key));
            if before != after && !repeated {
                events.push(RoleEvent::PermissionToggled { role: role.clone(), permission, before, after });
            }
        }
        Ok(events)
    }

    fn inherit(&self, role: RoleRef, parents: &[RoleId], facts: &Facts) -> Result<Option<RoleEvent>, Refusal> {
        let after = cite_parents(parents, facts)?;
        for parent in &after {
            if is_or_inherits(&facts.state, &parent.id, &role.id) {
                return Err(Refusal::InheritanceCycle { role: role.name, parent: parent.name.clone() });
            }
        }
        // A parent that was deleted since is none any more: its deletion is an event of its own stream.
        let former = self.inherits.iter().filter_map(|parent| facts.state.role_ix(parent.as_str()));
        let before: Vec<RoleRef> = former.map(|parent| facts.state.cite_role(parent)).collect();
        Ok((before != after).then_some(RoleEvent::RoleInheritanceChanged { role, before, after }))
    }

    fn delete(&self, role: RoleRef, facts: &Facts) -> Result<RoleEvent, Refusal> {
        let holders = facts.find_role(role.id.as_str())?.1.holders.len() as u32;
        if holders > 0 && facts.profile()?.policy().role_in_use == RoleInUse::Refuse {
            return Err(Refusal::RoleInUse { role: role.name, holders });
        }
        let permissions = self.permissions.iter().cloned().collect();
        Ok(RoleEvent::RoleDeleted { role, holders, permissions })
    }
}

/// A switch can be moved only by somebody who holds the permission. Restrictions are no grants: what
/// lifting one would widen is checked with everything else.
pub(crate) fn check_switch(key: &PermissionKey, acting: Acting, facts: &Facts) -> Result<PermissionRef, Refusal> {
    let permission = facts.find_permission(key.as_str())?;
    let profile = facts.profile()?;
    if let Acting::Member(actor) = acting
        && profile.grants().contains(permission)
        && !holdings(&facts.state, actor, Place::Organisation, facts.now, Reading::Actual).any.contains(permission)
    {
        return Err(Refusal::ToggleNotHeld { actor: facts.actor_name(), permission: key.as_str().into() });
    }
    Ok(profile.cite(permission))
}

fn cite_parents(parents: &[RoleId], facts: &Facts) -> Result<Vec<RoleRef>, Refusal> {
    let mut cited: Vec<RoleRef> = Vec::new();
    for parent in parents {
        let (ix, role) = facts.find_role(parent.as_str())?;
        match role.assigned {
            AssignedBy::System => return Err(Refusal::SystemRole { role: role.name.clone() }),
            AssignedBy::Transfer => return Err(Refusal::OwnerRole { role: role.name.clone() }),
            AssignedBy::Hand => {}
        }
        let parent = facts.state.cite_role(ix);
        if !cited.contains(&parent) {
            cited.push(parent);
        }
    }
    Ok(cited)
}

fn is_or_inherits(state: &AccessState, role: &RoleId, from: &RoleId) -> bool {
    let mut pending: Vec<_> = state.role_ix(role.as_str()).into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(ix) = pending.pop() {
        let Some(entry) = state.role(ix).filter(|_| seen.insert(ix)) else { continue };
        if entry.id == *from {
            return true;
        }
        pending.extend(entry.inherits.iter().copied());
    }
    false
}

fn check_role_name(name: &str, own: Option<&RoleRef>, facts: &Facts) -> Result<CompactString, Refusal> {
    let name = check_name(name)?;
    match facts.state.role_named(&name).and_then(|ix| facts.state.role(ix)) {
        Some(taken) if own.is_none_or(|own| own.id != taken.id) => Err(Refusal::NameTaken { name: taken.name.clone() }),
        _ => Ok(name),
    }
}

/// A name without white space around it.
pub(crate) fn check_name(name: &str) -> Result<CompactString, Refusal> {
    let trimmed = name.trim();
    if fold_name(trimmed).is_empty() || trimmed.len() > LONGEST_NAME || trimmed.chars().any(char::is_control) {
        return Err(Refusal::BadName { name: trimmed.chars().take(LONGEST_NAME).collect() });
    }
    Ok(trimmed.into())
}

/// A text that is not too long.
pub(crate) fn check_text(what: &str, text: &str, most: usize) -> Result<(), Refusal> {
    if text.len() > most { Err(Refusal::TooLong { what: what.into(), most: most as u32 }) } else { Ok(()) }
}

fn check_colour(colour: Option<&CompactString>) -> Result<Option<CompactString>, Refusal> {
    let Some(colour) = colour else { return Ok(None) };
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6);
    if digits.is_some_and(|digits| digits.chars().all(|c| c.is_ascii_hexdigit())) {
        Ok(Some(colour.to_lowercase()))
    } else {
        Err(Refusal::BadColour { colour: colour.clone() })
    }
}

impl Aggregate for Role {
    const TYPE: &'static str = "role";
    type Command = (RoleId, RoleCommand);
    type Event = RoleEvent;
    type Error = Refusal;
    type Services = Facts;

    async fn handle(
        &mut self,
        (id, command): Self::Command,
        facts: &Facts,
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.decide(&id, &command, facts)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: RoleEvent) {
        match event {
            RoleEvent::RoleCreated(created) => {
                *self = Self {
                    role: Some(created.role),
                    description: created.description,
                    colour: created.colour,
                    level: created.level,
                    built_in: created.built_in,
                    locked: created.locked,
                    assigned: created.assigned,
                    account_types: created.account_types,
                    permissions: created.permissions.into_iter().collect(),
                    inherits: created.inherits.into_iter().map(|parent| parent.id).collect(),
                    deleted: false,
                };
            }
            RoleEvent::RoleRenamed { role, after, .. } => self.role = Some(RoleRef { id: role, name: after }),
            RoleEvent::RoleDescribed { after, .. } => self.description = after,
            RoleEvent::RoleRecoloured { after, .. } => self.colour = after,
            RoleEvent::RoleLevelChanged { after, .. } => self.level = after,
            RoleEvent::PermissionToggled { permission, after: true, .. } => {
                self.permissions.insert(permission.id);
            }
            RoleEvent::PermissionToggled { permission, after: false, .. } => {
                self.permissions.remove(&permission.id);
            }
            RoleEvent::RoleInheritanceChanged { after, .. } => {
                self.inherits = after.into_iter().map(|parent| parent.id).collect();
            }
            RoleEvent::RoleLocked { .. } => self.locked = true,
            RoleEvent::RoleUnlocked { .. } => self.locked = false,
            RoleEvent::RoleDeleted { .. } => self.deleted = true,
        }
    }
}
