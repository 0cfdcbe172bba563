//! Members' wrapped keys. They are few and written seldom.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::connection::{Connector, Session};
use super::error::in_words;
use super::reader::Readers;
use crate::store::keys::{Added, KeyStore, MemberKey, PersonalKey, Purged};
use crate::store::{Access, StoreError};

const EXISTS: &str = "SELECT to_regclass('personal_keys') IS NOT NULL";

/// Reads and writes keys.
#[derive(Debug)]
pub(super) struct Keys {
    readers: Arc<Readers>,
    connector: Connector,
}

impl Keys {
    pub(super) fn new(readers: Arc<Readers>, connector: Connector) -> Self {
        Self { readers, connector }
    }

    /// Whether the tables are there: a store that is only read keeps the version that it has.
    async fn exist(readers: &Readers) -> Result<bool, StoreError> {
        readers.ask(EXISTS, &[], |rows| rows.first().map_or(Ok(false), |row| row.try_get(0))).await
    }

    fn refuse_if_read_only(&self) -> Result<(), StoreError> {
        match self.connector.options.access {
            Access::Read => Err(self.connector.location.read_only()),
            Access::Write | Access::Create => Ok(()),
        }
    }

    /// Runs work in a transaction on a connection of its own; dropped after a failure, and the transaction with it.
    async fn transact<T>(&self, work: impl AsyncFnOnce(&Session) -> Result<(T, bool), Error>) -> Result<T, StoreError> {
        self.refuse_if_read_only()?;
        let session = self.connector.session().await?;
        let run = async {
            session.client.batch_execute("BEGIN").await?;
            let (answer, commit) = work(&session).await?;
            session.client.batch_execute(if commit { "COMMIT" } else { "ROLLBACK" }).await?;
            Ok(answer)
        };
        let answer = run.await.map_err(|error: Error| self.connector.location.translate(&error));
        session.close().await;
        answer
    }
}

#[async_trait]
impl KeyStore for Keys {
    fn keys_blocking(&self, organisation: &str, member: Option<&str>) -> Result<Vec<MemberKey>, StoreError> {
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        let may_be_older = self.connector.options.access == Access::Read;
        let (readers, organisation, member) =
            (self.readers.clone(), organisation.to_owned(), member.map(str::to_owned));
        // On the store's own thread, which never shows anything and so never waits here itself.
        self.connector.home.spawn(async move {
            let _ = answer.send(find(&readers, &organisation, member.as_deref(), may_be_older).await);
        });
        answered.recv().unwrap_or(Err(StoreError::Closed))
    }

    async fn kek(&self) -> Result<Option<String>, StoreError> {
        if !Self::exist(&self.readers).await? {
            return Ok(None);
        }
        let kek = |rows: &[Row]| rows.first().map(|row| row.try_get(0)).transpose();
        self.readers.ask("SELECT kek FROM vault", &[], kek).await
    }

    async fn add(&self, kek: &str, added: Vec<MemberKey>) -> Result<Added, StoreError> {
        let (mut organisations, mut members, mut wrapped) = (Vec::new(), Vec::new(), Vec::new());
        for key in &added {
            if let PersonalKey::Wrapped { bytes, .. } = &key.key {
                organisations.push(key.organisation.as_str());
                members.push(key.member.as_str());
                wrapped.push(bytes.as_slice());
            }
        }
        self.transact(async |session| {
            let sql = "INSERT INTO vault (single, kek) VALUES (1, $1) ON CONFLICT (single) DO NOTHING";
            session.query(sql, &[&kek]).await?;
            // Held until the end: a rotation that comes now waits, and finds these keys too.
            let rows = session.query("SELECT kek FROM vault FOR SHARE", &[]).await?;
            let current: Option<String> = rows.first().map(|row| row.try_get(0)).transpose()?;
            if current.as_deref() != Some(kek) {
                return Ok((Added::Renewed, false));
            }
            let sql = "INSERT INTO personal_keys (organisation, member, kek, wrapped)
                       SELECT o, m, $4, w FROM unnest($1::text[], $2::text[], $3::bytea[]) AS added (o, m, w)
                       ON CONFLICT DO NOTHING RETURNING 1";
            let kept = session.query(sql, &[&organisations, &members, &wrapped, &kek]).await?.len();
            let all = kept == members.len();
            Ok((if all { Added::Kept } else { Added::Taken }, all))
        })
        .await
    }

