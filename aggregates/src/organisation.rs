//! The organisation aggregate: founding, revisions, the owner.

use std::collections::HashSet;

use compact_str::CompactString;
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use crate::authority::{Acting, Facts};
use crate::command::OrganisationCommand;
use crate::event::OrganisationEvent;
use crate::profile::document::{CategoryDocument, Policy};
use crate::refusal::{Refusal, Thing};
use crate::role::check_name;
use crate::state::{AccessState, Status};
use crate::vocabulary::{MemberId, OrganisationId, PermissionKey, RoleRef};

/// An organisation, folded from its own stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Its id; absent before it is founded.
    pub id: Option<OrganisationId>,
    /// What people call it.
    pub name: CompactString,
    /// The switches in force.
    pub policy: Policy,
    /// Whoever was last given the owner role by transfer.
    pub owner_by_transfer: Option<MemberId>,
}

impl Organisation {
    /// The organisation as the access state has it.
    pub fn of(state: &AccessState) -> Self {
        Self {
            id: state.founded().map(|_| state.organisation().clone()),
            name: state.name().into(),
            policy: state.profile().map(|profile| profile.policy().clone()).unwrap_or_default(),
            owner_by_transfer: None,
        }
    }

    /// What happens when an actor asks this of the organisation.
    ///
    /// # Errors
    /// The first rule that refuses it.
    pub fn decide(&self, command: &OrganisationCommand, facts: &Facts) -> Result<Vec<OrganisationEvent>, Refusal> {
        if let OrganisationCommand::FoundOrganisation { organisation, name, profile } = command {
            operator_only(command, facts)?;
            if let Some(id) = &self.id {
                return Err(Refusal::AlreadyFounded { organisation: id.as_str().into() });
            }
            OrganisationId::parse(organisation.as_str())
                .map_err(|because| Refusal::bad_id(Thing::Organisation, organisation.as_str(), because))?;
            return Ok(vec![OrganisationEvent::OrganisationFounded {
                organisation: organisation.clone(),
                name: check_name(name)?,
                profile: profile.clone(),
            }]);
        }
        facts.profile()?;
        match command {
            // INVARIANT: handled above.
            OrganisationCommand::FoundOrganisation { .. } => Ok(Vec::new()),
            OrganisationCommand::ReviseCatalogue { added } => {
                operator_only(command, facts)?;
                Ok(revise_catalogue(added, facts)?.into_iter().collect())
            }
            OrganisationCommand::RevisePolicy { policy } => {
                operator_only(command, facts)?;
                Ok(self.revise_policy(policy)?.into_iter().collect())
            }
            OrganisationCommand::TransferOwner { to } => transfer_owner(to, facts),
            OrganisationCommand::PublishLogKey { key } => {
                operator_only(command, facts)?;
                Ok(vec![OrganisationEvent::LogKeyPublished { key: check_name(key)? }])
            }
            OrganisationCommand::ExportAudit(export) => {
                facts.may_export()?;
                Ok(vec![OrganisationEvent::AuditExported(export.clone())])
            }
        }
    }

    fn revise_policy(&self, policy: &Policy) -> Result<Option<OrganisationEvent>, Refusal> {
        for (switch, changed) in [
            // Exactly one member holds it, and roles have a level or they have none.
            ("owner_role", self.policy.owner_role != policy.owner_role),
            ("levels", self.policy.levels != policy.levels),
        ] {
            if changed {
                return Err(Refusal::PolicyFixed { switch: switch.into() });
            }
        }
        let revised = || OrganisationEvent::PolicyRevised {
            before: Box::new(self.policy.clone()),
            after: Box::new(policy.clone()),
        };
        Ok((self.policy != *policy).then(revised))
    }
}

fn operator_only(command: &OrganisationCommand, facts: &Facts) -> Result<(), Refusal> {
    match facts.actor {
        crate::vocabulary::Actor::Operator => Ok(()),
        _ => Err(Refusal::OperatorOnly { command: command.name().into() }),
    }
}

fn revise_catalogue(added: &[CategoryDocument], facts: &Facts) -> Result<Option<OrganisationEvent>, Refusal> {
    let profile = facts.profile()?;
    let mut seen = HashSet::new();
    let mut news = Vec::new();
    for category in added {
        let mut category = category.clone();
        for permission in &category.permissions {
            check_name(&permission.label)?;
            PermissionKey::parse(&permission.key)
                .map_err(|because| Refusal::bad_id(Thing::Permission, &permission.key, because))?;
        }
        category.permissions.retain(|permission| {
            profile.permission_ix(&permission.key).is_none() && seen.insert(permission.key.clone())
        });
        if !category.permissions.is_empty() {
            news.push(category);
        }
    }
    Ok((!news.is_empty()).then_some(OrganisationEvent::CatalogueRevised { added: news }))
}

fn transfer_owner(to: &MemberId, facts: &Facts) -> Result<Vec<OrganisationEvent>, Refusal> {
    let acting = facts.acting()?;
    let profile = facts.profile()?;
    let owner_role = profile.policy().owner_role.as_ref().ok_or(Refusal::NoOwnerRole)?;
    let (role_ix, role) = facts.find_role(owner_role)?;
    let Acting::Member(actor) = acting else {
        return Err(Refusal::NotForActor { actor: facts.actor_name(), command: "TransferOwner".into() });
    };
    if !role.holders.contains(&actor) {
        return Err(Refusal::NotOwner { actor: facts.actor_name(), role: role.name.clone() });
    }
    let target = facts.state.member_ix(to.as_str()).ok_or_else(|| facts.unseen(Thing::Member, to.as_str()))?;
    if target == actor {
        return Ok(Vec::new());
    }
    let Some(member) = facts.state.member(target) else { return Ok(Vec::new()) };
    if member.status == Status::Removed {
        return Err(Refusal::MemberLeft { member: to.as_str().into() });
    }
    crate::access::check_active(profile, member, facts.now)
        .map_err(|denial| Refusal::ActorInactive { actor: to.as_str().into(), because: denial.to_string() })?;
    if !crate::access::suits(profile, member.account_type, &role.account_types) {
        let account_type = profile.account_type(member.account_type).map(|t| t.key.as_str().into());
        return Err(Refusal::RoleForOtherAccountType {
            role: role.name.clone(),
            account_type: account_type.unwrap_or_default(),
        });
    }
    let role: RoleRef = facts.state.cite_role(role_ix);
    let before = match &facts.actor {
        crate::vocabulary::Actor::Member(id) => id.clone(),
        _ => MemberId::default(),
    };
    facts.confirm(acting, vec![OrganisationEvent::OwnerTransferred { role, before, after: to.clone() }])
}

impl Aggregate for Organisation {
    const TYPE: &'static str = "organisation";
    type Command = OrganisationCommand;
    type Event = OrganisationEvent;
    type Error = Refusal;
    type Services = Facts;

    async fn handle(
        &mut self,
        command: OrganisationCommand,
        facts: &Facts,
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.decide(&command, facts)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: OrganisationEvent) {
        match event {
            OrganisationEvent::OrganisationFounded { organisation, name, profile } => {
                self.id = Some(organisation);
                self.name = name;
                self.policy = profile.policy;
            }
            OrganisationEvent::CatalogueRevised { .. }
            | OrganisationEvent::CommandRefused(_)
            | OrganisationEvent::LogKeyPublished { .. }
            | OrganisationEvent::AuditExported(_) => {}
            OrganisationEvent::PolicyRevised { after, .. } => self.policy = *after,
            OrganisationEvent::OwnerTransferred { after, .. } => self.owner_by_transfer = Some(after),
        }
    }
}
