//! Appends to our store, and commands through the engine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chancery::engine::Engine;
use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::{Access, Append, NewEvent, Store as _};
use chancery_benches::measure::Clock;

use super::server::{METADATA, PAYLOAD, Server, rate};
use super::workload::{Client, found, request, toggle};

fn store(server: &Server) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::open_with(&server.url, &OpenOptions::new(Access::Create)).unwrap())
}

fn append(organisation: &str, head: u64, events: u64) -> Append {
    let event = |sequence: u64| NewEvent {
        aggregate_type: "member".to_owned(),
        aggregate_id: format!("{organisation}/member-0001"),
        sequence,
        event_type: "RoleAssigned".to_owned(),
        event_version: "1".to_owned(),
        payload: PAYLOAD.to_owned(),
        metadata: METADATA.to_owned(),
        time: sequence.cast_signed(),
    };
    let events = (head + 1..=head + events).map(event).collect();
    Append { organisation: organisation.to_owned(), expected_head: head, idempotency: None, events }
}

/// Without decision.
pub(crate) async fn appends(server: &Server, clients: usize, length: Duration) -> f64 {
    let store = store(server);
    let tasks = (0..clients).map(|number| {
        let store = store.clone();
        async move {
            let organisation = format!("organisation-{number}");
            let start = Instant::now();
            let mut head = 0;
            while start.elapsed() < length {
                head = store.append(append(&organisation, head, 1)).await.unwrap().last_position;
            }
            head
        }
    });
    let rate = rate(tasks).await;
    store.close().await;
    rate
}

/// With decision: authority, the member's rules, what anybody gains by it.
pub(crate) async fn commands(server: &Server, clients: usize, length: Duration) -> f64 {
    let engine = founded(server, clients).await;
    let rate = command(&engine, clients, length).await;
    engine.close().await;
    rate
}

/// The same, with the processor time of the commands alone.
pub(crate) async fn commands_told(server: &Server, clients: usize, length: Duration) -> String {
    let engine = founded(server, clients).await;
    let clock = Clock::start(server.processor().await);
    let done = command(&engine, clients, length).await * length.as_secs_f64();
    let told = clock.told(done as u64);
    engine.close().await;
    told
}

async fn founded(server: &Server, clients: usize) -> Engine {
    let engine = Engine::new(store(server));
    for number in 0..clients {
        found(&engine, number).await;
    }
    server.checkpoint().await;
    engine
}

async fn command(engine: &Engine, clients: usize, length: Duration) -> f64 {
    let tasks = (0..clients).map(|number| {
        let mut client = Client::new(engine, number);
        async move {
            let start = Instant::now();
            let mut done = 0;
            while start.elapsed() < length {
                client.command().await;
                done += 1;
            }
            done
        }
    });
    rate(tasks).await
}

/// One stream of a store that becomes long, and one member in an organisation to whom much happens.
pub(crate) struct Growing {
    engine: Engine,
    head: u64,
    commanded: u64,
}

impl Growing {
    pub(crate) async fn new(server: &Server) -> Self {
        let engine = Engine::new(store(server));
        found(&engine, 0).await;
        Self { engine, head: 0, commanded: 0 }
    }

    pub(crate) async fn grow_to(&mut self, length: u64) {
        while self.head < length {
            let events = (length - self.head).min(1_000);
            self.head = self.engine.store().append(append("growing", self.head, events)).await.unwrap().last_position;
        }
        while self.commanded < length {
            let commands = (length - self.commanded).min(1_000);
            let toggles = (self.commanded..self.commanded + commands).map(|number| toggle(1, number % 2 == 1));
            self.engine.execute(request(0, toggles.collect())).await.unwrap();
            self.commanded += commands;
        }
    }

    pub(crate) async fn appends(&mut self, length: Duration) -> f64 {
        let (start, before) = (Instant::now(), self.head);
        while start.elapsed() < length {
            self.head = self.engine.store().append(append("growing", self.head, 1)).await.unwrap().last_position;
        }
        (self.head - before) as f64 / start.elapsed().as_secs_f64()
    }

    pub(crate) async fn commands(&mut self, length: Duration) -> f64 {
        let (start, before) = (Instant::now(), self.commanded);
        while start.elapsed() < length {
            self.engine.execute(request(0, vec![toggle(1, self.commanded % 2 == 1)])).await.unwrap();
            self.commanded += 1;
        }
        (self.commanded - before) as f64 / start.elapsed().as_secs_f64()
    }

    pub(crate) async fn close(self) {
        self.engine.close().await;
    }
}
