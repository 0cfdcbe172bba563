//! Copies that end early, are run again, meet something else, or have company.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chancery::copy::CopyError;
use chancery::store::Store;

use super::{everything, fill, of, run};
use crate::store_contract::{MemoryPlace, Place, append_next, next, postgres::ServerPlace, request, sqlite::FilePlace};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_brings_what_came_since() {
    let (from, to) = (FilePlace::new(), ServerPlace::new());
    let (source, target) = (from.open().await, to.open().await);
    fill(&*source, &["acme", "brent"], 0..10).await;
    let first = run(&source, &target, &[]).await.unwrap();
    let again = run(&source, &target, &[]).await.unwrap();
    assert_eq!((again.events, again.verified), (0, first.verified));
    assert_eq!(again.organisations[0].digest, first.organisations[0].digest);
    fill(&*source, &["acme", "brent"], 10..15).await;
    source.append(next("new", 0)).await.unwrap();
    let last = run(&source, &target, &[]).await.unwrap();
    assert_eq!((last.events, last.same_global_positions), (11, true));
    assert_eq!(everything(&*target).await, everything(&*source).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_history_under_the_same_name_is_refused_with_its_first_position() {
    let to = FilePlace::new();
    let (source, target) = (MemoryPlace::default().open().await, to.open().await);
    fill(&*source, &["acme", "brent"], 0..6000).await;
    target.append(request("acme", 0, 1..=4999)).await.unwrap();
    let mut other = next("acme", 4999);
    other.events[0].metadata.push(' ');
    target.append(other).await.unwrap();
    let before = everything(&*target).await;
    for wanted in [&["acme"][..], &["brent", "acme"], &[]] {
        let outcome = run(&source, &target, wanted).await;
        let Err(CopyError::Differs { organisation, position }) = outcome else { panic!("{outcome:?}") };
        assert_eq!((organisation.as_str(), position), ("acme", 5000));
    }
    assert_eq!(everything(&*target).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_went_on_by_itself_is_refused() {
    let (source, target) = (MemoryPlace::default().open().await, MemoryPlace::default().open().await);
    fill(&*source, &["acme"], 0..5).await;
    run(&source, &target, &[]).await.unwrap();
    target.append(next("acme", 5)).await.unwrap();
    for wanted in [&["acme"][..], &[]] {
        let outcome = run(&source, &target, wanted).await;
        assert!(matches!(&outcome, Err(CopyError::Ahead { there: 6, here: 5, .. })), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organisation_that_is_not_there_is_told() {
    let (source, target) = (MemoryPlace::default().open().await, MemoryPlace::default().open().await);
    fill(&*source, &["acme"], 0..1).await;
    let outcome = run(&source, &target, &["acne"]).await;
    assert!(matches!(&outcome, Err(CopyError::Unknown { organisation }) if organisation == "acne"), "{outcome:?}");
}

/// Copies while one task writes to a store.
async fn with_a_writer_to(
    busy: &Arc<dyn Store>,
    source: &Arc<dyn Store>,
    target: &Arc<dyn Store>,
) -> Result<chancery::copy::Copied, CopyError> {
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (busy, stop) = (Arc::clone(busy), Arc::clone(&stop));
        async move {
            while !stop.load(Ordering::Relaxed) {
                append_next(&*busy, "acme").await;
            }
        }
    });
    while busy.head("acme").await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    let outcome = run(source, target, &[]).await;
    stop.store(true, Ordering::Relaxed);
    writing.await.unwrap();
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_source_may_be_written_to_meanwhile() {
    let (from, to) = (FilePlace::new(), ServerPlace::new());
    let (source, target) = (from.open().await, to.open().await);
    fill(&*source, &["brent"], 0..50).await;
    let copied = with_a_writer_to(&source, &source, &target).await.unwrap();
    let there = everything(&*target).await;
    assert_eq!(there.len() as u64, copied.verified);
    assert_eq!(there, everything(&*source).await[..there.len()]);
    // Then without company.
    let last = run(&source, &target, &[]).await.unwrap();
    assert!(last.events >= copied.behind && last.behind == 0);
    assert_eq!(everything(&*target).await, everything(&*source).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_is_written_to_meanwhile_is_noticed() {
    let (from, to) = (FilePlace::new(), FilePlace::new());
    let (source, target) = (from.open().await, to.open().await);
    fill(&*source, &["acme"], 0..50).await;
    let outcome = with_a_writer_to(&target, &source, &target).await;
    // By a head that moved, or by what is there being something else or more.
    let noticed = |error: &CopyError| {
        use CopyError::{Ahead, Contended, Differs, Moved};
        matches!(error, Ahead { .. } | Contended { .. } | Differs { .. } | Moved { .. })
    };
    // The writer's events are the very ones of the source: only the first fifty can be taken for a copy.
    match &outcome {
        Err(error) => assert!(noticed(error), "{outcome:?}"),
        Ok(copied) => assert!(copied.verified == 50, "{outcome:?}"),
    }
    let heads = target.heads().await.unwrap();
    crate::store_contract::assert_gapless(&*target, "acme", heads[0].position).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_killed_is_simply_run_again() {
    let from = FilePlace::new();
    let source = from.open().await;
    let organisations = ["acme", "brent", "civic"];
    for round in 0..10 {
        for organisation in organisations {
            source.append(request(organisation, 2000 * round, 2000 * round + 1..=2000 * (round + 1))).await.unwrap();
        }
    }
    let to = FilePlace::new();
    let command = |from: &FilePlace, to: &FilePlace| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_chancery"));
        command.args(["copy", "--from", &from.url(), "--to", &to.url()]).env_remove("CHANCERY_ORGANISATION");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let mut interrupted = 0;
    for _ in 0..3 {
        let mut running = command(&from, &to).spawn().unwrap();
        let before = written(&to).await;
        // Killed once it has written something more.
        while running.try_wait().unwrap().is_none() && written(&to).await <= before {}
        running.kill().unwrap();
        interrupted += u32::from(!running.wait().unwrap().success());
    }
    assert!(interrupted > 0, "every copy was faster than the test");
    let output = command(&from, &to).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let target = to.open().await;
    assert_eq!(everything(&*target).await, everything(&*source).await);
    assert_eq!(of(&*target, &organisations).await.len(), 60_000);
}

/// Events in a store that is perhaps not there yet.
async fn written(place: &FilePlace) -> u64 {
    let Ok(store) = chancery::store::sqlite::SqliteStore::open_read_only(place.path()) else { return 0 };
    let heads = store.heads().await.unwrap_or_default();
    heads.iter().map(|head| head.position).sum()
}
