//! Members' wrapped keys. New ones are written by the writer, in the transactions of events: every member gets one. What
//! is done seldom, and destroys, has a connection of its own, on which what is deleted is overwritten.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};
use tokio::task::spawn_blocking;

use super::connection;
use super::error::Location;
use super::reader::Readers;
use super::writer::Writer;
use crate::store::StoreError;
use crate::store::keys::{Added, KeyStore, MemberKey, PersonalKey, Purged};

/// The first version of the schema that has the tables is told by the tables themselves: a store that is only read
/// keeps the version that it has.
const EXISTS: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'personal_keys')";

/// Reads and writes keys.
#[derive(Debug)]
pub(super) struct Keys {
    location: Arc<Location>,
    readers: Arc<Readers>,
    timeout: Duration,
    writable: bool,
    /// Opened when it is first needed.
    connection: Mutex<Option<Connection>>,
}

impl Keys {
    pub(super) fn new(location: Arc<Location>, readers: Arc<Readers>, timeout: Duration, writable: bool) -> Self {
        Self { location, readers, timeout, writable, connection: Mutex::default() }
    }

    pub(super) fn close(&self) {
        *self.connection.lock() = None;
    }

    fn write<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error>) -> Result<T, StoreError> {
        self.readers.refuse_if_closed()?;
        if !self.writable {
            return Err(self.location.read_only());
        }
        let mut kept = self.connection.lock();
        let connection = match &mut *kept {
            Some(connection) => connection,
            None => {
                // Durable, as the events that need the keys are.
                let connection = connection::open_to_write(&self.location, false, self.timeout)?;
                let translate = |error: rusqlite::Error| self.location.translate(&error);
                connection.pragma_update(None, "secure_delete", true).map_err(translate)?;
                kept.insert(connection)
            }
        };
        work(connection).map_err(|error| self.location.translate(&error))
    }

    fn read<T: Default>(&self, work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>) -> Result<T, StoreError> {
        self.readers.read(|connection| {
            let exists: bool = connection.prepare_cached(EXISTS)?.query_row([], |row| row.get(0))?;
            if exists { work(connection) } else { Ok(T::default()) }
        })
    }
}

/// The way to [`Keys`] for callers who must not block.
#[derive(Debug)]
pub(super) struct SharedKeys {
    pub(super) keys: Arc<Keys>,
    pub(super) writer: Option<Arc<Writer>>,
}

/// Keys to be kept under a key-encryption key.
pub(super) struct NewKeys {
    kek: String,
    keys: Vec<MemberKey>,
}

impl NewKeys {
    /// About how many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.keys.iter().map(|key| 2 * (key.organisation.len() + key.member.len()) + ROW).sum()
    }
}

/// Bytes of a row besides its names.
const ROW: usize = 80;

impl SharedKeys {
    async fn away<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Keys) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let keys = self.keys.clone();
        spawn_blocking(move || work(&keys)).await.unwrap_or_else(|error| Err(super::resume(error)))
    }
}

#[async_trait]
impl KeyStore for SharedKeys {
    fn keys_blocking(&self, organisation: &str, member: Option<&str>) -> Result<Vec<MemberKey>, StoreError> {
        self.keys.read(|connection| {
            let one = if member.is_some() { "AND member = ?2" } else { "AND ?2 IS NULL" };
            let sql =
                format!("SELECT organisation, member, kek, wrapped FROM personal_keys WHERE organisation = ?1 {one}");
            connection.prepare_cached(&sql)?.query_map(params![organisation, member], member_key)?.collect()
        })
    }

    async fn kek(&self) -> Result<Option<String>, StoreError> {
        self.away(|keys| keys.read(kek)).await
    }

    async fn add(&self, kek: &str, added: Vec<MemberKey>) -> Result<Added, StoreError> {
        match &self.writer {
            Some(writer) => writer.keep(NewKeys { kek: kek.to_owned(), keys: added }).await,
            None => self.keys.readers.refuse_if_closed().and_then(|()| Err(self.keys.location.read_only())),
        }
    }

