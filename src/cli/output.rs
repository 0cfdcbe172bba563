//! What a command shows: tables and sentences, or JSON.
//!
//! Outside data is text, whatever it contains: control characters are shown, not obeyed.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::sync::Arc;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, presets};
use parking_lot::Mutex;
use serde::Serialize;

use super::CliError;
use super::options::{Format, Options, When};

/// Columns of a table on a terminal whose width is not known, and in captured output.
const USUAL_WIDTH: u16 = 120;

/// Where a command's answer goes, and how it is written. Copies write to the same place.
#[derive(Clone)]
pub struct Output {
    format: Format,
    colour: bool,
    terminal: bool,
    sink: Arc<Mutex<Sink>>,
}

enum Sink {
    Stdout(std::io::BufWriter<std::io::Stdout>),
    Captured(Vec<u8>),
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("format", &self.format).finish_non_exhaustive()
    }
}

impl When {
    /// Whether a stream gets colours.
    pub(super) fn choice(self, stream: &impl anstream::stream::RawStream) -> ColorChoice {
        match self {
            Self::Auto => AutoStream::choice(stream),
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
    }
}

impl Output {
    /// Standard output.
    pub(super) fn stdout(options: &Options) -> Self {
        let stdout = std::io::stdout();
        Self {
            format: options.format,
            colour: options.color.choice(&stdout) != ColorChoice::Never,
            terminal: stdout.is_terminal(),
            sink: Arc::new(Mutex::new(Sink::Stdout(std::io::BufWriter::new(stdout)))),
        }
    }

    /// A text to be taken with [`Output::captured_text`].
    pub(super) fn captured(options: &Options) -> Self {
        Self {
            format: options.format,
            colour: options.color == When::Always,
            terminal: false,
            sink: Arc::new(Mutex::new(Sink::Captured(Vec::new()))),
        }
    }

    /// What was captured so far.
    pub(super) fn captured_text(&self) -> String {
        match &*self.sink.lock() {
            Sink::Stdout(_) => String::new(),
            Sink::Captured(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        }
    }

    /// Whether programs read it.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether it has colours.
    pub fn has_colour(&self) -> bool {
        self.colour
    }

    /// Whether a person sees it at once: then a progress bar makes sense.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Shows an answer: the value as one JSON document, or the page.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn show(&self, value: &impl Serialize, page: impl FnOnce(&mut Page)) -> Result<(), CliError> {
        if self.is_json() {
            let mut text = serde_json::to_string_pretty(value).map_err(std::io::Error::from)?;
            text.push('\n');
            self.write(&json_plain(&text))
        } else {
            let mut shown = self.page();
            page(&mut shown);
            self.write(&shown.text)
        }
    }

    /// Shows one line of JSON Lines.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn json_line(&self, value: &impl Serialize) -> Result<(), CliError> {
        let mut text = serde_json::to_string(value).map_err(std::io::Error::from)?;
        text.push('\n');
        self.write_later(&json_plain(&text))
    }

    /// An empty page in this output's style.
    pub fn page(&self) -> Page {
        Page { text: String::new(), colour: self.colour, terminal: self.terminal }
    }

    /// Writes a page at once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print(&self, page: &Page) -> Result<(), CliError> {
        self.write(&page.text)
    }

    /// Writes text that is not to be changed, such as a completion script.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn raw(&self, bytes: &[u8]) -> Result<(), CliError> {
        self.put(bytes)?;
        self.flush()
    }

    /// Hands what was written to the reader.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&self) -> Result<(), CliError> {
        match &mut *self.sink.lock() {
            Sink::Stdout(stdout) => Ok(stdout.flush()?),
            Sink::Captured(_) => Ok(()),
        }
    }

    fn write(&self, text: &str) -> Result<(), CliError> {
        self.write_later(text)?;
        self.flush()
    }

    fn write_later(&self, text: &str) -> Result<(), CliError> {
        self.put(text.as_bytes())
    }

    fn put(&self, bytes: &[u8]) -> Result<(), CliError> {
        match &mut *self.sink.lock() {
            Sink::Stdout(stdout) => Ok(stdout.write_all(bytes)?),
            Sink::Captured(captured) => {
                captured.extend_from_slice(bytes);
                Ok(())
            }
        }
    }
}

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
    terminal: bool,
}

impl Page {
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
            let drawn = table.draw(self.colour, self.terminal);
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

    fn draw(&self, colour: bool, terminal: bool) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        if colour {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        if terminal {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            if table.width().is_none() {
                table.set_width(USUAL_WIDTH);
            }
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

/// Whether a character could act on a terminal, or make text read otherwise than it is stored.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Text with such characters shown as `\u{1b}`.
pub fn plain(text: &str) -> String {
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

/// The same for JSON: they occur within strings only, where an escape means the same.
fn json_plain(text: &str) -> String {
    let acts = |c: char| c != '\n' && acts(c);
    if !text.contains(acts) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if acts(c) {
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(colour: bool) -> Page {
        Page { text: String::new(), colour, terminal: false }
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
    fn json_keeps_its_meaning() {
        let text = serde_json::to_string("a\u{9b}b\u{1b}").unwrap();
        let shown = json_plain(&text);
        assert!(shown.is_ascii());
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), "a\u{9b}b\u{1b}");
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
