//! Founding: the commands that make an organisation from a profile.

use compact_str::CompactString;

use crate::command::{BuiltIn, Command, MemberCommand, NewRole, OrganisationCommand, RoleCommand, ScopeChoice};
use crate::event::Details;
use crate::profile::Profile;
use crate::profile::document::{ProfileDocument, RoleDocument};
use crate::vocabulary::{AccountTypeKey, MemberId, MemberKind, OrganisationId, RoleId, Window};

/// Who starts an organisation, and holds its highest role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founder {
    /// The founder's id as a member.
    pub id: MemberId,
    /// Name, e-mail address, phone number.
    pub details: Details,
}

/// The commands, to be carried out by the operator as one change. The founder gets the owner role
/// where the profile has one, else the profile's first role.
pub fn commands(
    organisation: &OrganisationId,
    name: &str,
    document: &ProfileDocument,
    founder: &Founder,
) -> Vec<Command> {
    let profile = Profile::compile(document.clone());
    let mut commands = vec![Command::Organisation(OrganisationCommand::FoundOrganisation {
        organisation: organisation.clone(),
        name: CompactString::from(name),
        profile: Box::new(document.clone()),
    })];
    commands.extend(parents_first(&document.roles).into_iter().map(|role| create_role(&profile, role)));
    let owner_role = document.policy.owner_role.as_ref();
    let highest = document.roles.iter().find(|role| owner_role.is_none_or(|owner| role.key == *owner));
    let account_type = highest
        .and_then(|role| role.account_types.first())
        .or_else(|| document.account_types.first().map(|account_type| &account_type.key));
    commands.push(Command::Member(
        founder.id.clone(),
        MemberCommand::AddMember {
            kind: MemberKind::Person,
            account_type: account_type.map(|key| AccountTypeKey::known(key.clone())),
            details: founder.details.clone(),
            scope: Some(ScopeChoice::All),
        },
    ));
    commands.extend(highest.map(|role| {
        Command::Member(
            founder.id.clone(),
            MemberCommand::AssignRole { role: RoleId::known(role.key.clone()), scope: None, window: Window::default() },
        )
    }));
    commands
}

fn create_role(profile: &Profile, role: &RoleDocument) -> Command {
    let ids = |keys: &[CompactString]| keys.iter().cloned().map(RoleId::known).collect();
    Command::Role(
        RoleId::known(role.key.clone()),
        RoleCommand::CreateRole(Box::new(NewRole {
            name: CompactString::from(role.name.as_str()),
            description: role.description.clone(),
            colour: role.colour.clone(),
            level: role.level,
            permissions: profile.keys(&profile.select(&role.permissions)),
            inherits: ids(&role.inherits),
            built_in: Some(BuiltIn {
                locked: role.locked,
                everywhere: role.everywhere,
                assigned: role.assigned,
                assigned_only_by: ids(&role.assigned_only_by),
                account_types: role.account_types.iter().cloned().map(AccountTypeKey::known).collect(),
            }),
        })),
    )
}

/// A role is created after the roles that it inherits from. A checked profile has no cycle; what a
/// cycle would leave over comes last.
fn parents_first(roles: &[RoleDocument]) -> Vec<&RoleDocument> {
    let mut ordered: Vec<&RoleDocument> = Vec::new();
    let mut waiting: Vec<&RoleDocument> = roles.iter().collect();
    while !waiting.is_empty() {
        let ready =
            |role: &&RoleDocument| role.inherits.iter().all(|parent| ordered.iter().any(|done| done.key == *parent));
        let (now, later): (Vec<_>, Vec<_>) = waiting.iter().copied().partition(ready);
        if now.is_empty() {
            ordered.extend(later);
            break;
        }
        ordered.extend(now);
        waiting = later;
    }
    ordered
}
