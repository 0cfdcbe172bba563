//! The organisations that are hammered.

use chancery::aggregates::command::{Command, MemberCommand, ScopeChoice};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::state::Status;
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, RoleId, Window};
use chancery::aggregates::{AccessState, Stamp};
use chancery::engine::{Context, Engine, Request};

pub(super) const MEMBERS: [&str; 5] = ["founder", "anita", "ben", "carla", "dan"];

/// Alternately with one owner who hands over, and with owners who make and unmake each other.
pub(super) fn profile(organisation: &str) -> &'static str {
    if organisation.ends_with(['1', '3', '5', '7']) { "workspace" } else { "proplink" }
}

pub(super) async fn found(engine: &Engine, organisation: &str) {
    let id = OrganisationId::known(organisation);
    let document = check(BUILT_IN.iter().find(|(name, _)| *name == profile(organisation)).unwrap().1).unwrap();
    let founder = Founder { id: MemberId::known(MEMBERS[0]), details: Details::default() };
    engine.found(&id, organisation, &document, &founder, Context::default()).await.unwrap();
    let add = |member: &&str| {
        let command = MemberCommand::AddMember {
            kind: MemberKind::Person,
            account_type: None,
            details: Details::default(),
            scope: Some(ScopeChoice::All),
        };
        Command::Member(MemberId::known(*member), command)
    };
    let mut commands: Vec<Command> = MEMBERS[1..].iter().map(add).collect();
    if profile(organisation) == "workspace" {
        commands.push(assign(MEMBERS[1], "owner"));
    }
    let (actor, context) = (Actor::Member(MemberId::known(MEMBERS[0])), Context::default());
    let request = Request { organisation: id, commands, actor, context, idempotency_key: None };
    engine.execute(request).await.unwrap();
}

pub(super) fn assign(member: &str, role: &str) -> Command {
    let command = MemberCommand::AssignRole { role: RoleId::known(role), scope: None, window: Window::default() };
    Command::Member(MemberId::known(member), command)
}

pub(super) fn unassign(member: &str, role: &str) -> Command {
    Command::Member(MemberId::known(member), MemberCommand::UnassignRole { role: RoleId::known(role), scope: None })
}

/// Who holds a role and takes part.
pub(super) fn holders(state: &AccessState, role: &str) -> Vec<MemberId> {
    let Some(role) = state.role_by_id(role) else { return Vec::new() };
    let holders = role.holders.iter().filter_map(|holder| state.member(*holder));
    holders.filter(|holder| holder.status == Status::Active).map(|holder| holder.id.clone()).collect()
}

/// Everything that commands decide on, as a short text: equal texts, equal states.
pub(super) fn told(state: &AccessState) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let (roles, members): (Vec<_>, Vec<_>) = (state.roles().collect(), state.members().collect());
    let stamp: Option<Stamp> = state.founded();
    let mut hasher = DefaultHasher::new();
    format!("{stamp:?} {:?} {} {roles:?} {members:?}", state.time(), state.sequence()).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
