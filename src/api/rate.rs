//! The rate of a key, by the generic cell rate algorithm: one number says when the key's past
//! requests are paid for, and a request passes while that is not further ahead than the burst.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Instants are counted from here, in nanoseconds.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

const SECOND: u64 = 1_000_000_000;

/// What is left of a key's rate.
#[derive(Debug, Default)]
pub struct Bucket {
    /// When all requests so far are paid for.
    paid: AtomicU64,
}

impl Bucket {
    /// Takes one request of `rate` a second, of which `burst` may come at once.
    ///
    /// # Errors
    /// The seconds after which the next one passes.
    pub fn take(&self, rate: u32, burst: u32) -> Result<(), u64> {
        if rate == 0 {
            return Ok(());
        }
        let now = u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.take_at(now, rate, burst)
    }

    fn take_at(&self, now: u64, rate: u32, burst: u32) -> Result<(), u64> {
        let price = SECOND / u64::from(rate.max(1));
        let ahead = price.saturating_mul(u64::from(burst.max(1)));
        let next = |paid: u64| {
            let paid = paid.max(now).saturating_add(price);
            (paid <= now.saturating_add(ahead)).then_some(paid)
        };
        match self.paid.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
            Ok(_) => Ok(()),
            Err(paid) => {
                let wait = paid.saturating_add(price).saturating_sub(now.saturating_add(ahead));
                Err(wait.div_ceil(SECOND).max(1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_counts() {
        let bucket = Bucket::default();
        let passed = |now: u64, tries: u32| (0..tries).filter(|_| bucket.take_at(now, 10, 5).is_ok()).count();
        assert_eq!(passed(0, 20), 5);
        assert_eq!(passed(SECOND / 10, 20), 1);
        assert_eq!(passed(SECOND, 20), 5);
        assert_eq!(passed(100 * SECOND, 20), 5);
    }

    #[test]
    fn who_is_too_fast_is_told_how_long_to_wait() {
        let bucket = Bucket::default();
        bucket.take_at(0, 1, 1).unwrap();
        assert_eq!(bucket.take_at(0, 1, 1), Err(1));
        assert_eq!(bucket.take_at(SECOND, 1, 1), Ok(()));
    }
}
