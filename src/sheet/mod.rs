//! Tables for other people's programs, written row by row in constant memory.
//!
//! A [`Head`] says what the table is; a [`SheetWriter`] takes its rows. [`Csv`] and [`Xlsx`] write files
//! that a spreadsheet opens without carrying out anything that stands in a cell.

mod csv;
mod memory;
#[cfg(test)]
mod tests;
mod xlsx;

use std::borrow::Cow;

use chrono::{DateTime, Utc};

pub use self::csv::Csv;
pub(crate) use self::memory::in_memory;
pub use self::xlsx::Xlsx;

/// What stands in one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Text, whatever it begins with.
    Text(Cow<'a, str>),
    /// A whole number.
    Number(i64),
    /// A time, UTC.
    Time(DateTime<Utc>),
    /// Nothing.
    Empty,
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<u64> for Cell<'_> {
    /// A number beyond what [`Cell::Number`] holds is text: no digit is lost.
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or_else(|_| Self::Text(number.to_string().into()), Self::Number)
    }
}

impl From<DateTime<Utc>> for Cell<'_> {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(time)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'a> {
    /// What the header calls it.
    pub name: &'a str,
    /// How wide it is shown, in characters. Only [`Xlsx`] uses it.
    pub width: u16,
}

/// What a table is, before its first row.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// What it is called: at most 20 characters, none of `[ ] : * ? / \`. The name of the worksheet.
    pub title: &'a str,
    /// What it says of itself, by name: where it comes from, what was chosen.
    pub facts: &'a [(&'a str, Cell<'a>)],
    /// Its columns, from the left.
    pub columns: &'a [Column<'a>],
}

/// Takes a table's rows.
pub trait SheetWriter {
    /// Writes one row: as many cells as there are columns.
    ///
    /// # Errors
    /// The row cannot be written.
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError>;

    /// Writes what is still to be written. A table that is not finished is not whole.
    ///
    /// # Errors
    /// It cannot be written.
    fn finish(self: Box<Self>) -> Result<(), SheetError>;
}

/// Why a table was not written.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The output cannot be written.
    #[error("the table cannot be written: {0}")]
    Output(#[from] std::io::Error),
    /// A workbook cannot be made of it.
    #[error("the workbook cannot be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// A row has not as many cells as there are columns.
    #[error("a row of {cells} cells does not fit {columns} columns")]
    Width {
        /// Cells in the row.
        cells: usize,
        /// Columns of the table.
        columns: usize,
    },
}

impl SheetError {
    fn check_width(cells: usize, columns: usize) -> Result<(), Self> {
        if cells == columns { Ok(()) } else { Err(Self::Width { cells, columns }) }
    }
}
