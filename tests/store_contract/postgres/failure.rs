//! Servers that crash, connections that are cut, locks that are held.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chancery::store::postgres::{OpenOptions, PostgresStore};
use chancery::store::{Access, Range, Store as _, StoreError};

use super::super::{append_next, assert_gapless, next, rows};
use super::ServerPlace;
use super::cluster::{Cluster, Database, connect};
use super::proxy::Proxy;

/// A store behind a proxy on the shared server.
async fn behind_a_proxy(place: &ServerPlace) -> (Proxy, Arc<PostgresStore>) {
    drop(place.store());
    let url = place.database.url();
    let (before, rest) = url.split_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let proxy = Proxy::to(server.to_owned()).await;
    let url = format!("{before}@127.0.0.1:{}/{database}?sslmode=disable", proxy.port());
    let store = tokio::task::spawn_blocking(move || PostgresStore::open_with(&url, &OpenOptions::new(Access::Write)));
    (proxy, Arc::new(store.await.unwrap().unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_whose_answer_was_lost_is_answered_and_not_repeated() {
    let place = ServerPlace::new();
    let (proxy, store) = behind_a_proxy(&place).await;
    store.append(next("acme", 0)).await.unwrap();
    for head in 1..12 {
        if head % 2 == 0 {
            proxy.lose_the_next_answer()
        } else {
            proxy.lose_the_next_request()
        }
        let appended = store.append(next("acme", head)).await.unwrap();
        assert!(proxy.has_cut());
        assert_eq!((appended.last_position, appended.last_global_position), (head + 1, head + 1));
        assert!(!appended.repeated);
    }
    assert_gapless(&*store, "acme", 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_batch_is_resolved_request_by_request() {
    let place = ServerPlace::new();
    let (proxy, store) = behind_a_proxy(&place).await;
    for organisation in 0..8 {
        store.append(next(&format!("organisation {organisation}"), 0)).await.unwrap();
    }
    for round in 0..10 {
        proxy.lose_the_next_answer();
        let tasks: Vec<_> = (0..8_u64)
            .map(|organisation| {
                let store = store.clone();
                tokio::spawn(async move {
                    // Every third expects too much, and must be told so also when the answer was lost.
                    let (head, surplus) = if organisation % 3 == 2 { (1, 1) } else { (1 + round, 0) };
                    let outcome = store.append(next(&format!("organisation {organisation}"), head + surplus)).await;
                    match outcome {
                        Ok(appended) => assert_eq!((surplus, appended.last_position), (0, head + 1)),
                        Err(StoreError::Conflict { head: told, .. }) => assert_eq!((surplus, told), (1, head)),
                        Err(error) => panic!("{error:?}"),
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(proxy.has_cut());
    }
    for organisation in 0..8 {
        let count = if organisation % 3 == 2 { 1 } else { 11 };
        assert_gapless(&*store, &format!("organisation {organisation}"), count).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_goes_on_after_its_connection_was_cut() {
    let place = ServerPlace::new();
    let (proxy, store) = behind_a_proxy(&place).await;
    store.append(super::super::request("acme", 0, 1..=3000)).await.unwrap();
    for _ in 0..5 {
        proxy.lose_the_next_answer();
        let positions: Vec<u64> =
            rows(&*store, Range::Store { after: 0 }).await.iter().map(|row| row.global_position).collect();
        assert!(proxy.has_cut());
        assert_eq!(positions, (1..=3000).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_and_restarts_loses_and_repeats_nothing() {
    let cluster = Cluster::start();
    let database = Database::on(&cluster.url("postgres"));
    let open = || PostgresStore::open_with(&database.url(), &OpenOptions::new(Access::Create)).unwrap();
    let (one, other) = (Arc::new(open()), Arc::new(open()));
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let (store, stop) = (if task % 2 == 0 { one.clone() } else { other.clone() }, stop.clone());
            tokio::spawn(async move {
                let (name, mut head) = (format!("organisation {task}"), 0);
                // However slow the machine is, each appends again after its first.
                while head < 2 || !stop.load(Ordering::Relaxed) {
                    // Alone in its organisation: no conflict, and no doubt after a restart either.
                    head = store.append(next(&name, head)).await.unwrap().last_position;
                    append_next(&*store, "shared").await;
                }
                head
            })
        })
        .collect();
    let cluster = Arc::new(cluster);
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let cluster = cluster.clone();
        tokio::task::spawn_blocking(move || cluster.tell("restart")).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    stop.store(true, Ordering::Relaxed);
    let mut total = 0;
    for (number, task) in tasks.into_iter().enumerate() {
        let head = task.await.unwrap();
        assert_gapless(&*one, &format!("organisation {number}"), head).await;
        total += head;
    }
    assert_gapless(&*other, "shared", total).await;
    let globals: Vec<u64> =
        rows(&*one, Range::Store { after: 0 }).await.iter().map(|row| row.global_position).collect();
    assert_eq!(globals, (1..=2 * total).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stays_away_is_told_and_the_store_recovers() {
    let cluster = Arc::new(Cluster::start());
    let database = Database::on(&cluster.url("postgres"));
    let options = OpenOptions { reconnect_timeout: Duration::from_millis(300), ..OpenOptions::new(Access::Create) };
    let store = PostgresStore::open_with(&database.url(), &options).unwrap();
    store.append(next("acme", 0)).await.unwrap();
    cluster.tell("stop");
    for outcome in [store.append(next("acme", 1)).await.map(drop), store.head("acme").await.map(drop)] {
        assert!(matches!(outcome, Err(StoreError::Failed { .. })), "{outcome:?}");
    }
    cluster.tell("start");
    store.append(next("acme", 1)).await.unwrap();
    assert_gapless(&store, "acme", 2).await;
}

#[tokio::test]
async fn a_lock_held_too_long_is_told_as_busy_and_passes() {
    let place = ServerPlace::new();
    place.store().append(next("acme", 0)).await.unwrap();
    let options = OpenOptions { lock_timeout: Duration::from_millis(50), ..OpenOptions::new(Access::Write) };
    let store = PostgresStore::open_with(&place.database.url(), &options).unwrap();
    let stranger = connect(&place.database.url()).await.unwrap();
    stranger.batch_execute("BEGIN; LOCK TABLE chancery.log_head").await.unwrap();

    let start = Instant::now();
    let outcome = store.append(next("acme", 1)).await;
    assert!(matches!(outcome, Err(StoreError::Busy { .. })), "{outcome:?}");
    assert!(start.elapsed() < Duration::from_secs(3));
    assert_gapless(&store, "acme", 1).await;

    stranger.batch_execute("ROLLBACK").await.unwrap();
    store.append(next("acme", 1)).await.unwrap();
    assert_gapless(&store, "acme", 2).await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_told_as_failed_and_nothing_is_written() {
    let place = ServerPlace::new();
    place.store().append(next("acme", 0)).await.unwrap();
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$;
                CREATE TRIGGER slow BEFORE INSERT ON chancery.events FOR EACH ROW EXECUTE FUNCTION slow()";
    place.database.execute(slow);
    let options = OpenOptions { statement_timeout: Duration::from_millis(100), ..OpenOptions::new(Access::Write) };
    let store = PostgresStore::open_with(&place.database.url(), &options).unwrap();
    let outcome = store.append(next("acme", 1)).await;
    assert!(outcome.as_ref().is_err_and(|error| error.to_string().contains("statement timeout")), "{outcome:?}");
    place.database.execute("DROP TRIGGER slow ON chancery.events");
    store.append(next("acme", 1)).await.unwrap();
    assert_gapless(&store, "acme", 2).await;
}

#[tokio::test]
async fn commits_wait_for_the_disk_whatever_the_server_says() {
    let place = ServerPlace::new();
    let name = place.database.url().rsplit('/').next().unwrap().to_owned();
    place.database.execute(&format!("ALTER DATABASE {name} SET synchronous_commit TO off"));
    drop(place.store());
    // Seen from inside an append.
    place.database.execute(
        "CREATE TABLE public.seen (setting text);
         CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO public.seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
         CREATE TRIGGER look BEFORE INSERT ON chancery.events FOR EACH ROW EXECUTE FUNCTION look()",
    );
    place.store().append(next("acme", 0)).await.unwrap();
    let client = connect(&place.database.url()).await.unwrap();
    assert_eq!(client.query_one("SELECT setting FROM public.seen", &[]).await.unwrap().get::<_, &str>(0), "on");
}
