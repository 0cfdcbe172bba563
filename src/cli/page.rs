//! Text for people: lines, fields and tables.
//!
//! Outside data is text, whatever it contains: control characters are shown, not obeyed.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use chancery_aggregates::vocabulary::Time;
use comfy_table::{ContentArrangement, presets};

/// Columns of a table on a terminal whose width is not known.
const USUAL_WIDTH: u16 = 120;

/// How a piece of text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// A heading, or what matters most.
    Strong,
    /// Aside.
    Quiet,
    /// Allowed, gained, in use.
    Good,
    /// Denied, lost, refused.
    Bad,
    /// Mind this.
    Warning,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Quiet => Style::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
        }
    }
}

/// Text for people, put together line by line.
#[derive(Debug, Clone)]
pub struct Page {
    text: String,
    colour: bool,
    /// The width that tables are folded to; where there is none, a line stays a line.
    width: Option<u16>,
}

impl Page {
    pub(super) fn new(colour: bool, width: Option<u16>) -> Self {
        Self { text: String::new(), colour, width }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// One line.
    pub fn line(&mut self, text: impl AsRef<str>) {
        self.spans(&[(Tone::Plain, text.as_ref())]);
    }

    /// One line in one tone.
    pub fn toned(&mut self, tone: Tone, text: impl AsRef<str>) {
        self.spans(&[(tone, text.as_ref())]);
    }

    /// One line of pieces, each in its own tone.
    pub fn spans(&mut self, spans: &[(Tone, &str)]) {
        for (tone, text) in spans {
            let text = plain(text);
            if self.colour && *tone != Tone::Plain {
                let style = tone.style();
                // Writing to a string cannot fail.
                let _ = write!(self.text, "{style}{text}{style:#}");
            } else {
                self.text.push_str(&text);
            }
        }
        self.text.push('\n');
    }

    /// An empty line, unless the page is empty.
    pub fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Names and values, one pair a line; pairs without a value are left out.
    pub fn fields(&mut self, fields: &[(&str, Option<String>)]) {
        let width = fields.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name.chars().count()).max();
        for (name, value) in fields {
            if let Some(value) = value {
                let label = format!("{name:<width$}  ", width = width.unwrap_or(0));
                self.spans(&[(Tone::Quiet, label.as_str()), (Tone::Plain, value)]);
            }
        }
    }

    /// A table; without rows, the sentence instead.
    pub fn table(&mut self, table: Table, when_empty: &str) {
        if table.rows.is_empty() {
            self.toned(Tone::Quiet, when_empty);
        } else {
            let drawn = table.draw(self.colour, self.width);
            for line in drawn.lines() {
                self.text.push_str(line.trim_end());
                self.text.push('\n');
            }
        }
    }
}

/// Rows under headings.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<String>,
    right: Vec<usize>,
    rows: Vec<Vec<(Tone, String)>>,
}

impl Table {
    /// A table with these headings.
    pub fn new<T: Into<String>>(columns: impl IntoIterator<Item = T>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Numbers in these columns, counted from 0, stand at the right.
    #[must_use]
    pub fn right(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.right = columns.into_iter().collect();
        self
    }

    /// Adds a row of plain cells.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(|cell| (Tone::Plain, cell.into())).collect());
    }

    /// Adds a row of cells with their tones.
    pub fn toned_row(&mut self, cells: impl IntoIterator<Item = (Tone, String)>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn draw(&self, colour: bool, width: Option<u16>) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        if colour {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width);
        } else {
            // A line stays a line for whoever searches or cuts it.
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
        let bold = |cell: comfy_table::Cell| {
            if colour { cell.add_attribute(comfy_table::Attribute::Bold) } else { cell }
        };
        table.set_header(self.columns.iter().map(|column| bold(comfy_table::Cell::new(column.to_uppercase()))));
        for row in &self.rows {
            table.add_row(row.iter().map(|(tone, text)| cell(*tone, text, colour)));
        }
        for (number, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if self.right.contains(&number) {
                column.set_cell_alignment(comfy_table::CellAlignment::Right);
            }
        }
        table.to_string()
    }
}

fn cell(tone: Tone, text: &str, colour: bool) -> comfy_table::Cell {
    let cell = comfy_table::Cell::new(plain(text));
    if !colour {
        return cell;
    }
    match tone {
        Tone::Plain => cell,
        Tone::Strong => cell.add_attribute(comfy_table::Attribute::Bold),
        Tone::Quiet => cell.add_attribute(comfy_table::Attribute::Dim),
        Tone::Good => cell.fg(comfy_table::Color::Green),
        Tone::Bad => cell.fg(comfy_table::Color::Red),
        Tone::Warning => cell.fg(comfy_table::Color::Yellow),
    }
}

/// The width of the terminal that we write to.
pub(super) fn terminal_width() -> u16 {
    comfy_table::Table::new().width().unwrap_or(USUAL_WIDTH)
}

/// Whether a character could act on a terminal, or make text read otherwise than it is stored.
pub(super) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Text with such characters shown as `\u{1b}`.
pub(super) fn plain(text: &str) -> String {
    if !text.contains(acts) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if acts(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// An instant, to the minute, as it stands in a table.
pub(super) fn stamp(time: Time) -> String {
    time.format("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(colour: bool) -> Page {
        Page::new(colour, None)
    }

    #[test]
    fn outside_data_cannot_act_on_the_terminal() {
        let mut shown = page(true);
        shown.line("a\u{1b}[31mb\nc\u{9b}d\u{202e}e");
        assert_eq!(shown.text, "a\\u{1b}[31mb\\u{a}c\\u{9b}d\\u{202e}e\n");
        let mut table = Table::new(["name"]);
        table.row(["x\u{1b}]0;y\u{7}"]);
        let mut shown = page(false);
        shown.table(table, "");
        assert_eq!(shown.text, "NAME\nx\\u{1b}]0;y\\u{7}\n");
    }

    #[test]
    fn colour_is_only_where_it_is_wanted() {
        let mut shown = page(false);
        shown.toned(Tone::Bad, "no");
        assert_eq!(shown.text, "no\n");
        let mut shown = page(true);
        shown.toned(Tone::Bad, "no");
        assert_eq!(shown.text, "\u{1b}[31mno\u{1b}[0m\n");
    }

    #[test]
    fn fields_without_a_value_are_left_out() {
        let mut shown = page(false);
        shown.fields(&[("name", Some("Tom".to_owned())), ("a long label", None), ("e-mail", Some("x".to_owned()))]);
        assert_eq!(shown.text, "name    Tom\ne-mail  x\n");
    }
}
