//! Every kind of edit by direct SQL is found and its place named, given one checkpoint kept from before.

use std::sync::Arc;

use chancery::aggregates::Command;
use chancery::aggregates::command::MemberCommand;
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId};
use chancery::engine::{Context, Engine, Request};
use chancery::log::sign::sign;
use chancery::log::verify::{Problem, Verified, VerifyError, verify};
use chancery::log::{Checkpoint, Hash, Signer};
use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Access, Adopted, Adoption, EventRow, Range, Store, StoredCheckpoint, Visit};
use parking_lot::Mutex;

use crate::store_contract::postgres::cluster::Database;

/// A database that somebody has every right in.
enum Place {
    File(tempfile::TempDir),
    Server(Database),
}

impl Place {
    fn both() -> [Self; 2] {
        [Self::File(tempfile::tempdir().unwrap()), Self::Server(Database::new())]
    }

    fn again(&self) -> Self {
        match self {
            Self::File(_) => Self::File(tempfile::tempdir().unwrap()),
            Self::Server(_) => Self::Server(Database::new()),
        }
    }

    fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::File(directory) => Arc::new(SqliteStore::open_or_create(directory.path().join("log.db")).unwrap()),
            Self::Server(database) => {
                Arc::new(PostgresStore::open_with(&database.url(), &OpenOptions::new(Access::Create)).unwrap())
            }
        }
    }

    /// Runs SQL with whatever forbids it switched off. `{json}` casts to the payload's type.
    fn forge(&self, sql: &str) {
        match self {
            Self::File(directory) => {
                let connection = rusqlite::Connection::open(directory.path().join("log.db")).unwrap();
                let triggers =
                    "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_schema WHERE type = 'trigger'";
                let drop: Option<String> = connection.query_row(triggers, [], |row| row.get(0)).unwrap();
                connection.execute_batch(&drop.unwrap_or_default()).unwrap();
                connection
                    .execute_batch(&sql.replace("::json", "").replace("::text", "").replace("'\\x", "x'"))
                    .unwrap();
            }
            Self::Server(database) => database.execute(&format!(
                "SET search_path TO chancery; ALTER TABLE events DISABLE TRIGGER ALL;
                 ALTER TABLE log_checkpoints DISABLE TRIGGER ALL; {sql}"
            )),
        }
    }
}

fn signer() -> Signer {
    Signer::from_seed(&[9; 32]).unwrap()
}

fn organisation() -> OrganisationId {
    OrganisationId::known("acme")
}

async fn add(engine: &Engine, member: &str) {
    let command = MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: None,
        details: Details::default(),
        scope: None,
    };
    let commands = vec![Command::Member(MemberId::known(member), command)];
    let actor = Actor::Member(MemberId::known("sam"));
    let (organisation, context) = (organisation(), Context::default());
    engine.execute(Request { organisation, commands, actor, context, idempotency_key: None }).await.unwrap();
}

/// A log with two checkpoints: the first at `early`, and the one that an auditor keeps, after which the log
/// has gone on.
struct Log {
    early: u64,
    kept: String,
    size: u64,
    head: u64,
}

async fn written(place: &Place) -> Log {
    let engine = Engine::new(place.open());
    let profile = check(BUILT_IN.iter().find(|(name, _)| *name == "blank").unwrap().1).unwrap();
    let founder = Founder { id: MemberId::known("sam"), details: Details::default() };
    engine.found(&organisation(), "Acme", &profile, &founder, Context::default()).await.unwrap();
    let early = sign(&engine, &organisation(), &signer()).await.unwrap().size;
    for member in ["m1", "m2", "m3", "m4", "m5", "m6", "m7"] {
        add(&engine, member).await;
    }
    let kept = sign(&engine, &organisation(), &signer()).await.unwrap();
    for member in ["m8", "m9", "m10"] {
        add(&engine, member).await;
    }
    let head = sign(&engine, &organisation(), &signer()).await.unwrap().size;
    engine.close().await;
    Log { early, kept: kept.note, size: kept.size, head }
}

async fn verified(place: &Place, kept: &str) -> Result<Verified, Problem> {
    let store = place.open();
    let outcome = verify(&*store, "acme", &[kept.to_owned()], || {}).await;
    store.close().await;
    outcome.map_err(|error| match error {
        VerifyError::Problem(problem) => problem,
        other => panic!("{other}"),
    })
}

