//! Random histories by way of the engine: whatever the founder may ask, and some that is refused.

use std::sync::Arc;

use chancery::aggregates::Command;
use chancery::aggregates::command::{MemberCommand, RoleCommand, ScopeChoice, ScopeCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{
    Actor, MemberId, MemberKind, OrganisationId, PermissionKey, RoleId, ScopeId, Time, Window,
};
use chancery::engine::{Context, Engine, EngineError, ManualClock, Request};
use chancery::store::memory::MemoryStore;
use chrono::TimeDelta;

pub(crate) const PROFILES: [&str; 4] = ["propops", "proplink", "workspace", "buildings"];

pub(crate) struct History {
    pub(crate) engine: Engine,
    pub(crate) organisation: OrganisationId,
    clock: Arc<ManualClock>,
    random: u64,
}

impl History {
    pub(crate) async fn founded(profile: &str, seed: u64) -> Self {
        let clock = Arc::new(ManualClock::new("2026-01-05T09:00:00Z".parse().unwrap()));
        let engine = Engine::with_clock(Arc::new(MemoryStore::new()), clock.clone());
        let organisation = OrganisationId::known("tenant");
        let profile = check(BUILT_IN.iter().find(|(name, _)| *name == profile).unwrap().1).unwrap();
        let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
        engine.found(&organisation, "Tenant", &profile, &founder, Context::default()).await.unwrap();
        Self { engine, organisation, clock, random: seed }
    }

    pub(crate) fn now(&self) -> Time {
        self.engine.now()
    }

    fn below(&mut self, limit: usize) -> usize {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % limit
    }

    /// A random command; the position after it, unless it was refused.
    pub(crate) async fn step(&mut self) -> Option<u64> {
        self.clock.set(self.now() + TimeDelta::minutes(7));
        let command = self.command().await;
        self.execute(command).await
    }

    async fn execute(&self, command: Command) -> Option<u64> {
        let request = Request {
            organisation: self.organisation.clone(),
            commands: vec![command],
            actor: Actor::Member(MemberId::known("founder")),
            context: Context::default(),
            idempotency_key: None,
        };
        match self.engine.execute(request).await {
            Ok(outcome) => Some(outcome.position),
            Err(EngineError::Refused { .. }) => Some(self.engine.state(&self.organisation).await.unwrap().position()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn command(&mut self) -> Command {
        let state = self.engine.state(&self.organisation).await.unwrap();
        let roles: Vec<RoleId> = state.roles().map(|(_, role)| role.id.clone()).collect();
        let permissions = state.profile().unwrap().permissions();
        let permission: PermissionKey = permissions[self.below(permissions.len())].key.clone();
        let kinds = &state.profile().unwrap().document().scope_kinds;
        let role = roles[self.below(roles.len())].clone();
        let member = member(self.below(6));
        let scope = |number: usize| ScopeId::known(format!("scope-{number}"));
        let node = scope(self.below(8));
        let own = (self.below(2) == 0).then(|| node.clone());
        let member_command = match self.below(14) {
            0 | 1 => MemberCommand::AddMember {
                kind: MemberKind::Person,
                account_type: None,
                details: Details::default(),
                scope: Some(ScopeChoice::All),
            },
            2 | 3 => MemberCommand::AssignRole { role, scope: own, window: self.window() },
            4 => MemberCommand::UnassignRole { role, scope: own },
            5 => MemberCommand::ChangeScope { scope: ScopeChoice::Selected(vec![node, scope(self.below(8))]) },
            6 => MemberCommand::ToggleMemberPermission { permission, allowed: self.below(2) == 0 },
            7 => MemberCommand::ClearMemberPermission { permission },
            8 => MemberCommand::SuspendMember,
            9 => MemberCommand::ReactivateMember,
            10 => {
                let (allow, deny) =
                    if self.below(2) == 0 { (vec![permission], vec![]) } else { (vec![], vec![permission]) };
                return Command::Role(role, RoleCommand::TogglePermissions { allow, deny });
            }
            11 => {
                let with = scope(self.below(8));
                return Command::Scope(node, ScopeCommand::ShareScope { with });
            }
            12 => {
                let archive = self.below(3) == 0;
                return Command::Scope(
                    node,
                    if archive { ScopeCommand::ArchiveScope } else { ScopeCommand::RestoreScope },
                );
            }
            _ => {
                let kind = (!kinds.is_empty()).then(|| kinds[self.below(kinds.len())].key.clone());
                let parent = (self.below(2) == 0).then(|| scope(self.below(8)));
                return Command::Scope(node, ScopeCommand::CreateScope { name: "Somewhere".into(), kind, parent });
            }
        };
        Command::Member(member, member_command)
    }

    fn window(&mut self) -> Window {
        let until = (self.below(3) == 0).then(|| self.now() + TimeDelta::minutes(60));
        Window { from: None, until }
    }
}

fn member(number: usize) -> MemberId {
    MemberId::known(format!("member-{number}"))
}
