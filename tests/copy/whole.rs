//! From anywhere to anywhere, and what arrives.

use super::{everything, fill, keys, of, run};
use crate::store_contract::{MemoryPlace, Place, next, postgres::ServerPlace, sqlite::FilePlace};

const ALL: [&str; 3] = ["acme", "brent", "civic"];

async fn a_whole_store_arrives_as_it_is(from: &dyn Place, to: &dyn Place) {
    let (source, target) = (from.open().await, to.open().await);
    fill(&*source, &ALL, 0..40).await;
    let copied = run(&source, &target, &[]).await.unwrap();
    assert_eq!((copied.events, copied.verified, copied.behind), (120, 120, 0));
    assert!(copied.same_global_positions);
    assert_eq!(everything(&*target).await, everything(&*source).await);
    for organisation in ALL {
        let there = keys(&*target, organisation).await;
        assert_eq!((there.len(), &there), (14, &keys(&*source, organisation).await));
        let idempotency = crate::store_contract::idempotency("key-3", "print");
        let first = source.earlier(organisation, &idempotency).await.unwrap();
        assert_eq!(target.earlier(organisation, &idempotency).await.unwrap(), first);
    }
    // And on from there.
    target.append(next("acme", 40)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_store_goes_from_sqlite_to_postgres_and_back() {
    let (first, server, second) = (FilePlace::new(), ServerPlace::new(), FilePlace::new());
    a_whole_store_arrives_as_it_is(&first, &server).await;
    let (source, server, target) = (first.open().await, server.open().await, second.open().await);
    let there = run(&source, &target, &[]).await.unwrap();
    let other = FilePlace::new();
    let back = run(&server, &other.open().await, &[]).await.unwrap();
    // The server's has one event more by now.
    assert_eq!(there.organisations[1..], back.organisations[1..]);
    assert_ne!(there.organisations[0].digest, back.organisations[0].digest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_store_goes_from_postgres_to_sqlite() {
    a_whole_store_arrives_as_it_is(&ServerPlace::new(), &FilePlace::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_store_goes_from_sqlite_to_sqlite() {
    a_whole_store_arrives_as_it_is(&FilePlace::new(), &FilePlace::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_store_goes_from_postgres_to_postgres() {
    a_whole_store_arrives_as_it_is(&ServerPlace::new(), &ServerPlace::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organisations_are_added_to_a_store_that_has_others() {
    let (from, to) = (FilePlace::new(), ServerPlace::new());
    let (source, target) = (from.open().await, to.open().await);
    fill(&*source, &ALL, 0..30).await;
    fill(&*target, &["dover"], 0..5).await;
    let copied = run(&source, &target, &["civic"]).await.unwrap();
    assert_eq!((copied.events, copied.same_global_positions), (30, false));
    let copied = run(&source, &target, &["acme", "brent"]).await.unwrap();
    assert_eq!((copied.events, copied.organisations.len()), (60, 2));
    for names in [&["acme", "brent"][..], &["civic"]] {
        assert_eq!(of(&*target, names).await, of(&*source, names).await);
    }
    let globals = everything(&*target).await.into_iter().map(|row| row.global_position);
    assert!(globals.eq(1..=95));
    assert_eq!(keys(&*target, "acme").await, keys(&*source, "acme").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_end_at_their_limits_and_lose_nothing() {
    // More than two pages by count, and large events that end pages by size.
    let to = FilePlace::new();
    let (source, target) = (MemoryPlace::default().open().await, to.open().await);
    source.append(crate::store_contract::request("acme", 0, 1..=9000)).await.unwrap();
    let mut large = crate::store_contract::request("acme", 9000, 9001..=9005);
    large.events.iter_mut().for_each(|event| event.payload = format!("\"{}\"", "x".repeat(5 << 20)));
    source.append(large).await.unwrap();
    let copied = run(&source, &target, &["acme"]).await.unwrap();
    assert_eq!((copied.events, copied.verified), (9005, 9005));
    assert_eq!(of(&*target, &["acme"]).await, of(&*source, &["acme"]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_copied_of_nothing() {
    let (from, to) = (FilePlace::new(), FilePlace::new());
    let copied = run(&from.open().await, &to.open().await, &[]).await.unwrap();
    assert_eq!((copied.events, copied.organisations.len()), (0, 0));
}
