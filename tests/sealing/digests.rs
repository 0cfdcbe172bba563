//! A repeated request is known by a digest that says nothing about anybody.

use std::sync::Arc;

use chancery::aggregates::command::{Command, MemberCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, Personal};
use chancery::engine::{Context, Engine, EngineError, Outcome, Request};
use chancery::store::StoreError;
use chancery::vault::{LocalKeys, Source};

use super::PLANTED;
use super::place::{Place, runtime};

fn engine(place: &Place) -> Engine {
    let keys = Source::File { path: place.key_file(), make: true };
    Engine::new(place.open()).with_vault(Arc::new(LocalKeys::new(keys)))
}

fn details(name: &str) -> Details {
    Details { name: Some(Personal::Clear(name.into())), ..Details::default() }
}

fn add(name: &str) -> MemberCommand {
    MemberCommand::AddMember { kind: MemberKind::Person, account_type: None, details: details(name), scope: None }
}

async fn ask(engine: &Engine, key: &str, command: MemberCommand) -> Result<Outcome, EngineError> {
    engine
        .execute(Request {
            organisation: OrganisationId::known("acme"),
            commands: vec![Command::Member(MemberId::known("m1"), command)],
            actor: Actor::Member(MemberId::known("olivia")),
            context: Context::default(),
            idempotency_key: Some(key.to_owned()),
        })
        .await
}

fn is_another(result: Result<Outcome, EngineError>) -> bool {
    matches!(result, Err(EngineError::Store(StoreError::KeyReused { .. })))
}

fn found(place: &Place) {
    place.ok(&["organisation", "found", "acme", "--profile", "workspace", "--name", "Acme", "--owner", "olivia"]);
}

/// The digest that the store has of a request.
async fn digest(engine: &Engine, key: &str) -> String {
    let keys = engine.store().keys("acme", "", 10).await.unwrap();
    keys.into_iter().find(|kept| kept.key == key).unwrap().fingerprint
}

fn a_repeated_request_is_known(place: &Place) {
    found(place);
    runtime().block_on(async {
        // Two programs, of which the second has not seen what the first one did.
        let (one, other) = (engine(place), engine(place));
        other.state(&OrganisationId::known("acme")).await.unwrap();
        assert!(!ask(&one, "a", add(PLANTED[0])).await.unwrap().repeated);
        assert!(ask(&one, "a", add(PLANTED[0])).await.unwrap().repeated);
        assert!(ask(&other, "a", add(PLANTED[0])).await.unwrap().repeated);
        assert!(is_another(ask(&other, "a", add("Somebody Else")).await), "another name is another request");

        let change = || MemberCommand::ChangeDetails { details: details("Renamed") };
        assert!(!ask(&one, "b", change()).await.unwrap().repeated);
        assert!(ask(&other, "b", change()).await.unwrap().repeated);
        one.close().await;
        other.close().await;
    });
}

#[test]
fn a_repeated_request_with_a_name_is_known_by_every_program_on_sqlite() {
    a_repeated_request_is_known(&Place::sqlite());
}

#[test]
fn a_repeated_request_with_a_name_is_known_by_every_program_on_postgres() {
    a_repeated_request_is_known(&Place::postgres());
}

#[test]
fn the_same_request_of_another_member_key_has_another_digest_so_no_guess_can_be_tested() {
    runtime().block_on(async {
        let mut digests = Vec::new();
        for _ in 0..2 {
            let place = Place::sqlite();
            found(&place);
            let engine = engine(&place);
            ask(&engine, "a", add(PLANTED[0])).await.unwrap();
            ask(&engine, "plain", MemberCommand::SuspendMember).await.unwrap();
            digests.push((digest(&engine, "a").await, digest(&engine, "plain").await));
            engine.close().await;
        }
        assert_ne!(digests[0].0, digests[1].0);
        assert_eq!(digests[0].1, digests[1].1, "what names nobody needs no key");
    });
}

#[test]
fn a_digest_from_before_is_forgotten_and_its_key_answers_as_the_first_time() {
    let place = Place::sqlite();
    found(&place);
    runtime().block_on(async {
        let engine = engine(&place);
        ask(&engine, "a", add(PLANTED[0])).await.unwrap();
        engine.close().await;
    });
    let file = rusqlite::Connection::open(place.directory.path().join("log.db")).unwrap();
    file.execute_batch("UPDATE requests SET fingerprint = '0123456789abcdef'; PRAGMA user_version = 7").unwrap();
    drop(file);
    runtime().block_on(async {
        let engine = engine(&place);
        assert_eq!(digest(&engine, "a").await, "-");
        assert!(ask(&engine, "a", add("whatever is asked")).await.unwrap().repeated);
        engine.close().await;
    });
}
