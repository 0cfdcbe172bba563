//! Pictures, made on the server: attributes only, since styles within pages are not allowed. Colours are classes.

use chancery_aggregates::vocabulary::Time;
use maud::{Markup, html};

use crate::history::Spans;

/// How wide a picture is, in its own units.
pub(super) const WIDTH: u32 = 1_000;

/// A part of the width, as an attribute has it.
pub(super) fn x(part: f64) -> String {
    format!("{:.1}", part * f64::from(WIDTH))
}

/// An instant in few words.
pub(super) fn short(at: Time) -> String {
    at.format("%-d %b %Y, %H:%M").to_string()
}

/// How high a chart's area is, and what is around it.
const HIGH: f64 = 200.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 12.0;
const BELOW: f64 = 26.0;

/// A layer of a chart.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// Which colour.
    pub(super) class: &'static str,
    /// What it counts.
    pub(super) label: &'static str,
    /// A number for each stretch.
    pub(super) values: Vec<u64>,
}

/// A place in the area.
fn across(part: f64) -> String {
    format!("{:.1}", LEFT + part * (f64::from(WIDTH) - LEFT))
}

fn up(value: f64, most: u64) -> f64 {
    TOP + HIGH * (1.0 - value / most as f64)
}

/// The next round number: 1, 2 or 5 and zeros.
pub(super) fn round_up(value: u64) -> u64 {
    let mut ten = 1_u64;
    loop {
        for step in [1, 2, 5] {
            let round = ten.saturating_mul(step);
            if round >= value || round == u64::MAX {
                return round;
            }
        }
        ten = ten.saturating_mul(10);
    }
}

/// Bars in layers, one for each stretch of time.
pub(super) fn stacked(spans: &Spans, series: &[Series], about: &str) -> Markup {
    let sum = |number: usize| series.iter().filter_map(|one| one.values.get(number)).sum::<u64>();
    let most = round_up((0..spans.count()).map(sum).max().unwrap_or(0).max(1));
    let part = |number: usize| number as f64 / spans.count() as f64;
    frame(
        spans,
        most,
        about,
        &html! {
            @for number in 0..spans.count() { @if sum(number) > 0 {
                g {
                    title { (short(spans.begin(number))) ": " (sum(number)) }
                    @for (layer, one) in series.iter().enumerate() {
                        @let below: u64 = series.iter().take(layer).filter_map(|one| one.values.get(number)).sum();
                        @let value = one.values.get(number).copied().unwrap_or_default();
                        @if value > 0 {
                            rect class=(one.class) x=(across(part(number))) width=(format!("{:.1}", 0.84 * (f64::from(WIDTH) - LEFT) / spans.count() as f64))
                                y=(format!("{:.1}", up((below + value) as f64, most))) height=(format!("{:.1}", HIGH * value as f64 / most as f64)) {}
                        }
                    }
                }
            } }
        },
    )
}

/// Lines that step from stretch to stretch: each holds what is so at the end of one.
pub(super) fn stepped(spans: &Spans, series: &[Series], about: &str) -> Markup {
    let most = round_up(series.iter().flat_map(|one| one.values.iter().copied()).max().unwrap_or(0).max(1));
    let part = |number: usize| number as f64 / spans.count() as f64;
    let path = |one: &Series| {
        let mut path = String::new();
        for (number, value) in one.values.iter().enumerate() {
            let height = up(*value as f64, most);
            let begin = if number == 0 { 'M' } else { 'L' };
            path.push_str(&format!(
                "{begin}{} {height:.1}L{} {height:.1}",
                across(part(number)),
                across(part(number + 1))
            ));
        }
        path
    };
    frame(
        spans,
        most,
        about,
        &html! {
            @for one in series { path class={ "line " (one.class) } d=(path(one)) { title { (one.label) } } }
        },
    )
}

/// The lines and words around a chart.
fn frame(spans: &Spans, most: u64, about: &str, inside: &Markup) -> Markup {
    let height = TOP + HIGH + BELOW;
    let date =
        |at: Time| if spans.is_shorter_than_a_day() { at.format("%-d %b, %H:%M") } else { at.format("%-d %b %Y") };
    let baseline = format!("{:.1}", TOP + HIGH + 19.0);
    let mut marks = vec![0, most];
    if most.is_multiple_of(2) {
        marks.push(most / 2);
    }
    html! {
        svg.chart viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-label=(about) {
            @for mark in marks {
                @let height = up(mark as f64, most);
                line.grid x1=(LEFT) x2=(WIDTH) y1=(format!("{height:.1}")) y2=(format!("{height:.1}")) {}
                text x=(LEFT - 8.0) y=(format!("{:.1}", height + 5.0)) text-anchor="end" { (mark) }
            }
            (inside)
            text x=(LEFT) y=(baseline) { (date(spans.start()).to_string()) }
            @if spans.count() > 3 { text x=(across(0.5)) y=(baseline) text-anchor="middle" { (date(spans.begin(spans.count() / 2)).to_string()) } }
            text x=(WIDTH) y=(baseline) text-anchor="end" { (date(spans.end()).to_string()) }
        }
    }
}

/// Which colour is what.
pub(super) fn legend(series: &[Series]) -> Markup {
    html! {
        ul.legend { @for one in series { li {
            svg.dot viewBox="0 0 10 10" aria-hidden="true" { rect class=(one.class) width="10" height="10" rx="2" {} }
            (one.label)
        } } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        let rounded = [0, 1, 2, 3, 5, 6, 11, 21, 51, 100, 101, 5_000_001].map(round_up);
        assert_eq!(rounded, [1, 1, 2, 5, 5, 10, 20, 50, 100, 100, 200, 10_000_000]);
        assert_eq!(round_up(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_picture_has_no_style_of_its_own_and_shows_text_as_text() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        let spans = Spans::between(at("2026-01-01T00:00:00Z"), at("2026-01-09T00:00:00Z"), 9);
        let values = vec![0, 3, 1, 0, 2, 0, 0, 0, 1];
        let series = [Series { class: "g-access", label: "Access", values }];
        for drawn in [stacked(&spans, &series, "<b>\"'"), stepped(&spans, &series, "<b>\"'")] {
            let drawn = drawn.into_string();
            assert!(!drawn.contains("style") && !drawn.contains("<b>"), "{drawn}");
            assert!(drawn.contains("g-access") && drawn.contains("1 Jan 2026"), "{drawn}");
        }
    }
}
