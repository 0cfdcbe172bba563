//! Instants as programs write them.

use chancery_aggregates::vocabulary::Time;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

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

#[cfg(test)]
mod tests {
    use super::*;

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
