//! Whose file it is, which version of the schema it has, and how it gets the newest.

use rusqlite::{Connection, TransactionBehavior};

use super::error::Location;
use super::hashes;
use crate::store::StoreError;

/// `Chcy`: tells a Chancery store from other SQLite files (`file(1)` shows it too).
const APPLICATION_ID: u32 = 0x4368_6379;

/// Each brings the schema one version further; `PRAGMA user_version` counts those applied.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_events.sql"),
    include_str!("../../../migrations/sqlite/0002_projector.sql"),
    include_str!("../../../migrations/sqlite/0003_snapshots.sql"),
    include_str!("../../../migrations/sqlite/0004_hashes.sql"),
    include_str!("../../../migrations/sqlite/0005_hashes_filled.sql"),
    include_str!("../../../migrations/sqlite/0006_key_uses.sql"),
    include_str!("../../../migrations/sqlite/0007_personal_keys.sql"),
    include_str!("../../../migrations/sqlite/0008_request_digests.sql"),
];

/// After this one, the hashes of the events so far are filled in.
const HASHES: usize = 4;

/// Whoever only reads the log needs no more than this version.
const READABLE: usize = 1;

/// What a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nothing is in it yet.
    Empty,
    /// A Chancery store of a version we know.
    Store { version: usize },
    /// Something else; why it is not for us.
    Foreign(String),
}

/// Reads the identity in one transaction, so that another process's migration is seen whole or not.
pub(super) fn identify(connection: &Connection) -> Result<Identity, rusqlite::Error> {
    let transaction = connection.unchecked_transaction()?;
    let identity = read_identity(&transaction)?;
    transaction.commit()?;
    Ok(identity)
}

fn read_identity(connection: &Connection) -> Result<Identity, rusqlite::Error> {
    let application_id: u32 = connection.query_row("PRAGMA application_id", [], |row| {
        // A stranger's may be negative: SQLite keeps the 32 bits as a signed number.
        row.get::<_, i32>(0).map(i32::cast_unsigned)
    })?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application_id == 0 && version == 0 && objects == 0 {
        return Ok(Identity::Empty);
    }
    if application_id != APPLICATION_ID {
        return Ok(Identity::Foreign("it is a SQLite database of another application".to_owned()));
    }
    Ok(match usize::try_from(version) {
        Ok(version) if (1..=MIGRATIONS.len()).contains(&version) => Identity::Store { version },
        _ => Identity::Foreign(format!(
            "its schema has version {version}, this program knows versions 1 to {}; use a newer program",
            MIGRATIONS.len()
        )),
    })
}

/// Refuses a file that is not a store whose log can be read. Changes nothing.
pub(super) fn require(connection: &Connection, location: &Location) -> Result<(), StoreError> {
    match identify(connection).map_err(|error| location.translate(&error))? {
        Identity::Store { version } if version >= READABLE => Ok(()),
        Identity::Store { version } => Err(location.foreign(format!(
            "its schema has version {version} of {}; open it once for writing to bring it up to date",
            MIGRATIONS.len()
        ))),
        Identity::Empty => Err(location.foreign("it is empty")),
        Identity::Foreign(reason) => Err(location.foreign(reason)),
    }
}

/// Brings the schema up to date, if it is ours or, when `create` says so, empty.
pub(super) fn prepare(connection: &mut Connection, location: &Location, create: bool) -> Result<(), StoreError> {
    let translate = |error| location.translate(&error);
    if applied(identify(connection).map_err(translate)?, location, create)? == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(translate)?;
    // Asked again under the lock: another process may have migrated the file meanwhile.
    let done = applied(read_identity(&transaction).map_err(translate)?, location, create)?;
    for (number, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        transaction.execute_batch(migration).map_err(translate)?;
        if number + 1 == HASHES {
            hashes::fill(&transaction).map_err(translate)?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(translate)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len()).map_err(translate)?;
    transaction.commit().map_err(translate)
}

/// How many migrations a file has had.
fn applied(identity: Identity, location: &Location, create: bool) -> Result<usize, StoreError> {
    match identity {
        Identity::Store { version } => Ok(version),
        Identity::Empty if create => Ok(0),
        Identity::Empty => Err(location.foreign("it is empty")),
        Identity::Foreign(reason) => Err(location.foreign(reason)),
    }
}
