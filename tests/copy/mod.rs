//! Copying between stores.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail as tests do, but clippy exempts only the tests themselves"
)]

mod command_line;
mod resuming;
mod whole;

use std::sync::Arc;

use chancery::copy::{Copied, CopyError, Unwatched, copy};
use chancery::store::{Range, Store};

use crate::store_contract::{Row, next, rows, with_key};

/// Appends `count` events to each organisation, taking turns; every third request has a key.
async fn fill(store: &dyn Store, organisations: &[&str], heads: std::ops::Range<u64>) {
    for head in heads {
        for organisation in organisations {
            let request = next(organisation, head);
            let keyed = with_key(request.clone(), &format!("key-{head}"), "print");
            store.append(if head % 3 == 0 { keyed } else { request }).await.unwrap();
        }
    }
}

async fn run(source: &Arc<dyn Store>, target: &Arc<dyn Store>, wanted: &[&str]) -> Result<Copied, CopyError> {
    let wanted: Vec<String> = wanted.iter().map(|&wanted| wanted.to_owned()).collect();
    copy(&**source, &**target, &wanted, &Unwatched).await
}

async fn everything(store: &dyn Store) -> Vec<Row> {
    rows(store, Range::Store { after: 0 }).await
}

/// The rows of some organisations, without their global positions.
async fn of(store: &dyn Store, organisations: &[&str]) -> Vec<Row> {
    let rows = everything(store).await.into_iter();
    let chosen = rows.filter(|row| organisations.contains(&row.organisation.as_str()));
    chosen.map(|row| Row { global_position: 0, ..row }).collect()
}

async fn keys(store: &dyn Store, organisation: &str) -> Vec<chancery::store::AdoptedKey> {
    store.keys(organisation, "", usize::MAX >> 1).await.unwrap()
}
