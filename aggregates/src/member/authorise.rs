//! Who may ask what of a member.

use super::{Member, Standing};
use crate::access::{Place, suits};
use crate::authority::{Acting, Facts};
use crate::command::{MemberCommand, ScopeChoice};
use crate::profile::document::AssignedBy;
use crate::refusal::{Refusal, Thing};
use crate::state::{MemberIx, RoleEntry};
use crate::vocabulary::{MemberId, RoleId, ScopeId};

impl Member {
    pub(super) fn authorise(
        &self,
        id: &MemberId,
        command: &MemberCommand,
        acting: Acting,
        facts: &Facts,
    ) -> Result<(), Refusal> {
        match acting {
            Acting::Operator => for_operator(command, facts),
            Acting::System => for_system(command, facts),
            Acting::Member(actor) => self.for_member(id, command, actor, facts),
        }
    }

    fn for_member(
        &self,
        id: &MemberId,
        command: &MemberCommand,
        actor: MemberIx,
        facts: &Facts,
    ) -> Result<(), Refusal> {
        let unseen = || facts.unseen(Thing::Member, id.as_str());
        let target = facts.state.member_ix(id.as_str());
        if let Some(entry) = target.and_then(|target| facts.state.member(target)) {
            if !facts.reaches(actor, &facts.places_of(entry)) && Some(actor) != target {
                return Err(unseen());
            }
        } else if !matches!(command, MemberCommand::AddMember { .. }) {
            return Err(unseen());
        }
        if let Some(target) = target.filter(|_| command.is_about_key()) {
            return Self::authorise_key(target, command, actor, unseen, facts);
        }
        if matches!(command, MemberCommand::ReapplyErasure) {
            return Err(Refusal::NotForActor { actor: facts.actor_name(), command: command.name().into() });
        }
        let oneself = Some(actor) == target;
        if oneself && command.changes_access() && !facts.profile()?.policy().self_change {
            return Err(Refusal::SelfChange { actor: facts.actor_name() });
        }
        if !(oneself && matches!(command, MemberCommand::SubmitDocument { .. })) {
            for (place, named) in places(target, command, facts)? {
                let unseen = || named.map_or_else(unseen, |scope| facts.unseen(Thing::Scope, scope.as_str()));
                facts.authorise(actor, command.need(), place.as_slice(), unseen)?;
            }
        }
        match target {
            Some(target) if command.changes_access() => facts.check_rank(actor, target),
            _ => Ok(()),
        }
    }

    pub(super) fn existing(&self, id: &MemberId, facts: &Facts) -> Result<(), Refusal> {
        match (&self.id, self.standing) {
            (None, _) => Err(facts.unseen(Thing::Member, id.as_str())),
            (Some(_), Standing::Removed) => Err(Refusal::MemberLeft { member: id.as_str().into() }),
            (Some(_), Standing::Active | Standing::Suspended) => Ok(()),
        }
    }

    /// Whether an actor may give or take this role at all.
    pub(super) fn check_role(&self, role: &RoleEntry, acting: Acting, facts: &Facts) -> Result<(), Refusal> {
        let name = || role.name.clone();
        match (role.assigned, acting) {
            (AssignedBy::System, Acting::Member(_)) => return Err(Refusal::SystemRole { role: name() }),
            (AssignedBy::Transfer, Acting::Member(_) | Acting::System) => {
                return Err(Refusal::OwnerRole { role: name() });
            }
            (AssignedBy::Transfer, Acting::Operator) if !role.holders.is_empty() => {
                return Err(Refusal::OwnerRole { role: name() });
            }
            (AssignedBy::Hand, Acting::System) => {
                return Err(Refusal::NotForActor { actor: facts.actor_name(), command: "AssignRole".into() });
            }
            _ => {}
        }
        let Acting::Member(actor) = acting else { return Ok(()) };
        let by = &role.assigned_only_by;
        if !by.is_empty() && !facts.holds_one_of(actor, by.iter().map(RoleId::as_str)) {
            let names = by.iter().map(|id| {
                facts.state.role_by_id(id.as_str()).map_or_else(|| id.as_str().into(), |role| role.name.clone())
            });
            return Err(Refusal::AssignedOnlyBy { role: name(), by: names.collect() });
        }
        facts.check_level(actor, &role.name, role.level)
    }

