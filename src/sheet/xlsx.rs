//! Workbooks of Excel (ECMA-376).
//!
//! Text is written as text, so what looks like a formula is none. Times are dates of the spreadsheet, in UTC, exact to
//! the millisecond; before March 1900 and after 9999, where spreadsheets know no dates, they are text. A number that a
//! spreadsheet would round is text. Text beyond 32,767 characters (UTF-16 units), which no cell holds, is cut and says so
//! at its end: a workbook is for reading, and the pack has all of it. When a worksheet is full (1,048,576 rows), the
//! rows go on in another one, under the same header. What the table says of itself is the last worksheet.
//!
//! Rows go to temporary files of the system, one a worksheet, and are compressed at the end.

use std::borrow::Cow;
use std::io::Write;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use rust_xlsxwriter::{Color, DocProperties, Format, Workbook, Worksheet, XlsxError};

use super::csv::time_text;
use super::{Cell, Column, Head, SheetError, SheetWriter};

/// Rows of a worksheet, the header included.
const ROWS: u32 = 1_048_576;

/// UTF-16 units in a cell.
const LONGEST: usize = 32_767;

/// Whole numbers up to here are exact in a spreadsheet, whose numbers are floating-point ones.
const EXACT: u64 = 1 << 53;

/// A worksheet of more bytes may pass the 4 GB from which a ZIP archive needs its larger fields.
const LARGE: u64 = 1 << 30;

/// Writes a workbook.
pub struct Xlsx<W: Write + Send> {
    out: W,
    workbook: Workbook,
    title: String,
    facts: Vec<(String, Cell<'static>)>,
    columns: Vec<(String, u16)>,
    /// Rows of a worksheet: less only in tests.
    rows: u32,
    sheets: u32,
    next: u32,
    bytes: u64,
    formats: Formats,
}

struct Formats {
    header: Format,
    time: Format,
}

impl<W: Write + Send> std::fmt::Debug for Xlsx<W> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Xlsx").field("title", &self.title).field("sheets", &self.sheets).finish_non_exhaustive()
    }
}

impl<W: Write + Send> Xlsx<W> {
    /// Begins a workbook, which goes out when it is finished.
    ///
    /// # Errors
    /// There is no room for temporary files.
    pub fn new(out: W, head: &Head<'_>) -> Result<Self, SheetError> {
        Self::with_rows(out, head, ROWS)
    }

    /// Says in the file that it was made then, rather than now: the same rows are the same bytes.
    #[must_use]
    pub fn dated(mut self, at: DateTime<Utc>) -> Self {
        self.workbook.set_properties(&DocProperties::new().set_creation_datetime(&at));
        self
    }

    /// As [`Xlsx::new`], with worksheets of so many rows.
    pub(super) fn with_rows(out: W, head: &Head<'_>, rows: u32) -> Result<Self, SheetError> {
        let mut sheet = Self {
            out,
            workbook: Workbook::new(),
            title: head.title.to_owned(),
            facts: head.facts.iter().map(|(name, cell)| ((*name).to_owned(), owned(cell))).collect(),
            columns: head.columns.iter().map(|column| (column.name.to_owned(), column.width)).collect(),
            rows,
            sheets: 0,
            next: 0,
            bytes: 0,
            formats: Formats {
                header: Format::new().set_bold().set_background_color(Color::RGB(0x00E8_EAED)),
                time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss.000"),
            },
        };
        sheet.begin()?;
        Ok(sheet)
    }

    /// A further worksheet with the header.
    fn begin(&mut self) -> Result<(), SheetError> {
        self.sheets += 1;
        let name = if self.sheets == 1 { self.title.clone() } else { format!("{} ({})", self.title, self.sheets) };
        let worksheet = self.workbook.add_worksheet_with_constant_memory()?;
        worksheet.set_name(name)?;
        let columns: Vec<Column<'_>> =
            self.columns.iter().map(|(name, width)| Column { name, width: *width }).collect();
        header(worksheet, &columns, &self.formats.header)?;
        self.next = 1;
        Ok(())
    }

