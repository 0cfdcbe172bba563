//! Commands as the founder of an organisation of 1,000 members gives them: roles assigned and withdrawn.

use chancery::aggregates::command::{Command, MemberCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, RoleId, Window};
use chancery::engine::{Context, Engine, Request};

pub(crate) const MEMBERS: usize = 1_000;

pub(crate) fn organisation(number: usize) -> OrganisationId {
    OrganisationId::known(format!("tenant-{number:02}"))
}

pub(crate) fn request(number: usize, commands: Vec<Command>) -> Request {
    Request {
        organisation: organisation(number),
        commands,
        actor: Actor::Member(MemberId::known("founder")),
        context: Context::default(),
        idempotency_key: None,
    }
}

/// Founds an organisation, and adds its members.
pub(crate) async fn found(engine: &Engine, number: usize) {
    let text = BUILT_IN.iter().find(|(name, _)| *name == "workspace").unwrap().1;
    let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
    let profile = check(text).unwrap();
    engine.found(&organisation(number), "Benchmark", &profile, &founder, Context::default()).await.unwrap();
    let add = |member: usize| {
        let command = MemberCommand::AddMember {
            kind: MemberKind::Person,
            account_type: None,
            details: Details::default(),
            scope: None,
        };
        Command::Member(MemberId::known(format!("member-{member:04}")), command)
    };
    engine.execute(request(number, (0..MEMBERS).map(add).collect())).await.unwrap();
}

/// The assignment of a role to a member, or its withdrawal.
pub(crate) fn toggle(member: usize, held: bool) -> Command {
    let role = RoleId::known("developer");
    let command = if held {
        MemberCommand::UnassignRole { role, scope: None }
    } else {
        MemberCommand::AssignRole { role, scope: None, window: Window::default() }
    };
    Command::Member(MemberId::known(format!("member-{member:04}")), command)
}

/// Somebody who waits for each answer, alone in an organisation in which nobody holds the role yet.
pub(crate) struct Client {
    engine: Engine,
    number: usize,
    turn: usize,
    held: Vec<bool>,
}

impl Client {
    pub(crate) fn new(engine: &Engine, number: usize) -> Self {
        Self { engine: engine.clone(), number, turn: 0, held: vec![false; MEMBERS] }
    }

    pub(crate) async fn command(&mut self) {
        let member = self.turn * 7 % MEMBERS;
        self.turn += 1;
        let held = self.held.get_mut(member).unwrap();
        let command = toggle(member, *held);
        *held = !*held;
        let outcome = self.engine.execute(request(self.number, vec![command])).await.unwrap();
        assert_eq!(outcome.events.len(), 1);
    }
}
