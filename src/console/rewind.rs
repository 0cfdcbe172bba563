//! The header's rewind: a slider over time with a picture of where events are dense, a date picker, a position.
//!
//! All three are forms that work without script. The slider counts seconds since 1970, under a name of its own, and what it
//! says is turned into `at` before any page sees it.

use chancery_aggregates::Facts;
use chancery_aggregates::vocabulary::Time;
use chrono::{DateTime, SecondsFormat};
use maud::{Markup, html};

use super::drawing::{WIDTH, short, x};
use super::form::Fields;
use super::fragments::{count, time};
use super::visit::Visit;
use crate::history::Density;

/// Bars of the picture, at most.
pub(super) const BARS: usize = 60;

/// The slider's name in a form, and that of its right end: a page that was open for long has an earlier one.
const SLID: &str = "second";
const END: &str = "end";

/// How high the picture is.
const HEIGHT: f64 = 24.0;

/// Steps of the slider, in seconds: the longest of which it has some hundred.
const STEPS: &[i64] = &[1, 5, 15, 60, 300, 900, 3_600, 10_800, 21_600, 86_400, 604_800];

/// What a page is asked for, with the slider's word turned into an instant. Its right end is the present, and its left
/// end the first event.
pub(super) fn read(query: Fields, head: &Facts) -> Fields {
    let Some(second) = query.get(SLID).and_then(|text| text.parse::<i64>().ok()) else { return query };
    let end = query.get(END).and_then(|text| text.parse::<i64>().ok()).unwrap_or(i64::MAX);
    let query = query.without(SLID).without(END).without("at");
    let founded = head.state.founded().map(|stamp| stamp.time).unwrap_or_default();
    match DateTime::from_timestamp(second, 0) {
        Some(at) if at < head.now && second < end => query.with("at", &written(at.max(founded))),
        _ => query,
    }
}

fn written(at: Time) -> String {
    let fraction = if at.timestamp_subsec_micros() == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    at.to_rfc3339_opts(fraction, true)
}

/// The ends of the slider and how far it goes at a time.
#[derive(Debug, Clone, Copy)]
struct Track {
    from: i64,
    to: i64,
    step: i64,
}

impl Track {
    fn of(since: Time, now: Time) -> Self {
        let (since, now) = (since.timestamp(), now.timestamp().max(since.timestamp()));
        let step = STEPS.iter().rev().copied().find(|step| (now - since) / step >= 300).unwrap_or(1);
        let from = since - since.rem_euclid(step);
        let steps = (now - from) / step + 1;
        Self { from, to: from + steps * step, step }
    }

    fn along(&self, second: i64) -> f64 {
        (second - self.from) as f64 / (self.to - self.from) as f64
    }
}

impl Visit {
    /// Puts the console at a past instant; for who may see the past.
    pub(super) fn rewind(&self) -> Markup {
        if self.head.may_replay().is_err() {
            return html! { span.gap {} };
        }
        let shown = self.past.as_ref().map_or(self.head.now, |past| past.at);
        html! {
            details.menu.rewind {
                summary.button { @if self.past.is_some() { "Rewound" } @else { "Rewind" } }
                div.panel {
                    @if self.past.is_none() { (self.slider()) }
                    form method="get" action=(self.path) {
                        (self.elsewhen())
                        label for="at" { "Date and time (UTC)" }
                        div.row {
                            input id="at" type="datetime-local" name="at" step="1" required
                                value=(shown.format("%Y-%m-%dT%H:%M:%S"));
                            button { "Go there" }
                        }
                    }
                    form method="get" action=(self.path) {
                        (self.elsewhen())
                        label for="position" { "Position of the log, 1 to " (self.head.state.position()) }
                        div.row {
                            input id="position" type="number" name="at" min="1" max=(self.head.state.position()) required
                                value=(self.facts.state.position());
                            button { "Go there" }
                        }
                    }
                }
            }
        }
    }

    /// What is asked for besides the instant, hidden.
    fn elsewhen(&self) -> Markup {
        let others = self.query.without("at").without("page").without("before");
        html! { @for (name, value) in others.iter() { input type="hidden" name=(name) value=(value); } }
    }

    /// The slider, with the picture above it.
    pub(super) fn slider(&self) -> Markup {
        let now = self.head.now;
        let Some(founded) = self.head.state.founded().map(|stamp| stamp.time) else { return html! {} };
        let track = Track::of(founded, now);
        let shown = self.past.as_ref().map_or(track.to, |past| past.at.timestamp().clamp(track.from, track.to));
        let at = DateTime::from_timestamp(shown.min(now.timestamp()), 0).unwrap_or(now);
        html! {
            form.slide method="get" action=(self.path) {
                (self.elsewhen())
                div.said {
                    label for="second" { "Time " small id="slid" { "(arrow keys, then Enter)" } }
                    output for="second" { (short(at)) }
                }
                div.track {
                    @if let Some(density) = &self.density { (bars(density, &track, shown)) }
                    input type="hidden" name=(END) value=(track.to);
                    input id="second" type="range" name=(SLID) min=(track.from) max=(track.to) step=(track.step) value=(shown)
                        aria-valuetext={ (short(at)) " UTC" } aria-describedby="slid";
                }
                div.ends { span { (time(founded)) } button { "Go there" } span { "now" } }
            }
        }
    }
}

/// Where events are dense: a bar for each stretch of time.
fn bars(density: &Density, track: &Track, shown: i64) -> Markup {
    let counts = density.counts();
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let at = |number: usize| track.along(density.spans.begin(number).timestamp());
    // Few events beside many are still to be seen.
    let high = |count: u64| HEIGHT * (count as f64 / most as f64).sqrt();
    html! {
        svg.bars viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(in_words(density)) {
            @for (number, count) in counts.iter().enumerate() { @if *count > 0 {
                rect x=(x(at(number))) width=(x((at(number + 1) - at(number)) * 0.86)) y=(format!("{:.1}", HEIGHT - high(*count).max(1.5))) height=(format!("{:.1}", high(*count).max(1.5))) {}
            } }
            rect.here x=(x(track.along(shown) - 0.0015)) width="3" y="0" height=(HEIGHT) {}
        }
    }
}

/// What the picture shows, for who does not see it.
fn in_words(density: &Density) -> String {
    let counts = density.counts();
    let all = count(usize::try_from(counts.iter().sum::<u64>()).unwrap_or(usize::MAX), "event");
    let from = density.spans.start().format("%-d %B %Y");
    let densest = counts.iter().enumerate().max_by_key(|(number, count)| (**count, std::cmp::Reverse(*number)));
    match densest {
        Some((number, most)) if counts.len() > 1 => {
            let begin = density.spans.begin(number);
            format!("{all} since {from}; most, {most}, in the {} from {}", density.spans.each(), short(begin))
        }
        _ => format!("{all} since {from}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_track_begins_with_the_first_event_and_ends_after_now() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        for (since, now) in [
            ("2026-01-01T09:00:30Z", "2026-01-01T09:00:30Z"),
            ("2026-01-01T09:00:30Z", "2026-01-01T10:00:00Z"),
            ("2026-01-01T09:00:30Z", "2029-07-01T10:00:00Z"),
        ] {
            let (since, now) = (at(since), at(now));
            let track = Track::of(since, now);
            assert!(track.from <= since.timestamp() && track.to > now.timestamp(), "{track:?}");
            assert_eq!((track.to - track.from) % track.step, 0, "{track:?}");
            assert!(now == since || (track.to - track.from) / track.step >= 300, "{track:?}");
        }
    }
}
