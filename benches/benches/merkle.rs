//! What it costs to keep a log that others can verify, and to prove, export and verify it.
//!
//!     cargo bench -p chancery-benches --bench merkle [-- EVENTS]
//!
//! A million events, unless another number is given. Figures are comparable within one run only.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark has nobody to report errors to"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use chancery::log::line::Line;
use chancery::log::pack::{self, Wanted};
use chancery::log::proof::includes;
use chancery::log::sign::root_at;
use chancery::log::verify::verify;
use chancery::log::{Checkpoint, Frontier, Prover, Signer};
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Append, NewEvent, Store, StoredCheckpoint};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PAYLOAD: &str = r#"{"RoleAssigned":{"member":"member-0001","role":{"id":"developer","name":"Developer"}}}"#;
const METADATA: &str =
    r#"{"actor":"founder","command":"AssignRole","correlation":"019abcde-f012-7abc-8def-0123456789ab"}"#;
const AT_ONCE: u64 = 1_000;
const PROOFS: u64 = 10_000;

fn event(number: u64) -> NewEvent {
    NewEvent {
        aggregate_type: "member".to_owned(),
        aggregate_id: format!("bench/member-{:04}", number % 1_000),
        sequence: number / 1_000 + 1,
        event_type: "RoleAssigned".to_owned(),
        event_version: "1".to_owned(),
        payload: PAYLOAD.to_owned(),
        metadata: METADATA.to_owned(),
        time: 1_772_548_200_000_000 + number.cast_signed(),
    }
}

/// The hashes alone: lines written, leaves and nodes hashed.
fn hashing(events: u64) -> Duration {
    let (mut frontier, mut line, event) = (Frontier::default(), Line::default(), event(1));
    let start = Instant::now();
    for position in 1..=events {
        black_box(frontier.push(line.hash_at("bench", position, &event)));
    }
    start.elapsed()
}

async fn fill(store: &SqliteStore, events: u64) -> Duration {
    let start = Instant::now();
    let mut head = 0;
    while head < events {
        let until = (head + AT_ONCE).min(events);
        let request = Append {
            organisation: "bench".to_owned(),
            expected_head: head,
            idempotency: None,
            events: (head..until).map(event).collect(),
        };
        head = store.append(request).await.unwrap().last_position;
    }
    start.elapsed()
}

/// Inclusion proofs all over the log, made as the service makes them, and checked once more as a reader of one does;
/// the first figure is for making them.
async fn proofs(store: &SqliteStore, checkpoint: &StoredCheckpoint) -> (Duration, Duration) {
    let (prover, read) = (Prover::default(), Checkpoint::read(&checkpoint.note).unwrap());
    let (mut making, mut checking) = (Duration::ZERO, Duration::ZERO);
    let mut line = Line::default();
    for number in 0..PROOFS {
        let leaf = number.wrapping_mul(7_919_771) % read.size;
        let hash = line.hash_at("bench", leaf + 1, &event(leaf));
        let start = Instant::now();
        let proof = prover.inclusion(store, checkpoint, leaf + 1).await.unwrap();
        let made = Instant::now();
        assert!(includes(&proof, leaf, hash, read.size, read.root));
        making += made - start;
        checking += made.elapsed();
    }
    (making, checking)
}

/// The most memory that this process has had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn seconds(what: &str, elapsed: Duration) {
    println!("  {:>8.2} s   {what}", elapsed.as_secs_f64());
}

#[tokio::main]
async fn main() {
    let events = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_or_create(directory.path().join("bench.db")).unwrap();
    println!("{events} events of one organisation, SQLite");
    let hashed = hashing(events);
    println!("  {:>8.0} ns  an event's line and hashes alone", hashed.as_secs_f64() * 1e9 / events as f64);
    let filled = fill(&store, events).await;
    seconds(
        &format!(
            "appended, {AT_ONCE} a request; hashing is {:.1} % of it",
            hashed.as_secs_f64() * 100.0 / filled.as_secs_f64()
        ),
        filled,
    );

    let signer = Signer::from_seed(&[7; 32]).unwrap();
    let note = Checkpoint::new("bench", events, root_at(&store, "bench", events).await.unwrap()).sign(&signer);
    let verifier = signer.verifier("chancery/bench").to_string();
    let checkpoint = StoredCheckpoint { organisation: "bench".to_owned(), size: events, verifier, note, time: 0 };
    store.save_checkpoint(checkpoint.clone()).await.unwrap();

    let (making, checking) = proofs(&store, &checkpoint).await;
    println!("  {:>8.1} us  an inclusion proof made", making.as_secs_f64() * 1e6 / PROOFS as f64);
    println!("  {:>8.1} us  an inclusion proof checked", checking.as_secs_f64() * 1e6 / PROOFS as f64);

    let before = peak();
    let out = directory.path().join("pack");
    std::fs::create_dir(&out).unwrap();
    let wanted = Wanted { organisation: "bench".to_owned(), from: 1, until: events, checkpoint, made: String::new() };
    let start = Instant::now();
    pack::write(&store, &wanted, &out, || {}).await.unwrap();
    seconds(&format!("exported as a pack; memory grew by {} MiB", peak() - before), start.elapsed());

    let start = Instant::now();
    pack::verify(&out, &[], &[], || {}).unwrap();
    seconds("the pack verified", start.elapsed());

    let start = Instant::now();
    pack::compress(&out, &directory.path().join("pack.tar.zst")).unwrap();
    let bytes = std::fs::metadata(directory.path().join("pack.tar.zst")).unwrap().len();
    seconds(&format!("the pack compressed to {} MiB", bytes >> 20), start.elapsed());

    let start = Instant::now();
    let refused = verify(&store, "bench", &[], || {}).await.unwrap_err();
    // All events are read before the signature is refused: the log of a benchmark publishes no key.
    assert!(refused.to_string().contains("is not a key of this log"), "{refused}");
    seconds("the store verified", start.elapsed());
}
