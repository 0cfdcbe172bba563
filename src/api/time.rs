//! Instants as programs write them, and limits of time.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use chancery_aggregates::vocabulary::Time;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use tokio::time::error::Elapsed;

/// An instant by RFC 3339; the seconds may be left out, as in the examples of the specification.
pub(super) fn time(text: &str) -> Option<Time> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    let (text, offset) = match text.strip_suffix(['Z', 'z']) {
        Some(text) => (text, TimeDelta::zero()),
        None => {
            let (text, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
            let (sign, offset) = offset.split_at_checked(1)?;
            let (hours, minutes) = offset.split_once(':')?;
            let offset = TimeDelta::try_minutes(hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)?;
            (text, if sign == "-" { -offset } else { offset })
        }
    };
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok()?;
    local.checked_sub_signed(offset).map(|time| time.and_utc())
}

/// Waits no longer than this. What is ready at once, as nearly all requests are, has no timer made for it.
///
/// # Errors
/// When the time is over.
pub(super) async fn within<F: Future>(limit: Duration, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    match poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => tokio::time::timeout(limit, future).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_ready_at_once_needs_no_time_and_the_rest_has_its_limit() {
        assert_eq!(within(Duration::ZERO, async { 1 }).await.ok(), Some(1));
        let yielding = async {
            tokio::task::yield_now().await;
            2
        };
        assert_eq!(within(Duration::from_secs(60), yielding).await.ok(), Some(2));
        assert!(within(Duration::from_millis(5), std::future::pending::<()>()).await.is_err());
    }

    #[test]
    fn times_are_read_with_and_without_seconds() {
        let same =
            ["2024-05-31T15:22:00-07:00", "2024-05-31T15:22-07:00", "2024-05-31T22:22Z", "2024-06-01T00:22+02:00"];
        for text in same {
            assert_eq!(
                time(text).map(|time| time.to_rfc3339()).as_deref(),
                Some("2024-05-31T22:22:00+00:00"),
                "{text}"
            );
        }
        for text in ["", "é", "now", "2024-05-31", "2024-05-31T15:22", "2024-05-31T15:22x07:00é", "-07:00"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
