//! Times and positions as people write them.

use std::str::FromStr;

use chancery_aggregates::vocabulary::Time;
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::engine::Moment;

/// What a date alone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The day's first instant: `--from`.
    Start,
    /// The day's last instant: `--at`, `--to`.
    Included,
    /// The first instant after the day: `--until`, `--expires`.
    After,
}

/// Why a text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a time as 2026-03-03T14:30:00Z, 2026-03-03T14:30, 2026-03-03, `now`, or ago as 90m, 2h, 3d, 6w")]
pub struct NotATime;

/// Why a text is not a point of history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{NotATime}; or a position of the log as 57 or #57")]
pub struct NotAPoint;

/// A time as it was written: what a date alone means is said by the option that takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The present.
    Now,
    /// So long ago.
    Ago(TimeDelta),
    /// An instant.
    Instant(Time),
    /// A day.
    Day(NaiveDate),
}

impl Written {
    /// The instant that is meant.
    pub fn instant(&self, edge: Edge, now: Time) -> Time {
        match self {
            Self::Now => now,
            Self::Ago(ago) => now.checked_sub_signed(*ago).unwrap_or(Time::MIN_UTC),
            Self::Instant(time) => *time,
            Self::Day(day) => {
                let start = day.and_time(NaiveTime::MIN).and_utc();
                let next = day.checked_add_days(Days::new(1)).map(|next| next.and_time(NaiveTime::MIN).and_utc());
                match edge {
                    Edge::Start => start,
                    Edge::Included => next.map_or(start, |next| next - TimeDelta::microseconds(1)),
                    Edge::After => next.unwrap_or(start),
                }
            }
        }
    }
}

impl FromStr for Written {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("now") {
            return Ok(Self::Now);
        }
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Ok(Self::Day(day));
        }
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return microseconds(time.with_timezone(&Utc)).map(Self::Instant);
        }
        for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
            if let Ok(time) = NaiveDateTime::parse_from_str(text.trim_end_matches(['Z', 'z']), format) {
                return microseconds(time.and_utc()).map(Self::Instant);
            }
        }
        ago(text).map(Self::Ago).ok_or(NotATime)
    }
}

/// The log keeps microseconds.
fn microseconds(time: Time) -> Result<Time, NotATime> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).ok_or(NotATime)
}

fn ago(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().last()?;
    let count: i64 = text.strip_suffix(unit)?.parse().ok().filter(|count| *count >= 0)?;
    match unit {
        's' => TimeDelta::try_seconds(count),
        'm' => TimeDelta::try_minutes(count),
        'h' => TimeDelta::try_hours(count),
        'd' => TimeDelta::try_days(count),
        'w' => TimeDelta::try_weeks(count),
        _ => None,
    }
}

/// Why a text is not a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a length of time as 500ms, 10s, 2m or 1h")]
pub(super) struct NotADuration;

/// A length of time, such as `10s`.
pub(super) fn duration(text: &str) -> Result<std::time::Duration, NotADuration> {
    if let Some(count) = text.strip_suffix("ms") {
        return count.parse().map(std::time::Duration::from_millis).map_err(|_| NotADuration);
    }
    ago(text).and_then(|length| length.to_std().ok()).ok_or(NotADuration)
}

/// A point of an organisation's history as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A time.
    Time(Written),
    /// A position.
    Position(u64),
}

impl Point {
    /// The moment that is meant.
    pub fn moment(&self, edge: Edge, now: Time) -> Moment {
        match self {
            Self::Time(Written::Now) => Moment::Now,
            Self::Time(written) => Moment::Time(written.instant(edge, now)),
            Self::Position(position) => Moment::Position(*position),
        }
    }
}

impl FromStr for Point {
    type Err = NotAPoint;

    fn from_str(text: &str) -> Result<Self, NotAPoint> {
        let digits = text.trim().trim_start_matches('#');
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return digits.parse().map(Self::Position).map_err(|_| NotAPoint);
        }
        text.parse().map(Self::Time).map_err(|_| NotAPoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn read(text: &str, edge: Edge) -> Time {
        text.parse::<Written>().unwrap().instant(edge, time("2026-03-10T12:00:00Z"))
    }

    #[test]
    fn a_date_alone_is_the_whole_day() {
        assert_eq!(read("2026-03-03", Edge::Start), time("2026-03-03T00:00:00Z"));
        assert_eq!(read("2026-03-03", Edge::Included), time("2026-03-03T23:59:59.999999Z"));
        assert_eq!(read("2026-03-03", Edge::After), time("2026-03-04T00:00:00Z"));
    }

    #[test]
    fn times_are_utc_unless_they_say_otherwise() {
        assert_eq!(read("2026-03-03T14:30", Edge::Start), time("2026-03-03T14:30:00Z"));
        assert_eq!(read("2026-03-03 14:30:05", Edge::Start), time("2026-03-03T14:30:05Z"));
        assert_eq!(read("2026-03-03T14:30:00+02:00", Edge::Start), time("2026-03-03T12:30:00Z"));
        assert_eq!(read("2026-03-03T14:30:00.1234567Z", Edge::Start), time("2026-03-03T14:30:00.123456Z"));
    }

    #[test]
    fn a_count_with_a_unit_is_so_long_ago() {
        assert_eq!(read("3d", Edge::Start), time("2026-03-07T12:00:00Z"));
        assert_eq!(read("90m", Edge::Included), time("2026-03-10T10:30:00Z"));
    }

    #[test]
    fn nonsense_is_not_a_time() {
        for text in ["", "yesterday", "2026-13-01", "2026-02-30", "3", "-3d", "3y", "99999999999999999999d", "é"] {
            assert_eq!(text.parse::<Written>(), Err(NotATime), "{text}");
        }
    }

    #[test]
    fn a_number_is_a_position() {
        assert_eq!("57".parse(), Ok(Point::Position(57)));
        assert_eq!("#57".parse(), Ok(Point::Position(57)));
        assert_eq!("99999999999999999999".parse::<Point>(), Err(NotAPoint));
        assert!(matches!("2026-03-03".parse(), Ok(Point::Time(Written::Day(_)))));
    }
}
