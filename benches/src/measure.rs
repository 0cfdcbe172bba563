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
    /// Answers all questions once, and how many of them with yes. A processor works at the next ones meanwhile.
    fn pass(&mut self) -> u64;
    /// The same, but which question comes next is known only when the one before it is answered.
    fn pass_in_turn(&mut self) -> u64;
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

    fn pass_in_turn(&mut self) -> u64 {
        let (questions, nothing) = (self.questions.as_ref(), std::hint::black_box(0));
        let (mut yes, mut last) = (0, 0);
        for at in 0..questions.len() {
            last = u64::from((self.ask)(&questions[at + (last & nothing) as usize]));
            yes += last;
        }
        yes
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

/// Nanoseconds a question.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// Where all questions are known beforehand, so that a processor answers several at a time.
    pub stream: f64,
    /// Where each question depends on the answer before.
    pub in_turn: f64,
}

/// A figure for each contender. Before the race the answers to each single question are compared. All
/// take their turn in each round, so that what else the machine does meets all of them.
pub fn race(questions: usize, contenders: &mut [Contender<'_>]) -> Vec<Figure> {
    let expected = contenders[0].asked.answers();
    assert_eq!(expected.len(), questions);
    for contender in contenders.iter_mut().skip(1) {
        let differing = contender.asked.answers().iter().zip(&expected).position(|(one, other)| one != other);
        assert_eq!(differing, None, "{} does not agree on the question with this number", contender.name);
    }
    let mut taken = vec![(Vec::new(), Vec::new()); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, (stream, _)) in contenders.iter_mut().zip(&mut taken) {
            stream.push(turn(questions, || contender.asked.pass()));
        }
        for (contender, (_, in_turn)) in contenders.iter_mut().zip(&mut taken) {
            in_turn.push(turn(questions, || contender.asked.pass_in_turn()));
        }
    }
    taken.into_iter().map(|(stream, in_turn)| Figure { stream: median(stream), in_turn: median(in_turn) }).collect()
}

fn turn(questions: usize, mut pass: impl FnMut() -> u64) -> f64 {
    let start = Instant::now();
    let mut passes = 0;
    while passes == 0 || start.elapsed() < TURN {
        std::hint::black_box(pass());
        passes += 1;
    }
    start.elapsed().as_secs_f64() * 1e9 / (passes * questions) as f64
}

pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Prints a table row for each contender, with its ratios to the first one.
pub fn report(title: &str, contenders: &[Contender<'_>], figures: &[Figure]) {
    println!("\n{title:<46} {:>16} {:>24}", "in a stream", "one after another");
    for (contender, figure) in contenders.iter().zip(figures) {
        let first = figures[0];
        println!(
            "  {:<44} {:>12.1} ns {:>7.2} x {:>12.1} ns {:>7.2} x",
            contender.name,
            figure.stream,
            figure.stream / first.stream,
            figure.in_turn,
            figure.in_turn / first.in_turn
        );
    }
}

/// Memory of this process that is in use, in bytes.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Processor time of this process, and of the PostgreSQL server it uses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Processor {
    /// The server's first process, parent of all its others, when it is on this machine.
    pub server: Option<u32>,
}

impl Processor {
    /// Of the server to which a process with this id belongs: that of one of its connections.
    pub fn of_server(connection: u32) -> Self {
        Self { server: stat(&connection.to_string()).map(|(parent, _)| parent) }
    }

    /// Seconds used until now by this process and by the server, user and system together.
    pub fn seconds(&self) -> (f64, f64) {
        let own = stat("self").map_or(0.0, |(_, seconds)| seconds);
        (own, self.server.map_or(0.0, server_seconds))
    }
}

fn server_seconds(server: u32) -> f64 {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = processes.filter_map(|process| {
        let name = process.file_name().into_string().ok()?;
        let own = name.parse::<u32>().ok()? == server;
        stat(&name).filter(|(parent, _)| own || *parent == server)
    });
    stats.map(|(_, seconds)| seconds).sum()
}

/// A process's parent, and the seconds that it and its children that have ended used.
fn stat(process: &str) -> Option<(u32, f64)> {
    /// Linux counts so many a second here, whatever its own clock.
    const TICKS: f64 = 100.0;
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11..15)?.iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Some((fields.get(1)?.parse().ok()?, ticks / TICKS))
}

/// What a piece of work takes, by the wall and by the processor.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
    processor: Processor,
    used: (f64, f64),
}

impl Clock {
    pub fn start(processor: Processor) -> Self {
        Self { start: Instant::now(), processor, used: processor.seconds() }
    }

    /// In words, for work that was done on so many things.
    pub fn told(&self, count: u64) -> String {
        let seconds = self.start.elapsed().as_secs_f64();
        let (own, server) = self.processor.seconds();
        let (own, server) = (own - self.used.0, server - self.used.1);
        format!(
            "{:.0}/s: {seconds:.1} s, processor {own:.1} s and server {server:.1} s, {:.1} µs each",
            count as f64 / seconds,
            (own + server) * 1e6 / count as f64
        )
    }
}
