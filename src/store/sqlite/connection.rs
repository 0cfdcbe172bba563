//! How the store's connections are opened, and what is refused before anything is touched.

use std::time::{Duration, Instant};

use rusqlite::{Connection, DatabaseName, ErrorCode, OpenFlags};

use super::checkpoint::Checkpoints;
use super::error::Location;
use super::schema::{self, Identity};
use crate::store::StoreError;

/// A write-ahead log that a long read made longer is cut back to this many bytes.
const LOG_SIZE_LIMIT: u32 = 64 << 20;

/// Page cache of the writing connection, in KiB: the right edges of the indexes of many organisations.
const WRITER_CACHE: u32 = 64 << 10;

/// Page cache of each reading connection, in KiB; a scan goes through it once and needs little.
/// Mapping the file into memory instead makes scans a fifth faster, but turns a read error of the disk
/// from an error into the death of the process.
const READER_CACHE: u32 = 8 << 10;

/// Opens the connection that writes, on a file whose schema is then up to date, and the one that
/// checkpoints.
pub(super) fn open_writer(
    location: &Location,
    create: bool,
    timeout: Duration,
) -> Result<(Connection, Checkpoints), StoreError> {
    refuse_obvious(location, create)?;
    let mut writer = open_to_write(location, create, timeout)?;
    // The file is made in rollback mode, so that the identity is in its first page from the first
    // moment on; EXTRA lets no power cut bring the rollback journal of that back.
    let translate = |error| location.translate(&error);
    writer.pragma_update(None, "synchronous", "EXTRA").map_err(translate)?;
    schema::prepare(&mut writer, location, create)?;
    use_write_ahead_log(&writer, location, timeout)?;
    writer.pragma_update(None, "synchronous", "FULL").map_err(translate)?;
    writer.pragma_update(None, "journal_size_limit", LOG_SIZE_LIMIT).map_err(translate)?;
    writer.pragma_update(None, "cache_size", -i64::from(WRITER_CACHE)).map_err(translate)?;
    Ok((writer, Checkpoints::new(open_to_write(location, false, timeout)?)))
}

/// Opens a connection that writes, beside the writer, what need not survive the end of the machine.
pub(super) fn open_beside(location: &Location, timeout: Duration) -> Result<Connection, StoreError> {
    let connection = open_to_write(location, false, timeout)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(|error| location.translate(&error))?;
    Ok(connection)
}

pub(super) fn open_to_write(location: &Location, create: bool, timeout: Duration) -> Result<Connection, StoreError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
    let translate = |error| location.translate(&error);
    let connection = Connection::open_with_flags(location.path(), flags).map_err(translate)?;
    // SQLite opens a file it may not write for reading, without a word.
    if connection.is_readonly(DatabaseName::Main).map_err(translate)? {
        return Err(location.read_only());
    }
    connection.busy_timeout(timeout).map_err(translate)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(translate)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(translate)?;
    // `Checkpoints` does it.
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(translate)?;
    Ok(connection)
}

/// Opens a connection that reads beside the open writing one.
pub(super) fn open_reader(location: &Location, timeout: Duration) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    configure_reader(Connection::open_with_flags(location.path(), flags)?, timeout)
}

/// How a store that may only be read can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Together with processes that write.
    Shared,
    /// As a file that nobody changes: its directory may not be written, so SQLite cannot keep the
    /// files by which readers and writers know of each other. Such a connection sees the file as it
    /// was when it was opened, and must not be kept.
    Still,
}

/// Opens a connection on a file (or in a directory) that perhaps may not be written.
pub(super) fn open_read_only(location: &Location, timeout: Duration) -> Result<(Connection, Reading), StoreError> {
    refuse_obvious(location, false)?;
    let shared = open_reader(location, timeout).and_then(|shared| schema::identify(&shared).map(|_| shared));
    match shared {
        Ok(shared) => return schema::require(&shared, location).map(|()| (shared, Reading::Shared)),
        // Its companion files can be neither found nor made.
        Err(error) if matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) => {}
        Err(error) => return Err(location.translate(&error)),
    }
    if has_log(location) {
        return Err(location.foreign(
            "its write-ahead log holds events and cannot be read in a directory that may not be written; \
             close the store properly, or copy it with its `-wal` file to a directory that may be written",
        ));
    }
    let still = open_still(location)
        .and_then(|connection| configure_reader(connection, timeout))
        .map_err(|error| location.translate(&error))?;
    schema::require(&still, location)?;
    Ok((still, Reading::Still))
}

fn configure_reader(connection: Connection, timeout: Duration) -> Result<Connection, rusqlite::Error> {
    connection.busy_timeout(timeout)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cache_size", -i64::from(READER_CACHE))?;
    Ok(connection)
}

/// Refuses what is plainly not a store, without opening it in a way that could change it or leave
/// SQLite's companion files beside it.
fn refuse_obvious(location: &Location, create: bool) -> Result<(), StoreError> {
    // The log first: while another process makes the store, the file is not empty when its log exists.
    let has_log = has_log(location);
    let length = match std::fs::metadata(location.path()) {
        Ok(metadata) if metadata.is_dir() => return Err(location.foreign("it is a directory")),
        // SQLite would delete the log.
        Ok(metadata) if metadata.len() == 0 && has_log => {
            return Err(location.foreign("it is empty although its write-ahead log is not: it was cut short"));
        }
        Ok(metadata) if metadata.len() == 0 && !create => return Err(location.foreign("it is empty")),
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return if create { Ok(()) } else { Err(location.foreign("there is no such file")) };
        }
        Err(error) => return Err(location.foreign(format!("it cannot be opened: {error}"))),
    };
    // This reading takes no locks, so only a plain "no" counts; all else is asked again under a lock.
    let Ok(still) = open_still(location) else { return Ok(()) };
    match schema::identify(&still) {
        Ok(Identity::Foreign(reason)) => Err(location.foreign(reason)),
        // SQLite notices missing pages by itself, but not a piece missing from the last one. While
        // there is a log, that may be a checkpoint which the log repeats.
        Ok(Identity::Store { .. }) if !has_log && !is_whole(&still, length) => {
            Err(location.foreign("it is damaged or cut short: its last page is incomplete; restore it from a backup"))
        }
        _ => Ok(()),
    }
}

fn is_whole(connection: &Connection, length: u64) -> bool {
    let page_size = connection.query_row("PRAGMA page_size", [], |row| row.get::<_, u64>(0));
    page_size.is_ok_and(|page_size| length.is_multiple_of(page_size))
}

fn has_log(location: &Location) -> bool {
    std::fs::metadata(location.beside("-wal")).is_ok_and(|metadata| metadata.len() > 0)
}

/// Opens the file alone, without locks and companion files. Not by `std::fs::File`: closing that
/// would drop the POSIX locks of every other connection of this process to the same file.
fn open_still(location: &Location) -> Result<Connection, rusqlite::Error> {
    let mut uri = String::from("file://");
    for byte in location.path().as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, flags)
}

/// Turns the write-ahead log on. The mode is kept in the file; only the first process changes it.
fn use_write_ahead_log(connection: &Connection, location: &Location, timeout: Duration) -> Result<(), StoreError> {
    let deadline = Instant::now() + timeout;
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(location.foreign(format!(
                    "it cannot use a write-ahead log (only `{mode}`); is it on a network file system?"
                )));
            }
            // SQLite does not always wait by itself here, when two processes change the mode at once.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(error) => return Err(location.translate(&error)),
        }
    }
}
