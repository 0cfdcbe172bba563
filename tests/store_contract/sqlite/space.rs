//! A disk that is full, as a limit on the size of files.

use std::path::Path;
use std::process::Command;

use chancery::store::sqlite::SqliteStore;
use chancery::store::{Append, Appended, Store as _, StoreError};

use super::super::{all, next, rows, with_key};
use super::{FilePlace, child};

/// The largest size of a file, in KiB.
const LIMIT: &str = "ulimit -S -f 1500; trap '' XFSZ; exec \"$0\" \"$@\"";

#[tokio::test]
async fn a_full_disk_is_told_and_loses_nothing() {
    let place = FilePlace::new();
    let output = child::command(&["bash", "-c", LIMIT], "fill", &place.path()).output().unwrap();
    child::succeed(&output);
    let text = String::from_utf8_lossy(&output.stdout);
    let acknowledged: u64 = text.lines().find_map(|line| line.strip_prefix("acknowledged ")).unwrap().parse().unwrap();

    let store = SqliteStore::open(place.path()).unwrap();
    assert_whole(&store, acknowledged).await;
}

async fn assert_whole(store: &SqliteStore, count: u64) {
    let rows = rows(store, all("acme")).await;
    assert_eq!(rows.iter().map(|row| row.position).collect::<Vec<_>>(), (1..=count).collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row.event.payload == payload(row.position)));
}

fn payload(position: u64) -> String {
    position.to_string().repeat(2000)
}

fn large(head: u64) -> Append {
    let mut request = with_key(next("acme", head), &format!("key {head}"), "same");
    request.events[0].payload = payload(head + 1);
    request
}

async fn append_until_full(store: &SqliteStore, head: &mut u64) {
    for _ in 0..10_000 {
        match store.append(large(*head)).await {
            Ok(Appended { last_position, .. }) => *head = last_position,
            Err(StoreError::Full { .. }) => return,
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("the disk is never full");
}

/// The child's part: fill the disk with the store open, see what is left, get room, go on.
pub(super) async fn fill(file: &Path) {
    let store = SqliteStore::open_or_create(file).unwrap();
    let mut head = 0;
    append_until_full(&store, &mut head).await;
    assert!(head > 10, "{head}");
    assert_whole(&store, head).await;
    append_until_full(&store, &mut head).await;

    // Some requests at once: each is refused for itself.
    let requests = (0..8).map(|number| {
        let mut request = large(0);
        request.organisation = format!("organisation {number}");
        request.events[0].aggregate_id = format!("organisation {number}/manager");
        request
    });
    let store = std::sync::Arc::new(store);
    let tasks: Vec<_> = requests
        .map(|request| {
            let store = store.clone();
            tokio::spawn(async move { store.append(request).await.is_ok() })
        })
        .collect();
    let mut others = 0;
    for task in tasks {
        others += usize::from(task.await.unwrap());
    }
    assert_eq!(store.heads().await.unwrap().len(), 1 + others);
    assert_whole(&store, head).await;

    let process = std::process::id().to_string();
    assert!(Command::new("prlimit").args(["--fsize=unlimited", "--pid", &process]).status().unwrap().success());
    for _ in 0..20 {
        head = store.append(large(head)).await.unwrap().last_position;
    }
    assert!(store.append(large(head - 1)).await.unwrap().repeated);
    assert_whole(&store, head).await;
    println!("\nacknowledged {head}");
    // Without closing: what was acknowledged must be in the file and its log.
    std::mem::forget(store);
}
