//! Engines as in several processes, on one database: the invariants hold whoever is first.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chancery::aggregates::AccessState;
use chancery::aggregates::command::{Command, MemberCommand, NewRole, RoleCommand, ScopeChoice};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, RoleId, Window};
use chancery::engine::{Context, Engine, EngineError, Outcome, Request};
use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::{Access, Range};

use super::super::rows;
use super::ServerPlace;
use super::cluster::{Cluster, Database};

pub(super) fn engine(place: &ServerPlace) -> Engine {
    Engine::new(Arc::new(place.store()))
}

fn organisation() -> OrganisationId {
    OrganisationId::known("acme")
}

pub(super) async fn found(engine: &Engine, profile: &str) {
    let profile = check(BUILT_IN.iter().find(|(name, _)| *name == profile).unwrap().1).unwrap();
    let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
    engine.found(&organisation(), "Acme", &profile, &founder, Context::default()).await.unwrap();
}

pub(super) async fn execute(engine: &Engine, command: Command) -> Result<Outcome, EngineError> {
    let request = Request {
        organisation: organisation(),
        commands: vec![command],
        actor: Actor::Member(MemberId::known("founder")),
        context: Context::default(),
        idempotency_key: None,
    };
    engine.execute(request).await
}

fn create(id: &str, name: &str) -> Command {
    let role = NewRole { name: name.into(), description: "A role".into(), ..NewRole::default() };
    Command::Role(RoleId::known(id), RoleCommand::CreateRole(Box::new(role)))
}

fn delete(id: &str) -> Command {
    Command::Role(RoleId::known(id), RoleCommand::DeleteRole)
}

fn assign(member: &str, role: &str) -> Command {
    let command = MemberCommand::AssignRole { role: RoleId::known(role), scope: None, window: Window::default() };
    Command::Member(MemberId::known(member), command)
}

fn add(member: &str) -> Command {
    let command = MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: None,
        details: Details::default(),
        scope: Some(ScopeChoice::All),
    };
    Command::Member(MemberId::known(member), command)
}

/// Exactly one of two conflicting commands is carried out; whatever the store did, a rule says why not.
fn one_of(outcomes: [Result<Outcome, EngineError>; 2], rules: &[&str]) {
    let refused: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    let EngineError::Refused { refusal, .. } = &refused[0] else { panic!("{refused:?}") };
    assert!(rules.contains(&refusal.rule()), "{refusal:?}");
}

/// Rounds of commands that cannot both be carried out, one on each engine at the same time.
async fn conflict(one: &Engine, other: &Engine, rounds: std::ops::Range<u32>) {
    for round in rounds {
        let (name, left, right) = (format!("Role {round}"), format!("left-{round}"), format!("right-{round}"));
        let (first, second) = tokio::join!(execute(one, create(&left, &name)), execute(other, create(&right, &name)));
        one_of([first, second], &["name_taken"]);

        let (role, member) = (format!("used-{round}"), format!("member-{round}"));
        execute(one, create(&role, &format!("Used {round}"))).await.unwrap();
        execute(other, add(&member)).await.unwrap();
        let (first, second) = tokio::join!(execute(one, delete(&role)), execute(other, assign(&member, &role)));
        one_of([first, second], &["role_in_use", "unknown"]);
    }
}

async fn assert_invariants(one: &Engine, other: &Engine) {
    let state = one.state(&organisation()).await.unwrap();
    let mut names = BTreeSet::new();
    for (_, role) in state.roles() {
        assert!(names.insert(role.name.to_string()), "two roles have the name {}", role.name);
    }
    // What each engine came to by its own commands is what anybody reads from the log.
    let fresh = Engine::new(one.store().clone()).state(&organisation()).await.unwrap();
    let there = other.state(&organisation()).await.unwrap();
    let told = |state: &AccessState| {
        let (roles, members): (Vec<_>, Vec<_>) = (state.roles().collect(), state.members().collect());
        format!("{} {:?} {roles:?} {members:?}", state.position(), state.time())
    };
    assert_eq!(told(&state), told(&fresh));
    assert_eq!(told(&there), told(&fresh));
    let range = Range::Organisation { organisation: "acme".to_owned(), after: 0, until: u64::MAX };
    let positions: Vec<u64> = rows(&**one.store(), range).await.iter().map(|row| row.position).collect();
    assert_eq!(positions, (1..=fresh.position()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_with_conflicting_commands_keep_the_invariants() {
    let place = ServerPlace::new();
    let (one, other) = (engine(&place), engine(&place));
    found(&one, "proplink").await;
    conflict(&one, &other, 0..30).await;
    assert_invariants(&one, &other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_keep_the_invariants_while_the_server_crashes() {
    let cluster = Arc::new(Cluster::start());
    let database = Database::on(&cluster.url("postgres"));
    let open = || {
        let store = PostgresStore::open_with(&database.url(), &OpenOptions::new(Access::Create)).unwrap();
        Engine::new(Arc::new(store))
    };
    let (one, other) = (open(), open());
    found(&one, "proplink").await;
    let crashing = cluster.clone();
    let crashes = tokio::task::spawn_blocking(move || {
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(300));
            crashing.tell("restart");
        }
    });
    let mut round = 0;
    while !crashes.is_finished() {
        conflict(&one, &other, round..round + 1).await;
        round += 1;
    }
    crashes.await.unwrap();
    conflict(&one, &other, round..round + 5).await;
    assert_invariants(&one, &other).await;
}