    /// The last worksheet.
    fn about(&mut self) -> Result<(), SheetError> {
        if self.facts.is_empty() {
            return Ok(());
        }
        let worksheet = self.workbook.add_worksheet_with_constant_memory()?;
        worksheet.set_name("About")?;
        header(
            worksheet,
            &[Column { name: "what", width: 24 }, Column { name: "value", width: 80 }],
            &self.formats.header,
        )?;
        for (row, (name, fact)) in (1..).zip(&self.facts) {
            worksheet.write_string(row, 0, name)?;
            put(worksheet, row, 1, fact, &self.formats.time)?;
        }
        Ok(())
    }
}

impl<W: Write + Send> SheetWriter for Xlsx<W> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError> {
        SheetError::check_width(cells.len(), self.columns.len())?;
        if self.next == self.rows {
            self.begin()?;
        }
        let row = self.next;
        self.next += 1;
        let worksheet = self.workbook.worksheet_from_index(self.sheets as usize - 1)?;
        for (column, cell) in (0..).zip(cells) {
            self.bytes += put(worksheet, row, column, cell, &self.formats.time)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), SheetError> {
        self.about()?;
        self.workbook.use_zip_large_file(self.bytes > LARGE);
        self.workbook.save_to_writer(&mut self.out)?;
        Ok(self.out.flush()?)
    }
}

fn header(worksheet: &mut Worksheet, columns: &[Column<'_>], format: &Format) -> Result<(), XlsxError> {
    worksheet.set_freeze_panes(1, 0)?;
    for (number, column) in (0..).zip(columns) {
        worksheet.set_column_width(number, column.width)?;
        worksheet.write_string_with_format(0, number, fitting(column.name), format)?;
    }
    Ok(())
}

/// Writes a cell; about how many bytes it takes before they are compressed.
fn put(worksheet: &mut Worksheet, row: u32, column: u16, cell: &Cell<'_>, time: &Format) -> Result<u64, XlsxError> {
    let text = match cell {
        Cell::Empty => return Ok(0),
        Cell::Number(number) if number.unsigned_abs() <= EXACT => {
            worksheet.write_number(row, column, *number as f64)?;
            return Ok(40);
        }
        Cell::Time(moment) if has_date(*moment) => {
            worksheet.write_datetime_with_format(row, column, moment.naive_utc(), time)?;
            return Ok(60);
        }
        Cell::Number(number) => Cow::Owned(number.to_string()),
        Cell::Time(moment) => Cow::Owned(time_text(*moment)),
        Cell::Text(text) => fitting(text),
    };
    let bytes = 60 + text.len() as u64;
    worksheet.write_string(row, column, text)?;
    Ok(bytes)
}

/// Whether a spreadsheet knows this day. It takes 1900 for a leap year, so days before March are another's.
fn has_date(time: DateTime<Utc>) -> bool {
    NaiveDate::from_ymd_opt(1900, 3, 1).is_some_and(|first| time.date_naive() >= first) && time.year() <= 9999
}

/// Text that fits a cell.
fn fitting(text: &str) -> Cow<'_, str> {
    // A character is at least as many bytes as it is UTF-16 units.
    if text.len() <= LONGEST || text.encode_utf16().count() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let mark = format!(" … (cut off: the text has {} characters)", text.chars().count());
    let mut room = LONGEST - mark.encode_utf16().count();
    let kept = text.char_indices().take_while(|(_, character)| {
        let fits = character.len_utf16() <= room;
        room -= character.len_utf16().min(room);
        fits
    });
    let end = kept.last().map_or(0, |(start, character)| start + character.len_utf8());
    Cow::Owned(format!("{}{mark}", text.get(..end).unwrap_or_default()))
}

fn owned(cell: &Cell<'_>) -> Cell<'static> {
    match cell {
        Cell::Text(text) => Cell::Text(Cow::Owned(text.clone().into_owned())),
        Cell::Number(number) => Cell::Number(*number),
        Cell::Time(time) => Cell::Time(*time),
        Cell::Empty => Cell::Empty,
    }
}
