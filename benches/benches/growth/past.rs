//! One organisation with a longer and longer log of ten years, on SQLite: what it was at random instants, and what
//! changed in a month.

use std::sync::Arc;
use std::time::Instant;

use chancery::aggregates::access::{Ownership, Place, Question, evaluate_question};
use chancery::aggregates::vocabulary::{OrganisationId, Time};
use chancery::engine::{Engine, ManualClock, Moment, Replayed};
use chancery::projections::access::{Filter as TableFilter, access_table};
use chancery::projections::diff::{Filter, diff};
use chancery::store::sqlite::SqliteStore;
use chancery::store::{Store, Visit};
use chancery_benches::plot::{Panel, Series};
use chancery_benches::shape::Dice;
use parking_lot::Mutex;

use crate::{SCALES, log, percentile, setting};

/// Instants asked about, and pairs of them.
const INSTANTS: usize = 2_000;
const PAIRS: usize = 25;
const YEARS: i64 = 10;
const DAY: i64 = 86_400_000_000;

pub fn measure() -> Vec<Panel> {
    let most = setting("CHANCERY_BENCH_EVENTS", 1_000_000);
    let mut asof = ["a check, median", "a check, 99 %", "the full table, 99 %"].map(Series::new);
    let mut month = ["median", "slowest"].map(Series::new);
    println!("\none organisation, at random instants of {YEARS} years; milliseconds");
    println!(
        "{:>10} {:>24} {:>24} {:>28}",
        "events", "check: median, 99 %", "table: median, 99 %", "a month: median, slowest"
    );
    for part in SCALES {
        let events = most / part;
        let [checks, tables, months] = one(events);
        let figures = [percentile(&checks, 50), percentile(&checks, 99), percentile(&tables, 50)];
        let slowest = [percentile(&tables, 99), percentile(&months, 50), percentile(&months, 100)];
        println!(
            "{events:>10} {:>14.2} {:>9.2} {:>14.2} {:>9.2} {:>18.1} {:>9.1}",
            figures[0], figures[1], figures[2], slowest[0], slowest[1], slowest[2]
        );
        for (series, figure) in asof.iter_mut().zip([figures[0], figures[1], slowest[0]]) {
            series.add(events as f64, figure);
        }
        for (series, figure) in month.iter_mut().zip([slowest[1], slowest[2]]) {
            series.add(events as f64, figure);
        }
    }
    vec![
        Panel::new("As of a random instant", "events of the organisation", "milliseconds", asof),
        Panel::new("Difference of a month", "events of the organisation, in ten years", "milliseconds", month),
    ]
}

fn one(events: u64) -> [Vec<f64>; 3] {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let path = directory.path().join("past.db");
        let organisation = OrganisationId::known("bench");
        let begin: Time = "2016-01-01T00:00:00Z".parse().unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open_or_create(&path).unwrap());
        let filler = Engine::with_clock(store.clone(), Arc::new(ManualClock::new(begin)));
        let enrolled = 2_000;
        log::spread(&filler, &organisation, enrolled + events, YEARS * 365 * DAY / events as i64).await;
        drop(filler);
        // Who reads the log first leaves the snapshots that are due.
        let engine = Engine::new(store);
        engine.state(&organisation).await.unwrap();
        engine.snapshots_written().await;
        let past = Asker { engine, organisation, begin, dice: Dice::new(3) };
        let figures = past.ask().await;
        drop(directory);
        figures
    })
}

struct Asker {
    engine: Engine,
    organisation: OrganisationId,
    begin: Time,
    dice: Dice,
}

impl Asker {
    async fn ask(mut self) -> [Vec<f64>; 3] {
        let (mut checks, mut tables, mut months) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..INSTANTS {
            let at = self.instant(YEARS * 365);
            let start = Instant::now();
            let then = self.then(at).await;
            std::hint::black_box(evaluate_question(&then.state, &self.question(&then)));
            checks.push(start.elapsed().as_secs_f64() * 1e3);
        }
        for _ in 0..INSTANTS {
            let at = self.instant(YEARS * 365);
            let start = Instant::now();
            let then = self.then(at).await;
            let table = access_table(&then.state, then.at, &TableFilter::default());
            std::hint::black_box(serde_json::to_vec(&table).unwrap());
            tables.push(start.elapsed().as_secs_f64() * 1e3);
        }
        for _ in 0..PAIRS {
            let at = self.instant(YEARS * 365 - 31);
            months.push(self.month(at).await);
        }
        [checks, tables, months]
    }

    /// As `chancery diff` does it.
    async fn month(&self, at: Time) -> f64 {
        let start = Instant::now();
        let (from, to) = (self.then(at).await, self.then(at + chrono::TimeDelta::days(30)).await);
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = events.clone();
        let visit = move |recorded| {
            sink.lock().push(recorded);
            Visit::Continue(())
        };
        let (after, until) = (from.state.position(), to.state.position());
        self.engine.events(&self.organisation, after, until, visit).await.unwrap();
        let events = std::mem::take(&mut *events.lock());
        let read = start.elapsed().as_secs_f64() * 1e3;
        let diff = diff(&from.state, from.at, &events, to.at, &Filter::default());
        std::hint::black_box(serde_json::to_vec(&diff).unwrap());
        let taken = start.elapsed().as_secs_f64() * 1e3;
        if std::env::var_os("CHANCERY_BENCH_VERBOSE").is_some() {
            println!(
                "  {} events, {} lines: {read:.1} ms until they were read, {taken:.1} in all",
                events.len(),
                diff.lines.len()
            );
        }
        taken
    }

    async fn then(&self, at: Time) -> Replayed {
        self.engine.replay(&self.organisation, Moment::Time(at)).await.unwrap()
    }

    fn instant(&mut self, days: i64) -> Time {
        // Somewhere after the enrolment, to the second.
        self.begin + chrono::TimeDelta::seconds(self.dice.below(days as usize * 86_400) as i64)
    }

    fn question(&mut self, then: &Replayed) -> Question {
        let subject = then.state.member_ix(&format!("member-{:04}", self.dice.below(1_000))).unwrap();
        let permission = then.state.profile().unwrap().permission_ix("invoice.approve").unwrap();
        let place = Place::Scope(then.state.scope_ix(&format!("scope-{:03}", self.dice.below(110))).unwrap());
        Question { subject, permission, place, ownership: Ownership::Unnamed, at: then.at }
    }
}
