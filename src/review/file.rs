//! The evidence as files, and what is recorded before they leave.

use std::collections::BTreeMap;
use std::io::Write;

use chancery_aggregates::Command;
use chancery_aggregates::command::OrganisationCommand;
use chancery_aggregates::event::AuditExported;

use super::{Evidence, table};
use crate::reports::Format;
use crate::sheet::{Csv, SheetError, Xlsx, in_memory};

impl Evidence {
    /// Writes the evidence as a file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, format: Format, mut out: impl Write + Send + 'static) -> Result<(), SheetError> {
        match format {
            Format::Csv => table::write(self, |head| Ok(Box::new(Csv::new(out, head)?))),
            Format::Xlsx => table::write(self, |head| Ok(Box::new(Xlsx::new(out, head)?))),
            Format::Html => Ok(out.write_all(self.html().as_bytes()).and_then(|()| out.flush())?),
            Format::Json => {
                serde_json::to_writer_pretty(&mut out, &self.json()).map_err(std::io::Error::from)?;
                Ok(out.write_all(b"\n").and_then(|()| out.flush())?)
            }
        }
    }

    /// What a download is called.
    pub(crate) fn file_name(&self, format: Format) -> String {
        format!("{}-review-{}.{}", self.facts.state.organisation(), self.entry.id, format.as_str())
    }

    /// The evidence in memory, for a download.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn bytes(&self, format: Format) -> Result<Vec<u8>, SheetError> {
        in_memory(|out| self.write(format, out))
    }

    /// What is recorded before the evidence leaves, as a file or as `files`: an export of what it looks at.
    pub(crate) fn export(&self, format: &str) -> Command {
        let until = self.entry.closed.map_or(self.facts.state.position(), |closed| closed.position);
        exported(self.entry.id.as_str(), format, until)
    }
}

/// The attempt of somebody who may not export: for them no evidence is put together, and the refusal is on record.
pub(crate) fn attempt(review: &str, format: &str) -> Command {
    exported(review, format, 1)
}

fn exported(review: &str, format: &str, until: u64) -> Command {
    let filters = BTreeMap::from([("review".into(), review.into())]);
    let export = AuditExported { from: 1, until, format: format.into(), filters };
    Command::Organisation(OrganisationCommand::ExportAudit(export))
}