/// Edits a fresh log of each kind of store, and hands over what the verification found.
async fn found(sql: impl Fn(&Log) -> String, check: impl Fn(&Log, Problem)) {
    for place in Place::both() {
        let log = written(&place).await;
        assert_eq!(verified(&place, &log.kept).await.unwrap().events, log.head);
        place.forge(&sql(&log));
        check(&log, verified(&place, &log.kept).await.unwrap_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_of_any_column_of_an_event() {
    for edit in [
        "payload = replace(payload::text, 'm', 'n')::json",
        "metadata = replace(metadata::text, 'sam', 'tom')::json",
        "time = time + 1",
        "event_type = 'MemberRemoved'",
        "event_version = '2'",
        "aggregate_id = 'acme/somebody'",
        "sequence = 77",
    ] {
        let sql = |log: &Log| format!("UPDATE events SET {edit} WHERE position = {}", log.early + 2);
        found(sql, |log, problem| {
            assert_eq!(problem, Problem::Changed { position: log.early + 2 }, "{edit}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_dropped_from_the_middle() {
    let sql = |log: &Log| format!("DELETE FROM events WHERE position = {}", log.early + 2);
    found(sql, |log, problem| {
        assert_eq!(problem, Problem::Missing { position: log.early + 2, found: log.early + 3 });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_dropped_and_the_others_moved_up() {
    let sql = |log: &Log| {
        let at = log.early + 2;
        format!(
            "DELETE FROM events WHERE position = {at};
             UPDATE events SET position = position + 1000 WHERE position > {at};
             UPDATE events SET position = position - 1001 WHERE position > 1000;
             UPDATE organisations SET position = position - 1"
        )
    };
    found(sql, |log, problem| assert_eq!(problem, Problem::Changed { position: log.early + 2 })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_events_swapped() {
    let sql = |log: &Log| {
        let (one, other) = (log.early + 2, log.early + 4);
        format!(
            "UPDATE events SET position = 1000 WHERE position = {one};
             UPDATE events SET position = {one} WHERE position = {other};
             UPDATE events SET position = {other} WHERE position = 1000"
        )
    };
    found(sql, |log, problem| assert_eq!(problem, Problem::Changed { position: log.early + 2 })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_inserted() {
    let sql = |log: &Log| {
        let at = log.early + 2;
        format!(
            "UPDATE events SET position = position + 1000 WHERE position > {at};
             UPDATE events SET position = position - 999 WHERE position > 1000;
             INSERT INTO events (global_position, organisation, position, aggregate_type, aggregate_id, sequence,
                 event_type, event_version, payload, metadata, time, hashes)
             SELECT 9999, organisation, {at} + 1, aggregate_type, aggregate_id, 9999, event_type, event_version,
                 payload, metadata, time, hashes FROM events WHERE position = {at};
             UPDATE organisations SET position = position + 1"
        )
    };
    found(sql, |log, problem| assert_eq!(problem, Problem::Changed { position: log.early + 3 })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_cut_off_with_everything_that_tells_of_them() {
    let sql = |log: &Log| {
        let end = log.size - 2;
        format!(
            "DELETE FROM events WHERE position > {end}; UPDATE organisations SET position = {end};
             DELETE FROM log_checkpoints WHERE size > {end}"
        )
    };
    found(sql, |log, problem| {
        let what = format!("the trusted checkpoint at #{}", log.size);
        assert_eq!(problem, Problem::CutOff { from: log.size - 1, what, size: log.size });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_cut_off_and_nothing_else() {
    let sql = |log: &Log| {
        format!(
            "DELETE FROM events WHERE position = {}; DELETE FROM log_checkpoints WHERE size = {}",
            log.head, log.head
        )
    };
    found(sql, |log, problem| {
        let what = "the organisation's head".to_owned();
        assert_eq!(problem, Problem::CutOff { from: log.head, what, size: log.head });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_event_with_its_own_hash_made_to_fit() {
    for place in Place::both() {
        let log = written(&place).await;
        // The last leaf below a node of two: its own hash, and not the node's.
        let at = (log.early + 3) & !1;
        let sql =
            format!("UPDATE events SET payload = replace(payload::text, 'm', 'n')::json WHERE position = {at} - 1");
        place.forge(&sql);
        let leaf = leaf_at(&place, at - 1).await;
        let hexadecimal: String = leaf.0.iter().map(|byte| format!("{byte:02x}")).collect();
        place.forge(&format!("UPDATE events SET hashes = '\\x{hexadecimal}' WHERE position = {at} - 1"));
        let problem = verified(&place, &log.kept).await.unwrap_err();
        assert_eq!(problem, Problem::Inner { from: at - 1, until: at });
    }
}

/// The hash of an event as it is now.
async fn leaf_at(place: &Place, position: u64) -> Hash {
    let store = place.open();
    let leaf = Arc::new(Mutex::new(None));
    let sink = leaf.clone();
    let visitor = move |row: EventRow<'_>, _: &[u8]| {
        *sink.lock() = Some(chancery::log::line::Line::default().hash(&row));
        Visit::Continue(())
    };
    store.scan_hashed("acme", position - 1, position, Box::new(visitor)).await.unwrap();
    store.close().await;
    let leaf = *leaf.lock();
    leaf.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_hashes_that_were_edited() {
    let flipped = |log: &Log| {
        let zeros = "00".repeat(32);
        let odd = (log.early + 2) | 1;
        format!("UPDATE events SET hashes = '\\x{zeros}' WHERE position = {odd}")
    };
    found(flipped, |log, problem| assert_eq!(problem, Problem::Changed { position: (log.early + 2) | 1 })).await;
}

/// What somebody can do who may write everything but does not hold the key: a log that is right in itself.
async fn rewritten(place: &Place, change: impl Fn(&mut Vec<Adopted>)) -> Place {
    let (old, new) = (place.open(), place.again());
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = events.clone();
    let visitor = move |row: EventRow<'_>| {
        sink.lock().push(Adopted::from(row));
        Visit::Continue(())
    };
    old.scan(Range::Store { after: 0 }, Box::new(visitor)).await.unwrap();
    let mut events = std::mem::take(&mut *events.lock());
    change(&mut events);
    let store = new.open();
    let end = events.len() as u64;
    store.adopt(Adoption { events, ..Adoption::default() }).await.unwrap();
    for checkpoint in old.checkpoints("acme").await.unwrap().into_iter().filter(|one| one.size <= end) {
        store.save_checkpoint(checkpoint).await.unwrap();
    }
    old.close().await;
    store.close().await;
    new
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_rewritten_from_one_event_on_with_all_its_hashes() {
    for place in Place::both() {
        let log = written(&place).await;
        let at = usize::try_from(log.early + 2).unwrap();
        let new = rewritten(&place, |events| events[at].event.payload = "{}".to_owned()).await;
        let (from, until) = (log.early + 1, log.size);
        match verified(&new, &log.kept).await.unwrap_err() {
            Problem::Differs { from: one, until: other, .. } => assert_eq!((one, other), (from, until)),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_rolled_back_and_written_anew() {
    for place in Place::both() {
        let log = written(&place).await;
        let new = rewritten(&place, |events| events.truncate(usize::try_from(log.size).unwrap() - 2)).await;
        let engine = Engine::new(new.open());
        for member in ["n1", "n2", "n3"] {
            add(&engine, member).await;
        }
        engine.close().await;
        match verified(&new, &log.kept).await.unwrap_err() {
            Problem::Differs { from, until, what } => {
                assert_eq!((from, until), (log.early + 1, log.size));
                assert_eq!(what, format!("the trusted checkpoint at #{}", log.size));
            }
            other => panic!("{other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_replaced_and_every_checkpoint_signed_anew() {
    for place in Place::both() {
        let log = written(&place).await;
        let thief = Signer::from_seed(&[1; 32]).unwrap();
        let key = thief.verifier("chancery/acme").to_string();
        let store = place.open();
        let kept = store.checkpoints("acme").await.unwrap();
        place.forge("DELETE FROM log_checkpoints");
        for StoredCheckpoint { organisation, size, note, time, .. } in kept {
            let note = Checkpoint::read(&note).unwrap().sign(&thief);
            store
                .save_checkpoint(StoredCheckpoint { organisation, size, verifier: key.clone(), note, time })
                .await
                .unwrap();
        }
        store.close().await;
        let what = format!("the checkpoint at #{}", log.early);
        assert_eq!(verified(&place, &log.kept).await.unwrap_err(), Problem::ForeignKey { what, key: key.clone() });

        // And the key in the log as well, with all hashes: then the events are not those of the checkpoint.
        let new = rewritten(&place, |events| {
            let publishes = |adopted: &&mut Adopted| adopted.event.event_type == "LogKeyPublished";
            let event = &mut events.iter_mut().find(publishes).unwrap().event;
            let own = signer().verifier("chancery/acme").to_string();
            event.payload = event.payload.replace(&own, &key);
        })
        .await;
        let problem = verified(&new, &log.kept).await.unwrap_err();
        assert!(matches!(problem, Problem::Differs { from: 1, until, .. } if until == log.early), "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_edited() {
    let sql = |log: &Log| format!("UPDATE log_checkpoints SET note = 'no note' WHERE size = {}", log.early);
    found(sql, |log, problem| {
        assert!(
            matches!(&problem, Problem::BadNote { what, .. } if *what == format!("the checkpoint at #{}", log.early))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_signed_that_does_not_continue_what_was_signed() {
    for place in Place::both() {
        let log = written(&place).await;
        place.forge(&format!(
            "DELETE FROM events WHERE position > {0}; UPDATE organisations SET position = {0}",
            log.size
        ));
        let engine = Engine::new(place.open());
        let refused = sign(&engine, &organisation(), &signer()).await.unwrap_err();
        assert!(refused.to_string().contains("is not the one whose"), "{refused}");
        engine.close().await;
    }
}
