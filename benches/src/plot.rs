//! Plots for the documents: figures over sizes, both in powers of ten, as SVG that reads on light and dark ground.

use std::fmt::Write as _;

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 300.0;
/// Left, top, right, bottom of what is drawn.
const INNER: [f64; 4] = [56.0, 34.0, 16.0, 44.0];
/// Room for a line of the legend.
const LEGEND: f64 = 16.0;

/// One plot.
#[derive(Debug)]
pub struct Panel {
    title: String,
    across: String,
    up: String,
    series: Vec<Series>,
}

/// A line of a plot.
#[derive(Debug)]
pub struct Series {
    name: String,
    points: Vec<(f64, f64)>,
}

impl Series {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), points: Vec::new() }
    }

    pub fn add(&mut self, size: f64, figure: f64) {
        self.points.push((size, figure));
    }
}

impl Panel {
    pub fn new(title: &str, across: &str, up: &str, series: impl IntoIterator<Item = Series>) -> Self {
        let series = series.into_iter().collect();
        Self { title: title.to_owned(), across: across.to_owned(), up: up.to_owned(), series }
    }
}

/// The powers of ten around some figures.
#[derive(Debug, Clone, Copy)]
struct Axis {
    low: i32,
    high: i32,
    start: f64,
    end: f64,
}

impl Axis {
    fn around(figures: impl Iterator<Item = f64> + Clone, start: f64, end: f64) -> Self {
        let low = figures.clone().fold(f64::INFINITY, f64::min).log10().floor() as i32;
        let high = figures.fold(f64::NEG_INFINITY, f64::max).log10().ceil() as i32;
        Self { low, high: high.max(low + 1), start, end }
    }

    fn place(self, figure: f64) -> f64 {
        let share = (figure.log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        self.start + share * (self.end - self.start)
    }

    fn ticks(self) -> impl Iterator<Item = (f64, String)> {
        (self.low..=self.high).map(move |power| (self.place(10f64.powi(power)), label(power)))
    }
}

fn label(power: i32) -> String {
    match power {
        ..0 => format!("{:.*}", power.unsigned_abs() as usize, 10f64.powi(power)),
        0..3 => format!("{}", 10i64.pow(power as u32)),
        3..6 => format!("{} k", 10i64.pow(power as u32 - 3)),
        _ => format!("{} M", 10i64.pow(power as u32 - 6)),
    }
}

/// All plots, two in a row.
pub fn page(panels: &[Panel]) -> String {
    let lines = panels.iter().map(|panel| panel.series.len()).max().unwrap_or(0);
    let height = HEIGHT + lines as f64 * LEGEND;
    let rows = panels.len().div_ceil(2);
    let (width, all) = (2.0 * WIDTH, rows as f64 * height);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {all}\" width=\"{width}\" height=\"{all}\">\n\
         <style>\n\
         text {{ font: 12px system-ui, sans-serif; fill: #57606a; }} .title {{ font-weight: 600; font-size: 14px; fill: #24292f; }}\n\
         .grid {{ stroke: #8b949e; stroke-opacity: .35; }} .line {{ fill: none; stroke-width: 2; }}\n\
         .a {{ stroke: #0969da; fill: #0969da; }} .b {{ stroke: #bf3989; fill: #bf3989; }}\n\
         .c {{ stroke: #1a7f37; fill: #1a7f37; }} .d {{ stroke: #bc4c00; fill: #bc4c00; }}\n\
         path.line {{ fill: none; }}\n\
         @media (prefers-color-scheme: dark) {{ text {{ fill: #9198a1; }} .title {{ fill: #f0f6fc; }}\n\
         .a {{ stroke: #58a6ff; fill: #58a6ff; }} .b {{ stroke: #f778ba; fill: #f778ba; }}\n\
         .c {{ stroke: #3fb950; fill: #3fb950; }} .d {{ stroke: #f0883e; fill: #f0883e; }} path.line {{ fill: none; }} }}\n\
         </style>\n"
    );
    for (number, panel) in panels.iter().enumerate() {
        let (x, y) = ((number % 2) as f64 * WIDTH, (number / 2) as f64 * height);
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">");
        panel.draw(&mut svg);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

impl Panel {
    fn draw(&self, svg: &mut String) {
        let [left, top, right, bottom] = INNER;
        let points = self.series.iter().flat_map(|series| series.points.iter());
        let across = Axis::around(points.clone().map(|(size, _)| *size), left, WIDTH - right);
        let up = Axis::around(points.map(|(_, figure)| *figure), HEIGHT - bottom, top);
        let _ = writeln!(svg, "<text class=\"title\" x=\"{left}\" y=\"16\">{}</text>", self.title);
        for (x, label) in across.ticks() {
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{x:.1} {:.1}V{:.1}\"/>", up.start, up.end);
            let _ =
                writeln!(svg, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>", up.start + 16.0);
        }
        for (y, label) in up.ticks() {
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{:.1} {y:.1}H{:.1}\"/>", across.start, across.end);
            let _ =
                writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>", left - 6.0, y + 4.0);
        }
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - right,
            up.start + 32.0,
            self.across
        );
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"16\" text-anchor=\"end\">{}</text>", WIDTH - right, self.up);
        for (number, series) in self.series.iter().enumerate() {
            series.draw(svg, ["a", "b", "c", "d"][number % 4], across, up);
            let y = HEIGHT + 4.0 + number as f64 * LEGEND;
            let class = ["a", "b", "c", "d"][number % 4];
            let _ = writeln!(svg, "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"/>", left + 4.0, y - 4.0);
            let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{y:.1}\">{}</text>", left + 14.0, series.name);
        }
    }
}

impl Series {
    fn draw(&self, svg: &mut String, class: &str, across: Axis, up: Axis) {
        let mut path = String::new();
        for (number, (size, figure)) in self.points.iter().enumerate() {
            let (x, y) = (across.place(*size), up.place(*figure));
            let _ = write!(path, "{}{x:.1} {y:.1}", if number == 0 { 'M' } else { 'L' });
            let _ = writeln!(svg, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>");
        }
        let _ = writeln!(svg, "<path class=\"line {class}\" d=\"{path}\"/>");
    }
}