    async fn erase(&self, organisation: &str, member: &str, time: i64) -> Result<bool, StoreError> {
        self.transact(async |session| {
            let sql = "UPDATE personal_keys SET kek = NULL, wrapped = NULL, erased = $3
                       WHERE organisation = $1 AND member = $2 AND erased IS NULL RETURNING 1";
            let parameters: [&(dyn ToSql + Sync); 3] = [&organisation, &member, &time];
            let destroyed = !session.query(sql, &parameters).await?.is_empty();
            let sql = "INSERT INTO personal_keys (organisation, member, erased) VALUES ($1, $2, $3)
                       ON CONFLICT DO NOTHING";
            session.query(sql, &parameters).await?;
            Ok((destroyed, true))
        })
        .await
    }

    async fn renew(&self, kek: &str) -> Result<(), StoreError> {
        self.transact(async |session| {
            let sql = "INSERT INTO vault (single, kek) VALUES (1, $1) ON CONFLICT (single) DO UPDATE SET kek = $1";
            session.query(sql, &[&kek]).await?;
            Ok(((), true))
        })
        .await
    }

    async fn wrapped_otherwise(&self, kek: &str, limit: usize) -> Result<Vec<MemberKey>, StoreError> {
        let sql = "SELECT organisation, member, kek, wrapped FROM personal_keys WHERE kek <> $1 LIMIT $2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.readers.ask(sql, &[&kek, &limit], |rows| rows.iter().map(member_key).collect()).await
    }

    async fn rewrap(&self, wrapped: Vec<MemberKey>) -> Result<(), StoreError> {
        self.transact(async |session| {
            let sql = "UPDATE personal_keys SET kek = $3, wrapped = $4
                       WHERE organisation = $1 AND member = $2 AND erased IS NULL";
            for MemberKey { organisation, member, key } in &wrapped {
                if let PersonalKey::Wrapped { kek, bytes } = key {
                    session.query(sql, &[organisation, member, kek, bytes]).await?;
                }
            }
            Ok(((), true))
        })
        .await
    }

    /// Writes the tables anew, without their dead rows. What the server keeps of its write-ahead log, and its backups,
    /// is the server's: there the renewed key-encryption key has to do.
    async fn purge(&self) -> Result<Purged, StoreError> {
        self.refuse_if_read_only()?;
        let session = self.connector.session().await?;
        let purge = session.client.batch_execute("VACUUM FULL personal_keys").await;
        let snapshots = session.client.batch_execute("VACUUM FULL state_snapshots").await;
        session.close().await;
        let log = "the server's write-ahead log keeps the destroyed key, wrapped, until its segments are reused";
        Ok(Purged::Partly(match purge.and(snapshots) {
            Ok(()) => log.to_owned(),
            Err(error) => format!("the tables still have dead rows ({}); {log}", in_words(&error)),
        }))
    }
}

async fn find(
    readers: &Readers,
    organisation: &str,
    member: Option<&str>,
    may_be_older: bool,
) -> Result<Vec<MemberKey>, StoreError> {
    if may_be_older && !Keys::exist(readers).await? {
        return Ok(Vec::new());
    }
    let keys = |rows: &[Row]| rows.iter().map(member_key).collect();
    match member {
        Some(member) => {
            let sql = "SELECT organisation, member, kek, wrapped FROM personal_keys
                       WHERE organisation = $1 AND member = $2";
            readers.ask(sql, &[&organisation, &member], keys).await
        }
        None => {
            let sql = "SELECT organisation, member, kek, wrapped FROM personal_keys WHERE organisation = $1";
            readers.ask(sql, &[&organisation], keys).await
        }
    }
}

fn member_key(row: &Row) -> Result<MemberKey, Error> {
    let key = match (row.try_get(2)?, row.try_get(3)?) {
        (Some(kek), Some(bytes)) => PersonalKey::Wrapped { kek, bytes },
        _ => PersonalKey::Erased,
    };
    Ok(MemberKey { organisation: row.try_get(0)?, member: row.try_get(1)?, key })
}
