//! API keys: tokens, whom they let in, and the command line.

mod authenticate;
mod command_line;
mod operator;
mod token;

use std::sync::Arc;

use chancery::aggregates::AccessState;
use chancery::aggregates::command::{Command, MemberCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::key::KeyExpiry;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, Time};
use chancery::engine::{Context, Engine, EngineError, ManualClock, Outcome, Request};
use chancery::keys::Token;
use chancery::store::memory::MemoryStore;

/// Workspaces founded by Olga, each with the program Sync, and a clock to set.
struct Desk {
    engine: Engine,
    clock: Arc<ManualClock>,
}

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn acme() -> OrganisationId {
    OrganisationId::known("acme")
}

impl Desk {
    async fn open() -> Self {
        let clock = Arc::new(ManualClock::new(at("2026-03-02T09:00:00Z")));
        let engine = Engine::with_clock(Arc::new(MemoryStore::default()), clock.clone());
        let profile = check(BUILT_IN.iter().find(|(name, _)| *name == "workspace").unwrap().1).unwrap();
        let founder = Founder { id: MemberId::known("olga"), details: Details::default() };
        let desk = Self { engine, clock };
        for organisation in ["acme", "other"].map(OrganisationId::known) {
            desk.engine.found(&organisation, "Acme", &profile, &founder, Context::default()).await.unwrap();
            let details = Details::default();
            let add = MemberCommand::AddMember { kind: MemberKind::Service, account_type: None, details, scope: None };
            desk.ask(&organisation, "olga", "sync", add).await.unwrap();
        }
        desk
    }

    async fn ask(
        &self,
        organisation: &OrganisationId,
        actor: &str,
        member: &str,
        command: MemberCommand,
    ) -> Result<Outcome, EngineError> {
        let request = Request {
            organisation: organisation.clone(),
            commands: vec![Command::Member(MemberId::known(member), command)],
            actor: Actor::Member(MemberId::known(actor)),
            context: Context::default(),
            idempotency_key: None,
        };
        self.engine.execute(request).await
    }

    async fn does(&self, command: MemberCommand) {
        self.ask(&acme(), "olga", "sync", command).await.unwrap();
    }

    /// A key of Sync.
    async fn issued(&self, organisation: &OrganisationId) -> Token {
        let token = Token::generate(organisation).unwrap();
        let (key, hash) = (token.key().clone(), token.hash());
        let issue = MemberCommand::IssueKey { key, label: "nightly".into(), hash, expires: KeyExpiry::Usual };
        self.ask(organisation, "olga", "sync", issue).await.unwrap();
        token
    }

    async fn state(&self) -> Arc<AccessState> {
        self.engine.state(&acme()).await.unwrap()
    }
}
