//! Checks per second on two threads, alone and while a third commits 1,000 commands a second to the same
//! organisations: with versions published as the library does it, and with a lock around each organisation.
//!
//! `cargo bench -p chancery-benches --bench check_readers`

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark has nobody to report to")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chancery::aggregates::AccessState;
use chancery::aggregates::access::{Decision, Question};
use chancery::aggregates::event::{Event, MemberEvent, Stamp};
use chancery::aggregates::vocabulary::{MemberId, Window};
use chancery::engine::Published;
use chancery_benches::measure::{ROUNDS, median};
use chancery_benches::shape::{Shape, now, org, role, yes};
use parking_lot::RwLock;

const ORGANISATIONS: usize = 4;
const READERS: usize = 2;
const COMMANDS_A_SECOND: u32 = 1_000;
const TURN: Duration = Duration::from_millis(500);

/// Organisations that are read while they change.
trait Shared: Send + Sync {
    fn decide(&self, organisation: usize, question: &Question) -> Decision;
    fn apply(&self, organisation: usize, event: &Event);
}

/// As the library does it: the writer makes the next version beside the readers.
struct Versions {
    states: Vec<RwLock<AccessState>>,
    published: Vec<Published>,
}

impl Shared for Versions {
    fn decide(&self, organisation: usize, question: &Question) -> Decision {
        self.published[organisation].load().decide(question)
    }

    fn apply(&self, organisation: usize, event: &Event) {
        // Only the writer comes here; readers have what is published.
        let mut state = self.states[organisation].write();
        let next = Stamp { position: state.position() + 1, time: now() };
        state.apply(event, next);
        self.published[organisation].publish(state.index().unwrap().clone());
    }
}

/// The same index under a lock.
struct Locked(Vec<RwLock<AccessState>>);

impl Shared for Locked {
    fn decide(&self, organisation: usize, question: &Question) -> Decision {
        self.0[organisation].read().index().unwrap().decide(question)
    }

    fn apply(&self, organisation: usize, event: &Event) {
        let mut state = self.0[organisation].write();
        let next = Stamp { position: state.position() + 1, time: now() };
        state.apply(event, next);
    }
}

fn main() {
    let shape = org();
    let states: Vec<AccessState> = (0..ORGANISATIONS).map(|_| shape.state("tenant").with_index()).collect();
    let asked = shape.questions(4_096, ORGANISATIONS, 50);
    let questions: Vec<(usize, Question)> =
        asked.iter().map(|asked| (asked.organisation, asked.question(&states[asked.organisation]))).collect();
    let published = states.iter().map(|state| Published::new(state.index().unwrap().clone())).collect();
    let locks = || states.iter().cloned().map(RwLock::new).collect();
    let contenders: [(&str, Arc<dyn Shared>); 2] = [
        ("published versions", Arc::new(Versions { states: locks(), published })),
        ("a lock for each organisation", Arc::new(Locked(locks()))),
    ];
    println!("{READERS} threads that check, million checks a second in all");
    for (name, shared) in contenders {
        let (mut alone, mut ratio) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            // In turns, so that what else the machine does meets both.
            let without = rate(&shape, &shared, &questions, false);
            alone.push(without);
            ratio.push(rate(&shape, &shared, &questions, true) / without);
        }
        println!("  {name:<32} alone {:>7.2}   with the writer {:>5.1} %", median(alone), 100.0 * median(ratio));
    }
}

/// Million checks a second.
fn rate(shape: &Shape, shared: &Arc<dyn Shared>, questions: &[(usize, Question)], writes: bool) -> f64 {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|reader| {
                let (shared, over) = (shared.clone(), &over);
                scope.spawn(move || {
                    let start = Instant::now();
                    let mut count = 0u64;
                    let mut allowed = 0;
                    while !over.load(Ordering::Relaxed) {
                        for (organisation, question) in questions.iter().skip(reader * 64).take(1_024) {
                            allowed += yes(&shared.decide(*organisation, question));
                            count += 1;
                        }
                    }
                    std::hint::black_box(allowed);
                    count as f64 / start.elapsed().as_secs_f64() / 1e6
                })
            })
            .collect();
        if writes {
            write(shape, shared.as_ref());
        } else {
            std::thread::sleep(TURN);
        }
        over.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    })
}

/// 1,000 commands a second for as long as a turn lasts.
fn write(shape: &Shape, shared: &dyn Shared) {
    let start = Instant::now();
    let pace = Duration::from_secs(1) / COMMANDS_A_SECOND;
    let mut written = 0;
    while start.elapsed() < TURN {
        let member = MemberId::known(shape.members[written * 7 % shape.members.len()].id.as_str());
        let (role, scope) = (role(written % 50), None);
        let event = MemberEvent::RoleAssigned { member, role, scope, window: Window::default(), before: None };
        shared.apply(written % ORGANISATIONS, &event.into());
        written += 1;
        std::thread::sleep((pace * written as u32).saturating_sub(start.elapsed()));
    }
    let pace = f64::from(COMMANDS_A_SECOND) * TURN.as_secs_f64();
    assert!(written as f64 > 0.5 * pace, "the writer came to {written} of {pace} commands");
}
