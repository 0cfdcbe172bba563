//! Which command comes next: those that get in each other's way.

use chancery::aggregates::AccessState;
use chancery::aggregates::command::{Command, MemberCommand, NewRole, OrganisationCommand, RoleCommand};
use chancery::aggregates::vocabulary::{MemberId, OrganisationId, RoleId};

use super::world::{MEMBERS, assign, holders, profile, unassign};

/// Names of roles that there are to have.
const NAMES: u64 = 6;

/// Numbers that look random, and are the same for the same seed (SplitMix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn choose<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        if choices.is_empty() { None } else { choices.get(usize::try_from(self.roll(choices.len() as u64)).unwrap()) }
    }
}

/// A command, and who gives it, as it makes sense in the state that the process knows.
pub(super) fn next(
    dice: &mut Dice,
    organisation: &OrganisationId,
    state: &AccessState,
    unique: &str,
) -> (MemberId, Command) {
    let owners = holders(state, "owner");
    let actor = dice.choose(&owners).cloned().unwrap_or(MemberId::known(MEMBERS[0]));
    let roles: Vec<RoleId> =
        state.roles().filter(|(_, role)| !role.built_in).map(|(_, role)| role.id.clone()).collect();
    let member = *dice.choose(&MEMBERS).unwrap();
    let one = |dice: &mut Dice| dice.choose(&roles).cloned().unwrap_or(RoleId::known("none-yet"));
    let (role, other) = (one(dice), one(dice));
    let command = match dice.roll(10) {
        0 | 1 => {
            let name = format!("Role {}", dice.roll(NAMES));
            let new = NewRole { name: name.into(), description: "A role".into(), ..NewRole::default() };
            Command::Role(RoleId::known(unique), RoleCommand::CreateRole(Box::new(new)))
        }
        2 => Command::Role(role, RoleCommand::DeleteRole),
        3 => assign(member, role.as_str()),
        4 => match holders(state, role.as_str()).first() {
            Some(holder) => unassign(holder.as_str(), role.as_str()),
            None => assign(member, role.as_str()),
        },
        5 | 6 => Command::Role(role, RoleCommand::InheritFrom { parents: vec![other] }),
        7 => Command::Role(role, RoleCommand::RenameRole { name: format!("Role {}", dice.roll(NAMES)).into() }),
        _ if profile(organisation.as_str()) == "proplink" => {
            let to = MemberId::known(member);
            Command::Organisation(OrganisationCommand::TransferOwner { to })
        }
        8 => assign(member, "owner"),
        _ => match dice.choose(&owners) {
            Some(owner) if dice.roll(8) > 0 => unassign(owner.as_str(), "owner"),
            // Themselves, while others are at it too.
            _ => Command::Member(actor.clone(), MemberCommand::SuspendMember),
        },
    };
    (actor, command)
}
