//! Attempts to get, or to give, more than one has: each a test of one sentence.
//!
//! Mallory has the management permission that each attempt needs, and little else.

mod keys;
mod members;
mod roles;
mod scopes;

use chancery_aggregates::command::{
    BuiltIn, MemberCommand, NewRole, OrganisationCommand, RoleCommand, ScopeChoice, ScopeCommand,
};
use chancery_aggregates::event::Details;
use chancery_aggregates::vocabulary::{AccountTypeKey, Actor, DocumentKind, MemberKind, Window};
use chancery_aggregates::{Command, Refusal};
use chrono::TimeDelta;

use crate::oracle::{Grip, Place, Reading};
use crate::world::{FOUNDER, World, actor, member_id, permission_key, role_id, scope_id};

const MALLORY: &str = "mallory";
const TOM: &str = "tom";

fn to_role(role: &str, command: RoleCommand) -> Command {
    Command::Role(role_id(role), command)
}

fn to_member(member: &str, command: MemberCommand) -> Command {
    Command::Member(member_id(member), command)
}

fn to_scope(scope: &str, command: ScopeCommand) -> Command {
    Command::Scope(scope_id(scope), command)
}

fn create(permissions: &[&str], level: Option<u16>) -> NewRole {
    NewRole { level, permissions: permissions.iter().map(|key| permission_key(key)).collect(), ..NewRole::default() }
}

fn assign_in(role: &str, scope: Option<&str>, window: Window) -> MemberCommand {
    MemberCommand::AssignRole { role: role_id(role), scope: scope.map(scope_id), window }
}

fn assign(role: &str) -> MemberCommand {
    assign_in(role, None, Window::default())
}

fn toggle(permission: &str, allowed: bool) -> MemberCommand {
    MemberCommand::ToggleMemberPermission { permission: permission_key(permission), allowed }
}

fn switch(allow: &[&str], deny: &[&str]) -> RoleCommand {
    let keys = |keys: &[&str]| keys.iter().map(|key| permission_key(key)).collect();
    RoleCommand::TogglePermissions { allow: keys(allow), deny: keys(deny) }
}

fn selected(scopes: &[&str]) -> ScopeChoice {
    ScopeChoice::Selected(scopes.iter().map(|scope| scope_id(scope)).collect())
}

impl World {
    fn done_by(&mut self, who: &str, command: Command) -> &mut Self {
        let outcome = self.ask(actor(who), command);
        outcome.result.unwrap_or_else(|refusal| panic!("{who}, {:?}: {refusal}", outcome.command));
        self
    }

    fn done(&mut self, command: Command) -> &mut Self {
        self.done_by(FOUNDER, command)
    }

    fn with_role(&mut self, role: &str, permissions: &[&str]) -> &mut Self {
        let level = self.document.policy.levels.then_some(30);
        let new = NewRole { name: role.into(), ..create(permissions, level) };
        self.done(to_role(role, RoleCommand::CreateRole(Box::new(new))))
    }

    fn with_member(&mut self, member: &str, account_type: Option<&str>, scope: Option<ScopeChoice>) -> &mut Self {
        let account_type = account_type.map(AccountTypeKey::known);
        let details = Details::default();
        self.done(to_member(
            member,
            MemberCommand::AddMember { kind: MemberKind::Person, account_type, details, scope },
        ))
    }

    /// Mallory, with a role of her own.
    fn with_mallory(&mut self, permissions: &[&str], scope: Option<ScopeChoice>) -> &mut Self {
        self.with_role("mallorys", permissions)
            .with_member(MALLORY, None, scope)
            .done(to_member(MALLORY, assign("mallorys")))
    }

    /// Id, kind and parent of each.
    fn with_scopes(&mut self, scopes: &[(&str, &str, Option<&str>)]) -> &mut Self {
        for (id, kind, parent) in scopes {
            let (name, kind, parent) = ((*id).into(), Some((*kind).into()), parent.map(scope_id));
            self.done(to_scope(id, ScopeCommand::CreateScope { name, kind, parent }));
        }
        self
    }

    #[track_caller]
    fn refuses_mallory(&mut self, rule: &str, command: Command) -> Refusal {
        let outcome = self.ask(actor(MALLORY), command);
        let refusal = outcome.result.expect_err("Mallory got away with it");
        assert_eq!(refusal.rule(), rule, "{refusal}");
        refusal
    }

    fn grip_of(&self, member: &str, permission: &str, place: &Place) -> Grip {
        self.oracle().holds(member, permission, place, self.now, Reading::Actual)
    }
}

fn workspace(permissions: &[&str]) -> World {
    let mut world = World::found("workspace");
    world.with_mallory(permissions, None).with_member(TOM, None, None);
    world
}

fn proplink(permissions: &[&str]) -> World {
    let mut world = World::found("proplink");
    world
        .with_scopes(&[
            ("e0", "estate", None),
            ("e1", "estate", None),
            ("s0", "site", Some("e0")),
            ("s1", "site", Some("e1")),
        ])
        .with_mallory(permissions, Some(ScopeChoice::All));
    world
}

fn propops(permissions: &[&str]) -> World {
    let mut world = World::found("propops");
    world.with_scopes(&[("b0", "branch", None), ("b1", "branch", None)]).with_mallory(permissions, None);
    world
}
