//! Entries written out, one by one.

use std::io::Write;

use chancery_aggregates::event::Recorded;
use chancery_aggregates::vocabulary::OrganisationId;
use chancery_projections::audit::Entry;

use super::{Format, ocsf, syslog, table};
use crate::sheet::{Cell, Csv, Head, SheetError, SheetWriter, Xlsx};
use crate::views::cloud_event::CloudEvent;

/// What an export says of itself, where its format has a place for it.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// Whose log.
    pub(crate) organisation: OrganisationId,
    /// Position of the first event of the range.
    pub(crate) from: u64,
    /// Position of the last event of the range.
    pub(crate) until: u64,
    /// What the entries were chosen by, besides the range.
    pub(crate) filters: Vec<(String, String)>,
    /// When it is made, RFC 3339.
    pub(crate) made: String,
}

/// Writes entries.
pub(crate) struct Writer {
    organisation: OrganisationId,
    out: Out,
}

enum Out {
    Sheet(Box<dyn SheetWriter + Send>),
    Lines(Box<dyn Write + Send>, Lines),
}

#[derive(Debug, Clone, Copy)]
enum Lines {
    Ocsf,
    CloudEvents,
    Syslog,
}

impl Writer {
    /// Begins an export.
    ///
    /// # Errors
    /// The output cannot be written.
    pub(crate) fn new(format: Format, out: Box<dyn Write + Send>, about: &About) -> Result<Self, SheetError> {
        let facts = facts(about);
        let facts: Vec<(&str, Cell<'_>)> =
            facts.iter().map(|(name, value)| (name.as_str(), value.as_str().into())).collect();
        let head = Head { title: "Audit log", facts: &facts, columns: table::COLUMNS };
        let out = match format {
            Format::Csv => Out::Sheet(Box::new(Csv::new(out, &head)?)),
            Format::Xlsx => Out::Sheet(Box::new(Xlsx::new(out, &head)?)),
            Format::Ocsf => Out::Lines(out, Lines::Ocsf),
            Format::CloudEvents => Out::Lines(out, Lines::CloudEvents),
            Format::Syslog => Out::Lines(out, Lines::Syslog),
        };
        Ok(Self { organisation: about.organisation.clone(), out })
    }

    /// Writes an entry, which the event was made into.
    ///
    /// # Errors
    /// The output cannot be written.
    pub(crate) fn push(&mut self, entry: &Entry, recorded: Recorded) -> Result<(), SheetError> {
        let (out, lines) = match &mut self.out {
            Out::Sheet(sheet) => return sheet.row(&table::row(entry)),
            Out::Lines(out, lines) => (out, lines),
        };
        match lines {
            Lines::Ocsf => {
                let event = ocsf::event(&self.organisation, entry);
                serde_json::to_writer(&mut *out, &event).map_err(std::io::Error::from)?;
            }
            Lines::CloudEvents => {
                let event = CloudEvent::of(&self.organisation, recorded)
                    .ok_or_else(|| std::io::Error::other("an event has no JSON form"))?;
                serde_json::to_writer(&mut *out, &event).map_err(std::io::Error::from)?;
            }
            Lines::Syslog => {
                out.write_all(syslog::message(&self.organisation, entry).as_bytes())?;
            }
        }
        Ok(out.write_all(b"\n")?)
    }

    /// Writes what is still to be written. An export that is not finished is not whole.
    ///
    /// # Errors
    /// The output cannot be written.
    pub(crate) fn finish(self) -> Result<(), SheetError> {
        match self.out {
            Out::Sheet(sheet) => sheet.finish(),
            Out::Lines(mut out, _) => Ok(out.flush()?),
        }
    }
}

fn facts(about: &About) -> Vec<(String, String)> {
    let chosen = match about.filters.as_slice() {
        [] => vec![("chosen".to_owned(), "all entries of the range".to_owned())],
        filters => filters.iter().map(|(name, value)| (format!("chosen by {name}"), value.clone())).collect(),
    };
    let mut facts = vec![
        ("organisation".to_owned(), about.organisation.to_string()),
        ("range".to_owned(), format!("#{} to #{}", about.from, about.until)),
    ];
    facts.extend(chosen);
    facts.push(("made".to_owned(), about.made.clone()));
    facts.push(("program".to_owned(), concat!("chancery/", env!("CARGO_PKG_VERSION")).to_owned()));
    facts.push(("times".to_owned(), "UTC".to_owned()));
    facts
}
