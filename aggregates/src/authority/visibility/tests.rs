use crate::command::{Command, MemberCommand, NewRole, RoleCommand, ScopeChoice, ScopeCommand};
use crate::event::{Details, Event, Stamp};
use crate::founding::{self, Founder};
use crate::member::Member;
use crate::organisation::Organisation;
use crate::profile::BUILT_IN;
use crate::review::Review;
use crate::role::Role;
use crate::scope::Scope;
use crate::state::AccessState;
use crate::vocabulary::{
    AccountTypeKey, Actor, MemberId, MemberKind, OrganisationId, PermissionKey, RoleId, ScopeId, Time, Window,
};
use crate::{Facts, Refusal};

/// An organisation, founded by Ann.
struct World {
    state: AccessState,
}

impl World {
    fn founded(profile: &str) -> Self {
        let (_, text) = BUILT_IN.iter().find(|(name, _)| *name == profile).unwrap();
        let founder = Founder { id: MemberId::known("ann"), details: Details::default() };
        let document = toml::from_str(text).unwrap();
        let mut world = Self { state: AccessState::default() };
        for command in founding::commands(&OrganisationId::known("acme"), "Acme", &document, &founder) {
            world.run(Actor::Operator, command);
        }
        world
    }

    fn facts(&self, actor: Actor) -> Facts {
        Facts { state: self.state.clone(), actor, now: "2026-03-03T12:00:00Z".parse::<Time>().unwrap() }
    }

    fn reads(&self, member: &str) -> Facts {
        self.facts(Actor::Member(MemberId::known(member)))
    }

    fn run(&mut self, actor: Actor, command: Command) {
        let facts = self.facts(actor);
        let events: Vec<Event> = match &command {
            Command::Organisation(command) => {
                let events = Organisation::of(&self.state).decide(command, &facts).unwrap();
                events.into_iter().map(Into::into).collect()
            }
            Command::Role(id, command) => {
                let role = self.state.role_by_id(id.as_str()).map(|role| Role::of(&self.state, role));
                let events = role.unwrap_or_default().decide(id, command, &facts).unwrap();
                events.into_iter().map(Into::into).collect()
            }
            Command::Member(id, command) => {
                let member = self.state.member_by_id(id.as_str()).map(|member| Member::of(&self.state, member));
                let events = member.unwrap_or_default().decide(id, command, &facts).unwrap();
                events.into_iter().map(Into::into).collect()
            }
            Command::Scope(id, command) => {
                let scope = self.state.scope_by_id(id.as_str()).map(|scope| Scope::of(&self.state, scope));
                let events = scope.unwrap_or_default().decide(id, command, &facts).unwrap();
                events.into_iter().map(Into::into).collect()
            }
            Command::Review(id, command) => {
                let review = self.state.review_by_id(id.as_str()).map(|review| Review::of(&self.state, review));
                let events = review.unwrap_or_default().decide(id, command, &facts).unwrap();
                events.into_iter().map(Into::into).collect()
            }
        };
        for event in events {
            let stamp = Stamp { position: self.state.position() + 1, time: facts.now };
            self.state.apply(&event, stamp);
        }
    }

    fn by_ann(mut self, command: Command) -> Self {
        self.run(Actor::Member(MemberId::known("ann")), command);
        self
    }

    fn scope(self, id: &str, kind: &str) -> Self {
        let create = ScopeCommand::CreateScope { name: id.into(), kind: Some(kind.into()), parent: None };
        self.by_ann(Command::Scope(ScopeId::known(id), create))
    }

    fn role(self, id: &str, level: Option<u16>, permissions: &[&str]) -> Self {
        let permissions = permissions.iter().map(|key| PermissionKey::known(*key)).collect();
        let new = NewRole { name: id.into(), level, permissions, ..NewRole::default() };
        self.by_ann(Command::Role(RoleId::known(id), RoleCommand::CreateRole(Box::new(new))))
    }

    fn member(self, id: &str, account_type: &str, scope: ScopeChoice) -> Self {
        let add = MemberCommand::AddMember {
            kind: MemberKind::Person,
            account_type: Some(AccountTypeKey::known(account_type)),
            details: Details::default(),
            scope: Some(scope),
        };
        self.of(id, add)
    }

    fn holds(self, member: &str, role: &str, within: Option<&str>, until: Option<&str>) -> Self {
        let window = Window { from: None, until: until.map(|until| until.parse().unwrap()) };
        let scope = within.map(ScopeId::known);
        self.of(member, MemberCommand::AssignRole { role: RoleId::known(role), scope, window })
    }

    fn of(self, member: &str, command: MemberCommand) -> Self {
        self.by_ann(Command::Member(MemberId::known(member), command))
    }
}

/// Hugo leads in Tower, Mei views there, Omar views in Library; Zoe has no role at all.
fn buildings() -> World {
    World::founded("buildings")
        .scope("tower", "building")
        .scope("library", "building")
        .role("lead", None, &["assets.view", "users.manage_access"])
        .role("viewer", None, &["assets.view"])
        .member("hugo", "member", ScopeChoice::None)
        .holds("hugo", "lead", Some("tower"), None)
        .member("mei", "member", ScopeChoice::None)
        .holds("mei", "viewer", Some("tower"), None)
        .member("omar", "member", ScopeChoice::None)
        .holds("omar", "viewer", Some("library"), None)
        .member("zoe", "member", ScopeChoice::None)
}

fn members(facts: &Facts) -> Vec<&str> {
    facts.reader().unwrap().members().unwrap().into_iter().map(|(_, member)| member.id.as_str()).collect()
}

