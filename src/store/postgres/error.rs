//! From PostgreSQL's error codes to [`StoreError`].

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::location::Location;
use crate::store::StoreError;

impl Location {
    pub(super) fn foreign(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Foreign { location: self.name().to_owned(), reason: reason.into() }
    }

    pub(super) fn read_only(&self) -> StoreError {
        StoreError::ReadOnly { location: self.name().to_owned() }
    }

    pub(super) fn busy(&self) -> StoreError {
        StoreError::Busy { location: self.name().to_owned() }
    }

    pub(super) fn failed(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
        StoreError::Failed { location: self.name().to_owned(), source: source.into() }
    }

    /// What an error of the server or of the way to it means to the caller of the store.
    pub(super) fn translate(&self, error: &Error) -> StoreError {
        let Some(code) = error.code() else { return self.failed(in_words(error)) };
        match *code {
            SqlState::LOCK_NOT_AVAILABLE | SqlState::T_R_DEADLOCK_DETECTED => self.busy(),
            SqlState::DISK_FULL => StoreError::Full { location: self.name().to_owned() },
            SqlState::READ_ONLY_SQL_TRANSACTION => self.read_only(),
            SqlState::INVALID_CATALOG_NAME => self.foreign(format!("{}; make it with createdb", in_words(error))),
            SqlState::UNDEFINED_TABLE | SqlState::UNDEFINED_COLUMN | SqlState::INVALID_SCHEMA_NAME => {
                self.foreign(format!("its tables are not those of a store ({})", in_words(error)))
            }
            _ => self.failed(in_words(error)),
        }
    }
}

/// The server's own message and code, or what is wrong with the way to the server.
pub(super) fn in_words(error: &Error) -> String {
    match error.as_db_error() {
        Some(answer) => format!("{} (SQLSTATE {})", answer.message(), answer.code().code()),
        None => match error.source() {
            Some(source) => {
                format!("{error}: {source}").replace(&format!(": {source}: {source}"), &format!(": {source}"))
            }
            None => error.to_string(),
        },
    }
}

/// Whether the connection is gone, so that it is unknown what became of what was sent.
pub(super) fn is_lost(error: &Error) -> bool {
    match error.code() {
        None => error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>()),
        Some(code) => code.code().starts_with("08") || ends_session(code),
    }
}

/// Whether the server stopped the statement, for the time-out or because somebody asked it to.
pub(super) fn is_cancelled(error: &Error) -> bool {
    error.code() == Some(&SqlState::QUERY_CANCELED)
}

/// Whether it may be better in a moment: the server is starting, or full.
pub(super) fn is_passing(error: &Error) -> bool {
    is_lost(error) || matches!(error.code(), Some(&SqlState::TOO_MANY_CONNECTIONS)) || is_timeout(error)
}

fn is_timeout(error: &Error) -> bool {
    error.code().is_none() && error.to_string().contains("timed out")
}

fn ends_session(code: &SqlState) -> bool {
    [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_SESSION_TIMEOUT,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ]
    .contains(code)
}
