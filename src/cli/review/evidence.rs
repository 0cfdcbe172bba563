//! `review evidence`.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::files::{check_new, failed, write_new};
use crate::cli::session::View;
use crate::cli::{CliError, Done, Session};
use crate::reports::Format;
use crate::review::{Evidence, attempt};
use crate::views::review::find;

/// Of which review, and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTE)]
pub struct Args {
    /// The review's id
    review: String,
    /// A directory, which may not be there yet; without it, the JSON goes to the standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

const NOTE: &str = "\
In the directory are evidence.json, evidence.html (to be printed), evidence.csv and evidence.xlsx, and, once the log is
signed, checkpoint.txt and completion.tlog-proof, which other people's tools verify. It is an export: it needs the
profile's permission to export the audit log, and is recorded before it is written. The program holds the lines and the
root against the log, and ends with exit code 1 where they do not agree.";

/// As what a directory is recorded.
const FILES: &str = "files";

impl Args {
    pub(super) fn writes_files(&self) -> bool {
        self.out.is_some()
    }
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<Done, CliError> {
    let view = session.head().await?;
    let Some(out) = &args.out else {
        let evidence = evidence(args, session, &view).await?;
        let json = evidence.bytes(Format::Json).map_err(|error| CliError::Io(std::io::Error::other(error)))?;
        session.output().raw(&json)?;
        return Ok(if evidence.holds() { Done::Shown } else { Done::Amiss });
    };
    if view.facts.may_export().is_err() {
        return Ok(Done::Wrote(session.export(attempt(&args.review, FILES)).await?));
    }
    let evidence = evidence(args, session, &view).await?;
    check_new(out)?;
    let outcome = session.export(evidence.export(FILES)).await?;
    if !session.options().dry_run {
        tell(args, session, &evidence, &write(&evidence, out)?)?;
    }
    Ok(if evidence.holds() { Done::Wrote(outcome) } else { Done::Amiss })
}

async fn evidence(args: &Args, session: &Session, view: &View) -> Result<Evidence, CliError> {
    view.facts.may_review()?;
    let entry = find(&view.facts, &args.review)?;
    Ok(Evidence::of(session.engine()?, &view.facts, entry).await?)
}

fn tell(args: &Args, session: &Session, evidence: &Evidence, files: &[PathBuf]) -> Result<(), CliError> {
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    session.output().show(&json!({ "files": names, "holds": evidence.holds() }), |page| {
        page.line(format!("the evidence of {}:", args.review));
        names.iter().for_each(|name| page.line(format!("  {name}")));
        if !evidence.holds() {
            page.line("it does not agree with the log");
        }
    })
}

fn write(evidence: &Evidence, out: &Path) -> Result<Vec<PathBuf>, CliError> {
    std::fs::create_dir(out).map_err(|source| failed(out, source))?;
    let mut files = Vec::new();
    for format in [Format::Json, Format::Html, Format::Csv, Format::Xlsx] {
        let path = out.join(format!("evidence.{}", format.as_str()));
        write_new(&path, |file| evidence.write(format, BufWriter::new(file)))?;
        files.push(path);
    }
    for (name, text) in [("checkpoint.txt", evidence.note()), ("completion.tlog-proof", evidence.proof())] {
        if let Some(text) = text {
            let path = out.join(name);
            write_new(&path, |mut file| Ok(file.write_all(text.as_bytes())?))?;
            files.push(path);
        }
    }
    Ok(files)
}
