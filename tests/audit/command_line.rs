//! `chancery audit`.

use std::os::unix::fs::PermissionsExt as _;

use chancery::log::Checkpoint;
use chancery::log::checkpoint::read_proof;

use super::{Office, said};
use crate::store_contract::postgres::cluster::Database;

#[test]
fn the_key_is_made_once_for_its_owner_alone_and_published_in_the_log() {
    let office = Office::new();
    let made = office.run("audit checkpoint --as @operator", None);
    assert!(made.status.success(), "{}", said(&made));
    assert!(said(&made).contains("Made the key that signs checkpoints of the log: `chancery.db.log-key`"));
    let key = office.path("chancery.db.log-key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let again = office.run("audit checkpoint", None);
    assert_eq!(again.stdout, made.stdout, "an unchanged log is not signed anew");
    assert!(!said(&again).contains("Made the key"));
    let checkpoint = Checkpoint::read(&String::from_utf8(made.stdout).unwrap()).unwrap();
    assert_eq!(checkpoint.origin, "chancery/acme");
    let log = office.done("events --type LogKeyPublished --format json");
    assert_eq!(log.lines().count(), 1);
    let value: serde_json::Value = serde_json::from_str(log.trim()).unwrap();
    assert_eq!(value["position"], checkpoint.size, "the key is in the log that it signs: {value}");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(office.ends("audit checkpoint", 1).contains("can be read by others"));
}

#[test]
fn another_key_is_an_event_and_what_the_old_one_signed_still_holds() {
    let office = Office::new();
    let first = office.done("audit checkpoint");
    std::fs::write(office.path("kept.txt"), &first).unwrap();
    let second = office.path("second.key");
    let output = office.run("audit checkpoint", Some(&second));
    assert!(output.status.success(), "{}", said(&output));
    office.done("member add max --as sam");
    let third = office.run("audit checkpoint", Some(&second));
    assert!(third.status.success(), "{}", said(&third));
    assert_eq!(office.done("events --type LogKeyPublished --format json").lines().count(), 2);
    let keys = office.json("audit keys");
    assert_eq!(keys.as_array().unwrap().len(), 2, "{keys}");
    assert_eq!(office.json("audit checkpoints").as_array().unwrap().len(), 3);
    let verified = office.done("audit verify --checkpoint kept.txt");
    assert!(verified.contains("4 checkpoints are as they were written"), "{verified}");
}

#[test]
fn a_proof_of_an_event_carries_the_newest_checkpoint() {
    let office = Office::new();
    assert!(office.ends("audit proof 3", 2).contains("no checkpoint covers #3 yet"));
    let note = office.done("audit checkpoint");
    let proof = office.done("audit proof 3");
    let (leaf, hashes, carried) = read_proof(&proof).unwrap();
    assert_eq!((leaf, carried), (2, note.as_str()));
    assert!(!hashes.is_empty());
    assert!(office.ends("audit proof 0", 2).contains("no checkpoint covers #0 yet"));
}

#[test]
fn an_export_needs_its_own_permission_and_is_on_record_before_it_is_made() {
    let office = Office::new();
    let refused = office.ends("audit export --out pack --as tom", 3);
    assert!(refused.contains("chancery.audit.export") || refused.contains("export"), "{refused}");
    assert!(!office.path("pack").exists());
    assert!(office.done("activity --type CommandRefused").contains("export the audit log"));
    assert!(office.ends("audit export --out pack", 2).contains("say who acts"));
    office.done("audit export --out pack --as sam --reason inspection");
    let log = office.done("events --type AuditExported --format json");
    assert!(log.contains("\"until\":") && log.contains("inspection"), "{log}");
    assert!(office.done("activity").contains("exported the audit log from #1 to #"));
    assert!(office.ends("audit export --out pack --as sam", 1).contains("exists"));
    assert!(
        office.ends("audit export --out other --as sam --from 2999-01-01", 2).contains("no event is in this range")
    );
    office.done("audit export --out rehearsed --as sam --dry-run");
    assert!(!office.path("rehearsed").exists());
}

#[test]
fn the_logs_of_a_store_are_verified_together_and_a_checkpoint_counts_for_its_own() {
    let office = Office::new();
    office.done("organisation found brent --profile blank --name Brent --owner bob");
    let note = office.done("audit checkpoint -o brent");
    std::fs::write(office.path("kept.txt"), note).unwrap();
    let told = office.done("audit verify --checkpoint kept.txt");
    assert!(told.contains("acme: ") && told.contains("brent: ") && told.contains("2 checkpoints"), "{told}");
    assert!(office.ends("audit verify -o acme --checkpoint kept.txt", 2).contains("another organisation's log"));
    office.ends("audit verify -o acme --as nobody", 3);
}

#[test]
fn a_copy_has_the_same_root_and_brings_its_checkpoints() {
    let office = Office::new();
    let note = office.done("audit checkpoint");
    std::fs::write(office.path("kept.txt"), &note).unwrap();
    let database = Database::new();
    let mut roots = Vec::new();
    for (from, to) in [("sqlite:chancery.db", database.url().as_str()), (database.url().as_str(), "sqlite:back.db")] {
        let copied = office.json(&format!("copy --from {from} --to {to}"));
        roots.push(copied["organisations"][0]["root"].as_str().unwrap().to_owned());
        let told = office.done(&format!("--store {to} audit verify --checkpoint kept.txt"));
        assert!(told.contains("2 checkpoints are as they were written"), "{told}");
    }
    let signed = Checkpoint::read(&note).unwrap().root.to_string();
    assert_eq!(roots, [signed.clone(), signed]);
}

#[test]
fn what_is_not_as_it_was_signed_is_not_passed_on_as_such() {
    let office = Office::new();
    office.done("audit checkpoint");
    let forger = rusqlite::Connection::open(office.path("chancery.db")).unwrap();
    forger
        .execute_batch(
            "DROP TRIGGER events_are_never_changed;
             UPDATE events SET metadata = replace(metadata, 'sam', 'tom') WHERE position = 6",
        )
        .unwrap();
    drop(forger);
    let told = office.ends("copy --from sqlite:chancery.db --to sqlite:back.db", 1);
    assert!(told.contains("is not what its checkpoint at #"), "{told}");
}
