//! A process that starts on a store of more and more organisations: until the first answer, and until all of them
//! can be asked.

use std::sync::Arc;
use std::time::Instant;

use chancery::aggregates::vocabulary::OrganisationId;
use chancery::embed::{Chancery, Request};
use chancery::engine::Engine;
use chancery::store::memory::MemoryStore;
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Access, Adopted, Adoption, Range, Store, Visit};
use chancery_benches::measure::resident;
use chancery_benches::plot::{Panel, Series};
use chancery_benches::shape::organisation_id;
use parking_lot::Mutex;

use crate::{SCALES, log, percentile, setting};

pub fn measure() -> Vec<Panel> {
    let most = setting("CHANCERY_BENCH_ORGANISATIONS", 1_000) as usize;
    let each = setting("CHANCERY_BENCH_EACH", 10_000);
    let names = ["first answer, s", "all organisations loaded, s", "memory then, GB"];
    let mut series = names.map(Series::new);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("start.db");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("\na process starts on a store of organisations with {each} events each");
    let template = runtime.block_on(template(each));
    let mut there = 0;
    for part in SCALES {
        let count = (most / part as usize).max(1);
        let start = Instant::now();
        runtime.block_on(fill(&path, &template, there..count));
        there = count;
        println!(
            "  {count} organisations, {} events (filled in {:.0} s)",
            count as u64 * each,
            start.elapsed().as_secs_f64()
        );
        let program = std::env::current_exe().unwrap();
        let place = format!("sqlite:{}", path.display());
        let output = std::process::Command::new(program).args(["started", &place]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let figures: Vec<f64> = text.split_whitespace().map(|figure| figure.parse().unwrap()).collect();
        let [first, all, median, slow, memory] = figures[..] else {
            panic!("{}", String::from_utf8_lossy(&output.stderr))
        };
        println!(
            "    first answer after {:.1} ms; all loaded after {all:.2} s (each: median {median:.1} ms, 99 % {slow:.1} ms); {:.0} MB resident",
            first * 1e3,
            memory * 1e3
        );
        for (series, figure) in series.iter_mut().zip([first, all, memory]) {
            series.add((count as u64 * each) as f64, figure);
        }
    }
    vec![Panel::new("Start of a process", "events in the store, 10,000 an organisation", "seconds, gigabytes", series)]
}

/// In a process of its own: prints seconds and gigabytes.
pub fn started(store: &str) {
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let chancery = Chancery::open(store, Access::Write).unwrap();
        let organisations: Vec<String> =
            chancery.engine().store().heads().await.unwrap().into_iter().map(|head| head.organisation).collect();
        let mut taken = Vec::new();
        let mut first = None;
        for id in &organisations {
            let one = Instant::now();
            let organisation = chancery.organisation(id).await.unwrap();
            let request = Request {
                subject: "founder",
                permission: "invoice.approve",
                scope: Some("scope-003"),
                owner: None,
                at: chancery.now(),
            };
            std::hint::black_box(organisation.check(&request));
            taken.push(one.elapsed().as_secs_f64() * 1e3);
            first.get_or_insert(start.elapsed().as_secs_f64());
        }
        let all = start.elapsed().as_secs_f64();
        let (median, slow) = (percentile(&taken, 50), percentile(&taken, 99));
        println!("{} {all} {median} {slow} {}", first.unwrap(), resident() as f64 / 1e9);
    });
}

/// The log of one organisation, to be copied under other names.
async fn template(each: u64) -> Vec<Adopted> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    log::fill(&store, &OrganisationId::known("bench"), each).await;
    let rows = Arc::new(Mutex::new(Vec::new()));
    let sink = rows.clone();
    let range = Range::Organisation { organisation: "bench".to_owned(), after: 0, until: u64::MAX };
    let visitor = move |row: chancery::store::EventRow<'_>| {
        sink.lock().push(Adopted::from(row));
        Visit::Continue(())
    };
    store.scan(range, Box::new(visitor)).await.unwrap();
    std::mem::take(&mut *rows.lock())
}

/// Organisations with these numbers, and the snapshots that are due of them.
async fn fill(path: &std::path::Path, template: &[Adopted], numbers: std::ops::Range<usize>) {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_or_create(path).unwrap());
    for number in numbers.clone() {
        let id = organisation_id(number);
        let events = template.iter().map(|adopted| renamed(adopted, &id)).collect();
        store.adopt(Adoption { events, ..Adoption::default() }).await.unwrap();
    }
    let engine = Engine::new(store).with_memory(64 << 20);
    for number in numbers {
        engine.state(&OrganisationId::known(organisation_id(number))).await.unwrap();
        if number % 32 == 31 {
            engine.snapshots_written().await;
        }
    }
    engine.close().await;
}

fn renamed(adopted: &Adopted, id: &str) -> Adopted {
    let mut renamed = adopted.clone();
    id.clone_into(&mut renamed.organisation);
    let stream = &adopted.event.aggregate_id;
    renamed.event.aggregate_id =
        stream.strip_prefix("bench").map_or_else(|| stream.clone(), |rest| format!("{id}{rest}"));
    if adopted.event.event_type == "OrganisationFounded" {
        renamed.event.payload = adopted.event.payload.replacen("\"bench\"", &format!("\"{id}\""), 1);
    }
    renamed
}