    /// Whether members of this account type may hold the role.
    pub(super) fn check_suits(&self, id: &MemberId, role: &RoleEntry, facts: &Facts) -> Result<(), Refusal> {
        let profile = facts.profile()?;
        match facts.state.member_by_id(id.as_str()) {
            Some(entry) if !suits(profile, entry.account_type, &role.account_types) => {
                Err(Refusal::RoleForOtherAccountType {
                    role: role.name.clone(),
                    account_type: self.account_type.as_str().into(),
                })
            }
            _ => Ok(()),
        }
    }
}

/// The operator enrols: members and roles of an organisation that is founded or imported, and a key
/// for somebody to get in with.
fn for_operator(command: &MemberCommand, facts: &Facts) -> Result<(), Refusal> {
    match command {
        MemberCommand::AddMember { .. } | MemberCommand::AssignRole { .. } | MemberCommand::IssueKey { .. } => Ok(()),
        // Whoever restored the store makes good what the store forgot.
        MemberCommand::ReapplyErasure => Ok(()),
        _ => Err(Refusal::NotForActor { actor: facts.actor_name(), command: command.name().into() }),
    }
}

/// The product itself records what happens in it; system roles are checked with the role.
fn for_system(command: &MemberCommand, facts: &Facts) -> Result<(), Refusal> {
    match command {
        MemberCommand::AddMember { .. }
        | MemberCommand::VerifyEmail
        | MemberCommand::SubmitDocument { .. }
        | MemberCommand::ExpireDocument { .. }
        | MemberCommand::AssignRole { .. }
        | MemberCommand::UnassignRole { .. } => Ok(()),
        _ => Err(Refusal::NotForActor { actor: facts.actor_name(), command: command.name().into() }),
    }
}

/// Where an actor needs authority, absent for "anywhere"; with the scope by which the command names the place. If it is
/// out of the actor's sight, then it is that scope that is unknown, as if it were not there, and not the member.
type Named<'a> = (Option<Place>, Option<&'a ScopeId>);

fn places<'a>(target: Option<MemberIx>, command: &'a MemberCommand, facts: &Facts) -> Result<Vec<Named<'a>>, Refusal> {
    let entry = target.and_then(|target| facts.state.member(target));
    let unnamed = |places: Vec<Place>| places.into_iter().map(|place| (Some(place), None)).collect::<Vec<_>>();
    let covered = || unnamed(entry.map(|entry| facts.coverage_places(&entry.scope)).unwrap_or_default());
    let mut places = match command {
        MemberCommand::AddMember { scope, .. } => chosen(scope.as_ref(), facts)?,
        MemberCommand::ChangeScope { scope } => {
            let mut places = covered();
            places.extend(chosen(Some(scope), facts)?);
            places
        }
        MemberCommand::AssignRole { role, scope, .. } | MemberCommand::UnassignRole { role, scope } => {
            assignment_place(role, scope.as_ref(), facts)?.map_or_else(covered, |place| vec![place])
        }
        MemberCommand::ToggleMemberPermission { .. } | MemberCommand::ClearMemberPermission { .. } => covered(),
        _ => unnamed(entry.map(|entry| facts.places_of(entry)).unwrap_or_default()),
    };
    places.dedup_by_key(|(place, _)| *place);
    Ok(if places.is_empty() { vec![(None, None)] } else { places })
}

fn assignment_place<'a>(
    role: &RoleId,
    scope: Option<&'a ScopeId>,
    facts: &Facts,
) -> Result<Option<Named<'a>>, Refusal> {
    let everywhere = facts.state.role_by_id(role.as_str()).is_some_and(|role| role.everywhere);
    match scope {
        _ if everywhere => Ok(Some((Some(Place::Organisation), None))),
        Some(scope) => named(scope, facts).map(Some),
        None => Ok(None),
    }
}

fn chosen<'a>(scope: Option<&'a ScopeChoice>, facts: &Facts) -> Result<Vec<Named<'a>>, Refusal> {
    match scope {
        None | Some(ScopeChoice::None) => Ok(Vec::new()),
        Some(ScopeChoice::All) => Ok(vec![(Some(Place::Organisation), None)]),
        Some(ScopeChoice::Selected(nodes) | ScopeChoice::ByGroup(nodes)) => {
            nodes.iter().map(|node| named(node, facts)).collect()
        }
    }
}

fn named<'a>(scope: &'a ScopeId, facts: &Facts) -> Result<Named<'a>, Refusal> {
    facts.find_scope(scope.as_str()).map(|found| (Some(facts.seat(found)), Some(scope)))
}