fn scopes(facts: &Facts) -> Vec<&str> {
    facts.reader().unwrap().scopes().into_iter().map(|(_, scope)| scope.id.as_str()).collect()
}

fn rule<T: std::fmt::Debug>(result: Result<T, Refusal>) -> &'static str {
    result.unwrap_err().rule()
}

#[test]
fn roles_are_hidden_from_those_who_manage_access_nowhere() {
    let world = buildings();
    assert_eq!(world.reads("hugo").reader().unwrap().roles().unwrap().len(), 3);
    assert!(world.reads("mei").reader().unwrap().roles().unwrap().is_empty());
    assert_eq!(rule(world.reads("mei").reader().unwrap().role("viewer")), "unknown");
    assert_eq!(world.facts(Actor::Operator).reader().unwrap().roles().unwrap().len(), 3);
}

#[test]
fn roles_need_the_permission_that_the_profile_names() {
    let world = World::founded("proplink").member("tom", "user", ScopeChoice::All);
    assert_eq!(rule(world.reads("tom").reader().unwrap().roles()), "missing_permission");
    let world = world.holds("tom", "administrator", None, None);
    assert!(world.reads("tom").reader().unwrap().role("manager").is_ok());
}

#[test]
fn members_are_seen_where_the_reader_may_see_members() {
    let world = buildings();
    assert_eq!(members(&world.reads("ann")), ["ann", "hugo", "mei", "omar", "zoe"]);
    // Zoe has no place, and so is nowhere out of scope.
    assert_eq!(members(&world.reads("hugo")), ["hugo", "mei", "zoe"]);
    assert_eq!(rule(world.reads("mei").reader().unwrap().members()), "missing_permission");
}

#[test]
fn elsewhere_is_not_found_and_here_without_permission_is_forbidden() {
    let world = buildings();
    let hugo = world.reads("hugo");
    assert!(hugo.reader().unwrap().member("mei").is_ok());
    assert_eq!(rule(hugo.reader().unwrap().member("omar")), "unknown");
    assert_eq!(rule(hugo.reader().unwrap().member("nobody")), "unknown");
    let mei = world.reads("mei");
    assert!(mei.reader().unwrap().member("mei").is_ok());
    assert_eq!(rule(mei.reader().unwrap().member("hugo")), "missing_permission");
    assert_eq!(rule(mei.reader().unwrap().member("omar")), "unknown");
}

#[test]
fn scopes_are_seen_where_the_reader_holds_anything_now() {
    let world = buildings();
    assert_eq!(scopes(&world.reads("ann")), ["tower", "library"]);
    assert_eq!(scopes(&world.reads("mei")), ["tower"]);
    assert!(scopes(&world.reads("zoe")).is_empty());
    assert_eq!(rule(world.reads("mei").reader().unwrap().scope("library")), "unknown");
    let world = world.holds("zoe", "viewer", Some("library"), Some("2026-03-03T13:00:00Z"));
    assert_eq!(scopes(&world.reads("zoe")), ["library"]);
    let mut later = world.reads("zoe");
    later.now = "2026-03-03T13:00:00Z".parse().unwrap();
    assert!(scopes(&later).is_empty());
}

#[test]
fn an_archived_scope_is_seen_from_above_only() {
    let archive = Command::Scope(ScopeId::known("tower"), ScopeCommand::ArchiveScope);
    let world = buildings().by_ann(archive);
    assert_eq!(scopes(&world.reads("ann")), ["tower", "library"]);
    assert!(scopes(&world.reads("mei")).is_empty());
}

#[test]
fn a_scope_without_a_role_shows_nothing() {
    let only = |id: &str| ScopeChoice::Selected(vec![ScopeId::known(id)]);
    let world = World::founded("proplink").scope("acacia", "site").member("tom", "user", only("acacia"));
    assert!(scopes(&world.reads("tom")).is_empty());
    let world = world.holds("tom", "manager", None, None);
    assert_eq!(scopes(&world.reads("tom")), ["acacia"]);
}

#[test]
fn own_access_is_seen_unless_the_account_type_hides_it() {
    let world = World::founded("propops").member("fay", "staff", ScopeChoice::All);
    let fay = world.reads("fay");
    assert!(fay.reader().unwrap().sees_access_of(fay.state.member_ix("fay").unwrap()));
    let mut world = world.member("abe", "agent", ScopeChoice::None);
    world.run(Actor::System, Command::Member(MemberId::known("abe"), MemberCommand::VerifyEmail));
    let abe = world.reads("abe");
    assert!(!abe.reader().unwrap().sees_access_of(abe.state.member_ix("abe").unwrap()));
    let ann = world.reads("ann");
    assert!(ann.reader().unwrap().sees_access_of(ann.state.member_ix("abe").unwrap()));
}

#[test]
fn the_past_is_for_those_who_may_read_the_whole_audit_log() {
    let world = buildings();
    assert_eq!(world.reads("ann").may_replay(), Ok(()));
    assert_eq!(world.facts(Actor::Operator).may_replay(), Ok(()));
    assert_eq!(rule(world.reads("hugo").may_replay()), "missing_permission");
}

#[test]
fn who_does_not_take_part_reads_nothing() {
    let world = buildings().of("hugo", MemberCommand::SuspendMember);
    assert_eq!(rule(world.reads("hugo").reader().map(|_| ())), "actor_inactive");
    assert_eq!(rule(world.reads("nobody").reader().map(|_| ())), "unknown_actor");
}
