//! Equal stretches of time.

use chancery_aggregates::vocabulary::Time;

use super::instant;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// How long stretches are: what people count in. After the last one, twice and twice as long.
const LENGTHS: &[i64] = &[
    SECOND,
    5 * SECOND,
    15 * SECOND,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    WEEK,
    2 * WEEK,
    4 * WEEK,
    8 * WEEK,
    13 * WEEK,
    26 * WEEK,
    52 * WEEK,
];

/// 1 January 1970 was a Thursday; weeks begin on Mondays.
const MONDAY: i64 = 4 * DAY;

/// Equal stretches that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spans {
    /// Where the first begins, in microseconds since 1970.
    start: i64,
    length: i64,
    count: usize,
}

impl Spans {
    /// Stretches that begin at or before an instant and end after another, at most so many, at least one.
    pub(crate) fn between(since: Time, until: Time, most: usize) -> Self {
        let (since, until) = (since.timestamp_micros(), until.timestamp_micros().max(since.timestamp_micros()));
        let most = i64::try_from(most.max(2)).unwrap_or(i64::MAX);
        let mut longer = LENGTHS.last().copied().unwrap_or(WEEK);
        let usual = LENGTHS.iter().copied();
        let lengths = usual.chain(std::iter::from_fn(move || {
            longer = longer.checked_mul(2)?;
            Some(longer)
        }));
        let fit = |length: i64| {
            let start = aligned(since, length);
            (length, start, (until - start) / length + 1)
        };
        let found = lengths.map(fit).find(|(_, _, count)| *count <= most);
        let (length, start, count) = found.unwrap_or((i64::MAX / 2, since, 1));
        Self { start, length, count: usize::try_from(count).unwrap_or(1) }
    }

    /// Where they begin and end, one after the other: one more than there are stretches.
    pub(crate) fn borders(&self) -> Vec<i64> {
        (0..=self.count).map(|number| self.border(number)).collect()
    }

    fn border(&self, number: usize) -> i64 {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        self.start.saturating_add(self.length.saturating_mul(number))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Where the first begins.
    pub(crate) fn start(&self) -> Time {
        instant(self.start)
    }

    /// Where one of them begins.
    pub(crate) fn begin(&self, number: usize) -> Time {
        instant(self.border(number))
    }

    /// Where the last ends.
    pub(crate) fn end(&self) -> Time {
        instant(self.border(self.count))
    }

    /// How long each is, in words.
    pub(crate) fn each(&self) -> String {
        let of = |unit: i64, one: &str| match self.length / unit {
            1 => one.to_owned(),
            many => format!("{many} {one}s"),
        };
        match self.length {
            length if length % WEEK == 0 => of(WEEK, "week"),
            length if length % DAY == 0 => of(DAY, "day"),
            length if length % HOUR == 0 => of(HOUR, "hour"),
            length if length % MINUTE == 0 => of(MINUTE, "minute"),
            _ => of(SECOND, "second"),
        }
    }

    /// Whether the time of the day says something about a stretch.
    pub(crate) fn is_shorter_than_a_day(&self) -> bool {
        self.length < DAY
    }
}

/// The last border at or before an instant.
fn aligned(at: i64, length: i64) -> i64 {
    let offset = if length % WEEK == 0 { MONDAY } else { 0 };
    (at - offset).div_euclid(length).saturating_mul(length).saturating_add(offset)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn stretches_are_what_people_count_in() {
        let spans = Spans::between(at("2026-01-07T10:00:00Z"), at("2026-03-20T09:00:00Z"), 12);
        assert_eq!((spans.count(), spans.each().as_str()), (11, "week"));
        assert_eq!(spans.start(), at("2026-01-05T00:00:00Z"), "weeks begin on Mondays");
        assert_eq!(spans.end(), at("2026-03-23T00:00:00Z"));
        assert_eq!(Spans::between(at("2026-01-07T10:00:00Z"), at("2026-01-07T10:00:00Z"), 12).count(), 1);
        let ages = Spans::between(at("0001-01-01T00:00:00Z"), at("9999-01-01T00:00:00Z"), 10);
        assert!(ages.count() <= 10 && ages.each().ends_with("weeks"), "{ages:?}");
    }

    proptest! {
        #[test]
        fn stretches_cover_what_is_between_and_no_more_than_needed(
            since in -4_000_000_000_000_000_i64..4_000_000_000_000_000,
            lasts in 0_i64..4_000_000_000_000_000,
            most in 2_usize..100,
        ) {
            let (since, until) = (instant(since), instant(since + lasts));
            let spans = Spans::between(since, until, most);
            let borders = spans.borders();
            prop_assert!(spans.count() >= 1 && spans.count() <= most);
            prop_assert_eq!(borders.len(), spans.count() + 1);
            prop_assert!(borders.is_sorted());
            prop_assert!(spans.start() <= since && since < spans.begin(1));
            prop_assert!(spans.begin(spans.count() - 1) <= until && until < spans.end());
        }
    }
}