    async fn erase(&self, organisation: &str, member: &str, time: i64) -> Result<bool, StoreError> {
        let (organisation, member) = (organisation.to_owned(), member.to_owned());
        let erase = move |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "UPDATE personal_keys SET kek = NULL, wrapped = NULL, erased = ?3
                       WHERE organisation = ?1 AND member = ?2 AND erased IS NULL";
            let destroyed = transaction.execute(sql, params![organisation, member, time])?;
            let sql = "INSERT INTO personal_keys (organisation, member, erased) VALUES (?1, ?2, ?3)
                       ON CONFLICT DO NOTHING";
            transaction.execute(sql, params![organisation, member, time])?;
            transaction.commit()?;
            Ok(destroyed > 0)
        };
        self.away(move |keys| keys.write(erase)).await
    }

    async fn renew(&self, kek: &str) -> Result<(), StoreError> {
        let kek = kek.to_owned();
        let renew = move |connection: &mut Connection| {
            let sql = "INSERT INTO vault (single, kek) VALUES (1, ?1) ON CONFLICT (single) DO UPDATE SET kek = ?1";
            connection.execute(sql, [kek]).map(drop)
        };
        self.away(move |keys| keys.write(renew)).await
    }

    async fn wrapped_otherwise(&self, kek: &str, limit: usize) -> Result<Vec<MemberKey>, StoreError> {
        let kek = kek.to_owned();
        let find = move |connection: &Connection| {
            let sql = "SELECT organisation, member, kek, wrapped FROM personal_keys WHERE kek <> ?1 LIMIT ?2";
            connection.prepare_cached(sql)?.query_map(params![kek, limit], member_key)?.collect()
        };
        self.away(move |keys| keys.read(find)).await
    }

    async fn rewrap(&self, wrapped: Vec<MemberKey>) -> Result<(), StoreError> {
        let rewrap = move |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "UPDATE personal_keys SET kek = ?3, wrapped = ?4
                       WHERE organisation = ?1 AND member = ?2 AND erased IS NULL";
            for MemberKey { organisation, member, key } in &wrapped {
                if let PersonalKey::Wrapped { kek, bytes } = key {
                    transaction.prepare_cached(sql)?.execute(params![organisation, member, kek, bytes])?;
                }
            }
            transaction.commit()
        };
        self.away(move |keys| keys.write(rewrap)).await
    }

    /// The file is written anew, without its free pages, and the write-ahead log is cut to nothing.
    async fn purge(&self) -> Result<Purged, StoreError> {
        let purge = |connection: &mut Connection| {
            connection.execute_batch("VACUUM")?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
        };
        let held = self.away(move |keys| keys.write(purge)).await?;
        Ok(if held {
            Purged::Partly("the write-ahead log is read by another process; try again when that has ended".to_owned())
        } else {
            Purged::Whole
        })
    }
}

fn kek(connection: &Connection) -> Result<Option<String>, rusqlite::Error> {
    connection.prepare_cached("SELECT kek FROM vault")?.query_row([], |row| row.get(0)).optional()
}

/// Keeps keys within the writer's transaction, all or none.
pub(super) fn add(connection: &Connection, new: &NewKeys) -> Result<Added, rusqlite::Error> {
    let current = kek(connection)?;
    if current.as_ref().is_some_and(|current| *current != new.kek) {
        return Ok(Added::Renewed);
    }
    // Nothing is rolled back for one that is taken: others write in the same transaction.
    let mut exists =
        connection.prepare_cached("SELECT 1 FROM personal_keys WHERE organisation = ?1 AND member = ?2")?;
    for MemberKey { organisation, member, .. } in &new.keys {
        if exists.exists(params![organisation, member])? {
            return Ok(Added::Taken);
        }
    }
    if current.is_none() {
        connection.execute("INSERT INTO vault (single, kek) VALUES (1, ?1)", [&new.kek])?;
    }
    let sql = "INSERT INTO personal_keys (organisation, member, kek, wrapped) VALUES (?1, ?2, ?3, ?4)";
    let mut insert = connection.prepare_cached(sql)?;
    for MemberKey { organisation, member, key } in &new.keys {
        if let PersonalKey::Wrapped { kek, bytes } = key {
            insert.execute(params![organisation, member, kek, bytes])?;
        }
    }
    Ok(Added::Kept)
}

fn member_key(row: &Row<'_>) -> Result<MemberKey, rusqlite::Error> {
    let key = match (row.get(2)?, row.get(3)?) {
        (Some(kek), Some(bytes)) => PersonalKey::Wrapped { kek, bytes },
        _ => PersonalKey::Erased,
    };
    Ok(MemberKey { organisation: row.get(0)?, member: row.get(1)?, key })
}
