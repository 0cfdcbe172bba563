//! The engine as a whole: callers that go away.

use std::sync::Arc;

use chancery::aggregates::command::{Command, MemberCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, RoleId, Window};
use chancery::engine::{Context, Engine, Request};
use chancery::store::sqlite::SqliteStore;

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_goes_away_leaves_all_or_nothing_and_a_true_state() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dropped.db");
    let engine = Engine::new(Arc::new(SqliteStore::open_or_create(&path).unwrap()));
    let organisation = OrganisationId::known("acme");
    let profile = check(BUILT_IN.iter().find(|(name, _)| *name == "workspace").unwrap().1).unwrap();
    let founder = Founder { id: MemberId::known("founder"), details: Details::default() };
    engine.found(&organisation, "Acme", &profile, &founder, Context::default()).await.unwrap();

    let mut cut_short = 0;
    for number in 0..200u64 {
        // Dropped before it begins, while it is decided, or while it waits to be durable.
        tokio::select! {
            biased;
            outcome = engine.execute(join(&organisation, number)) => drop(outcome.unwrap()),
            () = turns(number % 40) => cut_short += 1,
        }
        if number % 3 == 0 {
            // The next one must not be held up, nor decided on a state that is behind.
            engine.execute(join(&organisation, 1_000 + number)).await.unwrap();
        }
    }
    assert!(cut_short > 20, "only {cut_short} callers went away");
    // Requests of an organisation are taken in turn: after this one nothing of the others is under way.
    engine.execute(join(&organisation, 5_000)).await.unwrap();

    let hot = engine.state(&organisation).await.unwrap();
    let fresh = Engine::new(Arc::new(SqliteStore::open(&path).unwrap())).state(&organisation).await.unwrap();
    assert_eq!(hot.position(), fresh.position());
    for (_, member) in fresh.members() {
        assert!(!member.assignments.is_empty(), "{} joined without the roles that came with it", member.id);
        assert_eq!(hot.member_by_id(member.id.as_str()), Some(member));
    }
}

async fn turns(count: u64) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

/// A member with a role, beside the default one: three events that belong together.
fn join(organisation: &OrganisationId, number: u64) -> Request {
    let member = MemberId::known(format!("member-{number}"));
    let add = MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: None,
        details: Details::default(),
        scope: None,
    };
    let assign = MemberCommand::AssignRole { role: RoleId::known("manager"), scope: None, window: Window::default() };
    Request {
        organisation: organisation.clone(),
        commands: [add, assign].map(|command| Command::Member(member.clone(), command)).to_vec(),
        actor: Actor::Member(MemberId::known("founder")),
        context: Context::default(),
        idempotency_key: None,
    }
}
