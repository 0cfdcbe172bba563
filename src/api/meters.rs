//! What is counted and measured, in Prometheus' words.

use std::hash::{Hash, Hasher};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::direct::Check;
use super::envelope::Route;

/// Bounds of the buckets, in seconds: a check takes tens of microseconds, a durable write some milliseconds.
const BUCKETS: [f64; 14] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Bounds of the buckets, in requests.
const GROUPS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// The status of a check that was answered, whatever it came to.
const ANSWERED: u16 = 200;

impl Route {
    fn label(&self) -> &str {
        self.as_str().unwrap_or("none")
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.label() == other.label()
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.label().hash(state);
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.label().encode(encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: Route,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Routed {
    route: Route,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decided {
    decision: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ruled {
    rule: &'static str,
}

/// What is counted of one kind of checks that were answered. They are many: it is at hand, and not looked up each time.
#[derive(Debug)]
struct Answers {
    requests: Counter,
    durations: Histogram,
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// What is counted and measured.
#[derive(Debug)]
pub struct Meters {
    registry: Registry,
    /// Checks that came to yes.
    pub allowed: Counter,
    /// Checks that came to no.
    pub denied: Counter,
    /// Requests over the rate of their key.
    pub limited: Counter,
    /// Time from a change's decision to its being durable.
    pub changes: Histogram,
    /// Time that a group of requests to append takes to be durable.
    pub appends: Histogram,
    /// Requests to append that became durable together.
    pub groups: Histogram,
    /// Events of the log that are not in the tables.
    pub projector_events: Gauge,
    /// Microseconds since the oldest of them, as seconds.
    pub projector_seconds: Gauge<f64, AtomicU64>,
    /// Connections that are open.
    pub connections: Gauge,
    /// Readers of event feeds.
    pub feed_readers: Gauge,
    /// Organisations whose access state is in memory.
    pub organisations: Gauge,
    /// About how many bytes their access states take.
    pub organisations_bytes: Gauge,
    requests: Family<Answered, Counter>,
    durations: Family<Routed, Histogram, fn() -> Histogram>,
    refusals: Family<Ruled, Counter>,
    single: Answers,
    batch: Answers,
}

impl Meters {
    /// Meters at zero.
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("chancery");
        let checks = Family::<Decided, Counter>::default();
        let requests = Family::<Answered, Counter>::default();
        let durations = Family::<_, _, fn() -> _>::new_with_constructor(histogram);
        let answers = |check| {
            let route = Route::Check(check);
            Answers {
                requests: requests.get_or_create_owned(&Answered { route: route.clone(), status: ANSWERED }),
                durations: durations.get_or_create_owned(&Routed { route }),
            }
        };
        let meters = Self {
            allowed: checks.get_or_create_owned(&Decided { decision: "allowed" }),
            denied: checks.get_or_create_owned(&Decided { decision: "denied" }),
            limited: Counter::default(),
            changes: histogram(),
            appends: histogram(),
            groups: Histogram::new(GROUPS),
            projector_events: Gauge::default(),
            projector_seconds: Gauge::default(),
            connections: Gauge::default(),
            feed_readers: Gauge::default(),
            organisations: Gauge::default(),
            organisations_bytes: Gauge::default(),
            single: answers(Check::Single),
            batch: answers(Check::Batch),
            requests,
            durations,
            refusals: Family::default(),
            registry: Registry::default(),
        };
        registry.register("checks", "Checks by decision", checks);
        registry.register("rate_limited", "Requests over the rate of their key", meters.limited.clone());
        registry.register("change_seconds", "From deciding a change to its being durable", meters.changes.clone());
        registry.register("append_seconds", "Until a group of appends was durable", meters.appends.clone());
        registry.register("append_group_requests", "Appends that became durable together", meters.groups.clone());
        let behind = "Events of the log that are not in the tables for SQL";
        registry.register("projector_lag_events", behind, meters.projector_events.clone());
        let oldest = "Age of the oldest event that is not in the tables for SQL";
        registry.register("projector_lag_seconds", oldest, meters.projector_seconds.clone());
        registry.register("connections", "Open connections", meters.connections.clone());
        registry.register("feed_readers", "Open event feeds", meters.feed_readers.clone());
        registry.register("organisations", "Organisations in memory", meters.organisations.clone());
        let bytes = meters.organisations_bytes.clone();
        registry.register("organisations_bytes", "About how many bytes the organisations in memory take", bytes);
        registry.register("requests", "Requests by route and status", meters.requests.clone());
        registry.register("request_seconds", "Requests by route, to the head of the answer", meters.durations.clone());
        registry.register("refusals", "Failed requests by rule", meters.refusals.clone());
        Self { registry, ..meters }
    }

    /// Counts an answer.
    pub(super) fn answered(&self, route: &Route, status: u16, took: Duration) {
        if let Route::Check(check) = route
            && status == ANSWERED
        {
            let answers = match check {
                Check::Single => &self.single,
                Check::Batch => &self.batch,
            };
            answers.durations.observe(took.as_secs_f64());
            answers.requests.inc();
            return;
        }
        let routed = Routed { route: route.clone() };
        self.durations.get_or_create(&routed).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { route: routed.route, status }).inc();
    }

    /// Counts a failure.
    pub(super) fn refused(&self, rule: &'static str) {
        self.refusals.get_or_create(&Ruled { rule }).inc();
    }

    /// The text that Prometheus reads.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // INVARIANT: writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
