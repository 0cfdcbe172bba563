//! Taking figures: contenders in turns, several rounds, the median of each.

use std::time::{Duration, Instant};

/// Rounds of which the median counts.
pub const ROUNDS: usize = 7;
/// How long a contender is on in a round, at least.
const TURN: Duration = Duration::from_millis(60);

/// Something that answers all questions, each with yes or no.
pub struct Contender<'a> {
    pub name: &'static str,
    asked: Box<dyn Asked + 'a>,
}

trait Asked {
    /// Answers all questions once, and how many of them with yes.
    fn pass(&mut self) -> u64;
    fn answers(&mut self) -> Vec<bool>;
}

struct Each<Q, T, F> {
    questions: Q,
    ask: F,
    question: std::marker::PhantomData<T>,
}

impl<Q: AsRef<[T]>, T, F: FnMut(&T) -> bool> Asked for Each<Q, T, F> {
    fn pass(&mut self) -> u64 {
        self.questions.as_ref().iter().map(|question| u64::from((self.ask)(question))).sum()
    }

    fn answers(&mut self) -> Vec<bool> {
        self.questions.as_ref().iter().map(&mut self.ask).collect()
    }
}

impl<'a> Contender<'a> {
    pub fn new<T: 'a>(name: &'static str, questions: impl AsRef<[T]> + 'a, ask: impl FnMut(&T) -> bool + 'a) -> Self {
        Self { name, asked: Box::new(Each { questions, ask, question: std::marker::PhantomData }) }
    }
}

impl std::fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Nanoseconds a question for each contender. Before the race the answers to each single question are compared. All
/// take their turn in each round, so that what else the machine does meets all of them.
pub fn race(questions: usize, contenders: &mut [Contender<'_>]) -> Vec<f64> {
    let expected = contenders[0].asked.answers();
    assert_eq!(expected.len(), questions);
    for contender in contenders.iter_mut().skip(1) {
        let differing = contender.asked.answers().iter().zip(&expected).position(|(one, other)| one != other);
        assert_eq!(differing, None, "{} does not agree on the question with this number", contender.name);
    }
    let mut taken = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, taken) in contenders.iter_mut().zip(&mut taken) {
            let start = Instant::now();
            let mut passes = 0;
            while passes == 0 || start.elapsed() < TURN {
                std::hint::black_box(contender.asked.pass());
                passes += 1;
            }
            taken.push(start.elapsed().as_secs_f64() * 1e9 / (passes * questions) as f64);
        }
    }
    taken.into_iter().map(median).collect()
}

pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Prints a table row for each contender, with its ratio to the named ones.
pub fn report(title: &str, contenders: &[Contender<'_>], figures: &[f64]) {
    println!("\n{title}");
    for (contender, figure) in contenders.iter().zip(figures) {
        println!("  {:<44} {:>12.1} ns   {:>10.2} x", contender.name, figure, figure / figures[0]);
    }
}

/// Memory of this process that is in use, in bytes.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
