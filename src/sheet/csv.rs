//! Comma-separated values (RFC 4180), in UTF-8.
//!
//! Spreadsheets take a cell that begins like a formula for one, and a formula can send what stands beside it
//! elsewhere. Text that begins with `=`, `+`, `-`, `@` (or their full-width forms), a tab or a line break gets an
//! apostrophe in front. Text that begins with an apostrophe gets one more, so who takes one leading apostrophe off has
//! the text as it was. Numbers and times are not guarded: they begin with a digit, or with a minus sign that a digit
//! follows.
//!
//! What the table says of itself stands before the header: a record `# name,value` each, which readers pass over that
//! know comments.

use std::borrow::Cow;
use std::io::Write;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Cell, Head, SheetError, SheetWriter};

/// Writes comma-separated values.
#[derive(Debug)]
pub struct Csv<W: Write> {
    out: csv::Writer<W>,
    columns: usize,
}

impl<W: Write> Csv<W> {
    /// Writes what comes before the rows.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn new(out: W, head: &Head<'_>) -> Result<Self, SheetError> {
        let out = csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(out);
        let mut sheet = Self { out, columns: head.columns.len() };
        for (name, fact) in head.facts {
            // Whoever skips comments skips one line.
            let value = text_of(fact).replace(['\r', '\n'], " ");
            sheet.out.write_record([format!("# {name}"), value]).map_err(failed)?;
        }
        sheet.out.write_record(head.columns.iter().map(|column| guarded(column.name).into_owned())).map_err(failed)?;
        Ok(sheet)
    }
}

impl<W: Write> SheetWriter for Csv<W> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError> {
        SheetError::check_width(cells.len(), self.columns)?;
        for cell in cells {
            self.out.write_field(text_of(cell).as_bytes()).map_err(failed)?;
        }
        self.out.write_record(None::<&[u8]>).map_err(failed)
    }

    fn finish(mut self: Box<Self>) -> Result<(), SheetError> {
        Ok(self.out.flush()?)
    }
}

fn failed(error: csv::Error) -> SheetError {
    SheetError::Output(error.into())
}

fn text_of<'a>(cell: &'a Cell<'_>) -> Cow<'a, str> {
    match cell {
        Cell::Text(text) => guarded(text),
        Cell::Number(number) => Cow::Owned(number.to_string()),
        Cell::Time(time) => Cow::Owned(time_text(*time)),
        Cell::Empty => Cow::Borrowed(""),
    }
}

/// RFC 3339 in UTC, with as many digits of the second as it has.
pub(super) fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn guarded(text: &str) -> Cow<'_, str> {
    let dangerous = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n', '\''];
    if text.starts_with(dangerous) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}
