//! The published `postgres-es`, as its documentation sets it up, with an aggregate that decides nothing.

use std::time::{Duration, Instant};

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use postgres_es::{PostgresCqrs, postgres_cqrs};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgPool, PgPoolOptions};

use super::server::{METADATA, PAYLOAD, Server, rate};

/// Events of a stream before the next one is begun: short enough that loading it costs little.
const SHORT: u64 = 20;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Member;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum MemberEvent {
    RoleAssigned { member: String, role: Role },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Role {
    id: String,
    name: String,
}

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

impl DomainEvent for MemberEvent {
    fn event_type(&self) -> String {
        "RoleAssigned".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Member {
    const TYPE: &'static str = "member";
    type Command = ();
    type Event = MemberEvent;
    type Error = Never;
    type Services = ();

    async fn handle(&mut self, (): (), (): &(), sink: &EventSink<Self>) -> Result<(), Never> {
        let role = Role { id: "developer".to_owned(), name: "Developer".to_owned() };
        sink.write(MemberEvent::RoleAssigned { member: "member-0001".to_owned(), role }, self).await;
        Ok(())
    }

    fn apply(&mut self, _: MemberEvent) {}
}

pub(crate) async fn pool(server: &Server, connections: usize, schema: &'static str) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections.try_into().unwrap())
        .after_connect(move |connection, _| {
            let set = format!("SET search_path TO {schema}");
            Box::pin(async move { sqlx::Executor::execute(connection, set.as_str()).await.map(drop) })
        })
        .connect(&server.url)
        .await
        .unwrap()
}

async fn cqrs(server: &Server, connections: usize) -> (PostgresCqrs<Member>, PgPool) {
    let pool = pool(server, connections, "stock").await;
    (postgres_cqrs(pool.clone(), Vec::new(), ()), pool)
}

async fn command(cqrs: &PostgresCqrs<Member>, id: &str) {
    let metadata = serde_json::from_str(METADATA).unwrap();
    cqrs.execute_with_metadata(id, (), metadata).await.unwrap();
}

/// With a connection for each client.
pub(crate) async fn commands(server: &Server, clients: usize, length: Duration) -> f64 {
    let (cqrs, pool) = cqrs(server, clients).await;
    let cqrs = std::sync::Arc::new(cqrs);
    let tasks = (0..clients).map(|number| {
        let cqrs = cqrs.clone();
        async move {
            let start = Instant::now();
            let mut done = 0;
            while start.elapsed() < length {
                command(&cqrs, &format!("organisation-{number}/member-{}", done / SHORT)).await;
                done += 1;
            }
            done
        }
    });
    let rate = rate(tasks).await;
    pool.close().await;
    rate
}

/// One stream that becomes long.
pub(crate) struct Growing {
    cqrs: PostgresCqrs<Member>,
    pool: PgPool,
}

impl Growing {
    pub(crate) async fn new(server: &Server) -> Self {
        let (cqrs, pool) = cqrs(server, 1).await;
        Self { cqrs, pool }
    }

    pub(crate) async fn grow_to(&mut self, length: u64) {
        let sql = "INSERT INTO events
                   SELECT 'member', 'organisation/member-0001', n, 'RoleAssigned', '1', $1::text::json, $2::text::json
                   FROM generate_series((SELECT coalesce(max(sequence), 0) + 1 FROM events), $3) AS n";
        let insert = sqlx::query(sql).bind(PAYLOAD).bind(METADATA).bind(length.cast_signed());
        insert.execute(&self.pool).await.unwrap();
    }

    pub(crate) async fn commands(&mut self, length: Duration) -> f64 {
        let start = Instant::now();
        let mut done = 0.0;
        while start.elapsed() < length {
            command(&self.cqrs, "organisation/member-0001").await;
            done += 1.0;
        }
        done / start.elapsed().as_secs_f64()
    }
}
