//! Signing from time to time, as the service does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chancery::aggregates::command::{Command, MemberCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId};
use chancery::engine::{Context, Engine, Request};
use chancery::log::key::{KeyError, KeySource};
use chancery::log::sign::{Schedule, keep_signing};
use chancery::log::verify::verify;
use chancery::log::{Checkpoint, Signer};
use chancery::store::memory::MemoryStore;
use chancery::store::{Store, StoredCheckpoint};

async fn founded(engine: &Engine, name: &str) {
    let profile = check(BUILT_IN.iter().find(|(name, _)| *name == "blank").unwrap().1).unwrap();
    let founder = Founder { id: MemberId::known("sam"), details: Details::default() };
    engine.found(&OrganisationId::known(name), name, &profile, &founder, Context::default()).await.unwrap();
}

/// Waits until the newest checkpoint covers the whole log.
async fn signed(store: &dyn Store, organisation: &str) -> Vec<StoredCheckpoint> {
    loop {
        let (head, checkpoints) =
            (store.head(organisation).await.unwrap(), store.checkpoints(organisation).await.unwrap());
        if checkpoints.last().map(|last| last.size) == head.map(|head| head.position) {
            return checkpoints;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn every_log_is_signed_again_after_an_event_and_not_without_one() {
    let store = Arc::new(MemoryStore::new());
    let engine = Engine::new(store.clone());
    founded(&engine, "acme").await;
    let schedule = Schedule { events: 1_000, time: Duration::from_millis(50) };
    let signer = Signer::from_seed(&[3; 32]).unwrap();
    let signing = tokio::spawn(keep_signing(engine.clone(), signer, schedule, |_, error| panic!("{error}")));
    assert_eq!(signed(&*store, "acme").await.len(), 1);
    founded(&engine, "brent").await;
    let brents = signed(&*store, "brent").await;
    assert_eq!(Checkpoint::read(&brents[0].note).unwrap().origin, "chancery/brent");
    assert_eq!(store.checkpoints("acme").await.unwrap().len(), 1, "nothing happened there");
    for organisation in ["acme", "brent"] {
        verify(&*store, organisation, &[], || {}).await.unwrap();
    }
    engine.close().await;
    // Ends by itself with the store.
    signing.await.unwrap();
}

#[tokio::test]
async fn a_log_is_signed_again_after_so_many_events_however_soon_and_not_before() {
    let store = Arc::new(MemoryStore::new());
    let engine = Engine::new(store.clone());
    founded(&engine, "acme").await;
    let schedule = Schedule { events: 3, time: Duration::from_secs(3_600) };
    let signer = Signer::from_seed(&[3; 32]).unwrap();
    let signing = tokio::spawn(keep_signing(engine.clone(), signer, schedule, |_, error| panic!("{error}")));
    let first = signed(&*store, "acme").await;
    // The key's publication is an event as well, and was signed with the rest.
    assert_eq!((first.len(), first[0].size), (1, store.head("acme").await.unwrap().unwrap().position));
    for member in ["m1", "m2"] {
        add(&engine, member).await;
    }
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(store.checkpoints("acme").await.unwrap().len(), 1, "two events are not three");
    add(&engine, "m3").await;
    let second = signed(&*store, "acme").await;
    assert_eq!((second.len(), second[1].size), (2, first[0].size + 3));
    verify(&*store, "acme", &[first[0].note.clone(), second[1].note.clone()], || {}).await.unwrap();
    engine.close().await;
    signing.await.unwrap();
}

async fn add(engine: &Engine, member: &str) {
    let details = Details::default();
    let add = MemberCommand::AddMember { kind: MemberKind::Person, account_type: None, details, scope: None };
    let commands = vec![Command::Member(MemberId::known(member), add)];
    let actor = Actor::Member(MemberId::known("sam"));
    let (organisation, context) = (OrganisationId::known("acme"), Context::default());
    engine.execute(Request { organisation, commands, actor, context, idempotency_key: None }).await.unwrap();
}

#[test]
fn the_key_comes_from_the_environment_or_a_file_or_beside_the_store() {
    let pem = Signer::seed_to_pem(&[3; 32]);
    let source = KeySource::find(Some(pem.to_string()), None).unwrap();
    let (given, made) = source.load().unwrap();
    assert!(made.is_none());
    assert_eq!(given.verifier("a"), Signer::from_seed(&[3; 32]).unwrap().verifier("a"));
    assert!(matches!(KeySource::find(None, None), Err(KeyError::Unnamed)));
    assert!(matches!(KeySource::find(Some("-----BEGIN x".to_owned()), None).unwrap().load(), Err(KeyError::Given(_))));

    let directory = tempfile::tempdir().unwrap();
    let beside = KeySource::find(None, Some(&directory.path().join("a.db"))).unwrap();
    let (first, made) = beside.load().unwrap();
    assert_eq!(made, Some(directory.path().join("a.db.log-key").as_path()));
    let (again, made) = beside.load().unwrap();
    assert_eq!((first.verifier("a"), made), (again.verifier("a"), None));
    let nowhere = KeySource::File(Path::new("/nowhere/at/all/key").to_owned());
    assert!(matches!(nowhere.load(), Err(KeyError::File { .. })));
    std::fs::write(directory.path().join("a.db.log-key"), "nonsense").unwrap();
    assert!(matches!(beside.load(), Err(KeyError::Bad { .. })));
}
