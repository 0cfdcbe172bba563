//! The deadlines of a connection, kept by one timer.
//!
//! hyper sets a deadline for the head of each request, and nearly all of them are dropped in time. The timer is therefore
//! left as it is while deadlines come and go: when it rings, the connection says whether it is still waiting, and until when.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use parking_lot::Mutex;

/// What hyper takes for a timer: it notes until when a connection waits.
#[derive(Debug, Clone, Default)]
pub(super) struct Alarm(Arc<Mutex<Option<Instant>>>);

/// A deadline. It is over when it is looked at late enough, and [`Alarm::watch`] sees to it that it is looked at.
struct Deadline {
    at: Instant,
    alarm: Alarm,
}

impl Alarm {
    /// Runs a connection whose timer this is: nobody else must wait for its deadlines.
    pub(super) async fn watch<C: Future>(&self, connection: C) -> C::Output {
        let (mut connection, mut timer) = (pin!(connection), pin!(tokio::time::sleep(Duration::ZERO)));
        let mut running: Option<Instant> = None;
        poll_fn(|context| {
            loop {
                if let Poll::Ready(output) = connection.as_mut().poll(context) {
                    return Poll::Ready(output);
                }
                let Some(next) = running.into_iter().chain(*self.0.lock()).min() else { return Poll::Pending };
                if running != Some(next) {
                    timer.as_mut().reset(next.into());
                    running = Some(next);
                }
                ready!(timer.as_mut().poll(context));
                // What still waits says so when it is asked again.
                (running, *self.0.lock()) = (None, None);
            }
        })
        .await
    }
}

impl Timer for Alarm {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Deadline { at: deadline, alarm: self.clone() })
    }
}

impl Sleep for Deadline {}

impl Future for Deadline {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            return Poll::Ready(());
        }
        *self.alarm.0.lock() = Some(self.at);
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[tokio::test]
    async fn a_deadline_ends_what_waits_for_it() {
        let alarm = Alarm::default();
        let start = Instant::now();
        alarm.watch(alarm.sleep(millis(30))).await;
        assert!(start.elapsed() >= millis(30));
    }

    #[tokio::test]
    async fn deadlines_that_are_dropped_are_forgotten_and_later_ones_are_kept() {
        let alarm = Alarm::default();
        let start = Instant::now();
        let many = async {
            for _ in 0..20 {
                // Each is waited for a little, and dropped.
                let _ = tokio::time::timeout(millis(2), alarm.sleep(millis(10))).await;
            }
            let dropped = start.elapsed();
            alarm.sleep(millis(50)).await;
            (dropped, start.elapsed())
        };
        let (dropped, ended) = alarm.watch(many).await;
        assert!(ended >= dropped + millis(50), "{dropped:?} {ended:?}");
    }

    #[tokio::test]
    async fn an_earlier_deadline_does_not_wait_for_a_later_one() {
        let alarm = Alarm::default();
        let several = async {
            let _ = tokio::time::timeout(millis(1), alarm.sleep(Duration::from_secs(3_600))).await;
            alarm.sleep(millis(10)).await;
        };
        tokio::time::timeout(Duration::from_secs(30), alarm.watch(several)).await.unwrap();
    }
}
