//! Files and directories that may not be written.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use chancery::store::sqlite::SqliteStore;
use chancery::store::{Store as _, StoreError};

use super::super::{assert_gapless, next};
use super::{FilePlace, child};

/// Root may write everywhere, so the child gives that power up before it starts.
const POWERLESS: &[&str] =
    &["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"];

fn run_without_power(task: &str, place: &FilePlace) {
    let probe = place.directory().join("probe");
    allow(place.directory(), 0o555);
    let is_root = std::fs::write(&probe, "").is_ok();
    let before = if is_root { POWERLESS } else { &[] };
    let output = child::command(before, task, &place.path()).output().unwrap();
    allow(place.directory(), 0o755);
    let _ = std::fs::remove_file(probe);
    child::succeed(&output);
}

fn allow(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_store_opened_for_reading_cannot_be_appended_to() {
    let place = FilePlace::filled(3).await;
    let store = SqliteStore::open_read_only(place.path()).unwrap();
    let outcome = store.append(next("acme", 3)).await;
    assert!(matches!(outcome, Err(StoreError::ReadOnly { .. })), "{outcome:?}");
    let writer = SqliteStore::open(place.path()).unwrap();
    writer.append(next("acme", 3)).await.unwrap();
    assert_gapless(&store, "acme", 4).await;
    store.close().await;
    assert!(matches!(store.append(next("acme", 3)).await, Err(StoreError::Closed)));
}

#[tokio::test]
async fn a_read_only_file_in_a_read_only_directory_can_be_read() {
    let place = FilePlace::filled(3).await;
    allow(&place.path(), 0o444);
    run_without_power("read in a closed directory", &place);
    assert_eq!(place.files().len(), 1);
}

pub(super) async fn read_in_a_closed_directory(file: &Path) {
    let store = SqliteStore::open_read_only(file).unwrap();
    assert_gapless(&store, "acme", 3).await;
    assert_gapless(&store, "acme", 3).await;
    let outcome = store.append(next("acme", 3)).await;
    assert!(matches!(outcome, Err(StoreError::ReadOnly { .. })), "{outcome:?}");
    for outcome in [SqliteStore::open(file), SqliteStore::open_or_create(file)] {
        assert!(matches!(outcome, Err(StoreError::ReadOnly { .. })), "{outcome:?}");
    }
    let missing = SqliteStore::open_or_create(file.with_file_name("other.db")).unwrap_err().to_string();
    assert!(missing.contains("it does not exist, and its directory may not be written"), "{missing}");
}

#[tokio::test]
async fn a_reader_without_rights_reads_beside_a_writer() {
    let place = FilePlace::filled(3).await;
    let writer = place.store();
    writer.append(next("acme", 3)).await.unwrap();
    for name in place.files() {
        allow(&place.directory().join(name), 0o444);
    }
    run_without_power("read beside a writer", &place);
    writer.append(next("acme", 4)).await.unwrap();
    assert_gapless(&writer, "acme", 5).await;
}

pub(super) async fn read_beside_a_writer(file: &Path) {
    assert_gapless(&SqliteStore::open_read_only(file).unwrap(), "acme", 4).await;
}

#[tokio::test]
async fn an_unfinished_log_in_a_read_only_directory_is_told_and_not_ignored() {
    let place = FilePlace::new();
    let writer = place.store();
    writer.append(next("acme", 0)).await.unwrap();
    let crashed = FilePlace::new();
    for name in place.files().iter().filter(|name| !name.ends_with("-shm")) {
        std::fs::copy(place.directory().join(name), crashed.directory().join(name)).unwrap();
    }
    run_without_power("read an unfinished log", &crashed);
    assert_gapless(&SqliteStore::open(crashed.path()).unwrap(), "acme", 1).await;
}

pub(super) fn read_an_unfinished_log(file: &Path) {
    let error = SqliteStore::open_read_only(file).unwrap_err().to_string();
    assert!(error.contains("its write-ahead log holds events"), "{error}");
}
