//! Replay of 1,000,000 events from SQLite into access states, next to reading the rows alone.
//!
//! One organisation of the profile `proplink` with 1,000 members, 50 custom roles and 110 scopes;
//! then assignments, withdrawals, toggles and moves between scopes, in equal parts.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a benchmark has nobody to report errors to")]

mod log;

use std::sync::Arc;
use std::time::Duration;

use chancery::aggregates::vocabulary::OrganisationId;
use chancery::engine::Engine;
use chancery::store::sqlite::SqliteStore;
use chancery::store::{EventRow, Range, Store, Visit};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const EVENTS: u64 = 1_000_000;

fn replay(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("replay.db");
    let runtime = Runtime::new().unwrap();
    let organisation = OrganisationId::known("bench");
    runtime.block_on(async {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open_or_create(&path).unwrap());
        log::fill(&store, &organisation, EVENTS).await;
        store.close().await;
    });
    let mut group = criterion.benchmark_group("replay of 1,000,000 events");
    group.throughput(Throughput::Elements(EVENTS)).sample_size(10).measurement_time(Duration::from_secs(20));

    let store = Arc::new(SqliteStore::open(&path).unwrap());
    group.bench_function("reading rows alone", |bench| {
        bench.iter(|| runtime.block_on(read(store.as_ref(), &organisation)));
    });
    group.bench_function("into an access state", |bench| {
        bench.iter(|| {
            let engine = Engine::new(store.clone());
            let state = runtime.block_on(engine.state(&organisation)).unwrap();
            assert_eq!(state.position(), EVENTS);
            state
        });
    });
    group.finish();
}

async fn read(store: &dyn Store, organisation: &OrganisationId) -> usize {
    let (bytes, counted) = std::sync::mpsc::channel();
    let mut total = 0;
    let visitor = move |row: EventRow<'_>| {
        total += row.payload.len();
        if row.position == EVENTS {
            bytes.send(total).unwrap();
        }
        Visit::Continue(())
    };
    let range = Range::Organisation { organisation: organisation.to_string(), after: 0, until: u64::MAX };
    store.scan(range, Box::new(visitor)).await.unwrap();
    counted.recv().unwrap()
}

criterion_group!(benches, replay);
criterion_main!(benches);
