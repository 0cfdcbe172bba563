//! Where the time of events comes from.

use chancery_aggregates::vocabulary::Time;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;

/// Tells the time, in whole microseconds.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present instant.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        whole_microseconds(Utc::now())
    }
}

/// A clock that stands still until it is set: for tests and demonstrations.
#[derive(Debug)]
pub struct ManualClock(Mutex<Time>);

impl ManualClock {
    /// A clock that shows this instant.
    pub fn new(now: Time) -> Self {
        Self(Mutex::new(whole_microseconds(now)))
    }

    /// Sets it.
    pub fn set(&self, now: Time) {
        *self.0.lock() = whole_microseconds(now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        *self.0.lock()
    }
}

/// Events keep microseconds: a finer instant would not read back as it was written.
fn whole_microseconds(time: Time) -> Time {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}
