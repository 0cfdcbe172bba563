//! `audit export` in the formats of other programs.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use chancery_projections::audit::Filter;
use serde_json::json;

use super::super::{CliError, Done, Session};
use super::bar;
use crate::audit::{About, Entries, Format, Writer};
use crate::engine::{Engine, Outcome};
use crate::sheet::SheetError;

/// What is to be written.
pub(super) struct Wanted<'a> {
    pub(super) format: Format,
    pub(super) about: About,
    pub(super) filter: Filter,
    pub(super) out: &'a Path,
}

/// Writes the entries into a file, under its name only once it is whole.
pub(super) async fn write(wanted: Wanted<'_>, session: &Session, outcome: Outcome) -> Result<Done, CliError> {
    let count = to_file(&wanted, session.engine()?).await?;
    let Wanted { format, about, out, .. } = wanted;
    let told = json!({
        "out": out, "format": format.as_str(), "organisation": about.organisation, "from": about.from,
        "until": about.until, "entries": count,
    });
    session.output().show(&told, |page| {
        let entries = if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
        page.line(format!(
            "{entries} of {}, chosen from #{} to #{}, {} in {}",
            about.organisation,
            about.from,
            about.until,
            if count == 1 { "is" } else { "are" },
            out.display()
        ));
    })?;
    Ok(Done::Wrote(outcome))
}

async fn to_file(wanted: &Wanted<'_>, engine: &Engine) -> Result<u64, CliError> {
    let Wanted { format, about, filter, out } = wanted;
    let file = |source| CliError::File { path: out.to_path_buf(), source };
    let failed = |error: SheetError| match error {
        SheetError::Output(source) => file(source),
        other => file(std::io::Error::other(other.to_string())),
    };
    let mut partial = out.as_os_str().to_owned();
    partial.push(".partial");
    let created = File::create_new(&partial).map_err(file)?;
    let synced = created.try_clone().map_err(file)?;
    let mut writer =
        Writer::new(*format, Box::new(BufWriter::with_capacity(1 << 18, created)), about).map_err(failed)?;
    let mut entries = Entries::new(engine, &about.organisation, about.from - 1, about.until, filter.clone()).await?;
    let bar = bar("exporting", about.until + 1 - about.from);
    let mut count = 0;
    while let Some(found) = entries.next().await? {
        for (entry, recorded) in found {
            writer.push(&entry, recorded).map_err(failed)?;
            count += 1;
        }
        bar.set_position(entries.read_until() + 1 - about.from);
    }
    writer.finish().map_err(failed)?;
    bar.finish_and_clear();
    synced.sync_all().map_err(file)?;
    // Somebody else may have made a file of this name meanwhile: it is not overwritten.
    std::fs::hard_link(&partial, out).and_then(|()| std::fs::remove_file(&partial)).map_err(file)?;
    Ok(count)
}
