//! What a command shows: a page for people, or JSON for programs.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::sync::Arc;

use anstream::{AutoStream, ColorChoice};
use parking_lot::Mutex;
use serde::Serialize;

use super::CliError;
use super::options::{Format, Options, When};
use super::page::acts;
pub(super) use super::page::{Page, Table, Tone, plain, stamp, terminal_width};

/// Where a command's answer goes, and how it is written. Copies write to the same place.
#[derive(Clone)]
pub struct Output {
    format: Format,
    colour: bool,
    terminal: bool,
    /// The width that tables are folded to, where no terminal of ours tells.
    width: Option<u16>,
    sink: Arc<Mutex<Sink>>,
}

enum Sink {
    Stdout(std::io::BufWriter<std::io::Stdout>),
    Captured { text: Vec<u8>, aside: String, longest: usize },
}

impl Sink {
    fn captured(longest: usize) -> Self {
        Self::Captured { text: Vec::new(), aside: String::new(), longest }
    }
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
            width: None,
            sink: Arc::new(Mutex::new(Sink::Stdout(std::io::BufWriter::new(stdout)))),
        }
    }

    /// A text to be taken with [`Output::captured_text`].
    pub(super) fn captured(options: &Options) -> Self {
        Self {
            format: options.format,
            colour: options.color == When::Always,
            terminal: false,
            width: None,
            sink: Arc::new(Mutex::new(Sink::captured(usize::MAX))),
        }
    }

    /// A text for somebody else's terminal, so many columns wide, and not longer than so many bytes. Without
    /// options, of a line that was not understood.
    pub(super) fn served(options: Option<&Options>, width: Option<u16>, longest: usize) -> Self {
        Self {
            format: options.map_or(Format::Json, |options| options.format),
            colour: options.is_some_and(|options| options.color == When::Always),
            terminal: false,
            width,
            sink: Arc::new(Mutex::new(Sink::captured(longest))),
        }
    }

    /// What was captured so far.
    pub(super) fn captured_text(&self) -> String {
        match &*self.sink.lock() {
            Sink::Stdout(_) => String::new(),
            Sink::Captured { text, .. } => String::from_utf8_lossy(text).into_owned(),
        }
    }

    /// What was told aside so far.
    pub(super) fn captured_aside(&self) -> String {
        match &*self.sink.lock() {
            Sink::Stdout(_) => String::new(),
            Sink::Captured { aside, .. } => aside.clone(),
        }
    }

    /// Tells a person something that is not the answer: on standard error.
    pub fn aside(&self, text: &str) {
        match &mut *self.sink.lock() {
            Sink::Stdout(_) => anstream::eprintln!("{text}"),
            Sink::Captured { aside, .. } => {
                aside.push_str(text);
                aside.push('\n');
            }
        }
    }

    /// How wide a terminal is that shows the answer at once.
    pub(super) fn columns(&self) -> Option<u16> {
        self.terminal.then(terminal_width)
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
            self.write(shown.text())
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
        Page::new(self.colour, self.width.or_else(|| self.columns()))
    }

    /// Writes a page at once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print(&self, page: &Page) -> Result<(), CliError> {
        self.write(page.text())
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
            Sink::Captured { .. } => Ok(()),
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
            Sink::Captured { text, longest, .. } if text.len() + bytes.len() > *longest => {
                let message = format!("the answer is longer than {longest} bytes: ask for less at a time");
                Err(CliError::Input { rule: "answer_too_long", message })
            }
            Sink::Captured { text, .. } => {
                text.extend_from_slice(bytes);
                Ok(())
            }
        }
    }
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

    #[test]
    fn json_keeps_its_meaning() {
        let text = serde_json::to_string("a\u{9b}b\u{1b}").unwrap();
        let shown = json_plain(&text);
        assert!(shown.is_ascii());
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), "a\u{9b}b\u{1b}");
    }
}
