//! Durable appends and commands on PostgreSQL next to others on the same server in the same run: bare
//! INSERTs, the published `postgres-es`, and `message-db` where it is installed. Medians of three rounds.
//!
//!     cargo bench -p chancery-benches --bench postgres            about 5 minutes; on a server of its own
//!     cargo bench -p chancery-benches --bench postgres -- quick   about 1 minute, one short round
//!     cargo bench -p chancery-benches --bench postgres -- paths   what an append and a command take of the processor
//!
//! `CHANCERY_TEST_POSTGRES=postgres://…/scratch` names another server; the schemas `chancery`, `bare` and
//! `stock` are dropped there. `CHANCERY_MESSAGE_DB` is the directory of the npm package
//! `@eventide/message-db` (`npm install @eventide/message-db`); its database `message_store` is dropped.
//!
//! Each client has an organisation of its own, as tenants have, and waits for each answer.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a benchmark has nobody to report errors to")]

#[path = "support/drivers.rs"]
mod drivers;
#[path = "support/ours.rs"]
mod ours;
#[path = "support/server.rs"]
mod server;
#[path = "support/stock.rs"]
mod stock;
#[path = "support/workload.rs"]
mod workload;

use std::time::Duration;

use chancery_benches::measure::Clock;

use self::server::Server;

const CLIENTS: [usize; 3] = [1, 8, 64];
const LENGTHS: [u64; 4] = [0, 1_000, 10_000, 100_000];

struct Plan {
    rounds: usize,
    length: Duration,
}

#[tokio::main]
async fn main() {
    let quick = std::env::args().any(|argument| argument == "quick");
    let (rounds, milliseconds) = if quick { (1, 1_000) } else { (3, 3_000) };
    let plan = Plan { rounds, length: Duration::from_millis(milliseconds) };
    let server = Server::start();
    if std::env::args().any(|argument| argument == "paths") {
        return paths(&server, &plan).await;
    }
    clients(&server, &plan).await;
    drivers(&server, &plan).await;
    growth(&server, &plan).await;
}

async fn clients(server: &Server, plan: &Plan) {
    println!("\nper second         bare INSERT      append     command   postgres-es  message-db");
    let message_db = server.install_message_db();
    for clients in CLIENTS {
        let mut columns: [Vec<f64>; 5] = Default::default();
        for _ in 0..plan.rounds {
            let [bare, append, command, stock, messages] = &mut columns;
            server.clear().await;
            bare.push(drivers::bare(server, clients, plan.length).await);
            server.clear().await;
            append.push(ours::appends(server, clients, plan.length).await);
            server.clear().await;
            command.push(ours::commands(server, clients, plan.length).await);
            server.clear().await;
            stock.push(stock::commands(server, clients, plan.length).await);
            if let Some(database) = &message_db {
                messages.push(drivers::messages(database, clients, plan.length).await);
            }
        }
        let [bare, append, command, stock, messages] = columns.map(median);
        println!("{clients:>2} clients {bare:>20.0} {append:>11.0} {command:>11.0} {stock:>13.0} {messages:>11.0}");
    }
}

/// The processor time of this process and of the server, which says more than a rate on a busy machine.
async fn paths(server: &Server, plan: &Plan) {
    for clients in CLIENTS {
        server.clear().await;
        let clock = Clock::start(server.processor().await);
        let done = ours::appends(server, clients, plan.length).await * plan.length.as_secs_f64();
        println!("{clients:>2} clients, appends: {}", clock.told(done as u64));
        server.clear().await;
        let told = ours::commands_told(server, clients, plan.length).await;
        println!("{clients:>2} clients, commands: {told}");
    }
}

async fn drivers(server: &Server, plan: &Plan) {
    println!("\nrows per second, one connection   tokio-postgres        sqlx");
    let mut columns: [Vec<f64>; 4] = Default::default();
    for _ in 0..plan.rounds {
        let [tokio_single, sqlx_single, tokio_batch, sqlx_batch] = &mut columns;
        server.clear().await;
        tokio_single.push(drivers::bare(server, 1, plan.length).await);
        server.clear().await;
        sqlx_single.push(drivers::bare_by_sqlx(server, plan.length).await);
        drivers::prepare_batches(server).await;
        tokio_batch.push(drivers::batches(server, plan.length).await);
        drivers::prepare_batches(server).await;
        sqlx_batch.push(drivers::batches_by_sqlx(server, plan.length).await);
    }
    let [tokio_single, sqlx_single, tokio_batch, sqlx_batch] = columns.map(median);
    println!("single-row INSERT {tokio_single:>31.0} {sqlx_single:>11.0}");
    println!("the store's statement, 64 rows {tokio_batch:>18.0} {sqlx_batch:>11.0}");
}

async fn growth(server: &Server, plan: &Plan) {
    println!("\n1 client, one stream; per second       append     command   postgres-es");
    server.clear().await;
    let mut ours = ours::Growing::new(server).await;
    let mut stock = stock::Growing::new(server).await;
    for length in LENGTHS {
        ours.grow_to(length).await;
        stock.grow_to(length).await;
        server.checkpoint().await;
        let append = ours.appends(plan.length).await;
        let command = ours.commands(plan.length).await;
        let theirs = stock.commands(plan.length).await;
        println!("from {length:>7} events {append:>25.0} {command:>11.0} {theirs:>13.1}");
    }
    ours.close().await;
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
