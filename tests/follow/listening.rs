//! LISTEN and NOTIFY.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::{Access, Store as _};

use tokio_postgres::{AsyncMessage, NoTls};

use crate::store_contract::next;
use crate::store_contract::postgres::cluster::{Cluster, Database, connect};

const LONG: Duration = Duration::from_secs(120);

fn open(url: &str) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::open_with(url, &OpenOptions::new(Access::Create)).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_notifies_the_channel_that_is_named_like_the_schema() {
    let database = Database::new();
    let store = open(&database.url());
    let (client, mut connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    let heard = tokio::spawn(async move {
        loop {
            let message = poll_fn(|context| connection.poll_message(context)).await;
            if let AsyncMessage::Notification(notification) = message.unwrap().unwrap() {
                return notification.channel().to_owned();
            }
        }
    });
    client.batch_execute("LISTEN chancery").await.unwrap();
    store.append(next("acme", 0)).await.unwrap();
    assert_eq!(tokio::time::timeout(LONG, heard).await.unwrap().unwrap(), "chancery");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_ends_after_its_append_has_notified() {
    let database = Database::new();
    open(&database.url()).close().await;
    let (client, mut connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    let heard = tokio::spawn(async move {
        loop {
            let message = poll_fn(|context| connection.poll_message(context)).await;
            if let AsyncMessage::Notification(_) = message.unwrap().unwrap() {
                return;
            }
        }
    });
    client.batch_execute("LISTEN chancery").await.unwrap();
    let store = open(&database.url());
    store.append(next("acme", 0)).await.unwrap();
    store.close().await;
    tokio::time::timeout(LONG, heard).await.unwrap().unwrap();
}

/// How many connections to the database listen.
async fn listeners(url: &str) -> i64 {
    let client = connect(url).await.unwrap();
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_wait_share_one_connection_that_stays() {
    let database = Database::new();
    let (reader, writer) = (open(&database.url()), open(&database.url()));
    assert_eq!(listeners(&database.url()).await, 0);
    for head in 0..3 {
        let waiting: Vec<_> = (0..10)
            .map(|_| {
                let reader = reader.clone();
                tokio::spawn(async move { reader.changed(head, LONG).await.unwrap() })
            })
            .collect();
        writer.append(next("acme", head)).await.unwrap();
        for waiting in waiting {
            assert_eq!(waiting.await.unwrap(), head + 1);
        }
    }
    // Waits until it listens: the appends may all have been seen by looking.
    while listeners(&database.url()).await == 0 {
        reader.changed(3, Duration::from_millis(200)).await.unwrap();
    }
    assert_eq!(listeners(&database.url()).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listening_goes_on_after_the_server_crashed() {
    let cluster = Arc::new(Cluster::start());
    let database = Database::on(&cluster.url("postgres"));
    let (reader, writer) = (open(&database.url()), open(&database.url()));
    writer.append(next("acme", 0)).await.unwrap();
    for head in 1..3 {
        while listeners(&database.url()).await == 0 {
            reader.changed(head, Duration::from_millis(200)).await.unwrap();
        }
        let waiting = tokio::spawn({
            let reader = reader.clone();
            async move { reader.changed(head, LONG).await.unwrap() }
        });
        let crashing = cluster.clone();
        tokio::task::spawn_blocking(move || crashing.tell("restart")).await.unwrap();
        writer.append(next("acme", head)).await.unwrap();
        assert_eq!(waiting.await.unwrap(), head + 1);
    }
    while listeners(&database.url()).await == 0 {
        reader.changed(3, Duration::from_millis(200)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_without_a_notification_is_found_by_looking() {
    let database = Database::new();
    let (reader, writer) = (open(&database.url()), open(&database.url()));
    writer.append(next("acme", 0)).await.unwrap();
    while listeners(&database.url()).await == 0 {
        reader.changed(1, Duration::from_millis(200)).await.unwrap();
    }
    let waiting = tokio::spawn({
        let reader = reader.clone();
        async move { reader.changed(1, LONG).await.unwrap() }
    });
    // As another program would that knows the schema and sends no notification.
    let client = connect(&database.url()).await.unwrap();
    client
        .batch_execute(
            "SET search_path TO chancery;
             BEGIN;
             INSERT INTO events SELECT aggregate_type, aggregate_id, 2, event_type, event_version, payload, metadata,
                 NULL, NULL, organisation, 2, 2, time + 1, hashes FROM events;
             UPDATE organisations SET position = 2; UPDATE log_head SET global_position = 2;
             COMMIT",
        )
        .await
        .unwrap();
    assert_eq!(waiting.await.unwrap(), 2);
}
