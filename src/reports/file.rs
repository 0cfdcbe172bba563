//! Reports as files.

use std::io::Write;

use super::{Cell, Report, ReportError, html};
use crate::sheet::{self, Column, Csv, Head, SheetError, SheetWriter, Xlsx, in_memory};

/// As what a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// A workbook of Excel.
    Xlsx,
    /// A page to be printed.
    Html,
    /// JSON.
    Json,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Xlsx, Self::Html, Self::Json];

    /// Its name, which is also how files of it end.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Html => "html",
            Self::Json => "json",
        }
    }

    /// The format of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// The media type of a download.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

impl Report {
    /// Writes the report. The same report is the same bytes.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, format: Format, mut out: impl Write + Send + 'static) -> Result<(), SheetError> {
        match format {
            Format::Csv => self.with_head(|head| self.rows(Box::new(Csv::new(out, head)?))),
            Format::Xlsx => self.with_head(|head| self.rows(Box::new(Xlsx::new(out, head)?.dated(self.at)))),
            Format::Html => Ok(out.write_all(html::page(self).as_bytes()).and_then(|()| out.flush())?),
            Format::Json => {
                serde_json::to_writer_pretty(&mut out, &self.json()).map_err(std::io::Error::from)?;
                Ok(out.write_all(b"\n").and_then(|()| out.flush())?)
            }
        }
    }

    /// What a download is called.
    pub(crate) fn file_name(&self, format: Format) -> String {
        let Self { organisation, kind, position, .. } = self;
        format!("{organisation}-{}-{position}.{}", kind.name(), format.as_str())
    }

    /// The report in memory, for a download.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn bytes(&self, format: Format) -> Result<Vec<u8>, ReportError> {
        Ok(in_memory(|out| self.write(format, out))?)
    }

    fn with_head(&self, write: impl FnOnce(&Head<'_>) -> Result<(), SheetError>) -> Result<(), SheetError> {
        let facts = self.facts();
        let facts: Vec<(&str, sheet::Cell<'_>)> =
            facts.iter().map(|(name, value)| (*name, value.as_str().into())).collect();
        let columns: Vec<Column<'_>> =
            self.table.columns.iter().map(|name| Column { name, width: width_of(name) }).collect();
        write(&Head { title: self.kind.name(), facts: &facts, columns: &columns })
    }

    fn rows(&self, mut sheet: Box<dyn SheetWriter>) -> Result<(), SheetError> {
        for row in &self.table.rows {
            let cells: Vec<sheet::Cell<'_>> = row.cells.iter().map(cell).collect();
            sheet.row(&cells)?;
        }
        sheet.finish()
    }
}

fn cell(cell: &Cell) -> sheet::Cell<'_> {
    match cell {
        Cell::Empty => sheet::Cell::Empty,
        Cell::Text(text) => text.as_str().into(),
        Cell::Number(number) => (*number).into(),
        Cell::Time(time) => (*time).into(),
    }
}

/// In characters, by what stands there.
fn width_of(column: &str) -> u16 {
    match column {
        "sentence" | "event_sentence" | "what" | "keys" => 60,
        "position" | "event" | "permissions" | "holders" | "seconds" => 11,
        "path" | "before" | "after" | "reason" | "event_reason" | "where" | "roles" => 32,
        _ => 20,
    }
}
