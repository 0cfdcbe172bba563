//! Whose schema it is, which version it has, and how it gets the newest.

use tokio_postgres::Error;

use super::connection::{Connector, Session};
use super::error::in_words;
use super::hashes;
use super::location::Location;
use crate::store::{Access, StoreError};

/// Each brings the schema one version further; the table `chancery_migrations` lists those applied.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/postgres/0001_events.sql"),
    include_str!("../../../migrations/postgres/0002_projector.sql"),
    include_str!("../../../migrations/postgres/0003_snapshots.sql"),
    include_str!("../../../migrations/postgres/0004_hashes.sql"),
    include_str!("../../../migrations/postgres/0005_hashes_filled.sql"),
    include_str!("../../../migrations/postgres/0006_key_uses.sql"),
    include_str!("../../../migrations/postgres/0007_personal_keys.sql"),
    include_str!("../../../migrations/postgres/0008_request_digests.sql"),
];

/// After this one, the hashes of the events so far are filled in.
const HASHES: usize = 4;

/// Whoever only reads the log needs no more than this version.
const READABLE: usize = 1;

const VERSIONS: &str = "CREATE TABLE chancery_migrations (
    version integer     NOT NULL PRIMARY KEY CHECK (version > 0),
    applied timestamptz NOT NULL DEFAULT now()
)";

/// What a schema is.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// There is no such schema.
    Missing,
    /// There is, with nothing in it.
    Empty,
    /// A store of some version.
    Store { version: i64 },
    /// Somebody else's.
    Foreign,
}

/// Refuses a database that is not for us; brings the schema up to date where that is asked for.
pub(super) async fn prepare(connector: &Connector) -> Result<(), StoreError> {
    let location = &connector.location;
    let session = connector.connect().await.map_err(|error| location.translate(&error))?;
    require_utf8(&session, location).await?;
    let access = connector.options.access;
    let applied = applied(identify(&session, location).await?, location, access)?;
    let needed = if access == Access::Read { READABLE } else { MIGRATIONS.len() };
    if applied < needed {
        if access == Access::Read {
            return Err(location.foreign(format!(
                "its schema has version {applied} of {}; open it once for writing to bring it up to date",
                MIGRATIONS.len()
            )));
        }
        migrate(&session, location, access).await?;
    }
    session.close().await;
    Ok(())
}

/// Texts are kept byte for byte, which another encoding does not.
async fn require_utf8(session: &Session, location: &Location) -> Result<(), StoreError> {
    let rows = session.query("SELECT current_setting('server_encoding')", &[]).await;
    let rows = rows.map_err(|error| location.translate(&error))?;
    let encoding: String = one(&rows, 0).map_err(|error| location.translate(&error))?.unwrap_or_default();
    if encoding == "UTF8" {
        return Ok(());
    }
    Err(location.foreign(format!("its encoding is {encoding}, and must be UTF8")))
}

fn one<'a, T: tokio_postgres::types::FromSql<'a>>(
    rows: &'a [tokio_postgres::Row],
    column: usize,
) -> Result<Option<T>, Error> {
    rows.first().map(|row| row.try_get(column)).transpose()
}

async fn identify(session: &Session, location: &Location) -> Result<Identity, StoreError> {
    let translate = |error: Error| location.translate(&error);
    let sql = "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid),
                      EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = 'chancery_migrations')
               FROM pg_namespace AS n WHERE n.nspname = $1";
    let rows = session.query(sql, &[&location.schema]).await.map_err(translate)?;
    let (Some(filled), Some(ours)) =
        (one::<bool>(&rows, 0).map_err(translate)?, one::<bool>(&rows, 1).map_err(translate)?)
    else {
        return Ok(Identity::Missing);
    };
    if !ours {
        return Ok(if filled { Identity::Foreign } else { Identity::Empty });
    }
    let sql = "SELECT coalesce(max(version), 0)::bigint FROM chancery_migrations";
    let rows = session.query(sql, &[]).await.map_err(translate)?;
    let version = one(&rows, 0).map_err(translate)?.unwrap_or(0);
    Ok(Identity::Store { version })
}

/// How many migrations a schema has had.
fn applied(identity: Identity, location: &Location, access: Access) -> Result<usize, StoreError> {
    let schema = &location.schema;
    match identity {
        Identity::Missing | Identity::Empty if access == Access::Create => Ok(0),
        Identity::Missing => Err(location.foreign(format!("it has no schema `{schema}`"))),
        Identity::Empty => Err(location.foreign(format!("its schema `{schema}` is empty"))),
        Identity::Foreign => Err(location.foreign(format!(
            "its schema `{schema}` belongs to another application; name another one with `?schema=`"
        ))),
        Identity::Store { version } => match usize::try_from(version) {
            Ok(version) if (1..=MIGRATIONS.len()).contains(&version) => Ok(version),
            _ => Err(location.foreign(format!(
                "its schema has version {version}, this program knows versions 1 to {}; use a newer program",
                MIGRATIONS.len()
            ))),
        },
    }
}

/// One transaction, and one process at a time; whoever comes second finds nothing left to do.
async fn migrate(session: &Session, location: &Location, access: Access) -> Result<(), StoreError> {
    let run = async |sql: &str| session.client.batch_execute(sql).await.map_err(|error| refused(&error, location));
    run("BEGIN").await?;
    run(&format!("SELECT pg_advisory_xact_lock({})", location.lock_key())).await?;
    // Asked again under the lock: another process may have migrated the schema meanwhile.
    let done = applied(identify(session, location).await?, location, access)?;
    if done == 0 {
        // `IF NOT EXISTS` asks for the right to create schemas even when it is there.
        if matches!(identify(session, location).await?, Identity::Missing) {
            run(&format!("CREATE SCHEMA {}", location.schema)).await?;
        }
        run(VERSIONS).await?;
    }
    for (number, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        run(migration).await?;
        if number + 1 == HASHES {
            hashes::fill(session).await.map_err(|error| refused(&error, location))?;
        }
        run(&format!("INSERT INTO chancery_migrations (version) VALUES ({})", number + 1)).await?;
    }
    run("COMMIT").await
}

/// The connection is dropped after a failure, and the transaction with it.
fn refused(error: &Error, location: &Location) -> StoreError {
    use tokio_postgres::error::SqlState;
    match error.code() {
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => location.foreign(format!(
            "its schema is not up to date, and this user may not change it: {}; open it once as its owner",
            in_words(error)
        )),
        _ => location.translate(error),
    }
}
