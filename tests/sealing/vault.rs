//! Keys and their rotation, on every store.

use std::sync::Arc;

use chancery::store::Store;
use chancery::store::keys::{Added, KeyStore, MemberKey, PersonalKey};
use chancery::store::memory::MemoryStore;

use super::place::{Place, runtime};
use super::{CHANGED, populated, shown};

fn key(member: &str, kek: &str) -> MemberKey {
    let key = PersonalKey::Wrapped { kek: kek.to_owned(), bytes: member.as_bytes().to_vec() };
    MemberKey { organisation: "acme".to_owned(), member: member.to_owned(), key }
}

/// What `KeyStore` promises.
async fn promises(keys: Arc<dyn KeyStore>) {
    assert_eq!(keys.kek().await.unwrap(), None);
    assert_eq!(keys.add("one", vec![key("a", "one"), key("b", "one")]).await.unwrap(), Added::Kept);
    assert_eq!(keys.kek().await.unwrap().as_deref(), Some("one"));
    assert_eq!(keys.add("one", vec![key("c", "one"), key("a", "one")]).await.unwrap(), Added::Taken);
    assert_eq!(keys.keys_blocking("acme", Some("c")).unwrap(), [], "all or none");
    assert_eq!(keys.add("two", vec![key("c", "two")]).await.unwrap(), Added::Renewed);
    assert_eq!(keys.keys_blocking("acme", None).unwrap(), [key("a", "one"), key("b", "one")]);
    assert_eq!(keys.keys_blocking("other", None).unwrap(), []);

    keys.renew("two").await.unwrap();
    assert_eq!(keys.add("one", vec![key("c", "one")]).await.unwrap(), Added::Renewed);
    assert!(keys.erase("acme", "a", 7).await.unwrap());
    assert!(!keys.erase("acme", "a", 8).await.unwrap());
    assert!(!keys.erase("acme", "never", 9).await.unwrap());
    assert_eq!(keys.wrapped_otherwise("two", 10).await.unwrap(), [key("b", "one")]);
    keys.rewrap(vec![key("a", "two"), key("b", "two")]).await.unwrap();
    assert_eq!(keys.wrapped_otherwise("two", 10).await.unwrap(), []);
    assert_eq!(keys.keys_blocking("acme", Some("b")).unwrap(), [key("b", "two")]);
    for erased in ["a", "never"] {
        assert_eq!(keys.keys_blocking("acme", Some(erased)).unwrap()[0].key, PersonalKey::Erased);
        assert_eq!(
            keys.add("two", vec![key(erased, "two")]).await.unwrap(),
            Added::Taken,
            "an erased key never comes back"
        );
    }
    keys.purge().await.unwrap();
}

#[test]
fn the_store_in_memory_keeps_keys_as_promised() {
    runtime().block_on(promises(MemoryStore::new().key_store().unwrap()));
}

fn in_a_file_or_a_database(place: &Place) {
    place.ok(&["organisation", "found", "acme", "--profile", "workspace", "--name", "Acme", "--owner", "olivia"]);
    runtime().block_on(async {
        let store = place.open();
        promises(store.key_store().unwrap()).await;
        store.close().await;
    });
}

#[test]
fn sqlite_keeps_keys_as_promised() {
    in_a_file_or_a_database(&Place::sqlite());
}

#[test]
fn postgres_keeps_keys_as_promised() {
    in_a_file_or_a_database(&Place::postgres());
}

fn rotates(place: &Place) {
    populated(place);
    let (key, wrapped) = (std::fs::read_to_string(place.key_file()).unwrap(), place.wrapped_key("m1"));
    let told = place.ok(&["gdpr", "rotate"]);
    assert!(told.contains("2 members' keys"), "{told}");
    assert_ne!(std::fs::read_to_string(place.key_file()).unwrap(), key);
    assert_ne!(place.wrapped_key("m1"), wrapped);
    assert_eq!(shown(place, "m1")["name"], CHANGED[0]);
    place.ok(&["--as", "olivia", "member", "add", "m3", "--name", "Third"]);
    assert_eq!(shown(place, "m3")["name"], "Third");
}

#[test]
fn a_rotation_wraps_all_keys_anew_on_sqlite() {
    rotates(&Place::sqlite());
}

