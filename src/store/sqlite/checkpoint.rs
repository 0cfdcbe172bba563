//! When and how the write-ahead log is copied into the file.
//!
//! Not by SQLite's own auto-checkpoint: in versions before 3.51.3 (ours is older, for the sake of a
//! shared C library) a checkpoint that overlaps another process's commit can, very rarely, damage the
//! file ("WAL-reset bug", sqlite.org/wal.html). So the log is copied only while we hold the write
//! lock, and nobody can commit. It also comes after the callers got their answers.

use rusqlite::Connection;

use crate::store::Append;

/// A checkpoint is due after about this many pages (16 MiB): seldom enough that a page changed by many
/// commits is copied once, and soon enough that it takes some tens of milliseconds.
const DUE: usize = 4096;

/// Pages that every commit changes: the end of the table, the heads, the file's first page.
const PAGES_PER_COMMIT: usize = 3;

/// Pages that a request changes at least: the organisation's and the stream's place in the indexes.
const PAGES_PER_REQUEST: usize = 2;

const PAGE: usize = 4096;

/// What an event takes beside its payload and metadata.
const NAMES: usize = 256;

/// Copies the log when enough was written.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// A second connection: the one that holds the write lock cannot checkpoint.
    connection: Connection,
    /// Pages written since the last checkpoint, estimated.
    pages: usize,
}

impl Checkpoints {
    pub(super) fn new(connection: Connection) -> Self {
        // Another process may have left a log of any length.
        Self { connection, pages: DUE }
    }

    /// Counts what a request has written.
    pub(super) fn count(&mut self, request: &Append) {
        let bytes: usize = request.events.iter().map(|event| event.payload.len() + event.metadata.len() + NAMES).sum();
        self.pages += PAGES_PER_REQUEST + bytes / PAGE;
    }

    /// Counts what else was written.
    pub(super) fn count_bytes(&mut self, bytes: usize) {
        self.pages += bytes / PAGE;
    }

    /// Counts a commit, and copies the log when it is time. `writer` has no transaction open.
    pub(super) fn committed(&mut self, writer: &Connection) {
        self.pages += PAGES_PER_COMMIT;
        if self.pages >= DUE {
            self.pages = 0;
            self.run(writer);
        }
    }

    /// Copies as much of the log as no reader needs; waits for no reader. What cannot be copied now
    /// (another process writes, the disk is full) is safe in the log and is copied the next time.
    pub(super) fn run(&self, writer: &Connection) {
        if writer.execute_batch("BEGIN IMMEDIATE").is_err() {
            return;
        }
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        let _ = writer.execute_batch("ROLLBACK");
    }
}
