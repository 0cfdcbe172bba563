//! What only a PostgreSQL server can do wrong.

pub(crate) mod cluster;
mod command_line;
mod engines;
mod failure;
mod interop;
mod ordering;
mod proxy;
mod refusal;
mod schema;
mod tls;

use std::sync::Arc;

use async_trait::async_trait;
use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::{Access, Store};

use self::cluster::Database;
use super::Place;

/// A store in a database of its own.
pub(crate) struct ServerPlace {
    database: Database,
}

impl ServerPlace {
    pub(crate) fn new() -> Self {
        Self { database: Database::new() }
    }

    fn store(&self) -> PostgresStore {
        PostgresStore::open_with(&self.database.url(), &OpenOptions::new(Access::Create)).unwrap()
    }
}

#[async_trait]
impl Place for ServerPlace {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.store())
    }
}