#[test]
fn a_rotation_wraps_all_keys_anew_on_postgres() {
    rotates(&Place::postgres());
}

#[test]
fn a_program_that_runs_on_sees_what_was_sealed_after_a_rotation_elsewhere() {
    use chancery::aggregates::vocabulary::OrganisationId;
    use chancery::engine::Engine;
    use chancery::vault::{LocalKeys, Source};
    let place = Place::sqlite();
    populated(&place);
    runtime().block_on(async {
        let keys = LocalKeys::new(Source::beside(&place.directory.path().join("log.db")));
        let engine = Engine::new(place.open()).with_vault(Arc::new(keys));
        let acme = OrganisationId::known("acme");
        let name = |state: &chancery::aggregates::AccessState, id: &str| state.name_of(state.member_by_id(id).unwrap());
        assert_eq!(name(&engine.state(&acme).await.unwrap(), "m1").as_deref(), Some(CHANGED[0]));
        place.ok(&["gdpr", "rotate"]);
        place.ok(&["--as", "olivia", "member", "add", "m3", "--name", "Third"]);
        assert_eq!(name(&engine.state(&acme).await.unwrap(), "m3").as_deref(), Some("Third"));
        place.ok(&["--as", "olivia", "gdpr", "erase", "m1"]);
        assert_eq!(name(&engine.state(&acme).await.unwrap(), "m1"), None);
        engine.close().await;
    });
}

#[test]
fn a_copy_of_an_organisation_brings_its_keys_and_its_erasures() {
    let (from, to) = (Place::sqlite(), Place::sqlite());
    populated(&from);
    from.ok(&["--as", "olivia", "gdpr", "erase", "m2"]);
    from.ok(&["copy", "--from", &from.store(), "--to", &to.store()]);
    assert_ne!(std::fs::read(from.key_file()).unwrap(), std::fs::read(to.key_file()).unwrap());
    assert_eq!(shown(&to, "m1")["name"], CHANGED[0]);
    assert_eq!(to.count("SELECT count(*) FROM personal_keys WHERE erased IS NOT NULL"), 1);
    from.ok(&["copy", "--from", &from.store(), "--to", &to.store()]);
}

#[test]
fn what_is_already_in_clear_stays_readable_and_is_sealed_with_the_next_change() {
    use chancery::aggregates::command::{Command, MemberCommand};
    use chancery::aggregates::event::Details;
    use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, Personal};
    use chancery::engine::{Context, Engine, Request};
    let place = Place::sqlite();
    place.ok(&["organisation", "found", "acme", "--profile", "workspace", "--name", "Acme", "--owner", "olivia"]);
    let details = Details { name: Some(Personal::Clear("Old Name".into())), ..Details::default() };
    let add = MemberCommand::AddMember { kind: MemberKind::Person, account_type: None, details, scope: None };
    let request = |number: &str| Request {
        organisation: OrganisationId::known("acme"),
        commands: vec![Command::Member(MemberId::known(number), add.clone())],
        actor: Actor::Member(MemberId::known("olivia")),
        context: Context::default(),
        idempotency_key: None,
    };
    runtime().block_on(async {
        let engine = Engine::new(place.open());
        engine.execute(request("m1")).await.unwrap();
        engine.close().await;
    });
    assert_eq!(shown(&place, "m1")["name"], "Old Name");
    place.ok(&["--as", "olivia", "member", "details", "m1", "--phone", "+49 555 1"]);
    assert_eq!(
        (&shown(&place, "m1")["name"], &shown(&place, "m1")["phone"]),
        (&"Old Name".into(), &"+49 555 1".into())
    );
    let clear = "SELECT count(*) FROM events WHERE payload LIKE '%Old Name%'";
    assert_eq!(place.count(clear), 1, "the event from before is as it was, and no later one repeats it");
    runtime().block_on(async {
        let engine = Engine::new(place.open());
        let refused = engine.execute(request("m2")).await.unwrap_err().to_string();
        assert!(refused.contains("no vault"), "{refused}");
        engine.close().await;
    });
    let receipt = place.ok(&["--as", "olivia", "--format", "json", "gdpr", "erase", "m1"]);
    assert!(receipt.contains("1 events from before"), "{receipt}");
}
