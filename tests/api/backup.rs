//! Backups as `docs/operations.md` has them made and restored, while the service is written to.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::program::{Running, founded, founded_in, line, request, serve};
use crate::store_contract::postgres::cluster::{Cluster, Database};

const SCOPES: &str = "/v1/organisations/acme/scopes";

/// Runs a program that has to succeed.
#[track_caller]
fn done(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Ids of the scopes, as numbers.
fn scopes(running: &Running, token: &str) -> Vec<usize> {
    let listed = request(running, "GET", &format!("{SCOPES}?limit=1000")).key(token).send().ok();
    let ids =
        listed["items"].as_array().unwrap().iter().map(|scope| scope["id"].as_str().unwrap()[1..].parse().unwrap());
    let mut ids: Vec<usize> = ids.collect();
    ids.sort_unstable();
    ids
}

/// Makes scopes one after the other while a backup is made; returns how many there were when it began, and when it was done.
fn written_while(running: &Running, token: &str, backup: impl FnOnce()) -> (usize, usize) {
    let (made, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                if enough.load(Ordering::SeqCst) {
                    break;
                }
                let body = json!({"id": format!("s{number}"), "name": format!("Scope {number}")});
                request(running, "POST", SCOPES).key(token).json(&body).send().ok();
                made.fetch_add(1, Ordering::SeqCst);
            }
        });
        let begun = Instant::now();
        while made.load(Ordering::SeqCst) < 20 {
            assert!(begun.elapsed() < Duration::from_secs(60), "nothing is written");
            std::thread::sleep(Duration::from_millis(5));
        }
        let before = made.load(Ordering::SeqCst);
        backup();
        let after = made.load(Ordering::SeqCst);
        enough.store(true, Ordering::SeqCst);
        (before, after)
    })
}

/// What was acknowledged before the backup is there, in order and without a gap, and the store goes on.
fn is_whole(store: &str, token: &str, (before, after): (usize, usize)) {
    let verified = line(store, &["-o", "acme", "audit", "verify"]);
    assert!(verified.contains("as they were written"), "{verified}");
    let running = serve(store, &[]);
    let there = scopes(&running, token);
    assert_eq!(there, (0..there.len()).collect::<Vec<_>>(), "a beginning of what was written");
    assert!(there.len() >= before && there.len() <= after + 1, "{} of {before} to {after}", there.len());
    let more = json!({"id": format!("s{}", there.len()), "name": "More"});
    assert_eq!(request(&running, "POST", SCOPES).key(token).json(&more).send().status, 201);
}

#[test]
fn a_copy_of_an_sqlite_store_that_is_written_to_is_whole_and_takes_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let (store, token) = founded(&directory);
    let path = Path::new(store.strip_prefix("sqlite:").unwrap());
    let backup = directory.path().join("backup.db");
    let running = serve(&store, &[]);
    let written = written_while(&running, &token, || {
        done(Command::new("sqlite3").arg(path).arg(format!(".backup '{}'", backup.display())));
    });
    drop(running);
    std::fs::copy(&backup, path).unwrap();
    for beside in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{beside}", path.display()));
    }
    is_whole(&store, &token, written);
}

#[test]
fn a_dump_of_a_postgresql_store_that_is_written_to_is_whole_and_is_restored_beside_it() {
    let cluster = Cluster::start();
    let database = Database::on(&cluster.url("postgres"));
    let directory = tempfile::tempdir().unwrap();
    let dump = directory.path().join("chancery.dump");
    let token = founded_in(&database.url());
    let running = serve(&database.url(), &[]);
    let written = written_while(&running, &token, || {
        done(Command::new("pg_dump").args(["--format=custom", "--file"]).arg(&dump).arg(database.url()));
    });
    drop(running);
    let maintenance = format!("--maintenance-db={}", cluster.url("postgres"));
    done(Command::new("createdb").args([maintenance.as_str(), "restored"]));
    let restored = cluster.url("restored");
    done(Command::new("pg_restore").args(["--exit-on-error", "--dbname", &restored]).arg(&dump));
    is_whole(&restored, &token, written);
}
